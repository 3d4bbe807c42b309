/*-------------------------------------------------------------------------
 *
 * bound_walk.h
 *		Rows by falling bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_WALK_H
#define MESTERI_BOUND_WALK_H

#include "executor/tuptable.h"

#include "bound.h"

typedef struct BoundWalk
{
	BoundQuery *query;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	int64 buffers_before;
} BoundWalk;

extern Relation bound_index_open(Relation table, const char *name, AttrNumber column, Oid access_method);
extern void bound_walk_begin(BoundWalk *walk, Relation table, Relation index, BoundQuery *query);
extern bool bound_walk_next(BoundWalk *walk);
extern void bound_walk_end(BoundWalk *walk);
extern int64 bound_buffers(void);
extern void bound_work_done(const BoundWork *work, int64 buffers_before);

#endif /* MESTERI_BOUND_WALK_H */
