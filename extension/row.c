/*-------------------------------------------------------------------------
 *
 * row.c
 *		A table's row by its columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/rel.h"

#include "row.h"

/* row_column: never 0; what asks for a column knows the table. */
AttrNumber
row_column(Relation table, const char *name)
{
	TupleDesc desc = RelationGetDescr(table);

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return (AttrNumber) (i + 1);

	elog(ERROR, "table \"%s\" has no column \"%s\"", RelationGetRelationName(table), name);
}

/* row_of_tuple: its values point into the tuple. */
Row
row_of_tuple(HeapTuple tuple, TupleDesc desc)
{
	Row row;

	row.values = palloc(sizeof(Datum) * (Size) desc->natts);
	row.nulls = palloc(sizeof(bool) * (Size) desc->natts);
	heap_deform_tuple(tuple, desc, row.values, row.nulls);

	return row;
}
