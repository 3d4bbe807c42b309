/*-------------------------------------------------------------------------
 *
 * connection.h
 *		A client's connection: bytes in, requests one after the other, bytes out.
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_CONNECTION_H
#define MESTERI_CONNECTION_H

#include <libwebsockets.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/list.h"
#include "common/pg_value.h"
#include "http/head.h"

struct Request;
struct Worker;

#define CONNECTION_PROTOCOL "mesteri-http"

/* What the connection waits for.  Each state but RUN has a limit of time. */
typedef enum ConnectionState
{
	CONNECTION_IDLE,   /* the next request */
	CONNECTION_HEAD,   /* the rest of the headers */
	CONNECTION_BODY,   /* the rest of the body */
	CONNECTION_RUN,    /* the answer */
	CONNECTION_SEND,   /* the client to take the answer */
	CONNECTION_LINGER, /* the client to see our end of the connection */
	CONNECTION_STATES
} ConnectionState;

/* All connections of a worker, by state, in order of entering it. */
typedef struct ConnectionSet
{
	List by_state[CONNECTION_STATES];
	uint64_t limits_us[CONNECTION_STATES];
	HeadLimits head_limits;
	int count;
} ConnectionSet;

typedef struct Connection
{
	struct Worker *worker;
	struct lws *wsi;
	ConnectionState state;
	ListNode node;  /* in by_state */
	uint64_t since; /* us: when the state's time began */
	Buffer input;   /* the current request, and what came behind it */
	Buffer output;  /* to be sent when the socket takes it */
	size_t used;    /* bytes of input that the answered request took */
	bool closing;   /* after the answer that is being sent */
	bool paused;    /* reading has stopped until an answer is sent */
	struct Request *request;
	char inet[PG_INET_SIZE]; /* the client's address as the database wants it */
	int inet_length;
	char ip[INET6_ADDRSTRLEN];
} Connection;

int connection_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

void connection_set_open(ConnectionSet *set, const struct Worker *worker);
bool connection_open(struct Worker *worker, int fd, const struct sockaddr *address) __attribute__((warn_unused_result));
void connection_set_tick(ConnectionSet *set, uint64_t now);
void connection_set_close_idle(ConnectionSet *set);

void connection_expect_body(Connection *connection, bool say_continue);
void connection_run(Connection *connection);
void connection_send(Connection *connection, size_t used, bool closing);

#endif
