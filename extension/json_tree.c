/*-------------------------------------------------------------------------
 *
 * json_tree.c
 *		A JSON document as a tree, read strictly.
 *
 * jsonb would hide a name that is given twice and keep only the last, which
 * lets two readers of one request disagree.  So the server's SAX parser
 * builds a light tree of its own, in which duplicates are found.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "json_tree.h"

typedef struct Builder
{
	JsonLexContext *lex;
	JsonNode *root;
	JsonNode *open; /* innermost array or object not yet closed */
	char *name;     /* of the member that comes next */
	const char *duplicate;
} Builder;

static bool is_shallow(const char *document, int length);
static void on_object_start(void *state);
static void on_object_end(void *state);
static void on_array_start(void *state);
static void on_container_end(void *state);
static void on_member_start(void *state, char *name, bool isnull);
static void on_scalar(void *state, char *token, JsonTokenType type);
static JsonNode *add_node(Builder *builder, JsonNodeKind kind);
static const char *repeated_name(const JsonNode *object);
static int compare_names(const void *a, const void *b);

/*
 * json_tree_parse
 *		Reads a document.
 *
 * document: length bytes in any encoding state; needs no terminator.
 * *root: in the current memory context, set when the verdict is JSON_FINE.
 * *duplicate: the repeated name, set when it is JSON_DUPLICATE.
 */
JsonVerdict
json_tree_parse(const char *document, int length, JsonNode **root, const char **duplicate)
{
	Builder builder = {0};
	JsonSemAction actions = {.semstate = &builder,
	                         .object_start = on_object_start,
	                         .object_end = on_object_end,
	                         .array_start = on_array_start,
	                         .array_end = on_container_end,
	                         .object_field_start = on_member_start,
	                         .scalar = on_scalar};

	if (pg_encoding_verifymbstr(PG_UTF8, document, length) != length || !is_shallow(document, length))
		return JSON_MALFORMED;

	builder.lex = makeJsonLexContextCstringLen(pnstrdup(document, length), length, PG_UTF8, true);
	if (pg_parse_json(builder.lex, &actions) != JSON_SUCCESS)
		return JSON_MALFORMED;

	if (builder.duplicate != NULL)
	{
		*duplicate = builder.duplicate;
		return JSON_DUPLICATE;
	}

	*root = builder.root;
	return JSON_FINE;
}

/*
 * json_member
 *		The member of an object with that name, or NULL.
 */
const JsonNode *
json_member(const JsonNode *object, const char *name)
{
	const JsonNode *node;

	for (node = object->first; node != NULL; node = node->next)
		if (strcmp(node->name, name) == 0)
			return node;

	return NULL;
}

/*
 * The parser recurses once a level, so depth is looked at before it starts: a
 * deep document must cost a refusal, not the stack.
 */
static bool
is_shallow(const char *document, int length)
{
	int depth = 0;
	bool in_string = false;

	for (int i = 0; i < length; i++)
	{
		char c = document[i];

		if (in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		}
		else if (c == '"')
			in_string = true;
		else if ((c == '{' || c == '[') && ++depth > JSON_MAX_DEPTH)
			return false;
		else if (c == '}' || c == ']')
			depth--;
	}
	return true;
}

static void
on_object_start(void *state)
{
	Builder *builder = state;

	builder->open = add_node(builder, JSON_NODE_OBJECT);
}

static void
on_object_end(void *state)
{
	Builder *builder = state;

	if (builder->duplicate == NULL)
		builder->duplicate = repeated_name(builder->open);
	on_container_end(state);
}

static void
on_array_start(void *state)
{
	Builder *builder = state;

	builder->open = add_node(builder, JSON_NODE_ARRAY);
}

static void
on_container_end(void *state)
{
	Builder *builder = state;

	builder->open->raw_length = (int) (builder->lex->prev_token_terminator - builder->open->raw);
	builder->open = builder->open->parent;
}

static void
on_member_start(void *state, char *name, bool isnull)
{
	Builder *builder = state;

	builder->name = name;
}

static void
on_scalar(void *state, char *token, JsonTokenType type)
{
	static const JsonNodeKind kinds[] = {[JSON_TOKEN_STRING] = JSON_NODE_STRING,
	                                     [JSON_TOKEN_NUMBER] = JSON_NODE_NUMBER,
	                                     [JSON_TOKEN_TRUE] = JSON_NODE_BOOL,
	                                     [JSON_TOKEN_FALSE] = JSON_NODE_BOOL,
	                                     [JSON_TOKEN_NULL] = JSON_NODE_NULL};

	add_node(state, kinds[type])->text = token;
}

static JsonNode *
add_node(Builder *builder, JsonNodeKind kind)
{
	JsonNode *node = palloc0(sizeof(JsonNode));
	JsonNode *parent = builder->open;

	node->kind = kind;
	node->raw = builder->lex->token_start;
	node->parent = parent;

	if (parent == NULL)
	{
		builder->root = node;
		return node;
	}

	if (parent->kind == JSON_NODE_OBJECT)
		node->name = builder->name;
	if (parent->last == NULL)
		parent->first = node;
	else
		parent->last->next = node;
	parent->last = node;
	parent->children++;
	return node;
}

/* Sorted rather than compared pairwise: a body of 64 KiB can hold ten thousand names. */
static const char *
repeated_name(const JsonNode *object)
{
	const char **names;
	int count = 0;

	if (object->children < 2)
		return NULL;

	names = palloc(object->children * sizeof(char *));
	for (const JsonNode *node = object->first; node != NULL; node = node->next)
		names[count++] = node->name;
	qsort(names, count, sizeof(char *), compare_names);

	for (int i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];

	return NULL;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}
