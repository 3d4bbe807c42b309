/*-------------------------------------------------------------------------
 *
 * bound_walk.h
 *		Rows by falling bound, and the indexes and accounts of those who walk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_WALK_H
#define MESTERI_BOUND_WALK_H

#include "access/relscan.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

#include "bound_aside.h"
#include "bound_queue.h"

/* A page that was read, as it was then. */
typedef struct BoundPage
{
	BlockNumber block;
	XLogRecPtr lsn;
} BoundPage;

typedef struct BoundWalk
{
	const BoundClass *class;
	BoundQuery *query;
	Relation index;
	Snapshot snapshot;
	IndexFetchTableData *rows;
	TupleTableSlot *slot; /* the row that the walk stands on */
	BoundQueue queue;
	BoundPage *pages;
	int page_count;
	int page_size;
	BoundAside aside;
	bool heeds_dead; /* entries that are marked as dead */
} BoundWalk;

/* bound_index.c */
extern Relation bound_index_open(Relation table, const char *name, AttrNumber column, Oid access_method);
extern void bound_index_refuse(const char *name) pg_attribute_noreturn();

/* bound_walk.c */
extern void bound_walk_begin(BoundWalk *walk, const BoundClass *class, Relation table, Relation index,
                             BoundQuery *query, int wanted);
extern bool bound_walk_next(BoundWalk *walk);
extern void bound_walk_end(BoundWalk *walk);

/* bound_work.c */
extern int64 bound_buffers(void);
extern void bound_work_done(const BoundWork *work, int64 buffers_before);

#endif /* MESTERI_BOUND_WALK_H */
