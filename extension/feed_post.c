/*-------------------------------------------------------------------------
 *
 * feed_post.c
 *		Keeps the feed's columns of a post true, whoever writes.
 *
 * feed_key	bounds what the post scores; null: it is not in the feed.
 * author_rating, author_active	are copies from the author's rows, so that
 *		ranking needs no look at them.
 *
 * The key keeps its bytes while counters and rating stay within the range it
 * was made for, because an update is HOT only while indexed columns do not
 * change.  The ranges reach farther down than up: readers who only look push
 * a post's engagement down, a little each, and how high it may rise is what
 * the index's quality hangs on.
 *
 * Copies stay true under concurrency because whoever makes one locks its
 * source: a new post shares the row of its author until it commits, so that
 * a change of that waits, and then sees the post.  Of the account that row
 * says enough: it has a key as long as that is active, see match_row.c.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "feed_key.h"
#include "feed_post.h"
#include "match_facts.h"
#include "place.h"
#include "row.h"
#include "row_finder.h"
#include "spi_util.h"

/* Room within which a key stays as it is. */
#define ENGAGEMENT_ROOM_UP   0.005 /* ratio */
#define ENGAGEMENT_ROOM_DOWN 0.012
#define STARS_ROOM           2 /* hundredths */
#define STARS_PER_UNIT       (FEED_MAX_STARS / FEED_RATING_UNITS)

typedef struct Author
{
	int16 rating; /* hundredths of a star */
	bool active;
} Author;

static bool copies_change; /* our own statement changes them */

static FeedKey *make_key(const FeedPostColumns *at, TupleDesc desc, const Row *row, const Row *old, int stars);
static void keep_key(FeedKey *key, const FeedKey *old, double engagement, int stars);
static HeapTuple fill_in(const FeedPostColumns *at, HeapTuple tuple, TupleDesc desc, const Row *row, Author author,
                         FeedKey *key);
static void set_place(FeedKey *key, Oid geography, Datum place);
static int32 minutes_up(TimestampTz moment);
static bool is_published(const FeedPostColumns *at, const Row *row);
static bool same_author(const FeedPostColumns *at, const Row *old, const Row *row);
static Author find_author(const pg_uuid_t *id, bool is_own);
static Author read_author(const MatchColumns *at, const Row *craftsman);
static void check_trigger(FunctionCallInfo fcinfo, const char *name);

PG_FUNCTION_INFO_V1(mesteri_feed_post_changes);
PG_FUNCTION_INFO_V1(mesteri_feed_author_changed);

/*
 * mesteri.feed_post_changes() returns trigger
 *		BEFORE INSERT OR UPDATE of a post: its copies and its key.
 */
Datum
mesteri_feed_post_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc desc;
	FeedPostColumns at; /* a copy: finding the author may read the catalog */
	HeapTuple result;
	Row row;
	Row old = {NULL, NULL};
	Author author;
	FeedKey *key;

	check_trigger(fcinfo, "feed_post_changes");
	desc = RelationGetDescr(trigger->tg_relation);
	at = *feed_post_columns(trigger->tg_relation);
	result = trigger->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		old = row_of_tuple(trigger->tg_trigtuple, desc);
		result = trigger->tg_newtuple;
	}
	row = row_of_tuple(result, desc);

	author.rating = DatumGetInt16(row.values[at.author_rating - 1]);
	author.active = DatumGetBool(row.values[at.author_active - 1]);
	if (row.nulls[at.craftsman_id - 1])
		author = (Author){0, false}; /* which the table will refuse */
	else if (old.values == NULL || (!copies_change && !same_author(&at, &old, &row)))
		author = find_author(DatumGetUUIDP(row.values[at.craftsman_id - 1]), false);
	key = author.active && is_published(&at, &row) ? make_key(&at, desc, &row, &old, author.rating) : NULL;

	return PointerGetDatum(fill_in(&at, result, desc, &row, author, key));
}

/*
 * mesteri.feed_author_changed() returns trigger
 *		AFTER UPDATE of a craftsman's rating or of whether he is active: the copies in all his posts.
 *
 * He is looked up: another trigger of the same statement may have changed him
 * since, and told his posts before this event comes up.
 *
 * Posts are locked in the order of their ids, as batches of views do it.
 */
