/*-------------------------------------------------------------------------
 *
 * feed_answer.c
 *		A page of the feed as the answer of its endpoint.
 *
 * Ranks, writes the posts down one after the other, and seals what goes along:
 * the cursor to the next page, and who was shown what.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "error.h"
#include "feed_cursor.h"
#include "feed_key.h"
#include "feed_weights.h"
#include "handle.h"
#include "json_member.h"
#include "post_item.h"
#include "view_effect.h"

#define HTTP_OK   200
#define ITEM_ROOM 1280 /* bytes; most items take less */

enum Argument
{
	ARG_VIEWER,
	ARG_IS_STAFF,
	ARG_PLACE,
	ARG_RADIUS_M,
	ARG_CATEGORIES,
	ARG_AUTHORS,
	ARG_HIDDEN,
	ARG_FILTER,
	ARG_CURSOR,
	ARG_PAGE,
	ARG_LIMIT
};

#define TOP_ARGUMENTS 12 /* of feed_top() */

/* What is more feed_top() refuses, but only when memory and sums have been made of it; one more tells whether there is more. */
#define MAX_LIMIT (FEED_MAX_DEPTH - 1)

/* Columns of feed_top(). */
enum TopColumn
{
	TOP_POST_ID,
	TOP_DISTANCE_M,
	TOP_SCORE,
	TOP_GEO,
	TOP_ENGAGEMENT,
	TOP_RATING,
	TOP_RECENCY,
	TOP_COLUMNS
};

typedef struct FeedPage
{
	const pg_uuid_t *viewer; /* NULL: nobody has signed in */
	bool is_walk;            /* by cursor; else a numbered page */
	bool has_after;
	FeedCursor at; /* what the page begins with, and then what the next one does */
	Datum weights;
	int limit;
	int ranked; /* of limit + 1 */
	int shown;
	pg_uuid_t *ids; /* of those */
} FeedPage;

static void begin_page(FunctionCallInfo fcinfo, FeedPage *page);
static void write_posts(FunctionCallInfo fcinfo, StringInfo body, FeedPage *page);
static TupleTableSlot *rank(FunctionCallInfo fcinfo, const FeedPage *page, Tuplestorestate **ranked);
static Oid ranking_function(void);
static void write_score(StringInfo body, TupleTableSlot *ranked);
static void append_km(StringInfo body, double metres);
static void write_end(FunctionCallInfo fcinfo, StringInfo body, FeedPage *page);
static bool add_served(FeedPage *page);
static Datum pack_answer(FunctionCallInfo fcinfo, StringInfo body, const FeedPage *page);

PG_FUNCTION_INFO_V1(mesteri_feed_answer);

/*
 * mesteri.feed_answer(viewer uuid, is_staff boolean, place geography, radius_m float8, categories uuid[],
 *					   authors uuid[], hidden uuid[], filter bytea, cursor text, page integer, "limit" integer)
 *		returns mesteri.answer
 *		A page of what feed_top() finds, for this reader.
 *
 * filter: what a cursor is bound to.  page: the number asked for, null in a
 * walk by cursor; cursor: null for its first page.
 *
 * Errors: invalid_field for a cursor that is not ours, 22004 for a null that
 * means nothing, 22023 for a limit or a page out of range, 55000 when an index
 * cannot be used; those of feed_top().
 */
Datum
mesteri_feed_answer(PG_FUNCTION_ARGS)
{
	FeedPage page = {0};
	StringInfoData body;

	if (PG_ARGISNULL(ARG_IS_STAFF) || PG_ARGISNULL(ARG_FILTER) || PG_ARGISNULL(ARG_LIMIT))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("is_staff, filter and limit must not be null")));
	if (PG_GETARG_INT32(ARG_LIMIT) < 1 || PG_GETARG_INT32(ARG_LIMIT) > MAX_LIMIT ||
	    (!PG_ARGISNULL(ARG_PAGE) && PG_GETARG_INT32(ARG_PAGE) < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limit or page is out of range"),
		                errdetail("Pages are numbered from 1 and have 1 to %d posts.", MAX_LIMIT)));

	begin_page(fcinfo, &page);

	/* A string that becomes a varlena. */
	body.maxlen = ITEM_ROOM * (page.limit + 1);
	body.data = palloc((Size) body.maxlen);
	body.len = VARHDRSZ;
	body.cursor = 0;
	write_posts(fcinfo, &body, &page);
	write_end(fcinfo, &body, &page);
	SET_VARSIZE(body.data, body.len);

	return pack_answer(fcinfo, &body, &page);
}

