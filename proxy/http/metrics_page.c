/*-------------------------------------------------------------------------
 *
 * metrics_page.c
 *		Writing the counters of all workers in Prometheus' text format.
 *-------------------------------------------------------------------------
 */
#include "http/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The last one collects all others. */
const int metrics_statuses[METRICS_STATUSES] = {200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 411, 412,
                                                413, 414, 415, 422, 428, 429, 431, 499, 500, 502, 503, 504, 0};

/* Upper bounds; the last bucket has none. */
const uint32_t metrics_bounds_us[METRICS_BUCKETS] = {500,    1000,   2500,   5000,    10000,   25000,    50000,
                                                     100000, 250000, 500000, 1000000, 2500000, 10000000, 0};

typedef struct CounterText
{
	const char *name;    /* with its label, if it has one */
	const char *meaning; /* NULL: as the one before */
} CounterText;

static const CounterText counter_texts[COUNTER_COUNT] = {
	[COUNT_CONNECTIONS] = {"connections_total", "Client connections accepted."},
	[COUNT_CLIENT_GONE] = {"client_gone_total", "Requests whose client hung up before the answer."},
	[COUNT_CANCELLED] = {"requests_cancelled_total", "Requests the database ended because nobody waited for them."},
	[COUNT_RETRY_CONFLICT] = {"retries_total{reason=\"conflict\"}",
                              "Requests run again after the database undid them."},
	[COUNT_RETRY_CANCELLED] = {"retries_total{reason=\"cancelled\"}", NULL},
	[COUNT_LIMIT_HEADER] = {"limits_total{limit=\"header\"}", "Refusals and closes by a limit."},
	[COUNT_LIMIT_URI] = {"limits_total{limit=\"uri\"}", NULL},
	[COUNT_LIMIT_BODY] = {"limits_total{limit=\"body\"}", NULL},
	[COUNT_LIMIT_LENGTH] = {"limits_total{limit=\"length\"}", NULL},
	[COUNT_LIMIT_MEDIA_TYPE] = {"limits_total{limit=\"media_type\"}", NULL},
	[COUNT_LIMIT_MALFORMED] = {"limits_total{limit=\"malformed\"}", NULL},
	[COUNT_LIMIT_HEADER_TIME] = {"limits_total{limit=\"header_time\"}", NULL},
	[COUNT_LIMIT_BODY_TIME] = {"limits_total{limit=\"body_time\"}", NULL},
	[COUNT_LIMIT_KEEPALIVE] = {"limits_total{limit=\"keepalive_time\"}", NULL},
	[COUNT_LIMIT_SEND_TIME] = {"limits_total{limit=\"send_time\"}", NULL},
	[COUNT_LIMIT_CONNECTIONS] = {"limits_total{limit=\"connections\"}", NULL},
	[COUNT_EFFECTS_COLLECTED] = {"effects_collected_total", "Effects of reads taken from answers."},
	[COUNT_EFFECTS_APPLIED] = {"effects_applied_total", "Effects that the database took back."},
	[COUNT_EFFECTS_DROPPED] = {"effects_dropped_total", "Effects given up because too many were held."},
	[COUNT_EFFECTS_FAILED] = {"effects_failed_total", "Effects that the database refused or lost."},
	[COUNT_LOG_DROPPED] = {"access_log_dropped_total", "Access log lines that nobody took in time."},
};

static uint64_t
sum_counter(const MetricsArea *area, size_t offset)
{
	uint64_t sum = 0;

	for (int i = 0; i < area->slot_count; i++)
	{
		const char *slot = (const char *) &area->slots[i];

		if (!atomic_load_explicit(&area->slots[i].used, memory_order_relaxed))
			continue; /* looking at it would make it memory */
		sum += atomic_load_explicit((const Counter *) (const void *) (slot + offset), memory_order_relaxed);
	}
	return sum;
}

#define SUM(area, field) sum_counter((area), offsetof(WorkerMetrics, field))

static void
page_head(Buffer *out, const char *name, const char *type, const char *meaning)
{
	buffer_format(out, "# HELP mesteri_proxy_%s %s\n# TYPE mesteri_proxy_%s %s\n", name, meaning, name, type);
}

static void
page_counters(const MetricsArea *area, Buffer *out)
{
	for (int i = 0; i < COUNTER_COUNT; i++)
	{
		const CounterText *text = &counter_texts[i];
		char family[64];

		if (text->meaning != NULL)
		{
			size_t length = strcspn(text->name, "{");

			memcpy(family, text->name, length);
			family[length] = '\0';
			page_head(out, family, "counter", text->meaning);
		}
		buffer_format(out, "mesteri_proxy_%s %llu\n", text->name, (unsigned long long) SUM(area, counters[i]));
	}
}

