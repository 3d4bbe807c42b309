"""Clients that dawdle.  All of them wait at once, in threads; each test then looks at its own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Closed, Connection, check, compose, head

GOOD = compose("GET", "/v1/categories?limit=1")
HEADER_SECONDS = 10
SLACK = 1.5

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def running(world, database, proxy):
    quick = world.proxy(database, name="quick", workers=1, body_idle_seconds=2, keepalive_seconds=2, send_seconds=2)
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {name: pool.submit(function, proxy.port, quick.port) for name, function in SCENARIOS.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_waiting(running, name):
    running[name].result(timeout=60)


def seconds_until_closed(connection, patience=30):
    connection.socket.settimeout(patience)
    started = time.monotonic()
    assert connection.is_closed()
    return time.monotonic() - started


@scenario
def silence_after_connecting(port, _):
    with Connection(port) as connection:
        assert HEADER_SECONDS - SLACK < seconds_until_closed(connection) < HEADER_SECONDS + SLACK


@scenario
def silence_within_the_head(port, _):
    with Connection(port) as connection:
        connection.send(b"GET /v1/feed HTTP/1.1\r\nHost: x\r\nX-")
        assert HEADER_SECONDS - SLACK < seconds_until_closed(connection) < HEADER_SECONDS + SLACK


@scenario
def slow_loris(port, _):
    """A byte every half second does not buy more time; others are served as if nothing were."""
    connections = [Connection(port) for _ in range(60)]
    started = time.monotonic()
    closed = set()
    data = b"GET /v1/feed HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 10
    for at in range(60):
        for connection in connections:
            if connection in closed:
                continue
            try:
                connection.send(data[at:at + 1])
            except (BrokenPipeError, ConnectionResetError):
                closed.add(connection)
        asked = time.monotonic()
        with Connection(port) as other:
            other.send(GOOD)
            assert check(other.read()).status == 200
        assert time.monotonic() - asked < 2
        if len(closed) == len(connections):
            break
        time.sleep(0.5)
    assert len(closed) == len(connections) and time.monotonic() - started < HEADER_SECONDS + 3
    for connection in connections:
        connection.close()


@scenario
def last_header_is_the_beginning_of_a_known_name(port, _):
    """Such a request is a request: it is answered, and the next one on the connection is not swallowed by it."""
    for name in ("X", "If", "Sec", "A", "Acc", "Auth", "Co", "Con", "Content", "Content-Len", "C", "Ho", "Transfer", "Upg", "x", "X-R"):
        with Connection(port) as connection:
            started = time.monotonic()
            connection.send(head("GET", "/v1/categories?limit=1", [(name, "1")]))
            assert check(connection.read()).status == 200, name
            assert time.monotonic() - started < 5
            connection.send(compose("GET", "/v1/categories?limit=2"))
            answer = check(connection.read())
            assert answer.status == 200 and answer.json()["limit"] == 2, name


@scenario
def many_unfinished_heads_do_not_starve_others(port, _):
    connections = [Connection(port) for _ in range(300)]
    for connection in connections:
        connection.send(b"GET /v1/feed HTTP/1.1\r\nHost: x\r\nX: 1\r\n")
    for _ in range(20):
        started = time.monotonic()
        with Connection(port) as other:
            other.send(GOOD)
            assert check(other.read()).status == 200
        assert time.monotonic() - started < 2
    for connection in connections:
        seconds_until_closed(connection)
        connection.close()


@scenario
def refused_connection_is_closed_soon(port, _):
    """After a refusal that ends the connection, a client that goes on talking does not hold it open."""
    with Connection(port) as connection:
        connection.send(b"\x16\x03\x01")
        started = time.monotonic()
        assert check(connection.read()).status == 400
        assert connection.is_closed() and time.monotonic() - started < 3


@scenario
def silence_within_the_body(_, port):
    with Connection(port) as connection:
        connection.send(head("POST", "/v1/auth/login", [("Content-Type", "application/json"), ("Content-Length", "100")]) + b"{")
        assert 2 - SLACK < seconds_until_closed(connection) < 2 + SLACK


@scenario
def slow_body_goes_through(_, port):
    """Body time counts silence, not the whole: a bad line is allowed to be slow."""
    body = b'{"email_or_phone": "x", "password": 7}'
    with Connection(port) as connection:
        connection.send(head("POST", "/v1/auth/login", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]))
        for at in range(0, len(body), 8):
            time.sleep(1)
            connection.send(body[at:at + 8])
        assert check(connection.read()).error == "invalid_field"


@scenario
def silence_between_requests(_, port):
    with Connection(port) as connection:
        for pause in (0, 1, 1, 1):
            time.sleep(pause)
            connection.send(GOOD)
            assert check(connection.read()).status == 200
        assert 2 - SLACK < seconds_until_closed(connection) < 2 + SLACK


@scenario
def client_that_does_not_read(_, port):
    """It asks for megabytes and takes nothing: the connection is cut, and nobody else waits."""
    request = compose("GET", "/v1/feed?limit=100") * 200
    with Connection(port) as connection:
        connection.socket.settimeout(5)
        try:
            connection.send(request)
        except (OSError, ConnectionError):
            pass
        time.sleep(5)
        with Connection(port) as other:
            other.send(GOOD)
            assert check(other.read()).status == 200
        taken = 0
        try:
            while True:
                connection.read()
                taken += 1
        except (Closed, OSError):
            pass
        assert taken < 200
