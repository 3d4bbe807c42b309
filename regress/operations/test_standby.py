"""A hot standby: it ranks as the primary does, of its own snapshots; what it cannot do it says; promoted, it does all.

E2E_SEED sets the seed, which a failure prints.
"""

import os
import random
import re
import signal
import subprocess
import threading
import time

import psycopg2
import pytest

from conftest import BIN, SETTINGS, program
from read_routes import CALLERS, SAMPLES, VALUES
from server import Cluster, Database, Proxy, binary, wait_until
from sql import request
from test_feed_engine import BULK, DEEP, SEED, TOWNS, Writers, compare
from test_jobs import WORKER

POSTS = 3000
NOW = "2026-11-22T00:00:00Z"
WALKS_S = 5     # seconds of comparing pages, with feedback and without
STOPS = 12

ANA = CALLERS["Ana"][1]
CONFLICT = "40001"

STANDBY = SETTINGS + """
max_standby_streaming_delay = '300ms'
wal_receiver_status_interval = '1s'
wal_retrieve_retry_interval = '100ms'
"""
# What a standby's log may say of statements that fail.  The third is the planner's, of an index that is replaced under it.
FAULTS = re.compile(r"conflict with recovery|younger than the snapshot|in a read-only transaction|during recovery|could not open relation with OID"
                    r"|due to administrator command|index \"user_profiles_user_id_unique\" cannot be used")

MATCH = """SELECT m::text FROM mesteri.match_weights w,
                  mesteri.match_{}(w, mesteri.point(%s, %s), %s, %s::uuid[], %s, %s, %s{}, %s, %s) AS m WHERE w.version = 1"""


def caught_up(primary, standby):
    end = primary.value("SELECT pg_current_wal_lsn()")
    wait_until(lambda: standby.value("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", end), 30, "the standby has all")


def let_replicate(primary):
    """cluster.sh lets nobody; to be said again after each start."""
    with open(f"{primary.cluster.folder}/data/pg_hba.conf", "a") as file:
        file.write("local replication postgres peer map=mesteri\n")
    # A standby that starts again asks for what it was sent already.
    primary.run("ALTER SYSTEM SET wal_keep_size = '1GB'")
    primary.run("SELECT pg_reload_conf()")


def standby_of(clusters, primary, name, settings=STANDBY):
    """A copy of the files, and a folder for its log and its socket; it runs."""
    folder = os.path.join(clusters.folder, name)
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    owner = os.stat(f"{primary.cluster.folder}/data")
    program("pg_basebackup", primary.cluster, "postgres", "-D", f"{folder}/data", "--write-recovery-conf", "--checkpoint=fast")
    for part in ("log", "run"):
        os.mkdir(f"{folder}/{part}")
        os.chmod(f"{folder}/{part}", 0o755)
    subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", f"{folder}/data", f"{folder}/log", f"{folder}/run"], check=True)
    cluster = Cluster(folder, settings)
    clusters.made.append(cluster)
    return Database(cluster.start(), primary.name)


def settle(database, **settings):
    for name, value in settings.items():
        database.run(f"ALTER SYSTEM SET {name} = %s", value)
    database.run("SELECT pg_reload_conf()")


def ranked(database, clock, function="feed_top"):
    """All posts around, and what it took to find them."""
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute(DEEP.format(function), clock)
        rows = cursor.fetchall()
        cursor.execute("SELECT index_pages, heap_tuples FROM mesteri.engine_work()")
        work = dict(zip(("index_pages", "heap_tuples"), cursor.fetchone()))
    connection.close()
    return rows, work


@pytest.fixture(scope="module")
def primary(clusters):
    database = clusters.make("primary").database("mesteri")
    database.load_demo(POSTS, 2026, NOW)
    let_replicate(database)
    return database


@pytest.fixture(scope="module")
def standby(clusters, primary):
    return standby_of(clusters, primary, "standby")


def token(primary, person):
    return person and primary.value("SELECT mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token' FROM mesteri.users u WHERE id = %s", person)


def compare_matching(connection, chance):
    """A search for craftsmen, in one snapshot."""
    lat, lon = chance.choice(TOWNS)
    connection.set_session(isolation_level="REPEATABLE READ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT array_agg(id) FROM (SELECT id FROM mesteri.craft_categories ORDER BY random() LIMIT 4) AS c)::text[]")
        values = (*chance.choice([(None, None), (lat + chance.uniform(-0.3, 0.3), lon)]), chance.choice([5000, 50000, 300000]),
                  chance.choice([None, cursor.fetchone()[0]]), chance.choice([None, 4.2]), chance.choice([None, 80]),
                  chance.random() < 0.3)
        page = (chance.randint(1, 30), chance.randint(0, 40))
        cursor.execute(MATCH.format("top", ""), values + page)
        given = cursor.fetchall()
        cursor.execute(MATCH.format("reference", ", NULL"), values + page)
        assert given == cursor.fetchall(), f"E2E_SEED={SEED} {values} {page}"
    connection.rollback()
    return 1


