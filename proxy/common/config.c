/*-------------------------------------------------------------------------
 *
 * config.c
 *		Every setting and limit of the proxy, in one table.
 *
 * Settings come from a file of "name = value" lines and from -s name=value;
 * the later one wins, the command line over the file.  An unknown name or a
 * value out of range ends the start: a limit that was silently ignored would
 * be noticed on the worst day.
 *-------------------------------------------------------------------------
 */
#include "common/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

#define CONFIG_MAX_LINE 4096

const char *const lane_names[LANE_COUNT] = {"read", "write", "auth", "slow"};

/* A number has a range; a text has minimum = maximum = 0. */
typedef struct Setting
{
	const char *name;
	size_t offset;
	int minimum;
	int maximum;
	const char *initial;
	const char *meaning;
} Setting;

/* clang-format off */
#define NUMBER(field, minimum, maximum, initial, meaning) \
	{#field, offsetof(Config, field), minimum, maximum, initial, meaning}
#define TEXT(field, initial, meaning) \
	{#field, offsetof(Config, field), 0, 0, initial, meaning}
#define LANE(id, lane, field, minimum, maximum, initial, meaning) \
	{"lane_" lane "_" #field, offsetof(Config, lanes[id].field), minimum, maximum, initial, meaning}
/* clang-format on */

static const Setting settings[] = {
	TEXT(listen_host, "127.0.0.1", "numeric address to listen on; :: is every address"),
	NUMBER(listen_port, 0, 65535, "8080", "port to listen on; 0 takes a free one, see port_file"),
	NUMBER(listen_backlog, 1, 65535, "1024", "connections the kernel holds until a worker takes them"),
	TEXT(port_file, "", "file that gets the port once it is open; empty: none"),
	TEXT(pid_file, "", "file that gets the supervisor's process id; empty: none"),
	TEXT(access_log, "-", "file for one JSON line per request; - is standard output, empty: none"),
	TEXT(database, "dbname=mesteri user=mesteri_proxy", "libpq connection string; host is a socket folder or numeric"),
	TEXT(instance, "", "the proxy's name in the database's log; empty: the host's name"),

	NUMBER(workers, 0, 64, "0", "worker processes; 0: half of the processors, at least one"),
	NUMBER(connections, 16, 1000000, "10000", "client connections of one worker; also bounded by open files"),
	NUMBER(drain_seconds, 0, 600, "15", "how long a stopping worker waits for requests under way"),
	NUMBER(start_wait_ms, 0, 60000, "3000", "how long a new worker waits for the database before it accepts"),

	NUMBER(header_bytes, 1024, 65536, "16384", "request line and headers; beyond: 431"),
	NUMBER(uri_bytes, 256, 65536, "8192", "path and query as sent; beyond: 414"),
	NUMBER(body_bytes, 0, 1 << 28, "1048576", "body held in memory, whatever the route allows; beyond: 413"),
	NUMBER(header_seconds, 1, 300, "10", "from a request's first byte, or the connection's start, to the headers' end"),
	NUMBER(body_idle_seconds, 1, 600, "30", "silence within a body"),
	NUMBER(keepalive_seconds, 1, 3600, "75", "silence between requests"),
	NUMBER(send_seconds, 1, 600, "30", "for a client to take an answer"),

	LANE(LANE_READ, "read", connections, 1, 16, "2", "database connections of a worker for reads"),
	LANE(LANE_READ, "read", depth, 1, 64, "8", "reads on the wire of each; other lanes have one"),
	LANE(LANE_READ, "read", queue, 0, 100000, "256", "reads that may wait for a free place"),
	LANE(LANE_READ, "read", wait_ms, 1, 60000, "1000", "how long a read may wait"),
	LANE(LANE_WRITE, "write", connections, 1, 16, "4", "database connections of a worker for commands"),
	LANE(LANE_WRITE, "write", queue, 0, 100000, "128", "commands that may wait for a free place"),
	LANE(LANE_WRITE, "write", wait_ms, 1, 60000, "2000", "how long a command may wait"),
	LANE(LANE_AUTH, "auth", connections, 1, 16, "1", "database connections of a worker for password hashing"),
	LANE(LANE_AUTH, "auth", queue, 0, 100000, "32", "log-ins that may wait for a free place"),
	LANE(LANE_AUTH, "auth", wait_ms, 1, 60000, "5000", "how long a log-in may wait"),
	LANE(LANE_SLOW, "slow", connections, 1, 16, "1", "database connections of a worker for long reads"),
	LANE(LANE_SLOW, "slow", queue, 0, 100000, "16", "long reads that may wait for a free place"),
	LANE(LANE_SLOW, "slow", wait_ms, 1, 60000, "5000", "how long a long read may wait"),

	NUMBER(deadline_grace_ms, 0, 60000, "1000", "silence of the database beyond a deadline before the proxy gives up"),
	NUMBER(retry_count, 0, 10, "3", "times a request is run again after a serialization failure or deadlock"),
	NUMBER(retry_wait_ms, 1, 1000, "20", "longest first wait before that; doubles"),
	NUMBER(connect_seconds, 1, 60, "5", "for a database connection to come up"),
	NUMBER(reconnect_min_ms, 10, 60000, "100", "first wait before connecting again; doubles"),
	NUMBER(reconnect_max_ms, 10, 600000, "5000", "longest wait before connecting again"),

	NUMBER(effects_flush_ms, 1, 60000, "100", "how long effects of reads are collected"),
	NUMBER(effects_flush_count, 1, 10000, "200", "effects that are sent before that time is up"),
	NUMBER(effects_max_count, 1, 1000000, "10000", "effects held while the database is away; the oldest go first"),
	NUMBER(effects_max_bytes, 1024, 1 << 28, "4194304", "bytes of them"),
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

static bool
setting_is_text(const Setting *setting)
{
	return setting->minimum == 0 && setting->maximum == 0;
}

static bool __attribute__((warn_unused_result))
setting_store_number(int *value, const Setting *setting, const char *text, const char *source)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || *text == '\0' || *end != '\0' || number < setting->minimum || number > setting->maximum)
	{
		fprintf(stderr, "mesteri-proxy: %s: %s must be a number from %d to %d, not \"%s\"\n", source, setting->name,
		        setting->minimum, setting->maximum, text);
		return false;
	}
	*value = (int) number;
	return true;
}

/* Stores text as the value of setting; source says where it comes from. */
static bool __attribute__((warn_unused_result))
setting_store(Config *config, const Setting *setting, const char *text, const char *source)
{
	void *field = (char *) config + setting->offset;

	if (!setting_is_text(setting))
		return setting_store_number(field, setting, text, source);

	free(*(char **) field);
	*(char **) field = mem_text(text);
	return true;
}

static const Setting *
setting_find(const char *name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

/* Takes "name = value"; text is changed. */
static bool __attribute__((warn_unused_result)) config_assign(Config *config, char *text, const char *source)
{
	char *equals = strchr(text, '=');
	const Setting *setting;
	const char *name = text;
	const char *value;
	size_t name_length;
	size_t value_length;

	if (equals == NULL)
	{
		fprintf(stderr, "mesteri-proxy: %s: \"%s\" is not name = value\n", source, text);
		return false;
	}
	name_length = (size_t) (equals - text);
	value = equals + 1;
	value_length = strlen(value);
	text_trim(&name, &name_length);
	text_trim(&value, &value_length);
	((char *) name)[name_length] = '\0';
	((char *) value)[value_length] = '\0';

	setting = setting_find(name);
	if (setting == NULL)
	{
		fprintf(stderr, "mesteri-proxy: %s: there is no setting \"%s\"; --help lists them\n", source, name);
		return false;
	}
	return setting_store(config, setting, value, source);
}

static bool __attribute__((warn_unused_result)) config_read_file(Config *config, const char *path)
{
	char line[CONFIG_MAX_LINE];
	char source[CONFIG_MAX_LINE];
	FILE *file = fopen(path, "re");
	bool good = true;

	if (file == NULL)
	{
		fprintf(stderr, "mesteri-proxy: could not open %s: %s\n", path, strerror(errno));
		return false;
	}
	for (int number = 1; good && fgets(line, sizeof(line), file) != NULL; number++)
	{
		size_t length = strcspn(line, "\r\n");
		const char *text = line;

		line[length] = '\0';
		text_trim(&text, &length);
		if (length == 0 || *text == '#')
			continue;
		snprintf(source, sizeof(source), "%s, line %d", path, number);
		good = config_assign(config, line, source);
	}
	fclose(file);
	return good;
}

static void
config_print_help(void)
{
	printf("mesteri-proxy %s: speaks HTTP for the PostgreSQL extension mesteri.\n\n"
	       "usage: mesteri-proxy [-c FILE] [-s name=value]...\n\n"
	       "  -c, --config FILE      settings, one \"name = value\" a line; # begins a comment line\n"
	       "  -s, --set name=value   one setting, over the file\n"
	       "  -h, --help             this text\n"
	       "  -V, --version          the version\n\n"
	       "SIGTERM ends it after the requests under way; SIGHUP reads the file again and renews the workers.\n\n"
	       "settings:\n",
	       MESTERI_VERSION);
	for (size_t i = 0; i < SETTING_COUNT; i++)
	{
		const Setting *setting = &settings[i];

		if (setting_is_text(setting))
			printf("  %s = %s\n      %s\n", setting->name, setting->initial, setting->meaning);
		else
			printf("  %s = %s   (%d to %d)\n      %s\n", setting->name, setting->initial, setting->minimum,
			       setting->maximum, setting->meaning);
	}
}

/*
 * A worker may never wait for a name server, and libpq has no way to ask one
 * without waiting; so a host must be a folder or a numeric address.
 */
static bool __attribute__((warn_unused_result)) check_database_host(const char *name, const char *host)
{
	struct in6_addr address;

	if (host == NULL || *host == '\0' || *host == '/' || *host == '@')
		return true;
	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		return true;
	fprintf(stderr, "mesteri-proxy: database: %s must be a socket folder or a numeric address, not \"%s\"\n", name,
	        host);
	return false;
}

static bool __attribute__((warn_unused_result)) check_database(const char *database)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(database, &message);
	const char *host = getenv("PGHOST");
	const char *address = getenv("PGHOSTADDR");
	bool good;

	if (options == NULL)
	{
		fprintf(stderr, "mesteri-proxy: database: %s", message != NULL ? message : "cannot be read\n");
		PQfreemem(message);
		return false;
	}
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (strcmp(option->keyword, "host") == 0 && option->val != NULL)
			host = option->val;
		if (strcmp(option->keyword, "hostaddr") == 0 && option->val != NULL)
			address = option->val;
	}
	good = check_database_host("hostaddr", address) &&
	       ((address != NULL && *address != '\0') || check_database_host("host", host));
	PQconninfoFree(options);
	return good;
}

static bool __attribute__((warn_unused_result)) check_config(const Config *config)
{
	if (config->uri_bytes > config->header_bytes)
	{
		fprintf(stderr, "mesteri-proxy: uri_bytes cannot be above header_bytes\n");
		return false;
	}
	if (config->reconnect_min_ms > config->reconnect_max_ms)
	{
		fprintf(stderr, "mesteri-proxy: reconnect_min_ms cannot be above reconnect_max_ms\n");
		return false;
	}
	return check_database(config->database);
}

/* Replaces the values that stand for "find out". */
static void
config_resolve(Config *config)
{
	char host[256] = "mesteri-proxy";
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->workers == 0)
		config->workers = processors > 3 ? (int) (processors / 2 < 64 ? processors / 2 : 64) : 1;
	if (*config->instance == '\0')
	{
		gethostname(host, sizeof(host) - 1);
		free(config->instance);
		config->instance = mem_text(host);
	}
}

