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
	const char *query_text; /* as sent; empty: none */
	List *query;            /* of QueryParameter */
	bytea *body_bytes;      /* as sent; NULL: none */
	JsonNode *body;         /* NULL: the route takes none */
	char **headers;         /* name, value, name, value ... */
	int header_count;
	char *language;
	NullableDatum ip;
	NullableDatum request_id;
} Request;

extern void request_unpack(FunctionCallInfo fcinfo, const Route *route, Request *request);
extern const char *request_header(const Request *request, const char *name);
extern const char *request_header_counted(const Request *request, const char *name, int *count);

#endif /* MESTERI_REQUEST_H */
