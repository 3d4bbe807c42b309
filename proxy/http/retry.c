/*-------------------------------------------------------------------------
 *
 * retry.c
 *		Running a request again after the database has undone it.
 *
 * Two errors say that nothing of a request stays and that it would probably
 * succeed now: a conflict with another transaction, and a cancel that was not
 * meant for it.  Its client should not have to learn of either.  A lost
 * connection is none of them: whether the request was committed is not known.
 *
 * Whoever was in a conflict comes back after a wait of random length, or the
 * same requests would meet again.  No try begins beyond the deadline.
 *-------------------------------------------------------------------------
 */
#include "http/retry.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "http/request.h"
#include "http/worker.h"

#define SQLSTATE_SERIALIZATION_FAILURE "40001"
#define SQLSTATE_DEADLOCK_DETECTED     "40P01"

static void
retry_on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void) loop;
	(void) events;
	request_submit(timer->data);
}

static bool
is_conflict(const char *sqlstate)
{
	return strcmp(sqlstate, SQLSTATE_SERIALIZATION_FAILURE) == 0 || strcmp(sqlstate, SQLSTATE_DEADLOCK_DETECTED) == 0;
}

/* Doubling, and between half and all of it. */
static double
conflict_wait(const Request *request)
{
	return request->worker->config->retry_wait_ms / 1000.0 * (1 << request->retry.conflicts) * (0.5 + 0.5 * drand48());
}

/* Counts the try that is to come and returns how many seconds it shall wait; less than 0: there is none. */
static double
next_wait(Request *request)
{
	Retry *retry = &request->retry;
	const char *sqlstate = request_sqlstate(request);
	double wait = -1;

	if (is_conflict(sqlstate) && request->route->retry_safe && retry->conflicts < request->worker->config->retry_count)
		wait = conflict_wait(request);
	else if (strcmp(sqlstate, SQLSTATE_QUERY_CANCELED) == 0 && !retry->was_cancelled)
		wait = 0;
	if (wait < 0 || clock_us() + (uint64_t) (wait * (double) US_PER_SECOND) >= request->call.deadline_at)
		return -1;
	if (is_conflict(sqlstate))
		retry->conflicts++;
	else
		retry->was_cancelled = true;
	metrics_count(request->worker->slot, is_conflict(sqlstate) ? COUNT_RETRY_CONFLICT : COUNT_RETRY_CANCELLED);
	return wait;
}

/*
 * retry_begin
 *		Takes a request that the database is done with back to it, soon.
 *
 * Returns false when the request is to be answered with what it has.
 */
bool
retry_begin(Request *request)
{
	Retry *retry = &request->retry;
	double wait = next_wait(request);

	if (wait < 0)
		return false;
	PQclear(request->error);
	request->error = NULL;
	PQclear(request->row);
	request->row = NULL;
	request->submitted = false;
	request->sent = false;
	ev_init(&retry->timer, retry_on_timer);
	ev_timer_set(&retry->timer, wait, 0.0);
	retry->timer.data = request;
	ev_timer_start(request->worker->loop, &retry->timer);
	return true;
}

/* The client has hung up; harmless when no try waits. */
void
retry_stop(Request *request)
{
	ev_timer_stop(request->worker->loop, &request->retry.timer);
}
