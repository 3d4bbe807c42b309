/*-------------------------------------------------------------------------
 *
 * lane.h
 *		A pool of pipelined connections for calls of one kind, and the queue before it.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_LANE_H
#define MESTERI_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "common/pg.h"

struct Worker;

typedef struct Lane
{
	struct Worker *worker;
	LaneId id;
	const LaneConfig *config;
	PgLink *links;
	int ready; /* links that can be used */
	List queue;
	int queued;
} Lane;

typedef enum LaneVerdict
{
	LANE_TAKEN,
	LANE_FULL,
	LANE_AWAY /* no connection is up */
} LaneVerdict;

void lane_open(Lane *lane, struct Worker *worker, LaneId id, const LaneConfig *config, const PgSettings *settings);
void lane_close(Lane *lane);
LaneVerdict lane_submit(Lane *lane, PgCall *call, uint64_t now) __attribute__((warn_unused_result));
void lane_withdraw(Lane *lane, PgCall *call);
bool lane_is_busy(const Lane *lane);
void lane_tick(Lane *lane, uint64_t now);

#endif
