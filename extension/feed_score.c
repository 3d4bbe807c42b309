/*-------------------------------------------------------------------------
 *
 * feed_score.c
 *		What a post scores for a reader, exactly, and at most by its key.
 *
 *		geo			1 - distance / horizon, 0 beyond and without a place
 *		engagement	(0.5 likes + 0.1 views + 0.3 saves + 0.1 shares) / (their sum, at least 1)
 *		rating		stars / 5
 *		recency		1 - age / horizon, 0 beyond; more than 1 while the post is not out yet
 *
 * each times its weight.  The order of operations is that of
 * mesteri.feed_reference(), so that the sums agree in every bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/float.h"

#include "feed_key.h"

#define WEIGHT_LIKES  0.5
#define WEIGHT_VIEWS  0.1
#define WEIGHT_SAVES  0.3
#define WEIGHT_SHARES 0.1

#define MOST_STARS 5

static double geo_part(const FeedWeights *weights, double metres);
static double recency_part(const FeedWeights *weights, double age_s);
static double age_s(TimestampTz clock, int32 minutes);
static double most_of(const FeedQuery *query, double metres, double engagement, double rating, int32 published);

/*
 * feed_engagement
 *		Between 0 and 0.5.
 */
double
feed_engagement(const FeedCounters *counters)
{
	int64 sum = (int64) counters->likes + counters->views + counters->saves + counters->shares;

	return (counters->likes * WEIGHT_LIKES + counters->views * WEIGHT_VIEWS + counters->saves * WEIGHT_SAVES +
	        counters->shares * WEIGHT_SHARES) /
	       (double) Max(sum, 1);
}

/*
 * feed_score
 *		metres: NULL when reader or post has no place.  stars: hundredths.
 */
FeedScore
feed_score(const FeedWeights *weights, TimestampTz clock, const double *metres, const FeedCounters *counters, int stars,
           TimestampTz published_at)
{
	FeedScore score;

	score.geo = metres == NULL ? 0 : geo_part(weights, *metres);
	score.engagement = feed_engagement(counters) * weights->engagement;
	score.rating = stars / 100.0 / MOST_STARS * weights->rating;
	score.recency = recency_part(weights, (double) (clock - published_at) / USECS_PER_SEC);
	score.total = score.geo + score.engagement + score.rating + score.recency;

	return score;
}

/*
 * feed_leaf_bound
 *		What the post scores at most; false when it passes no filter or has been served.
 */
bool
feed_leaf_bound(const struct varlena *leaf, const BoundQuery *base, double *bound)
{
	const FeedKey *key = (const FeedKey *) leaf;
	const FeedQuery *query = (const FeedQuery *) base;
	double metres = 0;

	if (!base->any_category && !bound_hashes_have(query->hashes, query->hash_count, key->category))
		return false;
	if (base->place.given)
	{
		if (key->lon == BOUND_NOWHERE)
			return false;
		metres = bound_least_m(&base->place, key->lon, key->lat, key->lon, key->lat);
		if (metres > base->radius_m)
			return false;
	}
	if (query->has_ceiling && feed_leaf_least(key, query) > query->ceiling)
		return false;

	*bound = most_of(query, metres, key->engagement_high, key->rating_high, key->published);

	return true;
}

/* The same for whatever lies below an entry. */
bool
feed_box_bound(const BoundBox *box, const BoundQuery *base, double *bound)
{
	double metres = 0;

	if (!base->any_category && !bound_categories_meet(box->categories, base->categories))
		return false;
	if (base->place.given)
	{
		if (box->lon_low > box->lon_high)
			return false;
		metres = bound_least_m(&base->place, box->lon_low, box->lat_low, box->lon_high, box->lat_high);
		if (metres > base->radius_m)
			return false;
	}

	*bound = most_of((const FeedQuery *) base, metres, box->lanes[FEED_LANE_ENGAGEMENT], box->lanes[FEED_LANE_RATING],
	                 box->lanes[FEED_LANE_PUBLISHED]);

	return true;
}

/*
 * feed_leaf_least
 *		What the post scores at least.
 */
double
feed_leaf_least(const FeedKey *key, const FeedQuery *query)
{
	const FeedWeights *weights = &query->weights;
	double geo = 0;
	double recency = 0;

	if (query->base.place.given && key->lon != BOUND_NOWHERE)
		geo = geo_part(weights, bound_most_m(&query->base.place, key->lon, key->lat));
	if (key->published != PG_INT32_MIN)
		recency = recency_part(weights, age_s(query->clock, key->published - 1));

	return geo + weights->engagement * key->engagement_low / FEED_ENGAGEMENT_UNITS +
	       weights->rating * key->rating_low / FEED_RATING_UNITS + recency - BOUND_SLACK;
}

static double
geo_part(const FeedWeights *weights, double metres)
{
	return (1 - Min(metres / weights->geo_horizon_m, 1)) * weights->geo;
}

static double
recency_part(const FeedWeights *weights, double age)
{
	return (1 - Min(age / weights->recency_horizon_s, 1)) * weights->recency;
}

static double
age_s(TimestampTz clock, int32 minutes)
{
	return (double) clock / USECS_PER_SEC - (double) minutes * SECS_PER_MINUTE;
}

static double
most_of(const FeedQuery *query, double metres, double engagement, double rating, int32 published)
{
	const FeedWeights *weights = &query->weights;
	double geo = query->base.place.given ? geo_part(weights, metres) : 0;

	/* So far ahead that the key cannot say how far. */
	if (published == PG_INT32_MAX)
		return get_float8_infinity();

	return geo + weights->engagement * engagement / FEED_ENGAGEMENT_UNITS +
	       weights->rating * rating / FEED_RATING_UNITS + recency_part(weights, age_s(query->clock, published)) +
	       BOUND_SLACK;
}
