/*-------------------------------------------------------------------------
 *
 * bound_index.c
 *		Indexes that a search opens by itself, without a plan.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "bound_walk.h"

static bool is_usable(Relation index, Relation table, AttrNumber column, Oid access_method);
static bool is_older_than_snapshot(Relation index);
static bool covers_not_null(Relation index, AttrNumber column);

/*
 * bound_index_open
 *		An index of the table's whose first column is column, locked for reading; NULL when it is not there or not whole.
 */
Relation
bound_index_open(Relation table, const char *name, AttrNumber column, Oid access_method)
{
	Oid oid = get_relname_relid(name, RelationGetNamespace(table));
	Relation index = OidIsValid(oid) ? try_relation_open(oid, AccessShareLock) : NULL;

	if (index != NULL && !is_usable(index, table, column, access_method))
	{
		relation_close(index, AccessShareLock);
		return NULL;
	}

	return index;
}

/*
 * bound_index_refuse
 *		For who has no other way than an index that bound_index_open() has not opened.
 *
 * name: in schema mesteri.
 *
 * Errors: 40001 on a standby when a later snapshot may use it, else 55000.
 */
void
bound_index_refuse(const char *name)
{
	Oid oid = get_relname_relid(name, get_namespace_oid("mesteri", false));
	Relation index = OidIsValid(oid) ? try_relation_open(oid, AccessShareLock) : NULL;

	if (TransactionStartedDuringRecovery() && index != NULL && index->rd_index != NULL && index->rd_index->indisvalid &&
	    !is_older_than_snapshot(index))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		                errmsg("could not use index \"%s\", which is younger than the snapshot", name)));
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("index \"%s\" cannot be used", name),
	                errhint("SELECT * FROM ops.doctor() tells what to do.")));
}

static bool
is_usable(Relation index, Relation table, AttrNumber column, Oid access_method)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relkind != RELKIND_INDEX || form->indrelid != RelationGetRelid(table) || !form->indisvalid ||
	    index->rd_rel->relam != access_method || form->indkey.values[0] != column)
		return false;

	/* A walk passes over entries with a null, and in a column behind the first one that says nothing of the row. */
	if (access_method == GIST_AM_OID && form->indnatts != 1)
		return false;

	/* Built while older transactions ran, whose rows it may lack. */
	if (form->indcheckxmin &&
	    !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin))
		return false;

	/* A standby's transactions are not waited for when an index is built: it may lack rows that these see still. */
	if (TransactionStartedDuringRecovery() && !is_older_than_snapshot(index))
		return false;

	return covers_not_null(index, column);
}

/*
 * is_older_than_snapshot
 *		Whether the active snapshot sees that the index was built: REINDEX writes its pg_class, or with CONCURRENTLY its pg_index.
 */
static bool
is_older_than_snapshot(Relation index)
{
	Snapshot snapshot = GetActiveSnapshot();
	HeapTuple class = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(index)));
	bool result;

	if (!HeapTupleIsValid(class))
		elog(ERROR, "cache lookup failed for relation %u", RelationGetRelid(index));
	result = !XidInMVCCSnapshot(HeapTupleHeaderGetXmin(class->t_data), snapshot) &&
	         !XidInMVCCSnapshot(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), snapshot);
	ReleaseSysCache(class);

	return result;
}

/* Whether an index has all rows in which the column is not null. */
static bool
covers_not_null(Relation index, AttrNumber column)
{
	List *predicate = RelationGetIndexPredicate(index);
	NullTest *test;

	if (predicate == NIL)
		return true;

	test = linitial(predicate);
	return list_length(predicate) == 1 && IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL &&
	       IsA(test->arg, Var) && ((Var *) test->arg)->varattno == column;
}
