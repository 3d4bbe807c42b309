/*-------------------------------------------------------------------------
 *
 * handle.c
 *		The one statement behind every route: its arguments, and what its row
 *		or its error means.  The contract is docs/architecture.md.
 *
 * A request is answered only after its own Sync: the row arrives before the
 * commit, and a deferred constraint can still take it back.
 *
 * Static buffers hold the arrays while libpq copies them: a worker is one
 * thread, and an allocation per request would be for nothing.
 *-------------------------------------------------------------------------
 */
#include "http/handle.h"

#include <endian.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/pg_value.h"
#include "http/request.h"
#include "http/worker.h"

const Oid handle_types[HANDLE_PARAMETERS] = {PG_INT4, PG_TEXT, PG_TEXT_ARRAY, PG_TEXT, PG_TEXT_ARRAY, PG_BYTEA,
                                             PG_INT4, PG_INET, PG_UUID,       PG_TEXT, PG_TEXT};

/* Columns of the row. */
enum
{
	COLUMN_STATUS,
	COLUMN_HEADERS,
	COLUMN_BODY,
	COLUMN_ERROR,
	COLUMN_EFFECTS,
	COLUMN_GENERATION,
	COLUMN_COUNT
};

/* The arguments, in the form libpq wants. */
typedef struct Arguments
{
	const char *values[HANDLE_PARAMETERS];
	int lengths[HANDLE_PARAMETERS];
	int count;
} Arguments;

static void
add_bytes(Arguments *arguments, const char *data, size_t length)
{
	arguments->values[arguments->count] = data;
	arguments->lengths[arguments->count++] = (int) length;
}

static void
add_null(Arguments *arguments)
{
	add_bytes(arguments, NULL, 0);
}

static void
add_text(Arguments *arguments, const char *text)
{
	add_bytes(arguments, text, strlen(text));
}

/* The first Authorization header counts; a second one makes both void. */
static void
add_token(Arguments *arguments, const Request *request)
{
	int from = 0;
	Span value;
	Span second;
	const char *token;
	size_t length;

	if (!head_next_field(&request->head, request->connection->input.data, "authorization", &from, &value))
	{
		add_null(arguments);
		return;
	}
	length = negotiate_bearer(request_text(request, value), value.length, &token);
	if (head_next_field(&request->head, request->connection->input.data, "authorization", &from, &second))
		length = 0;
	add_bytes(arguments, token, length);
}

static void
put_path_values(Buffer *out, const RoutePath *path)
{
	pg_put_array_header(out, PG_TEXT, path->value_count);
	for (int i = 0; i < path->value_count; i++)
	{
		const Span *segment = &path->segments[path->values[i]];

		pg_put_element(out, path->text.data + segment->at, segment->length);
	}
}

/*
 * Puts each header of the request that the route asks for; returns how many
 * there were.  What is not UTF-8 the database could not take, but it must
 * hear of it: a condition or a key that is not passed on does not hold.
 */
static int
each_wanted_header(const Request *request, Buffer *out)
{
	static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
	const Route *route = request->route;
	int count = 0;

	for (int i = 0; i < route->request_header_count; i++)
	{
		const char *name = route->request_headers[i];
		int from = 0;
		Span value;

		while (head_next_field(&request->head, request->connection->input.data, name, &from, &value))
		{
			pg_put_element(out, name, strlen(name));
			if (text_is_utf8(request_text(request, value), value.length))
				pg_put_element(out, request_text(request, value), value.length);
			else
				pg_put_element(out, replacement, strlen(replacement));
			count++;
		}
	}
	return count;
}

/* Name, value, name, value ... */
static void
put_headers(Buffer *out, const Request *request)
{
	static Buffer elements;
	int count;

	buffer_clear(&elements);
	count = each_wanted_header(request, &elements);
	pg_put_array_header(out, PG_TEXT, 2 * count);
	buffer_append(out, elements.data, elements.length);
}

/* What is left of the deadline; the database refuses at once when that is nothing. */
static int32_t
deadline_left_ms(const PgCall *call)
{
	if (call->deadline_at <= call->sent_at + US_PER_MS)
		return 1;
	return (int32_t) ((call->deadline_at - call->sent_at) / US_PER_MS);
}

static bool
handle_send(PgCall *call, PGconn *conn)
{
	static Buffer path;
	static Buffer headers;
	static const int binary[HANDLE_PARAMETERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	Request *request = list_owner(Request, call, call);
	const Head *head = &request->head;
	Connection *connection = request->connection;
	uint32_t route = htobe32((uint32_t) request->route->id);
	uint32_t deadline = htobe32((uint32_t) deadline_left_ms(call));
	Arguments arguments = {.count = 0};

	buffer_clear(&path);
	buffer_clear(&headers);
	put_path_values(&path, &request->path);
	put_headers(&headers, request);

	add_bytes(&arguments, (const char *) &route, sizeof(route));
	add_token(&arguments, request);
	add_bytes(&arguments, path.data, path.length);
	add_bytes(&arguments, head->has_query ? request_text(request, head->query) : NULL, head->query.length);
	add_bytes(&arguments, headers.data, headers.length);
	add_bytes(&arguments, head->content_length > 0 ? connection->input.data + head->length : NULL,
	          head->content_length);
	add_bytes(&arguments, (const char *) &deadline, sizeof(deadline));
	add_bytes(&arguments, connection->inet, (size_t) connection->inet_length);
	add_bytes(&arguments, (const char *) request->id, UUID_BYTES);
	add_text(&arguments, request->worker->config->instance);
	add_text(&arguments, language_names[request->language]);

	if (!PQsendQueryPrepared(conn, HANDLE_STATEMENT, HANDLE_PARAMETERS, arguments.values, arguments.lengths, binary, 1))
		return false;
	request_note_sent(request);
	return true;
}

/* Keeps the row, or the first error: what follows an error is only its echo. */
static void
handle_result(PgCall *call, PGresult *result)
{
	Request *request = list_owner(Request, call, call);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK && request->row == NULL)
		request->row = result;
	else if (status == PGRES_FATAL_ERROR && request->error == NULL)
		request->error = result;
	else
		PQclear(result);
}

