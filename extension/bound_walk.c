/*-------------------------------------------------------------------------
 *
 * bound_walk.c
 *		Rows by falling bound.
 *
 * The scan is GiST's own, ordered by the operator that gives the bound, begun
 * here and not by a plan: it cannot be planned away.  A row that was written,
 * changed or deleted meanwhile is seen or not as the snapshot has it, for its
 * tuple is fetched under that; keys of versions that nobody sees any more cost
 * a look until they are vacuumed.
 *
 * Who walks owns the choice of what may be seen: privileges and row security
 * are not looked at.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/instrument.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "bound_walk.h"

#define BOUND_STRATEGY 1 /* of the operator class's only operator */

static BoundWork last_work; /* of this session's last search */

static bool is_usable(Relation index, Relation table, AttrNumber column, Oid access_method);
static bool covers_not_null(Relation index, AttrNumber column);

PG_FUNCTION_INFO_V1(mesteri_engine_work);
PG_FUNCTION_INFO_V1(mesteri_bound_operator);

/*
 * bound_index_open
 *		An index of the table's whose first column is column, locked for reading; NULL when it is not there or not whole.
 */
Relation
bound_index_open(Relation table, const char *name, AttrNumber column, Oid access_method)
{
	Oid oid = get_relname_relid(name, RelationGetNamespace(table));
	Relation index = OidIsValid(oid) ? try_relation_open(oid, AccessShareLock) : NULL;

	if (index != NULL && !is_usable(index, table, column, access_method))
	{
		relation_close(index, AccessShareLock);
		return NULL;
	}

	return index;
}

/*
 * bound_walk_begin
 *		index: from bound_index_open; bound_walk_end closes it.
 */
void
bound_walk_begin(BoundWalk *walk, Relation table, Relation index, BoundQuery *query)
{
	Oid operator= get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0], INTERNALOID, BOUND_STRATEGY);
	RegProcedure bound = get_opcode(operator);
	ScanKeyData filter;
	ScanKeyData order;

	ScanKeyEntryInitialize(&filter, 0, 1, BOUND_STRATEGY, INTERNALOID, InvalidOid, bound, PointerGetDatum(query));
	ScanKeyEntryInitialize(&order, SK_ORDER_BY, 1, BOUND_STRATEGY, INTERNALOID, InvalidOid, bound,
	                       PointerGetDatum(query));

	walk->query = query;
	walk->index = index;
	walk->slot = table_slot_create(table, NULL);
	walk->scan = index_beginscan(table, index, GetActiveSnapshot(), 1, 1);
	index_rescan(walk->scan, &filter, 1, &order, 1);
}

/*
 * bound_walk_next
 *		The next visible row is in slot; false when no other can reach the floor.
 */
bool
bound_walk_next(BoundWalk *walk)
{
	while (index_getnext_tid(walk->scan, ForwardScanDirection) != NULL)
	{
		CHECK_FOR_INTERRUPTS();

		if (-DatumGetFloat8(walk->scan->xs_orderbyvals[0]) < walk->query->floor)
			return false;
		walk->query->work.tuples++;
		if (index_fetch_heap(walk->scan, walk->slot))
			return true;
	}

	return false;
}

void
bound_walk_end(BoundWalk *walk)
{
	index_endscan(walk->scan);
	ExecDropSingleTupleTableSlot(walk->slot);
	relation_close(walk->index, AccessShareLock);
}

/* bound_buffers: that this backend has looked at so far. */
int64
bound_buffers(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

void
bound_work_done(const BoundWork *work, int64 buffers_before)
{
	last_work = *work;
	last_work.buffers = bound_buffers() - buffers_before;
}

/*
 * mesteri.engine_work(OUT index_pages bigint, OUT index_entries bigint, OUT heap_tuples bigint, OUT distances bigint,
 *					   OUT buffers bigint)
 *		What the last ranked search of this session has cost.
 */
Datum
mesteri_engine_work(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Datum values[5];
	bool nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != lengthof(values))
		elog(ERROR, "engine_work is declared with other results");

	values[0] = Int64GetDatum(last_work.pages);
	values[1] = Int64GetDatum(last_work.entries);
	values[2] = Int64GetDatum(last_work.tuples);
	values[3] = Int64GetDatum(last_work.distances);
	values[4] = Int64GetDatum(last_work.buffers);

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * The operator's function: it gives the operator class its name for the
 * bound.  Nobody but a walk has the operand, and a walk asks the index.
 */
Datum
mesteri_bound_operator(PG_FUNCTION_ARGS)
{
	elog(ERROR, "a bound is the index's to compute");
}

static bool
is_usable(Relation index, Relation table, AttrNumber column, Oid access_method)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relkind != RELKIND_INDEX || form->indrelid != RelationGetRelid(table) || !form->indisvalid ||
	    index->rd_rel->relam != access_method || form->indkey.values[0] != column)
		return false;

	/* Built while older transactions ran, whose rows it may lack. */
	if (form->indcheckxmin &&
	    !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin))
		return false;

	return covers_not_null(index, column);
}

/* Whether an index has all rows in which the column is not null. */
static bool
covers_not_null(Relation index, AttrNumber column)
{
	List *predicate = RelationGetIndexPredicate(index);
	NullTest *test;

	if (predicate == NIL)
		return true;

	test = linitial(predicate);
	return list_length(predicate) == 1 && IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL &&
	       IsA(test->arg, Var) && ((Var *) test->arg)->varattno == column;
}
