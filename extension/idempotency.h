/*-------------------------------------------------------------------------
 *
 * idempotency.h
 *		Requests with an Idempotency-Key: one effect, however often they come.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_IDEMPOTENCY_H
#define MESTERI_IDEMPOTENCY_H

#include "handle.h"
#include "key.h"
#include "mesteri.h"
#include "request.h"
#include "route.h"

typedef struct KeyedRequest
{
	const char *key; /* NULL: the request has none, or none that counts */
	const Route *route;
	const Identity *identity;
	uint8 fingerprint[KEY_MAC_BYTES];
} KeyedRequest;

extern bool idempotency_begin(const Route *route, const Request *request, const Identity *identity, KeyedRequest *keyed,
                              Answer *answer, MemoryContext context);
extern void idempotency_keep(const KeyedRequest *keyed, const Answer *answer);

#endif /* MESTERI_IDEMPOTENCY_H */
