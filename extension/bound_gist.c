/*-------------------------------------------------------------------------
 *
 * bound_gist.c
 *		GiST support of keys of every instance.
 *
 * What is found does not depend on it, only how many pages that takes: union
 * must cover, the others may look at the clock.  They measure in units of
 * score: what makes a bound looser by as much is as bad, in whichever
 * direction.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "bound.h"

/* What a category that an entry does not have yet costs, in score. */
#define PENALTY_CATEGORY 0.01

/* A box for what has a place takes what has none, or the other way around. */
#define PENALTY_MIXED 1.0

/* Between entries that grow alike the smaller one is taken; GiST stops looking at the first 0. */
#define PENALTY_SIZE  0.02
#define PENALTY_LEAST 1e-6

#define AXIS_LON   0
#define AXIS_LAT   1
#define AXIS_LANES 2
#define MAX_AXES   (AXIS_LANES + BOUND_MAX_LANES)

typedef struct SplitEntry
{
	OffsetNumber offset;
	float at; /* on the axis */
} SplitEntry;

static double box_size(const BoundClass *class, const Bounds *bounds);
static double lanes_growth(const BoundClass *class, const Bounds *bounds, const Bounds *added);
static bool has_place(const Bounds *bounds);
static void find_axes(const BoundClass *class, const Bounds *all, int count, double (*low)[MAX_AXES],
                      double (*high)[MAX_AXES]);
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
 *		How much looser the bound of an entry gets, summed over all directions.
 */
Datum
bound_gist_penalty(FunctionCallInfo fcinfo, const BoundClass *class)
{
	GISTENTRY *entry = (GISTENTRY *) PG_GETARG_POINTER(0);
	GISTENTRY *added_entry = (GISTENTRY *) PG_GETARG_POINTER(1);
	float *penalty = (float *) PG_GETARG_POINTER(2);
	Bounds bounds;
	Bounds added;
	double before;
	double growth;

	bound_read(class, (struct varlena *) DatumGetPointer(entry->key), &bounds);
	bound_read(class, (struct varlena *) DatumGetPointer(added_entry->key), &added);

	growth = lanes_growth(class, &bounds, &added);
	for (int i = 0; i < BOUND_SIGNATURE_WORDS; i++)
		if (added.categories[i] & ~bounds.categories[i])
			growth += PENALTY_CATEGORY;
	if (has_place(&bounds) != has_place(&added))
		growth += PENALTY_MIXED;

	before = box_size(class, &bounds);
	bounds.lon_low = Min(bounds.lon_low, added.lon_low);
	bounds.lat_low = Min(bounds.lat_low, added.lat_low);
	bounds.lon_high = Max(bounds.lon_high, added.lon_high);
	bounds.lat_high = Max(bounds.lat_high, added.lat_high);
	growth += box_size(class, &bounds) - before;

	*penalty = (float) (growth + PENALTY_SIZE * before + PENALTY_LEAST);
	PG_RETURN_POINTER(penalty);
}

/*
 * bound_gist_picksplit
 *		Halves, by the axis on which the entries lie farthest apart.
 */
Datum
bound_gist_picksplit(FunctionCallInfo fcinfo, const BoundClass *class)
{
	GistEntryVector *entries = (GistEntryVector *) PG_GETARG_POINTER(0);
	GIST_SPLITVEC *split = (GIST_SPLITVEC *) PG_GETARG_POINTER(1);
	int count = entries->n - FirstOffsetNumber;
	Bounds *all = palloc(sizeof(Bounds) * (Size) count);
	SplitEntry *order = palloc(sizeof(SplitEntry) * (Size) count);
	double low[MAX_AXES];
	double high[MAX_AXES];
	int axis = 0;
	Bounds left;
	Bounds right;

	for (int i = 0; i < count; i++)
		bound_read(class, (struct varlena *) DatumGetPointer(entries->vector[FirstOffsetNumber + i].key), &all[i]);

	find_axes(class, all, count, &low, &high);
	for (int i = 1; i < AXIS_LANES + class->lanes; i++)
		if (high[i] - low[i] > high[axis] - low[axis])
			axis = i;
	for (int i = 0; i < count; i++)
	{
		order[i].offset = (OffsetNumber) (FirstOffsetNumber + i);
		order[i].at = (float) on_axis(class, &all[i], axis);
	}
	qsort(order, (size_t) count, sizeof(SplitEntry), compare_entries);

	split->spl_left = palloc(sizeof(OffsetNumber) * (Size) count);
	split->spl_right = palloc(sizeof(OffsetNumber) * (Size) count);
	split->spl_nleft = split->spl_nright = 0;
	bound_empty(&left);
	bound_empty(&right);
	for (int i = 0; i < count; i++)
	{
		bool goes_left = i < count / 2;

		if (goes_left)
			split->spl_left[split->spl_nleft++] = order[i].offset;
		else
			split->spl_right[split->spl_nright++] = order[i].offset;
		bound_widen(class, goes_left ? &left : &right, &all[order[i].offset - FirstOffsetNumber]);
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

/* Width and height, in score. */
static double
box_size(const BoundClass *class, const Bounds *bounds)
{
	double width;
	double height;

	if (!has_place(bounds))
		return 0;

	width = ((double) bounds->lon_high - bounds->lon_low) *
	        bound_lon_metres(bounds->lat_low / 2 + bounds->lat_high / 2);
	height = ((double) bounds->lat_high - bounds->lat_low) * BOUND_METRES_PER_UNIT;

	return (width + height) * class->score_per_m;
}

static double
lanes_growth(const BoundClass *class, const Bounds *bounds, const Bounds *added)
{
	double growth = 0;

	for (int i = 0; i < class->lanes; i++)
		if (added->lanes[i] > bounds->lanes[i])
			growth += class->lane_score(i, added->lanes[i]) - class->lane_score(i, bounds->lanes[i]);

	return growth;
}

static bool
has_place(const Bounds *bounds)
{
	return bounds->lon_low <= bounds->lon_high;
}

static void
find_axes(const BoundClass *class, const Bounds *all, int count, double (*low)[MAX_AXES], double (*high)[MAX_AXES])
{
	for (int axis = 0; axis < AXIS_LANES + class->lanes; axis++)
	{
		(*low)[axis] = (*high)[axis] = on_axis(class, &all[0], axis);
		for (int i = 1; i < count; i++)
		{
			double at = on_axis(class, &all[i], axis);

			(*low)[axis] = Min((*low)[axis], at);
			(*high)[axis] = Max((*high)[axis], at);
		}
	}
}

/*
 * on_axis
 *		Where the middle of an entry lies, in score; what has no place lies off the end of the world.
 */
static double
on_axis(const BoundClass *class, const Bounds *bounds, int axis)
{
	if (axis >= AXIS_LANES)
		return class->lane_score(axis - AXIS_LANES, bounds->lanes[axis - AXIS_LANES]);
	if (!has_place(bounds))
		return 200.0 * BOUND_UNITS_PER_DEGREE * BOUND_METRES_PER_UNIT * class->score_per_m;
	if (axis == AXIS_LON)
		return ((double) bounds->lon_low + bounds->lon_high) / 2 *
		       bound_lon_metres(bounds->lat_low / 2 + bounds->lat_high / 2) * class->score_per_m;
	return ((double) bounds->lat_low + bounds->lat_high) / 2 * BOUND_METRES_PER_UNIT * class->score_per_m;
}

static int
compare_entries(const void *a, const void *b)
{
	const SplitEntry *x = a;
	const SplitEntry *y = b;

	return x->at < y->at ? -1 : x->at > y->at ? 1 : (int) x->offset - (int) y->offset;
}
