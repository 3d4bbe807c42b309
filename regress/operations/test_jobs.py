"""Timed work: done by a background worker in each database that lives, by a command elsewhere, once at a time."""

import contextlib
import os
import signal
import threading
import time

import psycopg2
import pytest

from conftest import SETTINGS, program
from server import Database, wait_until
from test_restore import PASSWORD, REGISTER, contact

WORKER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'mesteri worker' AND datname = current_database()"
RUNS = "SELECT * FROM mesteri.job_runs WHERE job = %s ORDER BY started_at"


def job(database, name, body, every="1 second", lock_timeout="2 seconds"):
    """A job of the test's own; its body is what stands between BEGIN and END."""
    database.run(f"CREATE FUNCTION mesteri.{name}() RETURNS bigint LANGUAGE plpgsql AS $body$ BEGIN {body} END $body$")
    database.run(f"ALTER FUNCTION mesteri.{name}() OWNER TO mesteri_owner")
    database.run("INSERT INTO mesteri.jobs (name, function, every, lock_timeout) VALUES (%s, %s, %s, %s)", name, name, every, lock_timeout)


def ended(database, name, count=1):
    runs = [run for run in database.run(RUNS, name) if run["ended_at"] is not None]
    return runs if len(runs) >= count else None


@pytest.fixture(scope="module")
def living(cluster):
    """Somebody has registered."""
    database = cluster.database("jobs")
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
    return database


@pytest.fixture(scope="module")
def asleep(cluster):
    """Nobody has, and no worker is told to look: what runs is run by command."""
    database = cluster.database("jobs_by_command")
    database.run("UPDATE mesteri.jobs SET is_enabled = false")
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
    return database


def test_nothing_runs_before_the_first_account(cluster):
    """A restore into this database would find its partitions made already."""
    database = cluster.database("jobs_unborn")
    wait_until(lambda: database.run(WORKER), 30, "the worker is there")
    time.sleep(2.5)
    assert database.run("SELECT 1 FROM mesteri.job_runs") == []
    assert {row["due_at"] for row in database.run("SELECT due_at::text FROM ops.jobs")} == {"-infinity"}


def test_shipped_jobs_run(living):
    names = {row["name"] for row in living.run("SELECT name FROM mesteri.jobs")}
    assert names >= {"make_partitions", "drop_partitions", "purge_sessions", "purge_codes", "purge_job_runs"}
    wait_until(lambda: living.value("SELECT bool_and(started_at IS NOT NULL AND NOT is_running) FROM ops.jobs"), 30, "each has run")
    assert living.run("SELECT name, error FROM ops.jobs WHERE error IS NOT NULL") == []
    assert not living.run("SELECT 1 FROM ops.doctor() WHERE finding = 'partitions are missing'")
    assert not living.run("SELECT 1 FROM ops.doctor() WHERE finding LIKE '%job%'")


def test_what_is_over_is_purged(asleep):
    asleep.run("SELECT mesteri.create_partitions('mesteri.events', current_date - 60, current_date - 59)")
    asleep.run("INSERT INTO mesteri.token_families (user_id, created_at, expires_at) SELECT id, now() - interval '90 days', now() - interval '31 days' FROM mesteri.users")
    asleep.run("INSERT INTO mesteri.login_failures VALUES (sha256('x'), now() - interval '16 minutes'), (sha256('y'), now())")
    asleep.run("INSERT INTO mesteri.job_runs (job, started_at, ended_at) VALUES ('gone', now() - interval '31 days', now() - interval '31 days')")
    asleep.run("UPDATE mesteri.jobs SET is_enabled = true")
    asleep.run("CALL ops.run_jobs()")
    rows = {row["name"]: row["rows_count"] for row in asleep.run("SELECT * FROM ops.jobs")}
    asleep.run("UPDATE mesteri.jobs SET is_enabled = false")
    assert (rows["drop_partitions"], rows["purge_sessions"], rows["purge_codes"], rows["purge_job_runs"]) == (2, 1, 1, 1)
    assert asleep.value("SELECT count(*) FROM mesteri.token_families") == 1, "the live session stays"
    assert asleep.value("SELECT count(*) FROM mesteri.login_failures") == 1


