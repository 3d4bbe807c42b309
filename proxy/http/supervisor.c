/*-------------------------------------------------------------------------
 *
 * supervisor.c
 *		The process that owns the listening socket and looks after the workers.
 *
 * The socket is opened once and inherited, so that connections which wait in
 * it survive the change of workers (a socket per worker with SO_REUSEPORT
 * resets them).  A new generation of workers is at work before the old one
 * is told to leave.
 *
 * The supervisor does nothing but wait for signals, all of which are blocked
 * and fetched one by one; so there is no handler that could interrupt it.
 *-------------------------------------------------------------------------
 */
#include "http/supervisor.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "http/metrics.h"
#include "http/worker.h"

/* Generations that can overlap. */
#define SUPERVISOR_GENERATIONS 4

/* How often we look around while something is under way, and otherwise. */
#define SUPERVISOR_BUSY_MS 50
#define SUPERVISOR_IDLE_MS 1000

#define SUPERVISOR_RESTART_MIN_US (100 * US_PER_MS)
#define SUPERVISOR_RESTART_MAX_US (10 * US_PER_SECOND)

/* A worker that lived longer than this did not fail at its start. */
#define SUPERVISOR_STABLE_US (5 * US_PER_SECOND)

/* How much longer than drain_seconds a worker may take to end. */
#define SUPERVISOR_KILL_US (3 * US_PER_SECOND)

/* A worker process; its index is its slot in the metrics. */
typedef struct Child
{
	pid_t pid; /* 0: free */
	int generation;
	bool leaving;
	uint64_t started_at; /* us */
} Child;

typedef struct Supervisor
{
	Config *config;
	int argc;
	char **argv;
	int listener;
	MetricsArea *metrics;
	Child *children;
	int child_count;
	int generation;
	int failures; /* of workers in a row */
	uint64_t restart_at;
	bool stopping;
	uint64_t kill_at;
	sigset_t signals;
	sigset_t old_signals;
} Supervisor;

static bool __attribute__((warn_unused_result)) write_number_file(const char *path, long number)
{
	char temporary[4096];
	FILE *file;
	bool good;

	if (*path == '\0')
		return true;
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "we");
	good = file != NULL && fprintf(file, "%ld\n", number) > 0;
	if (file != NULL)
		good = fclose(file) == 0 && good;
	if (!good || rename(temporary, path) != 0)
	{
		fprintf(stderr, "mesteri-proxy: could not write %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

static void
remove_file(const char *path)
{
	if (*path != '\0')
		unlink(path);
}

/* Opens the socket at one address; -1 and errno when that fails. */
static int
listen_at(const struct addrinfo *address, int backlog)
{
	int on = 1;
	int saved_errno;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 && /* accepted sockets inherit it */
	    bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, backlog) == 0)
		return fd;
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return -1;
}

static bool
supervisor_listen(Supervisor *supervisor)
{
	const Config *config = supervisor->config;
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *address;
	char port[16];
	int error;

	snprintf(port, sizeof(port), "%d", config->listen_port);
	error = getaddrinfo(config->listen_host, port, &hints, &address);
	if (error != 0)
	{
		fprintf(stderr, "mesteri-proxy: listen_host %s: %s\n", config->listen_host, gai_strerror(error));
		return false;
	}
	supervisor->listener = listen_at(address, config->listen_backlog);
	if (supervisor->listener < 0)
		fprintf(stderr, "mesteri-proxy: could not listen on %s port %s: %s\n", config->listen_host, port,
		        strerror(errno));
	freeaddrinfo(address);
	return supervisor->listener >= 0;
}

static int
listening_port(int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (getsockname(listener, (struct sockaddr *) &address, &length) != 0)
		return 0;
	return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *) (void *) &address)->sin_port
	                                          : ((struct sockaddr_in6 *) (void *) &address)->sin6_port);
}

