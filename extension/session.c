/*-------------------------------------------------------------------------
 *
 * session.c
 *		Whether the session of a token still stands.
 *
 * The truth is mesteri.token_families.  Nobody asks it at each request:
 * triggers on sessions and accounts invalidate the relcache entry of an empty
 * table, mesteri.revocation_signal, and so every backend, on standbys too, hears of
 * it after the commit and before its next statement.  It then counts on, and
 * tokens checked at an earlier count are checked again when next used.
 * VACUUM or ANALYZE of the empty table give false alarms, which are harmless.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "error.h"
#include "session.h"
#include "spi_util.h"

static Oid signal_relation(void);
static void count_change(Datum arg, Oid relation);
static void check_family(const Identity *identity);

static uint64 changes = 1; /* 0 is for tokens never checked */
static Oid signal_oid = InvalidOid;

PG_FUNCTION_INFO_V1(mesteri_sessions_changed);

/*
 * sessions_changed() -> trigger
 *
 * The others hear of it when the transaction commits, and nothing when it
 * rolls back.  It has no other effect, so a restore may fire it.
 */
Datum
mesteri_sessions_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("sessions_changed() can only be called as a trigger")));

	CacheInvalidateRelcacheByRelid(signal_relation());
	PG_RETURN_POINTER(NULL);
}

/*
 * session_init
 *		Called once, when the library is loaded.
 */
void
session_init(void)
{
	CacheRegisterRelcacheCallback(count_change, (Datum) 0);
}

/*
 * session_changes
 *		A number that grows when sessions were revoked, as of now.
 */
uint64
session_changes(void)
{
	(void) signal_relation();
	AcceptInvalidationMessages();

	return changes;
}

/*
 * session_check
 *		Refuse somebody whose session has ended.
 *
 * Errors: MSERR_TOKEN_REVOKED, MSERR_ACCOUNT_SUSPENDED.
 */
void
session_check(const Identity *identity)
{
	static SPIPlanPtr plan = NULL;
	Datum values[] = {UUIDPGetDatum(&identity->family_id)};

	SPI_connect();
	if (plan == NULL)
	{
		static const Oid types[] = {UUIDOID};

		plan = spi_keep("SELECT f.user_id, f.revoked_at IS NOT NULL OR u.deleted_at IS NOT NULL OR NOT u.is_active,"
		                "       CASE WHEN u.deleted_at IS NOT NULL THEN 'erased'"
		                "            WHEN u.is_active THEN f.revoke_reason ELSE 'suspended' END"
		                "  FROM mesteri.token_families f"
		                "  JOIN mesteri.users u ON u.id = f.user_id"
		                " WHERE f.id = $1",
		                1, types);
	}

	spi_plan_as_owner(plan, values);
	if (SPI_processed != 1)
		refuse(MSERR_TOKEN_REVOKED, "the token's session does not exist");
	check_family(identity);

	SPI_finish();
}

static void
check_family(const Identity *identity)
{
	HeapTuple row = SPI_tuptable->vals[0];
	TupleDesc desc = SPI_tuptable->tupdesc;
	bool isnull;
	Datum user = SPI_getbinval(row, desc, 1, &isnull);
	const char *reason = SPI_getvalue(row, desc, 3);

	if (isnull || memcmp(DatumGetUUIDP(user), &identity->user_id, UUID_LEN) != 0)
		refuse(MSERR_TOKEN_REVOKED, "the token's session belongs to another user");

	if (!DatumGetBool(SPI_getbinval(row, desc, 2, &isnull)))
		return;

	if (reason != NULL && strcmp(reason, "suspended") == 0)
		refuse(MSERR_ACCOUNT_SUSPENDED, "the account is suspended");
	refuse(MSERR_TOKEN_REVOKED, "the token's session was revoked");
}

/*
 * signal_relation
 *		The oid of mesteri.revocation_signal.
 *
 * Looked up again after each of its invalidations: it may have been dropped
 * with the extension and made anew.
 */
static Oid
signal_relation(void)
{
	if (!OidIsValid(signal_oid))
		signal_oid = get_relname_relid("revocation_signal", get_namespace_oid("mesteri", false));

	if (!OidIsValid(signal_oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table \"mesteri.revocation_signal\" does not exist"),
		                errhint("Was extension \"mesteri\" installed as a whole?")));

	return signal_oid;
}

/*
 * count_change
 *		Called when a relation's relcache entry is invalidated; all of them: InvalidOid.
 *
 * May run at almost any time, so nothing is looked up here.  As long as we
 * do not know which relation is the signal, each might be.
 */
static void
count_change(Datum arg, Oid relation)
{
	if (OidIsValid(relation) && OidIsValid(signal_oid) && relation != signal_oid)
		return;

	changes++;
	signal_oid = InvalidOid;
}
