/*-------------------------------------------------------------------------
 *
 * json_build.c
 *		JSON objects of an endpoint, quickly.
 *
 * As json_build_object(), but what each argument is and how it is written is
 * found out once a plan instead of once a value, and as json_member.c does it.
 * For lists, where the members of each item are many.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "json_member.h"

#define FIRST_ROOM 2048

typedef struct Members
{
	int count;
	JsonMember list[FLEXIBLE_ARRAY_MEMBER];
} Members;

static Members *find_members(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(mesteri_json_build);

/*
 * mesteri.json_build(VARIADIC "any") returns json
 *		Names and values in turn; names are constants.
 *
 * Errors: 22023 for names that are not, or an odd number of arguments.
 */
Datum
mesteri_json_build(PG_FUNCTION_ARGS)
{
	Members *members = fcinfo->flinfo->fn_extra;
	StringInfoData out;

	if (members == NULL)
		fcinfo->flinfo->fn_extra = members = find_members(fcinfo);

	out.data = palloc(FIRST_ROOM);
	out.maxlen = FIRST_ROOM;
	out.len = VARHDRSZ;
	out.cursor = 0;
	for (int i = 0; i < members->count; i++)
		json_member_append(&out, &members->list[i], PG_GETARG_DATUM(2 * i + 1), PG_ARGISNULL(2 * i + 1));
	appendStringInfoChar(&out, '}');
	SET_VARSIZE(out.data, out.len);

	PG_RETURN_POINTER(out.data);
}

static Members *
find_members(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	int count = PG_NARGS() / 2;
	MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);
	Members *members = palloc0(offsetof(Members, list) + (Size) count * sizeof(JsonMember));

	if (PG_NARGS() % 2 != 0 || count == 0 || get_fn_expr_variadic(flinfo))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("json_build takes names and values in turn")));

	members->count = count;
	for (int i = 0; i < count; i++)
	{
		Oid name_type = get_fn_expr_argtype(flinfo, 2 * i);

		if (PG_ARGISNULL(2 * i) || !get_fn_expr_arg_stable(flinfo, 2 * i) ||
		    (name_type != UNKNOWNOID && name_type != TEXTOID))
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a member's name must be a constant text")));

		json_member_make(&members->list[i], i == 0 ? "{" : ",",
		                 name_type == TEXTOID ? TextDatumGetCString(PG_GETARG_DATUM(2 * i)) : PG_GETARG_CSTRING(2 * i),
		                 get_fn_expr_argtype(flinfo, 2 * i + 1));
	}
	MemoryContextSwitchTo(caller);

	return members;
}
