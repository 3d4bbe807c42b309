/*-------------------------------------------------------------------------
 *
 * request.c
 *		One call of handle(), unpacked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "error.h"
#include "handle.h"
#include "query_string.h"
#include "request.h"

static char *text_argument(FunctionCallInfo fcinfo, int number);
static char **text_list(FunctionCallInfo fcinfo, int number, int *count);
static JsonNode *parse_body(const bytea *body);

/*
 * request_unpack
 *		Reads handle()'s arguments and parses query and body.
 *
 * Everything is in the current memory context.  Errors: malformed_body,
 * duplicate_field, invalid_field (query), payload_too_large.
 */
void
request_unpack(FunctionCallInfo fcinfo, const Route *route, Request *request)
{
	request->path = text_list(fcinfo, HANDLE_PATH, &request->path_count);
	request->query_text = text_argument(fcinfo, HANDLE_QUERY);
	if (request->query_text == NULL)
		request->query_text = "";
	request->query = query_string_parse(request->query_text);
	request->headers = text_list(fcinfo, HANDLE_HEADERS, &request->header_count);
	request->language = text_argument(fcinfo, HANDLE_LANGUAGE);
	if (request->language == NULL)
		request->language = "ro";
	request->ip = fcinfo->args[HANDLE_IP];
	request->request_id = fcinfo->args[HANDLE_REQUEST_ID];

	if (!PG_ARGISNULL(HANDLE_BODY) && !route->takes_body)
		refuse(MSERR_PAYLOAD_TOO_LARGE, "the route takes no body");
	request->body_bytes = PG_ARGISNULL(HANDLE_BODY) ? NULL : PG_GETARG_BYTEA_PP(HANDLE_BODY);
	request->body = route->takes_body ? parse_body(request->body_bytes) : NULL;
}

/*
 * request_header
 *		A request header by its lower-case name, or NULL.
 *
 * Lines of one name are one list, RFC 9110 5.3.
 */
const char *
request_header(const Request *request, const char *name)
{
	int count;

	return request_header_counted(request, name, &count);
}

/* The same, and in how many lines it came. */
const char *
request_header_counted(const Request *request, const char *name, int *count)
{
	const char *value = NULL;

	*count = 0;
	for (int i = 0; i + 1 < request->header_count; i += 2)
		if (strcmp(request->headers[i], name) == 0)
			value = (*count)++ == 0 ? request->headers[i + 1] : psprintf("%s, %s", value, request->headers[i + 1]);

	return value;
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static char **
text_list(FunctionCallInfo fcinfo, int number, int *count)
{
	Datum *items;
	bool *nulls;
	char **list;

	*count = 0;
	if (PG_ARGISNULL(number))
		return NULL;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, count);
	list = palloc(*count * sizeof(char *));
	for (int i = 0; i < *count; i++)
		list[i] = nulls[i] ? "" : TextDatumGetCString(items[i]);
	return list;
}

/* No body is an empty object: a route whose fields are all optional may be called without one. */
static JsonNode *
parse_body(const bytea *body)
{
	JsonNode *root = NULL;
	const char *duplicate;

	if (body == NULL || VARSIZE_ANY_EXHDR(body) == 0)
	{
		root = palloc0(sizeof(JsonNode));
		root->kind = JSON_NODE_OBJECT;
		return root;
	}

	switch (json_tree_parse(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &root, &duplicate))
	{
		case JSON_FINE:
			break;
		case JSON_DUPLICATE:
			refuse_field(MSERR_DUPLICATE_FIELD, duplicate, "duplicate");
		case JSON_MALFORMED:
			refuse(MSERR_MALFORMED_BODY, "the body is not JSON");
	}
	if (root->kind != JSON_NODE_OBJECT)
		refuse(MSERR_MALFORMED_BODY, "the body is not a JSON object");
	return root;
}
