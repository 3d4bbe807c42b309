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

#include "utils/rel.h"

#include "match_facts.h"

static MatchColumns columns;
static RowKnown known;

/* match_columns: good until the next invalidation, so to be copied by who reads tables. */
const MatchColumns *
match_columns(Relation craftsmen)
{
	static const char *const tiers[MATCH_TIERS] = {"basic", "verified", "pro", "master"};

	if (row_is_known(&known, craftsmen))
		return &columns;

	columns.last = 0;
	columns.id = row_column_to(craftsmen, "id", &columns.last);
	columns.tier = row_column_to(craftsmen, "tier", &columns.last);
	columns.availability_status = row_column_to(craftsmen, "availability_status", &columns.last);
	columns.available_radius_km = row_column_to(craftsmen, "available_radius_km", &columns.last);
	columns.rating_sum = row_column_to(craftsmen, "rating_sum", &columns.last);
	columns.total_reviews = row_column_to(craftsmen, "total_reviews", &columns.last);
	columns.average_rating = row_column_to(craftsmen, "average_rating", &columns.last);
	columns.response_time_minutes = row_column_to(craftsmen, "response_time_minutes", &columns.last);
	columns.completion_rate = row_column_to(craftsmen, "completion_rate", &columns.last);
	columns.hourly_rate_min = row_column_to(craftsmen, "hourly_rate_min", &columns.last);
	columns.match_key = row_column_to(craftsmen, "match_key", &columns.last);
	for (int i = 0; i < MATCH_TIERS; i++)
		columns.tiers[i] = row_label(craftsmen, columns.tier, tiers[i]);
	columns.available = row_label(craftsmen, columns.availability_status, "available");
	known.table = RelationGetRelid(craftsmen);

	return &columns;
}
