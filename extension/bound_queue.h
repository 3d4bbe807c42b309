/*-------------------------------------------------------------------------
 *
 * bound_queue.h
 *		What a walk has seen and not looked into yet, by falling bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_QUEUE_H
#define MESTERI_BOUND_QUEUE_H

#include "access/gist.h"
#include "storage/itemptr.h"

/* A page of the index, or a row by its entry on one. */
typedef struct BoundItem
{
	double bound;
	XLogRecPtr lsn;      /* page: of the one above when it was read; row: of the entry's page */
	BlockNumber block;   /* page: itself; row: where its entry is */
	OffsetNumber offset; /* of the row's entry; InvalidOffsetNumber: a page */
	ItemPointerData row;
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
