/*-------------------------------------------------------------------------
 *
 * text_input.c
 *		Text as people type it, brought into one form.
 *
 * Romanian keyboards still send ş and ţ with a cedilla where the language
 * has a comma, and phones send decomposed letters: both would look the same
 * and compare different.  What is stored has one spelling.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/unicode_norm.h"
#include "mb/pg_wchar.h"

#include "text_input.h"

static bool is_ascii(const char *text);
static pg_wchar *compose(const char *text, TextForm form);
static char *encode(const pg_wchar *letters);
static pg_wchar comma_letter(pg_wchar letter);
static bool is_control(const char *text, TextForm form);
static char *trim(char *text);

/*
 * text_input
 *		One spelling of a text.
 *
 * typed: valid UTF-8.  Returns a new string in the current context, or NULL
 * when it holds control characters that the form does not allow.
 */
char *
text_input(const char *typed, TextForm form)
{
	char *text;

	if (is_control(typed, form))
		return NULL;

	text = is_ascii(typed) ? pstrdup(typed) : encode(compose(typed, form));

	return form == TEXT_VERBATIM ? text : trim(text);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (IS_HIGHBIT_SET(*text))
			return false;
	return true;
}

/* The letters in NFC, ended by zero; but in what is kept verbatim, cedilla letters as comma letters. */
static pg_wchar *
compose(const char *text, TextForm form)
{
	int length = strlen(text);
	pg_wchar *letters = palloc((length + 1) * sizeof(pg_wchar));
	pg_wchar *composed;
	const char *end = text + length;
	int count = 0;

	while (text < end)
	{
		letters[count++] = utf8_to_unicode((const unsigned char *) text);
		text += pg_utf_mblen((const unsigned char *) text);
	}
	letters[count] = 0;

	composed = unicode_normalize(UNICODE_NFC, letters);
	for (pg_wchar *letter = composed; *letter != 0 && form != TEXT_VERBATIM; letter++)
		*letter = comma_letter(*letter);
	return composed;
}

static char *
encode(const pg_wchar *letters)
{
	size_t count = 0;
	unsigned char *text;
	unsigned char *to;

	while (letters[count] != 0)
		count++;

	to = text = palloc(count * 4 + 1);
	for (; *letters != 0; letters++)
	{
		unicode_to_utf8(*letters, to);
		to += pg_utf_mblen(to);
	}
	*to = '\0';
	return (char *) text;
}

static pg_wchar
comma_letter(pg_wchar letter)
{
	switch (letter)
	{
		case 0x015E:
			return 0x0218; /* Ș */
		case 0x015F:
			return 0x0219; /* ș */
		case 0x0162:
			return 0x021A; /* Ț */
		case 0x0163:
			return 0x021B; /* ț */
		default:
			return letter;
	}
}

/* C0 and DEL; also C1, which in UTF-8 is 0xC2 0x80 to 0xC2 0x9F. */
static bool
is_control(const char *text, TextForm form)
{
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		bool is_layout = *c == '\n' || *c == '\t' || *c == '\r';

		if ((*c < 0x20 || *c == 0x7F) && !(is_layout && form == TEXT_PARAGRAPH))
			return true;
		if (c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F)
			return true;
	}
	return false;
}

static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		length--;
	text[length] = '\0';
	return text;
}
