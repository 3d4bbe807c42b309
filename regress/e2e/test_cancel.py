"""Clients that hang up: what they asked for ends, and nothing else does."""

import json
import os
import re
import signal
import socket
import struct
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Connection, check, compose
from probes import notes, probed, sleepers
from server import QUICK, wait_until

LONG = 15  # seconds: no test waits for that
DEPTH = 8


@pytest.fixture(scope="module")
def probe(cluster):
    return probed(cluster, "cancel")


@pytest.fixture(scope="module")
def narrow(world, probe):
    """One connection a lane, so it is known what shares it with what."""
    return world.proxy(probe, name="cancel", workers=1, lane_read_connections=1, lane_write_connections=1)


def counter(proxy, name):
    page = proxy.client().get("/metrics").body.decode()
    return int(re.search(rf"^mesteri_proxy_{re.escape(name)} (\d+)$", page, re.M)[1])


def strays(proxy):
    """Cancels that hit somebody else's request, who then was served by a second try."""
    return counter(proxy, 'retries_total{reason="cancelled"}')


def logged(proxy, request_id):
    """The access log's line of a request, or None as long as there is none."""
    lines = [json.loads(line) for line in open(proxy.access_log) if request_id in line]
    assert len(lines) <= 1, lines
    return lines[0] if lines else None


def send(proxy, method, path, body=None):
    """A request under way: its connection and its id."""
    request_id = str(uuid.uuid4())
    connection = Connection(proxy.port)
    connection.send(compose(method, path, body, {"X-Request-Id": request_id}))
    return connection, request_id


def close(connection):
    connection.close()


def end(connection):
    connection.end()


def reset(connection):
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("hang_up", [close, end, reset])
def test_what_a_client_left_behind_ends(narrow, probe, hang_up):
    """Soon, though it has seconds left; it is counted and logged, it left nothing, and the connection works on."""
    before, gone = counter(narrow, "requests_cancelled_total"), counter(narrow, "client_gone_total")
    note = f"left by {hang_up.__name__}"
    for method, path, body in (("GET", f"/v1/probe-read?value=1&seconds={LONG}", None),
                               ("POST", "/v1/probe-write", {"note": note, "seconds": LONG})):
        connection, request_id = send(narrow, method, path, body)
        wait_until(lambda: sleepers(probe) == 1, 5, "it runs")
        started = time.monotonic()
        hang_up(connection)
        line = wait_until(lambda: logged(narrow, request_id), 5, "its end is logged")
        print(f"{method} ended {time.monotonic() - started:.3f} s after its client")
        assert (line["status"], line["error"], line["method"]) == (499, "cancelled", method), line
        assert line["path"] == path.partition("?")[0] and line["ip"] == "127.0.0.1" and 0 < line["db_us"] < LONG * 1e6, line
        assert sleepers(probe) == 0
        connection.close()
    assert counter(narrow, "requests_cancelled_total") == before + 2
    assert counter(narrow, "client_gone_total") == gone + 2
    assert note not in notes(probe)
    answer = narrow.client().post("/v1/probe-write", {"note": note})
    assert answer.status == 200 and note in notes(probe)
    assert strays(narrow) == 0


def test_what_was_not_sent_never_is(narrow, probe):
    """A command in the queue whose client goes does not reach the database."""
    holder, _ = send(narrow, "POST", "/v1/probe-write", {"note": "holder", "seconds": LONG})
    wait_until(lambda: sleepers(probe) == 1, 5, "it runs")
    tries = probe.value("SELECT last_value FROM public.tries")
    waiting, request_id = send(narrow, "POST", "/v1/probe-write", {"note": "queued"})
    wait_until(lambda: 'lane_queued{lane="write"} 1' in narrow.client().get("/metrics").body.decode(), 5, "it waits")
    waiting.close()
    line = wait_until(lambda: logged(narrow, request_id), 5, "it is dropped")
    assert line["error"] == "client_gone" and line["db_us"] == 0, line
    holder.close()
    assert narrow.client().post("/v1/probe-write", {"note": "next"}).status == 200
    assert "queued" not in notes(probe) and probe.value("SELECT last_value FROM public.tries") == tries + 1


def test_the_log_knows_what_was_committed(world, probe, chance):
    """Clients leave around the moment of the commit.  "cancelled" means that nothing was done, anything else that all was."""
    proxy = world.proxy(probe, name="commits", workers=1, lane_write_connections=4)
    sent = {}

    def leave(number):
        note = f"commit {number}"
        connection, request_id = send(proxy, "POST", "/v1/probe-write", {"note": note, "seconds": 0.003})
        time.sleep(chance.random() * 0.02)
        connection.close()
        sent[request_id] = note

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(leave, range(300)))
    lines = wait_until(lambda: (found := {i: logged(proxy, i) for i in sent}) and all(found.values()) and found, 10, "all are logged")
    kept = notes(probe)
    outcomes = {}
    for request_id, note in sent.items():
        line = lines[request_id]
        outcome = line["error"] or line["status"]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        done = outcome == 200 or outcome == "client_gone" and line["db_us"] > 0
        assert (note in kept) == done, line
    print(outcomes)
    assert set(outcomes) <= {"cancelled", "client_gone", 200} and outcomes.get("cancelled", 0) > 0, outcomes
    assert strays(proxy) == 0


