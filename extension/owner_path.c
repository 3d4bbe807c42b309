/*-------------------------------------------------------------------------
 *
 * owner_path.c
 *		Paths from a table's rows to the accounts they belong to.
 *
 *		paths  = path { "|" path }
 *		path   = step { "." step }
 *		step   = COLUMN             to the row that this foreign key refers to
 *		       | COLUMN ":" TABLE   the same where there is no foreign key: to TABLE's row of that id
 *		       | TABLE "(" COLUMN ")"   to TABLE's rows whose foreign key COLUMN refers to this row
 *
 * Names are of schema mesteri.  A path ends in mesteri.users, or in a table
 * whose own label says how to go on: "users via project_id" belongs to
 * whomever the project belongs to.  Several paths mean several owners.  The
 * path of mesteri.users itself is "id".
 *
 *		users via user_id
 *		users via craftsman_id
 *		users via client_id | craftsman_id
 *		users via payment_id.subscriptions(transaction_id)
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "label.h"
#include "owner_path.h"

#define USERS_TABLE "users"
#define ID_COLUMN   "id"

/* Where in the text we are. */
typedef struct Cursor
{
	const char *text;
	const char *at;
} Cursor;

static OwnerPath *parse_path(Cursor *cursor, Oid table);
static OwnerStep *parse_step(Cursor *cursor, Oid table);
static OwnerStep *step_along(Oid table, const char *column);
static OwnerStep *step_without_key(Oid table, const char *column, const char *target_name);
static OwnerStep *step_back(Oid table, const char *source_name, const char *column);
static bool find_foreign_key(Oid table, AttrNumber column, Oid wanted, OwnerStep *step);
static bool read_foreign_key(HeapTuple tuple, AttrNumber column, Oid wanted, OwnerStep *step);
static void check_end(const OwnerPath *path, Oid table);
static Oid table_named(const char *name);
static AttrNumber column_named(Oid table, const char *name);
static char *take_name(Cursor *cursor);
static bool take(Cursor *cursor, char symbol);
static void skip_blanks(Cursor *cursor);
static void malformed(const Cursor *cursor) pg_attribute_noreturn();

/*
 * owner_paths_parse
 *		The OwnerPaths in a label, its beginning "users via " left out.
 *
 * Errors: 42601 when it is malformed, 42P01 and 42703 for names that do not
 * exist, 22023 for paths that lead nowhere.
 */
List *
owner_paths_parse(Oid table, const char *text)
{
	Cursor cursor = {.text = text, .at = text};
	List *paths = NIL;

	do
		paths = lappend(paths, parse_path(&cursor, table));
	while (take(&cursor, '|'));

	skip_blanks(&cursor);
	if (*cursor.at != '\0')
		malformed(&cursor);

	return paths;
}

static OwnerPath *
parse_path(Cursor *cursor, Oid table)
{
	OwnerPath *path = palloc0(sizeof(OwnerPath));
	Oid here = table;
	const char *start;

	skip_blanks(cursor);
	start = cursor->at;
	do
	{
		OwnerStep *step = parse_step(cursor, here);

		path->steps = lappend(path->steps, step);
		here = step->table;
	} while (take(cursor, '.'));

	path->text = pnstrdup(start, cursor->at - start);
	check_end(path, table);

	return path;
}

static OwnerStep *
parse_step(Cursor *cursor, Oid table)
{
	char *name = take_name(cursor);
	char *other;

	if (take(cursor, ':'))
		return step_without_key(table, name, take_name(cursor));

	if (!take(cursor, '('))
		return step_along(table, name);

	other = take_name(cursor);
	if (!take(cursor, ')'))
		malformed(cursor);
	return step_back(table, name, other);
}

static OwnerStep *
step_along(Oid table, const char *column)
{
	OwnerStep *step = palloc0(sizeof(OwnerStep));

	step->from = column_named(table, column);

	/* An account is its own owner. */
	if (table == table_named(USERS_TABLE) && strcmp(column, ID_COLUMN) == 0)
	{
		step->table = table;
		step->to = step->from;
	}
	else if (!find_foreign_key(table, step->from, InvalidOid, step))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("column \"%s\" of \"%s\" is not a foreign key", column, get_rel_name(table)),
		                errhint("Write %s:TABLE where it refers to a table without one.", column)));

	return step;
}

