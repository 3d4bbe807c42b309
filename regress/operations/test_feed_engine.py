"""The feed's index under writers: each page is the reference's of the same snapshot, and a killed server's index is whole.

A slice in each run; MESTERI_SOAK compares 10 000 pages.  E2E_SEED sets the seed, which a failure prints.
"""

import base64
import contextlib
import os
import random
import signal
import threading
import time
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from server import wait_until
from sql import request

POSTS = 3000
PAGES = 10_000 if os.environ.get("MESTERI_SOAK") else 120
WALKS = 300 if os.environ.get("MESTERI_SOAK") else 40
SEED = int(os.environ.get("E2E_SEED") or random.randrange(10**9))
NOW = "2026-11-22T00:00:00Z"

TOWNS = [(46.77, 23.59), (44.43, 26.10), (47.16, 27.59), (45.75, 21.23), (46.36, 25.80)]
SEARCH = "SELECT f::text, f.post_id, f.score FROM mesteri.feed_weights w, mesteri.{}(%s, w, mesteri.point(%s, %s), %s, %s::uuid[], %s::uuid[], NULL, %s, %s, %s, %s, 0) AS f WHERE w.version = 1"

ANY_POST = "(SELECT id FROM mesteri.content_posts OFFSET floor(random() * {})::integer LIMIT 1)".format(POSTS // 2)
ANY_CRAFTSMAN = "(SELECT id FROM mesteri.craftsman_profiles OFFSET floor(random() * 100)::integer LIMIT 1)"
WRITES = [
    # A like, with its counter: the two are equal whatever happens to the server.
    f"""WITH liked AS (INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type)
                       SELECT u.id, p.id, 'like' FROM (SELECT id FROM mesteri.users OFFSET floor(random() * 100)::integer LIMIT 1) AS u, {ANY_POST} AS p
                           ON CONFLICT DO NOTHING RETURNING post_id)
        UPDATE mesteri.content_posts p SET likes_count = likes_count + 1 FROM liked WHERE p.id = liked.post_id""",
    f"UPDATE mesteri.content_posts SET views_count = views_count + 1 + floor(random() * 3)::integer WHERE id = {ANY_POST}",
    f"UPDATE mesteri.content_posts SET location = mesteri.point(46.77 + random() - 0.5, 23.59 + random() - 0.5) WHERE id = {ANY_POST}",
    f"UPDATE mesteri.content_posts SET status = CASE status WHEN 'published' THEN 'hidden' ELSE 'published' END::mesteri.content_status WHERE id = {ANY_POST} AND published_at IS NOT NULL",
    f"""INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at, category_id)
        SELECT {ANY_CRAFTSMAN}, 'image', '[]', mesteri.point(46.77 + random() - 0.5, 23.59 + random() - 0.5), now() - random() * interval '8 days',
               (SELECT id FROM mesteri.craft_categories OFFSET floor(random() * 40)::integer LIMIT 1)""",
    f"DELETE FROM mesteri.content_posts WHERE id = {ANY_POST}",
    f"UPDATE mesteri.craftsman_profiles SET total_reviews = total_reviews + 1, rating_sum = rating_sum + 1 + floor(random() * 5)::integer WHERE id = {ANY_CRAFTSMAN}",
    f"UPDATE mesteri.users SET is_active = NOT is_active WHERE deleted_at IS NULL AND id = (SELECT user_id FROM mesteri.craftsman_profiles WHERE id = {ANY_CRAFTSMAN})",
]
# As many posts come as go: the reference reads them all, ten thousand times.
WEIGHTS = [20, 40, 5, 5, 10, 10, 8, 2]
RECOUNT = """SELECT p.id, p.likes_count - (SELECT count(*) FROM mesteri.content_interactions i WHERE i.post_id = p.id AND i.interaction_type = 'like')
               FROM mesteri.content_posts p"""


class Writers:
    """Transactions of one to four writes, some rolled back, until told to stop or cut off."""

    def __init__(self, database, seed):
        self.database = database
        self.done = threading.Event()
        self.fault = None
        self.written = 0
        self.threads = [threading.Thread(target=self.write, args=(random.Random(f"{seed} {n}"),)) for n in range(3)]
        self.threads.append(threading.Thread(target=self.tidy))

    def write(self, chance):
        try:
            connection = self.database.connect()
            connection.autocommit = False
            while not self.done.is_set():
                try:
                    connection.set_session(isolation_level=chance.choice(["READ COMMITTED", "READ COMMITTED", "REPEATABLE READ"]))
                    with connection.cursor() as cursor:
                        for _ in range(chance.randint(1, 4)):
                            cursor.execute(chance.choices(WRITES, WEIGHTS)[0])
                    if chance.random() < 0.1:
                        connection.rollback()
                    else:
                        connection.commit()
                        self.written += 1
                except (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure, psycopg2.errors.ForeignKeyViolation):
                    connection.rollback()
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not self.done.is_set():
                self.fault = "cut off"
        except Exception as error:  # noqa: BLE001 - shown by whoever waits for the threads
            self.fault = error

    def tidy(self):
        try:
            connection = self.database.connect()
            with connection.cursor() as cursor:
                while not self.done.wait(1):
                    cursor.execute("VACUUM mesteri.content_posts")
                    cursor.execute("REINDEX INDEX CONCURRENTLY mesteri.content_posts_feed")
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not self.done.is_set():
                self.fault = "cut off"

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


def compare(connection, chance):
    """A search three pages deep, in one snapshot; returns the pages compared."""
    lat, lon = chance.choice(TOWNS)
    place = (None, None) if chance.random() < 0.1 else (lat + chance.uniform(-0.3, 0.3), lon + chance.uniform(-0.3, 0.3))
    radius = chance.choice([5000, 50000, 300000])
    after, served, pages = (None, None), b"", 0
    connection.set_session(isolation_level="REPEATABLE READ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), (SELECT array_agg(id) FROM (SELECT id FROM mesteri.craft_categories ORDER BY random() LIMIT 4) AS c)::text[],"
                       " (SELECT array_agg(id) FROM (SELECT id FROM mesteri.craftsman_profiles ORDER BY random() LIMIT 30) AS c)::text[]")
        clock, categories, authors = cursor.fetchone()
        categories = categories if chance.random() < 0.3 else None
        authors = authors if chance.random() < 0.2 else None
        for _ in range(3):
            values = (clock, *place, radius, categories, authors, *after, served, chance.randint(1, 30))
            cursor.execute(SEARCH.format("feed_top"), values)
            given = cursor.fetchall()
            cursor.execute(SEARCH.format("feed_reference"), values)
            assert given == cursor.fetchall(), f"E2E_SEED={SEED} {values}"
            pages += 1
            if not given:
                break
            after = (given[-1][2], given[-1][1])
    connection.rollback()
    return pages


@pytest.fixture(scope="module")
def database(clusters):
    """Of a cluster that is killed."""
    database = clusters.make("feed").database("mesteri")
    database.load_demo(POSTS, 2026, NOW)
    return database


def recount(database):
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT)
        return dict(cursor.fetchall())


