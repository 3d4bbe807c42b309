/*-------------------------------------------------------------------------
 *
 * bind.h
 *		From what a client sent to the arguments of an endpoint.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_BIND_H
#define MESTERI_BIND_H

#include "request.h"
#include "route.h"

extern void bind_arguments(const Route *route, const Request *request, Datum *values, char *nulls);

#endif /* MESTERI_BIND_H */
