/*-------------------------------------------------------------------------
 *
 * retry.h
 *		Running a request again after the database has undone it.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_RETRY_H
#define MESTERI_RETRY_H

#include <ev.h>
#include <stdbool.h>

struct Request;

#define SQLSTATE_QUERY_CANCELED "57014"

/* Part of a request. */
typedef struct Retry
{
	int conflicts; /* tries that a conflict has cost */
	bool was_cancelled;
	ev_timer timer; /* until the next try */
} Retry;

bool retry_begin(struct Request *request) __attribute__((warn_unused_result));
void retry_stop(struct Request *request);

#endif
