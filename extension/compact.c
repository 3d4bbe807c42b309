/*-------------------------------------------------------------------------
 *
 * compact.c
 *		Identifiers as people type them, without what they put between the characters.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compact.h"

/*
 * compact_typed
 *		Copy without separators, ASCII letters in upper case.
 *
 * Returns false when it has no place in size bytes, the final zero included,
 * or holds a byte that is not printable ASCII.
 */
bool
compact_typed(const text *typed, const char *separators, char *compact, size_t size)
{
	const char *from = VARDATA_ANY(typed);
	const char *end = from + VARSIZE_ANY_EXHDR(typed);
	size_t length = 0;

	for (; from < end; from++)
	{
		if (*from < ' ' || *from > '~')
			return false;
		if (strchr(separators, *from) != NULL)
			continue;
		if (length + 1 >= size)
			return false;
		compact[length++] = pg_ascii_toupper((unsigned char) *from);
	}
	compact[length] = '\0';

	return true;
}

/* Whether length characters are ASCII digits; none at all are. */
bool
compact_is_digits(const char *characters, size_t length)
{
	return strspn(characters, "0123456789") >= length;
}
