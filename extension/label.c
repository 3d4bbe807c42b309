/*-------------------------------------------------------------------------
 *
 * label.c
 *		The security label provider "mesteri".
 *
 * A column's label is its privacy class; a table's label says whose its rows
 * are: nobody's, the public's, or the users' at the end of paths.  Policies
 * are generated from labels, so whoever could set one could open a table:
 * only the extension's owner may.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/seclabel.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "label.h"
#include "owner_path.h"

/* How private a column is; docs/architecture.md says what each means. */
static const char *const classes[] = {"none", "identity", "contact", "money", "message", "secret"};

static void check_label(const ObjectAddress *object, const char *label);
static void check_role(void);
static Oid extension_owner(void);
static void check_object(const ObjectAddress *object);
static void check_class(const char *label);
static void check_owner(Oid table, const char *label);

/*
 * label_init
 *		Called once, when the library is loaded.
 */
void
label_init(void)
{
	register_label_provider(LABEL_PROVIDER, check_label);
}

/*
 * label_of_table
 *		Whose a table's rows are, palloc'd; NULL without label.
 */
char *
label_of_table(Oid table)
{
	ObjectAddress address;

	ObjectAddressSet(address, RelationRelationId, table);

	return GetSecurityLabel(&address, LABEL_PROVIDER);
}

/*
 * check_label
 *		What SECURITY LABEL asks us.
 *
 * label: NULL takes the label away.
 */
static void
check_label(const ObjectAddress *object, const char *label)
{
	check_role();
	check_object(object);

	if (label == NULL)
		return;

	if (object->objectSubId != 0)
		check_class(label);
	else
		check_owner(object->objectId, label);
}

static void
check_role(void)
{
	if (!has_privs_of_role(GetUserId(), extension_owner()))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("only the owner of extension \"mesteri\" may label its tables")));
}

/* Errors: 42704 when the extension is not installed. */
static Oid
extension_owner(void)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	Oid owner = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("mesteri"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);

	if (!OidIsValid(owner))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("extension \"mesteri\" is not installed")));

	return owner;
}

static void
check_object(const ObjectAddress *object)
{
	char kind = '\0';

	if (object->classId == RelationRelationId &&
	    get_rel_namespace(object->objectId) == get_namespace_oid("mesteri", false))
		kind = get_rel_relkind(object->objectId);

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("labels of \"mesteri\" are for its tables and their columns")));
}

static void
check_class(const char *label)
{
	for (size_t i = 0; i < lengthof(classes); i++)
	{
		if (strcmp(classes[i], label) == 0)
			return;
	}

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" is not a privacy class", label),
	                errhint("A column is none, identity, contact, money, message or secret.")));
}

/* Paths are only resolved: that raises what there is to say. */
static void
check_owner(Oid table, const char *label)
{
	if (strcmp(label, LABEL_NOBODY) == 0 || strcmp(label, LABEL_PUBLIC) == 0)
		return;

	if (strncmp(label, LABEL_OWNED, strlen(LABEL_OWNED)) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"%s\" does not say whose rows of \"%s\" are", label, get_rel_name(table)),
		                errhint("A table is \"nobody\", \"public\", or \"users via PATH | PATH ...\".")));

	(void) owner_paths_parse(table, label + strlen(LABEL_OWNED));
}
