/*-------------------------------------------------------------------------
 *
 * base64url.c
 *		Bytes as text that needs no quoting in a URL (RFC 4648, section 5).
 *
 * Without padding, as RFC 7515 wants it.  Decoding is strict: each sequence
 * of bytes has exactly one spelling, so that nobody can make a second text
 * of a token or a cursor that means the same.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base64url.h"

static int digit_value(char digit);

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/*
 * base64url_append
 *		Write bytes at the end of a text.
 */
void
base64url_append(StringInfo out, const void *data, int length)
{
	const uint8 *bytes = data;
	uint32 pending = 0;
	int bits = 0;

	enlargeStringInfo(out, BASE64URL_ENCODED_LENGTH(length));

	for (int i = 0; i < length; i++)
	{
		pending = pending << 8 | bytes[i];
		for (bits += 8; bits >= 6; bits -= 6)
			appendStringInfoCharMacro(out, digits[pending >> (bits - 6) & 63]);
	}

	if (bits > 0)
		appendStringInfoCharMacro(out, digits[pending << (6 - bits) & 63]);
}

/*
 * base64url_decode
 *		Read what base64url_append wrote.
 *
 * out: room for BASE64URL_DECODED_LENGTH(length) bytes.
 *
 * Returns the number of bytes, or -1 when the text is not what
 * base64url_append would have written.
 */
int
base64url_decode(const char *text, int length, uint8 *out)
{
	uint32 pending = 0;
	int bits = 0;
	int written = 0;

	for (int i = 0; i < length; i++)
	{
		int value = digit_value(text[i]);

		if (value < 0)
			return -1;

		pending = pending << 6 | (uint32) value;
		bits += 6;
		if (bits >= 8)
		{
			bits -= 8;
			out[written++] = (uint8) (pending >> bits & 0xFF);
		}
	}

	/* What remains is padding: less than a digit, and all zeros. */
	if (bits >= 6 || (pending & ((1U << bits) - 1)) != 0)
		return -1;

	return written;
}

static int
digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '-')
		return 62;
	if (digit == '_')
		return 63;
	return -1;
}