/* begin_page: a walk keeps the clock and the weights that it began with. */
static void
begin_page(FunctionCallInfo fcinfo, FeedPage *page)
{
	page->viewer = PG_ARGISNULL(ARG_VIEWER) ? NULL : PG_GETARG_UUID_P(ARG_VIEWER);
	page->is_walk = PG_ARGISNULL(ARG_PAGE);
	page->limit = PG_GETARG_INT32(ARG_LIMIT);
	page->has_after = !PG_ARGISNULL(ARG_CURSOR);

	if (!page->has_after)
	{
		page->at.clock = GetCurrentTransactionStartTimestamp();
		page->at.served = palloc0(VARHDRSZ);
		SET_VARSIZE(page->at.served, VARHDRSZ);
	}
	else if (!feed_cursor_read(PG_GETARG_TEXT_PP(ARG_CURSOR), PG_GETARG_BYTEA_PP(ARG_FILTER), &page->at))
		refuse_field(MSERR_INVALID_FIELD, "cursor", "cursor");

	page->weights = feed_weights_find(page->has_after ? &page->at.weights_version : NULL, &page->at.weights_version);
	if (page->weights == (Datum) 0)
		refuse_field(MSERR_INVALID_FIELD, "cursor", "cursor");
}

/* write_posts: as many as are wanted; one more that was ranked tells that there are more. */
static void
write_posts(FunctionCallInfo fcinfo, StringInfo body, FeedPage *page)
{
	Tuplestorestate *store;
	TupleTableSlot *ranked = rank(fcinfo, page, &store);
	PostReader reader;

	appendStringInfoString(body, "{\"posts\" : [");
	page->ids = palloc(sizeof(pg_uuid_t) * (Size) page->limit);
	post_reader_open(&reader, page->viewer, PG_GETARG_BOOL(ARG_IS_STAFF));
	while (tuplestore_gettupleslot(store, true, false, ranked))
	{
		int before = body->len;

		CHECK_FOR_INTERRUPTS();
		if (++page->ranked > page->limit)
			break;

		slot_getallattrs(ranked);
		page->at.score = DatumGetFloat8(ranked->tts_values[TOP_SCORE]);
		page->at.post_id = *DatumGetUUIDP(ranked->tts_values[TOP_POST_ID]);
		if (page->shown > 0)
			appendStringInfoString(body, ", ");
		/* An author may be without a profile while one is restored. */
		if (!post_item_append(body, &reader, &page->at.post_id))
		{
			body->len = before;
			continue;
		}
		write_score(body, ranked);
		page->ids[page->shown++] = page->at.post_id;
	}
	appendStringInfoChar(body, ']');
	post_reader_close(&reader);
	ExecDropSingleTupleTableSlot(ranked);
	tuplestore_end(store);
}

/*
 * rank
 *		Calls feed_top(); the slot is for reading what it has ranked.
 */
static TupleTableSlot *
rank(FunctionCallInfo fcinfo, const FeedPage *page, Tuplestorestate **ranked)
{
	int64 skip = page->is_walk ? 0 : ((int64) PG_GETARG_INT32(ARG_PAGE) - 1) * page->limit;
	const NullableDatum arguments[TOP_ARGUMENTS] = {
		{TimestampTzGetDatum(page->at.clock), false},
		{page->weights, false},
		fcinfo->args[ARG_PLACE],
		fcinfo->args[ARG_RADIUS_M],
		fcinfo->args[ARG_CATEGORIES],
		fcinfo->args[ARG_AUTHORS],
		fcinfo->args[ARG_HIDDEN],
		{Float8GetDatum(page->at.score), !page->has_after},
		{UUIDPGetDatum(&page->at.post_id), !page->has_after},
		{PointerGetDatum(page->at.served), false},
		{Int32GetDatum(page->limit + 1), false},
		{Int32GetDatum((int32) Min(skip, PG_INT32_MAX)), false},
	};
	ExprContext *context = makeNode(ExprContext);
	ReturnSetInfo results = {.type = T_ReturnSetInfo, .allowedModes = SFRM_Materialize};
	FmgrInfo function;
	LOCAL_FCINFO(top, TOP_ARGUMENTS);

	context->ecxt_per_query_memory = CurrentMemoryContext;
	results.econtext = context;
	fmgr_info(ranking_function(), &function);
	InitFunctionCallInfoData(*top, &function, TOP_ARGUMENTS, InvalidOid, NULL, (Node *) &results);
	memcpy(top->args, arguments, sizeof(arguments));
	(void) FunctionCallInvoke(top);
	Assert(results.setDesc->natts == TOP_COLUMNS);

	*ranked = results.setResult;
	return MakeSingleTupleTableSlot(results.setDesc, &TTSOpsMinimalTuple);
}

