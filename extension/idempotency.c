/*-------------------------------------------------------------------------
 *
 * idempotency.c
 *		Requests with an Idempotency-Key: one effect, however often they come.
 *
 * The answer is stored in the transaction of the effect, so there is never
 * one without the other, and what was refused or rolled back leaves nothing.
 *
 * Until that transaction ends nobody else can see its row.  What they can
 * see is a lock, which is taken before the row is looked for and is given
 * back when the row is visible, or will never be.  Nobody waits for it: who
 * finds it taken is told to come again, and the connection serves others.
 *
 * The lock is an advisory one of a class that SQL cannot name, under a keyed
 * hash: neither pg_advisory_lock() nor a key chosen to collide holds up a
 * request of somebody else.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "error.h"
#include "idempotency.h"
#include "spi_util.h"

#define IDEMPOTENCY_HEADER      "idempotency-key"
#define IDEMPOTENCY_FIELD       "Idempotency-Key" /* as errors name it */
#define IDEMPOTENCY_KEY_MAX     255               /* bytes; idempotency_keys_key_length says the same */
#define IDEMPOTENCY_USER_MAX    5000              /* answers kept for one user at a time */
#define IDEMPOTENCY_RETRY_AFTER 1                 /* seconds; longer than most commands take */

/* Fourth field of an advisory lock's tag; those taken in SQL have 1 or 2. */
#define IDEMPOTENCY_LOCK_CLASS 0x4D53

/* Columns of the row that look_up() reads. */
enum
{
	STORED_FINGERPRINT = 1,
	STORED_STATUS,
	STORED_HEADERS,
	STORED_BODY,
	STORED_FULL
};

static const char *key_of(const Request *request);
static void take_fingerprint(const Request *request, uint8 *fingerprint);
static void append_part(StringInfo parts, const char *data, size_t length);
static void take_lock(const KeyedRequest *keyed);
static bool look_up(const KeyedRequest *keyed, Answer *answer, MemoryContext context);
static void copy_attribute(Answer *answer, int attribute, HeapTuple row, TupleDesc desc, int column);
static void check_room(HeapTuple row, TupleDesc desc);

/*
 * idempotency_begin
 *		Whether the answer to this request is there already.
 *
 * If so, it is put into answer, in context.  If not, whatever else comes
 * under the same key is held off to the end of the transaction, and
 * idempotency_keep() is to be called with the answer.
 *
 * A key counts on routes that say so, for a caller who is known.
 *
 * Errors: invalid_field, duplicate_field; in_progress while another
 * transaction runs the request; idempotency_mismatch if the key was used for
 * another one; rate_limited if the user's store is full.
 */
bool
idempotency_begin(const Route *route, const Request *request, const Identity *identity, KeyedRequest *keyed,
                  Answer *answer, MemoryContext context)
{
	keyed->key = route->is_idempotent && identity != NULL ? key_of(request) : NULL;
	if (keyed->key == NULL)
		return false;

	keyed->route = route;
	keyed->identity = identity;
	take_fingerprint(request, keyed->fingerprint);
	take_lock(keyed);

	return look_up(keyed, answer, context);
}

/*
 * idempotency_keep
 *		Stores the answer, if it is a success; nothing else is ever repeated.
 *
 * The row of an earlier day gives way.  Errors: in_progress, and so the effect
 * is undone, if there is a row of today.
 */
void
idempotency_keep(const KeyedRequest *keyed, const Answer *answer)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {UUIDOID, INT4OID, TEXTOID, BYTEAOID, INT4OID, TEXTARRAYOID, BYTEAOID};
	Datum values[lengthof(types)];
	char nulls[lengthof(types)] = "       ";
	int status = DatumGetInt32(answer->values[ANSWER_STATUS]);

	if (keyed->key == NULL || !answer->nulls[ANSWER_ERROR] || status < 200 || status > 299)
		return;

	if (plan == NULL)
		plan = spi_keep_generic(
			"INSERT INTO mesteri.idempotency_keys AS k (user_id, route_id, key, fingerprint, status, headers, body)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7)"
			" ON CONFLICT (user_id, route_id, key) DO UPDATE"
			" SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,"
			"     body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at"
			" WHERE k.expires_at <= now()",
			lengthof(types), types);

	values[0] = UUIDPGetDatum(&keyed->identity->user_id);
	values[1] = Int32GetDatum(keyed->route->id);
	values[2] = CStringGetTextDatum(keyed->key);
	values[3] = PointerGetDatum(cstring_to_text_with_len((const char *) keyed->fingerprint, KEY_MAC_BYTES));
	values[4] = Int32GetDatum(status);
	values[5] = answer->values[ANSWER_HEADERS];
	values[6] = answer->values[ANSWER_BODY]; /* json and bytea have one form in memory */
	nulls[5] = answer->nulls[ANSWER_HEADERS] ? 'n' : ' ';
	nulls[6] = answer->nulls[ANSWER_BODY] ? 'n' : ' ';

	/* Somebody got past the lock, which was under another secret perhaps: the first to commit has the effect. */
	if (spi_insert_as_owner(plan, values, nulls) == 0)
		refuse_for_now(MSERR_IN_PROGRESS, IDEMPOTENCY_RETRY_AFTER,
		               "another transaction stored an answer under the same key");
}