/* One family with a value for each lane; scale turns what is stored into what is shown. */
static void
page_lanes(const MetricsArea *area, Buffer *out, const char *name, const char *type, const char *meaning, size_t offset,
           double scale)
{
	page_head(out, name, type, meaning);
	for (int i = 0; i < LANE_COUNT; i++)
	{
		uint64_t value = sum_counter(area, offsetof(WorkerMetrics, lanes) + sizeof(LaneMetrics) * (size_t) i + offset);

		buffer_format(out, "mesteri_proxy_%s{lane=\"%s\"} %.15g\n", name, lane_names[i],
		              (double) (int64_t) value * scale);
	}
}

#define LANE_FIELD(field) offsetof(LaneMetrics, field)

static void
page_all_lanes(const MetricsArea *area, Buffer *out)
{
	page_lanes(area, out, "lane_queued", "gauge", "Requests waiting for a connection.", LANE_FIELD(queued), 1);
	page_lanes(area, out, "lane_in_flight", "gauge", "Requests the database works on.", LANE_FIELD(in_flight), 1);
	page_lanes(area, out, "lane_connections", "gauge", "Database connections that are up.", LANE_FIELD(ready), 1);
	page_lanes(area, out, "lane_connections_lost_total", "counter", "Database connections that broke.",
	           LANE_FIELD(lost), 1);
	page_lanes(area, out, "lane_refused_total", "counter", "Requests answered with overloaded.", LANE_FIELD(refused),
	           1);
	page_lanes(area, out, "lane_calls_total", "counter", "Requests the database answered.", LANE_FIELD(calls), 1);
	page_lanes(area, out, "lane_queue_seconds_total", "counter", "Time requests waited for a connection.",
	           LANE_FIELD(queue_us), 1e-6);
	page_lanes(area, out, "lane_database_seconds_total", "counter", "Time from sending a request to its commit.",
	           LANE_FIELD(database_us), 1e-6);
}

/* The page shows routes that had requests only, or it would be mostly zeros. */
static bool
route_was_used(const MetricsArea *area, int route)
{
	for (int i = 0; i < METRICS_BUCKETS; i++)
		if (SUM(area, routes[route].buckets[i]) > 0)
			return true;
	return false;
}

static void
page_route_statuses(const MetricsArea *area, Buffer *out, int route)
{
	const RouteLabel *label = &area->labels[route];

	for (int i = 0; i < METRICS_STATUSES; i++)
	{
		uint64_t count = SUM(area, routes[route].statuses[i]);

		if (count > 0)
			buffer_format(out, "mesteri_proxy_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} %llu\n",
			              label->method, label->path, metrics_statuses[i], (unsigned long long) count);
	}
}

static void
page_route_durations(const MetricsArea *area, Buffer *out, int route)
{
	static const char family[] = "mesteri_proxy_request_duration_seconds";
	const RouteLabel *label = &area->labels[route];
	uint64_t count = 0;

	for (int i = 0; i < METRICS_BUCKETS; i++)
	{
		char bound[32] = "+Inf";

		count += SUM(area, routes[route].buckets[i]);
		if (i < METRICS_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "%g", metrics_bounds_us[i] / 1e6);
		buffer_format(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %llu\n", family, label->method, label->path,
		              bound, (unsigned long long) count);
	}
	buffer_format(out, "%s_sum{method=\"%s\",route=\"%s\"} %.6f\n", family, label->method, label->path,
	              (double) SUM(area, routes[route].sum_us) / 1e6);
	buffer_format(out, "%s_count{method=\"%s\",route=\"%s\"} %llu\n", family, label->method, label->path,
	              (unsigned long long) count);
}

static void
page_routes(const MetricsArea *area, Buffer *out, const char *name, const char *type, const char *meaning,
            void (*page_route)(const MetricsArea *, Buffer *, int))
{
	page_head(out, name, type, meaning);
	for (int i = 0; i < METRICS_MAX_ROUTES; i++)
		if (route_was_used(area, i))
			page_route(area, out, i);
}

/* Appends the whole page. */
void
metrics_page(const MetricsArea *area, Buffer *out)
{
	page_head(out, "workers", "gauge", "Worker processes that accept connections.");
	buffer_format(out, "mesteri_proxy_workers %lld\n", (long long) SUM(area, accepting));
	page_head(out, "connections", "gauge", "Client connections that are open.");
	buffer_format(out, "mesteri_proxy_connections %lld\n", (long long) SUM(area, connections));
	page_counters(area, out);
	page_all_lanes(area, out);
	page_routes(area, out, "requests_total", "counter", "Requests by route and status; 499: the client hung up.",
	            page_route_statuses);
	page_routes(area, out, "request_duration_seconds", "histogram", "From a request's first byte to its answer.",
	            page_route_durations);
}
