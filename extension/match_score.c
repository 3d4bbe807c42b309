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
#define STARS_UNITS   100

/* Worth is counted in these; other weights make the bounds of entries looser, not wrong. */
static const MatchWeights as_shipped = {
	.proximity = 0.40,
	.rating = 0.30,
	.tier = 0.15,
	.responsiveness = 0.15,
	.prior_rating = 4.0,
	.prior_count = 5,
};

static inline bool passes(const MatchQuery *query, int32 stars, int32 cheapness, int32 is_available);
static inline double most_beside(const MatchWeights *weights, int32 stars, int32 most_reviews, int32 few_reviews,
                                 int32 tier, int32 response);
static inline double most_proximity(const MatchQuery *query, double metres);

/* match_average: of his stars as shown, hundredths rounded half up; 0 without reviews. */
int32
match_average(const MatchFacts *facts)
{
	int64 reviews = facts->total_reviews;

	return reviews == 0 ? 0 : (int32) ((facts->rating_sum * (int64) 200 + reviews) / (2 * reviews));
}

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

/*
 * match_worth
 *		What he scores at most beside his place, with the weights as shipped.
 */
double
match_worth(const MatchKey *key)
{
	return most_beside(&as_shipped, key->stars, key->most_reviews, key->few_reviews, key->tier, key->response);
}

/*
 * match_query_weights
 *		Those as shipped, as often as they are in the weights, and a rest.
 *
 * Hardly anybody has the most of everything, so of what those below an entry
 * have together their worth says far less than the most of each.
 */
void
match_query_weights(MatchQuery *query, const MatchWeights *weights)
{
	query->weights = *weights;
	query->rest = *weights;
	query->usual = 0;
	if (weights->prior_rating != as_shipped.prior_rating || weights->prior_count != as_shipped.prior_count)
		return;

	query->usual = Min(weights->rating / as_shipped.rating,
	                   Min(weights->tier / as_shipped.tier, weights->responsiveness / as_shipped.responsiveness));
	query->rest.rating -= query->usual * as_shipped.rating;
	query->rest.tier -= query->usual * as_shipped.tier;
	query->rest.responsiveness -= query->usual * as_shipped.responsiveness;
}

/* match_leaf_bound: what he scores at most; false when a filter keeps him out. */
bool
match_leaf_bound(const BoundLeaf *leaf, const BoundQuery *base, double near, double *bound, bool *is_beside)
{
	const MatchKey *key = (const MatchKey *) leaf;
	const MatchQuery *query = (const MatchQuery *) base;
	double metres = 0;

	if (base->place.given && key->lat != MATCH_ANYWHERE && bound_point_is_outside(&base->window, key->lon, key->lat))
		return false;
	if (!base->any_category && !bound_hashes_have(query->hashes, query->hash_count, key->category))
		return false;
	if (!passes(query, key->stars, key->cheapness, key->is_available))
		return false;

	*bound = most_beside(&query->weights, key->stars, key->most_reviews, key->few_reviews, key->tier, key->response);
	*is_beside = *bound + near < base->likely;
	if (*is_beside || !base->place.given)
		return true;

	if (key->lat != MATCH_ANYWHERE)
		metres = bound_point_least_m(&base->place, key->lon, key->lat);
	*bound += most_proximity(query, metres);

	return metres <= base->radius_m && metres <= key->radius_km * METRES_A_KM;
}

/* Of that for his place; false when that is not within the radius.  His own is left to his row. */
bool
match_leaf_near(const BoundQuery *base, int32 lon, int32 lat, double *near)
{
	double metres = lat == MATCH_ANYWHERE || !base->place.given ? 0 : bound_point_least_m(&base->place, lon, lat);

	*near = most_proximity((const MatchQuery *) base, metres);

	return metres <= base->radius_m;
}

/* The same for whoever lies below an entry. */
bool
match_box_bound(const BoundBox *box, const BoundQuery *base, double *bound, double *near)
{
	const MatchQuery *query = (const MatchQuery *) base;
	const int32 *lanes = box->lanes;
	double metres;

	if (base->place.given && bound_is_outside(&base->window, &box->rect))
		return false;
	if (!base->any_category && !bound_categories_meet(box->categories, base->categories))
		return false;
	if (!passes(query, lanes[MATCH_LANE_STARS], lanes[MATCH_LANE_CHEAPNESS], lanes[MATCH_LANE_AVAILABLE]))
		return false;

	*bound = query->usual * (1.0 / MATCH_WORTH_UNITS) * lanes[MATCH_LANE_WORTH] +
	         most_beside(&query->rest, lanes[MATCH_LANE_STARS], lanes[MATCH_LANE_MOST_REVIEWS], 0,
	                     lanes[MATCH_LANE_TIER], lanes[MATCH_LANE_RESPONSE]);
	*near = 0;
	if (!base->place.given)
		return true;
	if (*bound + query->weights.proximity < base->floor)
		return false;

	metres = bound_least_m(&base->place, &box->rect);
	*near = most_proximity(query, metres);
	*bound += *near;

	return metres <= base->radius_m && metres <= lanes[MATCH_LANE_RADIUS] * METRES_A_KM;
}

/* Whether somebody, or one of several of whom these are the most, may pass the filters for what he offers. */
static inline bool
passes(const MatchQuery *query, int32 stars, int32 cheapness, int32 is_available)
{
	return stars >= query->least_stars && cheapness >= query->least_cheapness &&
	       !(query->available_only && is_available <= 0);
}

/*
 * most_beside
 *		What somebody scores at most beside his place.
 *
 * Reviews pull the average from the prior towards the stars: up the more there
 * are, or down the fewer.
 */
static inline double
most_beside(const MatchWeights *weights, int32 stars, int32 most_reviews, int32 few_reviews, int32 tier, int32 response)
{
	double above = stars * (1.0 / STARS_UNITS) - weights->prior_rating;
	double reviews = above > 0 ? most_reviews : few_reviews;

	return weights->rating * (1.0 / MOST_STARS) *
	           (weights->prior_rating + above * reviews / (weights->prior_count + reviews)) +
	       weights->tier * (1.0 / (MATCH_TIERS - 1)) * tier +
	       weights->responsiveness * (1.0 / MATCH_RESPONSE_UNITS) * response + BOUND_SLACK;
}

static inline double
most_proximity(const MatchQuery *query, double metres)
{
	if (!query->base.place.given)
		return 0;

	return query->weights.proximity * (1 - Min(metres / query->base.radius_m, 1));
}