def test_pages_are_the_references_while_others_write(database):
    chance = random.Random(SEED)
    before = recount(database)
    connection = database.connect()
    connection.autocommit = False
    pages = 0
    with Writers(database, SEED) as writers:
        while pages < PAGES:
            pages += compare(connection, chance)
    assert writers.fault is None
    assert writers.written > 20
    assert database.run("SELECT * FROM mesteri.feed_faults()") == []
    assert all(difference == before.get(post, 0) for post, difference in recount(database).items())


BULK = """INSERT INTO mesteri.content_posts (title, craftsman_id, media_type, media_urls, location, published_at)
          SELECT 'poured', (SELECT id FROM mesteri.craftsman_profiles ORDER BY id LIMIT 1), 'image', '[]',
                 mesteri.point(46.77 + random() / 10, 23.59 + random() / 10), now() - random() * interval '8 days' FROM generate_series(1, 200)"""
DEEP = """SELECT f.post_id, f.score FROM mesteri.feed_weights w,
                 mesteri.{}(%s, w, mesteri.point(46.77, 23.59), 100000, NULL, NULL, NULL, NULL, NULL, '', 2500, 0) AS f WHERE w.version = 1"""


def test_a_walk_finds_what_a_split_moves_away_from_it(database):
    """Rows that pour in split pages that a walk knows of and has not read."""
    reader = database.connect()
    reader.autocommit = False
    done = threading.Event()

    def pour():
        connection = database.connect()
        with connection.cursor() as cursor:
            while not done.is_set():
                for _ in range(50):
                    cursor.execute(BULK)
                cursor.execute("DELETE FROM mesteri.content_posts WHERE title = 'poured'")
                cursor.execute("VACUUM mesteri.content_posts")

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        for _ in range(WALKS):
            reader.set_session(isolation_level="REPEATABLE READ")
            with reader.cursor() as cursor:
                cursor.execute("SELECT now()")
                clock = cursor.fetchone()
                cursor.execute(DEEP.format("feed_top"), clock)
                given = cursor.fetchall()
                cursor.execute(DEEP.format("feed_reference"), clock)
                assert given == cursor.fetchall()
            reader.rollback()
    finally:
        done.set()
        thread.join()


