/*-------------------------------------------------------------------------
 *
 * handle.c
 *		One request: verify, switch role, bind, run, answer.
 *
 * This is the only door for clients.  Whoever holds the proxy's connection
 * can call it and nothing else; who the caller is follows from the token,
 * which is verified here, and never from anything the proxy says.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_expr.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "bind.h"
#include "cancel.h"
#include "deadline.h"
#include "error.h"
#include "entity_tag.h"
#include "handle.h"
#include "idempotency.h"
#include "identity.h"
#include "request.h"
#include "route.h"
#include "token.h"

#define HTTP_NOT_MODIFIED 304

/* Parameters of the endpoint's plan. */
typedef struct Call
{
	Datum *values;
	char *nulls; /* as SPI wants them */
} Call;

static bool handling = false;

static void check_settings(void);
static Datum serve(FunctionCallInfo fcinfo);
static void check_access(const Route *route, const Identity *identity);
static void bind_call(const Route *route, const Request *request, Call *call);
static void run_endpoint(const Route *route, const Call *call, const Identity *identity, Answer *answer);
static void unpack_answer(Answer *answer, MemoryContext context);
static void check_deferred_constraints(void);
static Datum pack_result(FunctionCallInfo fcinfo, const Answer *answer);
static void add_entity_tag(const Route *route, const Request *request, Answer *answer);
static void append_header(Answer *answer, const char *name, const char *value);
static void describe_request(void *arg);

PG_FUNCTION_INFO_V1(mesteri_handle);

/*
 * handle(route, token, path, query, headers, body, deadline_ms, ip, request_id, instance, language)
 *		-> (status, headers, body, error, effects, generation)
 *
 * See docs/architecture.md.  Errors: those of data/errors.csv, raised with
 * their SQLSTATE; a refusal that must leave a trace is returned instead.
 */
Datum
mesteri_handle(PG_FUNCTION_ARGS)
{
	ErrorContextCallback context = {.callback = describe_request, .arg = fcinfo, .previous = error_context_stack};
	MemoryContext caller = CurrentMemoryContext;
	volatile Datum result = (Datum) 0;

	check_settings();
	if (handling)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("handle() cannot be called from within an endpoint")));
	if (PG_ARGISNULL(HANDLE_ROUTE) || PG_ARGISNULL(HANDLE_DEADLINE_MS))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("route and deadline_ms must not be null")));
	if (PG_GETARG_INT32(HANDLE_DEADLINE_MS) <= 0)
		refuse(MSERR_DEADLINE_EXCEEDED, "the request arrived after its deadline");

	error_context_stack = &context;
	handling = true;
	deadline_arm(PG_GETARG_INT32(HANDLE_DEADLINE_MS));
	PG_TRY();
	{
		cancel_watch(PG_ARGISNULL(HANDLE_REQUEST_ID) ? NULL : PG_GETARG_UUID_P(HANDLE_REQUEST_ID));
		result = serve(fcinfo);
		deadline_disarm();
		cancel_unwatch();
	}
	PG_CATCH();
	{
		bool is_late = deadline_abandon();
		bool is_unwanted = cancel_abandon();

		handling = false;
		identity_clear();
		MemoryContextSwitchTo(caller);
		if (is_late && geterrcode() == ERRCODE_QUERY_CANCELED)
		{
			FlushErrorState();
			refuse(MSERR_DEADLINE_EXCEEDED, "the request ran into its deadline");
		}
		if (is_unwanted && geterrcode() == ERRCODE_QUERY_CANCELED)
		{
			FlushErrorState();
			refuse(ERRCODE_QUERY_CANCELED, "nobody waits for the request any more");
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	handling = false;
	error_context_stack = context.previous;

	return result;
}

/*
 * Settings that are anybody's to change, with which our functions would mean
 * something else, or show what they handle to whoever holds the connection.
 */
static void
check_settings(void)
{
	if (Debug_print_parse || Debug_print_rewritten || Debug_print_plan)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("handle() does not run while trees are printed"),
		                errhint("Turn off debug_print_parse, debug_print_rewritten and debug_print_plan.")));
	if (!standard_conforming_strings || Transform_null_equals)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("handle() does not run where SQL is read another way"),
		                errhint("Turn on standard_conforming_strings and turn off transform_null_equals.")));
}

