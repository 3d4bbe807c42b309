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

/*
 * Marks (accents and the like) that may follow one letter; the limit of
 * Unicode's Stream-Safe Text Format.  Putting n marks in order costs n^2 and
 * cannot be interrupted, so a text of nothing else would stop the backend.
 */
#define TEXT_MAX_MARKS 30

static bool is_ascii(const char *text);
static bool has_ascii_control(const char *text, TextForm form);
static char *trim(char *text);
static pg_wchar *decode(const char *text);
static bool has_hidden_letter(const pg_wchar *letters, TextForm form);
static bool is_hidden(pg_wchar letter);
static bool has_too_many_marks(const pg_wchar *letters);
static bool is_mark(pg_wchar letter);
static pg_wchar comma_letter(pg_wchar letter);
static pg_wchar *trim_letters(pg_wchar *letters);
static bool is_blank(pg_wchar letter);
static char *encode(const pg_wchar *letters);

/*
 * text_input
 *		One spelling of a text.
 *
 * typed: valid UTF-8.  Returns a new string in the current context, or NULL
 * when it holds characters that the form does not allow: controls, invisible
 * ones, too many marks on one letter.
 */
char *
text_input(const char *typed, TextForm form)
{
	pg_wchar *letters;

	if (has_ascii_control(typed, form))
		return NULL;
	if (is_ascii(typed))
		return form == TEXT_VERBATIM ? pstrdup(typed) : trim(pstrdup(typed));

	letters = decode(typed);
	if (has_hidden_letter(letters, form) || has_too_many_marks(letters))
		return NULL;

	letters = unicode_normalize(UNICODE_NFC, letters);
	if (form == TEXT_VERBATIM)
		return encode(letters);

	for (pg_wchar *letter = letters; *letter != 0; letter++)
		*letter = comma_letter(*letter);
	return encode(trim_letters(letters));
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (IS_HIGHBIT_SET(*text))
			return false;
	return true;
}

static bool
has_ascii_control(const char *text, TextForm form)
{
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		bool is_layout = *c == '\n' || *c == '\t' || *c == '\r';

		if ((*c < 0x20 || *c == 0x7F) && !(is_layout && form == TEXT_PARAGRAPH))
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

/* The letters, ended by zero. */
static pg_wchar *
decode(const char *text)
{
	const char *end = text + strlen(text);
	pg_wchar *letters = palloc((end - text + 1) * sizeof(pg_wchar));
	int count = 0;

	while (text < end)
	{
		letters[count++] = utf8_to_unicode((const unsigned char *) text);
		text += pg_utf_mblen((const unsigned char *) text);
	}
	letters[count] = 0;
	return letters;
}

static bool
has_hidden_letter(const pg_wchar *letters, TextForm form)
{
	for (; *letters != 0; letters++)
	{
		if (*letters >= 0x80 && *letters <= 0x9F)
			return true;
		if (form != TEXT_VERBATIM && is_hidden(*letters))
			return true;
		if (form == TEXT_LINE && (*letters == 0x2028 || *letters == 0x2029))
			return true;
	}
	return false;
}

/*
 * What shows nothing, or turns the direction of what follows, so that a name
 * reads as another.  The joiners of emoji and scripts (200C, 200D) are not
 * among them.
 */
static bool
is_hidden(pg_wchar letter)
{
	switch (letter)
	{
		case 0x00AD: /* soft hyphen */
		case 0x034F: /* grapheme joiner */
		case 0x061C: /* Arabic letter mark */
		case 0x115F: /* Hangul fillers */
		case 0x1160:
		case 0x3164:
		case 0xFFA0:
		case 0x180E: /* Mongolian vowel separator */
		case 0x200B: /* zero width space */
		case 0x200E: /* direction marks */
		case 0x200F:
		case 0xFEFF: /* byte order mark */
			return true;
		default:
			return (letter >= 0x202A && letter <= 0x202E) || (letter >= 0x2060 && letter <= 0x206F) ||
			       (letter >= 0xE0000 && letter <= 0xE007F);
	}
}

static bool
has_too_many_marks(const pg_wchar *letters)
{
	int marks = 0;

	for (; *letters != 0; letters++)
	{
		marks = is_mark(*letters) ? marks + 1 : 0;
		if (marks > TEXT_MAX_MARKS)
			return true;
	}
	return false;
}

/*
 * The server does not export its table of combining classes, but the quick
 * check of NFC says no to a mark behind one of a higher class, and U+0345 has
 * the highest.  It also says no to letters that decompose; a run of thirty of
 * those is no text either.
 */
static bool
is_mark(pg_wchar letter)
{
	pg_wchar behind_highest[] = {0x0345, letter, 0};

	if (letter < 0x300)
		return false;
	return letter == 0x0345 || unicode_is_normalized_quickcheck(UNICODE_NFC, behind_highest) == UNICODE_NORM_QC_NO;
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

static pg_wchar *
trim_letters(pg_wchar *letters)
{
	pg_wchar *end;

	while (is_blank(*letters))
		letters++;
	for (end = letters; *end != 0; end++)
		;
	while (end > letters && is_blank(end[-1]))
		*--end = 0;
	return letters;
}

static bool
is_blank(pg_wchar letter)
{
	switch (letter)
	{
		case ' ':
		case '\t':
		case '\r':
		case '\n':
		case 0x00A0:
		case 0x1680:
		case 0x2028:
		case 0x2029:
		case 0x202F:
		case 0x205F:
		case 0x2800: /* braille without dots */
		case 0x3000:
			return true;
		default:
			return letter >= 0x2000 && letter <= 0x200A;
	}
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
