/*-------------------------------------------------------------------------
 *
 * request.c
 *		One request, from its first byte to its answer.
 *
 * The order of checks is that of the API: route and method, then sizes and
 * form of the body, then everything the database decides.
 *
 * A request belongs to its connection until it is answered.  If it is on its
 * way in the database when the client hangs up or is answered early, it goes
 * on alone (connection == NULL) until the database is done with it, which it
 * is asked to be soon (cancel.c).
 *-------------------------------------------------------------------------
 */
#include "http/request.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "http/handle.h"
#include "http/health.h"
#include "http/worker.h"

/* Status of the log for a client that hung up; never sent. */
#define STATUS_CLIENT_GONE 499

static void request_check_body(Request *request);

/* Takes a request for the bytes that begin to arrive; request_release() gives it back. */
Request *
request_open(Connection *connection)
{
	Worker *worker = connection->worker;
	ListNode *idle = list_first(&worker->idle_requests);
	Request *request;
	Buffer segments = {0};
	Buffer trace = {0};

	if (idle != NULL)
	{
		request = list_owner(Request, idle, idle);
		list_remove(idle);
		segments = request->path.text;
		trace = request->trace.path;
	}
	else
		request = mem_zero(sizeof(Request));
	memset(request, 0, offsetof(Request, head.fields));
	request->call.ops = &handle_ops;
	request->worker = worker;
	request->connection = connection;
	request->started_at = clock_us();
	request->catalogue = catalogue_take(&worker->catalogue);
	request->path.text = segments;
	request->trace.path = trace;
	request->metric = METRICS_UNMATCHED;
	return request;
}

/* Gives the request back; nobody waits for it and the database is done with it. */
void
request_release(Request *request)
{
	list_remove(&request->unwanted);
	PQclear(request->row);
	PQclear(request->error);
	catalogue_drop(request->catalogue);
	list_append(&request->worker->idle_requests, &request->idle);
}

void
request_free_idle(struct Worker *worker)
{
	ListNode *node;

	while ((node = list_first(&worker->idle_requests)) != NULL)
	{
		Request *request = list_owner(Request, idle, node);

		list_remove(node);
		buffer_release(&request->path.text);
		buffer_release(&request->trace.path);
		free(request);
	}
}

/* The client's id if it is a UUID, else one of ours. */
static void
read_id(Request *request)
{
	int from = 0;
	Span value;

	if (!request->head_complete ||
	    !head_next_field(&request->head, request->connection->input.data, "x-request-id", &from, &value) ||
	    !uuid_parse(request_text(request, value), value.length, request->id))
		uuid_random(request->id);
	uuid_format(request->id, request->id_text);
}

static void
read_language(Request *request)
{
	int from = 0;
	Span value;

	if (request->head_complete &&
	    head_next_field(&request->head, request->connection->input.data, "accept-language", &from, &value))
		request->language = negotiate_language(request_text(request, value), value.length);
}

/* The path is there, but not for this method: OPTIONS asks just that. */
static void
answer_methods(Request *request, const RouteNode *node)
{
	Buffer allow = {0};

	route_allow(node, &allow);
	buffer_append(&allow, "", 1);
	if (request->head.method == METHOD_OPTIONS)
		request_answer(request, &(Answer){.status = 204, .allow = allow.data});
	else
		request_refuse_with(request, &(Problem){.slug = "method_not_allowed", .allow = allow.data});
	buffer_release(&allow);
}

/* "OPTIONS *" asks about the server as a whole. */
static bool
asks_about_server(const Request *request)
{
	return request->head.path.length == 1 && *request_text(request, request->head.path) == '*';
}

/* Finds the route, or answers. */
static bool
find_route(Request *request)
{
	const Head *head = &request->head;
	const RouteNode *node;

	if (request->catalogue == NULL)
	{
		request_refuse_overloaded(request);
		return false;
	}
	node = route_find(&request->catalogue->trie, &request->path, request_text(request, head->path), head->path.length);
	if (node == NULL)
	{
		request_refuse(request, "not_found");
		return false;
	}
	request->route = route_of_method(node, head->method);
	if (request->route == NULL)
		answer_methods(request, node);
	return request->route != NULL;
}

