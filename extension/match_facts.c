/*-------------------------------------------------------------------------
 *
 * match_facts.c
 *		What a row of mesteri.craftsman_profiles says for matching.
 *
 * Generated columns are looked past, for in a BEFORE trigger they are not
 * there yet.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "executor/spi.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"

#include "match_facts.h"

static Datum column(HeapTuple tuple, TupleDesc desc, const char *name, bool *is_null);
static int32 number(HeapTuple tuple, TupleDesc desc, const char *name);
static const char *label(Datum value, NameData *name);

void
match_facts_of_tuple(HeapTuple tuple, TupleDesc desc, MatchFacts *facts)
{
	static const char *const tiers[MATCH_TIERS] = {"basic", "verified", "pro", "master"};
	bool is_null;
	Datum value;
	NameData tier;

	facts->rating_sum = number(tuple, desc, "rating_sum");
	facts->total_reviews = number(tuple, desc, "total_reviews");

	value = column(tuple, desc, "response_time_minutes", &is_null);
	facts->has_response_time = !is_null;
	facts->response_time_minutes = is_null ? 0 : DatumGetInt32(value);

	value = column(tuple, desc, "completion_rate", &is_null);
	facts->completion_rate = is_null ? 0 : DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));

	value = column(tuple, desc, "tier", &is_null);
	facts->tier = MATCH_TIERS - 1; /* as the reference takes what it does not know */
	if (!is_null && label(value, &tier) != NULL)
		for (int i = 0; i < MATCH_TIERS; i++)
			if (strcmp(NameStr(tier), tiers[i]) == 0)
				facts->tier = i;
}

bool
match_is_available(HeapTuple tuple, TupleDesc desc)
{
	bool is_null;
	Datum value = column(tuple, desc, "availability_status", &is_null);
	NameData status;

	return !is_null && label(value, &status) != NULL && strcmp(NameStr(status), "available") == 0;
}

static Datum
column(HeapTuple tuple, TupleDesc desc, const char *name, bool *is_null)
{
	int found = SPI_fnumber(desc, name);

	if (found <= 0)
		elog(ERROR, "mesteri.craftsman_profiles has no column \"%s\"", name);

	return heap_getattr(tuple, found, desc, is_null);
}

/* Null, which the table will refuse, counts as 0. */
static int32
number(HeapTuple tuple, TupleDesc desc, const char *name)
{
	bool is_null;
	Datum value = column(tuple, desc, name, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
}

static const char *
label(Datum value, NameData *name)
{
	HeapTuple tuple = SearchSysCache1(ENUMOID, value);

	if (!HeapTupleIsValid(tuple))
		return NULL;
	*name = ((Form_pg_enum) GETSTRUCT(tuple))->enumlabel;
	ReleaseSysCache(tuple);

	return NameStr(*name);
}
