/*-------------------------------------------------------------------------
 *
 * feed_key.c
 *		The type mesteri.feed_key and its operator class.
 *
 * As text, a key is its numbers in the order of FeedKey, "-" for no place.
 * Only posts' keys can be read back: wider ones exist in the index alone, and
 * where a test unites some.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <inttypes.h>
#include <math.h>

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "feed_key.h"

/* As shipped: how good the index is, not what it finds, depends on them. */
#define USUAL_RECENCY     0.1
#define USUAL_SCORE_PER_M (0.4 / 50000)
#define USUAL_HORIZON_MIN (7 * 24 * 60)

/*
 * The 20th post of a page scores 0.4 for being near and 0.25, 0.29 and 0.31
 * beside that, of 100 000, 1 and 5 million posts; with a trade of 50 it is
 * 0.09, 0.19 and 0.23.
 */
#define USUAL_WORTH_SHOWN       0.24
#define USUAL_WORTH_OF_CATEGORY 0.14

static void read_leaf(const struct varlena *leaf, Bounds *bounds);
static double worth(const Bounds *bounds);

PG_FUNCTION_INFO_V1(mesteri_feed_key_in);
PG_FUNCTION_INFO_V1(mesteri_feed_key_out);
PG_FUNCTION_INFO_V1(mesteri_feed_key_union);
PG_FUNCTION_INFO_V1(mesteri_feed_key_bound);

const BoundClass feed_class = {
	.lanes = FEED_LANES,
	.leaf_size = sizeof(FeedKey),
	.score_per_m = USUAL_SCORE_PER_M,
	.worth_shown = USUAL_WORTH_SHOWN,
	.worth_shown_of_category = USUAL_WORTH_OF_CATEGORY,
	.unfiltered = 384, /* there are some 120; with more, pages without a trade cost less and those with one have room */
	.read_leaf = read_leaf,
	.worth = worth,
	.leaf_bound = feed_leaf_bound,
	.box_bound = feed_box_bound,
	.leaf_near = feed_leaf_near,
};

BOUND_GIST_SUPPORT(feed, feed_class)

/* feed_key_make: one that says nothing yet. */
FeedKey *
feed_key_make(void)
{
	FeedKey *key = palloc0(sizeof(FeedKey));

	SET_VARSIZE(key, sizeof(FeedKey));
	key->lon = key->lat = BOUND_NOWHERE;

	return key;
}

/*
 * mesteri.feed_key_in(cstring) returns mesteri.feed_key
 *
 * Errors: 22P02.
 */
Datum
mesteri_feed_key_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	FeedKey *key = feed_key_make();
	int end = -1;

	if (sscanf(text, "- %8" SCNx32 " %" SCNd32 " %" SCNu8 "-%" SCNu8 " %" SCNu8 "-%" SCNu8 "%n", &key->category,
	           &key->published, &key->engagement_low, &key->engagement_high, &key->rating_low, &key->rating_high,
	           &end) != 6)
		sscanf(text, "%" SCNd32 ",%" SCNd32 " %8" SCNx32 " %" SCNd32 " %" SCNu8 "-%" SCNu8 " %" SCNu8 "-%" SCNu8 "%n",
		       &key->lat, &key->lon, &key->category, &key->published, &key->engagement_low, &key->engagement_high,
		       &key->rating_low, &key->rating_high, &end);
	if (end < 0 || text[end] != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid feed key: \"%s\"", text)));

	PG_RETURN_POINTER(key);
}

Datum
mesteri_feed_key_out(PG_FUNCTION_ARGS)
{
	FeedKey *key = (FeedKey *) PG_GETARG_POINTER(0);
	BoundBox *box = (BoundBox *) key;

	if (VARSIZE(key) != sizeof(FeedKey))
		PG_RETURN_CSTRING(psprintf("%d,%d to %d,%d%s, %08x%08x%08x%08x, %d %d %d %d %d", box->rect.lat_low,
		                           box->rect.lon_low, box->rect.lat_high, box->rect.lon_high,
		                           box->nowhere ? " and nowhere" : "", box->categories[3], box->categories[2],
		                           box->categories[1], box->categories[0], box->lanes[FEED_LANE_PUBLISHED],
		                           box->lanes[FEED_LANE_ENGAGEMENT], box->lanes[FEED_LANE_RATING],
		                           box->lanes[FEED_LANE_WORTH], box->lanes[FEED_LANE_HOT]));

	PG_RETURN_CSTRING(psprintf(
		"%s %08x %d %u-%u %u-%u", key->lon == BOUND_NOWHERE ? "-" : psprintf("%d,%d", key->lat, key->lon),
		key->category, key->published, key->engagement_low, key->engagement_high, key->rating_low, key->rating_high));
}