Datum
mesteri_feed_author_changed(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr lock;
	static SPIPlanPtr change;
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid types[] = {UUIDOID, INT2OID, BOOLOID};
	bool is_null;
	Author author;
	Datum values[3];

	check_trigger(fcinfo, "feed_author_changed");
	values[0] = heap_getattr(trigger->tg_newtuple, match_columns(trigger->tg_relation)->id,
	                         RelationGetDescr(trigger->tg_relation), &is_null);
	author = find_author(DatumGetUUIDP(values[0]), true);
	values[1] = Int16GetDatum(author.rating);
	values[2] = BoolGetDatum(author.active);

	SPI_connect();
	if (lock == NULL)
		lock = spi_keep("SELECT FROM mesteri.content_posts"
		                " WHERE craftsman_id = $1 AND (author_rating <> $2 OR author_active <> $3)"
		                " ORDER BY id FOR NO KEY UPDATE",
		                lengthof(types), types);
	if (change == NULL)
		change = spi_keep("UPDATE mesteri.content_posts SET author_rating = $2, author_active = $3"
		                  " WHERE craftsman_id = $1 AND (author_rating <> $2 OR author_active <> $3)",
		                  lengthof(types), types);
	spi_write_as_owner(lock, values, SPI_OK_SELECT);
	PG_TRY();
	{
		copies_change = true;
		spi_write_as_owner(change, values, SPI_OK_UPDATE);
	}
	PG_FINALLY();
	{
		copies_change = false;
	}
	PG_END_TRY();
	SPI_finish();

	return PointerGetDatum(NULL);
}

/*
 * make_key
 *		The post's key; that of the old row, if there is one, where it still holds.
 */
static FeedKey *
make_key(const FeedPostColumns *at, TupleDesc desc, const Row *row, const Row *old, int stars)
{
	FeedKey *key = feed_key_make();
	FeedCounters counters;
	double engagement;

	if (!row->nulls[at->location - 1])
		set_place(key, TupleDescAttr(desc, at->location - 1)->atttypid, row->values[at->location - 1]);
	if (!row->nulls[at->category_id - 1])
		key->category = bound_category_hash(DatumGetUUIDP(row->values[at->category_id - 1]));
	key->published = minutes_up(DatumGetTimestampTz(row->values[at->published_at - 1]));

	feed_post_counters(at, row->values, &counters);
	engagement = feed_engagement(&counters);
	key->engagement_low = (uint8) Max(floor((engagement - ENGAGEMENT_ROOM_DOWN) * FEED_ENGAGEMENT_UNITS), 0);
	key->engagement_high = (uint8) Min(ceil((engagement + ENGAGEMENT_ROOM_UP) * FEED_ENGAGEMENT_UNITS),
	                                   FEED_ENGAGEMENT_UNITS / 2);
	key->rating_low = (uint8) (Max(stars - STARS_ROOM, 0) / STARS_PER_UNIT);
	key->rating_high = (uint8) (Min(stars + STARS_ROOM + STARS_PER_UNIT - 1, FEED_MAX_STARS) / STARS_PER_UNIT);

	/* An inserted row may bring the key it was dumped with. */
	if (old->values == NULL)
		old = row;
	if (!old->nulls[at->feed_key - 1])
		keep_key(key, (FeedKey *) DatumGetPointer(old->values[at->feed_key - 1]), engagement, stars);

	return key;
}

/*
 * keep_key
 *		Makes key the old one if that holds as well.
 *
 * One that has to change is made anew as a whole, as tight as can be.
 */
static void
keep_key(FeedKey *key, const FeedKey *old, double engagement, int stars)
{
	FeedKey kept = *key;

	if (engagement * FEED_ENGAGEMENT_UNITS >= old->engagement_low &&
	    engagement * FEED_ENGAGEMENT_UNITS <= old->engagement_high)
	{
		kept.engagement_low = old->engagement_low;
		kept.engagement_high = old->engagement_high;
	}
	if (stars >= old->rating_low * STARS_PER_UNIT && stars <= old->rating_high * STARS_PER_UNIT)
	{
		kept.rating_low = old->rating_low;
		kept.rating_high = old->rating_high;
	}
	if (VARSIZE(old) == sizeof(FeedKey) && memcmp(&kept, old, sizeof(FeedKey)) == 0)
		*key = kept;
}

