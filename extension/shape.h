/*-------------------------------------------------------------------------
 *
 * shape.h
 *		What values an SQL type takes from a client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_SHAPE_H
#define MESTERI_SHAPE_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "nodes/pg_list.h"

#include "text_input.h"

typedef enum ShapeKind
{
	SHAPE_BOOL,
	SHAPE_NUMBER,
	SHAPE_TEXT,
	SHAPE_ENUM,
	SHAPE_UUID,
	SHAPE_DATE,
	SHAPE_TIME,     /* timestamptz */
	SHAPE_JSON,     /* json or jsonb: any object or array */
	SHAPE_ARRAY,    /* JSON array; in a query name[]=a&name[]=b or name=a,b */
	SHAPE_COMPOSITE /* JSON object with the attributes as members */
} ShapeKind;

typedef struct Shape
{
	ShapeKind kind;
	Oid type;       /* as declared, perhaps a domain */
	Oid base;       /* below all domains */
	List *types;    /* hash of the pg_type entry of each domain and of the base */
	bool not_null;  /* some domain of the chain says NOT NULL */
	TextForm form;  /* SHAPE_TEXT */
	FmgrInfo input; /* input function of type; unused for arrays and composites */
	Oid input_param;
	void *domain_extra;     /* domain_check()'s cache, for domains over arrays and composites */
	struct Shape *element;  /* SHAPE_ARRAY */
	Oid relation;           /* SHAPE_COMPOSITE */
	TupleDesc row;          /* SHAPE_COMPOSITE */
	struct Shape **members; /* SHAPE_COMPOSITE, one an attribute */
	MemoryContext context;  /* where all of this lives */
} Shape;

extern Shape *shape_of(Oid type);
extern bool shape_has_type(const Shape *shape, uint32 hash);
extern bool shape_has_relation(const Shape *shape, Oid relation);

#endif /* MESTERI_SHAPE_H */
