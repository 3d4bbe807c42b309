/*-------------------------------------------------------------------------
 *
 * effects.c
 *		What reads would have written.
 *
 * A feed page's impressions come back with the page and go to the database
 * a hundred at a time, which costs a tenth.  They promise no durability: what
 * the database refuses, and the oldest of too many, are counted and dropped.
 *-------------------------------------------------------------------------
 */
#include "http/effects.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/pg_value.h"
#include "http/worker.h"

#define EFFECTS_TIMEOUT_US (10 * US_PER_SECOND)

const Oid effects_types[1] = {PG_BYTEA_ARRAY};

static bool effects_send(PgCall *call, PGconn *conn);
static void effects_result(PgCall *call, PGresult *result);
static void effects_done(PgCall *call, PgOutcome outcome);

static const PgCallOps effects_ops = {.send = effects_send, .result = effects_result, .done = effects_done};

static void
effects_on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void) loop;
	(void) events;
	effects_flush(timer->data);
}

void
effects_open(Effects *effects, struct Worker *worker)
{
	*effects = (Effects){.worker = worker};
	ev_init(&effects->timer, effects_on_timer);
	effects->timer.data = effects;
}

void
effects_close(Effects *effects)
{
	ev_timer_stop(effects->worker->loop, &effects->timer);
	buffer_release(&effects->held);
}

static void
count(const Effects *effects, CounterId id, int amount)
{
	metrics_add(&effects->worker->slot->counters[id], (uint64_t) amount);
}

/* Whether some effect waits or is on its way. */
bool
effects_are_pending(const Effects *effects)
{
	return effects->held_count > 0 || effects->sent_count > 0;
}

/* Gives up the oldest effects until the limits hold. */
static void
effects_trim(Effects *effects)
{
	const Config *config = effects->worker->config;
	size_t dropped_bytes = 0;
	int dropped = 0;

	while (effects->held_count - dropped > config->effects_max_count ||
	       effects->held.length - dropped_bytes > (size_t) config->effects_max_bytes)
	{
		dropped_bytes += 4 + (size_t) pg_int4(effects->held.data + dropped_bytes);
		dropped++;
	}
	if (dropped == 0)
		return;
	buffer_drop_front(&effects->held, dropped_bytes);
	effects->held_count -= dropped;
	count(effects, COUNT_EFFECTS_DROPPED, dropped);
}

static void
effects_start_timer(Effects *effects)
{
	if (ev_is_active(&effects->timer))
		return;
	ev_timer_set(&effects->timer, effects->worker->config->effects_flush_ms / 1000.0, 0.0);
	ev_timer_start(effects->worker->loop, &effects->timer);
}

/*
 * effects_collect
 *		Takes the effects of an answer: a bytea[] in its first row, or NULL.
 */
void
effects_collect(Effects *effects, const PGresult *result, int column)
{
	PgArray array;
	const char *data;
	size_t length;
	int before = effects->held_count;

	if (!pg_array_open(&array, result, 0, column))
		return;
	while (pg_array_next(&array, &data, &length))
	{
		if (data == NULL)
			continue;
		pg_put_element(&effects->held, data, length);
		effects->held_count++;
	}
	if (effects->held_count == before)
		return;
	count(effects, COUNT_EFFECTS_COLLECTED, effects->held_count - before);
	effects_trim(effects);
	if (effects->held_count >= effects->worker->config->effects_flush_count)
		effects_flush(effects);
	if (effects->held_count > 0)
		effects_start_timer(effects);
}

/* Sends what is held; while a batch is on its way, or the database is not there, it stays. */
void
effects_flush(Effects *effects)
{
	uint64_t now = clock_us();

	if (effects->held_count == 0 || effects->sent_count > 0)
		return;
	effects->sent_count = effects->held_count;
	effects->failed = false;
	effects->call = (PgCall){.ops = &effects_ops, .deadline_at = now + EFFECTS_TIMEOUT_US};
	if (lane_submit(&effects->worker->lanes[LANE_WRITE], &effects->call, now) == LANE_TAKEN)
		return;
	effects->sent_count = 0;
	effects_start_timer(effects);
}

/* The batch is what is held now, which may be more than when it was queued. */
static bool
effects_send(PgCall *call, PGconn *conn)
{
	Effects *effects = list_owner(Effects, call, call);
	static Buffer array;
	const char *value;
	int length;
	int binary = 1;

	buffer_clear(&array);
	pg_put_array_header(&array, PG_BYTEA, effects->held_count);
	buffer_append(&array, effects->held.data, effects->held.length);
	effects->sent_count = effects->held_count;
	effects->held_count = 0;
	buffer_clear(&effects->held);
	value = array.data;
	length = (int) array.length;
	return PQsendQueryPrepared(conn, EFFECTS_STATEMENT, 1, &value, &length, &binary, 1) != 0;
}

static void
effects_result(PgCall *call, PGresult *result)
{
	Effects *effects = list_owner(Effects, call, call);

	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
	{
		effects->failed = true;
		log_warning("effects were refused: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	}
	PQclear(result);
}

static void
effects_done(PgCall *call, PgOutcome outcome)
{
	Effects *effects = list_owner(Effects, call, call);
	bool sent = outcome != PG_OVERLOADED;

	if (sent)
		count(effects, outcome == PG_SYNCED && !effects->failed ? COUNT_EFFECTS_APPLIED : COUNT_EFFECTS_FAILED,
		      effects->sent_count);
	effects->sent_count = 0;
	if (effects->held_count > 0)
		effects_start_timer(effects);
	worker_check_drained(effects->worker);
}
