/*-------------------------------------------------------------------------
 *
 * match_top.c
 *		The best craftsmen for a client, exactly.
 *
 * Craftsmen come by falling bound, from the index of themselves or, where
 * trades are asked for, from that of their crafts; each is scored by the facts
 * beside the key, as the row stands in the caller's snapshot.
 * mesteri.match_reference() says what the answer is, and gives it where an
 * index is missing and for pages far behind.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "bound_walk.h"
#include "match_facts.h"
#include "match_key.h"
#include "place.h"
#include "ranked_rows.h"
#include "row.h"
#include "row_finder.h"
#include "spi_util.h"
#include "top_k.h"
#include "uuid_set.h"

/* Deeper than anybody scrolls. */
#define MATCH_MAX_DEPTH 5000

#define ARG_WEIGHTS    0
#define ARG_PLACE      1
#define ARG_RADIUS     2
#define ARG_CATEGORIES 3
#define ARG_MIN_RATING 4
#define ARG_MAX_PRICE  5
#define ARG_AVAILABLE  6
#define ARG_COUNT      7
#define ARG_SKIP       8

typedef struct MatchSearch
{
	MatchQuery query;
	UuidSet categories;
	bool has_place;
	Datum place;
	PlaceFunctions functions;
	int32 least_average; /* hundredths */
	bool has_max_price;
	Datum max_price; /* numeric */
	HTAB *seen;      /* somebody with several of the trades comes once for each */
	AttrNumber id;   /* the craftsman's */
	AttrNumber category_id;
	AttrNumber key;
	AttrNumber facts;
	TupleDesc facts_desc;
	MemoryContext row_memory;
	TopK top;
} MatchSearch;

static bool is_reference_asked(FunctionCallInfo fcinfo);
static bool search(FunctionCallInfo fcinfo, MatchSearch *search);
static void find_columns(MatchSearch *search, Relation table, bool by_craft);
static void begin(FunctionCallInfo fcinfo, MatchSearch *search);
static void begin_filters(FunctionCallInfo fcinfo, MatchSearch *search);
static int32 least_average(double min_rating);
static MatchWeights read_weights(Datum row);
static Datum member(HeapTupleHeader row, const char *column);
static void walk(MatchSearch *search, Relation table, Relation index);
static bool is_asked_for(MatchSearch *search, TupleTableSlot *slot);
static void consider(MatchSearch *search, TupleTableSlot *slot);
static bool rank(MatchSearch *search, TupleTableSlot *slot, Ranked *candidate);
static bool passes(const MatchSearch *search, const MatchFacts *facts);
static bool knows_place(MatchSearch *search, TupleTableSlot *slot, MatchFacts *facts);
static bool look_up_place(const pg_uuid_t *craftsman_id, MatchFacts *facts);
static bool measure(MatchSearch *search, const MatchFacts *facts, Ranked *candidate);
static void score(MatchSearch *search, const MatchFacts *facts, Ranked *candidate);
static bool is_first(MatchSearch *search, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(mesteri_match_top);

/*
 * mesteri.match_top(weights mesteri.match_weights, place geography, radius_m float8, categories uuid[],
 *					 min_rating float8, max_price numeric, available_only boolean, count integer, skip bigint)
 *		returns table (craftsman_id uuid, distance_m float8, score float8, proximity float8, rating float8, tier float8,
 *					   responsiveness float8)
 *		What match_reference() says with the same arguments, and no words.
 *
 * Errors: 22004 for a null that means nothing, 22023 for a place without coordinates, 55000 when somebody without a known
 * place has to be looked up and the index for that cannot be used.
 */
Datum
mesteri_match_top(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr reference;
	MatchSearch found = {0};
	int64 buffers_before = bound_buffers();

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(ARG_WEIGHTS) || PG_ARGISNULL(ARG_AVAILABLE) || PG_ARGISNULL(ARG_COUNT) || PG_ARGISNULL(ARG_SKIP) ||
	    (!PG_ARGISNULL(ARG_PLACE) && PG_ARGISNULL(ARG_RADIUS)))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("weights, available_only, count, skip and a place's radius must not be null")));

	if (!is_reference_asked(fcinfo) && search(fcinfo, &found))
		ranked_rows_put(fcinfo, &found.top, (int) PG_GETARG_INT64(ARG_SKIP));
	else
		ranked_rows_put_reference(fcinfo, &reference,
		                          "SELECT * FROM mesteri.match_reference($1, $2, $3, $4, $5, $6, $7, NULL, $8, $9)");
	bound_work_done(&found.query.base.work, buffers_before);

	return (Datum) 0;
}

