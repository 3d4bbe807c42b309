/*-------------------------------------------------------------------------
 *
 * query_string.h
 *		The part of a request target behind the question mark.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_QUERY_STRING_H
#define MESTERI_QUERY_STRING_H

#include "nodes/pg_list.h"

typedef struct QueryParameter
{
	char *name;   /* decoded, without a trailing [] */
	bool is_list; /* the name was written with [] */
	List *values; /* of char *, decoded, in the order given */
} QueryParameter;

extern List *query_string_parse(const char *query);

#endif /* MESTERI_QUERY_STRING_H */