/*
 * mesteri.feed_key_union(a feed_key, b feed_key) returns feed_key
 *		A key above both, as the index makes them.
 */
Datum
mesteri_feed_key_union(PG_FUNCTION_ARGS)
{
	Bounds a;
	Bounds b;

	bound_read(&feed_class, (struct varlena *) PG_GETARG_POINTER(0), &a);
	bound_read(&feed_class, (struct varlena *) PG_GETARG_POINTER(1), &b);
	bound_widen(&feed_class, &a, &b);

	PG_RETURN_POINTER(bound_box_make(&feed_class, &a));
}

/*
 * mesteri.feed_key_bound(key feed_key, clock timestamptz, weights feed_weights, lat float8, lon float8,
 *						  radius_m float8, is_least boolean) returns float8
 *		What a post with that key, or any below it, scores at most, or at least; NULL when it is out of the radius.
 *
 * Errors: 22004 for a place without radius.
 */
Datum
mesteri_feed_key_bound(PG_FUNCTION_ARGS)
{
	struct varlena *key = (struct varlena *) PG_GETARG_POINTER(0);
	FeedQuery query = {
		.base.any_category = true, .base.floor = -get_float8_infinity(), .base.likely = -get_float8_infinity()};
	double bound;
	double near;
	bool has_place = !PG_ARGISNULL(3) && !PG_ARGISNULL(4);
	bool is_beside;
	bool fits;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	if (has_place && PG_ARGISNULL(5))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a place's radius must not be null")));

	feed_query_begin(&query, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_DATUM(2));
	if (has_place)
		feed_query_place(&query, PG_GETARG_FLOAT8(3), PG_GETARG_FLOAT8(4), PG_GETARG_FLOAT8(5));

	if (VARSIZE(key) == sizeof(FeedKey) && PG_GETARG_BOOL(6))
		PG_RETURN_FLOAT8(feed_leaf_least((FeedKey *) key, &query));
	if (VARSIZE(key) == sizeof(FeedKey))
		fits = feed_leaf_bound((BoundLeaf *) key, &query.base, get_float8_infinity(), &bound, &is_beside);
	else
		fits = feed_box_bound((BoundBox *) key, &query.base, &bound, &near);
	if (!fits)
		PG_RETURN_NULL();

	PG_RETURN_FLOAT8(bound);
}

static void
read_leaf(const struct varlena *leaf, Bounds *bounds)
{
	const FeedKey *key = (const FeedKey *) leaf;
	double worth;

	bound_empty(bounds);
	bounds->nowhere = key->lon == BOUND_NOWHERE;
	if (!bounds->nowhere)
		bounds->rect = (BoundRect){key->lon, key->lat, key->lon, key->lat};
	if (key->category != 0)
		bound_category_add(bounds->categories, key->category);
	worth = FEED_WORTH_OF_ENGAGEMENT * key->engagement_high + FEED_WORTH_OF_RATING * key->rating_high;
	bounds->lanes[FEED_LANE_WORTH] = (int32) worth;
	bounds->lanes[FEED_LANE_HOT] = (int32) Min(ceil(key->published + worth * FEED_MINUTES_OF_WORTH), PG_INT32_MAX);
	bounds->lanes[FEED_LANE_ENGAGEMENT] = key->engagement_high;
	bounds->lanes[FEED_LANE_PUBLISHED] = key->published;
	bounds->lanes[FEED_LANE_RATING] = key->rating_high;
}

static double
worth(const Bounds *bounds)
{
	double clock_min = (double) GetCurrentTransactionStartTimestamp() * (1.0 / USECS_PER_MINUTE);
	double fresh = USUAL_RECENCY + (bounds->lanes[FEED_LANE_HOT] - clock_min) * (USUAL_RECENCY / USUAL_HORIZON_MIN);

	return Max(bounds->lanes[FEED_LANE_WORTH] * (1.0 / FEED_WORTH_UNITS), fresh);
}
