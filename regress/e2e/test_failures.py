"""The database goes away and comes back; the proxy is not touched and heals."""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import wait_until


@pytest.fixture(scope="module")
def fragile(world):
    """A cluster to be killed."""
    return world.cluster("pg-fragile")


@pytest.fixture(scope="module")
def fragile_database(fragile):
    return fragile.database("fragile")


@pytest.fixture(scope="module", params=["sanitized", "plain"])
def fragile_proxy(request, world, fragile_database):
    proxy = world.proxy(fragile_database, plain=request.param == "plain", name="fragile", reconnect_max_ms=500)
    yield proxy
    proxy.stop()


class Readers:
    """Clients that go on asking, whatever they are told; what they may be told is 200 or overloaded."""

    def __init__(self, client, count=6):
        self.client = client
        self.stopped = threading.Event()
        self.results = Counter()
        self.slowest = 0
        self.pool = ThreadPoolExecutor(count)
        self.futures = [self.pool.submit(self.ask) for _ in range(count)]

    def ask(self):
        while not self.stopped.is_set():
            started = time.monotonic()
            answer = self.client.get("/v1/categories?limit=2")
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.results[answer.error or answer.status] += 1

    def __enter__(self):
        wait_until(lambda: self.results[200] > 20, 10, "readers are at work")
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.pool.shutdown()
        for future in self.futures:
            future.result()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_database_goes_and_comes_back(fragile, fragile_proxy, register, how):
    client = fragile_proxy.client()
    person = register(client)
    workers = fragile_proxy.workers()
    with Readers(client) as readers:
        getattr(fragile, how)()
        try:
            wait_until(lambda: readers.results["overloaded"] > 20, 10, "they are told that the service is busy")
            assert client.get("/health").status == 200
            ready = client.get("/ready")
            assert ready.status == 503 and ready.json()["checks"]["database"] is False
            assert person.client.get("/v1/users/me").error == "overloaded"
        finally:
            fragile.start_again()
        fragile_proxy.wait_ready(15)
        before = readers.results[200]
        wait_until(lambda: readers.results[200] > before + 20, 10, "readers are answered again")
    assert set(readers.results) == {200, "overloaded"}, readers.results
    assert readers.slowest < 5
    assert person.client.get("/v1/users/me").status == 200, "sessions outlive the server"
    assert fragile_proxy.workers() == workers, "no worker died of it"


