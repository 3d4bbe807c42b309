/*-------------------------------------------------------------------------
 *
 * worker.c
 *		One worker process: an event loop and what hangs on it.
 *
 * Clients' sockets, the database's sockets and the timers share one libev
 * loop, and nothing that runs in it waits.  The loop is ours and not
 * libwebsockets', because that can neither watch libpq's sockets nor end a
 * libev loop.
 *-------------------------------------------------------------------------
 */
#include "http/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "http/handle.h"
#include "http/request.h"

/* How often time limits are looked at: their precision. */
#define WORKER_TICK_SECONDS 0.1

/* File descriptors beside the clients' connections. */
#define WORKER_OWN_FILES 64

/* Largest piece that is read from a client at once, and written to one. */
#define WORKER_READ_BYTES  16384
#define WORKER_WRITE_BYTES (1024 * 1024)

/*
 * How often a busy worker looks for what has happened, in seconds.  Its database
 * connections have four calls each then, of which the cheapest take 50 us.
 */
#define WORKER_COLLECT_SECONDS 0.0002

/*
 * While draining, clients that keep their connection may have sent a request
 * that we have not seen; so they get this time to do so before we close.
 */
#define WORKER_DRAIN_IDLE_US US_PER_SECOND

static const PgStatement statements[] = {
	{HANDLE_STATEMENT, HANDLE_SQL, HANDLE_PARAMETERS, handle_types},
	{EFFECTS_STATEMENT, EFFECTS_SQL, 1, effects_types},
};

static const struct lws_protocols protocols[] = {
	{
		.name = CONNECTION_PROTOCOL,
		.callback = connection_callback,
		.per_session_data_size = sizeof(Connection),
		.rx_buffer_size = WORKER_READ_BYTES,
		.tx_packet_size = WORKER_WRITE_BYTES,
	},
	{0},
};

static void worker_accept_one(struct ev_loop *loop, ev_io *watcher, int events);
static void worker_begin_accepting(Worker *worker);
static void worker_drain(Worker *worker);
static void worker_tick(struct ev_loop *loop, ev_timer *timer, int events);

/* What libwebsockets has to say; its lines end with a line feed. */
static void
log_libwebsockets(int level, const char *line)
{
	log_event((level & LLL_ERR) != 0 ? LOG_ERROR : LOG_WARNING, NULL, "libwebsockets: %.*s", (int) strcspn(line, "\n"),
	          line);
}

/*
 * Allows as many open files as the connections need, or as the system gives.
 * Not more: libwebsockets makes tables of that size.
 */
static void
worker_set_file_limit(Worker *worker)
{
	rlim_t wanted = (rlim_t) worker->config->connections + WORKER_OWN_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
	{
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			wanted = limit.rlim_cur;
	}
	worker->connection_limit = (int) wanted - WORKER_OWN_FILES;
}

static bool
worker_open_sockets(Worker *worker)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = (void *[]){worker->loop},
		.protocols = protocols,
		.pt_serv_buf_size = WORKER_READ_BYTES,
		.vhost_name = "mesteri",
		.gid = (gid_t) -1,
		.uid = (uid_t) -1,
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, log_libwebsockets);
	worker->context = lws_create_context(&info);
	if (worker->context == NULL)
	{
		log_error("libwebsockets could not start; is its libev plugin installed?");
		return false;
	}
	worker->vhost = lws_create_vhost(worker->context, &info);
	return worker->vhost != NULL;
}

static void
worker_open_lanes(Worker *worker)
{
	const Config *config = worker->config;
	static char application[64];

	snprintf(application, sizeof(application), "mesteri-proxy %d", worker->number);
	worker->pg = (PgSettings){
		.loop = worker->loop,
		.database = config->database,
		.application = application,
		.statements = statements,
		.statement_count = sizeof(statements) / sizeof(statements[0]),
		.connect_ms = config->connect_seconds * 1000,
		.reconnect_min_ms = config->reconnect_min_ms,
		.reconnect_max_ms = config->reconnect_max_ms,
		.grace_us = (uint64_t) config->deadline_grace_ms * US_PER_MS,
	};
	for (int i = 0; i < LANE_COUNT; i++)
		lane_open(&worker->lanes[i], worker, (LaneId) i, &config->lanes[i], &worker->pg);
	cancel_open(&worker->canceller, worker, &worker->pg);
}

