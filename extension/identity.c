/*-------------------------------------------------------------------------
 *
 * identity.c
 *		Who the running request is made by.
 *
 * The identity lives in this backend's memory and only handle() sets it, so
 * no SQL can forge it, whatever role it runs as.  It is lost in parallel
 * workers: the functions are PARALLEL RESTRICTED.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "identity.h"

static Identity caller;
static bool caller_known = false;

static void forget_at_end(XactEvent event, void *arg);

PG_FUNCTION_INFO_V1(mesteri_current_user_id);
PG_FUNCTION_INFO_V1(mesteri_current_session_id);
PG_FUNCTION_INFO_V1(mesteri_current_user_type);

void
identity_init(void)
{
	RegisterXactCallback(forget_at_end, NULL);
}

/* identity: copied; NULL for an anonymous caller. */
void
identity_set(const Identity *identity)
{
	caller_known = identity != NULL;
	if (caller_known)
		caller = *identity;
}

void
identity_clear(void)
{
	caller_known = false;
}

bool
identity_is(const pg_uuid_t *user)
{
	return caller_known && memcmp(&caller.user_id, user, sizeof(pg_uuid_t)) == 0;
}

/* However a transaction ends, nobody inherits its caller. */
static void
forget_at_end(XactEvent event, void *arg)
{
	identity_clear();
}

/* current_user_id() -> uuid: NULL when anonymous, or outside a request. */
Datum
mesteri_current_user_id(PG_FUNCTION_ARGS)
{
	if (!caller_known)
		PG_RETURN_NULL();

	PG_RETURN_UUID_P(&caller.user_id);
}

/* current_session_id() -> uuid: family of refresh tokens that the caller's access token belongs to. */
Datum
mesteri_current_session_id(PG_FUNCTION_ARGS)
{
	if (!caller_known)
		PG_RETURN_NULL();

	PG_RETURN_UUID_P(&caller.family_id);
}

/* current_user_type() -> text: client, craftsman or staff. */
Datum
mesteri_current_user_type(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"client", "craftsman", "staff"};

	if (!caller_known)
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text(names[caller.user_type]));
}