def is_conflict(error):
    """PostgreSQL's own: a statement is cancelled, or a session that waits in its transaction is ended."""
    return error.pgcode == CONFLICT or isinstance(error, psycopg2.OperationalError) and error.pgcode is None


def is_planners(error):
    return error.pgcode == "XX000" and "could not open relation" in str(error) and "_reference(" in (error.diag.context or "")


@pytest.mark.parametrize("feedback", ["off", "on"])
def test_pages_are_the_references_while_the_primary_writes(primary, standby, feedback):
    chance = random.Random(f"{SEED} {feedback}")
    settle(standby, hot_standby_feedback=feedback)
    pages = 0
    connection = None
    with Writers(primary, SEED) as writers:
        end = time.monotonic() + WALKS_S
        while time.monotonic() < end:
            try:
                if connection is None or connection.closed:
                    connection = standby.connect()
                    connection.autocommit = False
                pages += chance.choice([compare, compare_matching])(connection, chance)
            except psycopg2.Error as error:
                assert is_conflict(error) or is_planners(error), (error.pgcode, str(error))
                if connection is not None:
                    connection.close()
    connection.close()
    primary.run("UPDATE mesteri.users SET is_active = true WHERE NOT is_active AND deleted_at IS NULL")
    assert writers.fault is None and writers.written > 20
    assert pages > 50


@pytest.mark.parametrize("command", ["REINDEX INDEX CONCURRENTLY", "REINDEX INDEX"])
def test_an_old_snapshot_leaves_a_younger_index_alone(primary, standby, command):
    """Who builds an index waits for the snapshots of the primary only: it lacks rows that one of a standby sees."""
    settle(standby, hot_standby_feedback="on", max_standby_streaming_delay="30s")
    primary.run("ALTER TABLE mesteri.content_posts SET (autovacuum_enabled = false)")
    caught_up(primary, standby)
    connection = standby.connect()
    connection.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        clock = cursor.fetchone()
        # Not before the primary knows what is still seen here.
        wait_until(lambda: primary.value("SELECT backend_xmin IS NOT NULL FROM pg_stat_replication"), 10, "feedback has come")
        primary.run("""UPDATE mesteri.content_posts SET location = mesteri.point(10, 10) WHERE id IN (
                           SELECT id FROM mesteri.content_posts WHERE status = 'published'
                              AND mesteri.within_m(location, mesteri.point(46.77, 23.59), 100000) ORDER BY id LIMIT 50)""")
        primary.run(f"{command} mesteri.content_posts_feed")
        caught_up(primary, standby)
        cursor.execute(DEEP.format("feed_top"), clock)
        given = cursor.fetchall()
        cursor.execute("SELECT index_pages FROM mesteri.engine_work()")
        assert cursor.fetchone() == (0,)
        cursor.execute(DEEP.format("feed_reference"), clock)
        assert given == cursor.fetchall() and len(given) > 50
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute(DEEP.format("feed_top"), clock)
        given = cursor.fetchall()
        cursor.execute("SELECT index_pages FROM mesteri.engine_work()")
        assert cursor.fetchone()[0] > 0, "the next one takes it"
        cursor.execute(DEEP.format("feed_reference"), clock)
        assert given == cursor.fetchall()
    connection.close()
    primary.run("ALTER TABLE mesteri.content_posts RESET (autovacuum_enabled)")


