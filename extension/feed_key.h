/*-------------------------------------------------------------------------
 *
 * feed_key.h
 *		What the feed's index knows of a post, and what a post is worth.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_FEED_KEY_H
#define MESTERI_FEED_KEY_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "bound.h"

/* Lanes. */
#define FEED_LANE_ENGAGEMENT 0
#define FEED_LANE_RATING     1
#define FEED_LANE_PUBLISHED  2
#define FEED_LANE_WORTH      3
#define FEED_LANE_HOT        4
#define FEED_LANES           5

#define FEED_ENGAGEMENT_UNITS 500 /* a ratio of 1; likes alone make 0.5 */
#define FEED_RATING_UNITS     250 /* five stars */
#define FEED_MAX_STARS        500 /* hundredths */

/*
 * Worth: engagement and rating as weighted when shipped, in 1/5000 of score.
 * Hot: when a post without worth must be published to score as much while it
 * is fresh; as shipped, a week is worth 0.1.  Hardly a post has the most of
 * everything, so of what an entry's posts have together these two say far
 * less than the most of each.  Other weights make them looser, not wrong.
 */
#define FEED_WORTH_UNITS         5000
#define FEED_WORTH_OF_ENGAGEMENT 3
#define FEED_WORTH_OF_RATING     4
#define FEED_MINUTES_OF_WORTH    20.16

/* Twenty-five pages of a hundred, and one that tells whether there is more. */
#define FEED_MAX_DEPTH 2501

/*
 * A post's key.  Counters and rating are kept as a range that they may move
 * in: while they stay inside, the key keeps its bytes and updates are HOT.
 */
typedef struct FeedKey
{
	int32 vl_len_;
	int32 lon; /* BOUND_NOWHERE: the post has no place */
	int32 lat;
	uint32 category; /* hash; 0: none */
	int32 published; /* minutes since 2000, rounded up; the extremes stand for all beyond */
	uint8 engagement_low;
	uint8 engagement_high;
	uint8 rating_low;
	uint8 rating_high;
} FeedKey;

/* A row of feed_weights. */
typedef struct FeedWeights
{
	double geo;
	double engagement;
	double rating;
	double recency;
	double geo_horizon_m;
	double recency_horizon_s;
} FeedWeights;

typedef struct FeedCounters
{
	int32 likes;
	int32 views;
	int32 saves;
	int32 shares;
} FeedCounters;

typedef struct FeedScore
{
	double total;
	double geo;
	double engagement;
	double rating;
	double recency;
} FeedScore;

typedef struct FeedQuery
{
	BoundQuery base;
	TimestampTz clock;
	FeedWeights weights;
	double geo_step;        /* score lost by a metre */
	double engagement_step; /* and won by a unit of the key's */
	double rating_step;
	double worth_step;
	double recency_step; /* and lost by a minute of age */
	double clock_min;
	int hash_count; /* of base.categories, ascending; none and any_category unset: nothing fits */
	uint32 *hashes;
	bool has_ceiling;
	double ceiling; /* what scores more has been served */
} FeedQuery;

/* feed_key.c */
extern const BoundClass feed_class;
extern FeedKey *feed_key_make(void);

/* feed_score.c */
extern double feed_engagement(const FeedCounters *counters);
extern FeedScore feed_score(const FeedWeights *weights, TimestampTz clock, const double *metres,
                            const FeedCounters *counters, int stars, TimestampTz published_at);
extern bool feed_leaf_bound(const BoundLeaf *leaf, const BoundQuery *query, double near, double *bound,
                            bool *is_beside);
extern bool feed_leaf_near(const BoundQuery *query, int32 lon, int32 lat, double *near);
extern bool feed_box_bound(const BoundBox *box, const BoundQuery *query, double *bound, double *near);
extern double feed_leaf_least(const FeedKey *key, const FeedQuery *query);

/* feed_query.c */
extern void feed_query_begin(FeedQuery *query, TimestampTz clock, Datum row);
extern void feed_query_place(FeedQuery *query, double lat, double lon, double radius_m);

#endif /* MESTERI_FEED_KEY_H */