def ask_all(proxy, values, seconds):
    """Requests on the one connection to the database, in this order: connections to the proxy."""
    connections = []
    for value, wait in zip(values, seconds):
        connection = Connection(proxy.port)
        connection.send(compose("GET", f"/v1/probe-read?value={value}&seconds={wait}"))
        connections.append(connection)
    return connections


@pytest.mark.parametrize("place", [0, 3, DEPTH - 1])
def test_others_on_the_connection_do_not_suffer(narrow, probe, place):
    """Eight requests in one pipeline: one's client leaves, while it runs or before it has begun; seven are answered, each with its own."""
    seconds = [LONG if n == place else 0.05 for n in range(DEPTH)]
    cancelled = counter(narrow, "requests_cancelled_total")
    connections = ask_all(narrow, range(DEPTH), seconds)
    time.sleep(0.02)
    connections[place].close()
    for n, connection in enumerate(connections):
        if n != place:
            answer = check(connection.read())
            assert answer.status == 200 and answer.json() == n, answer
            connection.close()
    wait_until(lambda: counter(narrow, "requests_cancelled_total") == cancelled + 1, 5, "it was cancelled")
    assert strays(narrow) == 0


@pytest.mark.parametrize("place", [0, 3, DEPTH - 1])
def test_a_deadline_is_one_request_s(narrow, place):
    """Eight requests in one pipeline: one runs into its deadline and is told so; seven are answered, each with its own."""
    connections = []
    for n in range(DEPTH):
        path = f"/v1/probe-late?value={n}&seconds={LONG}" if n == place else f"/v1/probe-read?value={n}&seconds=0.01"
        connections.append(Connection(narrow.port))
        connections[-1].send(compose("GET", path))
    for n, connection in enumerate(connections):
        answer = check(connection.read())
        assert answer.error == "deadline_exceeded" and answer.status == 504 if n == place else answer.json() == n, (n, answer)
        connection.close()
    assert strays(narrow) == 0


ON_THE_EDGE = """
CREATE FUNCTION public.on_the_edge(victims uuid[], seconds float8, OUT rounds integer, OUT cancelled integer, OUT strays integer)
    LANGUAGE plpgsql AS $$
DECLARE
    route  integer := mesteri.route_id('GET', '/v1/probe-read');
    answer text;
BEGIN
    rounds := 0;
    cancelled := 0;
    strays := 0;
    WHILE clock_timestamp() < statement_timestamp() + seconds * interval '1 second' LOOP
        rounds := rounds + 1;
        BEGIN
            -- Between no time and some: the signal takes a while, and shall arrive before the end, at it, and behind it.
            PERFORM mesteri.handle(route, NULL, NULL, 'value=1&seconds=' || (random() * 0.0001)::numeric(6, 6), NULL, NULL, 60000, NULL,
                                   victims[1 + rounds % cardinality(victims)], 'test', 'ro');
        EXCEPTION WHEN query_canceled THEN
            cancelled := cancelled + 1;
        END;
        BEGIN
            SELECT convert_from(body, 'UTF8') INTO answer
              FROM mesteri.handle(route, NULL, NULL, 'value=2', NULL, NULL, 60000, NULL, gen_random_uuid(), 'test', 'ro');
            PERFORM sum(n) FROM generate_series(1, 100) AS s (n);
            ASSERT answer = '2';
        EXCEPTION WHEN query_canceled THEN
            strays := strays + 1;
        END;
    END LOOP;
END;
$$;
CREATE FUNCTION public.cancel_on(victims uuid[], seconds float8, OUT calls integer, OUT hits integer) LANGUAGE plpgsql AS $$
BEGIN
    calls := 0;
    hits := 0;
    WHILE clock_timestamp() < statement_timestamp() + seconds * interval '1 second' LOOP
        calls := calls + 1;
        hits := hits + mesteri.cancel(victims);
    END LOOP;
END;
$$;
"""


def test_on_the_edge(probe):
    """Without a proxy between: two sessions, one cancels every other request of the other as fast as it can."""
    probe.run(ON_THE_EDGE)
    victims = [str(uuid.uuid4()) for _ in range(3)]
    with ThreadPoolExecutor(2) as pool:
        canceller = pool.submit(probe.run, "SELECT * FROM public.cancel_on(%s::uuid[], 5)", victims)
        result = pool.submit(probe.run, "SELECT * FROM public.on_the_edge(%s::uuid[], 4)", victims).result()[0]
    print(dict(result), dict(canceller.result()[0]))
    assert result["cancelled"] > 100 and result["strays"] == 0, dict(result)


