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

#include "catalog/pg_enum.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "feed_post.h"

static FeedPostColumns columns;
static Oid columns_of; /* InvalidOid: not looked up */

static AttrNumber column(TupleDesc desc, const char *name);
static void forget(Datum arg, Oid relation);

/* feed_post_columns: good until the next invalidation, so for a call. */
const FeedPostColumns *
feed_post_columns(Relation posts)
{
	static bool registered = false;
	TupleDesc desc = RelationGetDescr(posts);

	if (columns_of == RelationGetRelid(posts))
		return &columns;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}

	columns.id = column(desc, "id");
	columns.craftsman_id = column(desc, "craftsman_id");
	columns.views_count = column(desc, "views_count");
	columns.likes_count = column(desc, "likes_count");
	columns.shares_count = column(desc, "shares_count");
	columns.saves_count = column(desc, "saves_count");
	columns.category_id = column(desc, "category_id");
	columns.location = column(desc, "location");
	columns.status = column(desc, "status");
	columns.published_at = column(desc, "published_at");
	columns.feed_key = column(desc, "feed_key");
	columns.author_rating = column(desc, "author_rating");
	columns.author_active = column(desc, "author_active");
	columns.last = Max(columns.published_at, Max(columns.feed_key, Max(columns.author_rating, columns.author_active)));
	columns.published = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
	                                    ObjectIdGetDatum(TupleDescAttr(desc, columns.status - 1)->atttypid),
	                                    CStringGetDatum("published"));
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
column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return (AttrNumber) (i + 1);

	elog(ERROR, "mesteri.content_posts has no column \"%s\"", name);
}

static void
forget(Datum arg, Oid relation)
{
	if (relation == columns_of || relation == InvalidOid)
		columns_of = InvalidOid;
}
