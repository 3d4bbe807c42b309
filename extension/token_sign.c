/*-------------------------------------------------------------------------
 *
 * token_sign.c
 *		From claims to a compact JWS, signed with RS256 (RFC 7515).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "base64url.h"
#include "key.h"
#include "token.h"

static void append_header(StringInfo token, const char *kid);
static bool sign_rs256(EVP_PKEY *pkey, const StringInfo data, uint8 *signature, size_t *length);

PG_FUNCTION_INFO_V1(mesteri_jwt_sign);

/*
 * mesteri.jwt_sign(claims json) returns text
 *		A token over these claims, taken as they are written.
 *
 * Errors: F0000 when there is no key to sign with, 54000 when the token
 * would be longer than we accept.
 */
Datum
mesteri_jwt_sign(PG_FUNCTION_ARGS)
{
	text *claims = PG_GETARG_TEXT_PP(0);
	const TokenKey *key = key_for_signing();
	StringInfoData token;
	uint8 signature[KEY_RSA_MAX_BITS / 8];
	size_t signature_length = sizeof(signature);

	if (VARSIZE_ANY_EXHDR(claims) > TOKEN_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("claims are too long for a token")));

	initStringInfo(&token);
	append_header(&token, key->kid);
	appendStringInfoChar(&token, '.');
	base64url_append(&token, VARDATA_ANY(claims), (int) VARSIZE_ANY_EXHDR(claims));

	if (!sign_rs256(key->pkey, &token, signature, &signature_length))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign a token with key \"%s\"", key->kid)));

	appendStringInfoChar(&token, '.');
	base64url_append(&token, signature, (int) signature_length);

	if (token.len > TOKEN_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("claims are too long for a token")));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(token.data, token.len));
}

/*
 * append_header
 *		kid: needs no escaping, as key.c lets only letters, digits, - and _ pass.
 */
static void
append_header(StringInfo token, const char *kid)
{
	char *header = psprintf("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", kid);

	base64url_append(token, header, (int) strlen(header));
	pfree(header);
}

static bool
sign_rs256(EVP_PKEY *pkey, const StringInfo data, uint8 *signature, size_t *length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fine;

	fine = context != NULL && EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, pkey, NULL) == 1 &&
	       EVP_DigestSign(context, signature, length, (const unsigned char *) data->data, (size_t) data->len) == 1;

	EVP_MD_CTX_free(context);
	if (!fine)
		ERR_clear_error();

	return fine;
}
