/*-------------------------------------------------------------------------
 *
 * token.c
 *		Is this access token good, here and now?
 *
 * A token is read and its signature verified once per backend; after that a
 * SHA-256 finds it in the cache.  What can change is asked each time: the
 * clock, the loaded keys, and whether any session was revoked since.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include <openssl/evp.h>

#include "error.h"
#include "key.h"
#include "session.h"
#include "token.h"
#include "token_cache.h"

static void digest_of(const char *token, int length, uint8 *digest);
static bool find_proven(const uint8 *digest, ProvenToken *proven);

/*
 * token_init
 *		Called once, when the library is loaded.
 */
void
token_init(void)
{
	session_init();
}

/*
 * token_verify
 *		Who a token speaks for.
 *
 * Needs a transaction; runs SQL at first sight of a token and after
 * revocations.
 *
 * Errors: MSERR_UNAUTHENTICATED when it was not made by us, by any of our
 * keys or in this form; MSERR_TOKEN_EXPIRED; MSERR_TOKEN_REVOKED or
 * MSERR_ACCOUNT_SUSPENDED when its session has ended.
 */
void
token_verify(const char *token, int length, Identity *identity)
{
	uint8 digest[TOKEN_DIGEST_BYTES];
	ProvenToken proven;
	bool is_cached;
	uint64 sessions;

	if (length <= 0 || length > TOKEN_MAX_BYTES)
		refuse(MSERR_UNAUTHENTICATED, "the token is empty or too long");

	digest_of(token, length, digest);
	is_cached = find_proven(digest, &proven);
	if (!is_cached)
		token_read(token, length, &proven);

	if (time(NULL) >= proven.expires_at + TOKEN_CLOCK_SKEW_S)
	{
		token_cache_drop(digest);
		refuse(MSERR_TOKEN_EXPIRED, "the token has expired");
	}

	/* The counter is read first: what is revoked during the check shows at the next use. */
	sessions = session_changes();
	if (!is_cached || proven.sessions_seen != sessions)
	{
		session_check(&proven.identity);
		proven.sessions_seen = sessions;
		token_cache_put(digest, &proven);
	}

	*identity = proven.identity;
}

/*
 * find_proven
 *		Whether we know the token, and still believe the key that signed it.
 */
static bool
find_proven(const uint8 *digest, ProvenToken *proven)
{
	if (!token_cache_find(digest, proven))
		return false;

	if (key_is_loaded(proven->key_serial))
		return true;

	token_cache_drop(digest);
	return false;
}

static void
digest_of(const char *token, int length, uint8 *digest)
{
	static EVP_MD *sha256 = NULL;

	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);

	if (sha256 == NULL || EVP_Digest(token, (size_t) length, digest, NULL, sha256, NULL) != 1)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a digest")));
}
