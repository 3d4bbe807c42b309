/*-------------------------------------------------------------------------
 *
 * match_row.c
 *		Keeps the keys of craftsmen true, whoever writes.
 *
 * A craftsman's key stands in his row and, with the hash of the trade, in
 * each row of his crafts: the one index serves searches of all trades, the
 * other those of some.  Beside each stand the facts that he is scored by, so
 * that a search reads no other row.  What they say of his own row is recomputed
 * each time; his place and whether his account is active are kept from the old
 * ones, and looked up where there are none.  Whoever looks something up locks it FOR
 * SHARE, so that a change of it waits and then sees the key.
 *
 * In the key all is rounded up by steps, so that most updates leave it as it is
 * and are HOT.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "match_facts.h"
#include "match_key.h"
#include "place.h"
#include "row.h"
#include "spi_util.h"

#define NO_FACTS ((Datum) 0)

static MatchKey *make_key(const MatchFacts *facts);
static int32 cheapness(Datum price);
static int32 reviews_edge(int32 count, bool up);
static bool keep_place(TriggerData *trigger, MatchKey *key, MatchFacts *facts);
static bool find_place(HeapTuple tuple, Relation craftsmen, bool is_insert, MatchKey *key, MatchFacts *facts);
static bool take_place(HeapTuple tuple, Relation craftsmen, MatchKey *key, MatchFacts *facts);
static bool is_active(Datum user_id);
static const MatchKey *key_of(HeapTuple tuple, Relation table);
static Datum facts_of(HeapTuple tuple, Relation table);
static bool same_key(const MatchKey *a, const MatchKey *b);
static bool same_facts(Datum a, Datum b);
static bool same_value(TriggerData *trigger, const char *column);
static HeapTuple with_key(HeapTuple tuple, Relation table, const MatchKey *key, Datum facts);
static Datum pack(Relation table, const MatchFacts *facts);
static Datum value_of(HeapTuple tuple, Relation table, const char *column, bool *is_null);
static void run(SPIPlanPtr *plan, const char *sql, Datum id);
static TriggerData *trigger_of(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(mesteri_match_craftsman_changes);
PG_FUNCTION_INFO_V1(mesteri_match_craftsman_changed);
PG_FUNCTION_INFO_V1(mesteri_match_craft_changes);
PG_FUNCTION_INFO_V1(mesteri_match_person_changed);

/*
 * mesteri.match_craftsman_changes() returns trigger
 *		BEFORE INSERT OR UPDATE of a craftsman: his key and facts.
 */
Datum
mesteri_match_craftsman_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	bool is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	HeapTuple tuple = is_insert ? trigger->tg_trigtuple : trigger->tg_newtuple;
	Row row = row_of_tuple(tuple, RelationGetDescr(table));
	MatchFacts facts;
	MatchKey *key;

	match_facts(match_columns(table), &row, &facts);
	key = make_key(&facts);
	if (!(!is_insert && keep_place(trigger, key, &facts)) && !find_place(tuple, table, is_insert, key, &facts))
		return PointerGetDatum(with_key(tuple, table, NULL, NO_FACTS));

	return PointerGetDatum(with_key(tuple, table, key, pack(table, &facts)));
}

/*
 * mesteri.match_craftsman_changed() returns trigger
 *		AFTER UPDATE of a craftsman: keys and facts of his crafts, when his own changed.
 */
Datum
mesteri_match_craftsman_changed(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan;
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	bool is_null;

	if (!same_key(key_of(trigger->tg_trigtuple, table), key_of(trigger->tg_newtuple, table)) ||
	    !same_facts(facts_of(trigger->tg_trigtuple, table), facts_of(trigger->tg_newtuple, table)))
		run(&plan, "UPDATE mesteri.craftsman_crafts SET match_key = NULL WHERE craftsman_id = $1",
		    value_of(trigger->tg_newtuple, table, "id", &is_null));

	return PointerGetDatum(NULL);
}

/*
 * mesteri.match_craft_changes() returns trigger
 *		BEFORE INSERT OR UPDATE of a craft: the craftsman's key with its category, and his facts.
 */
Datum
mesteri_match_craft_changes(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan;
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	HeapTuple tuple = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? trigger->tg_trigtuple : trigger->tg_newtuple;
	MatchKey *key = NULL;
	Datum facts = NO_FACTS;
	bool no_craftsman;
	bool no_category;
	Datum craftsman_id = value_of(tuple, table, "craftsman_id", &no_craftsman);
	Datum category_id = value_of(tuple, table, "category_id", &no_category);

	if (!no_craftsman && !no_category)
	{
		SPI_connect();
		if (plan == NULL)
			plan = spi_keep("SELECT match_key, match_facts FROM mesteri.craftsman_profiles WHERE id = $1 FOR SHARE", 1,
			                &(Oid){UUIDOID});
		spi_write_as_owner(plan, &craftsman_id, SPI_OK_SELECT);
		if (SPI_processed > 0)
		{
			bool is_null;
			Datum found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

			if (!is_null)
				key = (MatchKey *) DatumGetPointer(SPI_datumTransfer(found, false, -1));
			found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null);
			if (!is_null)
				facts = SPI_datumTransfer(found, false, -1);
		}
		SPI_finish();
	}
	if (key != NULL)
		key->category = bound_category_hash(DatumGetUUIDP(category_id));

	return PointerGetDatum(with_key(tuple, table, key, facts));
}

