/*-------------------------------------------------------------------------
 *
 * text.h
 *		Checks and conversions of text that comes from outside.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_TEXT_H
#define MESTERI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UUID_BYTES     16
#define UUID_TEXT_SIZE sizeof("00000000-0000-0000-0000-000000000000")

bool text_is_token_char(char c) __attribute__((warn_unused_result));
bool text_is_token(const char *text, size_t length) __attribute__((warn_unused_result));
bool text_is_field_value(const char *text, size_t length) __attribute__((warn_unused_result));
bool text_is_visible(const char *text, size_t length) __attribute__((warn_unused_result));
bool text_is_number(const char *text) __attribute__((warn_unused_result));
bool text_is_utf8(const char *text, size_t length) __attribute__((warn_unused_result));
bool text_has_item(const char *list, size_t length, const char *lower) __attribute__((warn_unused_result));
void text_trim(const char **text, size_t *length);
long text_percent_decode(char *out, const char *text, size_t length) __attribute__((warn_unused_result));

bool uuid_parse(const char *text, size_t length, uint8_t uuid[UUID_BYTES]) __attribute__((warn_unused_result));
void uuid_random(uint8_t uuid[UUID_BYTES]);
void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE]);

static inline char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

/* Whether text equals lower, which is written in lower case.  Inline, because mostly the lengths differ already. */
__attribute__((warn_unused_result)) static inline bool
text_equals_nocase(const char *text, size_t length, const char *lower)
{
	if (strlen(lower) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text_lower(text[i]) != lower[i])
			return false;
	return true;
}

#endif