static Datum
serve(FunctionCallInfo fcinfo)
{
	MemoryContext caller = CurrentMemoryContext;
	Identity identity;
	bool is_known = !PG_ARGISNULL(HANDLE_TOKEN);
	Request request;
	Call call;
	KeyedRequest keyed;
	Answer answer;
	Route *route;

	SPI_connect();
	route = route_find(PG_GETARG_INT32(HANDLE_ROUTE));

	/* A token that does not verify is refused on anonymous routes too: ignoring it would hide a lost session. */
	if (is_known)
	{
		text *token = PG_GETARG_TEXT_PP(HANDLE_TOKEN);

		token_verify(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), &identity);
	}
	check_access(route, is_known ? &identity : NULL);

	request_unpack(fcinfo, route, &request);
	bind_call(route, &request, &call);
	if (idempotency_begin(route, &request, is_known ? &identity : NULL, &keyed, &answer, caller))
	{
		MemoryContextSwitchTo(caller);
		append_header(&answer, "Idempotent-Replayed", "true");
	}
	else
	{
		run_endpoint(route, &call, is_known ? &identity : NULL, &answer);
		unpack_answer(&answer, caller);

		MemoryContextSwitchTo(caller);
		add_entity_tag(route, &request, &answer);
		idempotency_keep(&keyed, &answer);
	}
	SPI_finish();

	return pack_result(fcinfo, &answer);
}

static void
check_access(const Route *route, const Identity *identity)
{
	if (identity == NULL && (route->access & ACCESS_ANONYMOUS) == 0)
		refuse(MSERR_UNAUTHENTICATED, "the route needs a token");
	if (identity != NULL && (route->access & ACCESS_OF(identity->user_type)) == 0)
		refuse(MSERR_FORBIDDEN_ROLE, "the route is not for this kind of account");
}

static void
bind_call(const Route *route, const Request *request, Call *call)
{
	call->values = palloc(route->argument_count * sizeof(Datum));
	call->nulls = palloc(route->argument_count);
	bind_arguments(route, request, call->values, call->nulls);
}

/*
 * Runs the endpoint's kept plan as the unprivileged role.  A GET is read-only
 * for real, so that it can run on a standby; what it would write travels as
 * an effect.
 */
static void
run_endpoint(const Route *route, const Call *call, const Identity *identity, Answer *answer)
{
	bool was_read_only = XactReadOnly;
	Oid user;
	int context;
	int settings;
	int result;

	identity_set(identity);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(route_caller(), context | SECURITY_LOCAL_USERID_CHANGE);
	XactReadOnly |= route->is_read;
	settings = NewGUCNestLevel();

	result = SPI_execute_plan(route->plan, call->values, call->nulls, route->is_read, 1);
	if (result != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "endpoint of %s %s gave no answer: %s", route->method, route->path, SPI_result_code_string(result));
	if (!route->is_read)
		check_deferred_constraints();

	/* What the endpoint has set goes with it: the next request on this connection is somebody else's. */
	AtEOXact_GUC(false, settings);
	XactReadOnly = was_read_only;
	SetUserIdAndSecContext(user, context);
	identity_clear();
}

/* Takes the answer apart and out of SPI's memory, which ends with the call. */
static void
unpack_answer(Answer *answer, MemoryContext context)
{
	TupleDesc outer = SPI_tuptable->tupdesc;
	bool isnull;
	Datum row = SPI_getbinval(SPI_tuptable->vals[0], outer, 1, &isnull);
	HeapTupleHeader header;
	HeapTupleData tuple;
	TupleDesc desc;
	MemoryContext caller;

	if (isnull)
		elog(ERROR, "endpoint answered null");

	header = DatumGetHeapTupleHeader(row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	if (desc->natts != ANSWER_ATTRIBUTES)
		elog(ERROR, "endpoint answered with %d attributes", desc->natts);
	heap_deform_tuple(&tuple, desc, answer->values, answer->nulls);

	caller = MemoryContextSwitchTo(context);
	for (int i = 0; i < ANSWER_ATTRIBUTES; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (answer->nulls[i] || attribute->attbyval)
			continue;
		answer->values[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(answer->values[i]));
	}
	MemoryContextSwitchTo(caller);
	ReleaseTupleDesc(desc);
}

/* Left to the commit they would fail without a caller and after the answer was made. */
static void
check_deferred_constraints(void)
{
	ConstraintsSetStmt all = {.type = T_ConstraintsSetStmt, .constraints = NIL, .deferred = false};

	AfterTriggerSetState(&all);
}

/*
 * A versioned answer carries "VERSION-DIGEST": the version is what If-Match
 * compares, the whole is what If-None-Match does.
 */
static void
add_entity_tag(const Route *route, const Request *request, Answer *answer)
{
	const char *known = request_header(request, "if-none-match");
	text *body;
	char *tag;

	if (answer->nulls[ANSWER_VERSION] || answer->nulls[ANSWER_BODY])
		return;

	body = DatumGetTextPP(answer->values[ANSWER_BODY]);
	tag = psprintf("\"%d-%016" INT64_MODIFIER "x\"", DatumGetInt32(answer->values[ANSWER_VERSION]),
	               hash_bytes_extended((unsigned char *) VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), 0));
	append_header(answer, "ETag", tag);

	if (route->is_read && known != NULL && entity_tag_is_listed(known, tag))
	{
		answer->values[ANSWER_STATUS] = Int32GetDatum(HTTP_NOT_MODIFIED);
		answer->nulls[ANSWER_BODY] = true;
	}
}