/* The key as sent, or NULL.  One that is not understood is refused: to ignore it would be to repeat the effect. */
static const char *
key_of(const Request *request)
{
	int count;
	const char *key = request_header_counted(request, IDEMPOTENCY_HEADER, &count);

	if (count == 0)
		return NULL;
	if (count > 1)
		refuse_field(MSERR_DUPLICATE_FIELD, IDEMPOTENCY_FIELD, "duplicate");

	if (*key == '\0' || strlen(key) > IDEMPOTENCY_KEY_MAX)
		refuse_field(MSERR_INVALID_FIELD, IDEMPOTENCY_FIELD, "length");
	for (const char *at = key; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			refuse_field(MSERR_INVALID_FIELD, IDEMPOTENCY_FIELD, "format");

	return key;
}

/*
 * What tells one request from another, as it was sent.  Method and path
 * template are the route, which is part of the row's key.
 */
static void
take_fingerprint(const Request *request, uint8 *fingerprint)
{
	StringInfoData parts;

	initStringInfo(&parts);
	for (int i = 0; i < request->path_count; i++)
		append_part(&parts, request->path[i], strlen(request->path[i]));
	append_part(&parts, request->query_text, strlen(request->query_text));
	if (request->body_bytes != NULL)
		append_part(&parts, VARDATA_ANY(request->body_bytes), VARSIZE_ANY_EXHDR(request->body_bytes));

	key_mac("idempotency fingerprint", parts.data, parts.len, fingerprint);
	pfree(parts.data);
}

/* With its length, so that no two lists of parts give the same bytes. */
static void
append_part(StringInfo parts, const char *data, size_t length)
{
	uint64 prefix = length;

	appendBinaryStringInfo(parts, (const char *) &prefix, sizeof(prefix));
	appendBinaryStringInfo(parts, data, length);
}

/* Held to the end of the transaction, or of the subtransaction that fails. */
static void
take_lock(const KeyedRequest *keyed)
{
	StringInfoData name;
	uint8 mac[KEY_MAC_BYTES];
	uint32 halves[2];
	LOCKTAG tag;

	initStringInfo(&name);
	appendBinaryStringInfo(&name, (const char *) keyed->identity->user_id.data, UUID_LEN);
	appendBinaryStringInfo(&name, (const char *) &keyed->route->id, sizeof(keyed->route->id));
	appendStringInfoString(&name, keyed->key);
	key_mac("idempotency lock", name.data, name.len, mac);
	pfree(name.data);
	memcpy(halves, mac, sizeof(halves));

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, halves[0], halves[1], IDEMPOTENCY_LOCK_CLASS);
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		refuse_for_now(MSERR_IN_PROGRESS, IDEMPOTENCY_RETRY_AFTER, "another transaction runs the same request");
}

/*
 * Reads with the latest snapshot, as the owner does: the statement's own may
 * be older than the commit that gave us the lock.
 */
static bool
look_up(const KeyedRequest *keyed, Answer *answer, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {UUIDOID, INT4OID, TEXTOID, INT4OID};
	Datum values[] = {UUIDPGetDatum(&keyed->identity->user_id), Int32GetDatum(keyed->route->id),
	                  CStringGetTextDatum(keyed->key), Int32GetDatum(IDEMPOTENCY_USER_MAX)};
	HeapTuple row;
	TupleDesc desc;
	bool isnull;
	Datum stored;
	bytea *fingerprint;

	if (plan == NULL)
		plan = spi_keep_generic(
			"SELECT k.fingerprint, k.status, k.headers, k.body,"
			"       CASE WHEN k.key IS NULL THEN"
			"            (SELECT CASE WHEN count(*) >= $4 THEN ceil(extract(epoch FROM min(o.expires_at) - "
			"now()))::integer END"
			"               FROM mesteri.idempotency_keys o WHERE o.user_id = $1 AND o.expires_at > now()) END"
			"  FROM (VALUES (true)) AS one (row) LEFT JOIN mesteri.idempotency_keys k"
			"       ON k.user_id = $1 AND k.route_id = $2 AND k.key = $3 AND k.expires_at > now()",
			lengthof(types), types);
	spi_plan_as_owner(plan, values);
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;

	stored = SPI_getbinval(row, desc, STORED_FINGERPRINT, &isnull);
	if (isnull)
	{
		check_room(row, desc);
		return false;
	}
	fingerprint = DatumGetByteaPP(stored);
	if (VARSIZE_ANY_EXHDR(fingerprint) != KEY_MAC_BYTES ||
	    memcmp(VARDATA_ANY(fingerprint), keyed->fingerprint, KEY_MAC_BYTES) != 0)
		refuse(MSERR_IDEMPOTENCY_MISMATCH, "the key was used for another request");

	memset(answer->nulls, true, sizeof(answer->nulls));
	context = MemoryContextSwitchTo(context);
	copy_attribute(answer, ANSWER_STATUS, row, desc, STORED_STATUS);
	copy_attribute(answer, ANSWER_HEADERS, row, desc, STORED_HEADERS);
	copy_attribute(answer, ANSWER_BODY, row, desc, STORED_BODY);
	MemoryContextSwitchTo(context);

	return true;
}

static void
copy_attribute(Answer *answer, int attribute, HeapTuple row, TupleDesc desc, int column)
{
	Datum value = SPI_getbinval(row, desc, column, &answer->nulls[attribute]);

	if (!answer->nulls[attribute])
		answer->values[attribute] = TupleDescAttr(desc, column - 1)->attbyval
		                                ? value
		                                : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/*
 * What one user can make us keep has an end, and the row says in how many
 * seconds there is room again.  To drop the oldest would be to break a promise.
 */
static void
check_room(HeapTuple row, TupleDesc desc)
{
	bool has_room;
	Datum seconds = SPI_getbinval(row, desc, STORED_FULL, &has_room);

	if (!has_room)
		refuse_for_now(MSERR_RATE_LIMITED, DatumGetInt32(seconds), "the user has too many idempotency keys");
}
