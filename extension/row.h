/*-------------------------------------------------------------------------
 *
 * row.h
 *		A table's row by its columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ROW_H
#define MESTERI_ROW_H

#include "access/attnum.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/relcache.h"

/* All of it, by number of column minus one; of a slot, as far as it was taken apart. */
typedef struct Row
{
	Datum *values;
	bool *nulls;
} Row;

/* Static: which table's columns its owner has looked up. */
typedef struct RowKnown
{
	Oid table; /* InvalidOid: none, or it has changed since */
	bool is_watched;
} RowKnown;

extern bool row_is_known(RowKnown *known, Relation table);
extern AttrNumber row_column(Relation table, const char *name);
extern AttrNumber row_column_to(Relation table, const char *name, AttrNumber *last);
extern Oid row_label(Relation table, AttrNumber column, const char *name);
extern Row row_of_tuple(HeapTuple tuple, TupleDesc desc);

#endif /* MESTERI_ROW_H */
