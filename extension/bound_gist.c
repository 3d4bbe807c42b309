/*-------------------------------------------------------------------------
 *
 * bound_gist.c
 *		GiST support of keys of every instance.
 *
 * What is found does not depend on the choices made here, only how many
 * pages that takes.  They keep down what entries cost: the number of searches
 * that look into them.  One does when the entry's worth and its nearness add up
 * to what the worst row of its page scores; so the searches are those from
 * within some reach of the box, which is what its worth has beyond that of such
 * a row next door, and they are as many as the box with that margin is large.
 * A search for a category counts when the entry has it, and comes from farther
 * away, since its page goes down to rows of less worth.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/float.h"

#include "bound.h"

/* What a key that fits adds to the cost of its page, as a part of it: after some hundred the page is split. */
#define SHARE 0.01

/* What has no worth is still looked into by somebody. */
#define LEAST_REACH 0.01

/* Of the entries of a page that is split: pages that are fuller are fewer. */
#define SMALLEST_PART 0.4

/* A box for what has a place takes what has none, or the other way around. */
#define PENALTY_MIXED 1e6

#define AXIS_LON      0
#define AXIS_LAT      1
#define AXIS_WORTH    2
#define AXIS_CATEGORY 3
#define AXIS_LANES    4

typedef struct SplitEntry
{
	int number;
	double at; /* on the axis */
} SplitEntry;

typedef struct SplitCut
{
	int axis;
	int at; /* how many go to the left */
	double cost;
} SplitCut;

/* What an insert puts somewhere. */
typedef struct Added
{
	char key[BOUND_MAX_SIZE]; /* that bounds were read from */
	Bounds bounds;
	double lon_metres;
	double least; /* penalty on the page so far */
} Added;

/* Of a box, as the score that is lost on the way. */
typedef struct Extent
{
	double width;
	double height;
} Extent;

static Added *read_added(FmgrInfo *flinfo, const BoundClass *class, const struct varlena *key);
static double cost(const BoundClass *class, const Bounds *bounds, const Extent *extent);
static double cost_there(const BoundClass *class, const Bounds *bounds);
static inline Extent extent(const BoundClass *class, const BoundRect *rect, double lon_metres);
static inline double area(const Extent *extent, double reach);
static inline double reach(double worth, double shown);
static inline int count_categories(const Bounds *bounds);
static inline bool has_place(const BoundRect *rect);
static double lon_metres(const BoundRect *rect);
static void order_entries(const BoundClass *class, const Bounds *all, int count, int axis, SplitEntry *order);
static void find_cut(const BoundClass *class, const Bounds *all, int count, int axis, const SplitEntry *order,
                     SplitCut *best);
static double on_axis(const BoundClass *class, const Bounds *bounds, int axis);
static int compare_entries(const void *a, const void *b);

/* GiST wants it of every operator class; this one has no operator that could ask. */
Datum
bound_gist_consistent(FunctionCallInfo fcinfo)
{
	elog(ERROR, "keys with bounds are searched by a walk");
}

Datum
bound_gist_union(FunctionCallInfo fcinfo, const BoundClass *class)
{
	GistEntryVector *entries = (GistEntryVector *) PG_GETARG_POINTER(0);
	int *size = (int *) PG_GETARG_POINTER(1);
	Bounds all;
	BoundBox *box;

	bound_empty(&all);
	for (int i = 0; i < entries->n; i++)
	{
		Bounds one;

		bound_read(class, (struct varlena *) DatumGetPointer(entries->vector[i].key), &one);
		bound_widen(class, &all, &one);
	}

	box = bound_box_make(class, &all);
	*size = (int) VARSIZE(box);
	PG_RETURN_POINTER(box);
}

/*
 * bound_gist_penalty
 *		How much more an entry costs, and its share in what it costs already.
 *
 * GiST takes the entry of a page that has the least, and asks about them in
 * their order.  Most are so far away that the growth of the box alone, as if
 * nothing in it had worth, is more than the least so far: that is said then.
 */
