/*-------------------------------------------------------------------------
 *
 * request.h
 *		One request, from its first byte to its answer.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_REQUEST_H
#define MESTERI_REQUEST_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/pg.h"
#include "common/text.h"
#include "http/answer.h"
#include "http/catalogue.h"
#include "http/connection.h"
#include "http/head.h"
#include "http/negotiate.h"
#include "http/problem.h"
#include "http/retry.h"
#include "http/route.h"

struct Worker;

/* Seconds, when we do not know better. */
#define REQUEST_RETRY_AFTER "1"

/* What the log needs of a request whose client has hung up while the database works on it. */
typedef struct RequestTrace
{
	Buffer path;
	char ip[INET6_ADDRSTRLEN];
} RequestTrace;

typedef struct Request
{
	PgCall call;       /* what the database is asked */
	ListNode idle;     /* in the worker's idle requests */
	ListNode unwanted; /* in the canceller's list */
	struct Worker *worker;
	Connection *connection; /* NULL: nobody waits for the answer any more */

	uint64_t started_at; /* us: the first byte */
	bool head_complete;
	bool body_complete;
	uint8_t id[UUID_BYTES];
	char id_text[UUID_TEXT_SIZE];
	Language language;

	Catalogue *catalogue; /* a reference; NULL: none is loaded yet */
	const Route *route;   /* in catalogue; NULL: no such route */
	RoutePath path;
	const char *label; /* path template of the log; NULL: none */
	int metric;

	bool submitted; /* to a lane, which gives it back in handle_done() */
	bool sent;      /* to the database */
	uint64_t sent_at;
	uint64_t queue_us;    /* of all tries */
	uint64_t database_us; /* of all tries */
	bool gone;            /* the client hung up while the database worked on it; trace is filled */
	RequestTrace trace;
	Retry retry;
	PGresult *row;   /* what handle() returned */
	PGresult *error; /* or raised */
	Head head;       /* last, because it ends with what need not be zeroed */
} Request;

Request *request_open(Connection *connection);
void request_begin(Request *request);
void request_run(Request *request);
void request_submit(Request *request);
void request_answer(Request *request, const Answer *answer);
void request_refuse(Request *request, const char *slug);
void request_refuse_with(Request *request, const Problem *problem);
void request_refuse_overloaded(Request *request);
void request_abandon(Request *request);
void request_note_sent(Request *request);
void request_note_done(Request *request, PgOutcome outcome);
void request_log_gone(const Request *request, bool was_cancelled);
void request_release(Request *request);
void request_free_idle(struct Worker *worker);

/* The SQLSTATE of the error that was raised, or "". */
const char *request_sqlstate(const Request *request);

/* The request's bytes at span. */
static inline const char *
request_text(const Request *request, Span span)
{
	return request->connection->input.data + span.at;
}

#endif
