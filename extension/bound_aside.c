/*-------------------------------------------------------------------------
 *
 * bound_aside.c
 *		Rows that come nowhere near the best.
 *
 * Most entries that a walk reads are of such rows, and the best bounds seen so
 * far tell which.  They are put aside unsorted, with no more than a look at what
 * is cheap: their page's place stands for theirs.  Those of a page count as one
 * item of the queue, whose turn comes when too many of the better ones were not
 * to be shown.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/float.h"
#include "utils/memutils.h"

#include "bound_aside.h"

/* Bounds are no scores, and not every row may be shown: so many are kept in view for each that is wanted. */
#define LIKELY_FOR_EACH 2

#define FIRST_SIZE 1024

/* wanted: about how many rows are to be shown, 0 when most of the best may not be. */
void
bound_aside_begin(BoundAside *aside, int wanted)
{
	aside->best_size = wanted * LIKELY_FOR_EACH;
	aside->best = palloc(sizeof(double) * (Size) Max(aside->best_size, 1));
	for (int i = 0; i < Max(aside->best_size, 1); i++)
		aside->best[i] = -get_float8_infinity();

	aside->count = 0;
	aside->size = FIRST_SIZE;
	aside->rows = palloc(sizeof(BoundLeft) * FIRST_SIZE);
}

/* bound_likely: what has less hardly comes. */
double
bound_likely(const BoundAside *aside)
{
	return aside->best[0];
}

/* bound_likely_note: bound: of a row, no less than what is likely. */
void
bound_likely_note(BoundAside *aside, double bound)
{
	double *heap = aside->best;
	int at = 0;

	if (aside->best_size == 0)
		return;

	for (int child = 1; child < aside->best_size; child = 2 * at + 1)
	{
		if (child + 1 < aside->best_size && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= bound)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = bound;
}

/* bound_aside_put: leaf has the place that the row's bound leaves out; NULL when it leaves out nothing. */
void
bound_aside_put(BoundAside *aside, const BoundItem *row, const BoundLeaf *leaf)
{
	if (aside->count == aside->size)
	{
		aside->size *= 2;
		aside->rows = repalloc_huge(aside->rows, sizeof(BoundLeft) * (Size) aside->size);
	}

	aside->rows[aside->count++] = (BoundLeft){.bound = row->bound,
	                                          .lon = leaf != NULL ? leaf->lon : BOUND_NOWHERE,
	                                          .lat = leaf != NULL ? leaf->lat : BOUND_NOWHERE,
	                                          .row = row->row};
}

/* bound_aside_take: the rows of an item go into the queue. */
void
bound_aside_take(const BoundAside *aside, const BoundItem *item, const BoundClass *class, const BoundQuery *query,
                 BoundQueue *queue)
{
	BoundItem found = {.kind = BOUND_ROW, .page = item->page};

	for (int i = 0; i < item->aside.count; i++)
	{
		const BoundLeft *left = &aside->rows[item->aside.first + i];
		double near = 0;

		if (left->lon != BOUND_NOWHERE && !class->leaf_near(query, left->lon, left->lat, &near))
			continue;
		found.bound = left->bound + near;
		found.row = left->row;
		if (found.bound >= query->floor)
			bound_queue_add(queue, &found);
	}
}

void
bound_aside_end(BoundAside *aside)
{
	pfree(aside->best);
	pfree(aside->rows);
}
