/*-------------------------------------------------------------------------
 *
 * shape.c
 *		What values an SQL type takes from a client.
 *
 * An endpoint's signature is its schema.  A shape is that schema digested:
 * looked up once when a route is first called, then used for every request.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "shape.h"

static void descend_domains(Shape *shape);
static TextForm form_of_domain(Form_pg_type domain);
static ShapeKind kind_of(Oid base);
static void add_members(Shape *shape);

/*
 * shape_of
 *		Digests a type, in the current memory context.
 *
 * Errors: 42704 for a type that clients cannot send.
 */
Shape *
shape_of(Oid type)
{
	Shape *shape = palloc0(sizeof(Shape));
	Oid input;

	shape->type = type;
	shape->form = TEXT_VERBATIM;
	shape->context = CurrentMemoryContext;
	descend_domains(shape);
	shape->kind = kind_of(shape->base);

	if (shape->kind == SHAPE_ARRAY)
		shape->element = shape_of(get_element_type(shape->base));
	else if (shape->kind == SHAPE_COMPOSITE)
		add_members(shape);
	else
	{
		getTypeInputInfo(type, &input, &shape->input_param);
		fmgr_info(input, &shape->input);
	}
	return shape;
}

/*
 * shape_has_type
 *		Whether a shape was read from the pg_type entry with this syscache hash.
 */
bool
shape_has_type(const Shape *shape, uint32 hash)
{
	if (list_member_int(shape->types, (int) hash))
		return true;
	if (shape->kind == SHAPE_ARRAY)
		return shape_has_type(shape->element, hash);
	for (int i = 0; shape->kind == SHAPE_COMPOSITE && i < shape->row->natts; i++)
		if (shape_has_type(shape->members[i], hash))
			return true;
	return false;
}

/*
 * shape_has_relation
 *		Whether a shape is, or holds, the composite type of this relation.
 */
bool
shape_has_relation(const Shape *shape, Oid relation)
{
	if (shape->kind == SHAPE_ARRAY)
		return shape_has_relation(shape->element, relation);
	if (shape->kind != SHAPE_COMPOSITE)
		return false;
	if (shape->relation == relation)
		return true;
	for (int i = 0; i < shape->row->natts; i++)
		if (shape_has_relation(shape->members[i], relation))
			return true;
	return false;
}

static void
descend_domains(Shape *shape)
{
	shape->base = shape->type;

	for (;;)
	{
		HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(shape->base));
		Form_pg_type form;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for type %u", shape->base);
		shape->types = lappend_int(shape->types, GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(shape->base)));

		form = (Form_pg_type) GETSTRUCT(tuple);
		if (form->typtype != TYPTYPE_DOMAIN)
		{
			ReleaseSysCache(tuple);
			return;
		}

		shape->not_null |= form->typnotnull;
		shape->form = form_of_domain(form) != TEXT_VERBATIM ? form_of_domain(form) : shape->form;
		shape->base = form->typbasetype;
		ReleaseSysCache(tuple);
	}
}

/* The two domains that say how text is to be read; they have no constraint of their own. */
static TextForm
form_of_domain(Form_pg_type domain)
{
	if (domain->typnamespace != get_namespace_oid("api", false))
		return TEXT_VERBATIM;
	if (strcmp(NameStr(domain->typname), "line") == 0)
		return TEXT_LINE;
	if (strcmp(NameStr(domain->typname), "paragraph") == 0)
		return TEXT_PARAGRAPH;
	return TEXT_VERBATIM;
}

static ShapeKind
kind_of(Oid base)
{
	switch (base)
	{
		case BOOLOID:
			return SHAPE_BOOL;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return SHAPE_NUMBER;
		case TEXTOID:
			return SHAPE_TEXT;
		case UUIDOID:
			return SHAPE_UUID;
		case DATEOID:
			return SHAPE_DATE;
		case TIMESTAMPTZOID:
			return SHAPE_TIME;
		case JSONOID:
		case JSONBOID:
			return SHAPE_JSON;
	}
	if (type_is_enum(base))
		return SHAPE_ENUM;
	if (OidIsValid(get_element_type(base)))
		return SHAPE_ARRAY;
	if (type_is_rowtype(base))
		return SHAPE_COMPOSITE;

	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
	                errmsg("type %s cannot be an argument of an endpoint", format_type_be(base))));
}

static void
add_members(Shape *shape)
{
	shape->relation = get_typ_typrelid(shape->base);
	shape->row = lookup_rowtype_tupdesc_copy(shape->base, -1);
	shape->members = palloc(shape->row->natts * sizeof(Shape *));

	for (int i = 0; i < shape->row->natts; i++)
		shape->members[i] = shape_of(TupleDescAttr(shape->row, i)->atttypid);
}
