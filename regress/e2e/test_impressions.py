"""Reads that were noted are counted exactly once, whatever is killed between the read and the count."""

import os
import signal
import threading
import time

import psycopg2
import pytest

from server import wait_until
from work import make_post, wrong_counters


@pytest.fixture(scope="module")
def mortal(world):
    """A cluster to kill; nobody counts but the tests."""
    database = world.cluster("mortal").database("mortal")
    database.run("UPDATE mesteri.jobs SET is_enabled = false WHERE name = 'count_views'")
    # Who counts rows by hand while they move to today's partition may see none: it is there before there are any.
    database.run("SELECT mesteri.make_partitions_ahead()")
    return database


@pytest.fixture(scope="module")
def mortal_proxy(world, mortal):
    return world.proxy(mortal, name="mortal", workers=1)


@pytest.fixture(scope="module")
def read(mortal, mortal_proxy, register):
    """Two readers, three posts; read() lets both read all, and waits until the proxy has handed that on."""
    client = mortal_proxy.client()
    craftsman = register(client, user_type="craftsman")
    posts = [make_post(mortal, craftsman)["id"] for _ in range(3)]
    tokens = [register(client).access_token for _ in range(2)]

    def read():
        mortal.run("TRUNCATE mesteri.content_interactions, mesteri.impressions")
        mortal.run("UPDATE mesteri.content_posts SET views_count = 0")
        for token in tokens:
            assert client.get("/v1/feed?limit=3", token=token).status == 200
            for post in posts:
                assert client.get(f"/v1/posts/{post}", token=token).status == 200
        wait_until(lambda: waiting(mortal) == 8, 10, "reads are noted")
        return posts

    return read


def waiting(database):
    return database.value("SELECT count(*) FROM mesteri.impressions")


def counted(database):
    return [row["views_count"] for row in database.run("SELECT views_count FROM mesteri.content_posts")]


def is_back(database):
    try:
        return database.value("SELECT true")
    except psycopg2.Error:
        return False


def test_a_row_a_read(mortal, read):
    posts = read()
    assert sorted(row["n"] for row in mortal.run("SELECT cardinality(post_ids) AS n FROM mesteri.impressions")) == [1] * 6 + [3] * 2
    assert counted(mortal) == [0] * 3
    assert mortal.value("SELECT mesteri.roll_up_impressions()") == 8
    assert counted(mortal) == [2] * 3 and waiting(mortal) == 0 and not wrong_counters(mortal, *posts)
    assert mortal.value("SELECT count(*) FROM mesteri.content_interactions WHERE interaction_type = 'view'") == 6


def test_the_server_dies_before_the_count(mortal, read):
    posts = read()
    mortal.cluster.kill()
    mortal.cluster.start_again()
    assert waiting(mortal) == 8 and counted(mortal) == [0] * 3
    assert mortal.value("SELECT mesteri.roll_up_impressions()") == 8
    assert counted(mortal) == [2] * 3 and not wrong_counters(mortal, *posts)
    assert mortal.value("SELECT mesteri.roll_up_impressions()") == 0 and counted(mortal) == [2] * 3


def test_who_counts_is_killed(mortal, mortal_proxy, read):
    """kill -9 of a backend that has counted and not committed."""
    mortal_proxy.wait_ready()
    posts = read()
    connection, witness = mortal.connect(), mortal.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT mesteri.roll_up_impressions()")
        assert cursor.fetchone() == (8,)
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg2.Error):
            cursor.execute("COMMIT")
    # Until the server has noticed, it lets people in: it ends all sessions at once, and then nobody comes in before it has recovered.
    with pytest.raises(psycopg2.Error), witness.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    witness.close()
    connection.close()
    wait_until(lambda: is_back(mortal), 30, "the server has recovered")
    assert waiting(mortal) == 8 and counted(mortal) == [0] * 3
    assert mortal.value("SELECT mesteri.roll_up_impressions()") == 8
    assert counted(mortal) == [2] * 3 and not wrong_counters(mortal, *posts)


def test_many_count_while_many_read(mortal, mortal_proxy, read):
    """Two who count without pause while both readers read again and again: everything once, nothing left."""
    mortal_proxy.wait_ready()
    posts = read()
    done = threading.Event()
    taken = []

    def count():
        while not done.is_set():
            taken.append(mortal.value("SELECT mesteri.roll_up_impressions()"))

    counters = [threading.Thread(target=count) for _ in range(2)]
    viewer, = [row["viewer"] for row in mortal.run("SELECT min(viewer_id::text) AS viewer FROM mesteri.impressions")]
    for thread in counters:
        thread.start()
    for _ in range(30):
        mortal.run("SELECT mesteri.effects_apply(array_agg(e)) FROM unnest(mesteri.view_effects(%s, %s::uuid[])) AS e, generate_series(1, 5)", viewer, posts)
        time.sleep(0.005)
    done.set()
    for thread in counters:
        thread.join()
    taken.append(mortal.value("SELECT mesteri.roll_up_impressions()"))
    assert sum(taken) == 8 + 30 * 5 and waiting(mortal) == 0
    assert counted(mortal) == [2] * 3 and not wrong_counters(mortal, *posts)


def test_the_job_counts(mortal, mortal_proxy, read):
    """Left alone, reads are counted within seconds; what waits too long is seen."""
    mortal_proxy.wait_ready()
    read()
    mortal.run("UPDATE mesteri.jobs SET is_enabled = true WHERE name = 'count_views'")
    mortal.run("CALL ops.run_jobs()")
    wait_until(lambda: counted(mortal) == [2] * 3 and waiting(mortal) == 0, 60, "the job counts")
    mortal.run("UPDATE mesteri.jobs SET is_enabled = false WHERE name = 'count_views'")
    assert mortal.run("SELECT error FROM ops.jobs WHERE name = 'count_views'")[0]["error"] is None
