/*-------------------------------------------------------------------------
 *
 * token.h
 *		Access tokens: who is calling.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_TOKEN_H
#define MESTERI_TOKEN_H

#include "mesteri.h"

#define TOKEN_MAX_BYTES    4096
#define TOKEN_CLOCK_SKEW_S 30

/* What a genuine token says, and when we last looked whether its session still stands. */
typedef struct ProvenToken
{
	Identity identity;
	int64 expires_at;     /* seconds since 1970 */
	uint64 key_serial;    /* of the key that signed it */
	uint64 sessions_seen; /* session_changes() before that look; 0: never */
} ProvenToken;

/* token.c */
extern void token_verify(const char *token, int length, Identity *identity);
extern void token_init(void);

/* token_read.c */
extern void token_read(const char *token, int length, ProvenToken *proven);

#endif /* MESTERI_TOKEN_H */
