/*-------------------------------------------------------------------------
 *
 * route.c
 *		The routes as this backend knows them.
 *
 * All routes are read at once; an endpoint's arguments and plan are looked up
 * when it is first called.  Everything is dropped and read again after a
 * change of mesteri.routes, of the error lists or of one of the functions,
 * and only then: other people's DDL costs nothing here.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "error.h"
#include "route.h"
#include "spi_util.h"

/* Tables whose rows a backend keeps; their triggers call catalogue_changed(). */
static const char *const catalogue_tables[] = {"routes", "error_codes", "error_rules", "request_headers"};

static MemoryContext catalogue_context; /* all below lives here */
static HTAB *routes;
static int64 generation;
static Oid catalogue_relids[lengthof(catalogue_tables)];
static Oid caller_role;
static bool catalogue_valid = false;
static bool functions_unsettled; /* some route has no function, or two: any change may settle it */

static void on_relation_changed(Datum arg, Oid relid);
static void on_function_changed(Datum arg, int cacheid, uint32 hashvalue);
static void on_type_changed(Datum arg, int cacheid, uint32 hashvalue);
static bool some_shape(bool (*test)(const Shape *, uint32), uint32 what);
static void load_catalogue(void);
static void check_version(void);
static void drop_catalogue(void);
static void read_routes(void);
static void add_route(HeapTuple row, TupleDesc desc);
static int access_bits(Datum access);
static void look_up_arguments(Route *route);
static void classify_argument(const Route *route, Argument *argument);
static int path_segment(const char *path, const char *name);
static char *header_of_argument(const char *name);
static void read_default(const Route *route, Argument *argument, int number);
static void plan_call(Route *route, const Oid *types);

PG_FUNCTION_INFO_V1(mesteri_catalogue_changed);

void
route_init(void)
{
	CacheRegisterRelcacheCallback(on_relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_function_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, on_type_changed, (Datum) 0);
}

/*
 * route_find
 *		The route with that id, its arguments and plan ready.
 *
 * Valid until the next call.  Needs SPI to be connected.  Errors: not_found;
 * upgrade_in_progress while library and script differ.
 */
Route *
route_find(int32 id)
{
	Route *route;

	if (!catalogue_valid)
		load_catalogue();

	route = hash_search(routes, &id, HASH_FIND, NULL);
	if (route == NULL)
		refuse(MSERR_NOT_FOUND, "no route has this id");

	if (route->is_ambiguous)
		ereport(ERROR, (errcode(ERRCODE_AMBIGUOUS_FUNCTION),
		                errmsg("the function of route %s %s is overloaded", route->method, route->path)));
	if (route->argument_count < 0)
		look_up_arguments(route);
	return route;
}

/* Digest of the catalogue that the last route_find() used. */
int64
route_generation(void)
{
	return generation;
}

/* Role that endpoints run as. */
Oid
route_caller(void)
{
	return caller_role;
}

/*
 * catalogue_changed() -> trigger
 *
 * The signal is transactional and reaches standbys; it has no other effect,
 * so a restore may fire it.
 */
Datum
mesteri_catalogue_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("catalogue_changed() can only be called as a trigger")));

	CacheInvalidateRelcacheByRelid(RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation));
	PG_RETURN_POINTER(NULL);
}

static void
on_relation_changed(Datum arg, Oid relid)
{
	if (relid == InvalidOid)
		catalogue_valid = false;

	for (size_t i = 0; i < lengthof(catalogue_relids); i++)
		if (relid == catalogue_relids[i])
			catalogue_valid = false;

	if (catalogue_valid && some_shape(shape_has_relation, relid))
		catalogue_valid = false;
}

static void
on_function_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS scan;
	Route *route;

	if (!catalogue_valid)
		return;

	if (hashvalue == 0 || functions_unsettled)
		catalogue_valid = false;
	if (routes == NULL)
		return;
	hash_seq_init(&scan, routes);
	while ((route = hash_seq_search(&scan)) != NULL)
		if (hashvalue == route->function_hash)
			catalogue_valid = false;
}

static void
on_type_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	if (catalogue_valid && some_shape(shape_has_type, hashvalue))
		catalogue_valid = false;
}

/* Whether a shape of some argument that was looked up says yes. */
static bool
some_shape(bool (*test)(const Shape *, uint32), uint32 what)
{
	HASH_SEQ_STATUS scan;
	Route *route;
	bool found = false;

	if (routes == NULL)
		return false;
	hash_seq_init(&scan, routes);
	while ((route = hash_seq_search(&scan)) != NULL)
		for (int i = 0; i < route->argument_count; i++)
			if (route->arguments[i].shape != NULL && test(route->arguments[i].shape, what))
				found = true;
	return found;
}

