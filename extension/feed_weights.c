/*-------------------------------------------------------------------------
 *
 * feed_weights.c
 *		The row of mesteri.feed_weights that a page is ranked by.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "bound_walk.h"
#include "feed_weights.h"
#include "row.h"

#define WEIGHTS_INDEX "feed_weights_pkey"

/*
 * feed_weights_find
 *		The newest row, or that of a version; 0 when there is none.
 *
 * version: NULL for the newest; is set to what was found.
 *
 * Errors: 55000 when the index cannot be used.
 */
Datum
feed_weights_find(const int32 *version, int32 *found)
{
	Relation table = table_open(get_relname_relid("feed_weights", get_namespace_oid("mesteri", false)),
	                            AccessShareLock);
	AttrNumber column = row_column(table, "version");
	Relation index = bound_index_open(table, WEIGHTS_INDEX, column, BTREE_AM_OID);
	TupleTableSlot *slot;
	IndexScanDesc scan;
	ScanKeyData key;
	int keys = 0;
	Datum row = (Datum) 0;

	if (index == NULL)
		bound_index_refuse(WEIGHTS_INDEX);

	if (version != NULL)
		ScanKeyInit(&key, ++keys, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(*version));
	slot = table_slot_create(table, NULL);
	scan = index_beginscan(table, index, GetActiveSnapshot(), keys, 0);
	index_rescan(scan, &key, keys, NULL, 0);
	if (index_getnext_slot(scan, BackwardScanDirection, slot))
	{
		bool is_null;

		*found = DatumGetInt32(slot_getattr(slot, column, &is_null));
		row = ExecFetchSlotHeapTupleDatum(slot);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	relation_close(index, AccessShareLock);
	table_close(table, AccessShareLock);

	return row;
}
