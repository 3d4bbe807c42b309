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
static double most_below(const FeedQuery *query, const int32 *lanes);
static inline double most_recency(const FeedQuery *query, int32 published);
static inline double most_geo(const FeedQuery *query, double metres);

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
 *		What the post scores at most; false when a filter keeps it out, or it has been served.
 */
bool
feed_leaf_bound(const BoundLeaf *leaf, const BoundQuery *base, double near, double *bound, bool *is_beside)
{
	const FeedKey *key = (const FeedKey *) leaf;
	const FeedQuery *query = (const FeedQuery *) base;

	if (base->place.given && bound_point_is_outside(&base->window, leaf->lon, leaf->lat))
		return false;
	if (!base->any_category && !bound_hashes_have(query->hashes, query->hash_count, key->category))
		return false;

	*bound = key->engagement_high * query->engagement_step + key->rating_high * query->rating_step +
	         most_recency(query, key->published) + BOUND_SLACK;
	*is_beside = *bound + near < base->likely;
	if (*is_beside)
		return true;

	if (!feed_leaf_near(base, leaf->lon, leaf->lat, &near))
		return false;
	*bound += near;

	return !(query->has_ceiling && feed_leaf_least(key, query) > query->ceiling);
}

/* Of that for its place; false when that is not within the radius. */
bool
feed_leaf_near(const BoundQuery *base, int32 lon, int32 lat, double *near)
{
	double metres;

	*near = 0;
	if (!base->place.given)
		return true;
	metres = bound_point_least_m(&base->place, lon, lat);
	*near = most_geo((const FeedQuery *) base, metres);

	return metres <= base->radius_m;
}

/* The same for whatever lies below an entry. */
bool
feed_box_bound(const BoundBox *box, const BoundQuery *base, double *bound, double *near)
{
	const FeedQuery *query = (const FeedQuery *) base;
	double metres;

	if (base->place.given && bound_is_outside(&base->window, &box->rect))
		return false;
	if (!base->any_category && !bound_categories_meet(box->categories, base->categories))
		return false;

	*bound = most_below(query, box->lanes) + BOUND_SLACK;
	*near = 0;
	if (base->place.given)
	{
		if (*bound + query->weights.geo < base->floor)
			return false;
		metres = bound_least_m(&base->place, &box->rect);
		if (metres > base->radius_m)
			return false;
		*near = most_geo(query, metres);
		*bound += *near;
	}

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

/*
 * most_below
 *		What the posts below an entry score beside the place.
 *
 * With w for worth and p for publication, a post that is fresh scores
 * w * worth_step + p * recency_step, but for what all have in common.  That is
 * some of hot, which is p and w in proportion, and some more of one of them.
 */
static double
most_below(const FeedQuery *query, const int32 *lanes)
{
	double worth = Min(lanes[FEED_LANE_ENGAGEMENT] * query->engagement_step +
	                       lanes[FEED_LANE_RATING] * query->rating_step,
	                   lanes[FEED_LANE_WORTH] * query->worth_step);
	double apart = worth + most_recency(query, lanes[FEED_LANE_PUBLISHED]);
	double more_worth = query->worth_step - query->recency_step * FEED_MINUTES_OF_WORTH;
	double hot = lanes[FEED_LANE_HOT] - query->clock_min;
	double fresh;

	if (lanes[FEED_LANE_HOT] == PG_INT32_MAX)
		return apart;
	if (more_worth >= 0)
		fresh = hot * query->recency_step + lanes[FEED_LANE_WORTH] * more_worth;
	else
		fresh = hot * query->worth_step / FEED_MINUTES_OF_WORTH -
		        (lanes[FEED_LANE_PUBLISHED] - query->clock_min) * more_worth / FEED_MINUTES_OF_WORTH;

	return Min(apart, Max(worth, fresh + query->weights.recency));
}

static inline double
most_recency(const FeedQuery *query, int32 published)
{
	double most = query->weights.recency;

	/* So far ahead that the key cannot say how far. */
	if (published == PG_INT32_MAX)
		return get_float8_infinity();

	return most - Min((query->clock_min - published) * query->recency_step, most);
}

static inline double
most_geo(const FeedQuery *query, double metres)
{
	double most = query->weights.geo;

	return most - Min(metres * query->geo_step, most);
}
