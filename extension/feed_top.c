/*-------------------------------------------------------------------------
 *
 * feed_top.c
 *		The best posts for a reader, exactly.
 *
 * Posts come by falling bound; each is scored as it stands in the caller's
 * snapshot, and when no other can beat the worst of those kept, they are the
 * best.  What costs nothing is asked in the index: radius, categories, what a
 * walk has served.  The posts of few authors are looked up by their authors.
 *
 * mesteri.feed_reference() says what the answer is, and gives it where the
 * index is missing.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "bound_walk.h"
#include "feed_cursor.h"
#include "feed_post.h"
#include "place.h"
#include "ranked_rows.h"
#include "row_finder.h"
#include "top_k.h"
#include "uuid_set.h"

#define FEED_INDEX   "content_posts_feed"
#define AUTHOR_INDEX "content_posts_craftsman"

/* An author has some 25 posts, most of which cost a buffer: up to here that is less than to look for his in the index. */
#define FEED_MAX_AUTHOR_WALKS 500

#define ARG_CLOCK       0
#define ARG_WEIGHTS     1
#define ARG_PLACE       2
#define ARG_RADIUS      3
#define ARG_CATEGORIES  4
#define ARG_AUTHORS     5
#define ARG_HIDDEN      6
#define ARG_AFTER_SCORE 7
#define ARG_AFTER_ID    8
#define ARG_SERVED      9
#define ARG_COUNT       10
#define ARG_SKIP        11

typedef struct FeedSearch
{
	FeedQuery query;
	Relation posts;
	FeedPostColumns at;
	UuidSet categories;
	bool any_author;
	UuidSet authors;
	UuidSet hidden;
	bool has_after;
	Ranked after; /* score and id */
	Datum served;
	Datum place;
	PlaceFunctions functions;
	MemoryContext row_memory;
	TopK top;
} FeedSearch;

static void begin_search(FunctionCallInfo fcinfo, FeedSearch *search);
static void set_place(FunctionCallInfo fcinfo, FeedSearch *search);
static bool search_authors(FeedSearch *search);
static bool search_all(FeedSearch *search);
static void consider(FeedSearch *search, TupleTableSlot *slot);
static bool rank(FeedSearch *search, TupleTableSlot *slot, Ranked *candidate);
static bool measure(FeedSearch *search, const Datum *values, const bool *nulls, Ranked *candidate);
static void score(FeedSearch *search, const Datum *values, Ranked *candidate);
static int depth(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(mesteri_feed_top);

/*
 * mesteri.feed_top(clock timestamptz, weights mesteri.feed_weights, place geography, radius_m float8, categories uuid[],
 *					authors uuid[], hidden uuid[], after_score float8, after_id uuid, served bytea, count integer,
 *					skip integer)
 *		returns table (post_id uuid, distance_m float8, score float8, geo float8, engagement float8, rating float8,
 *					   recency float8)
 *		What feed_reference() says with the same arguments.
 *
 * Errors: 54000 when more than FEED_MAX_DEPTH posts are asked for, 22004 for a null that means nothing.
 */
Datum
mesteri_feed_top(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr reference;
	FeedSearch search = {0};
	int64 buffers_before = bound_buffers();

	InitMaterializedSRF(fcinfo, 0);
	begin_search(fcinfo, &search);

	if (search_authors(&search) || search_all(&search))
	{
		top_k_sort(&search.top);
		ranked_rows_put(fcinfo, &search.top, PG_GETARG_INT32(ARG_SKIP));
	}
	else
		ranked_rows_put_reference(
			fcinfo, &reference,
			"SELECT * FROM mesteri.feed_reference($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");

	table_close(search.posts, AccessShareLock);
	bound_work_done(&search.query.base.work, buffers_before);

	return (Datum) 0;
}

static void
begin_search(FunctionCallInfo fcinfo, FeedSearch *search)
{
	int size = depth(fcinfo);

	search->posts = table_open(get_relname_relid("content_posts", get_namespace_oid("mesteri", false)),
	                           AccessShareLock);
	search->at = *feed_post_columns(search->posts);

	feed_query_begin(&search->query, PG_GETARG_TIMESTAMPTZ(ARG_CLOCK), PG_GETARG_DATUM(ARG_WEIGHTS));
	if (!PG_ARGISNULL(ARG_PLACE))
		set_place(fcinfo, search);

	search->query.base.any_category = PG_ARGISNULL(ARG_CATEGORIES);
	if (!search->query.base.any_category)
	{
		uuid_set_make(&search->categories, PG_GETARG_ARRAYTYPE_P(ARG_CATEGORIES));
		search->query.hash_count = search->categories.count;
		search->query.hashes = bound_query_categories(&search->query.base, &search->categories);
	}

	search->any_author = PG_ARGISNULL(ARG_AUTHORS);
	if (!search->any_author)
		uuid_set_make(&search->authors, PG_GETARG_ARRAYTYPE_P(ARG_AUTHORS));
	if (!PG_ARGISNULL(ARG_HIDDEN))
	{
		/* The reference would hide everybody. */
		if (array_contains_nulls(PG_GETARG_ARRAYTYPE_P(ARG_HIDDEN)))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("hidden authors must not be null")));
		uuid_set_make(&search->hidden, PG_GETARG_ARRAYTYPE_P(ARG_HIDDEN));
	}

	/* Unpacked once: each candidate asks it. */
	search->served = PointerGetDatum(PG_GETARG_BYTEA_PP(ARG_SERVED));
	search->has_after = !PG_ARGISNULL(ARG_AFTER_ID);
	if (search->has_after)
	{
		search->after.score = PG_GETARG_FLOAT8(ARG_AFTER_SCORE);
		search->after.id = *PG_GETARG_UUID_P(ARG_AFTER_ID);
		search->query.has_ceiling = true;
		search->query.ceiling = search->after.score;
	}

	search->row_memory = AllocSetContextCreate(CurrentMemoryContext, "mesteri feed row", ALLOCSET_SMALL_SIZES);
	top_k_begin(&search->top, size, true);
	search->query.base.floor = search->query.base.likely = top_k_floor(&search->top);
}

