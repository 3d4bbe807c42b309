/*-------------------------------------------------------------------------
 *
 * clock.c
 *		Dates to print, each formatted once a second.
 *-------------------------------------------------------------------------
 */
#include "common/clock.h"

#include <stddef.h>

/*
 * clock_iso
 *		Now, as RFC 3339 with milliseconds.
 *
 * The text lives until the next call.
 */
const char *
clock_iso(void)
{
	static char text[CLOCK_ISO_SIZE];
	static const size_t second_length = sizeof("2026-01-31T23:59:59") - 1;
	static time_t formatted;
	struct timespec now;
	struct tm parts;
	unsigned ms;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != formatted)
	{
		gmtime_r(&now.tv_sec, &parts);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.mmmZ", &parts);
		formatted = now.tv_sec;
	}
	ms = (unsigned) (now.tv_nsec / 1000000);
	text[second_length + 1] = (char) ('0' + ms / 100);
	text[second_length + 2] = (char) ('0' + ms / 10 % 10);
	text[second_length + 3] = (char) ('0' + ms % 10);
	return text;
}

/*
 * clock_http_date
 *		Now, as the Date header wants it.
 *
 * The text lives until the next call.  Names are English whatever the locale,
 * because the process never calls setlocale().
 */
const char *
clock_http_date(void)
{
	static char text[CLOCK_HTTP_SIZE];
	static time_t formatted;
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != formatted)
	{
		gmtime_r(&now.tv_sec, &parts);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
		formatted = now.tv_sec;
	}
	return text;
}
