/*-------------------------------------------------------------------------
 *
 * error.c
 *		How the library refuses a request.
 *
 * The SQLSTATE says which error of data/errors.csv it is, DETAIL holds the
 * members of details[] as JSON, and the primary message is for the server's
 * log alone.  Texts for people are the proxy's: it has the catalogue.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

#include "error.h"

#define ERROR_MAX_NAME 64 /* bytes of a name that a client made up: it goes to the log and back to the client */

static void append_detail(StringInfo json, const char *field, const char *rule);

/*
 * refuse
 *		Raises an error of the catalogue.
 *
 * reason: for the log; never holds what a client sent.
 */
void
refuse(int sqlerrcode, const char *reason)
{
	ereport(ERROR, (errcode(sqlerrcode), errmsg_internal("%s", reason), errhidestmt(true)));
}

/*
 * refuse_for_now
 *		Raises an error that is over after so many seconds: Retry-After is made of the hint.
 */
void
refuse_for_now(int sqlerrcode, int seconds, const char *reason)
{
	ereport(ERROR, (errcode(sqlerrcode), errmsg_internal("%s", reason), errhint("%d", seconds), errhidestmt(true)));
}

/*
 * refuse_field
 *		Raises an error of the catalogue that one field is to blame for.
 *
 * field: as the client wrote it, members of objects with dots, items with
 * brackets.  rule: one of data/rules.csv.
 */
void
refuse_field(int sqlerrcode, const char *field, const char *rule)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	append_detail(&json, field, rule);
	appendStringInfoString(&json, "}]");

	ereport(ERROR, (errcode(sqlerrcode), errmsg_internal("request refused"), errdetail_internal("%s", json.data),
	                errhidestmt(true)));
}

/*
 * refuse_choice
 *		Raises invalid_field for a value that is not one of a closed list of C strings.
 */
void
refuse_choice(const char *field, List *allowed)
{
	StringInfoData json;
	ListCell *cell;
	const char *separator = "";

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	append_detail(&json, field, "enum");
	appendStringInfoString(&json, ", \"allowed\": [");
	foreach (cell, allowed)
	{
		appendStringInfoString(&json, separator);
		escape_json(&json, lfirst(cell));
		separator = ", ";
	}
	appendStringInfoString(&json, "]}]");

	ereport(ERROR, (errcode(MSERR_INVALID_FIELD), errmsg_internal("request refused"),
	                errdetail_internal("%s", json.data), errhidestmt(true)));
}

static void
append_detail(StringInfo json, const char *field, const char *rule)
{
	appendStringInfoString(json, "{\"field\": ");
	escape_json(json, pnstrdup(field, pg_mbcliplen(field, strlen(field), ERROR_MAX_NAME)));
	appendStringInfoString(json, ", \"rule\": ");
	escape_json(json, rule);
}
