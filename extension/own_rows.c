/*-------------------------------------------------------------------------
 *
 * own_rows.c
 *		Which values lead to the caller, for policies.
 *
 * A policy asks about each row of a statement, and most statements read the
 * rows of one parent: the first value is looked up alone, by its index, and
 * remembered.  When a second one comes, all of the caller's are fetched, once,
 * so that many rows cost one more statement and not one each.  What was found
 * lives as long as the statement's plan runs, and is what its snapshot shows.
 *
 * The rows are read as mesteri_owner.  Nothing can be asked about others:
 * table and path are resolved by labels, which make the SQL, and the user is
 * the caller or nobody.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "identity.h"
#include "own_rows.h"
#include "owner_path.h"
#include "spi_util.h"

#define CALLER "$1"

/* A path of a table's label, and what this backend asks about it. */
typedef struct Source
{
	Oid target;
	char *path;
	bool is_stale;  /* the table, its label perhaps, was changed since */
	SPIPlanPtr one; /* is it this one? */
	SPIPlanPtr all;
} Source;

/* What one call site in a running plan has found so far. */
typedef struct OwnRows
{
	const Source *source;
	bool knows_one;
	pg_uuid_t one;
	bool one_is_own;
	ArrayType *ids; /* NULL: not fetched */
} OwnRows;

static OwnRows *own_rows(FunctionCallInfo fcinfo, int argument);
static Source *find_source(Oid target, const char *path);
static void prepare(Source *source);
static bool look_up(const Source *source, const pg_uuid_t *caller, const pg_uuid_t *id);
static void fetch_all(OwnRows *own, const pg_uuid_t *caller, MemoryContext memory);
static bool is_among(const ArrayType *ids, const pg_uuid_t *id);
static int compare(const void *a, const void *b);
static void on_relation_changed(Datum arg, Oid relation);

static List *sources = NIL;

PG_FUNCTION_INFO_V1(mesteri_is_own);
PG_FUNCTION_INFO_V1(mesteri_own_ids);

/*
 * own_rows_init
 *		Called once, when the library is loaded.
 */
void
own_rows_init(void)
{
	CacheRegisterRelcacheCallback(on_relation_changed, (Datum) 0);
}

/*
 * mesteri.is_own(value uuid, caller uuid, target regclass, path text) returns boolean
 *		Whether the first hop of that path leads from this value to a row of the caller's.
 *
 * Errors: 22023 when target and path are not constants, or no path of a label.
 */
Datum
mesteri_is_own(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *id = PG_GETARG_UUID_P(0);
	const pg_uuid_t *caller = PG_GETARG_UUID_P(1);
	OwnRows *own = own_rows(fcinfo, 2);

	if (!identity_is(caller))
		PG_RETURN_BOOL(false);

	if (own->ids == NULL && !own->knows_one)
	{
		own->one_is_own = look_up(own->source, caller, id);
		own->one = *id;
		own->knows_one = true;
	}
	if (own->knows_one && compare(&own->one, id) == 0)
		PG_RETURN_BOOL(own->one_is_own);

	if (own->ids == NULL)
		fetch_all(own, caller, fcinfo->flinfo->fn_mcxt);
	PG_RETURN_BOOL(is_among(own->ids, id));
}

/*
 * mesteri.own_ids(caller uuid, target regclass, path text) returns uuid[]
 *		The values for which is_own() holds, sorted.
 *
 * An index scan asks again at each rescan.
 */
Datum
mesteri_own_ids(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *caller = PG_GETARG_UUID_P(0);
	OwnRows *own = own_rows(fcinfo, 1);

	if (!identity_is(caller))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(UUIDOID));

	if (own->ids == NULL)
		fetch_all(own, caller, fcinfo->flinfo->fn_mcxt);
	PG_RETURN_ARRAYTYPE_P(own->ids);
}