/*
 * mesteri.match_person_changed(person, value) returns trigger
 *		AFTER UPDATE of an account, AFTER UPDATE OR DELETE of a profile: the key of that person as a craftsman.
 *
 * person: the column that names him.  value: the one that matters, if the
 * trigger does not know itself.
 */
Datum
mesteri_match_person_changed(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan;
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	const char *column;
	const char *change = "UPDATE mesteri.craftsman_profiles SET match_key = NULL WHERE user_id = $1";
	bool is_null;

	if (trigger->tg_trigger->tgnargs < 1)
		elog(ERROR, "match_person_changed must be told the column of the person");
	column = trigger->tg_trigger->tgargs[0];

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		if (trigger->tg_trigger->tgnargs > 1 && same_value(trigger, column) &&
		    same_value(trigger, trigger->tg_trigger->tgargs[1]))
			return PointerGetDatum(NULL);
		run(&plan, change, value_of(trigger->tg_newtuple, table, column, &is_null));
		if (same_value(trigger, column))
			return PointerGetDatum(NULL);
	}
	run(&plan, change, value_of(trigger->tg_trigtuple, table, column, &is_null));

	return PointerGetDatum(NULL);
}

/* make_key: of all but his place. */
static MatchKey *
make_key(const MatchFacts *facts)
{
	MatchKey *key = palloc0(sizeof(MatchKey));
	double stars;

	SET_VARSIZE(key, sizeof(MatchKey));
	/* The average is shown rounded to hundredths, half up, but counts as it is. */
	stars = facts->total_reviews > 0 ? 100.0 * facts->rating_sum / facts->total_reviews : 0;
	key->stars = (uint16) (ceil((stars + 0.5) / MATCH_STARS_STEP) * MATCH_STARS_STEP);
	if (facts->total_reviews == 0)
		key->stars = 0;
	key->most_reviews = reviews_edge(facts->total_reviews, true);
	key->few_reviews = reviews_edge(facts->total_reviews, false);
	key->tier = (uint8) facts->tier;
	key->response = (uint16) ceil(match_responsiveness(facts) * MATCH_RESPONSE_UNITS);
	key->is_available = facts->is_available;
	key->radius_km = (uint16) Min(facts->radius_km, PG_UINT16_MAX);
	key->cheapness = facts->has_price ? cheapness(facts->price) : MATCH_NO_PRICE;

	return key;
}

/* cheapness: minus the price, rounded up; NaN is above all prices. */
static int32
cheapness(Datum price)
{
	double lei = floor(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, price)));

	return lei < PG_INT32_MAX ? -(int32) lei : -PG_INT32_MAX;
}

/*
 * reviews_edge
 *		The nearest number of a series that grows by a quarter, not below or not above count.
 */
static int32
reviews_edge(int32 count, bool up)
{
	int64 edge = 0;
	int64 below = 0;

	while (edge < count)
	{
		below = edge;
		edge += Max(edge / 4, 1);
	}

	return (int32) Min(up || edge == count ? edge : below, PG_INT32_MAX);
}

/* keep_place: as it was, if place and account of the row are those that key and facts were made for. */
static bool
keep_place(TriggerData *trigger, MatchKey *key, MatchFacts *facts)
{
	Relation table = trigger->tg_relation;
	const MatchKey *old = key_of(trigger->tg_trigtuple, table);
	Datum old_facts = facts_of(trigger->tg_trigtuple, table);

	if (old == NULL || !same_key(old, key_of(trigger->tg_newtuple, table)) || old_facts == NO_FACTS ||
	    !same_facts(old_facts, facts_of(trigger->tg_newtuple, table)) || !same_value(trigger, "user_id"))
		return false;

	return take_place(trigger->tg_trigtuple, table, key, facts);
}

/*
 * find_place
 *		Place of the person; false when the account is not active.
 *
 * A profile may come later than the craftsman: as in a dump, whose rows bring
 * their keys and facts along, or else his place is anywhere.
 */
static bool
find_place(HeapTuple tuple, Relation craftsmen, bool is_insert, MatchKey *key, MatchFacts *facts)
{
	static SPIPlanPtr plan;
	bool is_null;
	Datum user_id = value_of(tuple, craftsmen, "user_id", &is_null);
	bool active;

	if (is_null)
		return false;

	key->lat = key->lon = MATCH_ANYWHERE;
	if (is_insert)
		(void) take_place(tuple, craftsmen, key, facts);

	SPI_connect();
	active = is_active(user_id);
	if (plan == NULL)
		plan = spi_keep("SELECT location FROM mesteri.user_profiles WHERE user_id = $1 FOR SHARE", 1, &(Oid){UUIDOID});
	if (active)
		spi_write_as_owner(plan, &user_id, SPI_OK_SELECT);
	if (active && SPI_processed > 0)
	{
		Datum place = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

		facts->has_place = !is_null &&
		                   place_units(SPI_gettypeid(SPI_tuptable->tupdesc, 1), place, &key->lat, &key->lon);
		if (facts->has_place)
			facts->place = SPI_datumTransfer(place, false, -1);
		else
			key->lat = key->lon = BOUND_NOWHERE;
	}
	SPI_finish();

	return active;
}

