/*-------------------------------------------------------------------------
 *
 * uuid7.c
 *		Ids that sort by time and cannot be guessed (RFC 9562, version 7).
 *
 * 48 bits of milliseconds, the version, 12 bits of the millisecond's
 * fraction, the variant, 62 random bits.  Time and fraction together are one
 * counter of about a quarter of a microsecond; each backend moves it on by at
 * least one, so its ids ascend within a tick and when the clock steps back
 * (method 3 of section 6.2).
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "fmgr.h"
#include "port/pg_bswap.h"
#include "utils/uuid.h"

#define UUID7_FRACTION_BITS 12
#define UUID7_RANDOM_BUFFER 64 /* ids per call of the random source */

#define NS_PER_S  1000000000L
#define NS_PER_MS 1000000L
#define MS_PER_S  1000L

static uint64 next_tick(void);
static uint64 random_bits(void);

PG_FUNCTION_INFO_V1(mesteri_uuid7);

/*
 * mesteri.uuid7() returns uuid
 *		A new id.
 *
 * Errors: XX000 when the random source fails.
 */
Datum
mesteri_uuid7(PG_FUNCTION_ARGS)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	uint64 tick = next_tick();
	uint64 milliseconds = tick >> UUID7_FRACTION_BITS;
	uint64 fraction = tick & ((1 << UUID7_FRACTION_BITS) - 1);
	uint64 high = pg_hton64(milliseconds << 16 | UINT64CONST(0x7000) | fraction);
	uint64 low = pg_hton64(UINT64CONST(0x8000000000000000) | random_bits() >> 2);

	memcpy(id->data, &high, sizeof(high));
	memcpy(id->data + sizeof(high), &low, sizeof(low));

	PG_RETURN_UUID_P(id);
}

/*
 * next_tick
 *		Now in 1/4096 ms since 1970, later than all ticks before.
 */
static uint64
next_tick(void)
{
	static uint64 last = 0;
	struct timespec now;
	uint64 milliseconds;
	uint64 fraction;

	clock_gettime(CLOCK_REALTIME, &now);
	milliseconds = (uint64) now.tv_sec * MS_PER_S + (uint64) (now.tv_nsec / NS_PER_MS);
	fraction = ((uint64) (now.tv_nsec % NS_PER_MS) << UUID7_FRACTION_BITS) / NS_PER_MS;

	last = Max(milliseconds << UUID7_FRACTION_BITS | fraction, last + 1);

	return last;
}

/*
 * random_bits
 *		64 bits, of a supply that is filled up now and then.
 *
 * Backends are forked by a postmaster that never makes ids, so no two share
 * a supply.
 */
static uint64
random_bits(void)
{
	static uint64 supply[UUID7_RANDOM_BUFFER];
	static int left = 0;

	if (left == 0)
	{
		if (!pg_strong_random(supply, sizeof(supply)))
			ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random bits for an id")));
		left = UUID7_RANDOM_BUFFER;
	}

	return supply[--left];
}
