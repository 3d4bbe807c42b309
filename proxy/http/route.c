/*-------------------------------------------------------------------------
 *
 * route.c
 *		A trie over the segments of the routes' paths.
 *
 * A literal segment wins over a {name}; when it leads nowhere, the {name} is
 * tried after all, so /posts/mine and /posts/{id}/like do not get in each
 * other's way.  Segments are compared after decoding, and an encoded slash
 * does not split one.
 *-------------------------------------------------------------------------
 */
#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

static const RouteNode *find_from(const RouteNode *node, RoutePath *path, int depth);

static RouteNode *
find_literal(const RouteNode *node, const char *text, size_t length)
{
	for (int i = 0; i < node->literal_count; i++)
	{
		RouteNode *child = &node->literals[i];

		if (child->literal_length == length && memcmp(child->literal, text, length) == 0)
			return child;
	}
	return NULL;
}

static RouteNode *
add_segment(RouteNode *node, const char *text, size_t length)
{
	RouteNode *child;

	if (text[0] == '{' && text[length - 1] == '}')
	{
		if (node->any == NULL)
			node->any = mem_zero(sizeof(RouteNode));
		return node->any;
	}
	child = find_literal(node, text, length);
	if (child != NULL)
		return child;

	node->literals = mem_resize(node->literals, sizeof(RouteNode) * (size_t) (node->literal_count + 1));
	child = &node->literals[node->literal_count++];
	*child = (RouteNode){.literal = mem_zero(length + 1), .literal_length = length};
	memcpy(child->literal, text, length);
	return child;
}

/*
 * route_add
 *		Adds a route, which must outlive the trie.
 *
 * Returns false when its path is none: not absolute, an empty segment, too
 * many segments, or taken by another route of the method.
 */
bool
route_add(RouteNode *root, const Route *route)
{
	const char *at = route->path;
	RouteNode *node = root;
	int depth = 0;

	while (*at == '/')
	{
		size_t length = strcspn(at + 1, "/");

		if (length == 0 || depth++ == ROUTE_MAX_SEGMENTS)
			return false;
		node = add_segment(node, at + 1, length);
		at += length + 1;
	}
	if (*at != '\0' || node == root || node->routes[route->method] != NULL)
		return false;
	node->routes[route->method] = route;
	node->is_end = true;
	return true;
}

static void
release_node(RouteNode *node)
{
	for (int i = 0; i < node->literal_count; i++)
		release_node(&node->literals[i]);
	free(node->literals);
	free(node->literal);
	if (node->any != NULL)
		release_node(node->any);
	free(node->any);
}

/* Frees what hangs on root, not root itself. */
void
route_free_trie(RouteNode *root)
{
	release_node(root);
	*root = (RouteNode){0};
}

/* Frees what a route owns. */
void
route_release(Route *route)
{
	for (int i = 0; i < route->request_header_count; i++)
		free(route->request_headers[i]);
	free(route->request_headers);
	free(route->path);
	free(route->content_type);
}

/* Cuts text at its slashes and decodes the pieces into path. */
static bool
split_path(RoutePath *path, const char *text, size_t length)
{
	const char *end = text + length;

	path->segment_count = 0;
	path->value_count = 0;
	buffer_clear(&path->text);
	while (text < end)
	{
		const char *slash = memchr(text + 1, '/', (size_t) (end - text - 1));
		size_t raw = (size_t) ((slash != NULL ? slash : end) - text - 1);
		long decoded;

		if (raw == 0 || path->segment_count == ROUTE_MAX_SEGMENTS)
			return false;
		decoded = text_percent_decode(buffer_reserve(&path->text, raw), text + 1, raw);
		if (decoded < 0)
			return false;
		path->segments[path->segment_count++] = (Span){(uint32_t) path->text.length, (uint32_t) decoded};
		path->text.length += (size_t) decoded;
		text += raw + 1;
	}
	return true;
}

/*
 * route_find
 *		The node that the path text means, or NULL.
 *
 * path gets the decoded segments and which of them are values.
 */
const RouteNode *
route_find(const RouteNode *root, RoutePath *path, const char *text, size_t length)
{
	if (!split_path(path, text, length))
		return NULL;
	return find_from(root, path, 0);
}

static const RouteNode *
find_from(const RouteNode *node, RoutePath *path, int depth)
{
	const Span *segment = &path->segments[depth];
	const RouteNode *next;
	const RouteNode *found;

	if (depth == path->segment_count)
		return node->is_end ? node : NULL;

	next = find_literal(node, path->text.data + segment->at, segment->length);
	if (next != NULL && (found = find_from(next, path, depth + 1)) != NULL)
		return found;
	if (node->any == NULL)
		return NULL;

	path->values[path->value_count++] = depth;
	found = find_from(node->any, path, depth + 1);
	if (found == NULL)
		path->value_count--;
	return found;
}

/* The route of a method, or NULL; HEAD means what GET means. */
const Route *
route_of_method(const RouteNode *node, Method method)
{
	if (method == METHOD_OTHER)
		return NULL;
	return node->routes[method == METHOD_HEAD ? METHOD_GET : method];
}

/* Appends the value of an Allow header. */
void
route_allow(const RouteNode *node, Buffer *out)
{
	for (int i = 0; i < METHOD_COUNT; i++)
		if (i != METHOD_OPTIONS && route_of_method(node, (Method) i) != NULL)
			buffer_format(out, "%s, ", method_names[i]);
	buffer_text(out, "OPTIONS");
}