def test_dead_entries_are_not_looked_at_again(database):
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mesteri.content_posts SET (autovacuum_enabled = false)")
        cursor.execute("""UPDATE mesteri.content_posts SET location = mesteri.point(10, 10)
                           WHERE id IN (SELECT id FROM mesteri.content_posts WHERE feed_key IS NOT NULL LIMIT 10)""")
        for step in range(20):
            cursor.execute("UPDATE mesteri.content_posts SET location = mesteri.point(10, 10 + %s / 1000.0) WHERE location = mesteri.point(10, 10 + %s / 1000.0)",
                           (step + 1, step))
        # A hint that is the first since a checkpoint writes the whole page, and those beside it wait for the next walk.
        looked_at = []
        for _ in range(5):
            cursor.execute("""SELECT count(*) FROM mesteri.feed_weights w,
                mesteri.feed_top(now(), w, mesteri.point(10, 10), 50000, NULL, NULL, NULL, NULL, NULL, '', 20, 0) WHERE w.version = 1""")
            assert cursor.fetchone() == (10,)
            cursor.execute("SELECT heap_tuples FROM mesteri.engine_work()")
            looked_at += cursor.fetchone()
    assert looked_at[0] > 100
    assert looked_at[-1] < 20


SCATTERED = """INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at)
               SELECT c.id, 'image', '[]', mesteri.point(46.75 + random() / 25, 23.57 + random() / 25), now() - random() * interval '5 days'
                 FROM mesteri.craftsman_profiles c, generate_series(1, 2) WHERE c.match_key IS NOT NULL"""
PAGE = "/v1/feed?lat=46.77&lon=23.59&radius_km=5&limit=20"
RANKED = """SELECT f.post_id, p.craftsman_id FROM mesteri.feed_weights w,
                   mesteri.{}(%s, w, mesteri.point(46.77, 23.59), 5000, NULL, NULL, NULL, NULL, NULL, '', 2500, 0) AS f
              JOIN mesteri.content_posts p ON p.id = f.post_id WHERE w.version = 1"""


def erase(database, craftsman):
    database.run("SELECT ops.erase_user(c.user_id, 'x') FROM mesteri.craftsman_profiles c WHERE c.id = %s", craftsman)


def clock_of(cursor):
    """The moment that a scroll began: it is in its cursor, behind the seal and a byte, as PostgreSQL keeps it."""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return datetime(2000, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=int.from_bytes(data[17:25], "big"))


def test_an_author_is_erased_between_two_pages(database):
    """Nothing of his is shown from then on, and all that is others' is, once."""
    database.run(SCATTERED)
    with contextlib.closing(database.connect()) as reader, reader.cursor() as cursor:
        page = request(reader, "GET", PAGE).json()
        cursor.execute(RANKED.format("feed_reference"), (clock_of(page["next_cursor"]),))
        ranked = cursor.fetchall()
        assert 100 < len(ranked) < 500
        shown = [post["id"] for post in page["posts"]]
        assert shown == [post for post, _ in ranked[:20]]
        erased = [next(author for _, author in ranked[20:] if author in {author for _, author in ranked[:20]})]
        erase(database, erased[0])
        while page["next_cursor"] is not None:
            page = request(reader, "GET", f"{PAGE}&cursor={page['next_cursor']}").json()
            assert not {post["craftsman_id"] for post in page["posts"]} & set(erased)
            shown += [post["id"] for post in page["posts"]]
            # Whoever would have come next.
            if len(erased) < 4:
                erased.append(next(author for post, author in ranked if post not in shown and author not in erased))
                erase(database, erased[-1])
        assert len(shown) == len(set(shown))
        assert {post for post, author in ranked if author not in erased} <= set(shown) <= {post for post, _ in ranked}
    assert database.run("SELECT * FROM mesteri.feed_faults()") == []