/*
 * Only reads are pipelined.  The database's clock for a call starts when the
 * call does: a command behind others on the wire could be given up here,
 * answered as rolled back, and committed later.
 */
static bool __attribute__((warn_unused_result)) config_set_defaults(Config *config)
{
	for (int i = 0; i < LANE_COUNT; i++)
		config->lanes[i].depth = 1;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!setting_store(config, &settings[i], settings[i].initial, "default"))
			return false;
	return true;
}

/*
 * The command line is read twice: a file named anywhere on it comes first,
 * so that -s wins whatever the order.
 */
static ConfigResult
config_read_options(Config *config, int argc, char **argv, bool files)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	                                        {"set", required_argument, NULL, 's'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {"version", no_argument, NULL, 'V'},
	                                        {0}};
	int option;

	optind = 0; /* glibc: start afresh */
	while ((option = getopt_long(argc, argv, "c:s:hV", options, NULL)) != -1)
	{
		char text[CONFIG_MAX_LINE];

		switch (option)
		{
			case 'c':
				if (files && !config_read_file(config, optarg))
					return CONFIG_BAD;
				break;
			case 's':
				snprintf(text, sizeof(text), "%s", optarg);
				if (!files && !config_assign(config, text, "-s"))
					return CONFIG_BAD;
				break;
			case 'h':
				config_print_help();
				return CONFIG_SHOWN;
			case 'V':
				printf("mesteri-proxy %s\n", MESTERI_VERSION);
				return CONFIG_SHOWN;
			default:
				return CONFIG_BAD;
		}
	}
	if (optind < argc)
	{
		fprintf(stderr, "mesteri-proxy: \"%s\" is not an option\n", argv[optind]);
		return CONFIG_BAD;
	}
	return CONFIG_OK;
}

/*
 * config_load
 *		Fills config, which is zeroed, from defaults, files and options.
 *
 * What is wrong is said on standard error.  The caller releases config
 * whatever the result.
 */
ConfigResult
config_load(Config *config, int argc, char **argv)
{
	ConfigResult result;

	if (!config_set_defaults(config))
		return CONFIG_BAD;
	result = config_read_options(config, argc, argv, true);
	if (result == CONFIG_OK)
		result = config_read_options(config, argc, argv, false);
	if (result != CONFIG_OK)
		return result;
	if (!check_config(config))
		return CONFIG_BAD;
	config_resolve(config);
	return CONFIG_OK;
}

void
config_release(Config *config)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (setting_is_text(&settings[i]))
			free(*(char **) ((char *) config + settings[i].offset));
	*config = (Config){0};
}
