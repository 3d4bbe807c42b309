/*-------------------------------------------------------------------------
 *
 * post_marks.c
 *		What a reader did with a post.
 *
 * The key of mesteri.content_interactions is reader, post and kind, so one
 * descent of its index answers for all kinds, however many others have liked
 * the post.  That a reader viewed it is in the same place, and no reason to
 * look at a row: the index says which entries are likes and saves.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/itup.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "bound_walk.h"
#include "post_marks.h"
#include "row.h"

#define MARKS_INDEX "content_interactions_pkey"

/* Columns of the index. */
#define KEY_READER 1
#define KEY_POST   2
#define KEY_KIND   3

static bool is_readers(Relation table, Relation index);

/*
 * post_marks_open
 *		viewer: lives as long as marks.
 *
 * Errors: 55000 when the index cannot be used.
 */
void
post_marks_open(PostMarks *marks, const pg_uuid_t *viewer)
{
	AttrNumber kind;

	marks->table = table_open(get_relname_relid("content_interactions", get_namespace_oid("mesteri", false)),
	                          AccessShareLock);
	marks->index = bound_index_open(marks->table, MARKS_INDEX, row_column(marks->table, "user_id"), BTREE_AM_OID);
	if (marks->index == NULL || !is_readers(marks->table, marks->index))
		bound_index_refuse(MARKS_INDEX);

	marks->viewer = viewer;
	kind = row_column(marks->table, "interaction_type");
	marks->like = row_label(marks->table, kind, "like");
	marks->save = row_label(marks->table, kind, "save");
	marks->slot = table_slot_create(marks->table, NULL);
	marks->scan = index_beginscan(marks->table, marks->index, GetActiveSnapshot(), 2, 0);
	marks->scan->xs_want_itup = true;
}

/* post_marks_find: sets liked and saved. */
void
post_marks_find(PostMarks *marks, const pg_uuid_t *post_id)
{
	IndexScanDesc scan = marks->scan;
	ScanKeyData keys[2];

	marks->liked = marks->saved = false;
	ScanKeyInit(&keys[0], KEY_READER, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(marks->viewer));
	ScanKeyInit(&keys[1], KEY_POST, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(post_id));
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		bool is_null;
		Oid found = DatumGetObjectId(index_getattr(scan->xs_itup, KEY_KIND, scan->xs_itupdesc, &is_null));

		if ((found != marks->like && found != marks->save) || !index_fetch_heap(scan, marks->slot))
			continue;
		marks->liked |= found == marks->like;
		marks->saved |= found == marks->save;
	}
}

void
post_marks_close(PostMarks *marks)
{
	index_endscan(marks->scan);
	ExecDropSingleTupleTableSlot(marks->slot);
	relation_close(marks->index, AccessShareLock);
	table_close(marks->table, AccessShareLock);
}

/* Whether the index's columns are reader, post and kind. */
static bool
is_readers(Relation table, Relation index)
{
	const char *const columns[] = {"user_id", "post_id", "interaction_type"};
	bool fits = index->rd_index->indnkeyatts == lengthof(columns);

	for (size_t i = 0; fits && i < lengthof(columns); i++)
		fits = index->rd_index->indkey.values[i] == row_column(table, columns[i]);

	return fits;
}
