/*-------------------------------------------------------------------------
 *
 * route.h
 *		The routes as this backend knows them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ROUTE_H
#define MESTERI_ROUTE_H

#include "executor/spi.h"

#include "mesteri.h"
#include "shape.h"

/* Where an endpoint's argument comes from. */
typedef enum ArgumentSource
{
	ARGUMENT_PATH,       /* a {name} segment of the path */
	ARGUMENT_FIELD,      /* a member of the body, or of the query where the route takes no body */
	ARGUMENT_HEADER,     /* a request header: rows of mesteri.request_headers */
	ARGUMENT_IP,         /* _ip: address of the client */
	ARGUMENT_LANGUAGE,   /* _language: of the client */
	ARGUMENT_REQUEST_ID, /* _request_id */
	ARGUMENT_GIVEN       /* _given: names of the fields that were sent, null ones included */
} ArgumentSource;

typedef struct Argument
{
	char *name;
	ArgumentSource source;
	int path_index; /* ARGUMENT_PATH */
	char *header;   /* ARGUMENT_HEADER */
	Shape *shape;   /* ARGUMENT_PATH, ARGUMENT_FIELD */
	bool required;  /* ARGUMENT_FIELD without a default */
	Datum fallback; /* the default */
	bool fallback_null;
} Argument;

#define ACCESS_ANONYMOUS (1 << 8)
#define ACCESS_OF(type)  (1 << (type)) /* of a UserType */

typedef struct Route
{
	int32 id;
	char *method;
	char *path;
	Oid function;
	uint32 function_hash; /* of its pg_proc entry, to recognise invalidations */
	int access;           /* ACCESS_ bits */
	bool is_read;         /* GET: runs read-only */
	bool is_idempotent;   /* an Idempotency-Key counts */
	bool takes_body;
	bool takes_null;    /* PUT: null clears a field */
	bool is_ambiguous;  /* its function is overloaded: which one is meant? */
	int argument_count; /* -1: not looked up yet */
	Argument *arguments;
	SPIPlanPtr plan;
} Route;

extern void route_init(void);
extern Route *route_find(int32 id);
extern int64 route_generation(void);
extern Oid route_caller(void);

#endif /* MESTERI_ROUTE_H */
