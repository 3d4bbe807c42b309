/*-------------------------------------------------------------------------
 *
 * clock.h
 *		Time: a monotonic clock to measure with, and dates to print.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CLOCK_H
#define MESTERI_CLOCK_H

#include <stdint.h>
#include <time.h>

#define US_PER_MS     UINT64_C(1000)
#define US_PER_SECOND UINT64_C(1000000)

#define CLOCK_ISO_SIZE  sizeof("2026-01-31T23:59:59.999Z")
#define CLOCK_HTTP_SIZE sizeof("Sat, 31 Jan 2026 23:59:59 GMT")

/* Microseconds since some moment in the past; never goes backwards. */
static inline uint64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * US_PER_SECOND + (uint64_t) now.tv_nsec / 1000;
}

/* The same clock, up to some milliseconds behind; for limits that are long. */
static inline uint64_t
clock_coarse_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t) now.tv_sec * US_PER_SECOND + (uint64_t) now.tv_nsec / 1000;
}

const char *clock_iso(void);
const char *clock_http_date(void);

#endif
