/*-------------------------------------------------------------------------
 *
 * lane.c
 *		A pool of pipelined connections, and the queue before it.
 *
 * A call goes to the connection with the fewest calls in flight; when all
 * are full it queues, in order, for a bounded time, behind a bounded number of
 * others.  Nothing else is ever between a request and a connection, so the
 * number of requests that a worker holds has a bound that settings name.
 *-------------------------------------------------------------------------
 */
#include "http/lane.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "http/worker.h"

/* Calls under way on each connection, on average, that make a lane busy. */
#define LANE_BUSY_DEPTH 4

static void lane_on_ready(void *owner, PgLink *link);
static void lane_on_room(void *owner, PgLink *link);
static void lane_on_lost(void *owner, PgLink *link);

/* Opens the lane's connections, which come up by themselves and stay up. */
void
lane_open(Lane *lane, struct Worker *worker, LaneId id, const LaneConfig *config, const PgSettings *settings)
{
	PgListener listener = {.owner = lane, .ready = lane_on_ready, .room = lane_on_room, .lost = lane_on_lost};

	*lane = (Lane){.worker = worker, .id = id, .config = config};
	list_init(&lane->queue);
	lane->links = mem_zero(sizeof(PgLink) * (size_t) config->connections);
	for (int i = 0; i < config->connections; i++)
		pg_link_open(&lane->links[i], settings, &listener);
}

/* Closes the connections.  Calls that are still there end nowhere: the worker is ending. */
void
lane_close(Lane *lane)
{
	for (int i = 0; i < lane->config->connections; i++)
		pg_link_close(&lane->links[i]);
	free(lane->links);
}

/* The usable connection with the fewest calls in flight, or NULL when all are full. */
static PgLink *
lane_pick(Lane *lane)
{
	PgLink *best = NULL;

	for (int i = 0; i < lane->config->connections; i++)
	{
		PgLink *link = &lane->links[i];

		if (link->state != PG_READY || link->in_flight >= lane->config->depth)
			continue;
		if (best == NULL || link->in_flight < best->in_flight)
			best = link;
	}
	return best;
}

static void
lane_send(PgLink *link, PgCall *call)
{
	if (!pg_link_call(link, call))
		call->ops->done(call, PG_LOST);
}

/*
 * lane_submit
 *		Sends call, or queues it.
 *
 * LANE_TAKEN: call->ops->done will be called, perhaps before this returns.
 * Otherwise call is the caller's again.
 */
LaneVerdict
lane_submit(Lane *lane, PgCall *call, uint64_t now)
{
	PgLink *link;

	if (lane->ready == 0)
		return LANE_AWAY;
	call->queued_at = now;
	call->sent_at = 0;
	link = list_is_empty(&lane->queue) ? lane_pick(lane) : NULL;
	if (link != NULL)
	{
		lane_send(link, call);
		return LANE_TAKEN;
	}
	if (lane->queued >= lane->config->queue)
		return LANE_FULL;
	list_append(&lane->queue, &call->node);
	lane->queued++;
	metrics_gauge_add(&lane->worker->slot->lanes[lane->id].queued, 1);
	return LANE_TAKEN;
}

/* Takes a call that has not been sent out of the queue; its done is not called. */
void
lane_withdraw(Lane *lane, PgCall *call)
{
	list_remove(&call->node);
	lane->queued--;
	metrics_gauge_add(&lane->worker->slot->lanes[lane->id].queued, -1);
}

static void
lane_send_queued(Lane *lane)
{
	PgLink *link;

	while (!list_is_empty(&lane->queue) && (link = lane_pick(lane)) != NULL)
	{
		PgCall *call = list_owner(PgCall, node, list_first(&lane->queue));

		lane_withdraw(lane, call);
		if (call->deadline_at != 0 && clock_us() >= call->deadline_at)
			call->ops->done(call, PG_LATE);
		else
			lane_send(link, call);
	}
}

static void
lane_on_ready(void *owner, PgLink *link)
{
	Lane *lane = owner;

	(void) link;
	lane->ready++;
	metrics_gauge_add(&lane->worker->slot->lanes[lane->id].ready, 1);
	worker_link_ready(lane->worker);
	lane_send_queued(lane);
}

static void
lane_on_room(void *owner, PgLink *link)
{
	(void) link;
	lane_send_queued(owner);
}

static void
lane_on_lost(void *owner, PgLink *link)
{
	Lane *lane = owner;

	(void) link;
	lane->ready--;
	metrics_gauge_add(&lane->worker->slot->lanes[lane->id].ready, -1);
	metrics_add(&lane->worker->slot->lanes[lane->id].lost, 1);
	worker_link_lost(lane->worker);
}

/* Whether so much is under way that the connections will not run dry at once. */
bool
lane_is_busy(const Lane *lane)
{
	int in_flight = 0;

	for (int i = 0; i < lane->config->connections; i++)
		in_flight += lane->links[i].in_flight;
	return in_flight >= LANE_BUSY_DEPTH * lane->config->connections;
}

/* Ends what has waited too long, in the queue or for an answer. */
void
lane_tick(Lane *lane, uint64_t now)
{
	uint64_t wait_us = (uint64_t) lane->config->wait_ms * US_PER_MS;

	while (!list_is_empty(&lane->queue))
	{
		PgCall *call = list_owner(PgCall, node, list_first(&lane->queue));

		if (now < call->queued_at + wait_us)
			break;
		lane_withdraw(lane, call);
		call->ops->done(call, PG_OVERLOADED);
	}
	for (int i = 0; i < lane->config->connections; i++)
		pg_link_check_deadlines(&lane->links[i], now);
}
