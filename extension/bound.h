/*-------------------------------------------------------------------------
 *
 * bound.h
 *		Ranked search by upper bounds of a score: the layer that feed and matching share.
 *
 * A key says of a row, or of all rows below an index entry, what they can
 * score at most.  It has a place, a set of categories and lanes: numbers that
 * each stand for a quantity of which more is better or which a filter asks
 * for.  An instance (BoundClass) says how many lanes there are and what they
 * are worth; geometry, GiST support, the walk and the choice of the best are
 * the same for all.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BOUND_H
#define MESTERI_BOUND_H

#include "access/gist.h"
#include "fmgr.h"

#include "uuid_set.h"

#define BOUND_MAX_LANES       8
#define BOUND_SIGNATURE_WORDS 4 /* of 32 bits: one bit a category, by its hash */

#define BOUND_UNITS_PER_DEGREE 10000000 /* 1.1 cm at most */
#define BOUND_NOWHERE          PG_INT32_MAX
#define BOUND_METRES_PER_UNIT  (111132.0 / BOUND_UNITS_PER_DEGREE) /* of latitude, at 45 degrees */

/*
 * How far a bound is moved outwards.  Sums of a handful of terms of the size
 * of 1 differ in the last bits by the order they are added in.
 */
#define BOUND_SLACK 1e-9

/* Units; all of it is within, its edges too.  lon_low > lon_high: nothing. */
typedef struct BoundRect
{
	int32 lon_low;
	int32 lat_low;
	int32 lon_high;
	int32 lat_high;
} BoundRect;

/* All that an entry covers, in memory. */
typedef struct Bounds
{
	BoundRect rect;
	bool nowhere; /* something without a place */
	uint32 categories[BOUND_SIGNATURE_WORDS];
	int32 lanes[BOUND_MAX_LANES]; /* no row has more */
} Bounds;

/* How each leaf begins. */
typedef struct BoundLeaf
{
	int32 vl_len_;
	int32 lon; /* BOUND_NOWHERE, or what an instance keeps there in place of it */
	int32 lat;
} BoundLeaf;

/* The same in an inner entry; an instance has a leaf form of its own, of another size. */
typedef struct BoundBox
{
	int32 vl_len_;
	BoundRect rect;
	uint32 categories[BOUND_SIGNATURE_WORDS];
	int32 nowhere;
	int32 lanes[FLEXIBLE_ARRAY_MEMBER];
} BoundBox;

/* Of any key in an index. */
#define BOUND_MAX_SIZE (offsetof(BoundBox, lanes) + BOUND_MAX_LANES * sizeof(int32))

/* Where a query measures from. */
typedef struct BoundPlace
{
	bool given;
	double lat; /* radians */
	double lon; /* units */
	double sin_lat;
	double cos_lat;
	double least_radius; /* metres a radian of the meridian, within reach */
	double most_radius;
	double least_stretch; /* a radian of longitude against one of the meridian, on a sphere 1 */
	double most_stretch;
} BoundPlace;

/* What a walk has cost. */
typedef struct BoundWork
{
	int64 pages;     /* of the index */
	int64 entries;   /* looked at on them */
	int64 tuples;    /* of the heap */
	int64 distances; /* along the spheroid */
	int64 buffers;
} BoundWork;

/* The part of a query that every instance has. */
typedef struct BoundQuery
{
	BoundPlace place;
	BoundRect window; /* what has a place outside of it is not within the radius, and what has none is outside */
	double radius_m;
	bool any_category;
	uint32 categories[BOUND_SIGNATURE_WORDS];
	double floor;  /* what scores less need not come */
	double likely; /* what scores less hardly will: it can wait */
	BoundWork work;
} BoundQuery;

typedef struct BoundClass
{
	int lanes;
	Size leaf_size;
	double score_per_m; /* near the query */

	/* For the choices that GiST leaves: what a row next door usually must be worth to be shown. */
	double worth_shown;
	double worth_shown_of_category; /* when one is asked for */
	double unfiltered;              /* searches without, for each one with a given category */
	bool by_category; /* rows with one are in an index that no search without asks; unfiltered is 1 then */

	void (*read_leaf)(const struct varlena *leaf, Bounds *bounds); /* all of it */
	double (*worth)(const Bounds *bounds);                         /* what it can score now beside the place, roughly */

	/*
	 * What is below an entry scores at most, and near: of that for the place.
	 * False: it is filtered out.
	 */
	bool (*box_bound)(const BoundBox *box, const BoundQuery *query, double *bound, double *near);

	/*
	 * What a row scores at most.  near: of that for the place, or more.  When
	 * it is not likely even with that, bound may be what it scores beside the
	 * place, which leaf_near has the rest of.
	 */
	bool (*leaf_bound)(const BoundLeaf *leaf, const BoundQuery *query, double near, double *bound, bool *is_beside);
	bool (*leaf_near)(const BoundQuery *query, int32 lon, int32 lat, double *near);
} BoundClass;

