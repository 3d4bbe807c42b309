"""Dump and restore of a big database, as docs/operations.md says, with nothing done by hand."""
import os
import time
from datetime import date

import results
from instance import LOGIN, Instance

POSTS = int(os.environ.get("BENCH_RESTORE_POSTS", "1000000"))

TABLES = """SELECT c.oid::regclass FROM pg_class c
             WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'r' ORDER BY c.relname"""
# Rows in any order; a row that is there twice counts twice.
CHECKSUM = "SELECT '{0}', count(*), sum(hashtextextended(t::text, 0)) FROM {0} t"

REGISTER = """SELECT status FROM mesteri.request('POST', '/v1/auth/register', body => json_build_object(
    'email', 'next@example.ro', 'phone_number', '+40744999999', 'password', 'o parola destul de lunga', 'user_type', 'client',
    'first_name', 'Ana', 'last_name', 'Pop'))"""


class Timer:
    """Seconds of each step, in order."""

    def __init__(self):
        self.steps = {}

    def step(self, name, work):
        started = time.monotonic()
        value = work()
        self.steps[name] = time.monotonic() - started
        return value


def checksums(instance):
    """Number of rows and checksum of every table."""
    tables = instance.sql(TABLES).split()
    return instance.sql(" UNION ALL ".join(CHECKSUM.format(table) for table in tables) + " ORDER BY 1").splitlines()


def check_rows(restored, expected):
    """Nothing is missing, nothing is there twice."""
    found = checksums(restored)
    assert found == expected, f"not as they were: {set(found) ^ set(expected)}"


def check_goes_on(original, restored):
    for instance in (original, restored):
        assert instance.sql(LOGIN), "nobody can sign in"
    assert restored.sql(REGISTER) == "201", "nobody can register"
    findings = restored.sql("SELECT finding FROM ops.doctor() WHERE severity = 'error'")
    assert not findings, findings


def restore(instance, dump):
    instance.program("createdb", "postgres", "mesteri")
    instance.program("pg_restore", "postgres", "-d", "mesteri", "--exit-on-error", dump)


def run():
    load, timer = os.getloadavg(), Timer()
    with Instance() as original:
        timer.step(f"making {POSTS} posts of demo data", lambda: original.load(POSTS))
        original.sql("SELECT mesteri.instance_check()")     # it has acted outside, so that the copy is fenced
        size = int(original.sql("SELECT pg_database_size('mesteri')"))
        expected = checksums(original)
        rows = sum(int(line.split("|")[1]) for line in expected)
        dump = original.state / "mesteri.dump"
        timer.step("`pg_dump -U mesteri_backup -Fc`",
                   lambda: original.program("pg_dump", "mesteri_backup", "-d", "mesteri", "-Fc", "-f", dump))
        with Instance(keys_of=original) as restored:
            timer.step("`pg_restore --exit-on-error`, fresh cluster with the keys", lambda: restore(restored, dump))
            timer.step("`VACUUM ANALYZE`", lambda: restored.sql("VACUUM ANALYZE"))
            check_rows(restored, expected)
            timer.step("`ops.after_restore('recover')`", lambda: restored.sql("SELECT * FROM ops.after_restore('recover')"))
            check_goes_on(original, restored)
            sizes = [("the database", size), ("the dump", dump.stat().st_size),
                     ("the database restored", int(restored.sql("SELECT pg_database_size('mesteri')")))]
            lines = [f"Written by `make bench-restore` on {date.today()}. Wall-clock times of one run: on a shared machine they are noisy.",
                     "", *results.environment(restored, load, f"{POSTS} posts of demo data, {rows} rows in all"),
                     "| step | s |", "|---|---:|", *(f"| {name} | {seconds:.1f} |" for name, seconds in timer.steps.items()), "",
                     "| size of | MB |", "|---|---:|", *(f"| {name} | {size / 1e6:.0f} |" for name, size in sizes), "",
                     f"All {len(expected)} tables were equal by number of rows and checksum; sign-in and registration went on, and "
                     "`ops.doctor()` found no error."]
    results.write("Dump and restore", lines)
