/*-------------------------------------------------------------------------
 *
 * version.c
 *		Which release the loaded library is of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(mesteri_loaded_version);

/*
 * mesteri.loaded_version() returns text
 *		As the control file said when the library was built.
 */
Datum
mesteri_loaded_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MESTERI_VERSION));
}
