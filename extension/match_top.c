/*-------------------------------------------------------------------------
 *
 * match_top.c
 *		The best craftsmen for a client, exactly.
 *
 * Craftsmen come by falling bound, from the index of themselves or, where
 * trades are asked for, from that of their crafts; each is scored as he stands
 * in the caller's snapshot.  mesteri.match_reference() says what the answer
 * is, and gives it where an index is missing and for pages far behind.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/builtins.h"
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

#define METRES_A_KM 1000

typedef struct MatchSearch
{
	MatchQuery query;
	UuidSet categories;
	bool has_place;
	Datum place;
	PlaceFunctions functions;
	bool has_min_rating;
	Datum min_rating; /* numeric */
	bool has_max_price;
	Datum max_price;
	HTAB *seen; /* somebody with several of the trades comes once for each */
	MatchColumns at;
	RowFinder craftsmen;
	RowFinder profiles;
	AttrNumber location; /* of profiles */
	TopK top;
} MatchSearch;

static bool is_reference_asked(FunctionCallInfo fcinfo);
static bool search(FunctionCallInfo fcinfo, MatchSearch *search);
static void begin(FunctionCallInfo fcinfo, MatchSearch *search);
static MatchWeights read_weights(Datum row);
static Datum member(HeapTupleHeader row, const char *column);
static void walk(MatchSearch *search, Relation table, Relation index, bool is_craft);
static void consider(MatchSearch *search, TupleTableSlot *slot);
static bool passes(const MatchSearch *search, const Row *craftsman);
static bool measure(MatchSearch *search, const Row *craftsman, Ranked *candidate);
static void score(MatchSearch *search, const Row *craftsman, Ranked *candidate);
static bool is_first(MatchSearch *search, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(mesteri_match_top);

/*
 * mesteri.match_top(weights mesteri.match_weights, place geography, radius_m float8, categories uuid[],
 *					 min_rating float8, max_price numeric, available_only boolean, count integer, skip bigint)
 *		returns table (craftsman_id uuid, distance_m float8, score float8, proximity float8, rating float8, tier float8,
 *					   responsiveness float8)
 *		What match_reference() says with the same arguments, and no words.
 *
 * Errors: 22004 for a null that means nothing, 22023 for a place without coordinates.
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

	if (!row_finder_open(&search->craftsmen, "craftsman_profiles", "craftsman_profiles_pkey", "id"))
		return false;
	if (!row_finder_open(&search->profiles, "user_profiles", "user_profiles_user_id_unique", "user_id"))
	{
		row_finder_close(&search->craftsmen);
		return false;
	}

	table = table_open(get_relname_relid(name, schema), AccessShareLock);
	index = bound_index_open(table, by_craft ? "craftsman_crafts_match" : "craftsman_profiles_match",
	                         row_column(table, "match_key"), GIST_AM_OID);
	if (index != NULL)
	{
		begin(fcinfo, search);
		walk(search, table, index, by_craft);
		top_k_sort(&search->top);
	}

	table_close(table, AccessShareLock);
	row_finder_close(&search->profiles);
	row_finder_close(&search->craftsmen);

	return index != NULL;
}

static void
begin(FunctionCallInfo fcinfo, MatchSearch *search)
{
	MatchQuery *query = &search->query;
	MatchWeights weights;

	search->at = *match_columns(search->craftsmen.table);
	search->location = row_column(search->profiles.table, "location");
	weights = read_weights(PG_GETARG_DATUM(ARG_WEIGHTS));
	match_query_weights(query, &weights);
	search->has_place = !PG_ARGISNULL(ARG_PLACE);
	if (search->has_place)
	{
		Oid geography = TupleDescAttr(RelationGetDescr(search->profiles.table), search->location - 1)->atttypid;
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

	search->has_min_rating = !PG_ARGISNULL(ARG_MIN_RATING);
	query->least_stars = PG_INT32_MIN;
	if (search->has_min_rating)
	{
		search->min_rating = DirectFunctionCall1(float8_numeric, PG_GETARG_DATUM(ARG_MIN_RATING));
		query->least_stars = (int32) floor(Max(Min(PG_GETARG_FLOAT8(ARG_MIN_RATING), 1000), -1000) * 100);
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

	top_k_begin(&search->top, PG_GETARG_INT32(ARG_COUNT) + (int) PG_GETARG_INT64(ARG_SKIP), false);
	query->base.floor = top_k_floor(&search->top);
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
walk(MatchSearch *search, Relation table, Relation index, bool is_craft)
{
	AttrNumber craftsman_id = is_craft ? row_column(table, "craftsman_id") : InvalidAttrNumber;
	AttrNumber category_id = is_craft ? row_column(table, "category_id") : InvalidAttrNumber;
	BoundWalk walk;

	bound_walk_begin(&walk, &match_class, table, index, &search->query.base, search->top.size);
	while (bound_walk_next(&walk))
	{
		bool is_null;

		if (!is_craft)
			consider(search, walk.slot);
		else if (uuid_set_has(&search->categories, DatumGetUUIDP(slot_getattr(walk.slot, category_id, &is_null))))
		{
			pg_uuid_t id = *DatumGetUUIDP(slot_getattr(walk.slot, craftsman_id, &is_null));

			search->query.base.work.tuples++;
			if (is_first(search, &id) && row_finder_find(&search->craftsmen, &id))
				consider(search, search->craftsmen.slot);
		}
	}
	bound_walk_end(&walk);
}

/* slot: a craftsman. */
static void
consider(MatchSearch *search, TupleTableSlot *slot)
{
	Row craftsman = {slot->tts_values, slot->tts_isnull};
	Ranked candidate;

	slot_getsomeattrs(slot, search->at.last);
	if (!passes(search, &craftsman) || !measure(search, &craftsman, &candidate))
		return;

	score(search, &craftsman, &candidate);
	top_k_add(&search->top, &candidate);
	search->query.base.floor = top_k_floor(&search->top);
}

static bool
passes(const MatchSearch *search, const Row *craftsman)
{
	const MatchColumns *at = &search->at;
	const Datum *values = craftsman->values;
	const bool *nulls = craftsman->nulls;

	/* Without a key he is suspended or erased. */
	if (nulls[at->match_key - 1])
		return false;
	if (search->query.available_only && !DatumGetBool(values[at->is_available - 1]))
		return false;
	if (search->has_min_rating &&
	    !DatumGetBool(DirectFunctionCall2(numeric_ge, values[at->average_rating - 1], search->min_rating)))
		return false;

	return !search->has_max_price ||
	       (!nulls[at->hourly_rate_min - 1] &&
	        DatumGetBool(DirectFunctionCall2(numeric_le, values[at->hourly_rate_min - 1], search->max_price)));
}

/*
 * measure
 *		How far away he is; false when that is too far for either, nowhere, or he has no profile.
 */
static bool
measure(MatchSearch *search, const Row *craftsman, Ranked *candidate)
{
	const MatchColumns *at = &search->at;
	Datum location;
	bool is_null;

	candidate->has_metres = false;
	if (!row_finder_find(&search->profiles, DatumGetUUIDP(craftsman->values[at->user_id - 1])))
		return false;
	if (!search->has_place)
		return true;
	location = slot_getattr(search->profiles.slot, search->location, &is_null);
	if (is_null)
		return false;

	search->query.base.work.distances++;
	candidate->has_metres = place_distance(&search->functions, location, search->place, &candidate->metres);

	return candidate->has_metres &&
	       place_within(&search->functions, location, search->place, candidate->metres, search->query.base.radius_m) &&
	       candidate->metres <= (double) DatumGetInt32(craftsman->values[at->available_radius_km - 1]) * METRES_A_KM;
}

static void
score(MatchSearch *search, const Row *craftsman, Ranked *candidate)
{
	const MatchColumns *at = &search->at;
	MatchFacts facts;
	MatchScore score;

	match_facts(at, craftsman, &facts);
	score = match_score(&search->query.weights, candidate->has_metres ? &candidate->metres : NULL,
	                    search->query.base.radius_m, &facts);

	candidate->id = *DatumGetUUIDP(craftsman->values[at->id - 1]);
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
