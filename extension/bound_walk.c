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

#define FIRST_PAGES 32

static void read_page(BoundWalk *walk, const BoundItem *item);
static int add_page(BoundWalk *walk, BlockNumber block, XLogRecPtr lsn);
static void read_boxes(BoundWalk *walk, Page page, int number);
static void read_leaves(BoundWalk *walk, Page page, int number, double near);
static const void *key_of(const BoundWalk *walk, Page page, OffsetNumber offset, ItemPointer tid);
static bool fetch_row(BoundWalk *walk, const BoundItem *item);
static void mark_dead(BoundWalk *walk, const BoundItem *item);

/*
 * bound_walk_begin
 *		index: of class's keys, from bound_index_open; bound_walk_end closes it.
 *		wanted: about how many rows are to be shown, 0 when most of the best may not be.
 */
void
bound_walk_begin(BoundWalk *walk, const BoundClass *class, Relation table, Relation index, BoundQuery *query,
                 int wanted)
{
	BoundItem root = {.bound = get_float8_infinity(), .kind = BOUND_PAGE};

	walk->class = class;
	walk->query = query;
	walk->index = index;
	walk->snapshot = GetActiveSnapshot();
	walk->rows = table_index_fetch_begin(table);
	walk->slot = table_slot_create(table, NULL);
	/* What is dead for all here may be seen by somebody who began on a standby. */
	walk->heeds_dead = !TransactionStartedDuringRecovery();

	walk->page_count = 0;
	walk->page_size = FIRST_PAGES;
	walk->pages = palloc(sizeof(BoundPage) * FIRST_PAGES);
	bound_aside_begin(&walk->aside, wanted);
	query->likely = bound_likely(&walk->aside);

	pgstat_count_index_scan(index);
	bound_queue_begin(&walk->queue);
	root.page = add_page(walk, InvalidBlockNumber, InvalidXLogRecPtr);
	root.below.block = GIST_ROOT_BLKNO;
	root.below.near = get_float8_infinity();
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

		switch (item.kind)
		{
			case BOUND_PAGE:
				read_page(walk, &item);
				break;
			case BOUND_ASIDE:
				bound_aside_take(&walk->aside, &item, walk->class, walk->query, &walk->queue);
				break;
			case BOUND_ROW:
				if (fetch_row(walk, &item))
					return true;
				break;
		}
	}

	return false;
}

void
bound_walk_end(BoundWalk *walk)
{
	bound_queue_end(&walk->queue);
	pfree(walk->pages);
	bound_aside_end(&walk->aside);
	table_index_fetch_end(walk->rows);
	ExecDropSingleTupleTableSlot(walk->slot);
	relation_close(walk->index, AccessShareLock);
}

/* Puts into the queue what a page leads to. */
static void
read_page(BoundWalk *walk, const BoundItem *item)
{
	BlockNumber block = item->below.block;
	XLogRecPtr above = walk->pages[item->page].lsn;
	Buffer buffer = ReadBuffer(walk->index, block);
	Page page = BufferGetPage(buffer);

	LockBuffer(buffer, GIST_SHARE);
	gistcheckpage(walk->index, buffer);
	PredicateLockPage(walk->index, block, walk->snapshot);
	TestForOldSnapshot(walk->snapshot, walk->index, page);

	/* Not so the root, which keeps its place when it is split. */
	if (!XLogRecPtrIsInvalid(above) && (GistFollowRight(page) || above < GistPageGetNSN(page)) &&
	    BlockNumberIsValid(GistPageGetOpaque(page)->rightlink))
	{
		BoundItem right = *item;

		right.below.block = GistPageGetOpaque(page)->rightlink;
		bound_queue_add(&walk->queue, &right);
	}

	/* One that was emptied keeps its link to the right, and no entries. */
	if (!GistPageIsDeleted(page))
	{
		int number = add_page(walk, block, BufferGetLSNAtomic(buffer));

		walk->query->work.pages++;
		walk->query->work.entries += PageGetMaxOffsetNumber(page);
		if (GistPageIsLeaf(page))
			read_leaves(walk, page, number, item->below.near);
		else
			read_boxes(walk, page, number);
	}

	UnlockReleaseBuffer(buffer);
}