static void
load_catalogue(void)
{
	Oid schema = get_namespace_oid("mesteri", false);

	caller_role = get_role_oid("mesteri_user", false);

	for (size_t i = 0; i < lengthof(catalogue_tables); i++)
		catalogue_relids[i] = get_relname_relid(catalogue_tables[i], schema);

	/* Set before reading: what is invalidated meanwhile must be read again. */
	catalogue_valid = true;
	PG_TRY();
	{
		check_version();
		drop_catalogue();
		read_routes();
	}
	PG_CATCH();
	{
		catalogue_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* The library on disk may be newer than the objects in this database, or older. */
static void
check_version(void)
{
	char *version;

	spi_as_owner("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'mesteri'");
	version = SPI_processed == 1 ? SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) : "none";

	if (strcmp(version, MESTERI_VERSION) != 0)
		ereport(ERROR, (errcode(MSERR_UPGRADE_IN_PROGRESS),
		                errmsg("library of version %s serves a database of version %s", MESTERI_VERSION, version),
		                errhint("5")));
}

static void
drop_catalogue(void)
{
	HASHCTL control = {.keysize = sizeof(int32), .entrysize = sizeof(Route)};

	if (routes != NULL)
	{
		HASH_SEQ_STATUS scan;
		Route *route;

		hash_seq_init(&scan, routes);
		while ((route = hash_seq_search(&scan)) != NULL)
			if (route->plan != NULL)
				SPI_freeplan(route->plan);
		routes = NULL;
	}

	if (catalogue_context == NULL)
		catalogue_context = AllocSetContextCreate(TopMemoryContext, "mesteri catalogue", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(catalogue_context);

	control.hcxt = catalogue_context;
	routes = hash_create("mesteri routes", 128, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
read_routes(void)
{
	bool isnull;

	spi_as_owner("SELECT generation FROM mesteri.catalogue_generation");
	generation = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));

	spi_as_owner("SELECT r.id, r.method, r.path, f.function, r.access, r.body_limit > 0, r.idempotent = 'yes'"
	             "  FROM mesteri.routes r JOIN mesteri.route_functions f USING (id)");
	functions_unsettled = false;
	for (uint64 i = 0; i < SPI_processed; i++)
		add_route(SPI_tuptable->vals[i], SPI_tuptable->tupdesc);

	spi_as_owner(
		"SELECT count(*) > count(f.function) FROM mesteri.routes r LEFT JOIN mesteri.route_functions f USING (id)");
	functions_unsettled |= DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
add_route(HeapTuple row, TupleDesc desc)
{
	bool isnull;
	int32 id = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));
	bool found;
	Route *route = hash_search(routes, &id, HASH_ENTER, &found);

	if (found)
	{
		route->is_ambiguous = functions_unsettled = true;
		return;
	}

	/* Complete from the start: an invalidation may look at it at any time. */
	route->function_hash = 0;
	route->is_ambiguous = false;
	route->argument_count = -1;
	route->arguments = NULL;
	route->plan = NULL;

	route->method = MemoryContextStrdup(catalogue_context, SPI_getvalue(row, desc, 2));
	route->path = MemoryContextStrdup(catalogue_context, SPI_getvalue(row, desc, 3));
	route->function = DatumGetObjectId(SPI_getbinval(row, desc, 4, &isnull));
	route->function_hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(route->function));
	route->access = access_bits(SPI_getbinval(row, desc, 5, &isnull));
	route->is_read = strcmp(route->method, "GET") == 0;
	route->takes_body = DatumGetBool(SPI_getbinval(row, desc, 6, &isnull));
	route->is_idempotent = DatumGetBool(SPI_getbinval(row, desc, 7, &isnull));
	route->takes_null = strcmp(route->method, "PUT") == 0;
}

static int
access_bits(Datum access)
{
	Datum *kinds;
	int count;
	int bits = 0;

	deconstruct_array(DatumGetArrayTypeP(access), TEXTOID, -1, false, TYPALIGN_INT, &kinds, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *kind = TextDatumGetCString(kinds[i]);

		if (strcmp(kind, "anonymous") == 0)
			bits |= ACCESS_ANONYMOUS | ACCESS_OF(USER_CLIENT) | ACCESS_OF(USER_CRAFTSMAN) | ACCESS_OF(USER_STAFF);
		else if (strcmp(kind, "user") == 0)
			bits |= ACCESS_OF(USER_CLIENT) | ACCESS_OF(USER_CRAFTSMAN);
		else if (strcmp(kind, "client") == 0)
			bits |= ACCESS_OF(USER_CLIENT);
		else if (strcmp(kind, "craftsman") == 0)
			bits |= ACCESS_OF(USER_CRAFTSMAN);
		else if (strcmp(kind, "staff") == 0)
			bits |= ACCESS_OF(USER_STAFF);
	}
	return bits;
}