def test_what_is_dead_on_the_primary_may_be_seen_here(primary, standby):
    """The primary marks an entry of its index as dead, and the standby gets the page with the mark."""
    settle(standby, hot_standby_feedback="off", max_standby_streaming_delay="30s")
    primary.run("ALTER TABLE mesteri.content_posts SET (autovacuum_enabled = false)")
    primary.run("""INSERT INTO mesteri.content_posts (title, craftsman_id, media_type, media_urls, location, published_at)
                   SELECT 'doomed', c.id, 'image', '[]', mesteri.point(46.77, 23.59), now()
                     FROM (SELECT id FROM mesteri.craftsman_profiles WHERE match_key IS NOT NULL ORDER BY id LIMIT 1) AS c, generate_series(1, 5)""")
    wait_until(lambda: primary.value("SELECT backend_xmin IS NULL FROM pg_stat_replication"), 10, "no feedback holds the primary up")
    caught_up(primary, standby)
    connection = standby.connect()
    connection.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        clock = cursor.fetchone()
        primary.run("DELETE FROM mesteri.content_posts WHERE title = 'doomed'")
        primary.run("CHECKPOINT")
        looked_at = [ranked(primary, clock)[1]["heap_tuples"] for _ in range(3)]
        assert looked_at[-1] < looked_at[0], "the mark is made"
        caught_up(primary, standby)
        cursor.execute(DEEP.format("feed_top"), clock)
        given = cursor.fetchall()
        cursor.execute("SELECT index_pages > 0 FROM mesteri.engine_work()")
        assert cursor.fetchone() == (True,)
        cursor.execute(DEEP.format("feed_reference"), clock)
        assert given == cursor.fetchall()
        cursor.execute("SELECT count(*) FROM mesteri.content_posts WHERE title = 'doomed'")
        assert cursor.fetchone() == (5,)
    connection.close()
    primary.run("ALTER TABLE mesteri.content_posts RESET (autovacuum_enabled)")


def test_an_old_snapshot_has_no_page_by_a_younger_index(primary, standby):
    """What finds rows by their ids has no other way: the request is to be made again."""
    settle(standby, hot_standby_feedback="on", max_standby_streaming_delay="30s")
    caught_up(primary, standby)
    connection = standby.connect()
    connection.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        primary.run("REINDEX INDEX CONCURRENTLY mesteri.user_profiles_user_id_unique")
        caught_up(primary, standby)
        with pytest.raises(psycopg2.errors.SerializationFailure, match="younger than the snapshot"):
            request(connection, "GET", "/v1/feed")
    connection.rollback()
    assert request(connection, "GET", "/v1/feed").status == 200
    connection.close()


def test_an_index_of_something_else_is_no_matter_of_the_snapshot(primary, standby):
    """A later one would not find it better: whoever tried again would do so for ever."""
    primary.run("ALTER INDEX mesteri.user_profiles_user_id_unique RENAME TO put_aside")
    primary.run("CREATE INDEX user_profiles_user_id_unique ON mesteri.user_profiles (city)")
    caught_up(primary, standby)
    connection = standby.connect()
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        request(connection, "GET", "/v1/feed")
    connection.close()
    primary.run("DROP INDEX mesteri.user_profiles_user_id_unique")
    primary.run("ALTER INDEX mesteri.put_aside RENAME TO user_profiles_user_id_unique")


@pytest.mark.parametrize("feedback", ["off", "on"])
def test_a_walk_is_stopped_while_pages_split_and_empty(primary, standby, feedback):
    """At any point of it, by SIGSTOP; then it goes on, and finds what its snapshot sees or is cancelled for it."""
    chance = random.Random(f"{SEED} stop {feedback}")
    settle(standby, hot_standby_feedback=feedback, max_standby_streaming_delay="200ms")
    ends = []
    writer = primary.connect()
    with writer.cursor() as cursor:
        for _ in range(STOPS):
            ends.append(stopped_walk(standby, chance, cursor))
        cursor.execute("DELETE FROM mesteri.content_posts WHERE title = 'poured'")
        cursor.execute("VACUUM mesteri.content_posts")
    writer.close()
    assert ends.count("whole") > STOPS / 4, ends


def stopped_walk(standby, chance, writer):
    """whole, or conflict."""
    connection = standby.connect()
    connection.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    found = []

    def walk():
        try:
            reader.execute(DEEP.format("feed_top"), clock)
            found.extend(reader.fetchall())
        except psycopg2.Error as error:
            found.append(error)

    try:
        with connection.cursor() as reader:
            reader.execute("SELECT now()")
            clock = reader.fetchone()
            reader.execute(DEEP.format("feed_reference"), clock)
            wanted = reader.fetchall()
            thread = threading.Thread(target=walk)
            thread.start()
            time.sleep(chance.uniform(0.0005, 0.012))
            os.kill(connection.info.backend_pid, signal.SIGSTOP)
            try:
                for _ in range(chance.randint(1, 8)):
                    writer.execute(BULK)
                if chance.random() < 0.5:
                    writer.execute("DELETE FROM mesteri.content_posts WHERE title = 'poured'")
                    writer.execute("VACUUM mesteri.content_posts")
                    writer.execute(BULK)
                # It may hold a page that replay waits for.
                time.sleep(0.1)
            finally:
                os.kill(connection.info.backend_pid, signal.SIGCONT)
                thread.join()
    except psycopg2.Error as error:
        found, wanted = [error], None
    finally:
        connection.close()
    if found and isinstance(found[0], psycopg2.Error):
        assert is_conflict(found[0]), (found[0].pgcode, str(found[0]))
        return "conflict"
    assert found == wanted, f"E2E_SEED={SEED}"
    return "whole"


