/*-------------------------------------------------------------------------
 *
 * bound_queue.h
 *		What a walk has seen and not looked into yet, by falling bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_QUEUE_H
#define MESTERI_BOUND_QUEUE_H

#include "storage/block.h"
#include "storage/itemptr.h"
#include "storage/off.h"

typedef enum BoundKind
{
	BOUND_ROW,  /* by its entry in the index */
	BOUND_PAGE, /* not read yet */
	BOUND_ASIDE /* what was put aside of a page */
} BoundKind;

typedef struct BoundRow
{
	ItemPointerData tid;
	OffsetNumber offset; /* of its entry */
} BoundRow;

typedef struct BoundItem
{
	double bound;
	BoundKind kind;
	int page; /* that it was found on, by number */
	union
	{
		BoundRow row;
		struct
		{
			BlockNumber block;
			double near; /* what its rows score at most for the place */
		} below;
		struct
		{
			int first;
			int count;
		} aside;
	};
} BoundItem;

typedef struct BoundQueue
{
	BoundItem *heap; /* the best on top */
	int count;
	int size;
} BoundQueue;

extern void bound_queue_begin(BoundQueue *queue);
extern void bound_queue_add(BoundQueue *queue, const BoundItem *item);
extern bool bound_queue_take(BoundQueue *queue, BoundItem *item);
extern void bound_queue_end(BoundQueue *queue);

#endif /* MESTERI_BOUND_QUEUE_H */
