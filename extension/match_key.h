/*-------------------------------------------------------------------------
 *
 * match_key.h
 *		What the index of craftsmen knows of one, and what he is worth to a client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_MATCH_KEY_H
#define MESTERI_MATCH_KEY_H

#include "fmgr.h"

#include "bound.h"

/* Lanes: of each, more is better or fits more questions. */
#define MATCH_LANE_RADIUS       0 /* km */
#define MATCH_LANE_STARS        1 /* hundredths */
#define MATCH_LANE_CHEAPNESS    2 /* minus whole lei an hour; lowest: he says no price */
#define MATCH_LANE_AVAILABLE    3
#define MATCH_LANE_TIER         4
#define MATCH_LANE_RESPONSE     5
#define MATCH_LANE_MOST_REVIEWS 6
#define MATCH_LANE_WORTH        7
#define MATCH_LANES             8

#define MATCH_STARS_STEP     5 /* hundredths that a key rounds up to */
#define MATCH_RESPONSE_UNITS 200
#define MATCH_TIERS          4
#define MATCH_NO_PRICE       PG_INT32_MIN

#define MATCH_WORTH_UNITS 100000
#define METRES_A_KM       1000.0

/* A place that is not known is everywhere, so that the bound holds. */
#define MATCH_ANYWHERE PG_INT32_MIN

typedef struct MatchKey
{
	int32 vl_len_;
	int32 lon; /* BOUND_NOWHERE, MATCH_ANYWHERE */
	int32 lat;
	uint32 category; /* hash; 0 in the key of a craftsman himself */
	int32 cheapness;
	int32 most_reviews;
	int32 few_reviews;
	uint16 radius_km;
	uint16 stars;
	uint8 is_available;
	uint8 tier;
	uint16 response;
} MatchKey;

/* A row of match_weights. */
typedef struct MatchWeights
{
	double proximity;
	double rating;
	double tier;
	double responsiveness;
	double prior_rating;
	int32 prior_count;
} MatchWeights;

/* What a search asks of somebody, beside his trades and whether his account is active. */
typedef struct MatchFacts
{
	int32 rating_sum;
	int32 total_reviews;
	int32 tier;
	bool has_response_time;
	int32 response_time_minutes;
	double completion_rate; /* percent */
	int32 radius_km;
	bool is_available;
	bool has_price;
	Datum price; /* numeric */
	bool has_place;
	Datum place; /* geography */
} MatchFacts;

typedef struct MatchScore
{
	double total;
	double proximity;
	double rating;
	double tier;
	double responsiveness;
} MatchScore;

typedef struct MatchQuery
{
	BoundQuery base;
	MatchWeights weights;
	double usual;      /* so many times the weights as shipped are in them */
	MatchWeights rest; /* what is left of them */
	int hash_count;
	uint32 *hashes; /* of base.categories, ascending */
	int32 least_stars;
	int32 least_cheapness;
	bool available_only;
} MatchQuery;

/* match_key.c */
extern const BoundClass match_class;

/* match_score.c */
extern int32 match_average(const MatchFacts *facts);
extern double match_responsiveness(const MatchFacts *facts);
extern MatchScore match_score(const MatchWeights *weights, const double *metres, double radius_m,
                              const MatchFacts *facts);
extern double match_worth(const MatchKey *key);
extern void match_query_weights(MatchQuery *query, const MatchWeights *weights);
extern bool match_leaf_bound(const BoundLeaf *leaf, const BoundQuery *query, double near, double *bound,
                             bool *is_beside);
extern bool match_leaf_near(const BoundQuery *query, int32 lon, int32 lat, double *near);
extern bool match_box_bound(const BoundBox *box, const BoundQuery *query, double *bound, double *near);

#endif /* MESTERI_MATCH_KEY_H */
