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

#include "utils/fmgrprotos.h"

#include "match_facts.h"

static int32 number(const Row *row, AttrNumber column);

void
match_facts(const MatchColumns *at, const Row *row, MatchFacts *facts)
{
	facts->rating_sum = number(row, at->rating_sum);
	facts->total_reviews = number(row, at->total_reviews);

	facts->has_response_time = !row->nulls[at->response_time_minutes - 1];
	facts->response_time_minutes = number(row, at->response_time_minutes);

	facts->completion_rate = 0;
	if (!row->nulls[at->completion_rate - 1])
		facts->completion_rate = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8, row->values[at->completion_rate - 1]));

	facts->tier = MATCH_TIERS - 1; /* as the reference takes what it does not know */
	if (!row->nulls[at->tier - 1])
		for (int i = 0; i < MATCH_TIERS; i++)
			if (DatumGetObjectId(row->values[at->tier - 1]) == at->tiers[i])
				facts->tier = i;
}

bool
match_is_available(const MatchColumns *at, const Row *row)
{
	return !row->nulls[at->availability_status - 1] &&
	       DatumGetObjectId(row->values[at->availability_status - 1]) == at->available;
}

/* Null, which the table will refuse where it matters, counts as 0. */
static int32
number(const Row *row, AttrNumber column)
{
	return row->nulls[column - 1] ? 0 : DatumGetInt32(row->values[column - 1]);
}
