/*-------------------------------------------------------------------------
 *
 * connection.c
 *		A client's connection.
 *
 * libwebsockets moves the bytes, on raw sockets of its own: it reads, tells us
 * when a socket can be written, keeps what a socket did not take, and will do
 * TLS.  What the bytes mean is decided here and in head.c.
 *
 * All connections in one state have the same time limit, so a list per state
 * in order of entering it is in order of expiry as well: entering, leaving
 * and finding who is late cost the same with ten connections or ten thousand.
 * (libwebsockets' timers are a sorted list that each insertion walks.)
 *-------------------------------------------------------------------------
 */
#include "http/connection.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "http/request.h"
#include "http/worker.h"

/* How long we wait for a client to notice that we have closed our side. */
#define CONNECTION_LINGER_US (2 * US_PER_SECOND)

/* Memory that an idle connection may keep for its next request. */
#define CONNECTION_KEPT_BYTES 2048

/* What may pile up behind the current request before we stop reading. */
#define CONNECTION_AHEAD_BYTES 16384

static bool connection_may_write(const Connection *connection);
static void connection_read(Connection *connection, const char *data, size_t length);
static int connection_write(Connection *connection);
static void connection_closed(Connection *connection);

void
connection_set_open(ConnectionSet *set, const struct Worker *worker)
{
	const Config *config = worker->config;

	for (int i = 0; i < CONNECTION_STATES; i++)
		list_init(&set->by_state[i]);
	set->limits_us[CONNECTION_IDLE] = (uint64_t) config->keepalive_seconds * US_PER_SECOND;
	set->limits_us[CONNECTION_HEAD] = (uint64_t) config->header_seconds * US_PER_SECOND;
	set->limits_us[CONNECTION_BODY] = (uint64_t) config->body_idle_seconds * US_PER_SECOND;
	set->limits_us[CONNECTION_SEND] = (uint64_t) config->send_seconds * US_PER_SECOND;
	set->limits_us[CONNECTION_LINGER] = CONNECTION_LINGER_US;
	set->head_limits = (HeadLimits){.head = (size_t) config->header_bytes, .uri = (size_t) config->uri_bytes};
	set->count = 0;
}

static void
connection_enter(Connection *connection, ConnectionState state)
{
	list_remove(&connection->node);
	connection->state = state;
	connection->since = clock_coarse_us();
	list_append(&connection->worker->connections.by_state[state], &connection->node);
}

static void
connection_set_address(Connection *connection, const struct sockaddr *address)
{
	const char *bytes = connection->inet + 4;

	connection->inet_length = pg_put_inet(connection->inet, address);
	inet_ntop(connection->inet_length == 8 ? AF_INET : AF_INET6, bytes, connection->ip, sizeof(connection->ip));
}

/*
 * connection_open
 *		Takes over the accepted socket fd, which is closed whatever happens.
 */
bool
connection_open(struct Worker *worker, int fd, const struct sockaddr *address)
{
	lws_sock_file_fd_type socket = {.sockfd = fd};
	struct lws *wsi = lws_adopt_descriptor_vhost(worker->vhost, LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL, socket,
	                                             CONNECTION_PROTOCOL, NULL);
	Connection *connection;

	if (wsi == NULL)
		return false;
	connection = lws_wsi_user(wsi);
	connection->worker = worker;
	connection->wsi = wsi;
	connection_set_address(connection, address);
	worker->connections.count++;
	metrics_count(worker->slot, COUNT_CONNECTIONS);
	metrics_gauge_add(&worker->slot->connections, 1);
	connection_enter(connection, CONNECTION_HEAD);
	return true;
}

/* libwebsockets calls this for all that happens to our sockets. */
int
connection_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	Connection *connection = user;

	(void) wsi;
	if (connection == NULL || connection->worker == NULL)
		return 0;
	switch (reason)
	{
		case LWS_CALLBACK_RAW_RX:
			connection_read(connection, in, length);
			return 0;
		case LWS_CALLBACK_RAW_WRITEABLE:
			return connection_write(connection);
		case LWS_CALLBACK_RAW_CLOSE:
			connection_closed(connection);
			return 0;
		default:
			return 0;
	}
}

