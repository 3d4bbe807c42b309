/*-------------------------------------------------------------------------
 *
 * entity_tag.c
 *		Lists of entity tags: If-None-Match and If-Match.
 *
 * RFC 9110, 8.8.3 and 13.1: "*", or tags between commas, each in double
 * quotes and perhaps weak.  A list that is written otherwise anywhere matches
 * nothing: a read is then answered in full, a write is refused.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "entity_tag.h"

/* What stands between the quotes. */
typedef bool (*TagTest)(const char *tag, size_t length, const char *wanted);

static bool list_has(const char *list, TagTest test, const char *wanted);
static const char *skip_blanks(const char *at);
static const char *read_tag(const char *at, const char **tag);
static bool is_whole(const char *tag, size_t length, const char *wanted);
static bool is_version(const char *tag, size_t length, const char *wanted);

PG_FUNCTION_INFO_V1(mesteri_names_version);

/*
 * entity_tag_is_listed
 *		Whether If-None-Match names this tag; tag: with its quotes.
 *
 * Weak comparison, as 13.1.2 wants it.
 */
bool
entity_tag_is_listed(const char *list, const char *tag)
{
	return list_has(list, is_whole, pnstrdup(tag + 1, strlen(tag) - 2));
}

/*
 * names_version(if_match text, version integer) -> boolean
 *
 * The part up to the dash counts, so that "7" of a list's item is enough.
 * Weak tags count too: the version is the same whatever a gateway on the
 * way, which had to weaken the tag, did to the bytes.
 */
Datum
mesteri_names_version(PG_FUNCTION_ARGS)
{
	char *list = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *version = psprintf("%d", PG_GETARG_INT32(1));

	PG_RETURN_BOOL(list_has(list, is_version, version));
}

/* Read to its end: the last item can void what the first one said. */
static bool
list_has(const char *list, TagTest test, const char *wanted)
{
	const char *at = skip_blanks(list);
	bool found = false;

	if (*at == '*')
		return *skip_blanks(at + 1) == '\0';

	while (*at != '\0')
	{
		const char *tag;
		const char *end;

		/* Empty items are nothing, 5.6.1.2. */
		if (*at == ',')
		{
			at = skip_blanks(at + 1);
			continue;
		}

		end = read_tag(at, &tag);
		if (end == NULL)
			return false;
		found = found || test(tag, end - tag, wanted);

		at = skip_blanks(end + 1);
		if (*at != ',' && *at != '\0')
			return false;
	}
	return found;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Returns where the closing quote is, or NULL. */
static const char *
read_tag(const char *at, const char **tag)
{
	if (at[0] == 'W' && at[1] == '/')
		at += 2;
	if (*at != '"')
		return NULL;

	*tag = ++at;
	while ((unsigned char) *at > ' ' && *at != '"' && *at != 0x7f)
		at++;
	return *at == '"' ? at : NULL;
}

static bool
is_whole(const char *tag, size_t length, const char *wanted)
{
	return strlen(wanted) == length && memcmp(tag, wanted, length) == 0;
}

static bool
is_version(const char *tag, size_t length, const char *wanted)
{
	const char *dash = memchr(tag, '-', length);

	return is_whole(tag, dash != NULL ? (size_t) (dash - tag) : length, wanted);
}