Datum
bound_gist_penalty(FunctionCallInfo fcinfo, const BoundClass *class)
{
	GISTENTRY *entry = (GISTENTRY *) PG_GETARG_POINTER(0);
	GISTENTRY *added_entry = (GISTENTRY *) PG_GETARG_POINTER(1);
	float *penalty = (float *) PG_GETARG_POINTER(2);
	Added *added = read_added(fcinfo->flinfo, class, (struct varlena *) DatumGetPointer(added_entry->key));
	const BoundBox *box = (const BoundBox *) DatumGetPointer(entry->key);
	BoundRect wider = box->rect;
	Extent before_extent;
	Extent wider_extent;
	double growth;

	Assert(VARSIZE(box) != class->leaf_size); /* something is put below it */
	bound_widen_rect(&wider, &added->bounds.rect);

	/* A build that buffers asks about parts of a page that have no offset, too. */
	if (entry->offset <= FirstOffsetNumber)
		added->least = get_float8_infinity();
	before_extent = extent(class, &box->rect, added->lon_metres);
	wider_extent = extent(class, &wider, added->lon_metres);
	growth = class->unfiltered * (area(&wider_extent, LEAST_REACH) - area(&before_extent, LEAST_REACH));
	if (growth < added->least)
	{
		Bounds bounds;
		double before;

		bound_read(class, (const struct varlena *) box, &bounds);
		before = cost(class, &bounds, &before_extent);
		bound_widen(class, &bounds, &added->bounds);
		growth = cost(class, &bounds, &wider_extent) - before + SHARE * before;
		if (has_place(&box->rect) != has_place(&added->bounds.rect))
			growth += PENALTY_MIXED;
		added->least = Min(added->least, growth);
	}

	*penalty = (float) growth;
	PG_RETURN_POINTER(penalty);
}

/*
 * read_added
 *		An insert asks about one key and all entries of some pages.
 *
 * Where the key is, degrees of longitude are as long as there for all of them.
 */
static Added *
read_added(FmgrInfo *flinfo, const BoundClass *class, const struct varlena *key)
{
	Added *added = flinfo->fn_extra;

	if (added == NULL)
		added = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Added));
	if (memcmp(added->key, key, VARSIZE(key)) != 0)
	{
		memcpy(added->key, key, VARSIZE(key));
		bound_read(class, key, &added->bounds);
		added->lon_metres = lon_metres(&added->bounds.rect);
	}

	return added;
}

/*
 * bound_gist_picksplit
 *		Parts, by the axis and at the point where they cost least.
 */
Datum
bound_gist_picksplit(FunctionCallInfo fcinfo, const BoundClass *class)
{
	GistEntryVector *entries = (GistEntryVector *) PG_GETARG_POINTER(0);
	GIST_SPLITVEC *split = (GIST_SPLITVEC *) PG_GETARG_POINTER(1);
	int count = entries->n - FirstOffsetNumber;
	Bounds *all = palloc(sizeof(Bounds) * (Size) count);
	SplitEntry *order = palloc(sizeof(SplitEntry) * (Size) count);
	SplitCut best = {.cost = get_float8_infinity()};
	Bounds left;
	Bounds right;

	for (int i = 0; i < count; i++)
		bound_read(class, (struct varlena *) DatumGetPointer(entries->vector[FirstOffsetNumber + i].key), &all[i]);

	for (int axis = 0; axis < AXIS_LANES + class->lanes; axis++)
	{
		order_entries(class, all, count, axis, order);
		find_cut(class, all, count, axis, order, &best);
	}

	order_entries(class, all, count, best.axis, order);
	split->spl_left = palloc(sizeof(OffsetNumber) * (Size) count);
	split->spl_right = palloc(sizeof(OffsetNumber) * (Size) count);
	split->spl_nleft = split->spl_nright = 0;
	bound_empty(&left);
	bound_empty(&right);
	for (int i = 0; i < count; i++)
	{
		OffsetNumber offset = (OffsetNumber) (FirstOffsetNumber + order[i].number);

		if (i < best.at)
			split->spl_left[split->spl_nleft++] = offset;
		else
			split->spl_right[split->spl_nright++] = offset;
		bound_widen(class, i < best.at ? &left : &right, &all[order[i].number]);
	}
	split->spl_ldatum = PointerGetDatum(bound_box_make(class, &left));
	split->spl_rdatum = PointerGetDatum(bound_box_make(class, &right));

	pfree(all);
	pfree(order);
	PG_RETURN_POINTER(split);
}

Datum
bound_gist_same(FunctionCallInfo fcinfo)
{
	struct varlena *a = (struct varlena *) PG_GETARG_POINTER(0);
	struct varlena *b = (struct varlena *) PG_GETARG_POINTER(1);
	bool *same = (bool *) PG_GETARG_POINTER(2);

	*same = VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
	PG_RETURN_POINTER(same);
}

