/*-------------------------------------------------------------------------
 *
 * feed_query.c
 *		What a reader asks of the feed, in the terms of its bounds.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "feed_key.h"

static double weight(HeapTupleHeader row, const char *column);
static double seconds(Datum interval);

/*
 * feed_query_begin
 *		row: of mesteri.feed_weights.
 *
 * Errors: 22004 when a part is null.
 */
void
feed_query_begin(FeedQuery *query, TimestampTz clock, Datum row)
{
	FeedWeights *weights = &query->weights;
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	bool is_null;
	Datum horizon = GetAttributeByName(header, "recency_horizon", &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("weights must not be null")));

	weights->geo = weight(header, "geo");
	weights->engagement = weight(header, "engagement");
	weights->rating = weight(header, "rating");
	weights->recency = weight(header, "recency");
	weights->geo_horizon_m = weight(header, "geo_horizon_m");
	weights->recency_horizon_s = seconds(horizon);

	query->clock = clock;
	query->clock_min = (double) clock / USECS_PER_MINUTE;
	query->geo_step = weights->geo / weights->geo_horizon_m;
	query->engagement_step = weights->engagement / FEED_ENGAGEMENT_UNITS;
	query->rating_step = weights->rating / FEED_RATING_UNITS;
	query->worth_step = Max(query->engagement_step / FEED_WORTH_OF_ENGAGEMENT,
	                        query->rating_step / FEED_WORTH_OF_RATING);
	query->recency_step = weights->recency / weights->recency_horizon_s * SECS_PER_MINUTE;
}

/*
 * feed_query_place
 *		Call it when the weights are there: what lies beyond horizon and radius does not matter.
 */
void
feed_query_place(FeedQuery *query, double lat, double lon, double radius_m)
{
	bound_query_place(&query->base, lat, lon, radius_m, Max(radius_m, query->weights.geo_horizon_m));
}

static double
weight(HeapTupleHeader row, const char *column)
{
	bool is_null;
	Datum value = GetAttributeByName(row, column, &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("weights must not be null")));

	return DatumGetFloat8(value);
}

/* As extract(epoch FROM ...), which knows how long a month is. */
static double
seconds(Datum interval)
{
	Datum epoch = DirectFunctionCall2(extract_interval, CStringGetTextDatum("epoch"), interval);

	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, epoch));
}
