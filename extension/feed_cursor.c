/*-------------------------------------------------------------------------
 *
 * feed_cursor.c
 *		Where a walk through the feed stands, as text a client carries.
 *
 * A cursor is base64url over a seal of 16 bytes and then
 *
 *		 0	1	version of this layout
 *		 1	8	clock of the walk, microseconds since 2000
 *		 9	4	version of the weights
 *		13	8	score of the last post, IEEE 754
 *		21	16	id of the last post
 *		37	6n	ends of the ids of all posts served, ascending
 *
 * with the most significant byte first.  The seal covers the filter too, which
 * says who walks through what; the filter itself is not in the cursor, the
 * reader brings it along.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base64url.h"
#include "feed_cursor.h"
#include "key.h"

#define FEED_MAX_SERVED 500

#define SERVED_BYTES 6 /* of an id, random ones; 500 of them collide once in 2 * 10^9 walks */

#define CURSOR_VERSION    1
#define CURSOR_SEAL_BYTES 16
#define CURSOR_HEAD_BYTES 37
#define CURSOR_MAX_BYTES  (CURSOR_SEAL_BYTES + CURSOR_HEAD_BYTES + FEED_MAX_SERVED * SERVED_BYTES)

#define AT_CLOCK   1
#define AT_WEIGHTS 9
#define AT_SCORE   13
#define AT_POST    21

static void seal(const uint8 *layout, int length, bytea *filter, uint8 *mac);
static int open_cursor(text *cursor, bytea *filter, uint8 *bytes);
static void write_layout(uint8 *layout, const FeedCursor *cursor);
static void read_layout(const uint8 *layout, int length, FeedCursor *cursor);
static void check_served(bytea *served);
static int compare_ends(const void *a, const void *b);
static int unique_ends(uint8 *ends, int count);
static void put32(uint8 *at, uint32 value);
static void put64(uint8 *at, uint64 value);
static uint32 get32(const uint8 *at);
static uint64 get64(const uint8 *at);

PG_FUNCTION_INFO_V1(mesteri_feed_cursor);
PG_FUNCTION_INFO_V1(mesteri_feed_served_add);
PG_FUNCTION_INFO_V1(mesteri_feed_served_has);

/*
 * mesteri.feed_cursor(clock timestamptz, weights_version integer, filter bytea, score float8, post_id uuid,
 *					   served bytea) returns text
 *		The cursor after a page.
 *
 * Errors: 54000 when more than FEED_MAX_SERVED posts were served, 22023 when
 * served is not what feed_served_add makes.
 */
Datum
mesteri_feed_cursor(PG_FUNCTION_ARGS)
{
	FeedCursor cursor;

	cursor.clock = PG_GETARG_TIMESTAMPTZ(0);
	cursor.weights_version = PG_GETARG_INT32(1);
	cursor.score = PG_GETARG_FLOAT8(3);
	cursor.post_id = *PG_GETARG_UUID_P(4);
	cursor.served = PG_GETARG_BYTEA_PP(5);

	PG_RETURN_TEXT_P(feed_cursor_write(&cursor, PG_GETARG_BYTEA_PP(2)));
}

/*
 * feed_cursor_write
 *		The cursor as a client carries it; only for those who say the same filter.
 */
text *
feed_cursor_write(const FeedCursor *cursor, bytea *filter)
{
	uint8 bytes[CURSOR_MAX_BYTES];
	uint8 mac[KEY_MAC_BYTES];
	int length = CURSOR_HEAD_BYTES + (int) VARSIZE_ANY_EXHDR(cursor->served);
	StringInfoData encoded;

	check_served(cursor->served);
	if (VARSIZE_ANY_EXHDR(cursor->served) > FEED_MAX_SERVED * SERVED_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many posts for a cursor"),
		                errdetail("The limit is %d.", FEED_MAX_SERVED)));

	write_layout(bytes + CURSOR_SEAL_BYTES, cursor);
	seal(bytes + CURSOR_SEAL_BYTES, length, filter, mac);
	memcpy(bytes, mac, CURSOR_SEAL_BYTES);

	initStringInfo(&encoded);
	base64url_append(&encoded, bytes, CURSOR_SEAL_BYTES + length);

	return cstring_to_text_with_len(encoded.data, encoded.len);
}

