/*-------------------------------------------------------------------------
 *
 * xaes.c
 *		XAES-256-GCM: AES-256-GCM under a key derived for each message.
 *
 * AES-GCM with a random nonce of 12 bytes is safe for 2^32 messages a key,
 * which somebody would have to count.  Here the nonce has 24 bytes: the first
 * half derives a key for the message by CMAC (NIST SP 800-108, counter mode),
 * the second half is the nonce of AES-256-GCM under that key.  A key then
 * serves 2^80 messages, whoever encrypts with it: standbys that became
 * primaries, restored copies, any number of backends.
 *
 * Follows https://c2sp.org/XAES-256-GCM to the letter.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "xaes.h"

#define SALT_BYTES  12 /* of the nonce; the rest is GCM's nonce */
#define BLOCK_BYTES 16

static bool derive(const EVP_MAC_CTX *key, const uint8 *nonce, uint8 *message_key);
static bool cmac(const EVP_MAC_CTX *key, const uint8 *block, uint8 *mac);
static EVP_CIPHER_CTX *begin(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, int is_encryption);
static bool add_context(EVP_CIPHER_CTX *gcm, const XaesContext *context);
static const EVP_CIPHER *aes_256_gcm(void);

/*
 * xaes_key_make
 *		A key out of XAES_KEY_BYTES, to be freed by EVP_MAC_CTX_free; NULL when OpenSSL fails.
 */
EVP_MAC_CTX *
xaes_key_make(const uint8 *key)
{
	static EVP_MAC *algorithm = NULL;
	char cipher[] = "AES-256-CBC";
	OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
	                           OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *made = NULL;

	if (algorithm == NULL)
		algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
	if (algorithm != NULL)
		made = EVP_MAC_CTX_new(algorithm);

	if (made != NULL && EVP_MAC_init(made, key, XAES_KEY_BYTES, parameters) == 1)
		return made;

	EVP_MAC_CTX_free(made);
	ERR_clear_error();
	return NULL;
}

/*
 * xaes_encrypt
 *		Encrypt one message.
 *
 * nonce: XAES_NONCE_BYTES nobody has used, so random ones.  sealed: room for
 * length + XAES_TAG_BYTES.
 *
 * Returns false when OpenSSL fails; what is in sealed is then of no use.
 */
bool
xaes_encrypt(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, const uint8 *plain, size_t length,
             uint8 *sealed)
{
	EVP_CIPHER_CTX *gcm = begin(key, nonce, context, 1);
	int written = 0;
	int last = 0;
	bool fine;

	fine = gcm != NULL && EVP_CipherUpdate(gcm, sealed, &written, plain, (int) length) == 1 &&
	       EVP_CipherFinal_ex(gcm, sealed + written, &last) == 1 && (size_t) written + (size_t) last == length &&
	       EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, XAES_TAG_BYTES, sealed + length) == 1;

	EVP_CIPHER_CTX_free(gcm);
	ERR_clear_error();

	return fine;
}

/*
 * xaes_decrypt
 *		Decrypt what xaes_encrypt made.
 *
 * length: of sealed, with the tag.  plain: room for length - XAES_TAG_BYTES.
 *
 * Returns false when the tag does not fit; nothing is left in plain then.
 */
bool
xaes_decrypt(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, const uint8 *sealed, size_t length,
             uint8 *plain)
{
	size_t content = length - XAES_TAG_BYTES;
	EVP_CIPHER_CTX *gcm = begin(key, nonce, context, 0);
	int written = 0;
	int last = 0;
	bool fine;

	fine = gcm != NULL && EVP_CipherUpdate(gcm, plain, &written, sealed, (int) content) == 1 &&
	       EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, XAES_TAG_BYTES, unconstify(uint8 *, sealed) + content) ==
	           1 &&
	       EVP_CipherFinal_ex(gcm, plain + written, &last) == 1 && (size_t) written + (size_t) last == content;

	EVP_CIPHER_CTX_free(gcm);
	ERR_clear_error();
	if (!fine)
		OPENSSL_cleanse(plain, content);

	return fine;
}

/* GCM with key, nonce and context taken in; NULL when OpenSSL fails. */
static EVP_CIPHER_CTX *
begin(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, int is_encryption)
{
	uint8 message_key[XAES_KEY_BYTES];
	EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
	bool fine;

	/* GCM's own nonce has 12 bytes unless told otherwise. */
	fine = gcm != NULL && aes_256_gcm() != NULL && derive(key, nonce, message_key) &&
	       EVP_CipherInit_ex(gcm, aes_256_gcm(), NULL, message_key, nonce + SALT_BYTES, is_encryption) == 1 &&
	       add_context(gcm, context);

	OPENSSL_cleanse(message_key, sizeof(message_key));
	if (fine)
		return gcm;

	EVP_CIPHER_CTX_free(gcm);
	return NULL;
}

static bool
derive(const EVP_MAC_CTX *key, const uint8 *nonce, uint8 *message_key)
{
	uint8 block[BLOCK_BYTES] = {0x00, 0x01, 'X', 0x00};

	memcpy(block + BLOCK_BYTES - SALT_BYTES, nonce, SALT_BYTES);
	if (!cmac(key, block, message_key))
		return false;

	block[1] = 0x02;
	return cmac(key, block, message_key + BLOCK_BYTES);
}

/* By a copy of the keyed context, which stays fresh. */
static bool
cmac(const EVP_MAC_CTX *key, const uint8 *block, uint8 *mac)
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(key);
	size_t written = 0;
	bool fine;

	fine = context != NULL && EVP_MAC_update(context, block, BLOCK_BYTES) == 1 &&
	       EVP_MAC_final(context, mac, &written, BLOCK_BYTES) == 1 && written == BLOCK_BYTES;
	EVP_MAC_CTX_free(context);

	return fine;
}

static bool
add_context(EVP_CIPHER_CTX *gcm, const XaesContext *context)
{
	for (size_t i = 0; i < lengthof(context->parts); i++)
	{
		int unused;

		if (EVP_CipherUpdate(gcm, NULL, &unused, context->parts[i], (int) context->lengths[i]) != 1)
			return false;
	}

	return true;
}

static const EVP_CIPHER *
aes_256_gcm(void)
{
	static EVP_CIPHER *algorithm = NULL;

	if (algorithm == NULL)
		algorithm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);

	return algorithm;
}
