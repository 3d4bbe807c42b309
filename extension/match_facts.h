/*-------------------------------------------------------------------------
 *
 * match_facts.h
 *		What matching must know of a craftsman, of his row or packed beside a key.
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
	AttrNumber tier;
	AttrNumber availability_status;
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

/* Of the type mesteri.match_facts. */
#define MATCH_FACT_PLACE 8
#define MATCH_FACT_COUNT 9

/* match_columns.c */
extern const MatchColumns *match_columns(Relation craftsmen);

/* match_facts.c */
extern void match_facts(const MatchColumns *at, const Row *row, MatchFacts *facts);
extern TupleDesc match_facts_desc(Relation table);
extern Datum match_facts_pack(const MatchFacts *facts, TupleDesc desc);
extern void match_facts_unpack(Datum packed, TupleDesc desc, MatchFacts *facts);
extern bool match_facts_same(Datum a, Datum b);

#endif /* MESTERI_MATCH_FACTS_H */
