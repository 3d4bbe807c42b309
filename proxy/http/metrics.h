/*-------------------------------------------------------------------------
 *
 * metrics.h
 *		Counters of all workers, in memory that they share.
 *
 * Each worker counts in a slot of its own, so that workers do not fight for
 * cache lines; whoever is asked for /metrics adds the slots up.  Counters
 * outlive the worker, gauges are zeroed when it ends.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_METRICS_H
#define MESTERI_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/config.h"

#define METRICS_MAX_ROUTES  512
#define METRICS_BUCKETS     14
#define METRICS_STATUSES    27
#define METRICS_METHOD_SIZE 8
#define METRICS_PATH_SIZE   120

/* The label for requests that no route was found for. */
#define METRICS_UNMATCHED 0

typedef _Atomic uint64_t Counter;
typedef _Atomic int64_t Gauge;

/* Counters without a label of their own; names and meanings: metrics_page.c. */
typedef enum CounterId
{
	COUNT_CONNECTIONS,
	COUNT_CLIENT_GONE,
	COUNT_CANCELLED,
	COUNT_RETRY_CONFLICT,
	COUNT_RETRY_CANCELLED,
	COUNT_LIMIT_HEADER,
	COUNT_LIMIT_URI,
	COUNT_LIMIT_BODY,
	COUNT_LIMIT_LENGTH,
	COUNT_LIMIT_MEDIA_TYPE,
	COUNT_LIMIT_MALFORMED,
	COUNT_LIMIT_HEADER_TIME,
	COUNT_LIMIT_BODY_TIME,
	COUNT_LIMIT_KEEPALIVE,
	COUNT_LIMIT_SEND_TIME,
	COUNT_LIMIT_CONNECTIONS,
	COUNT_EFFECTS_COLLECTED,
	COUNT_EFFECTS_APPLIED,
	COUNT_EFFECTS_DROPPED,
	COUNT_EFFECTS_FAILED,
	COUNT_LOG_DROPPED,
	COUNTER_COUNT
} CounterId;

typedef struct RouteMetrics
{
	Counter statuses[METRICS_STATUSES];
	Counter buckets[METRICS_BUCKETS]; /* each alone; the page adds them up */
	Counter sum_us;
} RouteMetrics;

typedef struct LaneMetrics
{
	Gauge queued;
	Gauge in_flight;
	Gauge ready; /* connections */
	Counter lost;
	Counter refused;
	Counter calls;
	Counter queue_us;
	Counter database_us;
} LaneMetrics;

typedef struct WorkerMetrics
{
	Gauge used; /* some worker has had this slot */
	Gauge accepting;
	Gauge connections;
	Counter counters[COUNTER_COUNT];
	LaneMetrics lanes[LANE_COUNT];
	RouteMetrics routes[METRICS_MAX_ROUTES];
} WorkerMetrics;

/* What the routes' numbers mean, alike for all workers. */
typedef struct RouteLabel
{
	_Atomic int state;
	char method[METRICS_METHOD_SIZE];
	char path[METRICS_PATH_SIZE];
} RouteLabel;

typedef struct MetricsArea
{
	RouteLabel labels[METRICS_MAX_ROUTES];
	int slot_count;
	WorkerMetrics slots[];
} MetricsArea;

MetricsArea *metrics_open(int slots);
int metrics_route(MetricsArea *area, const char *method, const char *path);
void metrics_request(WorkerMetrics *slot, int route, int status, uint64_t duration_us);
void metrics_clear_gauges(WorkerMetrics *slot);

/* metrics_page.c */
void metrics_page(const MetricsArea *area, Buffer *out);
extern const int metrics_statuses[METRICS_STATUSES];
extern const uint32_t metrics_bounds_us[METRICS_BUCKETS];

static inline void
metrics_add(Counter *counter, uint64_t amount)
{
	atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static inline void
metrics_gauge_add(Gauge *gauge, int64_t amount)
{
	atomic_fetch_add_explicit(gauge, amount, memory_order_relaxed);
}

static inline void
metrics_count(WorkerMetrics *slot, CounterId id)
{
	metrics_add(&slot->counters[id], 1);
}

#endif
