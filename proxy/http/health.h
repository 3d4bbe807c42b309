/*-------------------------------------------------------------------------
 *
 * health.h
 *		What the proxy answers itself: /health, /ready, /metrics.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_HEALTH_H
#define MESTERI_HEALTH_H

#include <stdbool.h>

struct Request;

bool health_serves(struct Request *request) __attribute__((warn_unused_result));

#endif
