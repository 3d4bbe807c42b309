/*-------------------------------------------------------------------------
 *
 * fee_sql.c
 *		The split of a price, for SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/memutils.h"

#include "fee.h"

/* Columns of the row. */
enum
{
	FEE_PLATFORM,
	FEE_VAT,
	FEE_REVENUE,
	FEE_PROVIDER,
	FEE_NET,
	FEE_COLUMNS
};

static TupleDesc parts_desc(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(mesteri_fee_split);

/*
 * mesteri.fee_split(amount bigint, platform_bps integer, provider_bps integer, vat_bps integer)
 *		-> (platform, vat, revenue, provider, net), all bani
 *
 * Errors: as fee_split().
 */
Datum
mesteri_fee_split(PG_FUNCTION_ARGS)
{
	FeeRates rates = {.platform = PG_GETARG_INT32(1), .provider = PG_GETARG_INT32(2), .vat = PG_GETARG_INT32(3)};
	FeeParts parts = fee_split(PG_GETARG_INT64(0), &rates);
	Datum values[FEE_COLUMNS] = {
		[FEE_PLATFORM] = Int64GetDatum(parts.platform), [FEE_VAT] = Int64GetDatum(parts.vat),
		[FEE_REVENUE] = Int64GetDatum(parts.revenue),   [FEE_PROVIDER] = Int64GetDatum(parts.provider),
		[FEE_NET] = Int64GetDatum(parts.net),
	};
	bool nulls[FEE_COLUMNS] = {false};

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(parts_desc(fcinfo), values, nulls)));
}

/* Looked up once per call site: that costs more than the split. */
static TupleDesc
parts_desc(FunctionCallInfo fcinfo)
{
	MemoryContext caller;
	TupleDesc desc = fcinfo->flinfo->fn_extra;

	if (desc != NULL)
		return desc;

	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != FEE_COLUMNS)
		elog(ERROR, "fee_split() is declared with other results");
	desc = BlessTupleDesc(desc);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = desc;

	return desc;
}