/* Refuses a request whose head says that it is none, or too large. */
static void
connection_refuse_head(Connection *connection, HeadStatus status)
{
	WorkerMetrics *slot = connection->worker->slot;

	switch (status)
	{
		case HEAD_TOO_LARGE:
			metrics_count(slot, COUNT_LIMIT_HEADER);
			request_refuse(connection->request, "header_too_large");
			break;
		case HEAD_URI_TOO_LONG:
			metrics_count(slot, COUNT_LIMIT_URI);
			request_refuse(connection->request, "uri_too_long");
			break;
		default:
			metrics_count(slot, COUNT_LIMIT_MALFORMED);
			request_refuse(connection->request, "malformed_body");
	}
}

static void
connection_read_head(Connection *connection)
{
	Request *request = connection->request;
	HeadStatus status = head_feed(&request->head, connection->input.data, connection->input.length,
	                              &connection->worker->connections.head_limits);

	if (status == HEAD_MORE)
		return;
	request->head_complete = status == HEAD_DONE;
	if (status == HEAD_DONE)
		request_begin(request);
	else
		connection_refuse_head(connection, status);
}

static void
connection_read_body(Connection *connection)
{
	Request *request = connection->request;

	if (connection->input.length - request->head.length >= request->head.content_length)
		request_run(request);
}

/* Goes as far as the bytes that are there allow. */
static void
connection_advance(Connection *connection)
{
	if (connection->state == CONNECTION_IDLE && connection->input.length > 0)
		connection_enter(connection, CONNECTION_HEAD);
	if (connection->state == CONNECTION_HEAD && connection->input.length > 0)
	{
		if (connection->request == NULL)
			connection->request = request_open(connection);
		connection_read_head(connection);
	}
	if (connection->state == CONNECTION_BODY)
		connection_read_body(connection);
}

/* A client that sends ahead faster than we answer has to wait; TCP tells it. */
static void
connection_pause(Connection *connection)
{
	bool busy = connection->state == CONNECTION_RUN || connection->state == CONNECTION_SEND;

	if (!busy || connection->paused || connection->input.length <= connection->used + CONNECTION_AHEAD_BYTES)
		return;
	connection->paused = true;
	lws_rx_flow_control(connection->wsi, 0);
}

static void
connection_read(Connection *connection, const char *data, size_t length)
{
	if (connection->state == CONNECTION_LINGER)
		return; /* whatever the client still says */
	buffer_append(&connection->input, data, length);
	if (connection->state == CONNECTION_BODY)
		connection_enter(connection, CONNECTION_BODY); /* its time counts silence */
	connection_advance(connection);
	connection_pause(connection);
}

/* The head is fine and a body follows. */
void
connection_expect_body(Connection *connection, bool say_continue)
{
	connection_enter(connection, CONNECTION_BODY);
	if (say_continue && connection->input.length == connection->request->head.length)
	{
		buffer_text(&connection->output, "HTTP/1.1 100 Continue\r\n\r\n");
		lws_callback_on_writable(connection->wsi);
	}
}

/* The request is complete, and others decide how long it takes. */
void
connection_run(Connection *connection)
{
	connection_enter(connection, CONNECTION_RUN);
}

/*
 * connection_send
 *		The answer is in connection->output and ends the current request.
 *
 * used: bytes of input that the request took.  closing: no other follows.
 */
void
connection_send(Connection *connection, size_t used, bool closing)
{
	connection->request = NULL;
	connection->used = used;
	connection->closing = closing;
	connection_enter(connection, CONNECTION_SEND);
	if (connection_may_write(connection) && connection_write(connection) == 0)
		return;
	lws_callback_on_writable(connection->wsi);
}

/*
 * An answer from the database may go out at once when the socket holds
 * nothing back and no other request waits behind it: asking to be called when
 * the socket is writeable would cost two system calls more.  Within a
 * callback of libwebsockets we never write ahead.
 */
static bool
connection_may_write(const Connection *connection)
{
	return connection->worker->answering && !connection->closing && connection->used == connection->input.length &&
	       !lws_partial_buffered(connection->wsi);
}

