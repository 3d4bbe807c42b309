/*-------------------------------------------------------------------------
 *
 * pg.c
 *		One database connection in an event loop, used as a pipeline.
 *
 * A link goes DOWN -> CONNECTING -> PREPARING -> READY and, whatever happens,
 * back to DOWN, from where a timer takes it up again with doubling waits.
 * link_enter() is the only place that changes the state.
 *
 * libpq's traps that shape this file: PQconnectPoll() may change the socket,
 * so the watchers are set up anew at each step; PQgetResult() blocks unless
 * PQisBusy() was asked first; and in pipeline mode it answers NULL after each
 * query's results but not after a Sync.
 *-------------------------------------------------------------------------
 */
#include "common/pg.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

/* One failure in a row of so many is logged. */
#define LINK_LOG_EVERY 32

static void link_connect(PgLink *link);
static void link_continue_connecting(PgLink *link);
static void link_prepare(PgLink *link);
static void link_read(PgLink *link);
static void link_fail(PgLink *link, const char *what, PgOutcome first);

static double
ms_to_seconds(int ms)
{
	return ms / 1000.0;
}

/* Doubling, capped, and between half and all of it, so that workers do not come back in step. */
static double
link_retry_delay(const PgLink *link)
{
	const PgSettings *settings = link->settings;
	double delay = settings->reconnect_min_ms;

	for (int i = 1; i < link->failures && delay < settings->reconnect_max_ms; i++)
		delay *= 2;
	if (delay > settings->reconnect_max_ms)
		delay = settings->reconnect_max_ms;
	return delay / 1000.0 * (0.5 + 0.5 * drand48());
}

static void
link_start_timer(PgLink *link, double seconds)
{
	ev_timer_stop(link->settings->loop, &link->timer);
	ev_timer_set(&link->timer, seconds, 0.0);
	ev_timer_start(link->settings->loop, &link->timer);
}

static void
link_enter(PgLink *link, PgState state)
{
	link->state = state;
	switch (state)
	{
		case PG_DOWN:
			link_start_timer(link, link_retry_delay(link));
			break;
		case PG_CONNECTING:
			link_start_timer(link, ms_to_seconds(link->settings->connect_ms));
			break;
		case PG_PREPARING:
			break; /* the same wait goes on */
		case PG_READY:
			ev_timer_stop(link->settings->loop, &link->timer);
			link->failures = 0;
			link->listener.ready(link->listener.owner, link);
			break;
	}
}

static void
link_on_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
	PgLink *link = watcher->data;

	(void) loop;
	(void) events;
	if (link->state == PG_DOWN)
		link_connect(link);
	else
		link_fail(link, "timed out", PG_LOST);
}

static void
link_on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	PgLink *link = watcher->data;

	(void) loop;
	(void) events;
	if (link->state == PG_CONNECTING)
		link_continue_connecting(link);
	else
		link_read(link);
}

/* Sends what the socket did not take, and watches it as long as something is left. */
static void
link_flush(PgLink *link)
{
	int left = PQflush(link->conn);

	if (left < 0)
		link_fail(link, "could not send", PG_LOST);
	else if (left > 0)
		ev_io_start(link->settings->loop, &link->writable);
	else
		ev_io_stop(link->settings->loop, &link->writable);
}

static void
link_on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	PgLink *link = watcher->data;

	(void) loop;
	(void) events;
	if (link->state == PG_CONNECTING)
		link_continue_connecting(link);
	else
		link_flush(link);
}

/*
 * pg_link_open
 *		Begins to connect, and keeps the link connected until it is closed.
 *
 * settings must outlive the link.
 */
void
pg_link_open(PgLink *link, const PgSettings *settings, const PgListener *listener)
{
	*link = (PgLink){.settings = settings, .listener = *listener};
	list_init(&link->flight);
	ev_init(&link->timer, link_on_timer);
	ev_init(&link->readable, link_on_readable);
	ev_init(&link->writable, link_on_writable);
	link->timer.data = link;
	link->readable.data = link;
	link->writable.data = link;
	link_connect(link);
}