def test_an_author_is_erased_while_a_page_is_read(database):
    """A cursor that stays open shows what it began with; a request that is stopped on its way answers what it has seen."""
    database.run(SCATTERED)
    with contextlib.closing(database.connect()) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT now()")
        clock = cursor.fetchone()
        cursor.execute(RANKED.format("feed_top"), clock)
        ranked = cursor.fetchall()
        cursor.execute("BEGIN")
        cursor.execute("DECLARE page CURSOR FOR " + RANKED.format("feed_top"), clock)
        cursor.execute("FETCH 1 FROM page")
        given = cursor.fetchall()
        erase(database, ranked[-1][1])
        erase(database, ranked[1][1])
        cursor.execute("FETCH ALL FROM page")
        assert given + cursor.fetchall() == ranked
        cursor.execute("COMMIT")

        chance = random.Random(SEED)
        for _ in range(5):
            before = request(reader, "GET", PAGE).json()["posts"]
            answers = []
            thread = threading.Thread(target=lambda: answers.append(request(reader, "GET", PAGE)))
            thread.start()
            time.sleep(chance.uniform(0, 0.002))
            os.kill(reader.info.backend_pid, signal.SIGSTOP)
            try:
                # It may hold a page that the erasure waits for.
                eraser = threading.Thread(target=erase, args=(database, before[0]["craftsman_id"]))
                eraser.start()
                eraser.join(0.3)
            finally:
                os.kill(reader.info.backend_pid, signal.SIGCONT)
            thread.join()
            eraser.join()
            after = request(reader, "GET", PAGE).json()["posts"]
            assert answers[0].status == 200
            assert [post["id"] for post in answers[0].json()["posts"]] in ([post["id"] for post in before], [post["id"] for post in after])
            assert before[0]["craftsman_id"] not in {post["craftsman_id"] for post in after}


@pytest.mark.parametrize("victim", ["reader", "writer"])
def test_a_killed_backend_leaves_nothing(database, victim):
    """The server begins anew: rows, index and files are as if that session had never been."""
    chance = random.Random(f"{SEED} {victim}")
    sessions = {name: database.connect() for name in ("reader", "writer", "other")}
    with sessions["reader"].cursor() as cursor:
        # What is ranked does not fit, and goes into a file.
        cursor.execute("SET work_mem = '64kB'")

    def work(connection, sql):
        with contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError), connection.cursor() as cursor:
            while True:
                cursor.execute(sql)

    threads = [threading.Thread(target=work, args=(connection, DEEP.format("feed_top").replace("%s", "now()") if name == "reader" else BULK))
               for name, connection in sessions.items()]
    for thread in threads:
        thread.start()
    temporary = f"{database.cluster.folder}/data/base/pgsql_tmp"
    wait_until(lambda: os.path.isdir(temporary) and os.listdir(temporary), 20, "something is in a file")
    time.sleep(chance.uniform(0, 0.3))
    os.kill(sessions[victim].info.backend_pid, signal.SIGKILL)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()

    def is_back():
        with contextlib.suppress(psycopg2.OperationalError):
            return database.value("SELECT true")

    wait_until(is_back, 60, "the server is back")
    assert os.listdir(temporary) == []
    assert database.value("SELECT count(*) FROM pg_class WHERE relpersistence = 't'") == 0
    assert database.run("SELECT * FROM mesteri.feed_faults()") == []
    clock = database.run("SELECT now()")[0]["now"]
    given, wanted = (database.run(DEEP.format(function), clock) for function in ("feed_top", "feed_reference"))
    assert given == wanted and len(given) > 500
    database.run("DELETE FROM mesteri.content_posts WHERE title = 'poured'")


def test_a_killed_servers_index_is_whole(database):
    chance = random.Random(SEED + 1)
    before = recount(database)
    with Writers(database, SEED + 1) as writers:
        wait_until(lambda: writers.written > 40, 60, "something is written")
        with open(os.path.join(database.cluster.folder, "data", "postmaster.pid")) as file:
            postmaster = int(file.readline())
        children = [int(pid) for pid in open(f"/proc/{postmaster}/task/{postmaster}/children").read().split()]
        writers.done.set()
        for pid in [postmaster, *children]:
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in [postmaster, *children]), 20, "the server is gone")
    database.cluster.start_again()

    assert database.run("SELECT * FROM mesteri.feed_faults()") == []
    assert all(difference == before.get(post, 0) for post, difference in recount(database).items())
    connection = database.connect()
    connection.autocommit = False
    for _ in range(20):
        compare(connection, chance)
    # All that is in the feed is in the index: a search of everything that nobody can leave early.
    shown = database.value("SELECT count(*) FROM mesteri.content_posts WHERE feed_key IS NOT NULL")
    found = database.value("""SELECT count(*) FROM mesteri.feed_weights w,
        mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 2501, 0) WHERE w.version = 1""")
    assert found == min(shown, 2501)
    assert database.value("SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 0) WHERE w.version = 1") == 1
