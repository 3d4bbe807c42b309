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
	bool utf8 = text_is_utf8(text, length);
	size_t start = 0;

	buffer_append(out, "\"", 1);
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && (c < 0x80 || utf8))
			continue;
		buffer_append(out, text + start, i - start);
		json_escaped(out, c);
		start = i + 1;
	}
	buffer_append(out, text + start, length - start);
	buffer_append(out, "\"", 1);
}
