/*-------------------------------------------------------------------------
 *
 * head.c
 *		The head of an HTTP/1.1 request.
 *
 * libwebsockets has a parser of its own, which we do not use: it hands out
 * the path and the query only decoded, joined and cut at & and ;, so the
 * database would not get what the client sent; it answers bad escapes with an
 * HTML page; a header whose name begins a known one ("X: 1") stalls it; and
 * it looks at neither a second Content-Length nor one beside
 * Transfer-Encoding, which is how requests are smuggled past a front proxy.
 *
 * This one follows RFC 9112 and refuses what that lets it refuse: lines end
 * with CRLF, names have no blank before the colon, values no control
 * characters, lines are not folded, framing is never ambiguous.
 *-------------------------------------------------------------------------
 */
#include "http/head.h"

#include <string.h>

#include "common/text.h"

#define HEAD_MAX_METHOD        16
#define HEAD_MAX_LENGTH_DIGITS 15

const char *const method_names[METHOD_COUNT] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

static HeadStatus head_end(const Head *head);
static HeadStatus head_line(Head *head, char *data, Span line, const HeadLimits *limits);
static HeadStatus head_request_line(Head *head, const char *data, Span line, const HeadLimits *limits);
static HeadStatus head_field_line(Head *head, char *data, Span line);

/*
 * head_feed
 *		Parses the lines that are complete.
 *
 * data begins with the request's first byte and holds length bytes, of which
 * earlier feeds may have seen some.  Header names in data are lowered.
 */
HeadStatus
head_feed(Head *head, char *data, size_t length, const HeadLimits *limits)
{
	char *end;

	while ((end = memchr(data + head->length, '\n', length - head->length)) != NULL)
	{
		size_t next = (size_t) (end - data) + 1;
		Span line = {(uint32_t) head->length, (uint32_t) (next - head->length)};
		HeadStatus status;

		if (next > limits->head)
			return head->has_line ? HEAD_TOO_LARGE : HEAD_URI_TOO_LONG;
		if (line.length < 2 || end[-1] != '\r')
			return HEAD_MALFORMED;
		line.length -= 2;
		head->length = next;

		if (line.length == 0 && head->has_line)
			return head_end(head);
		status = head_line(head, data, line, limits);
		if (status != HEAD_MORE)
			return status;
	}
	if (length > limits->head)
		return head->has_line ? HEAD_TOO_LARGE : HEAD_URI_TOO_LONG;
	if (!head->has_line && length > head->length && !text_is_token_char(data[head->length]) &&
	    data[head->length] != '\r')
		return HEAD_MALFORMED; /* no request begins so: do not wait for its end */
	return HEAD_MORE;
}

static HeadStatus
head_line(Head *head, char *data, Span line, const HeadLimits *limits)
{
	if (head->has_line)
		return head_field_line(head, data, line);
	if (line.length == 0)
		return HEAD_MORE; /* RFC 9112, 2.2: empty lines before a request are skipped */
	return head_request_line(head, data, line, limits);
}

/* What can only be judged when all fields are known: RFC 9112, 3.2 and 6.3. */
static HeadStatus
head_end(const Head *head)
{
	if (head->minor_version >= 1 && !head->has_host)
		return HEAD_MALFORMED;
	if (head->has_transfer_encoding && head->has_content_length)
		return HEAD_MALFORMED;
	return HEAD_DONE;
}

Method
method_find(const char *name, size_t length)
{
	for (int i = 0; i < METHOD_COUNT; i++)
		if (strlen(method_names[i]) == length && memcmp(method_names[i], name, length) == 0)
			return (Method) i;
	return METHOD_OTHER;
}

/* Visible ASCII; a fragment is never sent. */
static bool
is_target(const char *text, size_t length)
{
	return length > 0 && text_is_visible(text, length) && memchr(text, '#', length) == NULL;
}

/* Takes "http://host" off a target in absolute form, which every server must accept. */
static void
skip_authority(const char *data, Span *target)
{
	static const char scheme[] = "http://";
	const char *text = data + target->at;
	const char *authority = text + sizeof(scheme) - 1;
	const char *path;

	if (target->length < sizeof(scheme) - 1 || !text_equals_nocase(text, sizeof(scheme) - 1, scheme))
		return;
	for (path = authority; path < text + target->length && *path != '/' && *path != '?'; path++)
		;
	if (path == text + target->length || *path != '/')
		return;
	target->length -= (uint32_t) (path - text);
	target->at += (uint32_t) (path - text);
}

