/*-------------------------------------------------------------------------
 *
 * row_finder.c
 *		Rows by an id.
 *
 * For what is looked up once a candidate, or an item of a list: an index scan
 * under the caller's snapshot, without a plan.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "bound_walk.h"
#include "row.h"
#include "row_finder.h"

/*
 * row_finder_open
 *		table: in schema mesteri.  False when the index cannot be used; nothing is open then.
 */
bool
row_finder_open(RowFinder *finder, const char *table, const char *index, const char *column)
{
	finder->table = table_open(get_relname_relid(table, get_namespace_oid("mesteri", false)), AccessShareLock);
	finder->index = bound_index_open(finder->table, index, row_column(finder->table, column), BTREE_AM_OID);
	if (finder->index == NULL)
	{
		table_close(finder->table, AccessShareLock);
		return false;
	}

	finder->slot = table_slot_create(finder->table, NULL);
	finder->scan = index_beginscan(finder->table, finder->index, GetActiveSnapshot(), 1, 0);

	return true;
}

/*
 * row_finder_need
 *		The same for who cannot do without.
 *
 * Errors: 55000 when the index cannot be used.
 */
void
row_finder_need(RowFinder *finder, const char *table, const char *index, const char *column)
{
	if (!row_finder_open(finder, table, index, column))
		bound_index_refuse(index);
}

bool
row_finder_find(RowFinder *finder, const pg_uuid_t *id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(id));
	index_rescan(finder->scan, &key, 1, NULL, 0);

	return row_finder_next(finder);
}

/* row_finder_next: another row with the id that was looked for last, where it is not unique. */
bool
row_finder_next(RowFinder *finder)
{
	return index_getnext_slot(finder->scan, ForwardScanDirection, finder->slot);
}

/*
 * row_finder_share
 *		Locks the row found last as SELECT ... FOR SHARE does: waits for who changes it, and finds what he makes of it.
 *
 * False when he deletes it.
 *
 * Errors: 40001 where the snapshot must not be left.
 */
bool
row_finder_share(RowFinder *finder)
{
	bool may_follow = !IsolationUsesXactSnapshot();
	ItemPointerData tid = finder->slot->tts_tid;
	TM_FailureData failure;
	TM_Result result;

	LockRelation(finder->table, RowShareLock);
	result = table_tuple_lock(finder->table, &tid, GetActiveSnapshot(), finder->slot, GetCurrentCommandId(true),
	                          LockTupleShare, LockWaitBlock, may_follow ? TUPLE_LOCK_FLAG_FIND_LAST_VERSION : 0,
	                          &failure);
	if (!may_follow && (result == TM_Updated || result == TM_Deleted))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		                errmsg("could not serialize access due to concurrent update")));

	return result == TM_Ok;
}

void
row_finder_close(RowFinder *finder)
{
	index_endscan(finder->scan);
	ExecDropSingleTupleTableSlot(finder->slot);
	relation_close(finder->index, AccessShareLock);
	table_close(finder->table, AccessShareLock);
}
