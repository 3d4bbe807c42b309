/*-------------------------------------------------------------------------
 *
 * key.h
 *		Keys: RSA pairs for tokens, AES keys for fields, and one secret for everything else.
 *
 * What these functions point to lives until the next call of any of them,
 * which may find that the files have changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_KEY_H
#define MESTERI_KEY_H

#include <openssl/evp.h>

#include "nodes/pg_list.h"

#define KEY_ID_MAX           64
#define KEY_ID_CHARACTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define KEY_RSA_MIN_BITS     2048
#define KEY_RSA_MAX_BITS     8192
#define KEY_SECRET_MIN_BYTES 32
#define KEY_MAC_BYTES        32

typedef struct TokenKey
{
	char kid[KEY_ID_MAX + 1];
	uint64 serial;   /* of the key itself: a kid given to another key gets another serial */
	EVP_PKEY *pkey;  /* RSA */
	bool is_private; /* may sign; else only verifies */
} TokenKey;

typedef struct CipherKey
{
	char id[KEY_ID_MAX + 1];
	EVP_MAC_CTX *root; /* of xaes.h */
} CipherKey;

/* key.c */
extern const TokenKey *key_for_signing(void);
extern const TokenKey *key_find(const char *kid);
extern bool key_is_loaded(uint64 serial);
extern List *key_list(void);
extern const CipherKey *key_for_encrypting(void);
extern const CipherKey *key_for_decrypting(const char *id);
extern const uint8 *key_secret(int *length, uint64 *generation);

/* key_rsa.c */
extern EVP_PKEY *key_rsa_read(const char *directory, const char *name, bool *is_private);

/* key_mac.c */
extern void key_mac(const char *purpose, const void *data, size_t length, uint8 *mac);

#endif /* MESTERI_KEY_H */