/* fill_in: the tuple itself when it says so already, as that of an update that changes nothing here does. */
static HeapTuple
fill_in(const FeedPostColumns *at, HeapTuple tuple, TupleDesc desc, const Row *row, Author author, FeedKey *key)
{
	int columns[] = {at->author_rating, at->author_active, at->feed_key};
	Datum values[] = {Int16GetDatum(author.rating), BoolGetDatum(author.active), PointerGetDatum(key)};
	bool nulls[] = {false, false, key == NULL};
	bool same = key == NULL ? row->nulls[at->feed_key - 1]
	                        : !row->nulls[at->feed_key - 1] &&
	                              memcmp(DatumGetPointer(row->values[at->feed_key - 1]), key, sizeof(FeedKey)) == 0;

	if (same && !row->nulls[at->author_rating - 1] &&
	    DatumGetInt16(row->values[at->author_rating - 1]) == author.rating && !row->nulls[at->author_active - 1] &&
	    DatumGetBool(row->values[at->author_active - 1]) == author.active)
		return tuple;

	return heap_modify_tuple_by_cols(tuple, desc, lengthof(columns), columns, values, nulls);
}

static void
set_place(FeedKey *key, Oid geography, Datum place)
{
	if (!place_units(geography, place, &key->lat, &key->lon))
		key->lat = key->lon = BOUND_NOWHERE;
}

static int32
minutes_up(TimestampTz moment)
{
	double minutes = ceil((double) moment / USECS_PER_MINUTE);

	return minutes >= PG_INT32_MAX ? PG_INT32_MAX : minutes <= PG_INT32_MIN ? PG_INT32_MIN : (int32) minutes;
}

static bool
is_published(const FeedPostColumns *at, const Row *row)
{
	return !row->nulls[at->published_at - 1] && !row->nulls[at->status - 1] &&
	       DatumGetObjectId(row->values[at->status - 1]) == at->published;
}

/* Whether neither the author nor what was copied from him changed. */
static bool
same_author(const FeedPostColumns *at, const Row *old, const Row *row)
{
	return !row->nulls[at->author_rating - 1] && !row->nulls[at->author_active - 1] &&
	       !row->nulls[at->craftsman_id - 1] &&
	       old->values[at->author_rating - 1] == row->values[at->author_rating - 1] &&
	       old->values[at->author_active - 1] == row->values[at->author_active - 1] &&
	       memcmp(DatumGetUUIDP(old->values[at->craftsman_id - 1]), DatumGetUUIDP(row->values[at->craftsman_id - 1]),
	              UUID_LEN) == 0;
}

/*
 * find_author
 *		What to copy, its source being locked.
 *
 * is_own: this transaction has changed him, which locks him.  As he is by now,
 * whatever its snapshot: that may still see who he was before somebody whose
 * change it has followed.
 *
 * The executor would take twice as long for it, which is a tenth of an insert.
 */
static Author
find_author(const pg_uuid_t *id, bool is_own)
{
	Author author = {0, false};
	RowFinder craftsmen;

	/* As a command of its own would see it. */
	CommandCounterIncrement();
	PushActiveSnapshot(is_own ? GetLatestSnapshot() : GetTransactionSnapshot());
	row_finder_need(&craftsmen, "craftsman_profiles", "craftsman_profiles_pkey", "id");

	if (row_finder_find(&craftsmen, id) && (is_own || row_finder_share(&craftsmen)))
	{
		const MatchColumns *columns = match_columns(craftsmen.table);

		slot_getsomeattrs(craftsmen.slot, columns->last);
		author = read_author(columns, &(Row){craftsmen.slot->tts_values, craftsmen.slot->tts_isnull});
	}

	row_finder_close(&craftsmen);
	PopActiveSnapshot();

	return author;
}

static Author
read_author(const MatchColumns *at, const Row *craftsman)
{
	double rating = DatumGetFloat8(DirectFunctionCall1(numeric_float8, craftsman->values[at->average_rating - 1]));

	return (Author){.rating = (int16) rint(rating * 100), .active = !craftsman->nulls[at->match_key - 1]};
}

static void
check_trigger(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED), errmsg("%s is a trigger for rows", name)));
}
