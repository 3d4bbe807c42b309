/*-------------------------------------------------------------------------
 *
 * access_log.h
 *		One JSON line per request.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ACCESS_LOG_H
#define MESTERI_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "http/metrics.h"

typedef struct AccessLog
{
	int fd; /* -1: no log */
	bool owned;
	bool is_file; /* takes any number of lines at once, and never makes us wait */
	int worker;
	WorkerMetrics *slot;
	Buffer lines;
} AccessLog;

typedef struct AccessEntry
{
	const char *request_id;
	const char *method;
	const char *route; /* template, NULL when none was found */
	const char *path;  /* as sent, without the query; may be NULL */
	size_t path_length;
	int status;
	const char *error; /* slug or NULL */
	size_t bytes;
	uint64_t duration_us;
	uint64_t queue_us;
	uint64_t database_us;
	const char *ip;
} AccessEntry;

bool access_log_open(AccessLog *log, const char *path, int worker, WorkerMetrics *slot)
	__attribute__((warn_unused_result));
void access_log_close(AccessLog *log);
void access_log_add(AccessLog *log, const AccessEntry *entry);
void access_log_flush(AccessLog *log);

#endif
