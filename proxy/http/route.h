/*-------------------------------------------------------------------------
 *
 * route.h
 *		Which route a method and a path mean.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_ROUTE_H
#define MESTERI_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/config.h"
#include "http/head.h"

#define ROUTE_MAX_SEGMENTS 16

/* A row of mesteri.proxy_routes. */
typedef struct Route
{
	int id;
	Method method;
	char *path; /* the template: /v1/posts/{id} */
	LaneId lane;
	int deadline_ms;
	int body_limit;  /* bytes; 0: no body */
	bool retry_safe; /* may be run again after a rollback */
	char **request_headers;
	int request_header_count;
	char *content_type; /* of a successful answer */
	int metric;         /* its place in metrics */
} Route;

/* A node of the trie: what can follow a path so far. */
typedef struct RouteNode
{
	char *literal; /* the segment that leads here; NULL for {name} */
	size_t literal_length;
	struct RouteNode *literals;
	int literal_count;
	struct RouteNode *any; /* what follows a {name} */
	const Route *routes[METHOD_COUNT];
	bool is_end; /* some method ends here */
} RouteNode;

/* The segments of a path, decoded.  To be zeroed once; the buffer is used again. */
typedef struct RoutePath
{
	Buffer text;
	Span segments[ROUTE_MAX_SEGMENTS];
	int segment_count;
	int values[ROUTE_MAX_SEGMENTS]; /* the segments that {name}s took, in order */
	int value_count;
} RoutePath;

bool route_add(RouteNode *root, const Route *route) __attribute__((warn_unused_result));
void route_free_trie(RouteNode *root);
void route_release(Route *route);

const RouteNode *route_find(const RouteNode *root, RoutePath *path, const char *text, size_t length);
const Route *route_of_method(const RouteNode *node, Method method);
void route_allow(const RouteNode *node, Buffer *out);

#endif
