/*-------------------------------------------------------------------------
 *
 * answer.c
 *		Writing an HTTP answer: status line, headers, body, in one buffer.
 *-------------------------------------------------------------------------
 */
#include "http/answer.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/pg_value.h"
#include "common/text.h"

/*
 * What Helmet sets for an API that serves no pages.  Strict-Transport-Security
 * belongs to whoever speaks TLS.
 */
static const char security_headers[] = "X-Content-Type-Options: nosniff\r\n"
									   "X-Frame-Options: DENY\r\n"
									   "Referrer-Policy: no-referrer\r\n"
									   "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

/* Headers of the database that replace ours. */
typedef struct Replaced
{
	bool cache_control;
	bool challenge;
	bool retry_after;
} Replaced;

static const char *
reason_of(int status)
{
	static const struct
	{
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* RFC 9110, 8.6: 204 and 304 have neither a body nor its length. */
static bool
status_has_body(int status)
{
	return status != 204 && status != 304;
}

/* Name and value must not be able to end their line; what frames the answer is ours alone. */
static bool
header_is_allowed(const char *name, size_t name_length, const char *value, size_t length)
{
	static const char *const ours[] = {"content-length", "content-type", "transfer-encoding",
	                                   "connection",     "date",         "x-request-id"};

	if (!text_is_token(name, name_length) || !text_is_field_value(value, length))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (text_equals_nocase(name, name_length, ours[i]))
			return false;
	return true;
}

static void
note_replaced(Replaced *replaced, const char *name, size_t length)
{
	replaced->cache_control = replaced->cache_control || text_equals_nocase(name, length, "cache-control");
	replaced->challenge = replaced->challenge || text_equals_nocase(name, length, "www-authenticate");
	replaced->retry_after = replaced->retry_after || text_equals_nocase(name, length, "retry-after");
}

static inline void
write_header(Buffer *out, const char *name, size_t name_length, const char *value, size_t length)
{
	buffer_append(out, name, name_length);
	buffer_append(out, ": ", 2);
	buffer_append(out, value, length);
	buffer_append(out, "\r\n", 2);
}

/* Adds name, value, name, value ... of the row. */
static Replaced
write_row_headers(Buffer *out, const Answer *answer)
{
	Replaced replaced = {0};
	PgArray array;
	const char *name;
	const char *value;
	size_t name_length;
	size_t length;

	if (answer->headers == NULL || !pg_array_open(&array, answer->headers, 0, answer->headers_column))
		return replaced;
	while (pg_array_next(&array, &name, &name_length) && pg_array_next(&array, &value, &length))
	{
		if (name == NULL || value == NULL)
			continue;
		if (!header_is_allowed(name, name_length, value, length))
		{
			log_error("header of the database was left out: %.*s", (int) name_length, name);
			continue;
		}
		note_replaced(&replaced, name, name_length);
		write_header(out, name, name_length, value, length);
	}
	return replaced;
}

static inline void
write_own_header(Buffer *out, const char *name, const char *value)
{
	write_header(out, name, strlen(name), value, strlen(value));
}

static void
write_status_line(Buffer *out, int status)
{
	buffer_text(out, "HTTP/1.1 ");
	buffer_number(out, (uint64_t) status);
	buffer_text(out, " ");
	buffer_text(out, reason_of(status));
	buffer_text(out, "\r\n");
}

static void
write_content_length(Buffer *out, size_t length)
{
	buffer_text(out, "Content-Length: ");
	buffer_number(out, length);
	buffer_text(out, "\r\n");
}

static void
write_headers(Buffer *out, const Answer *answer, const AnswerForm *form)
{
	Replaced replaced;

	write_status_line(out, answer->status);
	write_own_header(out, "Date", clock_http_date());
	write_own_header(out, "X-Request-Id", form->request_id);
	if (status_has_body(answer->status))
	{
		if (answer->body != NULL)
			write_own_header(out, "Content-Type", answer->content_type);
		write_content_length(out, answer->body != NULL ? answer->body_length : 0);
	}
	replaced = write_row_headers(out, answer);
	if (!replaced.cache_control)
		write_own_header(out, "Cache-Control", "no-store");
	if (answer->status == 401 && !replaced.challenge)
		write_own_header(out, "WWW-Authenticate", "Bearer");
	if (answer->retry_after != NULL && !replaced.retry_after)
		write_own_header(out, "Retry-After", answer->retry_after);
	if (answer->allow != NULL)
		write_own_header(out, "Allow", answer->allow);
	if (form->closing)
		write_own_header(out, "Connection", "close");
	else if (form->tell_keep_alive)
		write_own_header(out, "Connection", "keep-alive");
	buffer_append(out, security_headers, sizeof(security_headers) - 1);
	buffer_append(out, "\r\n", 2);
}

/* Appends the whole answer to out. */
void
answer_write(Buffer *out, const Answer *answer, const AnswerForm *form)
{
	write_headers(out, answer, form);
	if (answer->body != NULL && status_has_body(answer->status) && !form->without_body)
		buffer_append(out, answer->body, answer->body_length);
}
