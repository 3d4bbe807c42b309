/*-------------------------------------------------------------------------
 *
 * seal.c
 *		Keyed hashes and seals for SQL.
 *
 * A hash stands for data we do not want to keep; a seal goes in front of
 * data that travels through hands we do not trust.  They use different keys
 * for the same purpose, so that a hash that became known is no seal.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "key.h"
#include "seal.h"

#define SEAL_BYTES 16

static void mac_for(const char *kind, const char *purpose, const void *data, size_t length, uint8 *mac);

PG_FUNCTION_INFO_V1(mesteri_keyed_hash);
PG_FUNCTION_INFO_V1(mesteri_seal);
PG_FUNCTION_INFO_V1(mesteri_unseal);

/*
 * mesteri.keyed_hash(purpose text, data bytea) returns bytea
 *		HMAC-SHA256 under the purpose's key.
 */
Datum
mesteri_keyed_hash(PG_FUNCTION_ARGS)
{
	char *purpose = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea *data = PG_GETARG_BYTEA_PP(1);
	bytea *hash = palloc(VARHDRSZ + KEY_MAC_BYTES);

	SET_VARSIZE(hash, VARHDRSZ + KEY_MAC_BYTES);
	mac_for("hash", purpose, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), (uint8 *) VARDATA(hash));

	PG_RETURN_BYTEA_P(hash);
}

/*
 * mesteri.seal(purpose text, data bytea) returns bytea
 *		The data with a seal in front of it.
 */
Datum
mesteri_seal(PG_FUNCTION_ARGS)
{
	bytea *data = PG_GETARG_BYTEA_PP(1);

	PG_RETURN_BYTEA_P(seal_data(text_to_cstring(PG_GETARG_TEXT_PP(0)), VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data)));
}

/* seal_data: the data with a seal in front of it, in the current memory context. */
bytea *
seal_data(const char *purpose, const void *data, size_t length)
{
	bytea *sealed = palloc(VARHDRSZ + SEAL_BYTES + length);
	uint8 mac[KEY_MAC_BYTES];

	mac_for("seal", purpose, data, length, mac);

	SET_VARSIZE(sealed, VARHDRSZ + SEAL_BYTES + length);
	memcpy(VARDATA(sealed), mac, SEAL_BYTES);
	memcpy(VARDATA(sealed) + SEAL_BYTES, data, length);

	return sealed;
}

/*
 * mesteri.unseal(purpose text, sealed bytea) returns bytea
 *		The data behind a seal; NULL when we did not make it for this purpose.
 */
Datum
mesteri_unseal(PG_FUNCTION_ARGS)
{
	char *purpose = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea *sealed = PG_GETARG_BYTEA_PP(1);
	const char *content = VARDATA_ANY(sealed);
	size_t length = VARSIZE_ANY_EXHDR(sealed);
	uint8 mac[KEY_MAC_BYTES];

	if (length < SEAL_BYTES)
		PG_RETURN_NULL();

	mac_for("seal", purpose, content + SEAL_BYTES, length - SEAL_BYTES, mac);
	if (CRYPTO_memcmp(mac, content, SEAL_BYTES) != 0)
		PG_RETURN_NULL();

	PG_RETURN_TEXT_P(cstring_to_text_with_len(content + SEAL_BYTES, (int) (length - SEAL_BYTES)));
}

static void
mac_for(const char *kind, const char *purpose, const void *data, size_t length, uint8 *mac)
{
	char *key = psprintf("%s %s", kind, purpose);

	key_mac(key, data, length, mac);
	pfree(key);
}