static void
connection_resume(Connection *connection)
{
	if (connection->paused)
		lws_rx_flow_control(connection->wsi, 1);
	connection->paused = false;
}

/*
 * Closing while the client still sends would make TCP throw away our answer,
 * so we close our side only and wait a moment for its side.
 */
static int
connection_linger(Connection *connection)
{
	connection_resume(connection);
	buffer_release(&connection->input);
	connection_enter(connection, CONNECTION_LINGER);
	return shutdown(lws_get_socket_fd(connection->wsi), SHUT_WR) == 0 ? 0 : -1;
}

/* The client has the answer; a request behind it may be waiting. */
static int
connection_sent(Connection *connection)
{
	if (connection->closing)
		return connection_linger(connection);

	buffer_drop_front(&connection->input, connection->used);
	connection->used = 0;
	if (connection->input.length == 0)
	{
		buffer_release_above(&connection->input, CONNECTION_KEPT_BYTES);
		buffer_release_above(&connection->output, CONNECTION_KEPT_BYTES);
	}
	connection_resume(connection);
	connection_enter(connection, CONNECTION_IDLE);
	connection_advance(connection);
	return 0;
}

/*
 * The socket can be written.  libwebsockets copies what the socket does not
 * take and calls again when that is gone.  A raw socket needs none of the
 * room before the data that other roles do.
 */
static int
connection_write(Connection *connection)
{
	Buffer *output = &connection->output;

	if (output->length > 0)
	{
		int written = lws_write(connection->wsi, (unsigned char *) output->data, output->length, LWS_WRITE_RAW);

		buffer_clear(output);
		if (written < 0)
			return -1;
	}
	if (connection->state != CONNECTION_SEND || lws_partial_buffered(connection->wsi))
		return 0;
	return connection_sent(connection);
}

/* The socket is gone; the connection's memory is libwebsockets' and goes after this. */
static void
connection_closed(Connection *connection)
{
	Worker *worker = connection->worker;

	if (connection->request != NULL)
		request_abandon(connection->request);
	list_remove(&connection->node);
	buffer_release(&connection->input);
	buffer_release(&connection->output);
	connection->worker = NULL;
	worker->connections.count--;
	metrics_gauge_add(&worker->slot->connections, -1);
	worker_check_drained(worker);
}

static void
connection_kill(Connection *connection)
{
	lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

/* A client that does not see our end of the connection is no event. */
static void
count_expiry(const Connection *connection)
{
	static const CounterId counters[] = {
		[CONNECTION_IDLE] = COUNT_LIMIT_KEEPALIVE,
		[CONNECTION_HEAD] = COUNT_LIMIT_HEADER_TIME,
		[CONNECTION_BODY] = COUNT_LIMIT_BODY_TIME,
		[CONNECTION_SEND] = COUNT_LIMIT_SEND_TIME,
	};

	if (connection->state != CONNECTION_LINGER)
		metrics_count(connection->worker->slot, counters[connection->state]);
}

/* Closes the connections whose time in their state is over. */
void
connection_set_tick(ConnectionSet *set, uint64_t now)
{
	for (int state = 0; state < CONNECTION_STATES; state++)
	{
		ListNode *node;

		while (state != CONNECTION_RUN && (node = list_first(&set->by_state[state])) != NULL)
		{
			Connection *connection = list_owner(Connection, node, node);

			if (now < connection->since + set->limits_us[state])
				break;
			count_expiry(connection);
			connection_kill(connection);
		}
	}
}

/* Whether the client has sent something that we have not seen yet. */
static bool
has_unread_bytes(const Connection *connection)
{
	char byte;

	return recv(lws_get_socket_fd(connection->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Closes the connections that are between requests. */
void
connection_set_close_idle(ConnectionSet *set)
{
	ListNode *next;

	for (int state = CONNECTION_IDLE; state <= CONNECTION_HEAD; state++)
		for (ListNode *node = list_first(&set->by_state[state]); node != NULL; node = next)
		{
			Connection *connection = list_owner(Connection, node, node);

			next = list_after(&set->by_state[state], node);
			if (connection->request == NULL && !has_unread_bytes(connection))
				connection_kill(connection);
		}
}
