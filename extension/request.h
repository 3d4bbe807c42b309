/*-------------------------------------------------------------------------
 *
 * request.h
 *		One call of handle(), unpacked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_REQUEST_H
#define MESTERI_REQUEST_H

#include "fmgr.h"
#include "nodes/pg_list.h"

#include "json_tree.h"
#include "route.h"

typedef struct Request
{
	char *token; /* NULL: anonymous */
	char **path; /* values of the path's {name} segments */
	int path_count;
	List *query;    /* of QueryParameter */
	JsonNode *body; /* NULL: none, or the route takes none */
	char **headers; /* name, value, name, value ... */
	int header_count;
	char *language;
	NullableDatum ip;
	NullableDatum request_id;
} Request;

extern void request_unpack(FunctionCallInfo fcinfo, const Route *route, Request *request);
extern const char *request_header(const Request *request, const char *name);

#endif /* MESTERI_REQUEST_H */