static void
link_drop_connection(PgLink *link)
{
	ev_io_stop(link->settings->loop, &link->readable);
	ev_io_stop(link->settings->loop, &link->writable);
	PQfinish(link->conn);
	link->conn = NULL;
}

/* Ends the link; there is nothing in flight any more. */
void
pg_link_close(PgLink *link)
{
	ev_timer_stop(link->settings->loop, &link->timer);
	link_drop_connection(link);
}

/* Notices are for those who type SQL. */
static void
link_ignore_notice(void *context, const PGresult *result)
{
	(void) context;
	(void) result;
}

static void
link_connect(PgLink *link)
{
	const char *keywords[] = {"dbname", "application_name", "client_encoding", NULL};
	const char *values[] = {link->settings->database, link->settings->application, "UTF8", NULL};

	link_enter(link, PG_CONNECTING);
	link->conn = PQconnectStartParams(keywords, values, 1);
	if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD)
	{
		link_fail(link, "could not connect", PG_LOST);
		return;
	}
	PQsetNoticeReceiver(link->conn, link_ignore_notice, NULL);
	ev_io_set(&link->writable, PQsocket(link->conn), EV_WRITE);
	ev_io_start(link->settings->loop, &link->writable);
}

static void
link_continue_connecting(PgLink *link)
{
	struct ev_loop *loop = link->settings->loop;
	PostgresPollingStatusType next;

	ev_io_stop(loop, &link->readable);
	ev_io_stop(loop, &link->writable);
	next = PQconnectPoll(link->conn);
	if (next == PGRES_POLLING_FAILED)
	{
		link_fail(link, "could not connect", PG_LOST);
		return;
	}
	ev_io_set(&link->readable, PQsocket(link->conn), EV_READ);
	ev_io_set(&link->writable, PQsocket(link->conn), EV_WRITE);
	if (next == PGRES_POLLING_OK)
		link_prepare(link);
	else
		ev_io_start(loop, next == PGRES_POLLING_READING ? &link->readable : &link->writable);
}

static bool
prepare_send(PgCall *call, PGconn *conn)
{
	const PgLink *link = list_owner(PgLink, preparing, call);

	for (int i = 0; i < link->settings->statement_count; i++)
	{
		const PgStatement *statement = &link->settings->statements[i];

		if (!PQsendPrepare(conn, statement->name, statement->sql, statement->parameters, statement->types))
			return false;
	}
	return true;
}

