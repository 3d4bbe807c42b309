/*-------------------------------------------------------------------------
 *
 * own_support.c
 *		What the planner should know of mesteri.is_own().
 *
 * By itself is_own(column, ...) is column = ANY (own_ids(...)), for which an
 * index on the column serves.  But where the statement names the value
 * already, such a condition would find nothing that the statement's does not:
 * it would be estimated to leave few rows, and the sort of all rows would seem
 * cheaper than reading them in order; then is_own() only filters.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#define UUID_EQUALS 2972 /* pg_catalog.=(uuid, uuid): a number fixed by pg_operator.dat that has no name */

static Node *index_condition(SupportRequestIndexCondition *request);
static Node *selectivity(SupportRequestSelectivity *request);
static Node *among_own_ids(List *arguments);
static bool is_named(PlannerInfo *root, Node *column);
static bool names(PlannerInfo *root, Node *clause, Node *column);

PG_FUNCTION_INFO_V1(mesteri_is_own_support);

Datum
mesteri_is_own_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	Node *answer = NULL;

	if (IsA(request, SupportRequestIndexCondition))
		answer = index_condition((SupportRequestIndexCondition *) request);
	else if (IsA(request, SupportRequestSelectivity))
		answer = selectivity((SupportRequestSelectivity *) request);

	PG_RETURN_POINTER(answer);
}

/* A list of conditions, or NULL.  In a column after the first, an array would cost the index its order. */
static Node *
index_condition(SupportRequestIndexCondition *request)
{
	List *arguments = ((FuncExpr *) request->node)->args;

	if (request->indexarg != 0 || request->indexcol != 0 || request->index->relam != BTREE_AM_OID ||
	    !op_in_opfamily(UUID_EQUALS, request->opfamily) || is_named(request->root, linitial(arguments)))
		return NULL;

	request->lossy = false;
	return (Node *) list_make1(among_own_ids(arguments));
}

/* A value that is named is somebody's, and mostly the caller's: that is why he named it. */
static Node *
selectivity(SupportRequestSelectivity *request)
{
	if (is_named(request->root, linitial(request->args)))
		request->selectivity = 1;
	else
		request->selectivity = clause_selectivity(request->root, among_own_ids(request->args), request->varRelid,
		                                          request->jointype, request->sjinfo);

	return (Node *) request;
}

/* column = ANY (own_ids(...)).  arguments: of is_own(). */
static Node *
among_own_ids(List *arguments)
{
	static const Oid types[] = {UUIDOID, REGCLASSOID, TEXTOID};
	List *name = list_make2(makeString("mesteri"), makeString("own_ids"));
	Oid function = LookupFuncName(name, lengthof(types), types, false);
	ScalarArrayOpExpr *among = makeNode(ScalarArrayOpExpr);

	among->opno = UUID_EQUALS;
	among->opfuncid = F_UUID_EQ;
	among->useOr = true;
	among->args = list_make2(linitial(arguments), makeFuncExpr(function, UUIDARRAYOID, list_copy_tail(arguments, 1),
	                                                           InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
	among->location = -1;

	return (Node *) among;
}

/* Whether the statement says itself what the column's value is, or which it may be. */
static bool
is_named(PlannerInfo *root, Node *column)
{
	ListCell *cell;

	if (!IsA(column, Var) || root->simple_rel_array[((Var *) column)->varno] == NULL)
		return false;

	foreach (cell, root->simple_rel_array[((Var *) column)->varno]->baserestrictinfo)
	{
		if (names(root, (Node *) lfirst_node(RestrictInfo, cell)->clause, column))
			return true;
	}

	return false;
}

/* Whether a condition on one table is column = VALUE, VALUE = column or column = ANY (VALUES). */
static bool
names(PlannerInfo *root, Node *clause, Node *column)
{
	List *arguments;
	Oid comparison;
	Node *value;

	if (IsA(clause, OpExpr))
	{
		comparison = ((OpExpr *) clause)->opno;
		arguments = ((OpExpr *) clause)->args;
	}
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		comparison = ((ScalarArrayOpExpr *) clause)->opno;
		arguments = ((ScalarArrayOpExpr *) clause)->args;
	}
	else
		return false;

	if (comparison != UUID_EQUALS)
		return false;

	if (equal(linitial(arguments), column))
		value = lsecond(arguments);
	else if (equal(lsecond(arguments), column))
		value = linitial(arguments);
	else
		return false;

	return bms_is_empty(pull_varnos(root, value)) && !contain_volatile_functions(value);
}
