/*-------------------------------------------------------------------------
 *
 * log.c
 *		What an operator should know: one JSON line per event on stderr.
 *-------------------------------------------------------------------------
 */
#include "common/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json.h"

#define LOG_MAX_MESSAGE 2048

static char log_process[32] = "supervisor";

/* Names this process in all its later lines. */
void
log_set_process(const char *name)
{
	snprintf(log_process, sizeof(log_process), "%s", name);
}

/*
 * log_write_some
 *		Writes whole lines as far as that is possible without waiting.
 *
 * Standard output is usually a pipe that other processes share, so it cannot
 * be made non-blocking.  A pipe that polls writable takes PIPE_BUF bytes at
 * once, and takes them in one piece, so lines of several workers do not mix.
 * Returns the number of bytes written: 0 when nobody reads, -1 on an error.
 */
ssize_t
log_write_some(int fd, const char *data, size_t length)
{
	size_t written = 0;

	while (written < length)
	{
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		size_t chunk = length - written;
		ssize_t got;

		if (chunk > PIPE_BUF)
		{
			const char *line_end = memrchr(data + written, '\n', PIPE_BUF);

			chunk = line_end != NULL ? (size_t) (line_end - (data + written)) + 1 : PIPE_BUF;
		}
		if (poll(&ready, 1, 0) != 1)
			break;
		got = write(fd, data + written, chunk);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		written += got > 0 ? (size_t) got : 0;
	}
	return (ssize_t) written;
}

/*
 * log_event
 *		Writes one line.  request_id may be NULL.
 *
 * A line that nobody takes at once is lost: a worker never waits for its log.
 */
void
log_event(const char *level, const char *request_id, const char *format, ...)
{
	static Buffer line;
	char message[LOG_MAX_MESSAGE];
	va_list arguments;
	int saved_errno = errno;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);

	buffer_clear(&line);
	buffer_format(&line, "{\"time\": \"%s\", \"level\": \"%s\", \"process\": \"%s\", ", clock_iso(), level,
	              log_process);
	if (request_id != NULL)
		buffer_format(&line, "\"request_id\": \"%s\", ", request_id);
	buffer_text(&line, "\"message\": ");
	json_put_text(&line, message);
	buffer_text(&line, "}\n");

	if (log_write_some(STDERR_FILENO, line.data, line.length) < 0)
		errno = 0;
	errno = saved_errno;
}
