/*-------------------------------------------------------------------------
 *
 * xaes.h
 *		XAES-256-GCM: AES-256-GCM under a key derived for each message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_XAES_H
#define MESTERI_XAES_H

#include <openssl/evp.h>

#define XAES_KEY_BYTES   32
#define XAES_NONCE_BYTES 24
#define XAES_TAG_BYTES   16

/* Data that is authenticated and not encrypted: two parts, as if they were joined. */
typedef struct XaesContext
{
	const uint8 *parts[2];
	size_t lengths[2];
} XaesContext;

extern EVP_MAC_CTX *xaes_key_make(const uint8 *key);
extern bool xaes_encrypt(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, const uint8 *plain,
                         size_t length, uint8 *sealed);
extern bool xaes_decrypt(const EVP_MAC_CTX *key, const uint8 *nonce, const XaesContext *context, const uint8 *sealed,
                         size_t length, uint8 *plain);

#endif /* MESTERI_XAES_H */
