/*-------------------------------------------------------------------------
 *
 * metrics.c
 *		Counting.
 *
 * Counters are atomic although a slot has one owner: during a change of
 * generations a reader in another process must never see half a number.
 *-------------------------------------------------------------------------
 */
#include "http/metrics.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* States of a label. */
enum
{
	LABEL_FREE,
	LABEL_BEING_WRITTEN,
	LABEL_READY
};

/*
 * metrics_open
 *		Maps the area; processes forked later share it.
 *
 * Pages that no route uses never become memory.  Returns NULL when the
 * system has none to give.
 */
MetricsArea *
metrics_open(int slots)
{
	size_t size = sizeof(MetricsArea) + sizeof(WorkerMetrics) * (size_t) slots;
	MetricsArea *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	area->slot_count = slots;
	area->labels[METRICS_UNMATCHED].state = LABEL_READY;
	return area;
}

static bool
label_is(const RouteLabel *label, const char *method, const char *path)
{
	return atomic_load(&label->state) == LABEL_READY && strcmp(label->method, method) == 0 &&
	       strncmp(label->path, path, METRICS_PATH_SIZE - 1) == 0;
}

/*
 * metrics_route
 *		The number of a route, which all workers share.
 *
 * Prometheus refuses a page that shows a route twice, so a label that another
 * worker is just writing is waited for: it may be the same route.  Routes
 * beyond METRICS_MAX_ROUTES count as unmatched.
 */
int
metrics_route(MetricsArea *area, const char *method, const char *path)
{
	for (int i = METRICS_UNMATCHED + 1; i < METRICS_MAX_ROUTES; i++)
	{
		RouteLabel *label = &area->labels[i];
		int expected = LABEL_FREE;

		if (atomic_compare_exchange_strong(&label->state, &expected, LABEL_BEING_WRITTEN))
		{
			snprintf(label->method, sizeof(label->method), "%s", method);
			snprintf(label->path, sizeof(label->path), "%s", path);
			atomic_store(&label->state, LABEL_READY);
			return i;
		}
		for (int spins = 0; atomic_load(&label->state) == LABEL_BEING_WRITTEN && spins < 1000000; spins++)
			;
		if (label_is(label, method, path))
			return i;
	}
	return METRICS_UNMATCHED;
}

/* The last status stands for all that the table does not have. */
static int
status_index(int status)
{
	for (int i = 0; i < METRICS_STATUSES - 1; i++)
		if (metrics_statuses[i] == status)
			return i;
	return METRICS_STATUSES - 1;
}

static int
bucket_index(uint64_t duration_us)
{
	int i = 0;

	while (i < METRICS_BUCKETS - 1 && duration_us > metrics_bounds_us[i])
		i++;
	return i;
}

/* Counts one answered request. */
void
metrics_request(WorkerMetrics *slot, int route, int status, uint64_t duration_us)
{
	RouteMetrics *metrics = &slot->routes[route];

	metrics_add(&metrics->statuses[status_index(status)], 1);
	metrics_add(&metrics->buckets[bucket_index(duration_us)], 1);
	metrics_add(&metrics->sum_us, duration_us);
}

/* A worker has ended, perhaps without tidying up. */
void
metrics_clear_gauges(WorkerMetrics *slot)
{
	atomic_store(&slot->accepting, 0);
	atomic_store(&slot->connections, 0);
	for (int i = 0; i < LANE_COUNT; i++)
	{
		atomic_store(&slot->lanes[i].queued, 0);
		atomic_store(&slot->lanes[i].in_flight, 0);
		atomic_store(&slot->lanes[i].ready, 0);
	}
}
