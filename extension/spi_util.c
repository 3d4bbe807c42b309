/*-------------------------------------------------------------------------
 *
 * spi_util.c
 *		SQL from C: kept plans and reads with the owner's rights.
 *
 * The role is switched the way a SECURITY DEFINER function does it.  On an
 * error the abort of the transaction switches it back.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "spi_util.h"

/*
 * spi_keep
 *		Prepares a statement for the life of the backend.
 */
SPIPlanPtr
spi_keep(const char *sql, int count, const Oid *types)
{
	SPIPlanPtr plan = SPI_prepare(sql, count, unconstify(Oid *, types));

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * spi_as_owner
 *		Runs a constant SELECT as mesteri_owner; rows are in SPI_tuptable.
 *
 * With a snapshot of its own: what is read here is kept until it is
 * invalidated, and the statement's snapshot may be older than an invalidation
 * that was already taken.
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
	MemoryContext caller = CurrentMemoryContext; /* SPI leaves us in its own */
	Oid user;
	int context;
	int result;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(get_role_oid("mesteri_owner", false), context | SECURITY_LOCAL_USERID_CHANGE);
	result = SPI_execute_with_args(sql, OidIsValid(type) ? 1 : 0, &type, &parameter, NULL, false, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
	SetUserIdAndSecContext(user, context);
	MemoryContextSwitchTo(caller);
}