/*
 * feed_cursor_read
 *		False when it is not ours, or for another filter.
 */
bool
feed_cursor_read(text *encoded, bytea *filter, FeedCursor *cursor)
{
	uint8 bytes[CURSOR_MAX_BYTES + 2]; /* base64url_decode counts in whole groups */
	int length = open_cursor(encoded, filter, bytes);

	if (length < 0)
		return false;

	read_layout(bytes + CURSOR_SEAL_BYTES, length, cursor);
	return true;
}

/*
 * mesteri.feed_served_add(served bytea, post_ids uuid[]) returns bytea
 *		The set with more posts in it.
 *
 * Errors: 22004 for a null id, 22023 when served is not such a set.
 */
Datum
mesteri_feed_served_add(PG_FUNCTION_ARGS)
{
	bytea *served = PG_GETARG_BYTEA_PP(0);
	ArrayType *post_ids = PG_GETARG_ARRAYTYPE_P(1);
	int count = (int) VARSIZE_ANY_EXHDR(served) / SERVED_BYTES;
	Datum *ids;
	int ids_count;
	bytea *result;
	uint8 *ends;

	check_served(served);
	if (array_contains_nulls(post_ids))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("post ids must not be null")));
	deconstruct_array(post_ids, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &ids, NULL, &ids_count);

	result = palloc(VARHDRSZ + ((Size) count + (Size) ids_count) * SERVED_BYTES);
	ends = (uint8 *) VARDATA(result);
	memcpy(ends, VARDATA_ANY(served), (size_t) count * SERVED_BYTES);
	for (int i = 0; i < ids_count; i++)
		memcpy(ends + (count + i) * SERVED_BYTES, DatumGetUUIDP(ids[i])->data + UUID_LEN - SERVED_BYTES, SERVED_BYTES);

	count += ids_count;
	qsort(ends, (size_t) count, SERVED_BYTES, compare_ends);
	SET_VARSIZE(result, VARHDRSZ + unique_ends(ends, count) * SERVED_BYTES);

	PG_RETURN_BYTEA_P(result);
}

/*
 * mesteri.feed_served_has(served bytea, post_id uuid) returns boolean
 *		Whether a post is in the set.
 *
 * Asked for each candidate, so it relies on the order that feed_served_add
 * made and feed_cursor checks.
 */
Datum
mesteri_feed_served_has(PG_FUNCTION_ARGS)
{
	bytea *served = PG_GETARG_BYTEA_PP(0);
	pg_uuid_t *post_id = PG_GETARG_UUID_P(1);
	size_t count = VARSIZE_ANY_EXHDR(served) / SERVED_BYTES;

	PG_RETURN_BOOL(bsearch(post_id->data + UUID_LEN - SERVED_BYTES, VARDATA_ANY(served), count, SERVED_BYTES,
	                       compare_ends) != NULL);
}

/* feed_served_room: how many more posts a cursor has place for. */
int
feed_served_room(const bytea *served)
{
	return FEED_MAX_SERVED - (int) VARSIZE_ANY_EXHDR(served) / SERVED_BYTES;
}

/*
 * seal
 *		The MAC over length of layout, layout and filter.
 *
 * With the length in front, bytes cannot move from one to the other.
 */
static void
seal(const uint8 *layout, int length, bytea *filter, uint8 *mac)
{
	size_t filter_length = VARSIZE_ANY_EXHDR(filter);
	size_t total = sizeof(uint32) + (size_t) length + filter_length;
	uint8 *covered = palloc(total);

	put32(covered, (uint32) length);
	memcpy(covered + sizeof(uint32), layout, (size_t) length);
	memcpy(covered + sizeof(uint32) + length, VARDATA_ANY(filter), filter_length);

	key_mac("feed cursor", covered, total, mac);
	pfree(covered);
}

/*
 * open_cursor
 *		Bytes of a cursor, and the length of its layout; -1 when it is not ours.
 */
