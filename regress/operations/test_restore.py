"""A dump taken while people write, restored in a fresh cluster: nothing is missing, nothing is there twice, it goes on."""

import itertools
import os
import threading

import pytest

from conftest import program
from server import ROOT, Database, wait_until

PASSWORD = "o parola destul de lunga"

REGISTER = """SELECT status FROM mesteri.request('POST', '/v1/auth/register', body => json_build_object(
    'email', %s, 'phone_number', %s, 'password', %s, 'user_type', 'client', 'first_name', 'Ana', 'last_name', 'Pop'))"""
LOGIN = """SELECT status FROM mesteri.request('POST', '/v1/auth/login',
                                              body => json_build_object('email_or_phone', %s, 'password', %s))"""
LIKE = """
    WITH liked AS (INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type)
                   SELECT u.id, p.id, 'like' FROM mesteri.users u, mesteri.content_posts p
                    WHERE NOT EXISTS (SELECT FROM mesteri.content_interactions i WHERE i.user_id = u.id AND i.post_id = p.id)
                    ORDER BY random() LIMIT 1 RETURNING post_id)
    UPDATE mesteri.content_posts p SET likes_count = likes_count + 1 FROM liked WHERE p.id = liked.post_id RETURNING likes_count"""

TABLES = """SELECT c.oid::regclass::text AS name FROM pg_class c
             WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'r' ORDER BY 1"""
SEQUENCES = """SELECT c.oid::regclass::text AS name FROM pg_class c
                WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'S' ORDER BY 1"""
CHECKSUM = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")), '') FROM {} t"

# What a restore must bring along beside rows: grants and policies of partitions, say, which are not the script's.
OBJECTS = """
    SELECT 'table ' || c.oid::regclass || ' ' || c.relowner::regrole || ' ' || c.relrowsecurity || c.relforcerowsecurity || ' '
           || coalesce(array(SELECT a::text FROM unnest(c.relacl) a ORDER BY 1)::text, '') AS line
      FROM pg_class c WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p')
     UNION ALL
    SELECT 'policy ' || polrelid::regclass || ' ' || polname || ' ' || polcmd::text || ' ' || array(SELECT r::regrole FROM unnest(polroles) r ORDER BY 1)::text || ' ' || coalesce(pg_get_expr(polqual, polrelid), '') FROM pg_policy
     UNION ALL
    SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'mesteri'
     UNION ALL
    SELECT 'bound ' || c.oid::regclass || ' ' || pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
     WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relispartition
     ORDER BY 1"""

NUMBERS = itertools.count(1)


def contact():
    number = next(NUMBERS)
    return f"om{number}@restore.test", f"+40744{number:06d}"


def checksums(cursor):
    """Of every table and sequence, as this transaction sees them."""
    found = {}
    cursor.execute(TABLES)
    for (name,) in cursor.fetchall():
        cursor.execute(CHECKSUM.format(name))
        found[name] = cursor.fetchone()[0]
    cursor.execute(SEQUENCES)
    for (name,) in cursor.fetchall():
        cursor.execute(f"SELECT last_value, is_called FROM {name}")
        found[name] = cursor.fetchone()
    return found


class Writers:
    """People who register, sign in and like until told to stop."""

    def __init__(self, database):
        self.database = database
        self.done = threading.Event()
        self.written = 0
        self.fault = None
        self.threads = [threading.Thread(target=self.write) for _ in range(3)]

    def write(self):
        try:
            connection = self.database.connect()
            with connection.cursor() as cursor:
                while not self.done.is_set():
                    email, phone = contact()
                    for sql, values in ((REGISTER, (email, phone, PASSWORD)), (LOGIN, (email, PASSWORD)), (LIKE, None)):
                        cursor.execute(sql, values)
                        assert cursor.fetchone() is not None, sql
                    self.written += 1
            connection.close()
        except Exception as fault:
            self.fault = fault

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: self.written > 3 or self.fault, 20, "somebody writes")
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
        assert self.fault is None, self.fault


