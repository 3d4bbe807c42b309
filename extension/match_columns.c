/*-------------------------------------------------------------------------
 *
 * match_columns.c
 *		Where the columns of mesteri.craftsman_profiles stand.
 *
 * Found by name once, until the table changes, as feed_columns.c does for
 * posts.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/inval.h"
#include "utils/rel.h"

#include "match_facts.h"

static MatchColumns columns;
static Oid columns_of; /* InvalidOid: not looked up */

static AttrNumber find(Relation craftsmen, const char *name);
static void forget(Datum arg, Oid relation);

/* match_columns: good until the next invalidation, so to be copied by who reads tables. */
const MatchColumns *
match_columns(Relation craftsmen)
{
	static const char *const tiers[MATCH_TIERS] = {"basic", "verified", "pro", "master"};
	static bool registered = false;

	if (columns_of == RelationGetRelid(craftsmen))
		return &columns;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}

	columns.last = 0;
	columns.id = find(craftsmen, "id");
	columns.user_id = find(craftsmen, "user_id");
	columns.tier = find(craftsmen, "tier");
	columns.availability_status = find(craftsmen, "availability_status");
	columns.is_available = find(craftsmen, "is_available");
	columns.available_radius_km = find(craftsmen, "available_radius_km");
	columns.rating_sum = find(craftsmen, "rating_sum");
	columns.total_reviews = find(craftsmen, "total_reviews");
	columns.average_rating = find(craftsmen, "average_rating");
	columns.response_time_minutes = find(craftsmen, "response_time_minutes");
	columns.completion_rate = find(craftsmen, "completion_rate");
	columns.hourly_rate_min = find(craftsmen, "hourly_rate_min");
	columns.match_key = find(craftsmen, "match_key");
	for (int i = 0; i < MATCH_TIERS; i++)
		columns.tiers[i] = row_label(craftsmen, columns.tier, tiers[i]);
	columns.available = row_label(craftsmen, columns.availability_status, "available");
	columns_of = RelationGetRelid(craftsmen);

	return &columns;
}

static AttrNumber
find(Relation craftsmen, const char *name)
{
	AttrNumber column = row_column(craftsmen, name);

	columns.last = Max(columns.last, column);

	return column;
}

static void
forget(Datum arg, Oid relation)
{
	if (relation == columns_of || relation == InvalidOid)
		columns_of = InvalidOid;
}