def test_a_job_runs_as_the_owner_and_cannot_leave_it(living):
    job(living, "escape", "SET SESSION AUTHORIZATION DEFAULT; RETURN 0;", every="1 hour")
    job(living, "role", "SET ROLE NONE; RETURN 0;", every="1 hour")
    job(living, "whoami", "IF current_user <> 'mesteri_owner' THEN RAISE 'runs as %', current_user; END IF; RETURN 7;", every="1 hour")
    assert wait_until(lambda: ended(living, "whoami"), 20, "it ends")[0]["rows_count"] == 7
    for name in ("escape", "role"):
        assert "security-definer function" in wait_until(lambda: ended(living, name), 20, "it ends")[0]["error"]


def test_what_a_job_leaves_to_the_commit_runs_as_the_owner_too(living):
    living.run("CREATE TABLE public.told (who name); CREATE TABLE public.later (); GRANT ALL ON public.told, public.later TO mesteri_owner;"
               "CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.told VALUES (current_user); RETURN NULL; END';"
               "CREATE CONSTRAINT TRIGGER tells AFTER INSERT ON public.later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tell()")
    job(living, "later", "INSERT INTO public.later DEFAULT VALUES; RETURN 1;", every="1 hour")
    wait_until(lambda: ended(living, "later"), 20, "it ends")
    assert living.run("SELECT DISTINCT who FROM public.told") == [{"who": "mesteri_owner"}]


def test_a_job_that_fails_is_tried_again_and_reported(living):
    job(living, "fails", "RAISE EXCEPTION 'no luck'; RETURN 1;")
    runs = wait_until(lambda: ended(living, "fails", 2), 30, "it is tried again")
    assert {run["error"] for run in runs} == {"no luck"} and {run["rows_count"] for run in runs} == {None}
    assert living.run("SELECT 1 FROM ops.doctor() WHERE finding = 'a job fails' AND evidence = 'fails: no luck'")
    living.run("UPDATE mesteri.jobs SET is_enabled = false WHERE name = 'fails'")
    before = len(living.run(RUNS, "fails"))
    time.sleep(2.5)
    assert len(living.run(RUNS, "fails")) <= before + 1, "it stays stopped"


def test_a_job_gives_up_waiting_for_a_lock(living):
    living.run("CREATE TABLE public.held ()")
    living.run("GRANT ALL ON public.held TO mesteri_owner")
    with contextlib.closing(living.connect()) as holder:
        holder.autocommit = False
        holder.cursor().execute("LOCK TABLE public.held")
        job(living, "waits", "LOCK TABLE public.held; RETURN 0;", lock_timeout="100 milliseconds")
        assert "lock timeout" in wait_until(lambda: ended(living, "waits"), 20, "it gives up")[0]["error"]
    wait_until(lambda: living.value("SELECT error IS NULL FROM ops.jobs WHERE name = 'waits'"), 20, "it gets the lock later")


