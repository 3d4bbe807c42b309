/*-------------------------------------------------------------------------
 *
 * token_read.c
 *		From a compact JWS to the claims in it (RFC 7515, RFC 7519, RFC 8725).
 *
 * One algorithm, RS256, is known, and the key decides what it is used for:
 * nothing in the token can make us treat a public key as a secret or skip
 * the signature.  Claims are read only once the signature has been verified.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base64url.h"
#include "error.h"
#include "json_tree.h"
#include "key.h"
#include "token.h"

#define TIME_MAX_DIGITS 12 /* seconds since 1970: enough for 30 000 years */

/* The three parts, all within the token. */
typedef struct TokenParts
{
	const char *header;
	int header_length;
	const char *payload;
	int payload_length;
	const char *signature;
	int signature_length;
	int signed_length; /* header and payload with the dot between */
} TokenParts;

static void split(const char *token, int length, TokenParts *parts);
static const JsonNode *parse_part(const char *part, int length);
static const TokenKey *choose_key(const JsonNode *header);
static void check_signature(const TokenKey *key, const char *token, const TokenParts *parts);
static bool verify_rs256(EVP_PKEY *pkey, const char *data, int length, const uint8 *signature, int signature_length);
static void read_claims(const JsonNode *claims, ProvenToken *proven);
static const char *read_string(const JsonNode *object, const char *name);
static int64 read_time(const JsonNode *claims, const char *name);
static void read_uuid(const JsonNode *claims, const char *name, pg_uuid_t *id);
static int hex_value(char digit);
static UserType read_user_type(const JsonNode *claims);
static void refuse_claim(const char *name) pg_attribute_noreturn();

/*
 * token_read
 *		Verify the signature and read the claims; expiry is left to the caller.
 *
 * Errors: MSERR_UNAUTHENTICATED.
 */
void
token_read(const char *token, int length, ProvenToken *proven)
{
	TokenParts parts;
	const TokenKey *key;

	split(token, length, &parts);
	key = choose_key(parse_part(parts.header, parts.header_length));
	check_signature(key, token, &parts);

	proven->key_serial = key->serial;
	proven->sessions_seen = 0;
	read_claims(parse_part(parts.payload, parts.payload_length), proven);
}

static void
split(const char *token, int length, TokenParts *parts)
{
	const char *end = token + length;
	const char *first = memchr(token, '.', (size_t) length);
	const char *second = first == NULL ? NULL : memchr(first + 1, '.', (size_t) (end - first - 1));

	if (second == NULL || memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
		refuse(MSERR_UNAUTHENTICATED, "the token has not three parts");

	parts->header = token;
	parts->header_length = (int) (first - token);
	parts->payload = first + 1;
	parts->payload_length = (int) (second - first - 1);
	parts->signature = second + 1;
	parts->signature_length = (int) (end - second - 1);
	parts->signed_length = (int) (second - token);
}

static const JsonNode *
parse_part(const char *part, int length)
{
	uint8 *document = palloc(BASE64URL_DECODED_LENGTH(length));
	int document_length = base64url_decode(part, length, document);
	JsonNode *root;
	const char *duplicate;

	if (document_length < 0)
		refuse(MSERR_UNAUTHENTICATED, "a part of the token is not base64url");
	if (json_tree_parse((const char *) document, document_length, &root, &duplicate) != JSON_FINE ||
	    root->kind != JSON_NODE_OBJECT)
		refuse(MSERR_UNAUTHENTICATED, "a part of the token is not a JSON object");

	return root;
}

/*
 * choose_key
 *		The key that the header names.
 *
 * crit lists members that must be understood; we know none.
 */
static const TokenKey *
choose_key(const JsonNode *header)
{
	const TokenKey *key;

	if (strcmp(read_string(header, "alg"), "RS256") != 0)
		refuse(MSERR_UNAUTHENTICATED, "the token is not signed with RS256");
	if (json_member(header, "crit") != NULL)
		refuse(MSERR_UNAUTHENTICATED, "the token demands an extension");

	key = key_find(read_string(header, "kid"));
	if (key == NULL)
		refuse(MSERR_UNAUTHENTICATED, "the token names no key of ours");

	return key;
}

static void
check_signature(const TokenKey *key, const char *token, const TokenParts *parts)
{
	uint8 *signature = palloc(BASE64URL_DECODED_LENGTH(parts->signature_length));
	int length = base64url_decode(parts->signature, parts->signature_length, signature);

	if (length <= 0 || !verify_rs256(key->pkey, token, parts->signed_length, signature, length))
		refuse(MSERR_UNAUTHENTICATED, "the token's signature does not match");
}

static bool
verify_rs256(EVP_PKEY *pkey, const char *data, int length, const uint8 *signature, int signature_length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fine;

	fine = context != NULL && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, pkey, NULL) == 1 &&
	       EVP_DigestVerify(context, signature, (size_t) signature_length, (const unsigned char *) data,
	                        (size_t) length) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();

	return fine;
}

static void
read_claims(const JsonNode *claims, ProvenToken *proven)
{
	if (strcmp(read_string(claims, "iss"), mesteri_token_issuer) != 0)
		refuse(MSERR_UNAUTHENTICATED, "the token has another issuer");
	if (read_time(claims, "iat") > time(NULL) + TOKEN_CLOCK_SKEW_S)
		refuse(MSERR_UNAUTHENTICATED, "the token was issued in the future");

	proven->expires_at = read_time(claims, "exp");
	proven->identity.user_type = read_user_type(claims);
	read_uuid(claims, "sub", &proven->identity.user_id);
	read_uuid(claims, "refresh_token_id", &proven->identity.family_id);
}

static const char *
read_string(const JsonNode *object, const char *name)
{
	const JsonNode *node = json_member(object, name);

	if (node == NULL || node->kind != JSON_NODE_STRING)
		refuse_claim(name);

	return node->text;
}

/*
 * read_time
 *		Whole seconds since 1970, as we write them.
 */
static int64
read_time(const JsonNode *claims, const char *name)
{
	const JsonNode *node = json_member(claims, name);
	size_t length;

	if (node == NULL || node->kind != JSON_NODE_NUMBER)
		refuse_claim(name);

	length = strlen(node->text);
	if (length > TIME_MAX_DIGITS || strspn(node->text, "0123456789") < length)
		refuse_claim(name);

	return strtoll(node->text, NULL, 10);
}

static void
read_uuid(const JsonNode *claims, const char *name, pg_uuid_t *id)
{
	const char *text = read_string(claims, name);

	for (int i = 0; i < UUID_LEN; i++)
	{
		int high;
		int low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			refuse_claim(name);

		high = hex_value(text[0]);
		low = high < 0 ? -1 : hex_value(text[1]);
		if (low < 0)
			refuse_claim(name);

		id->data[i] = (unsigned char) (high << 4 | low);
		text += 2;
	}

	if (*text != '\0')
		refuse_claim(name);
}

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static UserType
read_user_type(const JsonNode *claims)
{
	static const char *const names[] = {
		[USER_CLIENT] = "client", [USER_CRAFTSMAN] = "craftsman", [USER_STAFF] = "staff"};
	const char *text = read_string(claims, "user_type");

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(text, names[i]) == 0)
			return (UserType) i;
	}

	refuse_claim("user_type");
}

/*
 * refuse_claim
 *		name: ours, never the token's.
 */
static void
refuse_claim(const char *name)
{
	refuse(MSERR_UNAUTHENTICATED, psprintf("the token's \"%s\" is missing or of the wrong type", name));
}
