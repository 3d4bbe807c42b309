/*-------------------------------------------------------------------------
 *
 * log.h
 *		What an operator should know: one JSON line per event on stderr.
 *
 * Never holds a token, a body or a query string.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_LOG_H
#define MESTERI_LOG_H

#include <stddef.h>
#include <sys/types.h>

#define LOG_ERROR   "error"
#define LOG_WARNING "warning"
#define LOG_INFO    "info"

void log_set_process(const char *name);
void log_event(const char *level, const char *request_id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
ssize_t log_write_some(int fd, const char *data, size_t length) __attribute__((warn_unused_result));

#define log_error(...)   log_event(LOG_ERROR, NULL, __VA_ARGS__)
#define log_warning(...) log_event(LOG_WARNING, NULL, __VA_ARGS__)
#define log_info(...)    log_event(LOG_INFO, NULL, __VA_ARGS__)

#endif