/* In a context of its own, which becomes the catalogue's when all went well. */
static void
look_up_arguments(Route *route)
{
	MemoryContext draft = AllocSetContextCreate(CurrentMemoryContext, "mesteri route", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(draft);
	Argument *arguments;
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(route->function));
	Form_pg_proc form;
	Oid *types;
	char **names;
	char *modes;
	int total;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", route->function);

	form = (Form_pg_proc) GETSTRUCT(tuple);
	total = get_func_arg_info(tuple, &types, &names, &modes);
	if (total != form->pronargs || (total > 0 && names == NULL))
		elog(ERROR, "endpoint function %u must name its arguments and return one answer", route->function);

	arguments = palloc0(total * sizeof(Argument));
	for (int i = 0; i < total; i++)
	{
		Argument *argument = &arguments[i];

		argument->name = names[i];
		classify_argument(route, argument);
		if (argument->source == ARGUMENT_PATH || argument->source == ARGUMENT_FIELD)
			argument->shape = shape_of(types[i]);
		argument->required = i < form->pronargs - form->pronargdefaults;
		argument->fallback_null = true;
		if (!argument->required && argument->source == ARGUMENT_FIELD)
			read_default(route, argument, i + 1);
	}
	ReleaseSysCache(tuple);
	plan_call(route, types);
	MemoryContextSwitchTo(caller);

	MemoryContextSetParent(draft, catalogue_context);
	route->arguments = arguments;
	route->argument_count = total;
}

static void
classify_argument(const Route *route, Argument *argument)
{
	const char *name = argument->name;

	argument->path_index = path_segment(route->path, name);

	if (argument->path_index >= 0)
		argument->source = ARGUMENT_PATH;
	else if (name[0] != '_')
		argument->source = ARGUMENT_FIELD;
	else if (strcmp(name, "_ip") == 0)
		argument->source = ARGUMENT_IP;
	else if (strcmp(name, "_language") == 0)
		argument->source = ARGUMENT_LANGUAGE;
	else if (strcmp(name, "_request_id") == 0)
		argument->source = ARGUMENT_REQUEST_ID;
	else if (strcmp(name, "_given") == 0)
		argument->source = ARGUMENT_GIVEN;
	else
	{
		argument->source = ARGUMENT_HEADER;
		argument->header = header_of_argument(name);
	}
}

/* Which {name} segment of a path this is, from 0; -1: none. */
static int
path_segment(const char *path, const char *name)
{
	size_t length = strlen(name);
	int index = 0;

	for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{'), index++)
		if (strncmp(open + 1, name, length) == 0 && open[1 + length] == '}')
			return index;

	return -1;
}

static char *
header_of_argument(const char *name)
{
	Datum parameter = CStringGetTextDatum(name);

	spi_as_owner_with("SELECT header FROM mesteri.request_headers WHERE argument = $1", TEXTOID, parameter);
	if (SPI_processed != 1)
		elog(ERROR, "argument \"%s\" of an endpoint is neither a field nor known to the dispatcher", name);

	return pstrdup(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
}

/* A default is evaluated once: endpoints use constants. */
static void
read_default(const Route *route, Argument *argument, int number)
{
	Datum expression;
	Datum value;
	bool isnull;

	/* Written down as it will be read: under the same search path. */
	spi_push_catalog_path();
	expression = OidFunctionCall2(F_PG_GET_FUNCTION_ARG_DEFAULT, ObjectIdGetDatum(route->function),
	                              Int32GetDatum(number));
	PopOverrideSearchPath();

	spi_as_owner(psprintf("SELECT CAST(%s AS %s)", TextDatumGetCString(expression),
	                      format_type_be_qualified(argument->shape->type)));
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	argument->fallback_null = isnull;
	if (!isnull)
		argument->fallback = datumCopy(value, get_typbyval(argument->shape->base), get_typlen(argument->shape->base));
}

/* Prepared as whom it will run: names are looked up with the role's rights. */
static void
plan_call(Route *route, const Oid *types)
{
	StringInfoData sql;
	int count = 0;
	Oid user;
	int context;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s(",
	                 quote_qualified_identifier(get_namespace_name(get_func_namespace(route->function)),
	                                            get_func_name(route->function)));
	for (count = 0; count < get_func_nargs(route->function); count++)
		appendStringInfo(&sql, "%s$%d", count == 0 ? "" : ", ", count + 1);
	appendStringInfoChar(&sql, ')');

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(caller_role, context | SECURITY_LOCAL_USERID_CHANGE);
	route->plan = spi_keep(sql.data, count, types);
	SetUserIdAndSecContext(user, context);
}
