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
 * feed_weights_read
 *		row: of mesteri.feed_weights.
 *
 * Errors: 22004 when a part is null.
 */
void
feed_weights_read(Datum row, FeedWeights *weights)
{
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
}

/*
 * feed_query_place
 *		Call it when the weights are there: what lies beyond horizon and radius does not matter.
 */
void
feed_query_place(FeedQuery *query, double lat, double lon, double radius_m)
{
	query->base.radius_m = radius_m;
	bound_place_set(&query->base.place, lat, lon, Max(radius_m, query->weights.geo_horizon_m));
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