def test_one_run_at_a_time(asleep):
    """Eight commands at once, a job that takes a while: it is run once each time it is due, and never beside itself."""
    job(asleep, "slow", "PERFORM pg_sleep(1.5); RETURN 1;")
    threads = [threading.Thread(target=asleep.run, args=("CALL ops.run_jobs()",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(4)
    asleep.run("UPDATE mesteri.jobs SET is_enabled = false WHERE name = 'slow'")
    for thread in threads:
        thread.join()
    runs = asleep.run(RUNS, "slow")
    assert runs and all(run["rows_count"] == 1 for run in runs)
    assert all(earlier["ended_at"] <= later["started_at"] for earlier, later in zip(runs, runs[1:]))


def test_a_run_that_was_cut_off_is_noted(asleep):
    job(asleep, "cut", "PERFORM pg_sleep(100); RETURN 1;")
    with contextlib.closing(asleep.connect()) as connection:
        thread = threading.Thread(target=lambda: pytest.raises(psycopg2.Error, connection.cursor().execute, "CALL ops.run_jobs()"))
        thread.start()
        wait_until(lambda: asleep.run(RUNS, "cut"), 10, "it has begun")
        wait_until(lambda: asleep.value("SELECT is_running FROM ops.jobs WHERE name = 'cut'"), 10, "it runs")
        asleep.run("SELECT pg_terminate_backend(%s)", connection.info.backend_pid)
        thread.join()
    asleep.run("UPDATE mesteri.job_runs SET started_at = started_at - interval '2 minutes' WHERE job = 'cut'")
    asleep.run("CREATE OR REPLACE FUNCTION mesteri.cut() RETURNS bigint LANGUAGE sql AS 'SELECT 3::bigint'")
    asleep.run("CALL ops.run_jobs()")
    first, second = asleep.run(RUNS, "cut")[:2]
    assert first["error"].startswith("cut off") and second["rows_count"] == 3
    asleep.run("UPDATE mesteri.jobs SET is_enabled = false")


def test_the_worker_comes_back(living):
    pid = wait_until(lambda: living.run(WORKER), 30, "the worker is there")[0]["pid"]
    living.run("SELECT pg_terminate_backend(%s)", pid)
    wait_until(lambda: another_worker(living, pid), 90, "another worker is there")


def test_a_database_can_be_copied_renamed_and_dropped(cluster, living):
    """All of them need the database without connections."""
    wait_until(lambda: living.run(WORKER), 90, "the worker is there")
    program("psql", cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", "CREATE DATABASE jobs_copy TEMPLATE jobs")
    copy = Database(cluster, "jobs_copy")
    wait_until(lambda: copy.run(WORKER), 90, "the copy has a worker")
    before = copy.value("SELECT count(*) FROM mesteri.job_runs")
    time.sleep(2.5)
    assert copy.value("SELECT count(*) FROM mesteri.job_runs") == before, "a copy does nothing until somebody says what it is"
    copy.run("SELECT * FROM ops.after_restore('clone')")
    wait_until(lambda: copy.value("SELECT count(*) FROM mesteri.job_runs") > before, 20, "then it does")
    program("psql", cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", "ALTER DATABASE jobs_copy RENAME TO jobs_renamed")
    renamed = Database(cluster, "jobs_renamed")
    wait_until(lambda: renamed.run(WORKER), 90, "the worker is there again")
    program("psql", cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", "DROP DATABASE jobs_renamed")


def test_the_extension_can_be_dropped(cluster):
    database = cluster.database("jobs_dropped")
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
    wait_until(lambda: database.run(WORKER), 30, "the worker is there")
    database.run("DROP EXTENSION mesteri CASCADE")
    wait_until(lambda: not database.run(WORKER), 10, "the worker has left")
    program("psql", cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", "DROP DATABASE jobs_dropped")


def test_only_where_it_is_wanted_and_after_a_crash(clusters):
    """mesteri.databases names one of two; then the server is killed."""
    cluster = clusters.make("jobs")
    chosen, other = cluster.database("chosen"), cluster.database("other")
    for database in (chosen, other):
        assert database.value(REGISTER, *contact(), PASSWORD) == 201
    conf = os.path.join(cluster.folder, "wanted.conf")
    with open(conf, "w") as file:
        file.write(SETTINGS + 'mesteri.databases = \'chosen, "Not There"\'\n')
    cluster.stop()
    cluster.control("start", conf)
    wait_until(lambda: chosen.run(WORKER), 30, "the worker is there")
    assert other.run(WORKER) == []
    pid = chosen.run(WORKER)[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: another_worker(chosen, pid), 60, "the server and the worker are back")
    job(chosen, "after_the_crash", "RETURN 1;")
    wait_until(lambda: ended(chosen, "after_the_crash"), 20, "jobs run again")
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        chosen.run("ALTER SYSTEM SET mesteri.databases = 'one two'")
    cluster.stop()


def another_worker(database, pid):
    try:
        return [row for row in database.run(WORKER) if row["pid"] != pid]
    except psycopg2.OperationalError:
        return []   # the server recovers
