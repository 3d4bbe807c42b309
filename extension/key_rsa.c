/*-------------------------------------------------------------------------
 *
 * key_rsa.c
 *		Reading an RSA key from its file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "key.h"
#include "key_file.h"

static EVP_PKEY *parse_key(const uint8 *content, int length, bool *is_private);
static int no_passphrase(char *buffer, int size, int writing, void *arg);
static void check_strength(EVP_PKEY *pkey, const char *directory, const char *name);

/*
 * key_rsa_read
 *		The key of a PEM file; the caller frees it.
 *
 * Errors: F0000 when there is none in it, or a weak one.
 */
EVP_PKEY *
key_rsa_read(const char *directory, const char *name, bool *is_private)
{
	int length;
	uint8 *content = key_file_read(directory, name, &length);
	EVP_PKEY *pkey = parse_key(content, length, is_private);

	OPENSSL_cleanse(content, (size_t) length);
	pfree(content);
	check_strength(pkey, directory, name);

	return pkey;
}

/*
 * parse_key
 *		A key out of PEM text, NULL when there is none that can be read.
 */
static EVP_PKEY *
parse_key(const uint8 *content, int length, bool *is_private)
{
	BIO *bio = BIO_new_mem_buf(content, length);
	EVP_PKEY *pkey;

	if (bio == NULL)
		return NULL;

	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	*is_private = pkey != NULL;
	if (pkey == NULL && BIO_reset(bio) == 1)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	ERR_clear_error();

	return pkey;
}

/*
 * no_passphrase
 *		Keeps OpenSSL from asking at the server's terminal.
 */
static int
no_passphrase(char *buffer, int size, int writing, void *arg)
{
	return -1;
}

/* Frees a key that is not taken. */
static void
check_strength(EVP_PKEY *pkey, const char *directory, const char *name)
{
	bool is_rsa = pkey != NULL && EVP_PKEY_is_a(pkey, "RSA");
	int bits = is_rsa ? EVP_PKEY_get_bits(pkey) : 0;

	if (bits >= KEY_RSA_MIN_BITS && bits <= KEY_RSA_MAX_BITS)
		return;

	EVP_PKEY_free(pkey);
	if (!is_rsa)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("key file \"%s/%s\" holds no RSA key", directory, name),
		         errhint("It must be PEM: a private key without passphrase, or a public key.")));
	ereport(ERROR,
	        (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("key in \"%s/%s\" has an unfit size", directory, name),
	         errdetail("It has %d bits.", bits), errhint("Use %d to %d bits.", KEY_RSA_MIN_BITS, KEY_RSA_MAX_BITS)));
}