static void
prepare_result(PgCall *call, PGresult *result)
{
	PgLink *link = list_owner(PgLink, preparing, call);

	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
	{
		if (!link->prepare_failed && link->failures % LINK_LOG_EVERY == 0)
			log_error("database: could not prepare: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		link->prepare_failed = true;
	}
	PQclear(result);
}

static void
prepare_done(PgCall *call, PgOutcome outcome)
{
	PgLink *link = list_owner(PgLink, preparing, call);

	if (outcome != PG_SYNCED)
		return; /* the link is on its way down already */
	if (link->prepare_failed)
		link_fail(link, "could not prepare", PG_LOST);
	else
		link_enter(link, PG_READY);
}

static void
link_prepare(PgLink *link)
{
	static const PgCallOps prepare_ops = {.send = prepare_send, .result = prepare_result, .done = prepare_done};

	link_enter(link, PG_PREPARING);
	link->preparing = (PgCall){.ops = &prepare_ops};
	link->prepare_failed = false;
	if (PQsetnonblocking(link->conn, 1) != 0 || !PQenterPipelineMode(link->conn))
	{
		link_fail(link, "could not enter pipeline mode", PG_LOST);
		return;
	}
	ev_io_start(link->settings->loop, &link->readable);
	if (!pg_link_call(link, &link->preparing))
		log_warning("database connection broke while preparing");
}

/*
 * pg_link_call
 *		Puts call on the wire behind those that are there.
 *
 * Returns false when the connection broke over it: then the link is going
 * down, and call has been touched by nobody.
 */
bool
pg_link_call(PgLink *link, PgCall *call)
{
	call->sent_at = clock_us();
	if (!call->ops->send(call, link->conn) || !PQpipelineSync(link->conn))
	{
		call->sent_at = 0;
		link_fail(link, "could not send", PG_LOST);
		return false;
	}
	if (link->in_flight++ == 0)
		link->first_since = call->sent_at;
	list_append(&link->flight, &call->node);
	link_flush(link);
	return true;
}

/* The oldest call is over. */
static void
link_finish_first(PgLink *link, PgOutcome outcome)
{
	PgCall *call = list_owner(PgCall, node, list_first(&link->flight));

	list_remove(&call->node);
	link->in_flight--;
	link->first_since = clock_us();
	call->ops->done(call, outcome);
}

static void
link_take_result(PgLink *link, PGresult *result)
{
	PgCall *call = list_owner(PgCall, node, list_first(&link->flight));

	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
	{
		call->ops->result(call, result);
		return;
	}
	PQclear(result);
	link_finish_first(link, PG_SYNCED);
	if (link->state == PG_READY)
		link->listener.room(link->listener.owner, link);
}

/* Hands out what has arrived.  A callback may bring the link down, so conn is looked at each time. */
static void
link_take_results(PgLink *link)
{
	bool was_null = false;

	while (link->conn != NULL && link->in_flight > 0 && !PQisBusy(link->conn))
	{
		PGresult *result = PQgetResult(link->conn);

		if (result != NULL)
			link_take_result(link, result);
		else if (was_null)
			break;
		was_null = result == NULL;
	}
}

static void
link_read(PgLink *link)
{
	bool alive = PQconsumeInput(link->conn) != 0;

	link_take_results(link);
	if (link->conn == NULL)
		return;
	if (!alive || PQstatus(link->conn) == CONNECTION_BAD)
		link_fail(link, "connection lost", PG_LOST);
	else if (ev_is_active(&link->writable))
		link_flush(link); /* the server may have waited for us to read */
}

/* Says why, but only at the first failure in a row and then at every so manieth, so an outage does not flood the log. */
static void
link_log_failure(const PgLink *link, const char *what)
{
	const char *reason = link->conn != NULL ? PQerrorMessage(link->conn) : "";

	if (link->failures % LINK_LOG_EVERY == 1)
		log_warning("database: %s: %.*s", what, (int) strcspn(reason, "\n"), reason);
}

/*
 * The link goes down.  Calls on the wire end with PG_LOST, the oldest one with
 * the outcome first.  They end only after everybody knows that the link is down,
 * for their ends may ask for things.
 */
static void
link_fail(PgLink *link, const char *what, PgOutcome first)
{
	bool was_ready = link->state == PG_READY;
	List calls;
	ListNode *node;

	link->failures++;
	link_log_failure(link, what);
	link_drop_connection(link);
	list_init(&calls);
	list_move_all(&calls, &link->flight);
	link->in_flight = 0;
	link_enter(link, PG_DOWN);
	if (was_ready)
		link->listener.lost(link->listener.owner, link);

	while ((node = list_first(&calls)) != NULL)
	{
		PgCall *call = list_owner(PgCall, node, node);

		list_remove(node);
		call->ops->done(call, first);
		first = PG_LOST;
	}
}

/*
 * pg_link_check_deadlines
 *		Gives up what the database should have answered by now.
 *
 * The database enforces deadlines itself, and it counts from when it begins
 * with a call.  So only silence over the oldest call means that the backend
 * hangs, and costs the connection; later ones have just had bad luck, and
 * only their clients are told.
 */
void
pg_link_check_deadlines(PgLink *link, uint64_t now)
{
	uint64_t grace = link->settings->grace_us;
	PgCall *first;

	if (list_is_empty(&link->flight))
		return;
	first = list_owner(PgCall, node, list_first(&link->flight));
	if (first->deadline_at != 0 && first->deadline_at > first->sent_at &&
	    now > link->first_since + (first->deadline_at - first->sent_at) + grace)
	{
		link_fail(link, "backend hangs", PG_LATE);
		return;
	}
	for (ListNode *node = list_first(&link->flight); node != NULL; node = list_after(&link->flight, node))
	{
		PgCall *call = list_owner(PgCall, node, node);

		if (call->deadline_at != 0 && now > call->deadline_at + grace && call->ops->overdue != NULL)
			call->ops->overdue(call);
	}
}
