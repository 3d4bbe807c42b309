/*-------------------------------------------------------------------------
 *
 * cancel.c
 *		Telling the database what nobody waits for any more.
 *
 * A request whose client has hung up is named to mesteri.cancel(), on a
 * connection of its own.  The database ends it if it runs just then.  It may
 * not have begun yet: its bytes are on the way, or others go first on its
 * connection.  So all that are still there are named again at each tick, until
 * the database is done with them.
 *
 * libpq's own cancel would not do: it waits for a connection to be made, and
 * it hits whatever the backend runs when the signal arrives.
 *-------------------------------------------------------------------------
 */
#include "http/cancel.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/pg_value.h"
#include "http/request.h"
#include "http/worker.h"

#define CANCEL_STATEMENT  "mesteri_cancel"
#define CANCEL_SQL        "SELECT mesteri.cancel($1)"
#define CANCEL_TIMEOUT_US (5 * US_PER_SECOND)

static const Oid cancel_types[1] = {PG_UUID_ARRAY};
static const PgStatement cancel_statement = {CANCEL_STATEMENT, CANCEL_SQL, 1, cancel_types};

static void cancel_ask(Canceller *canceller);
static bool cancel_send(PgCall *call, PGconn *conn);
static void cancel_result(PgCall *call, PGresult *result);
static void cancel_done(PgCall *call, PgOutcome outcome);

static const PgCallOps cancel_ops = {.send = cancel_send, .result = cancel_result, .done = cancel_done};

/* Nothing waits for the link: what is there to be said is said at the next tick. */
static void
ignore_link(void *owner, PgLink *link)
{
	(void) owner;
	(void) link;
}

/* Opens the connection, like those of the lanes in settings but for its statement. */
void
cancel_open(Canceller *canceller, struct Worker *worker, const PgSettings *settings)
{
	PgListener listener = {.owner = canceller, .ready = ignore_link, .room = ignore_link, .lost = ignore_link};

	*canceller = (Canceller){.worker = worker, .settings = *settings};
	canceller->settings.statements = &cancel_statement;
	canceller->settings.statement_count = 1;
	list_init(&canceller->unwanted);
	pg_link_open(&canceller->link, &canceller->settings, &listener);
}

/* Closes the connection; whatever it was just saying is not waited for. */
void
cancel_close(Canceller *canceller)
{
	pg_link_close(&canceller->link);
}

/* Nobody waits for request, which the database has.  request_release() takes it off the list. */
void
cancel_add(Canceller *canceller, Request *request)
{
	list_append(&canceller->unwanted, &request->unwanted);
	cancel_ask(canceller);
}

/* Names again what is still there. */
void
cancel_tick(Canceller *canceller, uint64_t now)
{
	if (!canceller->is_asking)
		cancel_ask(canceller);
	else
		pg_link_check_deadlines(&canceller->link, now);
}

/* Whether something is still to be ended, and somebody there to be told. */
bool
cancel_is_pending(const Canceller *canceller)
{
	return !list_is_empty(&canceller->unwanted) && canceller->link.state == PG_READY;
}

static void
cancel_ask(Canceller *canceller)
{
	canceller->is_behind = canceller->is_asking;
	if (list_is_empty(&canceller->unwanted) || canceller->is_asking || canceller->link.state != PG_READY)
		return;
	canceller->call = (PgCall){.ops = &cancel_ops, .deadline_at = clock_us() + CANCEL_TIMEOUT_US};
	canceller->is_asking = true;
	if (!pg_link_call(&canceller->link, &canceller->call))
		canceller->is_asking = false;
}

static bool
cancel_send(PgCall *call, PGconn *conn)
{
	static Buffer ids;
	static Buffer array;
	Canceller *canceller = list_owner(Canceller, call, call);
	const char *value;
	int length;
	int binary = 1;
	int count = 0;

	buffer_clear(&ids);
	for (ListNode *node = list_first(&canceller->unwanted); node != NULL; node = list_after(&canceller->unwanted, node))
	{
		const Request *request = list_owner(Request, unwanted, node);

		pg_put_element(&ids, (const char *) request->id, UUID_BYTES);
		count++;
	}
	buffer_clear(&array);
	pg_put_array_header(&array, PG_UUID, count);
	buffer_append(&array, ids.data, ids.length);
	value = array.data;
	length = (int) array.length;
	return PQsendQueryPrepared(conn, CANCEL_STATEMENT, 1, &value, &length, &binary, 1) != 0;
}

static void
cancel_result(PgCall *call, PGresult *result)
{
	(void) call;
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		log_warning("could not cancel: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	PQclear(result);
}

static void
cancel_done(PgCall *call, PgOutcome outcome)
{
	Canceller *canceller = list_owner(Canceller, call, call);

	(void) outcome;
	canceller->is_asking = false;
	if (canceller->is_behind)
		cancel_ask(canceller);
}
