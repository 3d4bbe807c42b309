/*-------------------------------------------------------------------------
 *
 * json_member.c
 *		How a member of a JSON object is written.
 *
 * What a value is and how it is written is found out once for a list.
 * Nothing is put between the members, and moments are written as clients
 * read them: RFC 3339, UTC, milliseconds.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "json_member.h"

static void find_form(JsonMember *member, Oid type);
static void append_value(StringInfo out, JsonMember *member, Datum value);
static void append_text(StringInfo out, const char *bytes, int length);
static bool needs_escape(const char *bytes, int length);
static void append_texts(StringInfo out, JsonMember *member, Datum value);
static void append_json(StringInfo out, Datum value);
static void append_output(StringInfo out, JsonMember *member, Datum value);
static void append_label(StringInfo out, JsonMember *member, Oid value);
static void append_moment(StringInfo out, TimestampTz moment);
static bool is_number(const char *text);

/*
 * json_member_make
 *		before: stands in front of the name, such as a comma.
 *
 * Lives, with what it keeps, in the current memory context.
 */
void
json_member_make(JsonMember *member, const char *before, const char *name, Oid type)
{
	StringInfoData opening;

	initStringInfo(&opening);
	appendStringInfoString(&opening, before);
	escape_json(&opening, name);
	appendStringInfoChar(&opening, ':');
	member->opening = opening.data;
	member->opening_length = opening.len;
	find_form(member, type);
	json_member_forget(member);
}

/* json_member_forget: the labels that were written, which may be renamed. */
void
json_member_forget(JsonMember *member)
{
	for (int i = 0; i < JSON_LABELS_KEPT; i++)
		member->labels[i].value = InvalidOid;
}

void
json_member_append(StringInfo out, JsonMember *member, Datum value, bool is_null)
{
	appendBinaryStringInfo(out, member->opening, member->opening_length);
	if (is_null)
		appendBinaryStringInfo(out, "null", 4);
	else
		append_value(out, member, value);
}

static void
find_form(JsonMember *member, Oid type)
{
	Oid base = getBaseType(type);
	Oid output;
	bool is_varlena;

	switch (base)
	{
		case BOOLOID:
			member->form = JSON_BOOL;
			return;
		case INT2OID:
			member->form = JSON_INT2;
			return;
		case INT4OID:
			member->form = JSON_INT4;
			return;
		case INT8OID:
			member->form = JSON_INT8;
			return;
		case FLOAT8OID:
			member->form = JSON_FLOAT8;
			return;
		case UUIDOID:
			member->form = JSON_UUID;
			return;
		case TEXTOID:
		case VARCHAROID:
			member->form = JSON_TEXT;
			return;
		case TIMESTAMPTZOID:
			member->form = JSON_MOMENT;
			return;
		case JSONOID:
			member->form = JSON_JSON;
			return;
		case JSONBOID:
			member->form = JSON_JSONB;
			return;
		default:
			break;
	}

	if (base == NUMERICOID)
		member->form = JSON_NUMERIC;
	else if (base == TEXTARRAYOID)
		member->form = JSON_TEXTS;
	else if (OidIsValid(get_element_type(base)))
		member->form = JSON_ARRAY;
	else
		member->form = type_is_enum(base) ? JSON_ENUM : JSON_OTHER;

	output = F_ARRAY_TO_JSON_ANYARRAY;
	if (member->form != JSON_TEXTS && member->form != JSON_ARRAY)
		getTypeOutputInfo(base, &output, &is_varlena);
	fmgr_info(output, &member->output);
}

