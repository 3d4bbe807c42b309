/*-------------------------------------------------------------------------
 *
 * cancel.c
 *		Ending the request whose client has hung up, and no other.
 *
 * Requests share a pipelined connection, and SIGINT says no more than "stop
 * what you are doing", which may be the next one by the time it arrives.  So
 * each backend has a slot in shared memory that names the request it runs.
 * mesteri.cancel() marks the slot that holds the name and wakes the backend by
 * SIGUSR2, which ordinary backends have no use for.  The handler runs in the
 * backend itself, the only process that knows what it runs at that moment,
 * and asks for a cancel only while the mark stands.  The mark goes when the
 * next request begins, so a signal that comes late finds none.
 *
 * Without shared_preload_libraries there is no shared memory and nothing is
 * cancelled: a request then runs to its end or its deadline.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/walsender.h"
#include "storage/backendid.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/array.h"

#include "cancel.h"

#define CANCEL_NAME "mesteri cancel"

/* Of one call: more than a worker of the proxy can have under way. */
#define CANCEL_MAX_REQUESTS 4096

/* What a backend runs.  Its owner changes it, but for is_cancelled. */
typedef struct CancelSlot
{
	slock_t mutex; /* for request, is_running and setting is_cancelled */
	pg_uuid_t request;
	bool is_running;
	volatile sig_atomic_t is_cancelled; /* the request that runs, and only that */
	pid_t pid;                          /* 0: nobody's; CancelArea.lock */
	Oid database;                       /* CancelArea.lock */
} CancelSlot;

typedef struct CancelArea
{
	LWLock *lock; /* who holds it may signal: no process leaves its slot meanwhile */
	int slot_count;
	CancelSlot slots[FLEXIBLE_ARRAY_MEMBER]; /* by backend id */
} CancelArea;

static CancelArea *area = NULL;
static CancelSlot *my_slot = NULL;
static volatile sig_atomic_t is_watching = false;
static volatile sig_atomic_t cancel_fired = false;

static shmem_request_hook_type next_shmem_request = NULL;
static shmem_startup_hook_type next_shmem_startup = NULL;

static void request_area(void);
static void start_area(void);
static void take_slot(void);
static void leave_slot(int code, Datum arg);
static void on_signal(SIGNAL_ARGS);
static void take_mark(void);
static void stop_watching(void);
static bool cancel_request(const pg_uuid_t *request);
static bool mark_slot(CancelSlot *slot, const pg_uuid_t *request);

PG_FUNCTION_INFO_V1(mesteri_cancel);

void
cancel_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;

	next_shmem_request = shmem_request_hook;
	shmem_request_hook = request_area;
	next_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = start_area;
}

static Size
area_size(void)
{
	return add_size(offsetof(CancelArea, slots), mul_size(MaxBackends, sizeof(CancelSlot)));
}

static void
request_area(void)
{
	if (next_shmem_request)
		next_shmem_request();
	RequestAddinShmemSpace(area_size());
	RequestNamedLWLockTranche(CANCEL_NAME, 1);
}

