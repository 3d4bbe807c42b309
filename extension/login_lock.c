/*-------------------------------------------------------------------------
 *
 * login_lock.c
 *		One try to sign in at a time for each identifier.
 *
 * An advisory lock, but of a class that pg_advisory_lock() cannot name: those
 * functions are everybody's, and whoever may connect could keep somebody
 * from signing in by holding the lock himself.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"

/* The last field of an advisory lock's tag; SQL's functions use 1 (one bigint) and 2 (two integers). */
#define LOGIN_LOCK_CLASS 3

PG_FUNCTION_INFO_V1(mesteri_login_lock);

/*
 * login_lock(identifier_hash bytea) -> void
 *		Waits for the other tries; held until the transaction ends.
 */
Datum
mesteri_login_lock(PG_FUNCTION_ARGS)
{
	bytea *hash = PG_GETARG_BYTEA_PP(0);
	uint32 key[2];
	LOCKTAG tag;

	if (VARSIZE_ANY_EXHDR(hash) < sizeof(key))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("hash of an identifier has fewer than %zu bytes", sizeof(key))));

	memcpy(key, VARDATA_ANY(hash), sizeof(key));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, key[0], key[1], LOGIN_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);

	PG_RETURN_VOID();
}
