/*-------------------------------------------------------------------------
 *
 * pg.h
 *		One database connection in an event loop, used as a pipeline.
 *
 * What is asked of it is a call: queries that end in one Sync of their own, so
 * that a call is one transaction and its failure does not touch its neighbours.
 * Nothing here waits, and nothing here knows what the queries mean.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_PG_H
#define MESTERI_PG_H

#include <ev.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"

typedef struct PgCall PgCall;
typedef struct PgLink PgLink;

typedef enum PgOutcome
{
	PG_SYNCED,    /* the results are final: committed, or rolled back with an error among them */
	PG_LOST,      /* the connection broke; whether it committed is not known */
	PG_LATE,      /* given up: its deadline is over, before it was sent or with nothing coming back */
	PG_OVERLOADED /* never sent: it waited too long for its turn */
} PgOutcome;

typedef struct PgCallOps
{
	/* Puts the queries on the wire, without Sync, at sent_at; false when libpq refuses. */
	bool (*send)(PgCall *call, PGconn *conn);

	/* Takes each result, which becomes the receiver's. */
	void (*result)(PgCall *call, PGresult *result);

	/* The end of the call, once; the call may be freed in it. */
	void (*done)(PgCall *call, PgOutcome outcome);

	/* The deadline and the grace after it are over while others go first; may be NULL. */
	void (*overdue)(PgCall *call);
} PgCallOps;

/* To be embedded in what asks. */
struct PgCall
{
	const PgCallOps *ops;
	ListNode node;        /* in a lane's queue or in a link's flight */
	uint64_t queued_at;   /* us */
	uint64_t sent_at;     /* us; 0: not sent */
	uint64_t deadline_at; /* us; 0: none */
};

/* A statement that every link prepares before it is ready. */
typedef struct PgStatement
{
	const char *name;
	const char *sql;
	int parameters;
	const Oid *types;
} PgStatement;

/* What is common to the links of a worker. */
typedef struct PgSettings
{
	struct ev_loop *loop;
	const char *database;
	const char *application;
	const PgStatement *statements;
	int statement_count;
	int connect_ms;
	int reconnect_min_ms;
	int reconnect_max_ms;
	uint64_t grace_us;
} PgSettings;

typedef enum PgState
{
	PG_DOWN, /* waits for its next try */
	PG_CONNECTING,
	PG_PREPARING,
	PG_READY
} PgState;

/* Who is told of a link's changes; owner is passed through. */
typedef struct PgListener
{
	void *owner;
	void (*ready)(void *owner, PgLink *link);
	void (*room)(void *owner, PgLink *link); /* a call has ended */
	void (*lost)(void *owner, PgLink *link); /* it was ready, and is no more */
} PgListener;

struct PgLink
{
	const PgSettings *settings;
	PgListener listener;
	PgState state;
	PGconn *conn; /* NULL when down */
	ev_io readable;
	ev_io writable;
	ev_timer timer; /* to the next try, or until connecting has taken too long */
	int failures;   /* in a row */
	List flight;    /* calls on the wire, oldest first */
	int in_flight;
	uint64_t first_since; /* us: since when the oldest call is the oldest */
	PgCall preparing;
	bool prepare_failed;
};

void pg_link_open(PgLink *link, const PgSettings *settings, const PgListener *listener);
void pg_link_close(PgLink *link);
bool pg_link_call(PgLink *link, PgCall *call) __attribute__((warn_unused_result));
void pg_link_check_deadlines(PgLink *link, uint64_t now);

#endif
