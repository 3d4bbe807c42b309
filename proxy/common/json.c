/*-------------------------------------------------------------------------
 *
 * json.c
 *		Writing JSON text piece by piece.
 *
 * The access log and most error bodies have a fixed shape, so building a
 * document in memory only to print it would cost more than the request.
 * Where JSON has to be read or changed, jansson does it (problem.c).
 *-------------------------------------------------------------------------
 */
#include "common/json.h"

#include "common/text.h"

/* ASCII that stands for itself in a string. */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How many characters from the front are plain: mostly all. */
static size_t
plain_length(const char *text, size_t length)
{
	size_t plain = 0;

	while (plain < length && is_plain((unsigned char) text[plain]))
		plain++;
	return plain;
}

static void
json_escaped(Buffer *out, unsigned char c)
{
	switch (c)
	{
		case '"':
			buffer_append(out, "\\\"", 2);
			break;
		case '\\':
			buffer_append(out, "\\\\", 2);
			break;
		case '\n':
			buffer_append(out, "\\n", 2);
			break;
		default:
			buffer_format(out, "\\u%04x", c);
	}
}

/*
 * json_put_string
 *		Appends text as a quoted JSON string.
 *
 * Text that is not UTF-8 is taken for Latin-1, so that a log line is valid
 * JSON whatever a client sent.
 */
void
json_put_string(Buffer *out, const char *text, size_t length)
{
	size_t start = plain_length(text, length);
	bool utf8 = text_is_utf8(text + start, length - start);

	buffer_append(out, "\"", 1);
	buffer_append(out, text, start);
	for (size_t i = start; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (is_plain(c) || (c >= 0x80 && utf8))
			continue;
		buffer_append(out, text + start, i - start);
		json_escaped(out, c);
		start = i + 1;
	}
	buffer_append(out, text + start, length - start);
	buffer_append(out, "\"", 1);
}