/* add_page: its number. */
static int
add_page(BoundWalk *walk, BlockNumber block, XLogRecPtr lsn)
{
	if (walk->page_count == walk->page_size)
	{
		walk->page_size *= 2;
		walk->pages = repalloc_huge(walk->pages, sizeof(BoundPage) * (Size) walk->page_size);
	}
	walk->pages[walk->page_count] = (BoundPage){block, lsn};

	return walk->page_count++;
}

static void
read_boxes(BoundWalk *walk, Page page, int number)
{
	OffsetNumber last = PageGetMaxOffsetNumber(page);
	BoundItem found = {.kind = BOUND_PAGE, .page = number};
	ItemPointerData tid;

	for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset = OffsetNumberNext(offset))
	{
		const void *key = key_of(walk, page, offset, &tid);

		if (key != NULL && walk->class->box_bound(key, walk->query, &found.bound, &found.below.near) &&
		    found.bound >= walk->query->floor)
		{
			found.below.block = ItemPointerGetBlockNumber(&tid);
			bound_queue_add(&walk->queue, &found);
		}
	}
}

/* near: what a row on the page scores at most for the place. */
static void
read_leaves(BoundWalk *walk, Page page, int number, double near)
{
	BoundQuery *query = walk->query;
	OffsetNumber last = PageGetMaxOffsetNumber(page);
	BoundItem found = {.kind = BOUND_ROW, .page = number};
	BoundItem rest = {.bound = -get_float8_infinity(), .kind = BOUND_ASIDE, .page = number};

	rest.aside.first = walk->aside.count;
	for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset = OffsetNumberNext(offset))
	{
		const BoundLeaf *leaf = key_of(walk, page, offset, &found.row.tid);
		bool is_beside;

		if (leaf == NULL || !walk->class->leaf_bound(leaf, query, near, &found.bound, &is_beside))
			continue;

		found.row.offset = offset;
		if (is_beside || found.bound < query->likely)
		{
			bound_aside_put(&walk->aside, &found, is_beside ? leaf : NULL);
			rest.bound = Max(rest.bound, is_beside ? found.bound + near : found.bound);
		}
		else if (found.bound >= query->floor)
		{
			bound_likely_note(&walk->aside, found.bound);
			query->likely = bound_likely(&walk->aside);
			bound_queue_add(&walk->queue, &found);
		}
	}

	rest.aside.count = walk->aside.count - rest.aside.first;
	if (rest.aside.count > 0 && rest.bound >= query->floor)
		bound_queue_add(&walk->queue, &rest);
}

/* key_of: an entry's, and where that leads; NULL when it does not matter. */
static const void *
key_of(const BoundWalk *walk, Page page, OffsetNumber offset, ItemPointer tid)
{
	ItemId line = PageGetItemId(page, offset);
	IndexTuple entry = (IndexTuple) PageGetItem(page, line);

	if (IndexTupleHasNulls(entry) || (walk->heeds_dead && ItemIdIsDead(line)))
		return NULL;
	*tid = entry->t_tid;

	return (char *) entry + IndexInfoFindDataOffset(entry->t_info);
}

/* The row is in slot; false when the snapshot does not see it. */
static bool
fetch_row(BoundWalk *walk, const BoundItem *item)
{
	ItemPointerData tid = item->row.tid;
	bool has_more = false;
	bool is_dead = false;

	walk->query->work.tuples++;
	pgstat_count_index_tuples(walk->index, 1);
	if (table_index_fetch_tuple(walk->rows, &tid, walk->snapshot, walk->slot, &has_more, &is_dead))
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
	const BoundPage *found_on = &walk->pages[item->page];
	Buffer buffer = ReadBuffer(walk->index, found_on->block);
	Page page = BufferGetPage(buffer);

	LockBuffer(buffer, GIST_SHARE);
	if (BufferGetLSNAtomic(buffer) == found_on->lsn)
	{
		ItemIdMarkDead(PageGetItemId(page, item->row.offset));
		GistMarkPageHasGarbage(page);
		MarkBufferDirtyHint(buffer, true);
	}
	UnlockReleaseBuffer(buffer);
}