static Oid
ranking_function(void)
{
	return LookupFuncName(list_make2(makeString("mesteri"), makeString("feed_top")), -1, NULL, false);
}

static void
write_score(StringInfo body, TupleTableSlot *ranked)
{
	static const char *const parts[] = {
		",\"score_parts\":{\"geo\":", ",\"engagement\":", ",\"rating\":", ",\"recency\":"};
	const Datum *values = ranked->tts_values;

	appendStringInfoString(body, ",\"distance_km\":");
	if (ranked->tts_isnull[TOP_DISTANCE_M])
		appendStringInfoString(body, "null");
	else
		append_km(body, DatumGetFloat8(values[TOP_DISTANCE_M]));
	appendStringInfoString(body, ",\"relevance_score\":");
	json_append_float8(body, DatumGetFloat8(values[TOP_SCORE]));
	for (size_t part = 0; part < lengthof(parts); part++)
	{
		appendStringInfoString(body, parts[part]);
		json_append_float8(body, DatumGetFloat8(values[TOP_GEO + part]));
	}
	appendStringInfoString(body, "}}");
}

/*
 * append_km
 *		round(metres::numeric / 1000, 1).
 *
 * Near a half the decimal digits decide, and are asked.
 */
static void
append_km(StringInfo body, double metres)
{
	double tenths = metres / 100;
	double below = floor(tenths);
	Datum km;
	int64 rounded;

	if (!(tenths >= 0 && tenths < 1e6) || fabs(tenths - below - 0.5) < 1e-6)
	{
		km = DirectFunctionCall2(numeric_div, DirectFunctionCall1(float8_numeric, Float8GetDatum(metres)),
		                         DirectFunctionCall1(int4_numeric, Int32GetDatum(1000)));
		km = DirectFunctionCall2(numeric_round, km, Int32GetDatum(1));
		appendStringInfoString(body, DatumGetCString(DirectFunctionCall1(numeric_out, km)));
		return;
	}

	rounded = (int64) (tenths - below < 0.5 ? below : below + 1);
	appendStringInfo(body, INT64_FORMAT ".%d", rounded / 10, (int) (rounded % 10));
}

/* write_end: the members behind the posts. */
static void
write_end(FunctionCallInfo fcinfo, StringInfo body, FeedPage *page)
{
	bool has_more = page->ranked > page->limit;

	appendStringInfoString(body, ", \"next_cursor\" : ");
	if (has_more && page->is_walk)
		has_more = add_served(page);
	if (has_more && page->is_walk)
		appendStringInfo(body, "\"%s\"", text_to_cstring(feed_cursor_write(&page->at, PG_GETARG_BYTEA_PP(ARG_FILTER))));
	else
		appendStringInfoString(body, "null");

	appendStringInfo(body, ", \"has_more\" : %s, \"limit\" : %d, \"page\" : ", has_more ? "true" : "false",
	                 page->limit);
	if (page->is_walk)
		appendStringInfoString(body, "null");
	else
		appendStringInfo(body, "%d", PG_GETARG_INT32(ARG_PAGE));
	appendStringInfo(body, ", \"weights_version\" : %d}", page->at.weights_version);
}

/*
 * add_served
 *		Adds the posts of this page; false when the next one has no place, and the walk ends.
 */
static bool
add_served(FeedPage *page)
{
	Datum *ids = palloc(sizeof(Datum) * (Size) page->limit);
	ArrayType *shown;

	for (int i = 0; i < page->shown; i++)
		ids[i] = UUIDPGetDatum(&page->ids[i]);
	shown = construct_array(ids, page->shown, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
	page->at.served = DatumGetByteaPP(
		DirectFunctionCall2(mesteri_feed_served_add, PointerGetDatum(page->at.served), PointerGetDatum(shown)));

	return feed_served_room(page->at.served) >= page->limit;
}

static Datum
pack_answer(FunctionCallInfo fcinfo, StringInfo body, const FeedPage *page)
{
	Datum values[ANSWER_ATTRIBUTES] = {0};
	bool nulls[ANSWER_ATTRIBUTES];
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != ANSWER_ATTRIBUTES)
		elog(ERROR, "feed_answer is declared with another result");

	memset(nulls, true, sizeof(nulls));
	values[ANSWER_STATUS] = Int32GetDatum(HTTP_OK);
	nulls[ANSWER_STATUS] = false;
	values[ANSWER_BODY] = PointerGetDatum(body->data);
	nulls[ANSWER_BODY] = false;
	if (page->viewer != NULL && page->shown > 0)
	{
		values[ANSWER_EFFECTS] = view_effect_make(page->viewer, page->ids, page->shown);
		nulls[ANSWER_EFFECTS] = false;
	}

	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
