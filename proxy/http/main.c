/*-------------------------------------------------------------------------
 *
 * main.c
 *		mesteri-proxy: speaks HTTP for the PostgreSQL extension mesteri.
 *-------------------------------------------------------------------------
 */
#include "common/config.h"
#include "http/supervisor.h"

int
main(int argc, char **argv)
{
	Config config = {0};
	ConfigResult result = config_load(&config, argc, argv);
	int code = result == CONFIG_BAD ? 1 : 0;

	if (result == CONFIG_OK)
		code = supervisor_run(&config, argc, argv);
	config_release(&config);
	return code;
}
