/*-------------------------------------------------------------------------
 *
 * row.c
 *		A table's row by its columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "row.h"

static void forget(Datum arg, Oid relation);

/* row_is_known: whether that is this table; who then looks its columns up says so in known. */
bool
row_is_known(RowKnown *known, Relation table)
{
	if (!known->is_watched)
	{
		CacheRegisterRelcacheCallback(forget, PointerGetDatum(known));
		known->is_watched = true;
	}

	return known->table == RelationGetRelid(table);
}

static void
forget(Datum arg, Oid relation)
{
	RowKnown *known = (RowKnown *) DatumGetPointer(arg);

	if (relation == known->table || relation == InvalidOid)
		known->table = InvalidOid;
}

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

/* row_column_to: last grows to the column, so that rows need not be taken apart beyond it. */
AttrNumber
row_column_to(Relation table, const char *name, AttrNumber *last)
{
	AttrNumber column = row_column(table, name);

	*last = Max(*last, column);

	return column;
}

/* row_label: of an enum column; it keeps its Oid as long as the column keeps its type. */
Oid
row_label(Relation table, AttrNumber column, const char *name)
{
	Oid type = TupleDescAttr(RelationGetDescr(table), column - 1)->atttypid;

	return GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid, ObjectIdGetDatum(type), CStringGetDatum(name));
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
