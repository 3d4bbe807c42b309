/*-------------------------------------------------------------------------
 *
 * owner_condition.c
 *		SQL that says whether a row belongs to somebody, made from labels.
 *
 * The condition has no correlated part: each hop asks whether a column is
 * among the values that lead to the account, so that one account's few rows
 * are looked up once, whatever the number of rows that are asked about.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "label.h"
#include "owner_path.h"

#define MAX_DEPTH 16 /* hops; labels that lead in a circle end here */

static List *paths_of(Oid table);
static void append_row(StringInfo sql, Oid table, const char *user, int depth);
static void append_paths(StringInfo sql, Oid table, const List *paths, const char *user, int depth);
static void append_path(StringInfo sql, Oid table, const OwnerPath *path, int number, const char *user, int depth);
static void append_rest(StringInfo sql, const OwnerPath *path, int number, const char *user, int depth);
static bool is_end(const OwnerPath *path, int number);
static const char *column_name(Oid table, AttrNumber column);
static const char *table_name(Oid table);

PG_FUNCTION_INFO_V1(mesteri_owner_condition);
PG_FUNCTION_INFO_V1(mesteri_owner_condition_by);
PG_FUNCTION_INFO_V1(mesteri_owner_paths);

/*
 * mesteri.owner_condition(target regclass, user_expression text) returns text
 *		Condition that a row of the table belongs to that user.
 *
 * Columns of the table itself stand unqualified.  NULL when the table's rows
 * are nobody's or the public's.  Errors: 42704 when it has no label.
 */
Datum
mesteri_owner_condition(PG_FUNCTION_ARGS)
{
	Oid table = PG_GETARG_OID(0);
	StringInfoData sql;

	if (paths_of(table) == NIL)
		PG_RETURN_NULL();

	initStringInfo(&sql);
	append_row(&sql, table, text_to_cstring(PG_GETARG_TEXT_PP(1)), 0);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(sql.data, sql.len));
}

/*
 * mesteri.owner_condition(target regclass, user_expression text, paths text) returns text
 *		The same by paths that are given, written as in a label.
 */
Datum
mesteri_owner_condition_by(PG_FUNCTION_ARGS)
{
	Oid table = PG_GETARG_OID(0);
	List *paths = owner_paths_parse(table, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	StringInfoData sql;

	initStringInfo(&sql);
	append_paths(&sql, table, paths, text_to_cstring(PG_GETARG_TEXT_PP(1)), 0);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(sql.data, sql.len));
}

/*
 * mesteri.owner_paths(target regclass) returns setof (path text, column_name text, source regclass)
 *		The paths one by one: the column that each begins with, and the table it leads to.
 *
 * source is NULL where the column is the user's id already.
 */
Datum
mesteri_owner_paths(PG_FUNCTION_ARGS)
{
	Oid table = PG_GETARG_OID(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, paths_of(table))
	{
		const OwnerPath *path = lfirst(cell);
		const OwnerStep *first = linitial(path->steps);
		Datum values[] = {CStringGetTextDatum(path->text), CStringGetTextDatum(column_name(table, first->from)),
		                  ObjectIdGetDatum(first->table)};
		bool nulls[] = {false, false, is_end(path, 0)};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}

	return (Datum) 0;
}

/*
 * owner_source
 *		What the first hop of a path leads to: the row belongs to the user when its value is among those.
 *
 * text: the path as it stands in the label.  user: SQL expression.  Errors:
 * 22023 when the label has no such path, or it makes no hop.
 */
OwnerSource
owner_source(Oid table, const char *text, const char *user)
{
	ListCell *cell;

	foreach (cell, paths_of(table))
	{
		const OwnerPath *path = lfirst(cell);

		if (strcmp(path->text, text) == 0 && !is_end(path, 0))
		{
			const OwnerStep *first = linitial(path->steps);
			StringInfoData condition;

			initStringInfo(&condition);
			append_rest(&condition, path, 0, user, 0);
			return (OwnerSource){
				.table = table_name(first->table),
				.column = quote_identifier(column_name(first->table, first->to)),
				.condition = condition.data,
			};
		}
	}

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("\"%s\" is no path of \"%s\" through another table", text, get_rel_name(table))));
}

/* NIL when no row is anybody's. */
static List *
paths_of(Oid table)
{
	char *label = label_of_table(table);

	if (label == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("table \"%s\" has no label that says whose its rows are", get_rel_name(table))));

	if (strncmp(label, LABEL_OWNED, strlen(LABEL_OWNED)) != 0)
		return NIL;

	return owner_paths_parse(table, label + strlen(LABEL_OWNED));
}

/* Any of the paths of a table. */
static void
append_row(StringInfo sql, Oid table, const char *user, int depth)
{
	append_paths(sql, table, paths_of(table), user, depth);
}

static void
append_paths(StringInfo sql, Oid table, const List *paths, const char *user, int depth)
{
	const char *separator = "";
	ListCell *cell;

	appendStringInfoString(sql, list_length(paths) > 1 ? "(" : "");
	foreach (cell, paths)
	{
		appendStringInfoString(sql, separator);
		append_path(sql, table, lfirst(cell), 0, user, depth);
		separator = " OR ";
	}
	appendStringInfoString(sql, list_length(paths) > 1 ? ")" : "");
}

/*
 * append_path
 *		A path from its step of that number on, which starts in table.
 *
 * Tables inside get names by depth: the same one may occur twice.
 */
static void
append_path(StringInfo sql, Oid table, const OwnerPath *path, int number, const char *user, int depth)
{
	const OwnerStep *step = list_nth(path->steps, number);
	const char *column = column_name(table, step->from);

	if (depth > MAX_DEPTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("labels lead in a circle through \"%s\"", get_rel_name(table))));

	if (depth > 0)
		appendStringInfo(sql, "t%d.", depth);
	appendStringInfoString(sql, quote_identifier(column));

	if (is_end(path, number))
	{
		appendStringInfo(sql, " = %s", user);
		return;
	}

	appendStringInfo(sql, " IN (SELECT t%d.%s FROM %s t%d WHERE ", depth + 1,
	                 quote_identifier(column_name(step->table, step->to)), table_name(step->table), depth + 1);
	append_rest(sql, path, number, user, depth + 1);
	appendStringInfoChar(sql, ')');
}

/* What must hold of the rows that a step leads to. */
static void
append_rest(StringInfo sql, const OwnerPath *path, int number, const char *user, int depth)
{
	const OwnerStep *step = list_nth(path->steps, number);

	if (number + 1 < list_length(path->steps))
		append_path(sql, step->table, path, number + 1, user, depth);
	else
		append_row(sql, step->table, user, depth);
}

/* Whether a step leads to an account itself, which its id stands for. */
static bool
is_end(const OwnerPath *path, int number)
{
	const OwnerStep *step = list_nth(path->steps, number);

	return number + 1 == list_length(path->steps) && !step->is_backward &&
	       strcmp(get_rel_name(step->table), "users") == 0;
}

static const char *
column_name(Oid table, AttrNumber column)
{
	return get_attname(table, column, false);
}

static const char *
table_name(Oid table)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), get_rel_name(table));
}
