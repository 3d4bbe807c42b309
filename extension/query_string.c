/*-------------------------------------------------------------------------
 *
 * query_string.c
 *		The part of a request target behind the question mark.
 *
 * application/x-www-form-urlencoded as browsers write it: name=value joined
 * by &, + for a space, %XX for a byte.  A bad escape, a NUL or bytes that are
 * not UTF-8 are refused rather than repaired.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "error.h"
#include "query_string.h"

#define QUERY_MAX_PARAMETERS 100

static char *decode(const char *begin, const char *end);
static int hex_digit(char c);
static void add_value(List **parameters, char *name, char *value);

/*
 * query_string_parse
 *		Decodes a query string into a List of QueryParameter.
 *
 * query: without the question mark, or NULL.  Values of a repeated name are
 * gathered under its first appearance; whether it may repeat is the binder's
 * question.  Errors: invalid_field.
 */
List *
query_string_parse(const char *query)
{
	List *parameters = NIL;

	while (query != NULL && *query != '\0')
	{
		const char *end = query + strcspn(query, "&");
		const char *equals = memchr(query, '=', end - query);

		if (end > query)
		{
			char *name = decode(query, equals ? equals : end);
			char *value = equals ? decode(equals + 1, end) : pstrdup("");

			add_value(&parameters, name, value);
		}
		query = *end == '&' ? end + 1 : end;
	}
	return parameters;
}

static char *
decode(const char *begin, const char *end)
{
	char *text = palloc(end - begin + 1);
	char *to = text;

	for (const char *from = begin; from < end; from++)
	{
		if (*from == '+')
			*to++ = ' ';
		else if (*from != '%')
			*to++ = *from;
		else
		{
			int high = end - from > 2 ? hex_digit(from[1]) : -1;
			int low = end - from > 2 ? hex_digit(from[2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				refuse_field(MSERR_INVALID_FIELD, "query", "format");
			*to++ = (char) (high << 4 | low);
			from += 2;
		}
	}
	*to = '\0';

	if (pg_encoding_verifymbstr(PG_UTF8, text, to - text) != to - text)
		refuse_field(MSERR_INVALID_FIELD, "query", "format");
	return text;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void
add_value(List **parameters, char *name, char *value)
{
	size_t length = strlen(name);
	bool is_list = length > 2 && strcmp(name + length - 2, "[]") == 0;
	QueryParameter *parameter = NULL;
	ListCell *cell;

	if (is_list)
		name[length - 2] = '\0';

	foreach (cell, *parameters)
	{
		QueryParameter *known = lfirst(cell);

		if (strcmp(known->name, name) == 0)
			parameter = known;
	}

	if (parameter == NULL)
	{
		parameter = palloc0(sizeof(QueryParameter));
		parameter->name = name;
		if (list_length(*parameters) == QUERY_MAX_PARAMETERS)
			refuse_field(MSERR_INVALID_FIELD, "query", "count");
		*parameters = lappend(*parameters, parameter);
	}
	parameter->is_list |= is_list;
	parameter->values = lappend(parameter->values, value);
}
