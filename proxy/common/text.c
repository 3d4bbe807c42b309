/*-------------------------------------------------------------------------
 *
 * text.c
 *		Checks and conversions of text that comes from outside.
 *
 * Nothing here depends on the locale, and nothing expects a terminating zero.
 *-------------------------------------------------------------------------
 */
#include "common/text.h"

#include <string.h>
#include <sys/random.h>

static const bool token_chars[256] = {
	['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['!'] = true, ['#'] = true, ['$'] = true,
	['%'] = true,         ['&'] = true,         ['\''] = true,        ['*'] = true, ['+'] = true, ['-'] = true,
	['.'] = true,         ['^'] = true,         ['_'] = true,         ['`'] = true, ['|'] = true, ['~'] = true,
};

/* A character of a method or a header name: RFC 9110, 5.6.2. */
bool
text_is_token_char(char c)
{
	return token_chars[(unsigned char) c];
}

/* A method or the name of a header. */
bool
text_is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!token_chars[(unsigned char) text[i]])
			return false;
	return length > 0;
}

/*
 * text_is_field_value
 *		What a header may hold: RFC 9110, 5.5.
 *
 * No control characters but tab; bytes above 127 are old but allowed.  Like
 * text_is_visible() it does not stop at the first offender, because the loop
 * then takes many characters at a time; a token has about a thousand.
 */
bool
text_is_field_value(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *) text;
	unsigned char bad = 0;

	for (size_t i = 0; i < length; i++)
		bad |= (unsigned char) ((bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f);
	return bad == 0;
}

/* Whether all of text is visible ASCII, without blanks. */
bool
text_is_visible(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *) text;
	unsigned char bad = 0;

	for (size_t i = 0; i < length; i++)
		bad |= (unsigned char) (bytes[i] <= ' ' || bytes[i] > '~');
	return bad == 0;
}

/* Digits, and at least one. */
bool
text_is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Number of bytes of the UTF-8 character at text, or 0 when it is none: RFC 3629, 4. */
static size_t
utf8_char_length(const unsigned char *text, size_t left)
{
	size_t length;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

	if (text[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (text[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (text[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (text[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */

	if (left < length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Whether text can go to the database: UTF-8 without NUL. */
bool
text_is_utf8(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *) text;
	size_t step;

	while (length > 0)
	{
		if (*at == '\0' || (step = utf8_char_length(at, length)) == 0)
			return false;
		at += step;
		length -= step;
	}
	return true;
}

/* Takes blanks off both ends. */
void
text_trim(const char **text, size_t *length)
{
	while (*length > 0 && (**text == ' ' || **text == '\t'))
	{
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
		(*length)--;
}

/* Whether the comma-separated list has the item lower. */
bool
text_has_item(const char *list, size_t length, const char *lower)
{
	const char *end = list + length;

	while (list < end)
	{
		const char *comma = memchr(list, ',', (size_t) (end - list));
		const char *item = list;
		size_t item_length = (size_t) ((comma != NULL ? comma : end) - list);

		text_trim(&item, &item_length);
		if (text_equals_nocase(item, item_length, lower))
			return true;
		list = comma != NULL ? comma + 1 : end;
	}
	return false;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * text_percent_decode
 *		Decodes %XX into out, which has room for length bytes.
 *
 * Strict, because a path that two readers understand differently is a way
 * around access rules: a stray percent sign, NUL and what is not UTF-8 are
 * refused.  Returns the length of out, or -1.
 */
long
text_percent_decode(char *out, const char *text, size_t length)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] != '%')
		{
			out[written++] = text[i];
			continue;
		}
		if (length - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
			return -1;
		out[written++] = (char) (hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
		i += 2;
	}
	return text_is_utf8(out, written) ? (long) written : -1;
}

/* Reads the 8-4-4-4-12 form in either case. */
bool
uuid_parse(const char *text, size_t length, uint8_t uuid[UUID_BYTES])
{
	int digits = 0;

	if (length != UUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		int digit = hex_digit(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (text[i] != '-')
				return false;
			continue;
		}
		if (digit < 0)
			return false;
		uuid[digits / 2] = (uint8_t) (digits % 2 == 0 ? digit << 4 : uuid[digits / 2] | digit);
		digits++;
	}
	return true;
}

/* A new version 4 UUID.  Random bytes are fetched for many at once: a system call per request is too dear. */
void
uuid_random(uint8_t uuid[UUID_BYTES])
{
	static uint8_t pool[256 * UUID_BYTES];
	static size_t used = sizeof(pool);

	if (used == sizeof(pool))
	{
		size_t filled = 0;

		while (filled < sizeof(pool))
		{
			ssize_t got = getrandom(pool + filled, sizeof(pool) - filled, 0);

			filled += got > 0 ? (size_t) got : 0;
		}
		used = 0;
	}
	memcpy(uuid, pool + used, UUID_BYTES);
	used += UUID_BYTES;
	uuid[6] = (uint8_t) ((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t) ((uuid[8] & 0x3f) | 0x80);
}

void
uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_BYTES; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[uuid[i] >> 4];
		*text++ = digits[uuid[i] & 0x0f];
	}
	*text = '\0';
}