def splits(primary, since, until):
    """LSNs of records that split a page of the feed's index, but not its root: the page above is changed by the next record."""
    filenode = primary.value("SELECT pg_relation_filenode('mesteri.content_posts_feed')::text")
    shown = subprocess.run([os.path.join(BIN, "pg_waldump"), "--path", f"{primary.cluster.folder}/data/pg_wal", "--rmgr=Gist",
                            f"--start={since}", f"--end={until}"], stdout=subprocess.PIPE, text=True, timeout=60).stdout
    return [re.search(r"lsn: ([0-9A-F/]+)", line)[1] for line in shown.splitlines()
            if "PAGE_SPLIT" in line and f"/{filenode} blk" in line and not re.search(rf"/{filenode} blk 0\b", line)]


def test_a_split_that_is_not_complete(clusters, primary):
    """What a crash leaves that comes between the halves of a page and the entry above: on a standby, and promoted."""
    primary.run("SELECT pg_switch_wal()")
    halted = standby_of(clusters, primary, "halted", STANDBY + "recovery_target_action = 'pause'\n")
    halted.cluster.stop()
    since = primary.value("SELECT pg_current_wal_lsn()")
    wanted = []
    while len(wanted) < 2:
        primary.run(BULK)
        wanted = splits(primary, since, primary.value("SELECT pg_current_wal_flush_lsn()"))
    for target in (wanted[0], wanted[-1]):
        with open(f"{halted.cluster.folder}/data/postgresql.auto.conf", "a") as file:
            file.write(f"recovery_target_lsn = '{target}'\n")
        halted.cluster.start_again()
        wait_until(lambda: halted.value("SELECT pg_get_wal_replay_pause_state()") == "paused", 20, "it has come there")
        assert whole(halted)
        if target == wanted[0]:
            halted.cluster.stop()

    halted.run("SELECT pg_wal_replay_resume()")     # which promotes it here
    wait_until(lambda: not halted.value("SELECT pg_is_in_recovery()"), 20, "it is promoted")
    assert whole(halted)
    for _ in range(3):
        halted.run(BULK)
    assert whole(halted)
    assert halted.run("SELECT * FROM mesteri.feed_faults()") == []
    halted.cluster.stop()
    primary.run("DELETE FROM mesteri.content_posts WHERE title = 'poured'")


def whole(database):
    """A search of all posts that the index holds."""
    clock = database.run("SELECT now()")[0]["now"],
    given, work = ranked(database, clock)
    assert work["index_pages"] > 1
    return given == ranked(database, clock, "feed_reference")[0]


# What hangs on the moment of the request.
CLOCK = re.compile(r'"(relevance_score|recency)":[-0-9.e]+|"(exported_at|next_cursor)" : "[^"]*"')


def asked(connection, path, token):
    answer = request(connection, "GET", path, token=token)
    return answer.status, CLOCK.sub("", answer.body.decode())


def test_a_standby_answers_what_is_read(primary, standby):
    tokens = {name: token(primary, person) for name, (_, person) in CALLERS.items() if name != "Ada"}
    values = {name: primary.value(query) for name, query in VALUES.items()}
    caught_up(primary, standby)
    here, there = standby.connect(), primary.connect()
    asked_for = 0
    for path in (path.format(**values) for paths in SAMPLES.values() for path in paths if "next_cursor" not in path):
        for name, who in tokens.items():
            # In this order: the primary notes what it has shown, and whom it has given his export.
            given = asked(here, path, who)
            assert given == asked(there, path, who), (name, path)
            asked_for += given[0] == 200
    assert asked_for > 50
    # A session that ends on the primary ends here.
    primary.run("UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = 'password' WHERE user_id = %s", ANA)
    caught_up(primary, standby)
    assert asked(here, "/v1/users/me", tokens["Ana"])[0] == 401
    here.close()
    there.close()


