/*-------------------------------------------------------------------------
 *
 * match_facts.c
 *		What matching must know of a craftsman, of his row or packed beside a key.
 *
 * Generated columns are looked past, for in a BEFORE trigger they are not
 * there yet.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "match_facts.h"

/* Of the type mesteri.match_facts, as MATCH_FACT_PLACE. */
#define FACT_RADIUS_KM       0
#define FACT_RATING_SUM      1
#define FACT_TOTAL_REVIEWS   2
#define FACT_TIER            3
#define FACT_RESPONSE_TIME   4
#define FACT_COMPLETION_RATE 5
#define FACT_IS_AVAILABLE    6
#define FACT_PRICE           7

static int32 number(const Row *row, AttrNumber column);

/* match_facts: all but his place.  They point into the row. */
void
match_facts(const MatchColumns *at, const Row *row, MatchFacts *facts)
{
	*facts = (MatchFacts){0};
	facts->rating_sum = number(row, at->rating_sum);
	facts->total_reviews = number(row, at->total_reviews);

	facts->has_response_time = !row->nulls[at->response_time_minutes - 1];
	facts->response_time_minutes = number(row, at->response_time_minutes);

	if (!row->nulls[at->completion_rate - 1])
		facts->completion_rate = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8, row->values[at->completion_rate - 1]));

	facts->tier = MATCH_TIERS - 1; /* as the reference takes what it does not know */
	if (!row->nulls[at->tier - 1])
		for (int i = 0; i < MATCH_TIERS; i++)
			if (DatumGetObjectId(row->values[at->tier - 1]) == at->tiers[i])
				facts->tier = i;

	facts->radius_km = number(row, at->available_radius_km);
	facts->is_available = !row->nulls[at->availability_status - 1] &&
	                      DatumGetObjectId(row->values[at->availability_status - 1]) == at->available;
	facts->has_price = !row->nulls[at->hourly_rate_min - 1];
	facts->price = row->values[at->hourly_rate_min - 1];
}

/* match_facts_desc: of the type, by a table that has a column of it; to be released. */
TupleDesc
match_facts_desc(Relation table)
{
	AttrNumber column = row_column(table, "match_facts");
	TupleDesc desc = lookup_rowtype_tupdesc(TupleDescAttr(RelationGetDescr(table), column - 1)->atttypid, -1);

	if (desc->natts != MATCH_FACT_COUNT)
		elog(ERROR, "mesteri.match_facts has %d attributes, not %d", desc->natts, MATCH_FACT_COUNT);

	return desc;
}

/* match_facts_pack: a mesteri.match_facts; desc is that type's. */
Datum
match_facts_pack(const MatchFacts *facts, TupleDesc desc)
{
	Datum values[MATCH_FACT_COUNT];
	bool nulls[MATCH_FACT_COUNT] = {false};

	values[FACT_RADIUS_KM] = Int32GetDatum(facts->radius_km);
	values[FACT_RATING_SUM] = Int32GetDatum(facts->rating_sum);
	values[FACT_TOTAL_REVIEWS] = Int32GetDatum(facts->total_reviews);
	values[FACT_TIER] = Int32GetDatum(facts->tier);
	values[FACT_RESPONSE_TIME] = Int32GetDatum(facts->response_time_minutes);
	nulls[FACT_RESPONSE_TIME] = !facts->has_response_time;
	values[FACT_COMPLETION_RATE] = Float8GetDatum(facts->completion_rate);
	values[FACT_IS_AVAILABLE] = BoolGetDatum(facts->is_available);
	values[FACT_PRICE] = facts->price;
	nulls[FACT_PRICE] = !facts->has_price;
	values[MATCH_FACT_PLACE] = facts->place;
	nulls[MATCH_FACT_PLACE] = !facts->has_place;

	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* match_facts_unpack: they may point into what they were packed in. */
void
match_facts_unpack(Datum packed, TupleDesc desc, MatchFacts *facts)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(packed);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	Datum values[MATCH_FACT_COUNT];
	bool nulls[MATCH_FACT_COUNT];

	heap_deform_tuple(&tuple, desc, values, nulls);
	facts->radius_km = DatumGetInt32(values[FACT_RADIUS_KM]);
	facts->rating_sum = DatumGetInt32(values[FACT_RATING_SUM]);
	facts->total_reviews = DatumGetInt32(values[FACT_TOTAL_REVIEWS]);
	facts->tier = DatumGetInt32(values[FACT_TIER]);
	facts->has_response_time = !nulls[FACT_RESPONSE_TIME];
	facts->response_time_minutes = DatumGetInt32(values[FACT_RESPONSE_TIME]);
	facts->completion_rate = DatumGetFloat8(values[FACT_COMPLETION_RATE]);
	facts->is_available = DatumGetBool(values[FACT_IS_AVAILABLE]);
	facts->has_price = !nulls[FACT_PRICE];
	facts->price = values[FACT_PRICE];
	facts->has_place = !nulls[MATCH_FACT_PLACE];
	facts->place = values[MATCH_FACT_PLACE];
}

/* match_facts_same: two that are packed. */
bool
match_facts_same(Datum a, Datum b)
{
	HeapTupleHeader x = DatumGetHeapTupleHeader(a);
	HeapTupleHeader y = DatumGetHeapTupleHeader(b);
	uint32 size = HeapTupleHeaderGetDatumLength(x);

	return size == HeapTupleHeaderGetDatumLength(y) && memcmp(x, y, size) == 0;
}

/* Null, which the table will refuse where it matters, counts as 0. */
static int32
number(const Row *row, AttrNumber column)
{
	return row->nulls[column - 1] ? 0 : DatumGetInt32(row->values[column - 1]);
}