static void
append_value(StringInfo out, JsonMember *member, Datum value)
{
	char digits[MAXINT8LEN + 1];
	text *packed;
	char *string;

	switch (member->form)
	{
		case JSON_BOOL:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		case JSON_INT2:
			appendBinaryStringInfo(out, digits, pg_itoa(DatumGetInt16(value), digits));
			break;
		case JSON_INT4:
			appendBinaryStringInfo(out, digits, pg_ltoa(DatumGetInt32(value), digits));
			break;
		case JSON_INT8:
			appendBinaryStringInfo(out, digits, pg_lltoa(DatumGetInt64(value), digits));
			break;
		case JSON_FLOAT8:
			json_append_float8(out, DatumGetFloat8(value));
			break;
		case JSON_UUID:
			json_append_uuid(out, DatumGetUUIDP(value));
			break;
		case JSON_TEXT:
			packed = DatumGetTextPP(value);
			append_text(out, VARDATA_ANY(packed), (int) VARSIZE_ANY_EXHDR(packed));
			break;
		case JSON_MOMENT:
			append_moment(out, DatumGetTimestampTz(value));
			break;
		case JSON_ENUM:
			append_label(out, member, DatumGetObjectId(value));
			break;
		case JSON_JSON:
			append_json(out, value);
			break;
		case JSON_JSONB:
		{
			Jsonb *jsonb = DatumGetJsonbP(value);

			(void) JsonbToCString(out, &jsonb->root, (int) VARSIZE(jsonb));
			break;
		}
		case JSON_TEXTS:
			append_texts(out, member, value);
			break;
		case JSON_ARRAY:
			append_json(out, FunctionCall1(&member->output, value));
			break;
		case JSON_NUMERIC:
			string = OutputFunctionCall(&member->output, value);
			if (is_number(string))
				appendStringInfoString(out, string);
			else
				escape_json(out, string);
			break;
		case JSON_OTHER:
			append_output(out, member, value);
			break;
	}
}

/* NaN and the infinities are no numbers in JSON. */
void
json_append_float8(StringInfo out, double value)
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
	if (needs_escape(bytes, length))
	{
		escape_json(out, pnstrdup(bytes, (Size) length));
		return;
	}

	enlargeStringInfo(out, length + 2);
	out->data[out->len++] = '"';
	memcpy(out->data + out->len, bytes, (size_t) length);
	out->len += length;
	out->data[out->len++] = '"';
	out->data[out->len] = '\0';
}

/*
 * needs_escape
 *		Whether there is a control character, a quote or a backslash.
 *
 * Eight bytes at a time: in (w - n) & ~w, a byte's highest bit is set by the
 * first byte that is less than n, and none if there is no such byte.
 */
static bool
needs_escape(const char *bytes, int length)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64 found = 0;
	int i = 0;

	for (; i + 8 <= length; i += 8)
	{
		uint64 word;
		uint64 quote;
		uint64 backslash;

		memcpy(&word, bytes + i, sizeof(word));
		quote = word ^ (ones * '"');
		backslash = word ^ (ones * '\\');
		found |= ((word - ones * ' ') & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
	}
	if ((found & (ones * 0x80)) != 0)
		return true;

	for (; i < length; i++)
		if ((unsigned char) bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\')
			return true;

	return false;
}

static void
append_output(StringInfo out, JsonMember *member, Datum value)
{
	char *string = OutputFunctionCall(&member->output, value);

	append_text(out, string, (int) strlen(string));
}

/* Lists of one dimension, as all of ours are, need no function for each element. */
static void
append_texts(StringInfo out, JsonMember *member, Datum value)
{
	ArrayType *texts = DatumGetArrayTypeP(value);
	const char *at = (const char *) texts + ARR_OVERHEAD_NONULLS(ARR_NDIM(texts));
	int count = ARR_NDIM(texts) == 0 ? 0 : ARR_DIMS(texts)[0];

	if (ARR_NDIM(texts) > 1 || ARR_HASNULL(texts))
	{
		append_json(out, FunctionCall1(&member->output, PointerGetDatum(texts)));
		return;
	}

	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_text(out, VARDATA_ANY(at), (int) VARSIZE_ANY_EXHDR(at));
		at = att_addlength_pointer(at, -1, at);
		at = (const char *) att_align_nominal(at, TYPALIGN_INT);
	}
	appendStringInfoChar(out, ']');
}

static void
append_json(StringInfo out, Datum value)
{
	text *json = DatumGetTextPP(value);

	appendBinaryStringInfo(out, VARDATA_ANY(json), (int) VARSIZE_ANY_EXHDR(json));
}

/* The few labels that a list repeats are looked up once. */
static void
append_label(StringInfo out, JsonMember *member, Oid value)
{
	/* Those of a type that was made with them are even numbers in a row. */
	JsonLabel *label = &member->labels[value / 2 % JSON_LABELS_KEPT];
	int before = out->len;

	if (label->value == value)
	{
		appendBinaryStringInfo(out, label->text, label->length);
		return;
	}

	label->value = InvalidOid;
	append_output(out, member, ObjectIdGetDatum(value));
	label->length = out->len - before;
	if (label->length <= (int) sizeof(label->text)) /* quotes within could make it longer */
	{
		memcpy(label->text, out->data + before, label->length);
		label->value = value;
	}
}

void
json_append_uuid(StringInfo out, const pg_uuid_t *id)
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
	return (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && strcmp(text, "-Infinity") != 0;
}
