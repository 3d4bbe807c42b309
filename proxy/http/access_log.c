/*-------------------------------------------------------------------------
 *
 * access_log.c
 *		One JSON line per request, written many at a time.
 *
 * What could identify a session or hold a secret never gets here: no query,
 * no header, no body.  When nobody takes the lines they are dropped and
 * counted, for a full pipe must not stop the service.
 *-------------------------------------------------------------------------
 */
#include "http/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

#define ACCESS_LOG_FLUSH_BYTES (16 * 1024)
#define ACCESS_LOG_MAX_BYTES   (1024 * 1024)

/*
 * access_log_open
 *		path: "-" is standard output, empty is no log.
 *
 * Returns false, and says why, when the file cannot be opened.
 */
bool
access_log_open(AccessLog *log, const char *path, int worker, WorkerMetrics *slot)
{
	*log = (AccessLog){.fd = -1, .worker = worker, .slot = slot};
	if (strcmp(path, "-") == 0)
		log->fd = STDOUT_FILENO;
	else if (*path != '\0')
	{
		log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
		log->owned = true;
		if (log->fd < 0)
		{
			log_error("could not open access_log %s: %s", path, strerror(errno));
			return false;
		}
	}
	return true;
}

/* Writes what is left, as far as somebody takes it. */
void
access_log_close(AccessLog *log)
{
	access_log_flush(log);
	buffer_release(&log->lines);
	if (log->owned)
		close(log->fd);
	log->fd = -1;
}

static uint64_t
count_lines(const char *data, size_t length)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += data[i] == '\n';
	return lines;
}

/* Writes what the reader takes without making us wait. */
void
access_log_flush(AccessLog *log)
{
	ssize_t written;

	if (log->lines.length == 0)
		return;
	written = log_write_some(log->fd, log->lines.data, log->lines.length);
	if (written > 0)
		buffer_drop_front(&log->lines, (size_t) written);
	if (written < 0 || log->lines.length > ACCESS_LOG_MAX_BYTES)
	{
		metrics_add(&log->slot->counters[COUNT_LOG_DROPPED], count_lines(log->lines.data, log->lines.length));
		buffer_clear(&log->lines);
	}
}

static void
add_text_or_null(Buffer *out, const char *text)
{
	if (text != NULL)
		json_put_text(out, text);
	else
		buffer_text(out, "null");
}

/* Adds a line; it is written soon. */
void
access_log_add(AccessLog *log, const AccessEntry *entry)
{
	Buffer *out = &log->lines;

	if (log->fd < 0)
		return;
	buffer_format(out, "{\"time\": \"%s\", \"request_id\": \"%s\", \"method\": \"%s\", \"route\": ", clock_iso(),
	              entry->request_id, entry->method);
	add_text_or_null(out, entry->route);
	buffer_text(out, ", \"path\": ");
	if (entry->path != NULL)
		json_put_string(out, entry->path, entry->path_length);
	else
		buffer_text(out, "null");
	buffer_format(out, ", \"status\": %d, \"error\": ", entry->status);
	add_text_or_null(out, entry->error);
	buffer_format(out,
	              ", \"bytes\": %zu, \"duration_us\": %llu, \"queue_us\": %llu, \"db_us\": %llu, \"ip\": \"%s\","
	              " \"worker\": %d}\n",
	              entry->bytes, (unsigned long long) entry->duration_us, (unsigned long long) entry->queue_us,
	              (unsigned long long) entry->database_us, entry->ip, log->worker);
	if (out->length >= ACCESS_LOG_FLUSH_BYTES)
		access_log_flush(log);
}
