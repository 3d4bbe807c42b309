/*-------------------------------------------------------------------------
 *
 * head.h
 *		The head of an HTTP/1.1 request: request line and header fields.
 *
 * Pure: bytes in, structure out.  Positions are offsets, because the buffer
 * that holds the bytes moves when it grows.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_HEAD_H
#define MESTERI_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MAX_FIELDS 100

typedef enum Method
{
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_COUNT,
	METHOD_OTHER = METHOD_COUNT /* well-formed, but no route has it */
} Method;

extern const char *const method_names[METHOD_COUNT];

typedef struct Span
{
	uint32_t at; /* offset from the request's first byte */
	uint32_t length;
} Span;

typedef struct HeadField
{
	Span name; /* turned to lower case in the buffer */
	Span value;
} HeadField;

typedef enum HeadStatus
{
	HEAD_MORE, /* feed again when there is more */
	HEAD_DONE,
	HEAD_MALFORMED,
	HEAD_TOO_LARGE,
	HEAD_URI_TOO_LONG
} HeadStatus;

typedef struct HeadLimits
{
	size_t head; /* bytes of all lines with their ends */
	size_t uri;  /* bytes of the target */
} HeadLimits;

/* To be zeroed before the first feed, but for the fields. */
typedef struct Head
{
	size_t length; /* bytes that are parsed; after HEAD_DONE the body begins here */
	bool has_line; /* the request line is parsed */

	Method method;
	int minor_version;
	Span path;
	Span query;
	bool has_query;

	bool has_host;
	bool has_content_length;
	uint64_t content_length;
	bool has_transfer_encoding;
	bool says_close;
	bool says_keep_alive;
	bool expects_continue;

	int field_count;
	HeadField fields[HEAD_MAX_FIELDS];
} Head;

HeadStatus head_feed(Head *head, char *data, size_t length, const HeadLimits *limits)
	__attribute__((warn_unused_result));
bool head_next_field(const Head *head, const char *data, const char *name, int *from, Span *value)
	__attribute__((warn_unused_result));
Method method_find(const char *name, size_t length);

#endif