@pytest.fixture(scope="module")
def busy(cluster):
    """Demo data, a row in every table, partitions of now, and somebody known."""
    database = cluster.database("busy")
    database.load_demo(1000, 2026, "2026-11-22 00:00+00")
    # The worker is about to make them, and a row on its way to a default partition would be refused.
    database.run("SELECT mesteri.make_partitions_ahead()")
    cluster.control("psql", "-d", "busy", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", os.path.join(ROOT, "regress", "lib", "rows.sql"))
    database.run("SELECT mesteri.create_partitions('mesteri.events', '2026-11-19', '2026-11-23'),"
                 "       mesteri.create_partitions('mesteri.analytics_events', '2026-11-01', '2026-12-01')")
    database.run("INSERT INTO mesteri.feed_weights SELECT version + 1, geo, engagement, rating, recency, geo_horizon_m, recency_horizon,"
                 "       false FROM mesteri.feed_weights ORDER BY version DESC LIMIT 1")
    assert database.value(REGISTER, "ana@restore.test", "+40755000001", PASSWORD) == 201
    assert database.run("SELECT relname FROM pg_class WHERE relname = 'events_20261120'")
    database.run("CALL ops.run_jobs()")     # or partitions might be made after the dump
    wait_until(lambda: not database.value("SELECT bool_or(is_running) FROM ops.jobs WHERE name <> 'rows'"), 30, "the worker's jobs have ended")
    return database


@pytest.fixture(scope="module")
def restored(clusters, cluster, busy):
    """(database, checksums of the dump's snapshot)"""
    dump = os.path.join(clusters.folder, "busy.sql")
    connection = busy.connect()
    connection.autocommit = False
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with Writers(busy) as writers, connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        before = writers.written
        program("pg_dump", cluster, "mesteri_backup", "-d", "busy", f"--snapshot={snapshot}", "-f", dump)
        expected = checksums(cursor)
        assert writers.written > before, "nobody wrote during the dump"
    connection.close()

    fresh = clusters.make("fresh", keys_of=cluster)
    program("psql", fresh, "postgres", "-X", "-q", "-d", "postgres", "-c", "CREATE DATABASE busy")
    program("psql", fresh, "postgres", "-X", "-q", "-d", "busy", "-v", "ON_ERROR_STOP=1", "-f", dump)
    return Database(fresh, "busy"), expected


def test_every_table_and_sequence_is_equal(restored):
    database, expected = restored
    connection = database.connect()
    with connection.cursor() as cursor:
        found = checksums(cursor)
    connection.close()
    assert found == expected
    empty = [name for name, checksum in found.items() if checksum == "0 "]
    # The signal is always empty; partitions wait for rows, and the default ones have given theirs to partitions.
    assert {name for name in empty if "events_" not in name and "impressions_" not in name} == {"mesteri.revocation_signal"}


def test_every_object_is_equal(busy, restored):
    assert [row["line"] for row in restored[0].run(OBJECTS)] == [row["line"] for row in busy.run(OBJECTS)]


def test_it_goes_on(restored):
    database, _ = restored
    posts = database.value("SELECT sum(likes_count) FROM mesteri.content_posts")
    assert database.value(LOGIN, "ana@restore.test", PASSWORD) == 200
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
    assert database.value(LIKE) >= 1
    assert database.value("SELECT sum(likes_count) FROM mesteri.content_posts") == posts + 1
    assert database.value("SELECT status FROM mesteri.request('GET', '/v1/feed?lat=46.77&lon=23.59')") == 200
    assert database.value("SELECT mesteri.create_partitions('mesteri.events', '2031-03-05', '2031-03-05')") == 1
    number = database.value("SELECT last_value FROM mesteri.contract_number_sequence")
    assert database.value("SELECT nextval('mesteri.contract_number_sequence')") == number + 1


def test_once_more(clusters, restored):
    """A restored database can be dumped and restored again, and what it has made since is in it."""
    database, _ = restored
    dump = os.path.join(clusters.folder, "again.dump")
    program("pg_dump", database.cluster, "mesteri_backup", "-d", "busy", "-Fc", "-f", dump)
    program("psql", database.cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", "CREATE DATABASE again")
    program("pg_restore", database.cluster, "postgres", "-d", "again", "--exit-on-error", dump)
    again = Database(database.cluster, "again")
    found = []
    for one in (database, again):
        connection = one.connect()
        with connection.cursor() as cursor:
            found.append(checksums(cursor))
        connection.close()
    assert found[0] == found[1]


def test_dropped_and_created_again(restored):
    """Last: it takes the data."""
    database, _ = restored
    database.run("DROP EXTENSION mesteri CASCADE")
    assert database.run("SELECT oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text IN ('mesteri', 'api', 'analytics', 'ops')") == []
    assert database.run("SELECT nspname FROM pg_namespace WHERE nspname IN ('mesteri', 'api', 'analytics', 'ops')") == []
    database.run("CREATE EXTENSION mesteri CASCADE")
    assert database.value("SELECT count(*) FROM mesteri.users") == 0
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
