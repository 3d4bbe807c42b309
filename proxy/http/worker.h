/*-------------------------------------------------------------------------
 *
 * worker.h
 *		What one worker process consists of.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_WORKER_H
#define MESTERI_WORKER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/pg.h"
#include "http/access_log.h"
#include "http/cancel.h"
#include "http/catalogue.h"
#include "http/connection.h"
#include "http/effects.h"
#include "http/lane.h"
#include "http/metrics.h"

struct lws_context;
struct lws_vhost;

typedef struct Worker
{
	const Config *config;
	int number;
	MetricsArea *metrics;
	WorkerMetrics *slot; /* ours in metrics */

	struct ev_loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	ev_timer tick;
	ev_prepare before_waiting;
	ev_signal terminated;

	int listener; /* -1 once we take no more connections */
	ev_io acceptable;
	ev_timer start_wait;
	int connection_limit;

	PgSettings pg;
	Lane lanes[LANE_COUNT];
	Canceller canceller;
	CatalogueLoader catalogue;
	Effects effects;
	AccessLog access_log;
	ConnectionSet connections;
	List idle_requests; /* to be used again */

	bool answering; /* what the database said, outside libwebsockets' callbacks */
	bool draining;
	uint64_t drain_started_at; /* us */
} Worker;

int worker_run(const Config *config, MetricsArea *metrics, int slot, int listener);

void worker_link_ready(Worker *worker);
void worker_link_lost(Worker *worker);
void worker_catalogue_ready(Worker *worker);
void worker_check_drained(Worker *worker);

#endif