static void
worker_on_start_wait(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void) loop;
	(void) events;
	worker_begin_accepting(timer->data);
}

static void
worker_on_terminated(struct ev_loop *loop, ev_signal *watcher, int events)
{
	(void) loop;
	(void) events;
	worker_drain(watcher->data);
}

/*
 * Under load events come one by one, and being woken for each, to a cold cache
 * and in the way of a backend that wants the processor, costs more than the
 * work itself.  So a busy worker looks only now and then, and finds several.
 * The time that its last turn took counts; one that has much to do does not wait.
 */
static void
worker_before_waiting(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	const Worker *worker = watcher->data;

	(void) events;
	ev_set_io_collect_interval(loop, lane_is_busy(&worker->lanes[LANE_READ]) ? WORKER_COLLECT_SECONDS : 0.0);
}

static void
worker_watch(Worker *worker)
{
	ev_prepare_init(&worker->before_waiting, worker_before_waiting);
	worker->before_waiting.data = worker;
	ev_prepare_start(worker->loop, &worker->before_waiting);

	ev_init(&worker->acceptable, worker_accept_one);
	ev_io_set(&worker->acceptable, worker->listener, EV_READ);
	worker->acceptable.data = worker;

	ev_init(&worker->tick, worker_tick);
	ev_timer_set(&worker->tick, WORKER_TICK_SECONDS, WORKER_TICK_SECONDS);
	worker->tick.data = worker;
	ev_timer_start(worker->loop, &worker->tick);

	ev_init(&worker->start_wait, worker_on_start_wait);
	ev_timer_set(&worker->start_wait, worker->config->start_wait_ms / 1000.0, 0.0);
	worker->start_wait.data = worker;
	ev_timer_start(worker->loop, &worker->start_wait);

	ev_init(&worker->terminated, worker_on_terminated);
	ev_signal_set(&worker->terminated, SIGTERM);
	worker->terminated.data = worker;
	ev_signal_start(worker->loop, &worker->terminated);
}

/* Everything up to the first event; false when the worker cannot work. */
static bool
worker_start(Worker *worker)
{
	srand48(getpid() ^ (long) clock_us());
	worker_set_file_limit(worker);
	list_init(&worker->idle_requests);
	connection_set_open(&worker->connections, worker);
	if (!access_log_open(&worker->access_log, worker->config->access_log, worker->number, worker->slot))
		return false;
	worker->loop = ev_loop_new(EVFLAG_AUTO);
	if (worker->loop == NULL || !worker_open_sockets(worker))
		return false;
	effects_open(&worker->effects, worker);
	catalogue_start(&worker->catalogue, worker);
	worker_watch(worker);
	worker_open_lanes(worker);
	return true;
}

static void
worker_stop(Worker *worker)
{
	lws_context_destroy(worker->context); /* closes what clients are left, and so needs the lanes */
	for (int i = 0; i < LANE_COUNT; i++)
		lane_close(&worker->lanes[i]);
	cancel_close(&worker->canceller);
	effects_close(&worker->effects);
	catalogue_stop(&worker->catalogue);
	request_free_idle(worker);
	access_log_close(&worker->access_log);
	ev_loop_destroy(worker->loop);
}

/*
 * worker_run
 *		Serves clients of listener until SIGTERM, counting in slot of metrics.
 *
 * Returns the exit code of the process.
 */
int
worker_run(const Config *config, MetricsArea *metrics, int slot, int listener)
{
	static Worker worker;

	worker = (Worker){
		.config = config,
		.number = slot,
		.metrics = metrics,
		.slot = &metrics->slots[slot],
		.listener = listener,
	};
	if (!worker_start(&worker))
		return 1;
	ev_run(worker.loop, 0);
	worker_stop(&worker);
	return 0;
}

static void
worker_begin_accepting(Worker *worker)
{
	ev_timer_stop(worker->loop, &worker->start_wait);
	if (worker->listener < 0 || worker->slot->accepting > 0)
		return;
	atomic_store(&worker->slot->accepting, 1);
	ev_io_start(worker->loop, &worker->acceptable);
}