/* bound_geo.c */
extern void bound_query_place(BoundQuery *query, double lat, double lon, double radius_m, double reach_m);
extern bool bound_point(double lat, double lon, int32 *lat_units, int32 *lon_units);
extern double bound_least_m(const BoundPlace *place, const BoundRect *rect);
extern double bound_point_least_m(const BoundPlace *place, int32 lon, int32 lat);
extern double bound_most_m(const BoundPlace *place, int32 lon, int32 lat);

/* bound_box.c */
extern void bound_read(const BoundClass *class, const struct varlena *key, Bounds *bounds);
extern BoundBox *bound_box_make(const BoundClass *class, const Bounds *bounds);
extern void bound_widen(const BoundClass *class, Bounds *bounds, const Bounds *added);
extern void bound_empty(Bounds *bounds);
extern double bound_lon_metres(int32 lat);
extern uint32 bound_category_hash(const void *id);
extern void bound_category_add(uint32 *categories, uint32 hash);
extern int bound_first_category(const uint32 *categories);
extern bool bound_categories_meet(const uint32 *a, const uint32 *b);
extern bool bound_hashes_have(const uint32 *hashes, int count, uint32 hash);
extern uint32 *bound_query_categories(BoundQuery *query, const UuidSet *categories);

/* bound_gist.c, bound_curve.c */
extern Datum bound_gist_consistent(FunctionCallInfo fcinfo);
extern Datum bound_gist_union(FunctionCallInfo fcinfo, const BoundClass *class);
extern Datum bound_gist_penalty(FunctionCallInfo fcinfo, const BoundClass *class);
extern Datum bound_gist_picksplit(FunctionCallInfo fcinfo, const BoundClass *class);
extern Datum bound_gist_same(FunctionCallInfo fcinfo);
extern Datum bound_gist_sortsupport(FunctionCallInfo fcinfo, const BoundClass *class);

/* Defines GiST's support functions of an instance: mesteri_PREFIX_gist_consistent() and so on. */
#define BOUND_GIST_SUPPORT(prefix, class)                                                                              \
	BOUND_GIST_FUNCTION(prefix##_gist_consistent, bound_gist_consistent(fcinfo))                                       \
	BOUND_GIST_FUNCTION(prefix##_gist_union, bound_gist_union(fcinfo, &(class)))                                       \
	BOUND_GIST_FUNCTION(prefix##_gist_penalty, bound_gist_penalty(fcinfo, &(class)))                                   \
	BOUND_GIST_FUNCTION(prefix##_gist_picksplit, bound_gist_picksplit(fcinfo, &(class)))                               \
	BOUND_GIST_FUNCTION(prefix##_gist_same, bound_gist_same(fcinfo))                                                   \
	BOUND_GIST_FUNCTION(prefix##_gist_sortsupport, bound_gist_sortsupport(fcinfo, &(class)))

#define BOUND_GIST_FUNCTION(name, result)                                                                              \
	PG_FUNCTION_INFO_V1(mesteri_##name);                                                                               \
	Datum mesteri_##name(PG_FUNCTION_ARGS)                                                                             \
	{                                                                                                                  \
		return (result);                                                                                               \
	}

/*
 * bound_widen_rect
 *		Covers what added covers, too.
 *
 * None crosses the antimeridian: one that covers both sides of it spans all
 * longitudes, which is true, if wide.
 */
static inline void
bound_widen_rect(BoundRect *rect, const BoundRect *added)
{
	rect->lon_low = Min(rect->lon_low, added->lon_low);
	rect->lat_low = Min(rect->lat_low, added->lat_low);
	rect->lon_high = Max(rect->lon_high, added->lon_high);
	rect->lat_high = Max(rect->lat_high, added->lat_high);
}

/* Whether none of what lies there can be within the radius: most of that is told by this. */
static inline bool
bound_is_outside(const BoundRect *window, const BoundRect *rect)
{
	return rect->lon_low > window->lon_high || rect->lat_low > window->lat_high || rect->lon_high < window->lon_low ||
	       rect->lat_high < window->lat_low;
}

static inline bool
bound_point_is_outside(const BoundRect *window, int32 lon, int32 lat)
{
	return lon > window->lon_high || lat > window->lat_high || lon < window->lon_low || lat < window->lat_low;
}

#endif /* MESTERI_BOUND_H */