/* Everything that can fail at the start fails here, before there are workers. */
static bool
supervisor_start(Supervisor *supervisor)
{
	Config *config = supervisor->config;

	if (!supervisor_listen(supervisor))
		return false;
	supervisor->child_count = SUPERVISOR_GENERATIONS * config->workers;
	supervisor->children = mem_zero(sizeof(Child) * (size_t) supervisor->child_count);
	supervisor->metrics = metrics_open(supervisor->child_count);
	if (supervisor->metrics == NULL)
	{
		fprintf(stderr, "mesteri-proxy: could not get shared memory: %s\n", strerror(errno));
		return false;
	}
	if (!write_number_file(config->pid_file, getpid()) ||
	    !write_number_file(config->port_file, listening_port(supervisor->listener)))
		return false;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&supervisor->signals);
	sigaddset(&supervisor->signals, SIGCHLD);
	sigaddset(&supervisor->signals, SIGTERM);
	sigaddset(&supervisor->signals, SIGINT);
	sigaddset(&supervisor->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &supervisor->signals, &supervisor->old_signals);
	log_info("listening on %s port %d with %d workers", config->listen_host, listening_port(supervisor->listener),
	         config->workers);
	return true;
}

/* The life of a worker process. */
static void __attribute__((noreturn)) child_main(const Supervisor *supervisor, int slot, pid_t parent)
{
	char name[32];

	/* Ctrl-C and a hang-up reach the whole group; only the supervisor decides what they mean. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(1); /* it died before we could ask to be told */
	snprintf(name, sizeof(name), "worker %d", slot);
	log_set_process(name);
	sigprocmask(SIG_SETMASK, &supervisor->old_signals, NULL);
	exit(worker_run(supervisor->config, supervisor->metrics, slot, supervisor->listener));
}

static void
supervisor_spawn(Supervisor *supervisor)
{
	pid_t parent = getpid();
	int slot = 0;
	Child *child;
	pid_t pid;

	while (slot < supervisor->child_count && supervisor->children[slot].pid != 0)
		slot++;
	if (slot == supervisor->child_count)
		return; /* the old generations must leave first */

	pid = fork();
	if (pid == 0)
		child_main(supervisor, slot, parent);
	if (pid < 0)
	{
		log_error("could not start a worker: %s", strerror(errno));
		supervisor->restart_at = clock_us() + SUPERVISOR_RESTART_MAX_US;
		return;
	}
	child = &supervisor->children[slot];
	*child = (Child){.pid = pid, .generation = supervisor->generation, .started_at = clock_us()};
	atomic_store(&supervisor->metrics->slots[slot].used, 1);
}

/* Workers of the current generation. */
static int
count_current(const Supervisor *supervisor, bool accepting)
{
	int count = 0;

	for (int i = 0; i < supervisor->child_count; i++)
	{
		const Child *child = &supervisor->children[i];

		if (child->pid != 0 && child->generation == supervisor->generation &&
		    (!accepting || supervisor->metrics->slots[i].accepting > 0))
			count++;
	}
	return count;
}

static int
count_children(const Supervisor *supervisor)
{
	int count = 0;

	for (int i = 0; i < supervisor->child_count; i++)
		count += supervisor->children[i].pid != 0;
	return count;
}

static void
child_leave(Child *child)
{
	if (child->pid == 0 || child->leaving)
		return;
	child->leaving = true;
	kill(child->pid, SIGTERM);
}

/* Starts what is missing, and sends the old generation away when the new one is at work. */
static void
supervisor_renew(Supervisor *supervisor)
{
	int missing = supervisor->config->workers - count_current(supervisor, false);

	if (missing > 0 && clock_us() >= supervisor->restart_at)
		while (missing-- > 0)
			supervisor_spawn(supervisor);
	if (count_current(supervisor, true) < supervisor->config->workers)
		return;
	for (int i = 0; i < supervisor->child_count; i++)
		if (supervisor->children[i].generation != supervisor->generation)
			child_leave(&supervisor->children[i]);
}

/* A worker that keeps dying is restarted ever more slowly. */
static void
supervisor_plan_restart(Supervisor *supervisor, const Child *child)
{
	uint64_t now = clock_us();
	uint64_t delay = SUPERVISOR_RESTART_MIN_US;

	if (now - child->started_at > SUPERVISOR_STABLE_US)
		supervisor->failures = 0;
	for (int i = 0; i < supervisor->failures && delay < SUPERVISOR_RESTART_MAX_US; i++)
		delay *= 2;
	supervisor->failures++;
	supervisor->restart_at = now + delay;
}

