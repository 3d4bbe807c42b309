/*-------------------------------------------------------------------------
 *
 * bound_walk.c
 *		Rows by falling bound.
 *
 * The tree is GiST's, which writes it; it is read here.  GiST's own ordered
 * scan asks the operator class twice about each entry through the function
 * manager and allocates each item of its queue, which was half of a search's
 * time, and it never marks dead entries, so that hot rows gather them at the
 * top of the ranking.  Pages are read by the rules of
 * src/backend/access/gist/README:
 *
 * - A page may have been split since the one above it was read.  Then its NSN
 *   is above the LSN that the other had, or it still says F_FOLLOW_RIGHT, and
 *   what moved is on the page to the right.
 * - No lock is held from one page to the next, and no pin.  A row's line
 *   pointer may have been used again when it is fetched: by one that the
 *   snapshot does not see.
 *
 * A row that was written, changed or deleted meanwhile is seen or not as the
 * snapshot has it, for its tuple is fetched under that.
 *
 * Who walks owns the choice of what may be seen: privileges and row security
 * are not looked at.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/gist_private.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/float.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "bound_walk.h"

static void read_page(BoundWalk *walk, const BoundItem *item);
static void read_entry(BoundWalk *walk, BlockNumber block, Page page, OffsetNumber offset, BoundItem *found);
static bool fetch_row(BoundWalk *walk, const BoundItem *item);
static void mark_dead(BoundWalk *walk, const BoundItem *item);

/*
 * bound_walk_begin
 *		index: of class's keys, from bound_index_open; bound_walk_end closes it.
 */
void
bound_walk_begin(BoundWalk *walk, const BoundClass *class, Relation table, Relation index, BoundQuery *query)
{
	BoundItem root = {.bound = get_float8_infinity(), .block = GIST_ROOT_BLKNO};

	walk->class = class;
	walk->query = query;
	walk->index = index;
	walk->snapshot = GetActiveSnapshot();
	walk->rows = table_index_fetch_begin(table);
	walk->slot = table_slot_create(table, NULL);
	/* What is dead for all here may be seen by somebody who began on a standby. */
	walk->heeds_dead = !TransactionStartedDuringRecovery();

	pgstat_count_index_scan(index);
	bound_queue_begin(&walk->queue);
	bound_queue_add(&walk->queue, &root);
}

/*
 * bound_walk_next
 *		The next visible row is in slot; false when no other can reach the floor.
 */
bool
bound_walk_next(BoundWalk *walk)
{
	BoundItem item;

	while (bound_queue_take(&walk->queue, &item) && item.bound >= walk->query->floor)
	{
		CHECK_FOR_INTERRUPTS();

		if (item.offset == InvalidOffsetNumber)
			read_page(walk, &item);
		else if (fetch_row(walk, &item))
			return true;
	}

	return false;
}

void
bound_walk_end(BoundWalk *walk)
{
	bound_queue_end(&walk->queue);
	table_index_fetch_end(walk->rows);
	ExecDropSingleTupleTableSlot(walk->slot);
	relation_close(walk->index, AccessShareLock);
}

/* Puts into the queue what a page leads to. */
static void
read_page(BoundWalk *walk, const BoundItem *item)
{
	Buffer buffer = ReadBuffer(walk->index, item->block);
	Page page = BufferGetPage(buffer);
	BoundItem found;

	LockBuffer(buffer, GIST_SHARE);
	gistcheckpage(walk->index, buffer);
	PredicateLockPage(walk->index, item->block, walk->snapshot);
	TestForOldSnapshot(walk->snapshot, walk->index, page);

	/* Not so the root, which keeps its place when it is split. */
	if (!XLogRecPtrIsInvalid(item->lsn) && (GistFollowRight(page) || item->lsn < GistPageGetNSN(page)) &&
	    BlockNumberIsValid(GistPageGetOpaque(page)->rightlink))
	{
		found = *item;
		found.block = GistPageGetOpaque(page)->rightlink;
		bound_queue_add(&walk->queue, &found);
	}

	/* One that was emptied keeps its link to the right, and no entries. */
	if (!GistPageIsDeleted(page))
	{
		OffsetNumber last = PageGetMaxOffsetNumber(page);

		walk->query->work.pages++;
		walk->query->work.entries += last;
		found.lsn = BufferGetLSNAtomic(buffer);
		for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset = OffsetNumberNext(offset))
			read_entry(walk, item->block, page, offset, &found);
	}

	UnlockReleaseBuffer(buffer);
}

/* found: its lsn is the page's; the rest is for use here. */
static void
read_entry(BoundWalk *walk, BlockNumber block, Page page, OffsetNumber offset, BoundItem *found)
{
	ItemId line = PageGetItemId(page, offset);
	IndexTuple entry = (IndexTuple) PageGetItem(page, line);
	const void *key = (char *) entry + IndexInfoFindDataOffset(entry->t_info);
	bool fits;

	if (IndexTupleHasNulls(entry) || (walk->heeds_dead && ItemIdIsDead(line)))
		return;

	if (GistPageIsLeaf(page))
	{
		fits = walk->class->leaf_bound(key, walk->query, &found->bound);
		found->block = block;
		found->offset = offset;
		found->row = entry->t_tid;
	}
	else
	{
		fits = walk->class->box_bound(key, walk->query, &found->bound);
		found->block = ItemPointerGetBlockNumber(&entry->t_tid);
		found->offset = InvalidOffsetNumber;
	}

	if (fits && found->bound >= walk->query->floor)
		bound_queue_add(&walk->queue, found);
}

/* The row is in slot; false when the snapshot does not see it. */
static bool
fetch_row(BoundWalk *walk, const BoundItem *item)
{
	ItemPointerData row = item->row;
	bool has_more = false;
	bool is_dead = false;

	walk->query->work.tuples++;
	pgstat_count_index_tuples(walk->index, 1);
	if (table_index_fetch_tuple(walk->rows, &row, walk->snapshot, walk->slot, &has_more, &is_dead))
	{
		pgstat_count_heap_fetch(walk->index);
		return true;
	}
	if (is_dead && walk->heeds_dead)
		mark_dead(walk, item);

	return false;
}

/*
 * mark_dead
 *		Nobody sees any version of the row that the entry leads to: walks that follow need not look.
 *
 * A hint: it gets lost when the page has been written since it was read, for
 * the entry may have moved.
 */
static void
mark_dead(BoundWalk *walk, const BoundItem *item)
{
	Buffer buffer = ReadBuffer(walk->index, item->block);
	Page page = BufferGetPage(buffer);

	LockBuffer(buffer, GIST_SHARE);
	if (BufferGetLSNAtomic(buffer) == item->lsn)
	{
		ItemIdMarkDead(PageGetItemId(page, item->offset));
		GistMarkPageHasGarbage(page);
		MarkBufferDirtyHint(buffer, true);
	}
	UnlockReleaseBuffer(buffer);
}
