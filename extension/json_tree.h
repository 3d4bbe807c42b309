/*-------------------------------------------------------------------------
 *
 * json_tree.h
 *		A JSON document as a tree, read strictly.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_JSON_TREE_H
#define MESTERI_JSON_TREE_H

#define JSON_MAX_DEPTH 32

typedef enum JsonNodeKind
{
	JSON_NODE_NULL,
	JSON_NODE_BOOL,
	JSON_NODE_NUMBER,
	JSON_NODE_STRING,
	JSON_NODE_ARRAY,
	JSON_NODE_OBJECT
} JsonNodeKind;

typedef struct JsonNode
{
	JsonNodeKind kind;
	char *name;      /* of a member of an object, else NULL */
	char *text;      /* scalars: decoded string, or the number or word as written */
	const char *raw; /* arrays and objects: where they stand in the document */
	int raw_length;
	struct JsonNode *parent;
	struct JsonNode *first;
	struct JsonNode *last;
	struct JsonNode *next;
	int children;
} JsonNode;

typedef enum JsonVerdict
{
	JSON_FINE,
	JSON_MALFORMED, /* no JSON, not UTF-8, NUL, deeper than JSON_MAX_DEPTH */
	JSON_DUPLICATE  /* a name twice in one object; *duplicate tells which */
} JsonVerdict;

extern JsonVerdict json_tree_parse(const char *document, int length, JsonNode **root, const char **duplicate);
extern const JsonNode *json_member(const JsonNode *object, const char *name);

#endif /* MESTERI_JSON_TREE_H */
