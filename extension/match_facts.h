/*-------------------------------------------------------------------------
 *
 * match_facts.h
 *		What a row of mesteri.craftsman_profiles says for matching.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_MATCH_FACTS_H
#define MESTERI_MATCH_FACTS_H

#include "access/attnum.h"
#include "utils/relcache.h"

#include "match_key.h"
#include "row.h"

typedef struct MatchColumns
{
	AttrNumber id;
	AttrNumber user_id;
	AttrNumber tier;
	AttrNumber availability_status;
	AttrNumber is_available;
	AttrNumber available_radius_km;
	AttrNumber rating_sum;
	AttrNumber total_reviews;
	AttrNumber average_rating;
	AttrNumber response_time_minutes;
	AttrNumber completion_rate;
	AttrNumber hourly_rate_min;
	AttrNumber match_key;
	AttrNumber last;
	Oid tiers[MATCH_TIERS]; /* the lowest first */
	Oid available;          /* the availability_status */
} MatchColumns;

/* match_columns.c */
extern const MatchColumns *match_columns(Relation craftsmen);

/* match_facts.c */
extern void match_facts(const MatchColumns *at, const Row *row, MatchFacts *facts);
extern bool match_is_available(const MatchColumns *at, const Row *row);

#endif /* MESTERI_MATCH_FACTS_H */