/* How many searches look into an entry; only to be compared. */
static double
cost(const BoundClass *class, const Bounds *bounds, const Extent *extent)
{
	double worth = class->worth(bounds);
	int categories = count_categories(bounds);
	double unfiltered = class->unfiltered;

	/* More than searches say, so that splits part categories before anything else. */
	if (class->by_category && categories > 0)
	{
		unfiltered = 0;
		categories *= categories;
	}

	return unfiltered * area(extent, reach(worth, class->worth_shown)) +
	       categories * area(extent, reach(worth, class->worth_shown_of_category));
}

static double
cost_there(const BoundClass *class, const Bounds *bounds)
{
	Extent there = extent(class, &bounds->rect, lon_metres(&bounds->rect));

	return cost(class, bounds, &there);
}

/* lon_metres: of a unit of longitude. */
static inline Extent
extent(const BoundClass *class, const BoundRect *rect, double lon_metres)
{
	if (!has_place(rect))
		return (Extent){0, 0};

	return (Extent){.width = ((double) rect->lon_high - rect->lon_low) * lon_metres * class->score_per_m,
	                .height = ((double) rect->lat_high - rect->lat_low) * BOUND_METRES_PER_UNIT * class->score_per_m};
}

/* Where searches come from that reach into it. */
static inline double
area(const Extent *extent, double reach)
{
	return (extent->width + 2 * reach) * (extent->height + 2 * reach);
}

/* As score, like an extent. */
static inline double
reach(double worth, double shown)
{
	return Max(worth - shown, 0) + LEAST_REACH;
}

static inline int
count_categories(const Bounds *bounds)
{
	int count = 0;

	for (int i = 0; i < BOUND_SIGNATURE_WORDS; i += 2)
		count += pg_popcount64((uint64) bounds->categories[i] << 32 | bounds->categories[i + 1]);

	return count;
}

static inline bool
has_place(const BoundRect *rect)
{
	return rect->lon_low <= rect->lon_high;
}

/* In the middle of a box; the equator's without a place. */
static double
lon_metres(const BoundRect *rect)
{
	return bound_lon_metres(has_place(rect) ? rect->lat_low / 2 + rect->lat_high / 2 : 0);
}

static void
order_entries(const BoundClass *class, const Bounds *all, int count, int axis, SplitEntry *order)
{
	for (int i = 0; i < count; i++)
	{
		order[i].number = i;
		order[i].at = on_axis(class, &all[i], axis);
	}
	qsort(order, (size_t) count, sizeof(SplitEntry), compare_entries);
}

/* Makes best the cut of this axis that costs least, if it costs less than best does. */
static void
find_cut(const BoundClass *class, const Bounds *all, int count, int axis, const SplitEntry *order, SplitCut *best)
{
	int first = Max(1, (int) (count * SMALLEST_PART));
	int last = count - first;
	double *right_costs = palloc(sizeof(double) * (Size) (last + 1));
	Bounds left;
	Bounds right;

	bound_empty(&right);
	for (int i = count - 1; i >= first; i--)
	{
		bound_widen(class, &right, &all[order[i].number]);
		if (i <= last)
			right_costs[i] = cost_there(class, &right);
	}

	bound_empty(&left);
	for (int i = 0; i < last; i++)
	{
		double sum;

		bound_widen(class, &left, &all[order[i].number]);
		if (i + 1 < first)
			continue;
		sum = cost_there(class, &left) + right_costs[i + 1];
		if (sum < best->cost)
			*best = (SplitCut){.axis = axis, .at = i + 1, .cost = sum};
	}

	pfree(right_costs);
}

/* Where an entry lies; in the middle of a wide one, off the end of the world without a place. */
static double
on_axis(const BoundClass *class, const Bounds *bounds, int axis)
{
	switch (axis)
	{
		case AXIS_LON:
			return has_place(&bounds->rect) ? ((double) bounds->rect.lon_low + bounds->rect.lon_high) / 2
			                                : BOUND_NOWHERE;
		case AXIS_LAT:
			return has_place(&bounds->rect) ? ((double) bounds->rect.lat_low + bounds->rect.lat_high) / 2
			                                : BOUND_NOWHERE;
		case AXIS_WORTH:
			return class->worth(bounds);
		case AXIS_CATEGORY:
			return bound_first_category(bounds->categories);
		default:
			return bounds->lanes[axis - AXIS_LANES];
	}
}

static int
compare_entries(const void *a, const void *b)
{
	const SplitEntry *x = a;
	const SplitEntry *y = b;

	return x->at < y->at ? -1 : x->at > y->at ? 1 : x->number - y->number;
}
