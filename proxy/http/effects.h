/*-------------------------------------------------------------------------
 *
 * effects.h
 *		What reads would have written, taken back to the database in batches.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_EFFECTS_H
#define MESTERI_EFFECTS_H

#include <ev.h>
#include <libpq-fe.h>
#include <stdbool.h>

#include "common/buffer.h"
#include "common/pg.h"

struct Worker;

#define EFFECTS_STATEMENT "mesteri_effects"
#define EFFECTS_SQL       "SELECT mesteri.effects_apply($1)"

extern const Oid effects_types[1];

typedef struct Effects
{
	struct Worker *worker;
	Buffer held; /* elements of a bytea[] in binary form */
	int held_count;
	int sent_count; /* of the batch on its way; 0: there is none */
	bool failed;
	ev_timer timer;
	PgCall call;
} Effects;

void effects_open(Effects *effects, struct Worker *worker);
void effects_close(Effects *effects);
void effects_collect(Effects *effects, const PGresult *result, int column);
void effects_flush(Effects *effects);
bool effects_are_pending(const Effects *effects) __attribute__((warn_unused_result));

#endif