def test_request_under_way_when_the_database_dies(fragile, fragile_database, fragile_proxy, register):
    """It is answered, once, soon; and it did not happen."""
    person = register(fragile_proxy.client())
    answers = []
    connection = fragile_database.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (person.id,))
        waiting = threading.Thread(target=lambda: answers.append(
            person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": "*"})))
        waiting.start()
        time.sleep(0.3)
        fragile.kill()
    waiting.join(10)
    connection.close()
    fragile.start_again()
    assert [answer.error for answer in answers] == ["overloaded"]
    fragile_proxy.wait_ready(15)
    assert person.client.get("/v1/users/me").json()["profile"]["city"] is None


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_key_while_the_database_goes(fragile, fragile_database, fragile_proxy, register, how):
    """What was answered is answered again by the server that comes after; what was under way never was."""
    client = fragile_proxy.client()
    person, done, waiting_for = register(client), register(client), register(client)

    def block(other):
        return person.client.post(f"/v1/users/{other.id}/block", headers={"Idempotency-Key": other.id})

    first = block(done)
    assert first.status == 200
    fragile_database.run("CHECKPOINT")  # these clusters do not wait for the disk
    answers = []
    connection = fragile_database.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.users WHERE id = %s FOR UPDATE", (waiting_for.id,))
        waiting = threading.Thread(target=lambda: answers.append(block(waiting_for)))
        waiting.start()
        wait_until(lambda: fragile_database.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                                  " AND usename = 'mesteri_proxy'"), 5, "it is under way")
        assert block(waiting_for).error == "in_progress"
        getattr(fragile, how)()
    waiting.join(10)
    connection.close()
    fragile.start_again()
    fragile_proxy.wait_ready(15)
    assert [answer.error for answer in answers] == ["overloaded"]
    again = block(done)
    assert again.header("idempotent-replayed") == "true" and again.body == first.body
    other = block(waiting_for)
    assert other.status == 200 and other.header("idempotent-replayed") is None


def test_terminated_backends(fragile_database, fragile_proxy):
    """One by one, under load: a connection that breaks is another one soon."""
    with Readers(fragile_proxy.client()) as readers:
        for _ in range(5):
            fragile_database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mesteri_proxy'")
            time.sleep(0.3)
        fragile_proxy.wait_ready(15)
    assert set(readers.results) <= {200, "overloaded"} and readers.results[200] > 100
    with Readers(fragile_proxy.client()) as readers:
        time.sleep(0.5)
    assert set(readers.results) == {200}, "afterwards all is as before"


def test_proxy_before_its_database(world, fragile, fragile_database):
    """Started while nobody is there, it says so, and is ready soon after the server is."""
    fragile.stop()
    try:
        proxy = world.proxy(fragile_database, name="early", is_ready=False, start_wait_ms=200, reconnect_max_ms=500)
        wait_until(lambda: answers(proxy), 10, "it accepts")
        assert proxy.client().get("/v1/feed").error == "overloaded"
        assert proxy.client().get("/ready").status == 503
    finally:
        fragile.start_again()
    proxy.wait_ready(15)
    assert proxy.client().get("/v1/categories").status == 200


def answers(proxy):
    try:
        return proxy.client().get("/health").status == 200
    except OSError:
        return False


def test_hung_database(world, fragile_database, register):
    """The server stops to speak in the middle of a request: the client hears of it within deadline and grace."""
    proxy = world.proxy(fragile_database, name="hung", workers=1, lane_write_connections=1, deadline_grace_ms=300)
    client = proxy.client()
    person = register(client)
    pids = [row["pid"] for row in fragile_database.run(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'mesteri_proxy' AND datname = current_database()")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        answer = person.client.get("/v1/users/me")
        took = time.monotonic() - started
        assert answer.error == "deadline_exceeded" and 1.9 < took < 4, (answer, took)
        wait_until(lambda: client.get("/v1/categories").status == 200, 10, "other connections take over")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert person.client.get("/v1/users/me").status == 200


def test_what_was_given_up_is_not_done_later(world, fragile_database, register):
    """Commands that wait behind others are answered as not done, or done: never the one and later the other."""
    route = "method = 'PUT' AND path = '/v1/users/me'"
    before = fragile_database.value(f"SELECT deadline_ms FROM mesteri.routes WHERE {route}")
    fragile_database.run(f"UPDATE mesteri.routes SET deadline_ms = 700 WHERE {route}")
    try:
        proxy = world.proxy(fragile_database, name="late", workers=1, lane_write_connections=4, deadline_grace_ms=300)
        client = proxy.client()
        ana, *others = [register(client) for _ in range(7)]
        answers = {person.id: [] for person in (ana, *others)}

        def write(person, city):
            answers[person.id].append(person.client.put("/v1/users/me", {"city": city}, headers={"If-Match": "*"}).status)

        connection = fragile_database.connect()
        threads = []
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (ana.id,))
            # Ana's wait for the row, twice as many as there are connections; everybody else's come behind them.
            for burst in range(2):
                people = [ana] * 8 + others[burst * 3:burst * 3 + 3]
                threads += [threading.Thread(target=write, args=(person, f"Dej {burst} {n}")) for n, person in enumerate(people)]
                for thread in threads[-len(people):]:
                    thread.start()
                    time.sleep(0.01)
                time.sleep(0.3)
            time.sleep(2)
            cursor.execute("ROLLBACK")
        connection.close()
        for thread in threads:
            thread.join(20)
        wait_until(lambda: fragile_database.value("SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'mesteri_proxy'"
                                                  " AND (state <> 'idle' OR wait_event_type = 'Lock')"), 10, "all has ended")
        time.sleep(0.3)
        proxy.stop()
        for person in (ana, *others):
            told = answers[person.id]
            assert set(told) <= {200, 503, 504}, told
            made = fragile_database.value("SELECT version - 1 FROM mesteri.user_profiles WHERE user_id = %s", person.id)
            assert made == told.count(200), f"{made} changes were made, the answers were {told}"
        assert 504 in answers[ana.id], "some were given up"
    finally:
        fragile_database.run(f"UPDATE mesteri.routes SET deadline_ms = %s WHERE {route}", before)