/* depth: how many posts to rank; looks at the other arguments as well. */
static int
depth(FunctionCallInfo fcinfo)
{
	int64 size;

	if (PG_ARGISNULL(ARG_CLOCK) || PG_ARGISNULL(ARG_WEIGHTS) || PG_ARGISNULL(ARG_SERVED) || PG_ARGISNULL(ARG_COUNT) ||
	    PG_ARGISNULL(ARG_SKIP) || (!PG_ARGISNULL(ARG_PLACE) && PG_ARGISNULL(ARG_RADIUS)))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("clock, weights, served, count, skip and a place's radius must not be null")));
	if (!PG_ARGISNULL(ARG_AFTER_ID) && PG_ARGISNULL(ARG_AFTER_SCORE))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the score to go on behind must not be null")));

	size = (int64) PG_GETARG_INT32(ARG_COUNT) + PG_GETARG_INT32(ARG_SKIP);
	if (PG_GETARG_INT32(ARG_COUNT) < 1 || PG_GETARG_INT32(ARG_SKIP) < 0 || size > FEED_MAX_DEPTH)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("cannot rank so many posts"),
		                errdetail("A page and what is skipped may have 1 to %d.", FEED_MAX_DEPTH)));

	return (int) size;
}

static void
set_place(FunctionCallInfo fcinfo, FeedSearch *search)
{
	Oid geography = TupleDescAttr(RelationGetDescr(search->posts), search->at.location - 1)->atttypid;
	double lat;
	double lon;

	search->place = PG_GETARG_DATUM(ARG_PLACE);
	place_functions(geography, &search->functions);
	if (!place_read(geography, search->place, &lat, &lon))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the place to search around has no coordinates")));
	feed_query_place(&search->query, lat, lon, PG_GETARG_FLOAT8(ARG_RADIUS));
}

/*
 * search_authors
 *		By the authors' posts; false when that is not the way.
 */
