/*-------------------------------------------------------------------------
 *
 * config.h
 *		Every setting and limit of the proxy.
 *
 * What each one means, its default and its range stand in one table in
 * config.c; "mesteri-proxy --help" prints it.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CONFIG_H
#define MESTERI_CONFIG_H

#include <stdbool.h>

/* A lane: a pool of connections for requests of one kind, and the queue before it. */
typedef struct LaneConfig
{
	int connections;
	int depth;   /* requests on the wire of one connection */
	int queue;   /* requests that may wait */
	int wait_ms; /* how long each of them may wait */
} LaneConfig;

typedef enum LaneId
{
	LANE_READ,
	LANE_WRITE,
	LANE_AUTH,
	LANE_SLOW,
	LANE_COUNT
} LaneId;

extern const char *const lane_names[LANE_COUNT];

typedef struct Config
{
	char *listen_host;
	int listen_port;
	int listen_backlog;
	char *port_file;
	char *pid_file;
	char *access_log;
	char *database;
	char *instance;

	int workers;
	int connections;
	int drain_seconds;
	int start_wait_ms;

	int header_bytes;
	int uri_bytes;
	int body_bytes;
	int header_seconds;
	int body_idle_seconds;
	int keepalive_seconds;
	int send_seconds;

	LaneConfig lanes[LANE_COUNT];
	int deadline_grace_ms;
	int retry_count;
	int retry_wait_ms;
	int connect_seconds;
	int reconnect_min_ms;
	int reconnect_max_ms;

	int effects_flush_ms;
	int effects_flush_count;
	int effects_max_count;
	int effects_max_bytes;
} Config;

typedef enum ConfigResult
{
	CONFIG_OK,
	CONFIG_SHOWN, /* --help or --version: there is nothing more to do */
	CONFIG_BAD    /* said why on standard error */
} ConfigResult;

ConfigResult config_load(Config *config, int argc, char **argv) __attribute__((warn_unused_result));
void config_release(Config *config);

#endif