static void
supervisor_note_end(Supervisor *supervisor, int slot, int status)
{
	Child *child = &supervisor->children[slot];

	metrics_clear_gauges(&supervisor->metrics->slots[slot]);
	if (!child->leaving)
	{
		if (WIFSIGNALED(status))
			log_error("worker %d (process %d) died of signal %d", slot, (int) child->pid, WTERMSIG(status));
		else
			log_error("worker %d (process %d) ended with code %d", slot, (int) child->pid, WEXITSTATUS(status));
		supervisor_plan_restart(supervisor, child);
	}
	*child = (Child){0};
}

static void
supervisor_reap(Supervisor *supervisor)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < supervisor->child_count; i++)
			if (supervisor->children[i].pid == pid)
			{
				supervisor_note_end(supervisor, i, status);
				break;
			}
}

/* Reads the settings again and begins a new generation of workers. */
static void
supervisor_reload(Supervisor *supervisor)
{
	Config fresh = {0};

	if (config_load(&fresh, supervisor->argc, supervisor->argv) != CONFIG_OK)
	{
		log_error("the settings cannot be read; the old ones stay");
		config_release(&fresh);
		return;
	}
	if (fresh.workers > supervisor->child_count / 2)
	{
		log_warning("workers: %d is too many without a restart", fresh.workers);
		fresh.workers = supervisor->child_count / 2;
	}
	config_release(supervisor->config);
	*supervisor->config = fresh;
	supervisor->generation++;
	supervisor->failures = 0;
	supervisor->restart_at = 0;
	log_info("new generation of workers; listen_*, port_file and pid_file stay as they are");
}

/* The first request to end lets workers finish, the second does not. */
static void
supervisor_stop(Supervisor *supervisor)
{
	uint64_t now = clock_us();

	if (supervisor->stopping)
	{
		supervisor->kill_at = now;
		return;
	}
	log_info("stopping");
	supervisor->stopping = true;
	supervisor->kill_at = now + (uint64_t) supervisor->config->drain_seconds * US_PER_SECOND + SUPERVISOR_KILL_US;
	close(supervisor->listener);
	for (int i = 0; i < supervisor->child_count; i++)
		child_leave(&supervisor->children[i]);
}

static void
supervisor_kill_late(Supervisor *supervisor)
{
	if (clock_us() < supervisor->kill_at)
		return;
	for (int i = 0; i < supervisor->child_count; i++)
		if (supervisor->children[i].pid != 0)
			kill(supervisor->children[i].pid, SIGKILL);
}

/* Waits for a signal, not long. */
static void
supervisor_take_signal(Supervisor *supervisor)
{
	bool busy = supervisor->stopping || count_current(supervisor, true) < supervisor->config->workers;
	int wait_ms = busy ? SUPERVISOR_BUSY_MS : SUPERVISOR_IDLE_MS;
	struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L};

	switch (sigtimedwait(&supervisor->signals, NULL, &wait))
	{
		case SIGTERM:
		case SIGINT:
			supervisor_stop(supervisor);
			break;
		case SIGHUP:
			if (!supervisor->stopping)
				supervisor_reload(supervisor);
			break;
		default:
			break;
	}
}

/*
 * supervisor_run
 *		Serves until SIGTERM or SIGINT.
 *
 * argc and argv are those of the program, to be read again on SIGHUP.
 * Returns the exit code.
 */
int
supervisor_run(Config *config, int argc, char **argv)
{
	Supervisor supervisor = {.config = config, .argc = argc, .argv = argv, .listener = -1};

	if (!supervisor_start(&supervisor))
	{
		free(supervisor.children);
		return 1;
	}
	while (!supervisor.stopping || count_children(&supervisor) > 0)
	{
		supervisor_take_signal(&supervisor);
		supervisor_reap(&supervisor);
		if (supervisor.stopping)
			supervisor_kill_late(&supervisor);
		else
			supervisor_renew(&supervisor);
	}
	remove_file(config->port_file);
	remove_file(config->pid_file);
	free(supervisor.children);
	return 0;
}