static bool
row_is_readable(const PGresult *row)
{
	int32_t status;

	if (row == NULL || PQntuples(row) != 1 || PQnfields(row) != COLUMN_COUNT)
		return false;
	status = pg_int4_or(row, 0, COLUMN_STATUS, 0);
	return status >= 200 && status <= 599;
}

/* Effects and generation count even if the client has hung up. */
static void
take_notes(Worker *worker, const PGresult *row)
{
	effects_collect(&worker->effects, row, COLUMN_EFFECTS);
	if (PQgetlength(row, 0, COLUMN_GENERATION) == 8 && worker->catalogue.current != NULL &&
	    pg_int8(PQgetvalue(row, 0, COLUMN_GENERATION)) != worker->catalogue.current->generation)
		catalogue_want(&worker->catalogue);
}

static void
answer_row(Request *request, const PGresult *row)
{
	bool has_body = !PQgetisnull(row, 0, COLUMN_BODY);
	Answer answer = {
		.status = pg_int4(PQgetvalue(row, 0, COLUMN_STATUS)),
		.content_type = request->route->content_type,
		.body = has_body ? PQgetvalue(row, 0, COLUMN_BODY) : NULL,
		.body_length = (size_t) PQgetlength(row, 0, COLUMN_BODY),
		.headers = row,
		.headers_column = COLUMN_HEADERS,
	};
	Problem problem = {
		.slug = PQgetvalue(row, 0, COLUMN_ERROR),
		.status = answer.status,
		.details = answer.body,
		.details_length = answer.body_length,
		.headers = row,
		.headers_column = COLUMN_HEADERS,
	};

	if (PQgetisnull(row, 0, COLUMN_ERROR))
		request_answer(request, &answer);
	else
		request_refuse_with(request, &problem);
}

/* The HINT of our own errors is Retry-After in seconds, if there is one. */
static const char *
retry_after_of(const PGresult *error, bool is_ours, const ErrorText *text)
{
	const char *hint = is_ours ? PQresultErrorField(error, PG_DIAG_MESSAGE_HINT) : NULL;

	if (hint != NULL && text_is_number(hint))
		return hint;
	return text != NULL && text->status == 503 ? REQUEST_RETRY_AFTER : NULL;
}

/*
 * An error was raised.  Only our own SQLSTATEs carry something for the
 * client: DETAIL and HINT of others may hold values of other people's rows.
 */
static void
answer_error(Request *request, const PGresult *error)
{
	const char *sqlstate = request_sqlstate(request);
	const ErrorText *text = catalogue_error_of_sqlstate(request->catalogue, sqlstate);
	bool is_ours = text != NULL && strncmp(sqlstate, "MS", 2) == 0;
	const char *details = is_ours ? PQresultErrorField(error, PG_DIAG_MESSAGE_DETAIL) : NULL;
	Problem problem = {
		.slug = text != NULL ? text->slug : "internal_error",
		.details = details,
		.details_length = details != NULL ? strlen(details) : 0,
		.retry_after = retry_after_of(error, is_ours, text),
	};

	if (text == NULL || (text->status >= 500 && !is_ours))
		log_event(LOG_ERROR, request->id_text, "SQLSTATE %s: %s", sqlstate,
		          PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY));
	request_refuse_with(request, &problem);
}

static void
answer_synced(Request *request)
{
	if (request->error != NULL)
		answer_error(request, request->error);
	else if (row_is_readable(request->row))
		answer_row(request, request->row);
	else
	{
		log_event(LOG_ERROR, request->id_text, "handle() did not return the row that was agreed");
		request_refuse(request, "internal_error");
	}
}

static void
answer_outcome(Request *request, PgOutcome outcome)
{
	if (outcome == PG_SYNCED)
		answer_synced(request);
	else if (outcome == PG_LATE)
		request_refuse(request, "deadline_exceeded");
	else
		request_refuse_overloaded(request);
}

/* Nobody waits any more; the counters and the log are told what became of it. */
static void
note_unwanted(const Request *request)
{
	bool was_cancelled = strcmp(request_sqlstate(request), SQLSTATE_QUERY_CANCELED) == 0;

	if (was_cancelled)
		metrics_count(request->worker->slot, COUNT_CANCELLED);
	if (request->gone)
		request_log_gone(request, was_cancelled);
}

static void
handle_done(PgCall *call, PgOutcome outcome)
{
	Request *request = list_owner(Request, call, call);
	Worker *worker = request->worker;

	request_note_done(request, outcome);
	if (outcome == PG_SYNCED && request->error == NULL && row_is_readable(request->row))
		take_notes(worker, request->row);
	if (request->connection == NULL)
		note_unwanted(request);
	else if (outcome == PG_SYNCED && retry_begin(request))
		return;
	else
	{
		worker->answering = outcome == PG_SYNCED;
		answer_outcome(request, outcome);
		worker->answering = false;
	}
	request_release(request);
	worker_check_drained(worker);
}

/* Others on the same connection hold it up; its client need not wait for them. */
static void
handle_overdue(PgCall *call)
{
	Request *request = list_owner(Request, call, call);

	if (request->connection == NULL)
		return;
	request_refuse(request, "deadline_exceeded");
	cancel_add(&request->worker->canceller, request);
}

const PgCallOps handle_ops = {
	.send = handle_send, .result = handle_result, .done = handle_done, .overdue = handle_overdue};