def test_a_signal_without_a_mark_is_none(narrow, probe):
    """A signal that comes late, or from elsewhere, ends nothing, whatever runs."""
    stop, sent = threading.Event(), [0]
    pids = [row["pid"] for row in probe.run("SELECT pid FROM pg_stat_activity WHERE usename = 'mesteri_proxy' AND datname = current_database()"
                                            " AND query LIKE '%mesteri.handle%'")]

    def signal_all():
        while not stop.is_set():
            for pid in pids:
                os.kill(pid, signal.SIGUSR2)
                sent[0] += 1
            time.sleep(0.0005)

    thread = threading.Thread(target=signal_all)
    thread.start()
    try:
        client = narrow.client()
        assert all(client.get(f"/v1/probe-read?value={n}&seconds=0.01").json() == n for n in range(100))
    finally:
        stop.set()
        thread.join()
    assert sent[0] > 100 and strays(narrow) == 0


def test_a_cancel_never_hits_the_next_request(narrow, chance):
    """Over and over, clients leave at the edge of their request's end, with others right behind them in the pipeline."""
    cancelled = counter(narrow, "requests_cancelled_total")
    for round_number in range(150):
        connections = ask_all(narrow, range(DEPTH), [0.002] * DEPTH)
        leaver = chance.randrange(DEPTH)
        time.sleep(chance.random() * 0.004 * (leaver + 1))
        connections[leaver].close()
        for n, connection in enumerate(connections):
            if n != leaver:
                answer = check(connection.read())
                assert answer.status == 200 and answer.json() == n, (round_number, n, answer)
                connection.close()
    wait_until(lambda: counter(narrow, "requests_cancelled_total") > cancelled, 5, "some were in time")
    print(f"{counter(narrow, 'requests_cancelled_total') - cancelled} of 150 were in time")
    assert strays(narrow) == 0, "a cancel hit somebody else"


def test_a_worker_that_leaves_cleans_up(world, probe):
    """It stays until the database has ended what nobody waits for, and says so in the log."""
    proxy = world.proxy(probe, name="leaving", workers=1)
    connection, request_id = send(proxy, "POST", "/v1/probe-write", {"note": "leaving", "seconds": LONG})
    wait_until(lambda: sleepers(probe) == 1, 5, "it runs")
    connection.close()
    proxy.stop()
    assert logged(proxy, request_id)["error"] == "cancelled" and sleepers(probe) == 0 and "leaving" not in notes(probe)


def test_a_name_that_runs_nowhere(probe):
    """Who may call it gets nothing by guessing; other databases, other names and nulls find nothing."""
    connection = probe.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE mesteri_proxy")
        cursor.execute("SELECT mesteri.cancel(ARRAY[%s, NULL]::uuid[]), mesteri.cancel('{}'), mesteri.cancel(NULL)", (str(uuid.uuid4()),))
        assert cursor.fetchone() == (0, 0, None)
        for count, refused in ((4096, False), (4097, True)):
            try:
                cursor.execute("SELECT mesteri.cancel(array_agg(gen_random_uuid())) FROM generate_series(1, %s)", (count,))
                assert not refused and cursor.fetchone() == (0,)
            except Exception as error:
                assert refused and error.pgcode == "54000", error
    connection.close()


def test_another_database_s_request(narrow, probe, database):
    connection, request_id = send(narrow, "GET", "/v1/probe-read?value=7&seconds=1")
    wait_until(lambda: sleepers(probe) == 1, 5, "it runs")
    assert database.value("SELECT mesteri.cancel(ARRAY[%s]::uuid[])", request_id) == 0
    assert check(connection.read()).json() == 7
    connection.close()


def test_same_name_twice(narrow, probe):
    """A client's id is a client's: one that copies another's can disturb it, and costs it no more than a second try."""
    request_id = str(uuid.uuid4())
    connections = []
    for method, path, body in (("GET", "/v1/probe-read?value=5&seconds=0.5", None),
                               ("POST", "/v1/probe-write", {"note": "same name", "seconds": LONG})):
        connections.append(Connection(narrow.port))
        connections[-1].send(compose(method, path, body, {"X-Request-Id": request_id}))
    wait_until(lambda: sleepers(probe) == 2, 5, "both run")
    before = strays(narrow)
    connections[1].close()
    assert check(connections[0].read()).json() == 5
    connections[0].close()
    assert strays(narrow) == before + 1 and "same name" not in notes(probe)


def test_without_preloading(world):
    """There is nothing to cancel with: what was left runs to its end, and all else is as ever."""
    cluster = world.cluster("pg-plain", QUICK + "shared_preload_libraries = ''\n")
    try:
        database = probed(cluster, "plain")
        proxy = world.proxy(database, name="unloaded", workers=1)
        connection, request_id = send(proxy, "POST", "/v1/probe-write", {"note": "left", "seconds": 0.7})
        wait_until(lambda: sleepers(database) == 1, 5, "it runs")
        connection.close()
        line = wait_until(lambda: logged(proxy, request_id), 5, "its end is logged")
        assert line["error"] == "client_gone" and line["db_us"] >= 600000, line
        assert "left" in notes(database) and counter(proxy, "requests_cancelled_total") == 0
        assert proxy.client().get("/v1/probe-late?value=3&seconds=5").error == "deadline_exceeded"
        proxy.stop()
    finally:
        cluster.stop()
