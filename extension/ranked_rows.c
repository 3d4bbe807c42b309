/*-------------------------------------------------------------------------
 *
 * ranked_rows.c
 *		What a ranking function returns.
 *
 * One row each: id, distance in metres, score, and the parts that add up to
 * it.  The function has called InitMaterializedSRF().
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "ranked_rows.h"
#include "spi_util.h"

#define COLUMNS (3 + TOP_K_MAX_PARTS)

/* ranked_rows_put: those after the first skip; top is sorted. */
void
ranked_rows_put(FunctionCallInfo fcinfo, const TopK *top, int skip)
{
	ReturnSetInfo *results = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = skip; i < top->count; i++)
	{
		const Ranked *ranked = &top->heap[i];
		Datum values[COLUMNS];
		bool nulls[COLUMNS] = {false};

		values[0] = UUIDPGetDatum(&ranked->id);
		values[1] = Float8GetDatum(ranked->metres);
		nulls[1] = !ranked->has_metres;
		values[2] = Float8GetDatum(ranked->score);
		for (int part = 0; part < TOP_K_MAX_PARTS; part++)
			values[3 + part] = Float8GetDatum(ranked->parts[part]);
		tuplestore_putvalues(results->setResult, results->setDesc, values, nulls);
	}
}

/*
 * ranked_rows_put_reference
 *		The same answer, the long way.
 *
 * reference: a query of the function's own arguments.  plan: the caller's, kept
 * from the first call on.
 */
void
ranked_rows_put_reference(FunctionCallInfo fcinfo, SPIPlanPtr *plan, const char *reference)
{
	ReturnSetInfo *results = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[FUNC_MAX_ARGS];
	char nulls[FUNC_MAX_ARGS];

	for (int i = 0; i < PG_NARGS(); i++)
	{
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}

	SPI_connect();
	if (*plan == NULL)
	{
		Oid *types;
		int count;

		(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
		Assert(count == PG_NARGS());
		*plan = spi_keep(reference, count, types);
	}
	if (SPI_execute_plan(*plan, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run the reference of a ranking");
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(results->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
}
