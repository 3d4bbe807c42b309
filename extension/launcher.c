/*-------------------------------------------------------------------------
 *
 * launcher.c
 *		Starts a background worker in each database that may need one.
 *
 * The launcher is connected to no database: it reads the list of them from
 * the shared catalogue.  Whether one has the extension only a worker inside
 * it can see, so each gets one, which leaves at once where there is nothing
 * to do, and is tried again some time later.
 *
 * Runs on a primary only, and only where the library is preloaded.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "mesteri.h"
#include "worker.h"

#define LAUNCHER_LOOK_MS    5000 /* how often for new databases, and for workers that have ended */
#define LAUNCHER_RESTART_S  10
#define LAUNCHER_RECHECK_MS 15000 /* from one start in a database to the next */

/* What has been tried in a database. */
typedef struct Attempt
{
	Oid database;
	BackgroundWorkerHandle *handle;
	TimestampTz next_at;
} Attempt;

static void look(MemoryContext kept);
static List *databases(MemoryContext kept);
static bool is_wanted(const char *name);
static Attempt *attempt_for(Oid database, MemoryContext kept);
static bool is_running(Attempt *attempt);
static void start(Attempt *attempt);

static List *attempts = NIL; /* of Attempt */

/*
 * launcher_register
 *		To be called while the library is preloaded.
 */
void
launcher_register(void)
{
	BackgroundWorker worker = {
		.bgw_name = "mesteri launcher",
		.bgw_type = "mesteri launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = LAUNCHER_RESTART_S,
		.bgw_library_name = WORKER_LIBRARY,
		.bgw_function_name = "mesteri_launcher_main",
	};

	RegisterBackgroundWorker(&worker);
}

void
mesteri_launcher_main(Datum argument)
{
	MemoryContext kept;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	kept = AllocSetContextCreate(TopMemoryContext, "mesteri launcher", ALLOCSET_SMALL_SIZES);

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}

		look(kept);

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LAUNCHER_LOOK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

/* One round: a worker for each database that has none and is due. */
static void
look(MemoryContext kept)
{
	TimestampTz now = GetCurrentTimestamp();
	List *wanted;
	ListCell *cell;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	pgstat_report_activity(STATE_RUNNING, "looking for databases");
	wanted = databases(kept);
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);

	foreach (cell, wanted)
	{
		Attempt *attempt = attempt_for(lfirst_oid(cell), kept);

		if (!is_running(attempt) && now >= attempt->next_at)
		{
			attempt->next_at = TimestampTzPlusMilliseconds(now, LAUNCHER_RECHECK_MS);
			start(attempt);
		}
	}
	list_free(wanted);

	/* Of a database that was dropped nothing is left to know. */
	foreach (cell, attempts)
	{
		Attempt *attempt = lfirst(cell);

		if (!is_running(attempt) && now >= attempt->next_at)
		{
			attempts = foreach_delete_current(attempts, cell);
			pfree(attempt);
		}
	}
}

/* Oids of the databases that accept connections and that mesteri.databases names. */
static List *
databases(MemoryContext kept)
{
	List *found = NIL;
	Relation relation = table_open(DatabaseRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext caller;

		if (!database->datallowconn || database->datistemplate || !is_wanted(NameStr(database->datname)))
			continue;
		caller = MemoryContextSwitchTo(kept);
		found = lappend_oid(found, database->oid);
		MemoryContextSwitchTo(caller);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);

	return found;
}

static bool
is_wanted(const char *name)
{
	char *list = pstrdup(mesteri_databases);
	List *names;
	ListCell *cell;

	if (!SplitIdentifierString(list, ',', &names) || names == NIL)
		return true;

	foreach (cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;

	return false;
}

static Attempt *
attempt_for(Oid database, MemoryContext kept)
{
	MemoryContext caller;
	Attempt *attempt;
	ListCell *cell;

	foreach (cell, attempts)
	{
		attempt = lfirst(cell);
		if (attempt->database == database)
			return attempt;
	}

	caller = MemoryContextSwitchTo(kept);
	attempt = palloc0(sizeof(Attempt));
	attempt->database = database;
	attempts = lappend(attempts, attempt);
	MemoryContextSwitchTo(caller);

	return attempt;
}

static bool
is_running(Attempt *attempt)
{
	pid_t pid;
	BgwHandleStatus status;

	if (attempt->handle == NULL)
		return false;
	status = GetBackgroundWorkerPid(attempt->handle, &pid);
	if (status == BGWH_STARTED || status == BGWH_NOT_YET_STARTED)
		return true;

	pfree(attempt->handle);
	attempt->handle = NULL;
	return false;
}

static void
start(Attempt *attempt)
{
	BackgroundWorker worker = {
		.bgw_type = "mesteri worker",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = WORKER_LIBRARY,
		.bgw_function_name = "mesteri_worker_main",
		.bgw_main_arg = ObjectIdGetDatum(attempt->database),
		.bgw_notify_pid = MyProcPid,
	};
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(attempt));

	snprintf(worker.bgw_name, BGW_MAXLEN, "mesteri worker of database %u", attempt->database);
	if (!RegisterDynamicBackgroundWorker(&worker, &attempt->handle))
	{
		attempt->handle = NULL;
		ereport(WARNING, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		                  errmsg("no background worker is left for database %u", attempt->database),
		                  errhint("Raise max_worker_processes.")));
	}
	MemoryContextSwitchTo(caller);
}
