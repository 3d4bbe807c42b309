"""A session that ends, however it ends, is refused by every backend of every proxy within a second, however busy they are."""

import os
import re
import threading
import time

import pytest

from client import Connection, check, compose
from server import wait_until

PROXIES = 2  # of one worker each: who of several takes a connection is chance
READERS = 3  # connections of each to the database
BAR = 1.0  # seconds

ENDS = {}


def ends(function):
    ENDS[function.__name__] = function
    return function


@ends
def logout(person, database):
    assert person.client.post("/v1/auth/logout").status == 200


@ends
def suspension(person, database):
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", person.id)


@ends
def end_of_session_at_psql(person, database):
    database.run("UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = 'logout' WHERE user_id = %s", person.id)


class Readers:
    """Clients that keep their connections and ask as fast as they are answered; each answer is kept with its times."""

    def __init__(self, ports, tokens, count):
        self.stopped = threading.Event()
        self.answers = [[] for _ in range(count)]
        self.faults = []
        self.threads = [threading.Thread(target=self.read, args=(ports[n % len(ports)], tokens[n % len(tokens)], self.answers[n]))
                        for n in range(count)]

    def read(self, port, token, answers):
        try:
            request = compose("GET", "/v1/users/me", token=token)
            with Connection(port) as connection:
                while not self.stopped.is_set():
                    sent_at = time.monotonic()
                    connection.send(request)
                    answers.append((sent_at, check(connection.read()).status))
        except Exception as fault:
            self.faults.append(fault)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.faults, self.faults


class Backends:
    """Those that have written such a line to the server's log since this was made; a line names the process in brackets."""

    def __init__(self, log, text):
        self.file = open(log, "rb")
        self.file.seek(0, os.SEEK_END)
        self.line = re.compile(rf"^.* \[(\d+)\] {text}".encode(), re.M)
        self.rest = b""
        self.pids = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def count(self):
        lines, newline, self.rest = (self.rest + self.file.read()).rpartition(b"\n")
        self.pids |= set(self.line.findall(lines + newline))
        return len(self.pids)


@pytest.fixture(scope="module")
def busy(world, database):
    return [world.proxy(database, plain=True, name="revocation", workers=1, lane_read_connections=READERS) for _ in range(PROXIES)]


@pytest.mark.parametrize("name", ENDS)
def test_every_backend_refuses_within_a_second(busy, cluster, database, register, name):
    client, ports = busy[0].client(), [proxy.port for proxy in busy]
    person, *others = [register(client) for _ in range(4)]
    server = f"mesteri_proxy@{database.name} "
    with Readers(ports, [other.access_token for other in others], 8) as load, Readers(ports, [person.access_token], 12) as asked:
        with Backends(cluster.log, server + "LOG:  duration: .*mesteri_handle") as served:
            wait_until(lambda: served.count() == PROXIES * READERS, 30, "every backend is at work")
        ENDS[name](person, database)
        ended_at = time.monotonic()
        time.sleep(BAR)
        with Backends(cluster.log, server + "ERROR:  ") as refused:
            wait_until(lambda: refused.count() == PROXIES * READERS, 30, "every backend has refused")
    answers = [answer for each in asked.answers for answer in each]
    assert {status for sent_at, status in answers if sent_at < ended_at - BAR} <= {200}
    late = [sent_at - ended_at for sent_at, status in answers if status == 200 and sent_at > ended_at]
    print(f"{name}: {len(answers)} requests, {len(late)} sent afterwards were answered, the last after {max(late, default=0):.3f} s")
    assert max(late, default=0) < BAR
    assert {status for sent_at, status in answers if sent_at > ended_at + BAR} == {401}
    assert {status for each in load.answers for _, status in each} == {200}, "nobody else noticed"