static OwnerStep *
step_without_key(Oid table, const char *column, const char *target_name)
{
	OwnerStep *step = palloc0(sizeof(OwnerStep));

	step->from = column_named(table, column);
	step->table = table_named(target_name);
	step->to = column_named(step->table, ID_COLUMN);

	if (get_atttype(table, step->from) != get_atttype(step->table, step->to))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("column \"%s\" of \"%s\" cannot refer to \"%s\"", column, get_rel_name(table), target_name),
		         errdetail("Its type is not that of the id there.")));

	return step;
}

static OwnerStep *
step_back(Oid table, const char *source_name, const char *column)
{
	OwnerStep *step = palloc0(sizeof(OwnerStep));
	Oid source = table_named(source_name);
	AttrNumber referring = column_named(source, column);
	OwnerStep key;

	if (!find_foreign_key(source, referring, table, &key))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("column \"%s\" of \"%s\" does not refer to \"%s\"", column, source_name, get_rel_name(table))));

	step->from = key.to;
	step->table = source;
	step->to = referring;
	step->is_backward = true;

	return step;
}

/*
 * find_foreign_key
 *		Where the foreign key on just that column leads.
 *
 * wanted: the table it must lead to; InvalidOid: any.
 */
static bool
find_foreign_key(Oid table, AttrNumber column, Oid wanted, OwnerStep *step)
{
	Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
	bool found = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = read_foreign_key(tuple, column, wanted, step);
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);

	return found;
}

static bool
read_foreign_key(HeapTuple tuple, AttrNumber column, Oid wanted, OwnerStep *step)
{
	Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);
	AttrNumber referring[INDEX_MAX_KEYS];
	AttrNumber referred[INDEX_MAX_KEYS];
	int count;

	if (constraint->contype != CONSTRAINT_FOREIGN)
		return false;
	if (OidIsValid(wanted) && constraint->confrelid != wanted)
		return false;

	DeconstructFkConstraintRow(tuple, &count, referring, referred, NULL, NULL, NULL, NULL, NULL);
	if (count != 1 || referring[0] != column)
		return false;

	step->from = column;
	step->table = constraint->confrelid;
	step->to = referred[0];

	return true;
}

/* In users, by their id; or where the way on is known. */
static void
check_end(const OwnerPath *path, Oid table)
{
	const OwnerStep *last = llast(path->steps);
	Oid users = table_named(USERS_TABLE);
	char *label;

	if (last->table == users && !last->is_backward && last->to == column_named(users, ID_COLUMN))
		return;

	label = last->table == table ? NULL : label_of_table(last->table);
	if (label == NULL || strncmp(label, LABEL_OWNED, strlen(LABEL_OWNED)) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("path \"%s\" of \"%s\" ends in \"%s\", not in an account", path->text,
		                       get_rel_name(table), get_rel_name(last->table)),
		                errhint("Go on to a column that refers to mesteri.users, or label \"%s\" first.",
		                        get_rel_name(last->table))));
}

static Oid
table_named(const char *name)
{
	Oid table = get_relname_relid(name, get_namespace_oid("mesteri", false));

	if (!OidIsValid(table))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table \"mesteri.%s\" does not exist", name)));

	return table;
}

static AttrNumber
column_named(Oid table, const char *name)
{
	AttrNumber column = get_attnum(table, name);

	if (column <= InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("column \"%s\" of \"%s\" does not exist", name, get_rel_name(table))));

	return column;
}

static char *
take_name(Cursor *cursor)
{
	const char *start;

	skip_blanks(cursor);
	start = cursor->at;
	while (islower((unsigned char) *cursor->at) || *cursor->at == '_' ||
	       (cursor->at > start && isdigit((unsigned char) *cursor->at)))
		cursor->at++;

	if (cursor->at == start)
		malformed(cursor);

	return pnstrdup(start, cursor->at - start);
}

/* Whether the symbol comes next; then it is behind us. */
static bool
take(Cursor *cursor, char symbol)
{
	const char *before = cursor->at;

	skip_blanks(cursor);
	if (*cursor->at == symbol)
	{
		cursor->at++;
		return true;
	}

	cursor->at = before;
	return false;
}

static void
skip_blanks(Cursor *cursor)
{
	while (*cursor->at == ' ')
		cursor->at++;
}

static void
malformed(const Cursor *cursor)
{
	ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("malformed path \"%s\"", cursor->text),
	                errdetail("It cannot be read from position %d on.", (int) (cursor->at - cursor->text) + 1),
	                errhint("Steps COLUMN, COLUMN:TABLE or TABLE(COLUMN) are joined by dots, paths by bars.")));
}