static bool
is_reference_asked(FunctionCallInfo fcinfo)
{
	return PG_GETARG_INT32(ARG_COUNT) < 1 || PG_GETARG_INT64(ARG_SKIP) < 0 ||
	       PG_GETARG_INT64(ARG_SKIP) > MATCH_MAX_DEPTH - PG_GETARG_INT32(ARG_COUNT);
}

/* search: false when an index is missing. */
static bool
search(FunctionCallInfo fcinfo, MatchSearch *search)
{
	Oid schema = get_namespace_oid("mesteri", false);
	bool by_craft = !PG_ARGISNULL(ARG_CATEGORIES);
	const char *name = by_craft ? "craftsman_crafts" : "craftsman_profiles";
	Relation table;
	Relation index;

	table = table_open(get_relname_relid(name, schema), AccessShareLock);
	index = bound_index_open(table, by_craft ? "craftsman_crafts_match" : "craftsman_profiles_match",
	                         row_column(table, "match_key"), GIST_AM_OID);
	if (index != NULL)
	{
		find_columns(search, table, by_craft);
		begin(fcinfo, search);
		walk(search, table, index);
		top_k_sort(&search->top);
		ReleaseTupleDesc(search->facts_desc);
	}

	table_close(table, AccessShareLock);

	return index != NULL;
}

static void
find_columns(MatchSearch *search, Relation table, bool by_craft)
{
	search->id = row_column(table, by_craft ? "craftsman_id" : "id");
	search->category_id = by_craft ? row_column(table, "category_id") : InvalidAttrNumber;
	search->key = row_column(table, "match_key");
	search->facts = row_column(table, "match_facts");
	search->facts_desc = match_facts_desc(table);
}

static void
begin(FunctionCallInfo fcinfo, MatchSearch *search)
{
	MatchQuery *query = &search->query;
	MatchWeights weights;

	weights = read_weights(PG_GETARG_DATUM(ARG_WEIGHTS));
	match_query_weights(query, &weights);
	search->has_place = !PG_ARGISNULL(ARG_PLACE);
	if (search->has_place)
	{
		Oid geography = TupleDescAttr(search->facts_desc, MATCH_FACT_PLACE)->atttypid;
		double lat;
		double lon;

		search->place = PG_GETARG_DATUM(ARG_PLACE);
		place_functions(geography, &search->functions);
		if (!place_read(geography, search->place, &lat, &lon))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the place to search around has no coordinates")));
		bound_query_place(&query->base, lat, lon, PG_GETARG_FLOAT8(ARG_RADIUS), PG_GETARG_FLOAT8(ARG_RADIUS));
	}

	query->base.any_category = PG_ARGISNULL(ARG_CATEGORIES);
	if (!query->base.any_category)
	{
		HASHCTL control = {.keysize = UUID_LEN, .entrysize = UUID_LEN, .hcxt = CurrentMemoryContext};

		uuid_set_make(&search->categories, PG_GETARG_ARRAYTYPE_P(ARG_CATEGORIES));
		query->hash_count = search->categories.count;
		query->hashes = bound_query_categories(&query->base, &search->categories);
		search->seen = hash_create("mesteri match candidates", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	begin_filters(fcinfo, search);
	search->row_memory = AllocSetContextCreate(CurrentMemoryContext, "mesteri match row", ALLOCSET_SMALL_SIZES);
	top_k_begin(&search->top, PG_GETARG_INT32(ARG_COUNT) + (int) PG_GETARG_INT64(ARG_SKIP), false);
	query->base.floor = top_k_floor(&search->top);
}

static void
begin_filters(FunctionCallInfo fcinfo, MatchSearch *search)
{
	MatchQuery *query = &search->query;

	search->least_average = query->least_stars = PG_INT32_MIN;
	if (!PG_ARGISNULL(ARG_MIN_RATING))
	{
		double least = PG_GETARG_FLOAT8(ARG_MIN_RATING);

		search->least_average = least_average(least);
		query->least_stars = (int32) floor(Max(Min(least, 1000), -1000) * 100);
	}
	search->has_max_price = !PG_ARGISNULL(ARG_MAX_PRICE);
	query->least_cheapness = MATCH_NO_PRICE;
	if (search->has_max_price)
	{
		double most = ceil(
			DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PG_GETARG_DATUM(ARG_MAX_PRICE))));

		search->max_price = PG_GETARG_DATUM(ARG_MAX_PRICE);
		query->least_cheapness = most < PG_INT32_MAX ? -(int32) Max(most, -1) : -PG_INT32_MAX; /* NaN too */
	}
	query->available_only = PG_GETARG_BOOL(ARG_AVAILABLE);
}

