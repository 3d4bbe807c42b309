/*-------------------------------------------------------------------------
 *
 * bind.c
 *		From what a client sent to the arguments of an endpoint.
 *
 * Strict on purpose: a name the endpoint does not know, a string where a
 * number belongs, a null where nothing can be cleared are all refused, and
 * the error names the field.  The value's limits are those of its type: they
 * are checked by the type's own input function.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "bind.h"
#include "error.h"
#include "query_string.h"

static void check_names(const Route *route, const Request *request);
static bool is_field(const Route *route, const char *name);
static Datum bind_argument(const Route *route, const Argument *argument, const Request *request, bool *isnull);
static Datum bind_path(const Argument *argument, const Request *request);
static Datum bind_field(const Route *route, const Argument *argument, const Request *request, bool *isnull);
static Datum given_names(const Request *request);
static const QueryParameter *find_parameter(const Request *request, const char *name);
static Datum value_of_parameter(Shape *shape, const QueryParameter *parameter);
static Datum value_of_node(Shape *shape, const JsonNode *node, const char *field);
static Datum array_of_node(Shape *shape, const JsonNode *node, const char *field);
static Datum array_of_values(Shape *shape, Datum *values, int count, const char *field);
static Datum row_of_node(Shape *shape, const JsonNode *node, const char *field);
static int attribute_number(const Shape *shape, const char *name);
static Datum value_of_text(Shape *shape, char *text, const char *field);
static bool is_spelt_right(ShapeKind kind, const char *text);
static bool ends_like_rfc3339(const char *text);
static bool matches(const char *text, const char *pattern);
static Datum call_input(Shape *shape, char *text, const char *field);
static void check_domain(Shape *shape, Datum value, const char *field);
static void refuse_value(Shape *shape, const char *field) pg_attribute_noreturn();
static List *choices(Shape *shape);
static bool is_taken(Shape *shape, char *label);

/*
 * bind_arguments
 *		Fills the parameters of a route's plan.
 *
 * values, nulls: one an argument; nulls as SPI wants them, ' ' or 'n'.
 * Errors: unknown_field, duplicate_field, invalid_field; not_found for a path
 * that cannot name anything.
 */
