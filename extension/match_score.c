/*-------------------------------------------------------------------------
 *
 * match_score.c
 *		What a craftsman scores for a client, exactly, and at most by his key.
 *
 *		proximity		1 - distance / radius asked for, 0 without a place
 *		rating			(prior count * prior rating + sum of stars) / (prior count + reviews) / 5
 *		tier			0, 1/3, 2/3, 1
 *		responsiveness	half 1 - response time / 1 day, half the completion rate
 *
 * each times its weight, in the order of operations of
 * mesteri.match_reference(), so that the sums agree in every bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "match_key.h"

#define MOST_STARS    5
#define MINUTES_A_DAY 1440.0
#define METRES_A_KM   1000.0
#define STARS_UNITS   100

static bool may_pass(const MatchQuery *query, const int32 *lanes, double *bound);
static bool is_near(const MatchQuery *query, const int32 *lanes, double metres, double *bound);
static double most_rating(const MatchWeights *weights, const int32 *lanes);

double
match_responsiveness(const MatchFacts *facts)
{
	double quickness = facts->has_response_time ? 1 - Min(facts->response_time_minutes / MINUTES_A_DAY, 1) : 0;

	return 0.5 * quickness + 0.5 * facts->completion_rate / 100;
}

/* match_score: metres is NULL when the client doesn't say where he is. */
MatchScore
match_score(const MatchWeights *weights, const double *metres, double radius_m, const MatchFacts *facts)
{
	MatchScore score;

	score.proximity = metres == NULL ? 0 : weights->proximity * (1 - Min(*metres / radius_m, 1));
	score.rating = weights->rating *
	               ((weights->prior_count * weights->prior_rating + facts->rating_sum) /
	                ((double) weights->prior_count + facts->total_reviews)) /
	               MOST_STARS;
	score.tier = weights->tier * (facts->tier / (double) (MATCH_TIERS - 1));
	score.responsiveness = weights->responsiveness * match_responsiveness(facts);
	score.total = score.proximity + score.rating + score.tier + score.responsiveness;

	return score;
}

/* match_leaf_bound: what he scores at most; false when a filter keeps him out, or he is below the floor anywhere. */
bool
match_leaf_bound(const BoundLeaf *leaf, const BoundQuery *base, double near, double *bound, bool *is_beside)
{
	const MatchKey *key = (const MatchKey *) leaf;
	const MatchQuery *query = (const MatchQuery *) base;
	double metres = 0;
	int32 lanes[MATCH_LANES];

	*is_beside = false;
	if (!base->any_category && !bound_hashes_have(query->hashes, query->hash_count, key->category))
		return false;

	lanes[MATCH_LANE_RADIUS] = key->radius_km;
	lanes[MATCH_LANE_STARS] = key->stars;
	lanes[MATCH_LANE_CHEAPNESS] = key->cheapness;
	lanes[MATCH_LANE_AVAILABLE] = key->is_available;
	lanes[MATCH_LANE_TIER] = key->tier;
	lanes[MATCH_LANE_RESPONSE] = key->response;
	lanes[MATCH_LANE_MOST_REVIEWS] = key->most_reviews;
	lanes[MATCH_LANE_FEW_REVIEWS] = -key->few_reviews;
	if (!may_pass(query, lanes, bound))
		return false;
	if (!base->place.given)
		return true;

	if (key->lat != MATCH_ANYWHERE)
	{
		if (bound_is_outside(&base->window, key->lon, key->lat, key->lon, key->lat))
			return false;
		metres = bound_point_least_m(&base->place, key->lon, key->lat);
	}

	return is_near(query, lanes, metres, bound);
}

bool
match_box_bound(const BoundBox *box, const BoundQuery *base, double *bound, double *near)
{
	const MatchQuery *query = (const MatchQuery *) base;

	*near = 0;
	if (!base->any_category && !bound_categories_meet(box->categories, base->categories))
		return false;
	if (!may_pass(query, box->lanes, bound))
		return false;
	if (!base->place.given)
		return true;
	if (bound_is_outside(&base->window, box->lon_low, box->lat_low, box->lon_high, box->lat_high))
		return false;

	return is_near(query, box->lanes,
	               bound_least_m(&base->place, box->lon_low, box->lat_low, box->lon_high, box->lat_high), bound);
}

/* Whether somebody with such lanes may pass every filter but the distance; bound: what he scores at most beside it. */
static bool
may_pass(const MatchQuery *query, const int32 *lanes, double *bound)
{
	const MatchWeights *weights = &query->weights;

	if (lanes[MATCH_LANE_STARS] < query->least_stars || lanes[MATCH_LANE_CHEAPNESS] < query->least_cheapness ||
	    (query->available_only && lanes[MATCH_LANE_AVAILABLE] <= 0))
		return false;

	*bound = most_rating(weights, lanes) + weights->tier * lanes[MATCH_LANE_TIER] * (1.0 / (MATCH_TIERS - 1)) +
	         weights->responsiveness * lanes[MATCH_LANE_RESPONSE] * (1.0 / MATCH_RESPONSE_UNITS) + BOUND_SLACK;

	return !query->base.place.given || *bound + weights->proximity >= query->base.floor;
}

/* Whether he may be within both radii; bound: takes what he scores by that. */
static bool
is_near(const MatchQuery *query, const int32 *lanes, double metres, double *bound)
{
	if (metres > query->base.radius_m || metres > lanes[MATCH_LANE_RADIUS] * METRES_A_KM)
		return false;

	*bound += query->weights.proximity * (1 - Min(metres / query->base.radius_m, 1));

	return true;
}

/*
 * most_rating
 *		Reviews pull the average from the prior towards the stars: up the more there are, or down the fewer.
 */
static double
most_rating(const MatchWeights *weights, const int32 *lanes)
{
	double stars = lanes[MATCH_LANE_STARS] * (1.0 / STARS_UNITS);
	double reviews = stars > weights->prior_rating ? lanes[MATCH_LANE_MOST_REVIEWS]
	                                               : -(double) lanes[MATCH_LANE_FEW_REVIEWS];

	return weights->rating * (1.0 / MOST_STARS) * (weights->prior_count * weights->prior_rating + stars * reviews) /
	       (weights->prior_count + reviews);
}
