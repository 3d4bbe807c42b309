/*-------------------------------------------------------------------------
 *
 * match_row.c
 *		Keeps the keys of craftsmen true, whoever writes.
 *
 * A craftsman's key stands in his row and, with the hash of the trade, in
 * each row of his crafts: the one index serves searches of all trades, the
 * other those of some.  What the key says of his own row is recomputed each
 * time; his place and whether his account is active are kept from the old key,
 * and looked up where there is none.  Whoever looks something up locks it FOR
 * SHARE, so that a change of it waits and then sees the key.
 *
 * All is rounded up by steps, so that most updates leave the key as it is and
 * are HOT.
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

static MatchKey *make_key(const MatchColumns *at, const Row *row);
static int32 cheapness(Datum price);
static int32 reviews_edge(int32 count, bool up);
static const MatchKey *kept_key(TriggerData *trigger);
static bool find_place(HeapTuple tuple, Relation craftsmen, bool is_insert, MatchKey *key);
static bool is_active(Datum user_id);
static const MatchKey *key_of(HeapTuple tuple, Relation table);
static bool same_key(const MatchKey *a, const MatchKey *b);
static bool same_value(TriggerData *trigger, const char *column);
static HeapTuple with_key(HeapTuple tuple, Relation table, const MatchKey *key);
static Datum value_of(HeapTuple tuple, Relation table, const char *column, bool *is_null);
static void run(SPIPlanPtr *plan, const char *sql, Datum id);
static TriggerData *trigger_of(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(mesteri_match_craftsman_changes);
PG_FUNCTION_INFO_V1(mesteri_match_craftsman_changed);
PG_FUNCTION_INFO_V1(mesteri_match_craft_changes);
PG_FUNCTION_INFO_V1(mesteri_match_person_changed);

/*
 * mesteri.match_craftsman_changes() returns trigger
 *		BEFORE INSERT OR UPDATE of a craftsman: his key.
 */
Datum
mesteri_match_craftsman_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	bool is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	HeapTuple tuple = is_insert ? trigger->tg_trigtuple : trigger->tg_newtuple;
	const MatchKey *kept = is_insert ? NULL : kept_key(trigger);
	Row row = row_of_tuple(tuple, RelationGetDescr(table));
	MatchKey *key = make_key(match_columns(table), &row);

	if (kept != NULL)
	{
		key->lat = kept->lat;
		key->lon = kept->lon;
	}
	else if (!find_place(tuple, table, is_insert, key))
		key = NULL;

	return PointerGetDatum(with_key(tuple, table, key));
}

/*
 * mesteri.match_craftsman_changed() returns trigger
 *		AFTER UPDATE of a craftsman: the keys of his crafts, when his own changed.
 */
Datum
mesteri_match_craftsman_changed(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan;
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	bool is_null;

	if (!same_key(key_of(trigger->tg_trigtuple, table), key_of(trigger->tg_newtuple, table)))
		run(&plan, "UPDATE mesteri.craftsman_crafts SET match_key = NULL WHERE craftsman_id = $1",
		    value_of(trigger->tg_newtuple, table, "id", &is_null));

	return PointerGetDatum(NULL);
}

/*
 * mesteri.match_craft_changes() returns trigger
 *		BEFORE INSERT OR UPDATE of a craft: the craftsman's key with its category.
 */
