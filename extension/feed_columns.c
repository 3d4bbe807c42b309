/*-------------------------------------------------------------------------
 *
 * feed_columns.c
 *		Where the columns of mesteri.content_posts stand.
 *
 * An upgrade may have added them in another order than an installation, so
 * they are found by name; once, until the table changes.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/rel.h"

#include "feed_post.h"
#include "row.h"

static FeedPostColumns columns;
static RowKnown known;

/* feed_post_columns: good until the next invalidation, so to be copied by who reads tables. */
const FeedPostColumns *
feed_post_columns(Relation posts)
{
	if (row_is_known(&known, posts))
		return &columns;

	columns.last = 0;
	columns.id = row_column_to(posts, "id", &columns.last);
	columns.craftsman_id = row_column_to(posts, "craftsman_id", &columns.last);
	columns.views_count = row_column_to(posts, "views_count", &columns.last);
	columns.likes_count = row_column_to(posts, "likes_count", &columns.last);
	columns.shares_count = row_column_to(posts, "shares_count", &columns.last);
	columns.saves_count = row_column_to(posts, "saves_count", &columns.last);
	columns.category_id = row_column_to(posts, "category_id", &columns.last);
	columns.location = row_column_to(posts, "location", &columns.last);
	columns.status = row_column_to(posts, "status", &columns.last);
	columns.published_at = row_column_to(posts, "published_at", &columns.last);
	columns.feed_key = row_column_to(posts, "feed_key", &columns.last);
	columns.author_rating = row_column_to(posts, "author_rating", &columns.last);
	columns.author_active = row_column_to(posts, "author_active", &columns.last);
	columns.published = row_label(posts, columns.status, "published");
	known.table = RelationGetRelid(posts);

	return &columns;
}

/* feed_post_counters: values of a whole row. */
void
feed_post_counters(const FeedPostColumns *at, const Datum *values, FeedCounters *counters)
{
	counters->likes = DatumGetInt32(values[at->likes_count - 1]);
	counters->views = DatumGetInt32(values[at->views_count - 1]);
	counters->saves = DatumGetInt32(values[at->saves_count - 1]);
	counters->shares = DatumGetInt32(values[at->shares_count - 1]);
}