/* take_place: that of a row's key and facts; false, and nothing, if it does not have both or they do not agree. */
static bool
take_place(HeapTuple tuple, Relation craftsmen, MatchKey *key, MatchFacts *facts)
{
	const MatchKey *old = key_of(tuple, craftsmen);
	Datum packed = facts_of(tuple, craftsmen);
	TupleDesc desc;
	Oid geography;
	MatchFacts old_facts;
	int32 lat = BOUND_NOWHERE;
	int32 lon = BOUND_NOWHERE;

	if (old == NULL || packed == NO_FACTS)
		return false;
	desc = match_facts_desc(craftsmen);
	geography = TupleDescAttr(desc, MATCH_FACT_PLACE)->atttypid;
	match_facts_unpack(packed, desc, &old_facts);
	ReleaseTupleDesc(desc);
	if (old_facts.has_place && !place_units(geography, old_facts.place, &lat, &lon))
		return false;
	if (old->lat == MATCH_ANYWHERE ? old_facts.has_place : old->lat != lat || old->lon != lon)
		return false;

	key->lat = old->lat;
	key->lon = old->lon;
	facts->has_place = old_facts.has_place;
	facts->place = old_facts.place;

	return true;
}

/* Within SPI. */
static bool
is_active(Datum user_id)
{
	static SPIPlanPtr plan;
	bool is_null;

	if (plan == NULL)
		plan = spi_keep("SELECT is_active AND deleted_at IS NULL FROM mesteri.users WHERE id = $1 FOR SHARE", 1,
		                &(Oid){UUIDOID});
	spi_write_as_owner(plan, &user_id, SPI_OK_SELECT);

	return SPI_processed > 0 && DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

static const MatchKey *
key_of(HeapTuple tuple, Relation table)
{
	bool is_null;
	Datum key = value_of(tuple, table, "match_key", &is_null);

	return is_null || VARSIZE(DatumGetPointer(key)) != sizeof(MatchKey) ? NULL : (MatchKey *) DatumGetPointer(key);
}

/* facts_of: NO_FACTS for null. */
static Datum
facts_of(HeapTuple tuple, Relation table)
{
	bool is_null;
	Datum facts = value_of(tuple, table, "match_facts", &is_null);

	return is_null ? NO_FACTS : facts;
}

static bool
same_key(const MatchKey *a, const MatchKey *b)
{
	return a == b || (a != NULL && b != NULL && memcmp(a, b, sizeof(MatchKey)) == 0);
}

static bool
same_facts(Datum a, Datum b)
{
	return a == b || (a != NO_FACTS && b != NO_FACTS && match_facts_same(a, b));
}

/* same_value: before and after an update. */
static bool
same_value(TriggerData *trigger, const char *column)
{
	Relation table = trigger->tg_relation;
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), row_column(table, column) - 1);
	bool old_is_null;
	bool new_is_null;
	Datum old_value = value_of(trigger->tg_trigtuple, table, column, &old_is_null);
	Datum new_value = value_of(trigger->tg_newtuple, table, column, &new_is_null);

	return old_is_null == new_is_null &&
	       (old_is_null || datumIsEqual(old_value, new_value, attribute->attbyval, attribute->attlen));
}

static HeapTuple
with_key(HeapTuple tuple, Relation table, const MatchKey *key, Datum facts)
{
	int columns[] = {row_column(table, "match_key"), row_column(table, "match_facts")};
	Datum values[] = {PointerGetDatum(key), facts};
	bool nulls[] = {key == NULL, facts == NO_FACTS};

	if (same_key(key_of(tuple, table), key) && same_facts(facts_of(tuple, table), facts))
		return tuple;

	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(table), lengthof(columns), columns, values, nulls);
}

static Datum
pack(Relation table, const MatchFacts *facts)
{
	TupleDesc desc = match_facts_desc(table);
	Datum packed = match_facts_pack(facts, desc);

	ReleaseTupleDesc(desc);

	return packed;
}

static Datum
value_of(HeapTuple tuple, Relation table, const char *column, bool *is_null)
{
	return heap_getattr(tuple, row_column(table, column), RelationGetDescr(table), is_null);
}

static void
run(SPIPlanPtr *plan, const char *sql, Datum id)
{
	SPI_connect();
	if (*plan == NULL)
		*plan = spi_keep(sql, 1, &(Oid){UUIDOID});
	spi_write_as_owner(*plan, &id, SPI_OK_UPDATE);
	SPI_finish();
}

static TriggerData *
trigger_of(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED), errmsg("this is a trigger for rows")));

	return (TriggerData *) fcinfo->context;
}