static int
open_cursor(text *cursor, bytea *filter, uint8 *bytes)
{
	uint8 mac[KEY_MAC_BYTES];
	int length;

	if (VARSIZE_ANY_EXHDR(cursor) > BASE64URL_ENCODED_LENGTH(CURSOR_MAX_BYTES))
		return -1;

	length = base64url_decode(VARDATA_ANY(cursor), (int) VARSIZE_ANY_EXHDR(cursor), bytes) - CURSOR_SEAL_BYTES;
	if (length < CURSOR_HEAD_BYTES || (length - CURSOR_HEAD_BYTES) % SERVED_BYTES != 0)
		return -1;

	seal(bytes + CURSOR_SEAL_BYTES, length, filter, mac);
	if (CRYPTO_memcmp(mac, bytes, CURSOR_SEAL_BYTES) != 0 || bytes[CURSOR_SEAL_BYTES] != CURSOR_VERSION)
		return -1;

	return length;
}

static void
write_layout(uint8 *layout, const FeedCursor *cursor)
{
	uint64 score_bits;

	memcpy(&score_bits, &cursor->score, sizeof(score_bits));

	layout[0] = CURSOR_VERSION;
	put64(layout + AT_CLOCK, (uint64) cursor->clock);
	put32(layout + AT_WEIGHTS, (uint32) cursor->weights_version);
	put64(layout + AT_SCORE, score_bits);
	memcpy(layout + AT_POST, cursor->post_id.data, UUID_LEN);
	memcpy(layout + CURSOR_HEAD_BYTES, VARDATA_ANY(cursor->served), VARSIZE_ANY_EXHDR(cursor->served));
}

/* read_layout: the set is in the current memory context. */
static void
read_layout(const uint8 *layout, int length, FeedCursor *cursor)
{
	uint64 score_bits = get64(layout + AT_SCORE);
	int served_length = length - CURSOR_HEAD_BYTES;

	cursor->clock = (TimestampTz) get64(layout + AT_CLOCK);
	cursor->weights_version = (int32) get32(layout + AT_WEIGHTS);
	memcpy(&cursor->score, &score_bits, sizeof(cursor->score));
	memcpy(cursor->post_id.data, layout + AT_POST, UUID_LEN);
	cursor->served = palloc(VARHDRSZ + served_length);
	SET_VARSIZE(cursor->served, VARHDRSZ + served_length);
	memcpy(VARDATA(cursor->served), layout + CURSOR_HEAD_BYTES, (size_t) served_length);
}

static void
check_served(bytea *served)
{
	const uint8 *ends = (const uint8 *) VARDATA_ANY(served);
	size_t length = VARSIZE_ANY_EXHDR(served);
	bool fine = length % SERVED_BYTES == 0;

	for (size_t at = SERVED_BYTES; fine && at < length; at += SERVED_BYTES)
		fine = compare_ends(ends + at - SERVED_BYTES, ends + at) < 0;

	if (!fine)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("this is not a set of served posts"),
		                errhint("Begin with an empty one and use feed_served_add.")));
}

static int
compare_ends(const void *a, const void *b)
{
	return memcmp(a, b, SERVED_BYTES);
}

/*
 * unique_ends
 *		Close up sorted ends, each once; returns how many are left.
 */
static int
unique_ends(uint8 *ends, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (kept > 0 && compare_ends(ends + (kept - 1) * SERVED_BYTES, ends + i * SERVED_BYTES) == 0)
			continue;
		memmove(ends + kept * SERVED_BYTES, ends + i * SERVED_BYTES, SERVED_BYTES);
		kept++;
	}

	return kept;
}

static void
put32(uint8 *at, uint32 value)
{
	value = pg_hton32(value);
	memcpy(at, &value, sizeof(value));
}

static void
put64(uint8 *at, uint64 value)
{
	value = pg_hton64(value);
	memcpy(at, &value, sizeof(value));
}

static uint32
get32(const uint8 *at)
{
	uint32 value;

	memcpy(&value, at, sizeof(value));
	return pg_ntoh32(value);
}

static uint64
get64(const uint8 *at)
{
	uint64 value;

	memcpy(&value, at, sizeof(value));
	return pg_ntoh64(value);
}
