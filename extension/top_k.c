/*-------------------------------------------------------------------------
 *
 * top_k.c
 *		The best so many of what comes by.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/float.h"

#include "top_k.h"

static bool is_full(const TopK *top);
static void sift_up(TopK *top, int at);
static void sift_down(TopK *top, int at, int count);
static void exchange(TopK *top, int a, int b);

/* size: at least 1. */
void
top_k_begin(TopK *top, int size, bool high_id_first)
{
	top->size = size;
	top->count = 0;
	top->high_id_first = high_id_first;
	top->heap = palloc(sizeof(Ranked) * (Size) size);
}

void
top_k_add(TopK *top, const Ranked *candidate)
{
	if (!is_full(top))
	{
		top->heap[top->count] = *candidate;
		sift_up(top, top->count++);
	}
	else if (top_k_compare(top, candidate, &top->heap[0]) < 0)
	{
		top->heap[0] = *candidate;
		sift_down(top, 0, top->count);
	}
}

/* top_k_floor: what scores less is not among the best. */
double
top_k_floor(const TopK *top)
{
	return is_full(top) ? top->heap[0].score : -get_float8_infinity();
}

/* top_k_sort: best first; nothing can be added any more. */
void
top_k_sort(TopK *top)
{
	for (int last = top->count - 1; last > 0; last--)
	{
		exchange(top, 0, last);
		sift_down(top, 0, last);
	}
}

/* Less than 0: a comes before b. */
int
top_k_compare(const TopK *top, const Ranked *a, const Ranked *b)
{
	int ids;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;

	ids = memcmp(a->id.data, b->id.data, UUID_LEN);
	return top->high_id_first ? -ids : ids;
}

static bool
is_full(const TopK *top)
{
	return top->count == top->size;
}

static void
sift_up(TopK *top, int at)
{
	while (at > 0 && top_k_compare(top, &top->heap[(at - 1) / 2], &top->heap[at]) < 0)
	{
		exchange(top, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void
sift_down(TopK *top, int at, int count)
{
	for (;;)
	{
		int worst = at;

		for (int child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (top_k_compare(top, &top->heap[worst], &top->heap[child]) < 0)
				worst = child;
		if (worst == at)
			return;
		exchange(top, at, worst);
		at = worst;
	}
}

static void
exchange(TopK *top, int a, int b)
{
	Ranked kept = top->heap[a];

	top->heap[a] = top->heap[b];
	top->heap[b] = kept;
}
