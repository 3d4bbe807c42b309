/*-------------------------------------------------------------------------
 *
 * jwks.c
 *		The public halves of our keys, for whoever checks our tokens (RFC 7517).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "base64url.h"
#include "key.h"

static void append_key(StringInfo json, const TokenKey *key);
static void append_number(StringInfo json, const TokenKey *key, const char *name);

PG_FUNCTION_INFO_V1(mesteri_jwks);

/*
 * mesteri.jwks() returns json
 *		A JWK Set of all loaded keys, by kid.
 */
Datum
mesteri_jwks(PG_FUNCTION_ARGS)
{
	StringInfoData json;
	const char *separator = "";
	ListCell *cell;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"keys\":[");
	foreach (cell, key_list())
	{
		appendStringInfoString(&json, separator);
		append_key(&json, lfirst(cell));
		separator = ",";
	}
	appendStringInfoString(&json, "]}");

	PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}

static void
append_key(StringInfo json, const TokenKey *key)
{
	appendStringInfo(json, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"", key->kid);
	append_number(json, key, OSSL_PKEY_PARAM_RSA_N);
	appendStringInfoString(json, "\",\"e\":\"");
	append_number(json, key, OSSL_PKEY_PARAM_RSA_E);
	appendStringInfoString(json, "\"}");
}

/*
 * append_number
 *		A part of the key, big end first, without leading zeros (RFC 7518, 6.3.1).
 */
static void
append_number(StringInfo json, const TokenKey *key, const char *name)
{
	uint8 bytes[KEY_RSA_MAX_BITS / 8];
	BIGNUM *number = NULL;
	int length = 0;

	if (EVP_PKEY_get_bn_param(key->pkey, name, &number) == 1 && BN_num_bytes(number) <= (int) sizeof(bytes))
		length = BN_bn2bin(number, bytes);
	BN_free(number);

	if (length == 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not read key \"%s\"", key->kid)));

	base64url_append(json, bytes, length);
}