static bool
search_authors(FeedSearch *search)
{
	RowFinder posts;

	if (search->any_author || search->authors.count > FEED_MAX_AUTHOR_WALKS ||
	    !row_finder_open(&posts, "content_posts", AUTHOR_INDEX, "craftsman_id"))
		return false;

	for (int i = 0; i < search->authors.count; i++)
		for (bool found = row_finder_find(&posts, &search->authors.ids[i]); found; found = row_finder_next(&posts))
		{
			bool is_null;
			Datum key = slot_getattr(posts.slot, search->at.feed_key, &is_null);
			double bound;
			bool is_beside;

			CHECK_FOR_INTERRUPTS();
			search->query.base.work.tuples++;
			if (!is_null &&
			    feed_leaf_bound((BoundLeaf *) DatumGetPointer(key), &search->query.base, get_float8_infinity(), &bound,
			                    &is_beside) &&
			    bound >= search->query.base.floor)
				consider(search, posts.slot);
		}
	row_finder_close(&posts);

	return true;
}

/* search_all: by falling bound; false when the index cannot be used. */
static bool
search_all(FeedSearch *search)
{
	Relation index = bound_index_open(search->posts, FEED_INDEX, search->at.feed_key, GIST_AM_OID);
	BoundWalk walk;

	if (index == NULL)
		return false;

	bound_walk_begin(&walk, &feed_class, search->posts, index, &search->query.base,
	                 search->any_author ? search->top.size : 0);
	while (bound_walk_next(&walk))
		consider(search, walk.slot);
	bound_walk_end(&walk);

	return true;
}

/*
 * consider
 *		Keeps a post if it may be shown and is among the best so far.
 */
static void
consider(FeedSearch *search, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(search->row_memory);
	Ranked candidate;

	if (rank(search, slot, &candidate))
	{
		top_k_add(&search->top, &candidate);
		search->query.base.floor = top_k_floor(&search->top);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(search->row_memory);
}

/* rank: false when the post may not be shown, or has been. */
static bool
rank(FeedSearch *search, TupleTableSlot *slot, Ranked *candidate)
{
	const FeedPostColumns *at = &search->at;
	const Datum *values = slot->tts_values;
	const bool *nulls = slot->tts_isnull;

	slot_getsomeattrs(slot, at->last);
	if (nulls[at->feed_key - 1] || DatumGetObjectId(values[at->status - 1]) != at->published ||
	    !DatumGetBool(values[at->author_active - 1]))
		return false;
	if (!search->query.base.any_category &&
	    (nulls[at->category_id - 1] || !uuid_set_has(&search->categories, DatumGetUUIDP(values[at->category_id - 1]))))
		return false;
	if (!search->any_author && !uuid_set_has(&search->authors, DatumGetUUIDP(values[at->craftsman_id - 1])))
		return false;
	if (uuid_set_has(&search->hidden, DatumGetUUIDP(values[at->craftsman_id - 1])))
		return false;

	if (!measure(search, values, nulls, candidate))
		return false;
	score(search, values, candidate);
	if (search->has_after && top_k_compare(&search->top, candidate, &search->after) <= 0)
		return false;

	return !DatumGetBool(DirectFunctionCall2(mesteri_feed_served_has, search->served, UUIDPGetDatum(&candidate->id)));
}

/*
 * measure
 *		How far away the post is; false when that is too far, or nowhere.
 */
static bool
measure(FeedSearch *search, const Datum *values, const bool *nulls, Ranked *candidate)
{
	Datum location = values[search->at.location - 1];

	candidate->has_metres = false;
	if (!search->query.base.place.given)
		return true;
	if (nulls[search->at.location - 1])
		return false;

	search->query.base.work.distances++;
	candidate->has_metres = place_distance(&search->functions, location, search->place, &candidate->metres);

	return candidate->has_metres &&
	       place_within(&search->functions, location, search->place, candidate->metres, search->query.base.radius_m);
}

static void
score(FeedSearch *search, const Datum *values, Ranked *candidate)
{
	const FeedPostColumns *at = &search->at;
	FeedCounters counters;
	FeedScore score;

	feed_post_counters(at, values, &counters);
	score = feed_score(&search->query.weights, search->query.clock, candidate->has_metres ? &candidate->metres : NULL,
	                   &counters, DatumGetInt16(values[at->author_rating - 1]),
	                   DatumGetTimestampTz(values[at->published_at - 1]));

	candidate->id = *DatumGetUUIDP(values[at->id - 1]);
	candidate->score = score.total;
	candidate->parts[0] = score.geo;
	candidate->parts[1] = score.engagement;
	candidate->parts[2] = score.rating;
	candidate->parts[3] = score.recency;
}