static void
append_header(Answer *answer, const char *name, const char *value)
{
	Datum *items = NULL;
	int count = 0;
	Datum *longer;

	if (!answer->nulls[ANSWER_HEADERS])
		deconstruct_array(DatumGetArrayTypeP(answer->values[ANSWER_HEADERS]), TEXTOID, -1, false, TYPALIGN_INT, &items,
		                  NULL, &count);

	longer = palloc((count + 2) * sizeof(Datum));
	for (int i = 0; i < count; i++)
		longer[i] = items[i];
	longer[count] = CStringGetTextDatum(name);
	longer[count + 1] = CStringGetTextDatum(value);

	answer->values[ANSWER_HEADERS] = PointerGetDatum(
		construct_array(longer, count + 2, TEXTOID, -1, false, TYPALIGN_INT));
	answer->nulls[ANSWER_HEADERS] = false;
}

static Datum
pack_result(FunctionCallInfo fcinfo, const Answer *answer)
{
	static TupleDesc desc = NULL;
	Datum values[HANDLE_RESULTS];
	bool nulls[HANDLE_RESULTS] = {false};
	int body = answer->nulls[ANSWER_ERROR] ? ANSWER_BODY : ANSWER_DETAILS;

	if (desc == NULL)
	{
		TupleDesc declared;
		MemoryContext caller;

		if (get_call_result_type(fcinfo, NULL, &declared) != TYPEFUNC_COMPOSITE || declared->natts != HANDLE_RESULTS)
			elog(ERROR, "handle() is declared with other results");
		caller = MemoryContextSwitchTo(TopMemoryContext);
		desc = CreateTupleDescCopy(BlessTupleDesc(declared));
		MemoryContextSwitchTo(caller);
	}

	values[HANDLE_STATUS] = answer->values[ANSWER_STATUS];
	values[HANDLE_ANSWER_HEADERS] = answer->values[ANSWER_HEADERS];
	nulls[HANDLE_ANSWER_HEADERS] = answer->nulls[ANSWER_HEADERS];
	values[HANDLE_ANSWER_BODY] = answer->values[body]; /* json and bytea have one form in memory */
	nulls[HANDLE_ANSWER_BODY] = answer->nulls[body];
	values[HANDLE_ERROR] = answer->values[ANSWER_ERROR];
	nulls[HANDLE_ERROR] = answer->nulls[ANSWER_ERROR];
	values[HANDLE_EFFECTS] = answer->values[ANSWER_EFFECTS];
	nulls[HANDLE_EFFECTS] = answer->nulls[ANSWER_EFFECTS];
	values[HANDLE_GENERATION] = Int64GetDatum(route_generation());

	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* Ties a line of the server's log to the proxy's access log. */
static void
describe_request(void *arg)
{
	FunctionCallInfo fcinfo = arg;
	const char *instance = "psql";
	const char *request_id = "without id";

	if (!PG_ARGISNULL(HANDLE_INSTANCE))
		instance = text_to_cstring(PG_GETARG_TEXT_PP(HANDLE_INSTANCE));
	if (!PG_ARGISNULL(HANDLE_REQUEST_ID))
		request_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(HANDLE_REQUEST_ID)));

	errcontext("request %s of %s", request_id, instance);
}