Datum
mesteri_match_craft_changes(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan;
	TriggerData *trigger = trigger_of(fcinfo);
	Relation table = trigger->tg_relation;
	HeapTuple tuple = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? trigger->tg_trigtuple : trigger->tg_newtuple;
	MatchKey *key = NULL;
	bool no_craftsman;
	bool no_category;
	Datum craftsman_id = value_of(tuple, table, "craftsman_id", &no_craftsman);
	Datum category_id = value_of(tuple, table, "category_id", &no_category);

	if (!no_craftsman && !no_category)
	{
		SPI_connect();
		if (plan == NULL)
			plan = spi_keep("SELECT match_key FROM mesteri.craftsman_profiles WHERE id = $1 FOR SHARE", 1,
			                &(Oid){UUIDOID});
		spi_write_as_owner(plan, &craftsman_id, SPI_OK_SELECT);
		if (SPI_processed > 0)
		{
			bool is_null;
			Datum found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

			if (!is_null)
				key = (MatchKey *) DatumGetPointer(SPI_datumTransfer(found, false, -1));
		}
		SPI_finish();
	}
	if (key != NULL)
		key->category = bound_category_hash(DatumGetUUIDP(category_id));

	return PointerGetDatum(with_key(tuple, table, key));
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

/* make_key: of what the row says itself. */
static MatchKey *
make_key(const MatchColumns *at, const Row *row)
{
	MatchKey *key = palloc0(sizeof(MatchKey));
	MatchFacts facts;
	double stars;

	SET_VARSIZE(key, sizeof(MatchKey));
	match_facts(at, row, &facts);
	/* The average is shown rounded to hundredths, half up, but counts as it is. */
	stars = facts.total_reviews > 0 ? 100.0 * facts.rating_sum / facts.total_reviews : 0;
	key->stars = (uint16) (ceil((stars + 0.5) / MATCH_STARS_STEP) * MATCH_STARS_STEP);
	if (facts.total_reviews == 0)
		key->stars = 0;
	key->most_reviews = reviews_edge(facts.total_reviews, true);
	key->few_reviews = reviews_edge(facts.total_reviews, false);
	key->tier = (uint8) facts.tier;
	key->response = (uint16) ceil(match_responsiveness(&facts) * MATCH_RESPONSE_UNITS);
	key->is_available = match_is_available(at, row);

	if (!row->nulls[at->available_radius_km - 1])
		key->radius_km = (uint16) Min(DatumGetInt32(row->values[at->available_radius_km - 1]), PG_UINT16_MAX);
	key->cheapness = row->nulls[at->hourly_rate_min - 1] ? MATCH_NO_PRICE
	                                                     : cheapness(row->values[at->hourly_rate_min - 1]);

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

/* kept_key: the old key, if place and account of the row are those that it was made for. */
static const MatchKey *
kept_key(TriggerData *trigger)
{
	Relation table = trigger->tg_relation;
	const MatchKey *old = key_of(trigger->tg_trigtuple, table);

	if (old == NULL || !same_key(old, key_of(trigger->tg_newtuple, table)) || !same_value(trigger, "user_id"))
		return NULL;

	return old;
}

/*
 * find_place
 *		Place of the person; false when the account is not active.
 *
 * A profile may come later than the craftsman: as in a dump, whose rows bring
 * their keys along, or else his place is anywhere.
 */
static bool
find_place(HeapTuple tuple, Relation craftsmen, bool is_insert, MatchKey *key)
{
	static SPIPlanPtr plan;
	const MatchKey *given = is_insert ? key_of(tuple, craftsmen) : NULL;
	bool is_null;
	Datum user_id = value_of(tuple, craftsmen, "user_id", &is_null);
	bool active;

	if (is_null)
		return false;

	key->lat = given != NULL ? given->lat : MATCH_ANYWHERE;
	key->lon = given != NULL ? given->lon : MATCH_ANYWHERE;

	SPI_connect();
	active = is_active(user_id);
	if (plan == NULL)
		plan = spi_keep("SELECT location FROM mesteri.user_profiles WHERE user_id = $1 FOR SHARE", 1, &(Oid){UUIDOID});
	if (active)
		spi_write_as_owner(plan, &user_id, SPI_OK_SELECT);
	if (active && SPI_processed > 0)
	{
		Datum place = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
		double lat;
		double lon;

		if (is_null || !place_read(SPI_gettypeid(SPI_tuptable->tupdesc, 1), place, &lat, &lon) ||
		    !bound_point(lat, lon, &key->lat, &key->lon))
			key->lat = key->lon = BOUND_NOWHERE;
	}
	SPI_finish();

	return active;
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

static bool
same_key(const MatchKey *a, const MatchKey *b)
{
	return a == b || (a != NULL && b != NULL && memcmp(a, b, sizeof(MatchKey)) == 0);
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
with_key(HeapTuple tuple, Relation table, const MatchKey *key)
{
	int column = row_column(table, "match_key");
	Datum value = PointerGetDatum(key);
	bool is_null = key == NULL;

	if (same_key(key_of(tuple, table), key))
		return tuple;

	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(table), 1, &column, &value, &is_null);
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