/* least_average: the least average, which has two decimals, that is no less as numeric. */
static int32
least_average(double min_rating)
{
	Datum hundredths;

	if (!(fabs(min_rating) <= 1000)) /* NaN is above all */
		return min_rating < 0 ? PG_INT32_MIN : PG_INT32_MAX;
	hundredths = DirectFunctionCall2(numeric_mul, DirectFunctionCall1(float8_numeric, Float8GetDatum(min_rating)),
	                                 DirectFunctionCall1(int4_numeric, Int32GetDatum(100)));

	return DatumGetInt32(DirectFunctionCall1(numeric_int4, DirectFunctionCall1(numeric_ceil, hundredths)));
}

static MatchWeights
read_weights(Datum row)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	MatchWeights weights;

	weights.proximity = DatumGetFloat8(member(header, "proximity"));
	weights.rating = DatumGetFloat8(member(header, "rating"));
	weights.tier = DatumGetFloat8(member(header, "tier"));
	weights.responsiveness = DatumGetFloat8(member(header, "responsiveness"));
	weights.prior_rating = DatumGetFloat8(member(header, "prior_rating"));
	weights.prior_count = DatumGetInt32(member(header, "prior_count"));

	return weights;
}

static Datum
member(HeapTupleHeader row, const char *column)
{
	bool is_null;
	Datum value = GetAttributeByName(row, column, &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("weights must not be null")));

	return value;
}

static void
walk(MatchSearch *search, Relation table, Relation index)
{
	BoundWalk walk;

	bound_walk_begin(&walk, &match_class, table, index, &search->query.base, search->top.size);
	while (bound_walk_next(&walk))
		if (is_asked_for(search, walk.slot))
			consider(search, walk.slot);
	bound_walk_end(&walk);
}

/* Whether it is one of the trades asked for, if any are, and the first of the craftsman's. */
static bool
is_asked_for(MatchSearch *search, TupleTableSlot *slot)
{
	bool is_null;

	if (search->category_id == InvalidAttrNumber)
		return true;

	return uuid_set_has(&search->categories, DatumGetUUIDP(slot_getattr(slot, search->category_id, &is_null))) &&
	       is_first(search, DatumGetUUIDP(slot_getattr(slot, search->id, &is_null)));
}

/*
 * consider
 *		Keeps a craftsman if he fits and is among the best so far.  slot: he, or one of his crafts.
 */