def test_a_standby_refuses_what_is_written(primary, standby):
    ana = token(primary, ANA)
    post = primary.value(VALUES["post"])
    caught_up(primary, standby)
    connection = standby.connect()
    login = '{"email_or_phone": "ana.popescu@example.ro", "password": "%s"}'
    for path, who, body in (("/v1/auth/login", None, login % "mesteri-demo-2026"), ("/v1/auth/login", None, login % "wrong wrong"),
                            ("/v1/auth/forgot-password", None, '{"email_or_phone": "ana.popescu@example.ro"}'),
                            ("/v1/auth/logout", ana, None), (f"/v1/posts/{post}/like", ana, None),
                            (f"/v1/posts/{post}/comments", ana, '{"text": "Frumos"}')):
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            request(connection, "POST", path, body, who)
    for statement in ("SELECT mesteri.roll_up_impressions()", "SELECT mesteri.make_partitions_ahead()", "CALL ops.mend_counters()",
                      "SELECT * FROM ops.after_restore('recover')", "SELECT mesteri.effects_apply('{}')", f"SELECT ops.erase_user('{ANA}', 'x')"):
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            connection.cursor().execute(statement)
    connection.close()


def test_timed_work_rests_on_a_standby(primary, standby):
    wait_until(lambda: primary.run(WORKER), 30, "the primary's worker is there")
    assert standby.run("SELECT 1 FROM pg_stat_activity WHERE backend_type LIKE 'mesteri%%'") == []
    runs = standby.value("SELECT count(*) FROM mesteri.job_runs")
    standby.run("CALL ops.run_jobs()")
    assert standby.value("SELECT count(*) FROM mesteri.job_runs") >= runs
    findings = [{row["finding"] for row in database.run("SELECT finding FROM ops.doctor() WHERE severity <> 'info'")} for database in (standby, primary)]
    assert findings[0] == findings[1], "the doctor sees what he sees on the primary"


def test_nothing_else_went_wrong(standby):
    with open(standby.cluster.log) as file:
        said = [line for line in file if re.search(r" (ERROR|FATAL|PANIC): ", line)]
    assert [line for line in said if not FAULTS.search(line)] == []


def test_promoted_it_does_all(clusters, primary, standby):
    """Behind a proxy, too, which has served reads before and finds the same server after."""
    primary.run("SELECT mesteri.instance_check()")
    ana = token(primary, ANA)
    post = primary.value(VALUES["post"])
    caught_up(primary, standby)
    proxy = Proxy(binary("MESTERI_PROXY", "proxy"), standby.for_proxy(), clusters.folder, "standby-proxy")
    try:
        client = proxy.start().client(ana)
        assert client.get("/v1/feed?lat=46.77&lon=23.59").status == 200
        answer = client.post(f"/v1/posts/{post}/like")
        assert (answer.status, answer.error) == (503, "overloaded")

        reader = standby.connect()
        reader.set_session(isolation_level="REPEATABLE READ", autocommit=False)
        with reader.cursor() as cursor:
            cursor.execute("SELECT now()")
            clock = cursor.fetchone()
            cursor.execute("DECLARE page CURSOR FOR " + DEEP.format("feed_top"), clock)
            cursor.execute("FETCH 10 FROM page")
            given = cursor.fetchall()
            primary.cluster.stop()
            assert standby.value("SELECT pg_promote()")
            standby.run(BULK)
            standby.run("DELETE FROM mesteri.content_posts WHERE id = %s", next(shown for shown, _ in given if shown != post))
            standby.run("VACUUM mesteri.content_posts")
            cursor.execute("FETCH ALL FROM page")
            given += cursor.fetchall()
            cursor.execute(DEEP.format("feed_top"), clock)
            assert given == cursor.fetchall(), "of a transaction that began before"
            cursor.execute(DEEP.format("feed_reference"), clock)
            assert given == cursor.fetchall()
        reader.close()
        assert client.post(f"/v1/posts/{post}/like").status == 200
    finally:
        proxy.stop()

    assert whole(standby) and standby.run("SELECT * FROM mesteri.feed_faults()") == []
    chance = random.Random(SEED)
    connection = standby.connect()
    connection.autocommit = False
    with Writers(standby, SEED) as writers:
        wait_until(lambda: writers.written > 20, 30, "it is written to")
        assert sum(compare(connection, chance) + compare_matching(connection, chance) for _ in range(10)) > 20
    assert writers.fault is None
    connection.close()

    wait_until(lambda: standby.run(WORKER), 30, "its worker is there")
    assert standby.value("SELECT mesteri.is_fenced()")
    before = standby.value("SELECT count(*) FROM mesteri.job_runs")
    standby.run("SELECT mesteri.instance_record('recover')")
    wait_until(lambda: standby.value("SELECT count(*) FROM mesteri.job_runs") > before, 20, "jobs run")
