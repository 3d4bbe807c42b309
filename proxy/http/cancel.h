/*-------------------------------------------------------------------------
 *
 * cancel.h
 *		Telling the database what nobody waits for any more.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CANCEL_H
#define MESTERI_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "common/pg.h"

struct Request;
struct Worker;

typedef struct Canceller
{
	struct Worker *worker;
	PgSettings settings;
	PgLink link; /* of its own: lanes may be full, just of what is to be cancelled */
	PgCall call;
	bool is_asking; /* call is on its way */
	bool is_behind; /* a request came while it was */
	List unwanted;  /* requests on the wire that nobody waits for */
} Canceller;

void cancel_open(Canceller *canceller, struct Worker *worker, const PgSettings *settings);
void cancel_close(Canceller *canceller);
void cancel_add(Canceller *canceller, struct Request *request);
void cancel_tick(Canceller *canceller, uint64_t now);
bool cancel_is_pending(const Canceller *canceller) __attribute__((warn_unused_result));

#endif
