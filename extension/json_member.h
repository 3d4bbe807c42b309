/*-------------------------------------------------------------------------
 *
 * json_member.h
 *		How a member of a JSON object is written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_JSON_MEMBER_H
#define MESTERI_JSON_MEMBER_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/uuid.h"

#define JSON_LABELS_KEPT 4 /* a power of two; few enums have more in use */

typedef enum JsonForm
{
	JSON_BOOL,
	JSON_INT2,
	JSON_INT4,
	JSON_INT8,
	JSON_FLOAT8,
	JSON_NUMERIC,
	JSON_UUID,
	JSON_TEXT,
	JSON_MOMENT,
	JSON_ENUM,
	JSON_JSON,
	JSON_JSONB,
	JSON_TEXTS, /* array of them */
	JSON_ARRAY,
	JSON_OTHER /* as text */
} JsonForm;

/* A value of an enum, as it is written. */
typedef struct JsonLabel
{
	Oid value; /* InvalidOid: none yet */
	int length;
	char text[NAMEDATALEN + 2]; /* with its quotes */
} JsonLabel;

typedef struct JsonMember
{
	char *opening; /* what stands before the value: a comma or brace, the name, the colon */
	int opening_length;
	JsonForm form;
	FmgrInfo output;                    /* of the forms that need one */
	JsonLabel labels[JSON_LABELS_KEPT]; /* JSON_ENUM */
} JsonMember;

extern void json_member_make(JsonMember *member, const char *before, const char *name, Oid type);
extern void json_member_forget(JsonMember *member);
extern void json_member_append(StringInfo out, JsonMember *member, Datum value, bool is_null);
extern void json_append_float8(StringInfo out, double value);
extern void json_append_uuid(StringInfo out, const pg_uuid_t *id);

#endif /* MESTERI_JSON_MEMBER_H */
