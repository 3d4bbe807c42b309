/*-------------------------------------------------------------------------
 *
 * json_build.c
 *		JSON objects of an endpoint, quickly.
 *
 * As json_build_object(), but what each argument is and how it is written is
 * found out once a plan instead of once a value, nothing is put between the
 * members, and moments are written as clients read them: RFC 3339, UTC,
 * milliseconds.  For lists, where the members of each item are many.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#define FIRST_ROOM 2048

typedef enum Form
{
	FORM_BOOL,
	FORM_INT2,
	FORM_INT4,
	FORM_INT8,
	FORM_FLOAT8,
	FORM_NUMERIC,
	FORM_UUID,
	FORM_TEXT,
	FORM_MOMENT,
	FORM_JSON,
	FORM_JSONB,
	FORM_ARRAY,
	FORM_OTHER /* as text */
} Form;

typedef struct Member
{
	char *name; /* escaped, with its quotes and the colon, and the comma before it */
	int name_length;
	Form form;
	FmgrInfo output; /* FORM_NUMERIC, FORM_ARRAY, FORM_OTHER */
} Member;

typedef struct Members
{
	int count;
	Member list[FLEXIBLE_ARRAY_MEMBER];
} Members;

static Members *find_members(FunctionCallInfo fcinfo);
static void find_form(Member *member, Oid type);
static void append_value(StringInfo out, Member *member, Datum value);
static void append_float8(StringInfo out, double value);
static void append_text(StringInfo out, const char *bytes, int length);
static void append_uuid(StringInfo out, const pg_uuid_t *id);
static void append_moment(StringInfo out, TimestampTz moment);
static bool is_number(const char *text);

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
	{
		Member *member = &members->list[i];

		appendBinaryStringInfo(&out, member->name, member->name_length);
		if (PG_ARGISNULL(2 * i + 1))
			appendBinaryStringInfo(&out, "null", 4);
		else
			append_value(&out, member, PG_GETARG_DATUM(2 * i + 1));
	}
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
	Members *members = palloc0(offsetof(Members, list) + (Size) count * sizeof(Member));

	if (PG_NARGS() % 2 != 0 || count == 0 || get_fn_expr_variadic(flinfo))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("json_build takes names and values in turn")));

	members->count = count;
	for (int i = 0; i < count; i++)
	{
		Member *member = &members->list[i];
		Oid name_type = get_fn_expr_argtype(flinfo, 2 * i);
		StringInfoData name;

		if (PG_ARGISNULL(2 * i) || !get_fn_expr_arg_stable(flinfo, 2 * i) ||
		    (name_type != UNKNOWNOID && name_type != TEXTOID))
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a member's name must be a constant text")));

		initStringInfo(&name);
		appendStringInfoChar(&name, i == 0 ? '{' : ',');
		escape_json(&name,
		            name_type == TEXTOID ? TextDatumGetCString(PG_GETARG_DATUM(2 * i)) : PG_GETARG_CSTRING(2 * i));
		appendStringInfoChar(&name, ':');
		member->name = name.data;
		member->name_length = name.len;
		find_form(member, get_fn_expr_argtype(flinfo, 2 * i + 1));
	}
	MemoryContextSwitchTo(caller);

	return members;
}

static void
find_form(Member *member, Oid type)
{
	Oid base = getBaseType(type);
	Oid output;
	bool is_varlena;

	switch (base)
	{
		case BOOLOID:
			member->form = FORM_BOOL;
			return;
		case INT2OID:
			member->form = FORM_INT2;
			return;
		case INT4OID:
			member->form = FORM_INT4;
			return;
		case INT8OID:
			member->form = FORM_INT8;
			return;
		case FLOAT8OID:
			member->form = FORM_FLOAT8;
			return;
		case UUIDOID:
			member->form = FORM_UUID;
			return;
		case TEXTOID:
		case VARCHAROID:
			member->form = FORM_TEXT;
			return;
		case TIMESTAMPTZOID:
			member->form = FORM_MOMENT;
			return;
		case JSONOID:
			member->form = FORM_JSON;
			return;
		case JSONBOID:
			member->form = FORM_JSONB;
			return;
		default:
			break;
	}

	member->form = base == NUMERICOID ? FORM_NUMERIC : OidIsValid(get_element_type(base)) ? FORM_ARRAY : FORM_OTHER;
	output = F_ARRAY_TO_JSON_ANYARRAY;
	if (member->form != FORM_ARRAY)
		getTypeOutputInfo(base, &output, &is_varlena);
	fmgr_info(output, &member->output);
}

