/*-------------------------------------------------------------------------
 *
 * token_cache.h
 *		Tokens this backend has verified, by their SHA-256.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_TOKEN_CACHE_H
#define MESTERI_TOKEN_CACHE_H

#include "token.h"

#define TOKEN_DIGEST_BYTES 32

extern bool token_cache_find(const uint8 *digest, ProvenToken *proven);
extern void token_cache_put(const uint8 *digest, const ProvenToken *proven);
extern void token_cache_drop(const uint8 *digest);

#endif /* MESTERI_TOKEN_CACHE_H */
