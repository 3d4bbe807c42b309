/*-------------------------------------------------------------------------
 *
 * owner_path.h
 *		Paths from a table's rows to the accounts they belong to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_OWNER_PATH_H
#define MESTERI_OWNER_PATH_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* One hop: from a column of the table where we are to a column of another table, or the same. */
typedef struct OwnerStep
{
	AttrNumber from;
	Oid table; /* where it leads */
	AttrNumber to;
	bool is_backward; /* rows there refer to the row here, not the other way round */
} OwnerStep;

typedef struct OwnerPath
{
	char *text;
	List *steps; /* of OwnerStep */
} OwnerPath;

/* What the first hop of a path leads to, in SQL: values of column, in rows of table that meet condition. */
typedef struct OwnerSource
{
	const char *table;
	const char *column;
	const char *condition;
} OwnerSource;

extern List *owner_paths_parse(Oid table, const char *text);
extern OwnerSource owner_source(Oid table, const char *text, const char *user);

#endif /* MESTERI_OWNER_PATH_H */