void
bind_arguments(const Route *route, const Request *request, Datum *values, char *nulls)
{
	check_names(route, request);

	for (int i = 0; i < route->argument_count; i++)
	{
		bool isnull = false;

		values[i] = bind_argument(route, &route->arguments[i], request, &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
}

/* A route that takes a body has its fields there, and none in the query. */
static void
check_names(const Route *route, const Request *request)
{
	ListCell *cell;

	foreach (cell, request->query)
	{
		const QueryParameter *parameter = lfirst(cell);

		if (route->takes_body || !is_field(route, parameter->name))
			refuse_field(MSERR_UNKNOWN_FIELD, parameter->name, "unknown");
	}

	for (const JsonNode *node = request->body ? request->body->first : NULL; node != NULL; node = node->next)
		if (!is_field(route, node->name))
			refuse_field(MSERR_UNKNOWN_FIELD, node->name, "unknown");
}

static bool
is_field(const Route *route, const char *name)
{
	for (int i = 0; i < route->argument_count; i++)
		if (route->arguments[i].source == ARGUMENT_FIELD && strcmp(route->arguments[i].name, name) == 0)
			return true;

	return false;
}

static Datum
bind_argument(const Route *route, const Argument *argument, const Request *request, bool *isnull)
{
	const char *header;

	switch (argument->source)
	{
		case ARGUMENT_PATH:
			return bind_path(argument, request);
		case ARGUMENT_FIELD:
			return bind_field(route, argument, request, isnull);
		case ARGUMENT_HEADER:
			header = request_header(request, argument->header);
			*isnull = header == NULL;
			return header ? CStringGetTextDatum(header) : (Datum) 0;
		case ARGUMENT_IP:
			*isnull = request->ip.isnull;
			return request->ip.value;
		case ARGUMENT_REQUEST_ID:
			*isnull = request->request_id.isnull;
			return request->request_id.value;
		case ARGUMENT_LANGUAGE:
			return CStringGetTextDatum(request->language);
		case ARGUMENT_GIVEN:
			return given_names(request);
	}
	pg_unreachable();
}

/* What cannot be an id is the id of nothing. */
static Datum
bind_path(const Argument *argument, const Request *request)
{
	char *text;

	if (argument->path_index >= request->path_count)
		refuse(MSERR_NOT_FOUND, "the path has too few segments");

	text = request->path[argument->path_index];
	if (argument->shape->kind == SHAPE_UUID && !is_spelt_right(SHAPE_UUID, text))
		refuse(MSERR_NOT_FOUND, "the path holds no id");

	return value_of_text(argument->shape, text, argument->name);
}

static Datum
bind_field(const Route *route, const Argument *argument, const Request *request, bool *isnull)
{
	const JsonNode *node = request->body ? json_member(request->body, argument->name) : NULL;
	const QueryParameter *parameter = node ? NULL : find_parameter(request, argument->name);

	if (parameter != NULL)
		return value_of_parameter(argument->shape, parameter);

	if (node == NULL)
	{
		if (argument->required)
			refuse_field(MSERR_INVALID_FIELD, argument->name, "required");
		*isnull = argument->fallback_null;
		return argument->fallback;
	}

	if (node->kind == JSON_NODE_NULL)
	{
		if (!route->takes_null || argument->shape->not_null)
			refuse_field(MSERR_INVALID_FIELD, argument->name, "null");
		*isnull = true;
		return (Datum) 0;
	}
	return value_of_node(argument->shape, node, argument->name);
}

static Datum
given_names(const Request *request)
{
	int count = request->body ? request->body->children : 0;
	Datum *names = palloc(count * sizeof(Datum));
	int i = 0;

	for (const JsonNode *node = count ? request->body->first : NULL; node != NULL; node = node->next)
		names[i++] = CStringGetTextDatum(node->name);

	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static const QueryParameter *
find_parameter(const Request *request, const char *name)
{
	ListCell *cell;

	foreach (cell, request->query)
	{
		const QueryParameter *parameter = lfirst(cell);

		if (strcmp(parameter->name, name) == 0)
			return parameter;
	}
	return NULL;
}

static Datum
value_of_parameter(Shape *shape, const QueryParameter *parameter)
{
	List *values = parameter->values;
	Datum *items;
	int count = 0;

	if (shape->kind != SHAPE_ARRAY)
	{
		if (list_length(values) > 1)
			refuse_field(MSERR_DUPLICATE_FIELD, parameter->name, "duplicate");
		if (parameter->is_list)
			refuse_field(MSERR_INVALID_FIELD, parameter->name, "type");
		return value_of_text(shape, linitial(values), parameter->name);
	}

	if (!parameter->is_list)
	{
		char *joined;
		char *item;

		if (list_length(values) > 1)
			refuse_field(MSERR_DUPLICATE_FIELD, parameter->name, "duplicate");

		joined = linitial(values);
		values = NIL;
		while (*joined != '\0' && (item = strsep(&joined, ",")) != NULL)
		{
			values = lappend(values, item);
			if (joined == NULL)
				break;
		}
	}

	items = palloc(list_length(values) * sizeof(Datum));
	for (; count < list_length(values); count++)
		items[count] = value_of_text(shape->element, list_nth(values, count), parameter->name);
	return array_of_values(shape, items, count, parameter->name);
}

static Datum
value_of_node(Shape *shape, const JsonNode *node, const char *field)
{
	static const JsonNodeKind fitting[] = {
		[SHAPE_BOOL] = JSON_NODE_BOOL,       [SHAPE_NUMBER] = JSON_NODE_NUMBER, [SHAPE_TEXT] = JSON_NODE_STRING,
		[SHAPE_ENUM] = JSON_NODE_STRING,     [SHAPE_UUID] = JSON_NODE_STRING,   [SHAPE_DATE] = JSON_NODE_STRING,
		[SHAPE_TIME] = JSON_NODE_STRING,     [SHAPE_JSON] = JSON_NODE_OBJECT,   [SHAPE_ARRAY] = JSON_NODE_ARRAY,
		[SHAPE_COMPOSITE] = JSON_NODE_OBJECT};

	if (node->kind == JSON_NODE_NULL)
		refuse_field(MSERR_INVALID_FIELD, field, "null");
	if (node->kind != fitting[shape->kind])
		refuse_field(MSERR_INVALID_FIELD, field, "type");

	switch (shape->kind)
	{
		case SHAPE_ARRAY:
			return array_of_node(shape, node, field);
		case SHAPE_COMPOSITE:
			return row_of_node(shape, node, field);
		case SHAPE_JSON:
			return call_input(shape, pnstrdup(node->raw, node->raw_length), field);
		default:
			return value_of_text(shape, node->text, field);
	}
}

static Datum
array_of_node(Shape *shape, const JsonNode *node, const char *field)
{
	Datum *items = palloc(node->children * sizeof(Datum));
	int count = 0;

	for (const JsonNode *item = node->first; item != NULL; item = item->next, count++)
		items[count] = value_of_node(shape->element, item, psprintf("%s[%d]", field, count));

	return array_of_values(shape, items, count, field);
}

static Datum
array_of_values(Shape *shape, Datum *values, int count, const char *field)
{
	Oid element = shape->element->type;
	int16 length;
	bool byval;
	char align;
	Datum array;

	get_typlenbyvalalign(element, &length, &byval, &align);
	array = PointerGetDatum(construct_array(values, count, element, length, byval, align));
	check_domain(shape, array, field);
	return array;
}

static Datum
row_of_node(Shape *shape, const JsonNode *node, const char *field)
{
	int count = shape->row->natts;
	Datum *values = palloc0(count * sizeof(Datum));
	bool *nulls = palloc(count * sizeof(bool));
	Datum row;

	memset(nulls, true, count * sizeof(bool));

	for (const JsonNode *member = node->first; member != NULL; member = member->next)
	{
		char *name = psprintf("%s.%s", field, member->name);
		int i = attribute_number(shape, member->name);

		if (i < 0)
			refuse_field(MSERR_UNKNOWN_FIELD, name, "unknown");
		values[i] = value_of_node(shape->members[i], member, name);
		nulls[i] = false;
	}

	for (int i = 0; i < count; i++)
		if (nulls[i] && shape->members[i]->not_null)
			refuse_field(MSERR_INVALID_FIELD, psprintf("%s.%s", field, NameStr(TupleDescAttr(shape->row, i)->attname)),
			             "required");

	row = HeapTupleGetDatum(heap_form_tuple(shape->row, values, nulls));
	check_domain(shape, row, field);
	return row;
}

static int
attribute_number(const Shape *shape, const char *name)
{
	for (int i = 0; i < shape->row->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(shape->row, i)->attname), name) == 0)
			return i;

	return -1;
}

/* text: decoded; for numbers and bools the word as written. */
static Datum
value_of_text(Shape *shape, char *text, const char *field)
{
	if (shape->kind == SHAPE_ARRAY || shape->kind == SHAPE_COMPOSITE)
		refuse_field(MSERR_INVALID_FIELD, field, "type");
	if (!is_spelt_right(shape->kind, text))
		refuse_field(MSERR_INVALID_FIELD, field, "format");

	if (shape->kind == SHAPE_TEXT)
	{
		text = text_input(text, shape->form);
		if (text == NULL)
			refuse_field(MSERR_INVALID_FIELD, field, "control_character");
	}
	return call_input(shape, text, field);
}

/*
 * Input functions take more spellings than our API does: 'NaN', 'today',
 * '{uuid}', ' 1 '.  In the patterns 9 stands for a digit, x for a hexadecimal
 * one.
 */
static bool
is_spelt_right(ShapeKind kind, const char *text)
{
	switch (kind)
	{
		case SHAPE_BOOL:
			return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
		case SHAPE_NUMBER:
			return *text != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
		case SHAPE_UUID:
			return matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") && strlen(text) == 36;
		case SHAPE_DATE:
			return matches(text, "9999-99-99") && strlen(text) == 10;
		case SHAPE_TIME:
			return matches(text, "9999-99-99T99:99:99") && ends_like_rfc3339(text + strlen("9999-99-99T99:99:99"));
		default:
			return true;
	}
}

/* What may follow the seconds: a fraction, then Z or an offset. */
static bool
ends_like_rfc3339(const char *text)
{
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (strcmp(text, "Z") == 0)
		return true;
	return (*text == '+' || *text == '-') && matches(text + 1, "99:99") && strlen(text) == strlen("+99:99");
}

/* Whether a text begins as the pattern says. */
static bool
matches(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; text++, pattern++)
	{
		if (*pattern == '9' && isdigit((unsigned char) *text))
			continue;
		if (*pattern == 'x' && isxdigit((unsigned char) *text))
			continue;
		if (*pattern != *text)
			return false;
	}
	return true;
}