/* Cuts the target into path and query. */
static HeadStatus
head_target(Head *head, const char *data, Span target, const HeadLimits *limits)
{
	const char *mark;

	if (target.length > limits->uri)
		return HEAD_URI_TOO_LONG;
	if (!is_target(data + target.at, target.length))
		return HEAD_MALFORMED;
	skip_authority(data, &target);
	if (data[target.at] != '/' && !(target.length == 1 && data[target.at] == '*' && head->method == METHOD_OPTIONS))
		return HEAD_MALFORMED;

	head->path = target;
	mark = memchr(data + target.at, '?', target.length);
	if (mark != NULL)
	{
		uint32_t at = (uint32_t) (mark - data);

		head->has_query = true;
		head->query = (Span){at + 1, target.at + target.length - at - 1};
		head->path.length = at - target.at;
	}
	return HEAD_MORE;
}

/* method SP target SP "HTTP/1." digit */
static HeadStatus
head_request_line(Head *head, const char *data, Span line, const HeadLimits *limits)
{
	static const char version[] = "HTTP/1.";
	const char *text = data + line.at;
	const char *end = text + line.length;
	const char *first = memchr(text, ' ', line.length);
	const char *last = memrchr(text, ' ', line.length);
	Span target;

	if (first == NULL || first == last || first - text > HEAD_MAX_METHOD ||
	    !text_is_token(text, (size_t) (first - text)))
		return HEAD_MALFORMED;
	if (end - last != sizeof(version) + 1 || memcmp(last + 1, version, sizeof(version) - 1) != 0 ||
	    (end[-1] != '0' && end[-1] != '1'))
		return HEAD_MALFORMED;

	head->has_line = true;
	head->method = method_find(text, (size_t) (first - text));
	head->minor_version = end[-1] - '0';
	target = (Span){(uint32_t) (first + 1 - data), (uint32_t) (last - first - 1)};
	return head_target(head, data, target, limits);
}

static bool
read_content_length(Head *head, const char *text, size_t length)
{
	uint64_t value = 0;

	if (head->has_content_length || length == 0 || length > HEAD_MAX_LENGTH_DIGITS)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t) (text[i] - '0');
	}
	head->has_content_length = true;
	head->content_length = value;
	return true;
}

/* Notes the fields that say how the request is framed and how the connection goes on. */
static bool
head_note_field(Head *head, const char *name, size_t name_length, const char *value, size_t length)
{
	if (text_equals_nocase(name, name_length, "host"))
	{
		if (head->has_host)
			return false;
		head->has_host = true;
	}
	else if (text_equals_nocase(name, name_length, "content-length"))
		return read_content_length(head, value, length);
	else if (text_equals_nocase(name, name_length, "transfer-encoding"))
		head->has_transfer_encoding = true;
	else if (text_equals_nocase(name, name_length, "connection"))
	{
		head->says_close = head->says_close || text_has_item(value, length, "close");
		head->says_keep_alive = head->says_keep_alive || text_has_item(value, length, "keep-alive");
	}
	else if (text_equals_nocase(name, name_length, "expect"))
		head->expects_continue = text_equals_nocase(value, length, "100-continue");
	return true;
}

static HeadStatus
head_field_line(Head *head, char *data, Span line)
{
	char *name = data + line.at;
	char *colon = memchr(name, ':', line.length);
	const char *value;
	size_t length;

	if (colon == NULL || !text_is_token(name, (size_t) (colon - name)))
		return HEAD_MALFORMED;
	value = colon + 1;
	length = (size_t) (name + line.length - value);
	text_trim(&value, &length);
	if (!text_is_field_value(value, length))
		return HEAD_MALFORMED;
	if (head->field_count == HEAD_MAX_FIELDS)
		return HEAD_TOO_LARGE;

	for (char *at = name; at < colon; at++)
		*at = text_lower(*at);
	if (!head_note_field(head, name, (size_t) (colon - name), value, length))
		return HEAD_MALFORMED;
	head->fields[head->field_count++] = (HeadField){
		.name = {line.at, (uint32_t) (colon - name)},
		.value = {(uint32_t) (value - data), (uint32_t) length},
	};
	return HEAD_MORE;
}

/*
 * head_next_field
 *		Looks for the field name, in lower case, from position *from on.
 *
 * Returns false when there is none; else *from is where to look for the next.
 */
bool
head_next_field(const Head *head, const char *data, const char *name, int *from, Span *value)
{
	size_t length = strlen(name);

	for (int i = *from; i < head->field_count; i++)
	{
		const HeadField *field = &head->fields[i];

		if (field->name.length != length || memcmp(data + field->name.at, name, length) != 0)
			continue;
		*from = i + 1;
		*value = field->value;
		return true;
	}
	return false;
}
