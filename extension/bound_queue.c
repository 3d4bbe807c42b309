/*-------------------------------------------------------------------------
 *
 * bound_queue.c
 *		What a walk has seen and not looked into yet, by falling bound.
 *
 * A binary heap in one piece of memory: a walk adds far more items than it
 * takes, so adding must cost next to nothing, which it does, for most new items
 * stay near the bottom.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "bound_queue.h"

/* It doubles as it fills: 32 bytes for each entry of the pages that were read, at most. */
#define FIRST_SIZE 1024

static inline bool comes_before(const BoundItem *a, const BoundItem *b);

void
bound_queue_begin(BoundQueue *queue)
{
	queue->count = 0;
	queue->size = FIRST_SIZE;
	queue->heap = palloc(sizeof(BoundItem) * FIRST_SIZE);
}

void
bound_queue_add(BoundQueue *queue, const BoundItem *item)
{
	BoundItem *heap;
	int at = queue->count++;

	if (at == queue->size)
	{
		queue->size *= 2;
		queue->heap = repalloc_huge(queue->heap, sizeof(BoundItem) * (Size) queue->size);
	}

	heap = queue->heap;
	for (; at > 0 && comes_before(item, &heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = *item;
}

/* bound_queue_take: the best leaves the queue; false when there is none. */
bool
bound_queue_take(BoundQueue *queue, BoundItem *item)
{
	BoundItem *heap = queue->heap;
	const BoundItem *last;
	int at = 0;

	if (queue->count == 0)
		return false;

	*item = heap[0];
	last = &heap[--queue->count];
	for (int child = 1; child < queue->count; child = 2 * at + 1)
	{
		if (child + 1 < queue->count && comes_before(&heap[child + 1], &heap[child]))
			child++;
		if (!comes_before(&heap[child], last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = *last;

	return true;
}

void
bound_queue_end(BoundQueue *queue)
{
	pfree(queue->heap);
}

/* Rows before all else of the same bound: each may raise the floor, and spare a page. */
static inline bool
comes_before(const BoundItem *a, const BoundItem *b)
{
	return a->bound > b->bound || (a->bound == b->bound && a->kind == BOUND_ROW && b->kind != BOUND_ROW);
}