static void
append_value(StringInfo out, Member *member, Datum value)
{
	char digits[MAXINT8LEN + 1];
	text *packed;
	char *string;

	switch (member->form)
	{
		case FORM_BOOL:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		case FORM_INT2:
			appendBinaryStringInfo(out, digits, pg_itoa(DatumGetInt16(value), digits));
			break;
		case FORM_INT4:
			appendBinaryStringInfo(out, digits, pg_ltoa(DatumGetInt32(value), digits));
			break;
		case FORM_INT8:
			appendBinaryStringInfo(out, digits, pg_lltoa(DatumGetInt64(value), digits));
			break;
		case FORM_FLOAT8:
			append_float8(out, DatumGetFloat8(value));
			break;
		case FORM_UUID:
			append_uuid(out, DatumGetUUIDP(value));
			break;
		case FORM_TEXT:
			packed = DatumGetTextPP(value);
			append_text(out, VARDATA_ANY(packed), (int) VARSIZE_ANY_EXHDR(packed));
			break;
		case FORM_MOMENT:
			append_moment(out, DatumGetTimestampTz(value));
			break;
		case FORM_JSON:
			packed = DatumGetTextPP(value);
			appendBinaryStringInfo(out, VARDATA_ANY(packed), (int) VARSIZE_ANY_EXHDR(packed));
			break;
		case FORM_JSONB:
		{
			Jsonb *jsonb = DatumGetJsonbP(value);

			(void) JsonbToCString(out, &jsonb->root, (int) VARSIZE(jsonb));
			break;
		}
		case FORM_ARRAY:
			packed = DatumGetTextPP(FunctionCall1(&member->output, value));
			appendBinaryStringInfo(out, VARDATA_ANY(packed), (int) VARSIZE_ANY_EXHDR(packed));
			break;
		case FORM_NUMERIC:
			string = OutputFunctionCall(&member->output, value);
			if (is_number(string))
				appendStringInfoString(out, string);
			else
				escape_json(out, string);
			break;
		case FORM_OTHER:
			string = OutputFunctionCall(&member->output, value);
			append_text(out, string, (int) strlen(string));
			break;
	}
}

/* NaN and the infinities are no numbers in JSON. */
static void
append_float8(StringInfo out, double value)
{
	char digits[DOUBLE_SHORTEST_DECIMAL_LEN];
	int length = double_to_shortest_decimal_bufn(value, digits);

	if (isfinite(value))
		appendBinaryStringInfo(out, digits, length);
	else
		append_text(out, digits, length);
}

/* Most texts need no escape, and are copied. */
static void
append_text(StringInfo out, const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		if ((unsigned char) bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\')
		{
			escape_json(out, pnstrdup(bytes, (Size) length));
			return;
		}

	appendStringInfoChar(out, '"');
	appendBinaryStringInfo(out, bytes, length);
	appendStringInfoChar(out, '"');
}

static void
append_uuid(StringInfo out, const pg_uuid_t *id)
{
	static const char hex[] = "0123456789abcdef";
	char text[2 * UUID_LEN + 6];
	int at = 0;

	text[at++] = '"';
	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		text[at++] = hex[id->data[i] >> 4];
		text[at++] = hex[id->data[i] & 15];
	}
	text[at++] = '"';
	appendBinaryStringInfo(out, text, at);
}

/* As mesteri.json_time(): YYYY-MM-DDTHH:MM:SS.mmmZ, milliseconds cut off. */
static void
append_moment(StringInfo out, TimestampTz moment)
{
	char text[MAXDATELEN + 1];
	char *at = text;
	struct pg_tm tm;
	fsec_t fraction;

	if (TIMESTAMP_NOT_FINITE(moment) || timestamp2tm(moment, NULL, &tm, &fraction, NULL, NULL) != 0 || tm.tm_year < 1)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("a moment is not of our era")));

	*at++ = '"';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_year, 4);
	*at++ = '-';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_mon, 2);
	*at++ = '-';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_mday, 2);
	*at++ = 'T';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_hour, 2);
	*at++ = ':';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_min, 2);
	*at++ = ':';
	at = pg_ultostr_zeropad(at, (uint32) tm.tm_sec, 2);
	*at++ = '.';
	at = pg_ultostr_zeropad(at, (uint32) (fraction / 1000), 3);
	*at++ = 'Z';
	*at++ = '"';
	appendBinaryStringInfo(out, text, (int) (at - text));
}

static bool
is_number(const char *text)
{
	return text[0] == '-' || (text[0] >= '0' && text[0] <= '9') ? strcmp(text, "-Infinity") != 0 : false;
}