static Datum
call_input(Shape *shape, char *text, const char *field)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;

	PG_TRY();
	{
		value = InputFunctionCall(&shape->input, text, shape->input_param, -1);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		refuse_value(shape, field);
	}
	PG_END_TRY();

	return value;
}

/* Scalars pass through the domain's input function; what is built here must be checked by hand. */
static void
check_domain(Shape *shape, Datum value, const char *field)
{
	MemoryContext caller = CurrentMemoryContext;

	if (shape->type == shape->base)
		return;

	PG_TRY();
	{
		domain_check(value, false, shape->type, &shape->domain_extra, shape->context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		refuse_value(shape, field);
	}
	PG_END_TRY();
}

/*
 * Turns the error of an input function into one that names the field.  The
 * name of a domain's constraint is the rule that was broken.
 */
static void
refuse_value(Shape *shape, const char *field)
{
	ErrorData *error = CopyErrorData();
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		PG_RE_THROW();
	FlushErrorState();

	if (shape->kind == SHAPE_ENUM)
		refuse_choice(field, choices(shape));
	if (error->sqlerrcode == ERRCODE_CHECK_VIOLATION)
		refuse_field(MSERR_INVALID_FIELD, field, error->constraint_name);
	if (error->sqlerrcode == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
		refuse_field(MSERR_INVALID_FIELD, field, "range");
	refuse_field(MSERR_INVALID_FIELD, field, "format");
}

/* The labels of an enum that its domain, if there is one, lets through. */
static List *
choices(Shape *shape)
{
	CatCList *labels = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(shape->base));
	List *names = NIL;

	for (int i = 0; i < labels->n_members; i++)
	{
		Form_pg_enum label = (Form_pg_enum) GETSTRUCT(&labels->members[i]->tuple);

		if (is_taken(shape, NameStr(label->enumlabel)))
			names = lappend(names, pstrdup(NameStr(label->enumlabel)));
	}
	ReleaseSysCacheList(labels);
	return names;
}

static bool
is_taken(Shape *shape, char *label)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool taken = true;

	PG_TRY();
	{
		InputFunctionCall(&shape->input, label, shape->input_param, -1);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		taken = false;
	}
	PG_END_TRY();

	return taken;
}