static void
start_area(void)
{
	bool is_there;

	if (next_shmem_startup)
		next_shmem_startup();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	area = ShmemInitStruct(CANCEL_NAME, area_size(), &is_there);
	if (!is_there)
	{
		memset(area, 0, area_size());
		area->lock = &GetNamedLWLockTranche(CANCEL_NAME)->lock;
		area->slot_count = MaxBackends;
		for (int i = 0; i < area->slot_count; i++)
			SpinLockInit(&area->slots[i].mutex);
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * cancel_watch
 *		From here on request can be cancelled by its name.
 *
 * request: NULL has no name, and cannot.
 */
void
cancel_watch(const pg_uuid_t *request)
{
	cancel_fired = false;
	if (request == NULL || area == NULL)
		return;
	if (my_slot == NULL)
		take_slot();
	if (my_slot == NULL)
		return;

	SpinLockAcquire(&my_slot->mutex);
	my_slot->request = *request;
	my_slot->is_cancelled = false;
	my_slot->is_running = true;
	SpinLockRelease(&my_slot->mutex);

	is_watching = true;
	take_mark(); /* its signal may have come before we watched */
}

/*
 * cancel_unwatch
 *		The request has done its work.
 *
 * As with the deadline, a cancel that came between the last check and now
 * must be taken here, or it would hit whatever this connection runs next.
 */
void
cancel_unwatch(void)
{
	stop_watching();
	if (cancel_fired)
		CHECK_FOR_INTERRUPTS();
}

/*
 * cancel_abandon
 *		Stops watching after an error; tells whether the request was cancelled by name.
 */
bool
cancel_abandon(void)
{
	stop_watching();
	if (cancel_fired)
		QueryCancelPending = false;
	return cancel_fired;
}

static void
stop_watching(void)
{
	if (!is_watching)
		return;

	is_watching = false;
	SpinLockAcquire(&my_slot->mutex);
	my_slot->is_running = false;
	SpinLockRelease(&my_slot->mutex);
}

/* A WAL sender, which can run SQL too, has its own use for the signal: it gets no slot. */
static void
take_slot(void)
{
	if (am_walsender || !IsUnderPostmaster || MyBackendId == InvalidBackendId)
		return;

	Assert(MyBackendId <= area->slot_count);
	pqsignal(SIGUSR2, on_signal);
	my_slot = &area->slots[MyBackendId - 1];
	before_shmem_exit(leave_slot, (Datum) 0);
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	my_slot->pid = MyProcPid;
	my_slot->database = MyDatabaseId;
	LWLockRelease(area->lock);
}

static void
leave_slot(int code, Datum arg)
{
	stop_watching();
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	my_slot->pid = 0;
	LWLockRelease(area->lock);
}

static void
on_signal(SIGNAL_ARGS)
{
	int save_errno = errno;

	take_mark();
	errno = save_errno;
}

/* Asks for a cancel if the request that runs is the one that is meant. */
static void
take_mark(void)
{
	if (!is_watching || !my_slot->is_cancelled)
		return;

	cancel_fired = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

/*
 * cancel(requests uuid[]) -> integer
 *
 * Ends those of the requests that some backend of this database runs now, and
 * tells how many.  Errors: 54000 when there are more than CANCEL_MAX_REQUESTS.
 */
Datum
mesteri_cancel(PG_FUNCTION_ARGS)
{
	ArrayType *requests = PG_GETARG_ARRAYTYPE_P(0);
	Datum *ids;
	bool *nulls;
	int count;
	int cancelled = 0;

	deconstruct_array(requests, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &ids, &nulls, &count);
	if (count > CANCEL_MAX_REQUESTS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("cannot cancel %d requests at once", count),
		                errdetail("At most %d can be cancelled by one call.", CANCEL_MAX_REQUESTS)));

	for (int i = 0; i < count && area != NULL; i++)
		if (!nulls[i] && cancel_request(DatumGetUUIDP(ids[i])))
			cancelled++;

	PG_RETURN_INT32(cancelled);
}

/* The name may be a client's, and two requests may have the same: both of them end. */
static bool
cancel_request(const pg_uuid_t *request)
{
	bool was_found = false;

	LWLockAcquire(area->lock, LW_SHARED);
	for (int i = 0; i < area->slot_count; i++)
	{
		CancelSlot *slot = &area->slots[i];

		if (slot->pid == 0 || slot->database != MyDatabaseId || !mark_slot(slot, request))
			continue;
		kill(slot->pid, SIGUSR2);
		was_found = true;
	}
	LWLockRelease(area->lock);

	return was_found;
}

static bool
mark_slot(CancelSlot *slot, const pg_uuid_t *request)
{
	bool is_it;

	SpinLockAcquire(&slot->mutex);
	is_it = slot->is_running && memcmp(&slot->request, request, sizeof(pg_uuid_t)) == 0;
	if (is_it)
		slot->is_cancelled = true;
	SpinLockRelease(&slot->mutex);

	return is_it;
}
