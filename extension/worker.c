/*-------------------------------------------------------------------------
 *
 * worker.c
 *		The background worker of one database: runs the jobs that are due.
 *
 * What is due and what came of it are rows, and the rules are functions in
 * SQL (sql/84-jobs.sql), which `CALL ops.run_jobs()` uses as well where the
 * library is not preloaded.  Here is only what keeps the time.
 *
 * The worker connects as the bootstrap superuser, since PostgreSQL 15 lets no
 * background worker connect as a role that cannot log in.  Everything it runs
 * it runs as mesteri_owner in the way of a SECURITY DEFINER function, which
 * no job can leave with SET ROLE or SET SESSION AUTHORIZATION.
 *
 * It leaves when the extension is gone, and makes way for who wants to drop,
 * rename or copy the database: that needs it without connections.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "spi_util.h"
#include "worker.h"

#define WORKER_LOOK_MS 1000 /* as often as a job may be due */

/* A job that has been noted as begun. */
typedef struct Run
{
	pg_uuid_t id;
	char name[NAMEDATALEN];
} Run;

static bool stays(void);
static bool database_is_wanted_alone(void);
static bool begin_run(Run *run);
static void do_run(const Run *run);
static int query(const char *sql, int count, Oid *types, Datum *values);

void
mesteri_worker_main(Datum database)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);

	while (stays())
	{
		Run run;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}

		if (begin_run(&run))
		{
			do_run(&run);
			continue;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WORKER_LOOK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}

	proc_exit(0);
}

static bool
stays(void)
{
	bool result;

	StartTransactionCommand();
	result = OidIsValid(get_extension_oid("mesteri", true)) && !database_is_wanted_alone();
	CommitTransactionCommand();

	return result;
}

/*
 * Somebody holds the database's lock, or waits for it, who can go on only
 * when nobody is connected: DROP DATABASE gives us five seconds.
 */
static bool
database_is_wanted_alone(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);

	return LockAcquireExtended(&tag, RowExclusiveLock, false, true, true, NULL) == LOCKACQUIRE_NOT_AVAIL;
}

/* Notes the job that is due longest as begun; visible to all before it runs. */
static bool
begin_run(Run *run)
{
	bool found = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());

	if (query("SELECT run, name FROM mesteri.job_begin() WHERE run IS NOT NULL", 0, NULL, NULL) == 1)
	{
		bool isnull;
		Datum id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		memcpy(&run->id, DatumGetUUIDP(id), sizeof(run->id));
		strlcpy(run->name, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2), sizeof(run->name));
		found = true;
	}

	PopActiveSnapshot();
	SPI_finish();
	CommitTransactionCommand();

	return found;
}

static void
do_run(const Run *run)
{
	Oid types[] = {UUIDOID};
	Datum values[] = {UUIDPGetDatum(&run->id)};
	char *error = NULL;

	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, run->name);
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());

	if (query("SELECT mesteri.job_run($1)", 1, types, values) == 1)
		error = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (error != NULL)
		ereport(WARNING, (errmsg("job %s failed: %s", run->name, error)));

	PopActiveSnapshot();
	SPI_finish();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* As mesteri_owner; returns how many rows there are. */
static int
query(const char *sql, int count, Oid *types, Datum *values)
{
	ConstraintsSetStmt all = {.type = T_ConstraintsSetStmt, .constraints = NIL, .deferred = false};
	Oid user;
	int context;
	int result;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(get_role_oid("mesteri_owner", false), context | SECURITY_LOCAL_USERID_CHANGE);
	spi_push_catalog_path();

	result = SPI_execute_with_args(sql, count, types, values, NULL, false, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "\"%s\" failed: %s", sql, SPI_result_code_string(result));
	/* Left to the commit, deferred triggers would run as the superuser. */
	AfterTriggerSetState(&all);

	PopOverrideSearchPath();
	SetUserIdAndSecContext(user, context);

	return (int) SPI_processed;
}