static void
consider(MatchSearch *search, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(search->row_memory);
	Ranked candidate;

	if (rank(search, slot, &candidate))
	{
		top_k_add(&search->top, &candidate);
		search->query.base.floor = top_k_floor(&search->top);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(search->row_memory);
}

/* rank: false when he does not fit. */
static bool
rank(MatchSearch *search, TupleTableSlot *slot, Ranked *candidate)
{
	bool is_null;
	Datum packed = slot_getattr(slot, search->facts, &is_null);
	MatchFacts facts;

	/* Without he is suspended or erased. */
	if (is_null)
		return false;
	match_facts_unpack(packed, search->facts_desc, &facts);
	if (!passes(search, &facts) || !knows_place(search, slot, &facts) || !measure(search, &facts, candidate))
		return false;

	score(search, &facts, candidate);
	candidate->id = *DatumGetUUIDP(slot_getattr(slot, search->id, &is_null));

	return true;
}

static bool
passes(const MatchSearch *search, const MatchFacts *facts)
{
	if (search->query.available_only && !facts->is_available)
		return false;
	if (match_average(facts) < search->least_average)
		return false;

	return !search->has_max_price ||
	       (facts->has_price && DatumGetBool(DirectFunctionCall2(numeric_le, facts->price, search->max_price)));
}

/* Whether he has a profile; one that came after him is looked up. */
static bool
knows_place(MatchSearch *search, TupleTableSlot *slot, MatchFacts *facts)
{
	bool is_null;
	const MatchKey *key = (const MatchKey *) DatumGetPointer(slot_getattr(slot, search->key, &is_null));

	if (!is_null && key->lat != MATCH_ANYWHERE)
		return true;

	return look_up_place(DatumGetUUIDP(slot_getattr(slot, search->id, &is_null)), facts);
}

static bool
look_up_place(const pg_uuid_t *craftsman_id, MatchFacts *facts)
{
	RowFinder craftsmen;
	RowFinder people;
	bool is_null;
	bool is_there;

	row_finder_need(&craftsmen, "craftsman_profiles", "craftsman_profiles_pkey", "id");
	row_finder_need(&people, "user_profiles", "user_profiles_user_id_unique", "user_id");

	is_there = row_finder_find(&craftsmen, craftsman_id) &&
	           row_finder_find(&people, DatumGetUUIDP(slot_getattr(craftsmen.slot,
	                                                               row_column(craftsmen.table, "user_id"), &is_null)));
	if (is_there)
	{
		Datum place = slot_getattr(people.slot, row_column(people.table, "location"), &is_null);

		facts->has_place = !is_null;
		if (!is_null)
			facts->place = datumCopy(place, false, -1);
	}
	row_finder_close(&people);
	row_finder_close(&craftsmen);

	return is_there;
}

/*
 * measure
 *		How far away he is; false when that is too far for either, or nowhere.
 */
static bool
measure(MatchSearch *search, const MatchFacts *facts, Ranked *candidate)
{
	candidate->has_metres = false;
	if (!search->has_place)
		return true;
	if (!facts->has_place)
		return false;

	search->query.base.work.distances++;
	candidate->has_metres = place_distance(&search->functions, facts->place, search->place, &candidate->metres);

	return candidate->has_metres &&
	       place_within(&search->functions, facts->place, search->place, candidate->metres,
	                    search->query.base.radius_m) &&
	       candidate->metres <= facts->radius_km * METRES_A_KM;
}

static void
score(MatchSearch *search, const MatchFacts *facts, Ranked *candidate)
{
	MatchScore score = match_score(&search->query.weights, candidate->has_metres ? &candidate->metres : NULL,
	                               search->query.base.radius_m, facts);

	candidate->score = score.total;
	candidate->parts[0] = score.proximity;
	candidate->parts[1] = score.rating;
	candidate->parts[2] = score.tier;
	candidate->parts[3] = score.responsiveness;
}

static bool
is_first(MatchSearch *search, const pg_uuid_t *id)
{
	bool is_there;

	(void) hash_search(search->seen, id, HASH_ENTER, &is_there);

	return !is_there;
}