/* argument: the first of the two that are constant, target and path. */
static OwnRows *
own_rows(FunctionCallInfo fcinfo, int argument)
{
	FmgrInfo *call = fcinfo->flinfo;

	if (call->fn_extra == NULL)
	{
		OwnRows *own;

		if (!get_fn_expr_arg_stable(call, argument) || !get_fn_expr_arg_stable(call, argument + 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("table and path must be constants")));

		own = MemoryContextAllocZero(call->fn_mcxt, sizeof(OwnRows));
		own->source = find_source(PG_GETARG_OID(argument), text_to_cstring(PG_GETARG_TEXT_PP(argument + 1)));
		call->fn_extra = own;
	}

	return call->fn_extra;
}

/* The source of that path, prepared.  There are no more than labels have paths, and they stay. */
static Source *
find_source(Oid target, const char *path)
{
	Source *source;
	MemoryContext before;
	ListCell *cell;

	foreach (cell, sources)
	{
		source = lfirst(cell);
		if (source->target == target && strcmp(source->path, path) == 0)
		{
			if (source->is_stale || source->all == NULL)
				prepare(source);
			return source;
		}
	}

	(void) owner_source(target, path, CALLER); /* or raise */
	before = MemoryContextSwitchTo(TopMemoryContext);
	source = palloc0(sizeof(Source));
	source->target = target;
	source->path = pstrdup(path);
	source->is_stale = true;
	sources = lappend(sources, source);
	MemoryContextSwitchTo(before);

	prepare(source);
	return source;
}

static void
prepare(Source *source)
{
	static const Oid types[] = {UUIDOID, UUIDOID};
	OwnerSource rows = owner_source(source->target, source->path, CALLER);
	char *one = psprintf("SELECT FROM %s WHERE %s = $2 AND %s LIMIT 1", rows.table, rows.column, rows.condition);
	char *all = psprintf("SELECT array_agg(%s ORDER BY %s) FROM %s WHERE %s IS NOT NULL AND %s", rows.column,
	                     rows.column, rows.table, rows.column, rows.condition);

	if (source->one != NULL)
		SPI_freeplan(source->one);
	if (source->all != NULL)
		SPI_freeplan(source->all);
	source->one = source->all = NULL; /* until they are made anew: should that fail, nobody uses the old ones */

	SPI_connect();
	source->is_stale = false; /* unless the table changes while we prepare */
	source->one = spi_keep_generic(one, lengthof(types), types);
	source->all = spi_keep_generic(all, 1, types);
	SPI_finish();
}

static bool
look_up(const Source *source, const pg_uuid_t *caller, const pg_uuid_t *id)
{
	Datum values[] = {UUIDPGetDatum(caller), UUIDPGetDatum(id)};
	bool is_own;

	SPI_connect();
	spi_plan_as_owner_within(source->one, values);
	is_own = SPI_processed > 0;
	SPI_finish();

	return is_own;
}

/* memory: as long-lived as own. */
static void
fetch_all(OwnRows *own, const pg_uuid_t *caller, MemoryContext memory)
{
	Datum values[] = {UUIDPGetDatum(caller)};
	MemoryContext before;
	Datum ids;
	bool is_null;

	SPI_connect();
	spi_plan_as_owner_within(own->source->all, values);
	ids = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	before = MemoryContextSwitchTo(memory);
	own->ids = is_null ? construct_empty_array(UUIDOID) : DatumGetArrayTypePCopy(ids);
	MemoryContextSwitchTo(before);
	SPI_finish();
}

/* ids: sorted, without NULLs, of one dimension or empty. */
static bool
is_among(const ArrayType *ids, const pg_uuid_t *id)
{
	const char *first = (const char *) ids + ARR_OVERHEAD_NONULLS(1);

	return bsearch(id, first, ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)), sizeof(pg_uuid_t), compare) != NULL;
}

/* The order of type uuid. */
static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(pg_uuid_t));
}

/* Labels have no signal of their own; a policy made anew is one.  relation: InvalidOid means any. */
static void
on_relation_changed(Datum arg, Oid relation)
{
	ListCell *cell;

	foreach (cell, sources)
	{
		Source *source = lfirst(cell);

		if (!OidIsValid(relation) || source->target == relation)
			source->is_stale = true;
	}
}