/* A new worker takes clients when it can answer them, so that a reload loses none. */
static void
worker_check_started(Worker *worker)
{
	for (int i = 0; i < LANE_COUNT; i++)
		if (worker->lanes[i].ready == 0)
			return;
	if (worker->catalogue.current != NULL)
		worker_begin_accepting(worker);
}

/* A database connection is up. */
void
worker_link_ready(Worker *worker)
{
	catalogue_tick(&worker->catalogue, clock_us());
	worker_check_started(worker);
}

/* A database connection broke; what we know of the database may be old when it comes back. */
void
worker_link_lost(Worker *worker)
{
	worker->catalogue.wanted = true;
}

/* A new catalogue is there. */
void
worker_catalogue_ready(Worker *worker)
{
	worker_check_started(worker);
}

/*
 * Takes one connection.  One at a time, so that workers that wake for the
 * same connections share them evenly.  Returns false when there was none.
 */
static bool
worker_accept(Worker *worker)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct sockaddr *peer = (struct sockaddr *) &address;
	int fd = accept4(worker->listener, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
	{
		if (errno == EMFILE || errno == ENFILE)
			ev_io_stop(worker->loop, &worker->acceptable); /* until the next tick */
		return false;
	}
	if (!connection_open(worker, fd, peer))
		log_warning("could not take a connection");
	if (worker->connections.count >= worker->connection_limit)
	{
		metrics_count(worker->slot, COUNT_LIMIT_CONNECTIONS);
		ev_io_stop(worker->loop, &worker->acceptable);
		return false;
	}
	return true;
}

static void
worker_accept_one(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void) loop;
	(void) events;
	worker_accept(watcher->data);
}

/* Accepts again after a limit was hit. */
static void
worker_resume_accepting(Worker *worker)
{
	if (worker->listener >= 0 && worker->slot->accepting > 0 && worker->connections.count < worker->connection_limit)
		ev_io_start(worker->loop, &worker->acceptable);
}

/*
 * Ends the loop when the last client has its answer, and the database, if it
 * is there, has the effects and has ended what nobody waits for.
 */
void
worker_check_drained(Worker *worker)
{
	bool effects = effects_are_pending(&worker->effects) && worker->lanes[LANE_WRITE].ready > 0;
	bool unwanted = cancel_is_pending(&worker->canceller);

	if (worker->draining && worker->connections.count == 0 && !effects && !unwanted)
		ev_break(worker->loop, EVBREAK_ALL);
}

/*
 * Leaves, politely: what waits in the listening socket is taken, because
 * closing it would reset those connections; then nobody new.
 */
static void
worker_drain(Worker *worker)
{
	if (worker->draining)
		return;
	worker->draining = true;
	worker->drain_started_at = clock_us();
	if (worker->slot->accepting > 0)
		while (worker_accept(worker))
			;
	ev_io_stop(worker->loop, &worker->acceptable);
	close(worker->listener);
	worker->listener = -1;
	atomic_store(&worker->slot->accepting, 0);
	effects_flush(&worker->effects);
	worker_check_drained(worker);
}

static void
worker_tick_drain(Worker *worker, uint64_t now)
{
	uint64_t spent = now - worker->drain_started_at;

	if (spent > WORKER_DRAIN_IDLE_US)
		connection_set_close_idle(&worker->connections);
	worker_check_drained(worker);
	if (spent > (uint64_t) worker->config->drain_seconds * US_PER_SECOND)
	{
		log_warning("gave up %d connections", worker->connections.count);
		ev_break(worker->loop, EVBREAK_ALL);
	}
}

static void
worker_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	Worker *worker = timer->data;
	uint64_t now = clock_us();

	(void) loop;
	(void) events;
	for (int i = 0; i < LANE_COUNT; i++)
		lane_tick(&worker->lanes[i], now);
	cancel_tick(&worker->canceller, now);
	connection_set_tick(&worker->connections, now);
	catalogue_tick(&worker->catalogue, now);
	access_log_flush(&worker->access_log);
	if (worker->draining)
		worker_tick_drain(worker, now);
	else
		worker_resume_accepting(worker);
}
