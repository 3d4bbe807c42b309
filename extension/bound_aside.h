/*-------------------------------------------------------------------------
 *
 * bound_aside.h
 *		Rows that come nowhere near the best.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_ASIDE_H
#define MESTERI_BOUND_ASIDE_H

#include "bound.h"
#include "bound_queue.h"

/* What a row scores at most, but for a place that it has. */
typedef struct BoundLeft
{
	double bound;
	int32 lon; /* BOUND_NOWHERE: bound is all of it */
	int32 lat;
	BoundRow row;
} BoundLeft;

typedef struct BoundAside
{
	double *best; /* bounds of rows, the worst on top */
	int best_size;
	BoundLeft *rows; /* page by page */
	int count;
	int size;
} BoundAside;

extern void bound_aside_begin(BoundAside *aside, int wanted);
extern double bound_likely(const BoundAside *aside);
extern void bound_likely_note(BoundAside *aside, double bound);
extern void bound_aside_put(BoundAside *aside, const BoundItem *row, const BoundLeaf *leaf);
extern void bound_aside_take(const BoundAside *aside, const BoundItem *item, const BoundClass *class,
                             const BoundQuery *query, BoundQueue *queue);
extern void bound_aside_end(BoundAside *aside);

#endif /* MESTERI_BOUND_ASIDE_H */
