/*-------------------------------------------------------------------------
 *
 * spi_util.c
 *		SQL from C: kept plans and reads with the owner's rights.
 *
 * The owner's role is taken the way a SECURITY DEFINER function takes it, and
 * names are looked up in pg_catalog alone, whatever search_path the session
 * was given; on an error the abort of the transaction takes both back.
 *
 * The owner reads with the latest snapshot: what is read here is kept until
 * it is invalidated, and the statement's snapshot may be older than an
 * invalidation that was already taken.  What only the running statement is
 * going to use is read with that statement's own.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/snapmgr.h"

#include "spi_util.h"

typedef struct OwnersTurn
{
	Oid user;
	int context;
	MemoryContext memory;
} OwnersTurn;

static SPIPlanPtr keep(const char *sql, int count, const Oid *types, int options);
static void begin_owners_turn(OwnersTurn *turn, Snapshot snapshot);
static void end_owners_turn(const OwnersTurn *turn, int result, int expected);

/*
 * spi_keep
 *		Prepares a statement for the life of the backend, with names of pg_catalog where they are not qualified.
 */
SPIPlanPtr
spi_keep(const char *sql, int count, const Oid *types)
{
	return keep(sql, count, types, 0);
}

/*
 * spi_keep_generic
 *		The same for a statement of one plan, whatever its parameters.
 *
 * Left to itself the planner would plan it anew at each call, as soon as
 * statistics make it hope for a cheaper one.
 */
SPIPlanPtr
spi_keep_generic(const char *sql, int count, const Oid *types)
{
	return keep(sql, count, types, CURSOR_OPT_GENERIC_PLAN);
}

static SPIPlanPtr
keep(const char *sql, int count, const Oid *types, int options)
{
	SPIPlanPtr plan;

	spi_push_catalog_path();
	plan = SPI_prepare_cursor(sql, count, unconstify(Oid *, types), options);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	PopOverrideSearchPath();

	return plan;
}

/*
 * spi_push_catalog_path
 *		From here to PopOverrideSearchPath() unqualified names are those of pg_catalog.
 */
void
spi_push_catalog_path(void)
{
	OverrideSearchPath path = {.schemas = NIL, .addCatalog = true, .addTemp = false};

	PushOverrideSearchPath(&path);
}

/*
 * spi_as_owner
 *		Runs a constant SELECT as mesteri_owner; rows are in SPI_tuptable.
 */
void
spi_as_owner(const char *sql)
{
	spi_as_owner_with(sql, InvalidOid, (Datum) 0);
}

/* The same with one parameter, $1, of that type. */
void
spi_as_owner_with(const char *sql, Oid type, Datum parameter)
{
	OwnersTurn turn;
	int result;

	begin_owners_turn(&turn, GetLatestSnapshot());
	result = SPI_execute_with_args(sql, OidIsValid(type) ? 1 : 0, &type, &parameter, NULL, true, 0);
	end_owners_turn(&turn, result, SPI_OK_SELECT);
}

/* The same with a kept plan, all of whose parameters are given. */
void
spi_plan_as_owner(SPIPlanPtr plan, Datum *values)
{
	OwnersTurn turn;
	int result;

	begin_owners_turn(&turn, GetLatestSnapshot());
	result = SPI_execute_plan(plan, values, NULL, true, 0);
	end_owners_turn(&turn, result, SPI_OK_SELECT);
}

/* The same, seeing what the running statement sees. */
void
spi_plan_as_owner_within(SPIPlanPtr plan, Datum *values)
{
	OwnersTurn turn;
	int result;

	begin_owners_turn(&turn, GetActiveSnapshot());
	result = SPI_execute_plan(plan, values, NULL, true, 0);
	end_owners_turn(&turn, result, SPI_OK_SELECT);
}

/*
 * spi_insert_as_owner
 *		Runs a kept INSERT; returns how many rows it made or changed.
 */
uint64
spi_insert_as_owner(SPIPlanPtr plan, Datum *values, const char *nulls)
{
	OwnersTurn turn;
	int result;

	begin_owners_turn(&turn, GetLatestSnapshot());
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	end_owners_turn(&turn, result, SPI_OK_INSERT);
	return SPI_processed;
}

/*
 * spi_write_as_owner
 *		Runs a kept plan that locks or writes, on what is committed now, whatever the transaction's snapshot.
 *
 * As the checks of foreign keys do it: the owner's policies let through all
 * rows and are left out, for a session that restores a dump refuses to be
 * subject to any.
 */
void
spi_write_as_owner(SPIPlanPtr plan, Datum *values, int expected)
{
	OwnersTurn turn;
	int result;

	begin_owners_turn(&turn, GetLatestSnapshot());
	SetUserIdAndSecContext(get_role_oid("mesteri_owner", false),
	                       turn.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	result = SPI_execute_snapshot(plan, values, NULL, GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
	end_owners_turn(&turn, result, expected);
}

static void
begin_owners_turn(OwnersTurn *turn, Snapshot snapshot)
{
	turn->memory = CurrentMemoryContext;
	GetUserIdAndSecContext(&turn->user, &turn->context);
	SetUserIdAndSecContext(get_role_oid("mesteri_owner", false), turn->context | SECURITY_LOCAL_USERID_CHANGE);
	spi_push_catalog_path();
	PushActiveSnapshot(snapshot);
}

static void
end_owners_turn(const OwnersTurn *turn, int result, int expected)
{
	if (result != expected)
		elog(ERROR, "could not run a statement as mesteri_owner: %s", SPI_result_code_string(result));

	PopActiveSnapshot();
	PopOverrideSearchPath();
	SetUserIdAndSecContext(turn->user, turn->context);
	MemoryContextSwitchTo(turn->memory); /* SPI left us in its own */
}
