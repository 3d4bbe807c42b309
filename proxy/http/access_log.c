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
#include <sys/stat.h>
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
	struct stat status;

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
	log->is_file = fstat(log->fd, &status) == 0 && S_ISREG(status.st_mode);
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

/* Returns the number of bytes written, -1 on an error. */
static ssize_t
write_lines(const AccessLog *log)
{
	ssize_t written;

	if (!log->is_file)
		return log_write_some(log->fd, log->lines.data, log->lines.length);
	written = write(log->fd, log->lines.data, log->lines.length);
	return written < 0 && errno == EINTR ? 0 : written;
}

/* Writes what the reader takes without making us wait. */
void
access_log_flush(AccessLog *log)
{
	ssize_t written;

	if (log->lines.length == 0)
		return;
	written = write_lines(log);
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

static inline void
add_number(Buffer *out, const char *before, uint64_t number)
{
	buffer_text(out, before);
	buffer_number(out, number);
}

/* Adds a line; it is written soon. */
void
access_log_add(AccessLog *log, const AccessEntry *entry)
{
	Buffer *out = &log->lines;

	if (log->fd < 0)
		return;
	buffer_text(out, "{\"time\": \"");
	buffer_text(out, clock_iso());
	buffer_text(out, "\", \"request_id\": \"");
	buffer_text(out, entry->request_id);
	buffer_text(out, "\", \"method\": \"");
	buffer_text(out, entry->method);
	buffer_text(out, "\", \"route\": ");
	add_text_or_null(out, entry->route);
	buffer_text(out, ", \"path\": ");
	if (entry->path != NULL)
		json_put_string(out, entry->path, entry->path_length);
	else
		buffer_text(out, "null");
	add_number(out, ", \"status\": ", (uint64_t) entry->status);
	buffer_text(out, ", \"error\": ");
	add_text_or_null(out, entry->error);
	add_number(out, ", \"bytes\": ", entry->bytes);
	add_number(out, ", \"duration_us\": ", entry->duration_us);
	add_number(out, ", \"queue_us\": ", entry->queue_us);
	add_number(out, ", \"db_us\": ", entry->database_us);
	buffer_text(out, ", \"ip\": \"");
	buffer_text(out, entry->ip);
	add_number(out, "\", \"worker\": ", (uint64_t) log->worker);
	buffer_text(out, "}\n");
	if (out->length >= ACCESS_LOG_FLUSH_BYTES)
		access_log_flush(log);
}
