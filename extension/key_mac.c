/*-------------------------------------------------------------------------
 *
 * key_mac.c
 *		Message authentication under a key of its own for each purpose.
 *
 * The key of a purpose is HMAC-SHA256(secret, "mesteri " purpose), so what
 * was sealed for one purpose says nothing for another.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "key.h"

#define PURPOSE_MAX   63 /* bytes */
#define PURPOSES_KEPT 32 /* more than we have; the oldest gives way */

typedef struct PurposeKey
{
	char purpose[PURPOSE_MAX + 1];
	EVP_MAC_CTX *keyed; /* a MAC that has taken the key and no data yet */
} PurposeKey;

static EVP_MAC_CTX *keyed_for(const char *purpose);
static EVP_MAC_CTX *derive(const char *purpose, const uint8 *secret, int length);
static EVP_MAC_CTX *make_keyed(const uint8 *key, size_t length);
static bool compute(const EVP_MAC_CTX *keyed, const void *data, size_t length, uint8 *mac);
static void forget_all(void);
static void check_purpose(const char *purpose);

static PurposeKey kept[PURPOSES_KEPT];
static int kept_next = 0;
static uint64 kept_generation = 0; /* of the secret they were derived from */

/*
 * key_mac
 *		HMAC-SHA256 of data under the purpose's key.
 *
 * mac: KEY_MAC_BYTES.
 *
 * Errors: F0000 without a secret, 22023 when the purpose is too long.
 */
void
key_mac(const char *purpose, const void *data, size_t length, uint8 *mac)
{
	if (!compute(keyed_for(purpose), data, length, mac))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a MAC")));
}

static EVP_MAC_CTX *
keyed_for(const char *purpose)
{
	PurposeKey *entry;
	const uint8 *secret;
	int length;
	uint64 generation;

	check_purpose(purpose);

	secret = key_secret(&length, &generation);
	if (generation != kept_generation)
	{
		forget_all();
		kept_generation = generation;
	}

	for (int i = 0; i < PURPOSES_KEPT && kept[i].keyed != NULL; i++)
	{
		if (strcmp(kept[i].purpose, purpose) == 0)
			return kept[i].keyed;
	}

	entry = &kept[kept_next];
	if (entry->keyed != NULL)
	{
		/* Its neighbours stay found: the place is filled again, or we fail with all forgotten. */
		EVP_MAC_CTX_free(entry->keyed);
		entry->keyed = NULL;
	}

	entry->keyed = derive(purpose, secret, length);
	if (entry->keyed == NULL)
	{
		forget_all();
		ERR_clear_error();
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not derive a key")));
	}

	strlcpy(entry->purpose, purpose, sizeof(entry->purpose));
	kept_next = (kept_next + 1) % PURPOSES_KEPT;

	return entry->keyed;
}

static EVP_MAC_CTX *
derive(const char *purpose, const uint8 *secret, int length)
{
	char label[sizeof("mesteri ") + PURPOSE_MAX];
	uint8 key[KEY_MAC_BYTES];
	EVP_MAC_CTX *root = make_keyed(secret, (size_t) length);
	EVP_MAC_CTX *keyed = NULL;

	snprintf(label, sizeof(label), "mesteri %s", purpose);

	if (root != NULL && compute(root, label, strlen(label), key))
		keyed = make_keyed(key, sizeof(key));

	EVP_MAC_CTX_free(root);
	OPENSSL_cleanse(key, sizeof(key));

	return keyed;
}

/*
 * make_keyed
 *		HMAC-SHA256 with this key, for compute(); NULL when OpenSSL fails.
 */
static EVP_MAC_CTX *
make_keyed(const uint8 *key, size_t length)
{
	static EVP_MAC *hmac = NULL;
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	                           OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *keyed;

	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (hmac == NULL)
		return NULL;

	keyed = EVP_MAC_CTX_new(hmac);
	if (keyed == NULL || EVP_MAC_init(keyed, key, length, parameters) != 1)
	{
		EVP_MAC_CTX_free(keyed);
		return NULL;
	}

	return keyed;
}

/*
 * compute
 *		The MAC of data, by a copy of a keyed context, which stays fresh.
 */
static bool
compute(const EVP_MAC_CTX *keyed, const void *data, size_t length, uint8 *mac)
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyed);
	size_t written = 0;
	bool fine;

	fine = context != NULL && EVP_MAC_update(context, data, length) == 1 &&
	       EVP_MAC_final(context, mac, &written, KEY_MAC_BYTES) == 1 && written == KEY_MAC_BYTES;

	EVP_MAC_CTX_free(context);
	if (!fine)
		ERR_clear_error();

	return fine;
}

static void
forget_all(void)
{
	for (int i = 0; i < PURPOSES_KEPT; i++)
	{
		EVP_MAC_CTX_free(kept[i].keyed);
		kept[i].keyed = NULL;
	}
	kept_next = 0;
}

static void
check_purpose(const char *purpose)
{
	if (strlen(purpose) > PURPOSE_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("purpose \"%s\" is too long", purpose),
		                errdetail("The limit is %d bytes.", PURPOSE_MAX)));
}
