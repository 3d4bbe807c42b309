/*-------------------------------------------------------------------------
 *
 * bound_work.c
 *		What a search has cost.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/instrument.h"
#include "funcapi.h"

#include "bound_walk.h"

static BoundWork last_work; /* of this session's last search */

PG_FUNCTION_INFO_V1(mesteri_engine_work);

/* bound_buffers: that this backend has looked at so far. */
int64
bound_buffers(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

void
bound_work_done(const BoundWork *work, int64 buffers_before)
{
	last_work = *work;
	last_work.buffers = bound_buffers() - buffers_before;
}

/*
 * mesteri.engine_work(OUT index_pages bigint, OUT index_entries bigint, OUT heap_tuples bigint, OUT distances bigint,
 *					   OUT buffers bigint)
 *		What the last ranked search of this session has cost.
 */
Datum
mesteri_engine_work(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Datum values[5];
	bool nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != lengthof(values))
		elog(ERROR, "engine_work is declared with other results");

	values[0] = Int64GetDatum(last_work.pages);
	values[1] = Int64GetDatum(last_work.entries);
	values[2] = Int64GetDatum(last_work.tuples);
	values[3] = Int64GetDatum(last_work.distances);
	values[4] = Int64GetDatum(last_work.buffers);

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