/* The head is complete and well-formed. */
void
request_begin(Request *request)
{
	read_id(request);
	read_language(request);
	if (asks_about_server(request))
	{
		request_answer(request, &(Answer){.status = 204, .allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"});
		return;
	}
	if (health_serves(request) || !find_route(request))
		return;
	request->label = request->route->path;
	request->metric = request->route->metric;
	request_check_body(request);
}

static bool
body_is_json(const Request *request)
{
	int from = 0;
	Span value;

	return head_next_field(&request->head, request->connection->input.data, "content-type", &from, &value) &&
	       negotiate_is_json(request_text(request, value), value.length);
}

static void
refuse_by_limit(Request *request, const char *slug, CounterId counter)
{
	metrics_count(request->worker->slot, counter);
	request_refuse(request, slug);
}

/* Refuses a body from its headers, or waits for it, or goes on. */
static void
request_check_body(Request *request)
{
	const Head *head = &request->head;
	const Config *config = request->worker->config;

	if (head->has_transfer_encoding)
		refuse_by_limit(request, "length_required", COUNT_LIMIT_LENGTH);
	else if (head->content_length > (uint64_t) request->route->body_limit ||
	         head->content_length > (uint64_t) config->body_bytes)
		refuse_by_limit(request, "payload_too_large", COUNT_LIMIT_BODY);
	else if (head->content_length > 0 && !body_is_json(request))
		refuse_by_limit(request, "unsupported_media_type", COUNT_LIMIT_MEDIA_TYPE);
	else if (head->content_length > 0)
		connection_expect_body(request->connection, head->expects_continue);
	else
		request_run(request);
}

/* The body is complete: the database's turn. */
void
request_run(Request *request)
{
	request->body_complete = true;
	request->call.deadline_at = clock_us() + (uint64_t) request->route->deadline_ms * US_PER_MS;
	connection_run(request->connection);
	request_submit(request);
}

/* To the lane, for the first time or again. */
void
request_submit(Request *request)
{
	Lane *lane = &request->worker->lanes[request->route->lane];

	request->submitted = true;
	if (lane_submit(lane, &request->call, clock_us()) == LANE_TAKEN)
		return;
	request->submitted = false;
	metrics_add(&request->worker->slot->lanes[lane->id].refused, 1);
	request_refuse_overloaded(request);
}

static LaneMetrics *
lane_metrics(const Request *request)
{
	return &request->worker->slot->lanes[request->route->lane];
}

/* The request is on the wire. */
void
request_note_sent(Request *request)
{
	request->sent = true;
	request->sent_at = request->call.sent_at;
	request->queue_us += request->sent_at - request->call.queued_at;
	metrics_gauge_add(&lane_metrics(request)->in_flight, 1);
	metrics_add(&lane_metrics(request)->queue_us, request->sent_at - request->call.queued_at);
}

/* The database is done with it, or will never see it. */
void
request_note_done(Request *request, PgOutcome outcome)
{
	LaneMetrics *lane = lane_metrics(request);
	uint64_t database_us;

	if (!request->sent)
	{
		metrics_add(&lane->refused, outcome == PG_OVERLOADED ? 1 : 0);
		return;
	}
	database_us = clock_us() - request->sent_at;
	request->database_us += database_us;
	metrics_gauge_add(&lane->in_flight, -1);
	metrics_add(&lane->calls, 1);
	metrics_add(&lane->database_us, database_us);
}

const char *
request_sqlstate(const Request *request)
{
	const char *sqlstate = request->error != NULL ? PQresultErrorField(request->error, PG_DIAG_SQLSTATE) : NULL;

	return sqlstate != NULL ? sqlstate : "";
}

/* Counts and logs the end of a request; its bytes are still the connection's, or were kept in its trace. */
static void
request_log(const Request *request, int status, const char *error, size_t bytes)
{
	const Head *head = &request->head;
	bool known = head->has_line && head->method != METHOD_OTHER;
	const char *path = request->gone ? request->trace.path.data : request_text(request, head->path);
	AccessEntry entry = {
		.request_id = request->id_text,
		.method = known ? method_names[head->method] : "-",
		.route = request->label,
		.path = head->path.length > 0 ? path : NULL,
		.path_length = head->path.length,
		.status = status,
		.error = error,
		.bytes = bytes,
		.duration_us = clock_us() - request->started_at,
		.queue_us = request->queue_us,
		.database_us = request->database_us,
		.ip = request->gone ? request->trace.ip : request->connection->ip,
	};

	metrics_request(request->worker->slot, request->metric, status, entry.duration_us);
	access_log_add(&request->worker->access_log, &entry);
}

/* No other request can follow on this connection. */
static bool
must_close(const Request *request)
{
	const Head *head = &request->head;
	bool body_is_unread = !request->body_complete && (head->content_length > 0 || head->has_transfer_encoding);

	return !request->head_complete || body_is_unread || request->worker->draining || head->says_close ||
	       (head->minor_version == 0 && !head->says_keep_alive);
}

/*
 * request_answer
 *		Writes the answer; the request is over unless a lane still holds it.
 */
void
request_answer(Request *request, const Answer *answer)
{
	Connection *connection = request->connection;
	const Head *head = &request->head;
	bool closing = must_close(request);
	AnswerForm form = {
		.request_id = request->id_text,
		.without_body = head->method == METHOD_HEAD,
		.closing = closing,
		.tell_keep_alive = head->minor_version == 0,
	};
	size_t used = head->length + (request->body_complete ? head->content_length : 0);

	answer_write(&connection->output, answer, &form);
	request_log(request, answer->status, answer->error, connection->output.length);
	request->connection = NULL;
	connection_send(connection, used, closing);
	if (!request->submitted)
		request_release(request);
}

/* Answers with the error of problem. */
void
request_refuse_with(Request *request, const Problem *problem)
{
	static Buffer body;
	int status = problem->status != 0 ? problem->status : problem_text(request->catalogue, problem->slug)->status;
	ProblemPlace place = {
		.catalogue = request->catalogue,
		.language = request->language,
		.path = request_text(request, request->head.path),
		.path_length = request->head.path.length,
		.request_id = request->id_text,
	};
	Answer answer = {
		.status = status,
		.error = problem->slug,
		.content_type = PROBLEM_CONTENT_TYPE,
		.headers = problem->headers,
		.headers_column = problem->headers_column,
		.allow = problem->allow,
		.retry_after = problem->retry_after,
	};

	buffer_clear(&body);
	problem_write(&body, problem, status, &place);
	answer.body = body.data;
	answer.body_length = body.length;
	request_answer(request, &answer);
}

/* Answers with the error slug. */
void
request_refuse(Request *request, const char *slug)
{
	if (*request->id_text == '\0')
		read_id(request);
	request_refuse_with(request, &(Problem){.slug = slug});
}

/* Answers that it cannot be done now, but soon. */
void
request_refuse_overloaded(Request *request)
{
	request_refuse_with(request, &(Problem){.slug = "overloaded", .retry_after = REQUEST_RETRY_AFTER});
}

/* Keeps for the log what goes with the connection. */
static void
keep_trace(Request *request)
{
	RequestTrace *trace = &request->trace;

	buffer_clear(&trace->path);
	buffer_append(&trace->path, request_text(request, request->head.path), request->head.path.length);
	memcpy(trace->ip, request->connection->ip, sizeof(trace->ip));
	request->gone = true;
}

/* The database is done with a request whose client has hung up. */
void
request_log_gone(const Request *request, bool was_cancelled)
{
	request_log(request, STATUS_CLIENT_GONE, was_cancelled ? "cancelled" : "client_gone", 0);
}

/*
 * request_abandon
 *		The client has hung up.
 *
 * What waits for its turn is taken out of the queue; what the database works
 * on is to be cancelled, and is logged when we know what became of it.
 */
void
request_abandon(Request *request)
{
	bool is_under_way = request->submitted && request->sent;

	if (request->head_complete)
		metrics_count(request->worker->slot, COUNT_CLIENT_GONE);
	if (is_under_way)
		keep_trace(request);
	else if (request->head_complete)
		request_log(request, STATUS_CLIENT_GONE, "client_gone", 0);
	request->connection = NULL;
	if (is_under_way)
	{
		cancel_add(&request->worker->canceller, request);
		return;
	}
	retry_stop(request);
	if (request->submitted)
		lane_withdraw(&request->worker->lanes[request->route->lane], &request->call);
	request_release(request);
}
