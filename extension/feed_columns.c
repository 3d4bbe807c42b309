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

#include "utils/inval.h"
#include "utils/rel.h"

#include "feed_post.h"
#include "row.h"

static FeedPostColumns columns;
static Oid columns_of; /* InvalidOid: not looked up */

static AttrNumber find(Relation posts, const char *name);
static void forget(Datum arg, Oid relation);

/* feed_post_columns: good until the next invalidation, so to be copied by who reads tables. */
const FeedPostColumns *
feed_post_columns(Relation posts)
{
	static bool registered = false;

	if (columns_of == RelationGetRelid(posts))
		return &columns;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}

	columns.last = 0;
	columns.id = find(posts, "id");
	columns.craftsman_id = find(posts, "craftsman_id");
	columns.views_count = find(posts, "views_count");
	columns.likes_count = find(posts, "likes_count");
	columns.shares_count = find(posts, "shares_count");
	columns.saves_count = find(posts, "saves_count");
	columns.category_id = find(posts, "category_id");
	columns.location = find(posts, "location");
	columns.status = find(posts, "status");
	columns.published_at = find(posts, "published_at");
	columns.feed_key = find(posts, "feed_key");
	columns.author_rating = find(posts, "author_rating");
	columns.author_active = find(posts, "author_active");
	columns.published = row_label(posts, columns.status, "published");
	columns_of = RelationGetRelid(posts);

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

static AttrNumber
find(Relation posts, const char *name)
{
	AttrNumber column = row_column(posts, name);

	columns.last = Max(columns.last, column);

	return column;
}

static void
forget(Datum arg, Oid relation)
{
	if (relation == columns_of || relation == InvalidOid)
		columns_of = InvalidOid;
}
