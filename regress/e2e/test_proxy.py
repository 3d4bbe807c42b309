"""The proxy as a process: connections, its own pages, logs, signals, generations of workers and of routes."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from types import SimpleNamespace

import pytest

from client import Closed, Connection, check, compose
from server import SANITIZER_OPTIONS, wait_until


@pytest.fixture
def own(world, database):
    """own(name, **settings) starts a proxy for one test."""
    started = []

    def start(name, **options):
        proxy = world.proxy(database, name=name, **options)
        started.append(proxy)
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


# Connections.


@pytest.mark.parametrize("plain", [False, True], ids=["sanitized", "plain"])
def test_pipelining(own, register, plain):
    """Fifty requests in one packet, over all lanes; the answers come in their order."""
    proxy = own("pipeline", plain=plain)
    person = register(proxy.client())
    paths = [("GET", "/v1/feed?limit=20", None), ("GET", "/v1/categories", None), ("GET", "/health", None),
             ("POST", "/v1/auth/login", {"email_or_phone": f"{uuid.uuid4()}@example.ro", "password": "nu e asta deloc"}),
             ("GET", "/v1/users/me", None), ("GET", "/v1/nowhere", None), ("POST", "/v1/auth/refresh", {"refresh_token": "x"})]
    wanted = {"/v1/nowhere": 404, "/v1/auth/refresh": 401}
    for size in (50, 1):
        sent, data = [], b""
        for number in range(50):
            method, path, body = paths[number % len(paths)]
            ident = str(uuid.uuid4())
            token = person.access_token if path == "/v1/users/me" else None
            data += compose(method, path, body, {"X-Request-Id": ident}, token)
            sent.append((ident, path))
        with Connection(proxy.port) as connection:
            if size == 50:
                connection.send(data)
            else:
                for at in range(0, len(data), 997):  # cut anywhere, so that each part ends in some request's middle
                    connection.send(data[at:at + 997])
            for ident, path in sent:
                answer = check(connection.read())
                assert answer.header("x-request-id") == ident, path
                assert answer.status == wanted.get(path, 200) or path == "/v1/auth/login", (path, answer)


def test_keep_alive(client):
    with Connection(client.port) as connection:
        for number in range(100):
            connection.send(compose("GET", f"/v1/categories?limit={number % 100 + 1}"))
            answer = check(connection.read())
            assert answer.status == 200 and answer.header("connection") is None
            assert answer.json()["limit"] == number % 100 + 1


def test_close_on_demand(client):
    with Connection(client.port) as connection:
        connection.send(compose("GET", "/v1/categories", headers={"Connection": "close"}))
        assert check(connection.read()).header("connection") == "close"
        assert connection.is_closed()


def test_client_that_ends_its_side_has_hung_up(client):
    """The end of a client's stream cannot be told from its leaving, and whoever has left must not keep a backend busy."""
    with Connection(client.port) as connection:
        connection.send(compose("GET", "/v1/categories?limit=1"))
        connection.end()
        answers, rest = connection.read_all()
        assert len(answers) <= 1 and rest == b""  # one when it was answered before the end was seen
    assert client.get("/v1/categories?limit=1").status == 200


def test_clients_that_hang_up(client):
    """At every moment of a request; nobody else notices."""
    request = compose("POST", "/v1/auth/login", {"email_or_phone": "x@example.ro", "password": "nu e asta deloc"})
    for length in range(0, len(request) + 1, 7):
        connection = Connection(client.port)
        connection.send(request[:length])
        connection.close()
    assert client.get("/v1/categories").status == 200


@pytest.mark.parametrize("path", ["/v1/categories?limit=3", "/v1/feed?limit=3&page=2", "/health", "/ready", "/.well-known/jwks.json",
                                  "/v1/nowhere", "/v1/feed?limit=0", "/v1/users/me"])
def test_head(client, path):
    """As GET, without the body; the next request on the connection is not disturbed."""
    get = client.get(path)
    with Connection(client.port) as connection:
        connection.send(compose("HEAD", path) + compose("GET", "/health"))
        answer = check(connection.read(is_head=True))
        assert connection.read().json() == {"status": "ok"}
    assert answer.status == get.status and answer.header("content-type") == get.header("content-type")
    assert abs(int(answer.header("content-length")) - len(get.body)) < 20  # a page of a moving clock may differ by a digit
    assert answer.header("etag") == get.header("etag")


@pytest.mark.parametrize("path, allow", [
    ("/v1/users/me", "GET HEAD PUT DELETE OPTIONS"), ("/v1/feed", "GET HEAD OPTIONS"), ("/v1/auth/login", "POST OPTIONS"),
    ("/v1/posts/7", "GET HEAD PUT DELETE OPTIONS"), ("/health", "GET HEAD OPTIONS"), ("/metrics", "GET HEAD OPTIONS"),
    ("/.well-known/jwks.json", "GET HEAD OPTIONS"),
])
def test_options(client, path, allow):
    answer = client("OPTIONS", path)
    assert answer.status == 204 and set(answer.header("allow").split(", ")) == set(allow.split())


def test_every_route_answers(client, database):
    """Each row of the routes is served, and served under its lane's limits."""
    for row in database.run("SELECT method, path FROM mesteri.routes"):
        path = row["path"].replace("{id}", str(uuid.uuid4()))
        answer = client(row["method"], path)
        assert answer.status != 405 and answer.status < 500, (row, answer)


# Its own pages.


def test_health_and_ready(client):
    health, ready = client.get("/health"), client.get("/ready")
    assert health.status == 200 and health.body == b'{"status":"ok"}'
    assert ready.status == 200 and ready.json() == {"status": "ready",
                                                    "checks": {"database": True, "routes": True, "accepting": True}}
    for path in ("/health", "/ready", "/metrics"):
        assert client.post(path).error == "method_not_allowed"


def metrics(client):
    """{name{labels}: value} and {name: type}."""
    answer = client.get("/metrics")
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    values, types = {}, {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} comes twice"
            types[name] = kind
        elif not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})?', name), line
            assert name not in values, f"{name} comes twice"
            values[name] = float(value)
    return values, types


def test_metrics(own, register):
    """What 40 requests over two workers leave is 40 on the page, whichever worker writes it."""
    proxy = own("metrics", workers=2)
    client = proxy.client()
    before, _ = metrics(client)
    for _ in range(40):
        client.get("/v1/categories?limit=1")
    client.get("/v1/categories?limit=0")
    client.get("/v1/nowhere")
    client.get(f"/v1/posts/{uuid.uuid4()}")
    client.get("/v1/feed?x=" + "y" * 9000)
    after, types = metrics(client)

    def moved(name):
        return after.get(name, 0) - before.get(name, 0)

    route = 'method="GET",route="/v1/categories"'
    assert moved(f'mesteri_proxy_requests_total{{{route},status="200"}}') == 40
    assert moved(f'mesteri_proxy_requests_total{{{route},status="400"}}') == 1
    assert moved('mesteri_proxy_requests_total{method="GET",route="/v1/posts/{id}",status="404"}') == 1
    assert moved('mesteri_proxy_limits_total{limit="uri"}') == 1
    assert moved(f"mesteri_proxy_request_duration_seconds_count{{{route}}}") == 41
    assert moved(f"mesteri_proxy_request_duration_seconds_sum{{{route}}}") > 0
    buckets = [(label, value) for label, value in after.items()
               if label.startswith("mesteri_proxy_request_duration_seconds_bucket") and route in label]
    counts = [value for _, value in buckets]
    assert counts == sorted(counts) and counts[-1] == 41 and 'le="+Inf"' in buckets[-1][0]
    assert after["mesteri_proxy_workers"] == 2
    assert types["mesteri_proxy_request_duration_seconds"] == "histogram" and types["mesteri_proxy_requests_total"] == "counter"
    assert "categories?limit" not in str(after), "labels are templates, not paths"


def test_metrics_do_not_forget_dead_workers(own):
    proxy = own("memory", workers=1)
    for _ in range(5):
        proxy.client().get("/v1/categories")
    name = 'mesteri_proxy_requests_total{method="GET",route="/v1/categories",status="200"}'
    assert metrics(proxy.client())[0][name] == 5
    os.kill(proxy.workers()[0], signal.SIGKILL)
    time.sleep(0.2)
    proxy.wait_ready()
    values, _ = metrics(proxy.client())
    assert values[name] == 5 and values["mesteri_proxy_connections"] == 1


def test_access_log(own, register):
    """One JSON line a request, with what happened and nothing of what was said."""
    proxy = own("log", workers=1)
    person = register(proxy.client())
    ident, refused, missing = (str(uuid.uuid4()) for _ in range(3))
    person.client.get("/v1/feed?lat=46.77&lon=23.59", headers={"X-Request-Id": ident})
    person.client.get("/v1/feed?limit=0", headers={"X-Request-Id": refused})
    person.client.get('/v1/no%20"where', headers={"X-Request-Id": missing})
    proxy.stop()
    lines = [json.loads(line) for line in open(proxy.access_log, encoding="utf-8")]
    by_id = {line["request_id"]: line for line in lines}
    line = by_id[ident]
    assert set(line) == {"time", "request_id", "method", "route", "path", "status", "error", "bytes", "duration_us", "queue_us",
                         "db_us", "ip", "worker"}
    assert (line["method"], line["route"], line["path"], line["status"], line["error"]) == ("GET", "/v1/feed", "/v1/feed", 200, None)
    assert 0 < line["db_us"] <= line["duration_us"] and line["bytes"] > 1000 and line["ip"] == "127.0.0.1"
    assert (by_id[refused]["status"], by_id[refused]["error"]) == (400, "invalid_field")
    assert (by_id[missing]["route"], by_id[missing]["path"]) == (None, '/v1/no%20"where')
    text = open(proxy.access_log).read()
    for secret in (person.access_token, person.refresh_token, person.password, person.email, "46.77"):
        assert secret not in text


# Processes and signals.


class Load:
    """Clients that keep on asking: some on kept connections, some on a new one each time."""

    def __init__(self, port, kept=6, fresh=4):
        self.port = port
        self.stopped = threading.Event()
        self.statuses = Counter()
        self.lost = []
        self.refused = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.keep) for _ in range(kept)]
        self.threads += [threading.Thread(target=self.renew) for _ in range(fresh)]
        self.announced_end = None

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: sum(self.statuses.values()) > 50, 20, "the load has begun")
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def note(self, answer):
        with self.lock:
            self.statuses[check(answer).status] += 1

    def lose(self, what):
        with self.lock:
            self.lost.append(what)

    def connect(self):
        """None once nobody listens any more."""
        try:
            return Connection(self.port)
        except (ConnectionRefusedError, ConnectionResetError):
            with self.lock:
                self.refused += 1
            return None

    def keep(self):
        """A kept connection may end after an answer that says so, and at no other moment."""
        while not self.stopped.is_set():
            connection = self.connect()
            if connection is None:
                if self.announced_end:
                    return
                time.sleep(0.01)
                continue
            began = time.monotonic()
            with connection:
                self.keep_asking(connection, began)

    def keep_asking(self, connection, began):
        answered = 0
        while not self.stopped.is_set():
            try:
                connection.send(compose("GET", "/v1/categories?limit=5"))
                answer = connection.read()
            except (Closed, OSError) as fault:
                if answered or not self.was_never_accepted(began):
                    self.lose(("kept", answered, repr(fault)))
                return
            answered += 1
            self.note(answer)
            if answer.header("connection") == "close":
                return

    def renew(self):
        while not self.stopped.is_set():
            connection = self.connect()
            if connection is None:
                if self.announced_end:
                    return
                time.sleep(0.01)
                continue
            began = time.monotonic()
            with connection:
                try:
                    connection.send(compose("GET", "/v1/feed?limit=2"))
                    self.note(connection.read())
                except (Closed, OSError) as fault:
                    if not self.was_never_accepted(began):
                        self.lose(("fresh", repr(fault)))

    def was_never_accepted(self, began):
        """When the listening socket closes, the system resets what it had queued: nobody had accepted that."""
        return self.announced_end is not None and began >= self.announced_end - 0.05


@pytest.mark.parametrize("plain", [False, True], ids=["sanitized", "plain"])
def test_sigterm_under_load(own, database, register, plain):
    """What was accepted is answered, also what waits for a lock; then it ends with 0."""
    proxy = own("term", plain=plain)
    person = register(proxy.client())
    answers = []
    connection = database.connect()
    with Load(proxy.port) as load, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (person.id,))
        slow = threading.Thread(target=lambda: answers.append(
            person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": "*"})))
        slow.start()
        time.sleep(0.3)
        load.announced_end = time.monotonic()
        proxy.signal(signal.SIGTERM)
        time.sleep(0.7)
        cursor.execute("ROLLBACK")
        slow.join()
        assert proxy.process.wait(20) == 0, proxy.errors()
    connection.close()
    assert not load.lost and set(load.statuses) == {200}, (load.lost, load.statuses)
    assert [answer.status for answer in answers] == [200]
    assert not os.path.exists(proxy.port_file)


def test_sigterm_and_kept_connections(own, database):
    """A client that has kept its connection, or is in the middle of a request, may still say what it was about to."""
    proxy = own("lastcall", workers=1)
    request = compose("GET", "/v1/categories?limit=1")
    half, kept, silent = (Connection(proxy.port) for _ in range(3))
    for connection in (kept, silent):
        connection.send(request)
        assert check(connection.read()).status == 200
    half.send(request[:30])
    time.sleep(0.2)
    proxy.signal(signal.SIGTERM)
    time.sleep(0.4)
    for connection, rest in ((kept, request), (half, request[30:])):
        connection.send(rest)
        answer = check(connection.read())
        assert answer.status == 200 and answer.header("connection") == "close"
        assert connection.is_closed()
    assert silent.is_closed()
    assert proxy.process.wait(5) == 0


@pytest.mark.parametrize("plain", [False, True], ids=["sanitized", "plain"])
def test_sighup_under_load(own, plain):
    """New workers with new settings; nobody is refused, nobody loses an answer."""
    proxy = own("hup", plain=plain)
    old = set(proxy.workers())
    assert proxy.client().get("/v1/categories?x=" + "y" * 1000).error == "unknown_field"
    with Load(proxy.port) as load:
        for _ in range(2):
            proxy.configure(uri_bytes=512)
            proxy.signal(signal.SIGHUP)
            time.sleep(1)
        wait_until(lambda: len(proxy.workers()) == 2 and not old & set(proxy.workers()), 20, "the old workers leave")
        time.sleep(0.2)
    assert not load.lost and not load.refused and set(load.statuses) == {200}, (load.lost, load.refused, load.statuses)
    assert proxy.client().get("/v1/categories?x=" + "y" * 1000).error == "uri_too_long"


def test_sighup_with_bad_settings(own):
    """They are refused, and the old ones stay."""
    proxy = own("badhup", workers=1)
    old = proxy.workers()
    proxy.configure(uri_bytes=7)
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: "uri_bytes" in proxy.errors(), 5, "the complaint")
    time.sleep(0.3)
    assert proxy.workers() == old and proxy.client().get("/v1/categories").status == 200


def run_proxy(binary, *arguments):
    done = subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=20, env={**os.environ, **SANITIZER_OPTIONS})
    return SimpleNamespace(code=done.returncode, text=done.stdout + done.stderr)


def test_taken_port(world, proxy, database):
    done = run_proxy(world.sanitized, "-s", f"listen_port={proxy.port}", "-s", f"database={database.for_proxy()}")
    assert done.code == 1
    assert f"could not listen on 127.0.0.1 port {proxy.port}: Address already in use" in done.text


@pytest.mark.parametrize("setting, word", [
    ("listen_port=70000", "listen_port"), ("listen_port=x", "listen_port"), ("listen_prot=80", "listen_prot"), ("listen_port", "="),
    ("workers=-1", "workers"), ("database=host=example.ro", "host"), ("listen_host=example", "listen_host"), ("uri_bytes=65536", "uri_bytes"),
    ("port_file=/nonexistent/port", "/nonexistent/port"),
])
def test_bad_settings(world, setting, word):
    done = run_proxy(world.sanitized, "-s", "listen_port=0", "-s", setting)
    assert done.code == 1 and word in done.text, done


def test_help_and_version(world):
    version = open(os.path.join(os.path.dirname(__file__), "..", "..", "control", "mesteri.control")).read()
    number = re.search(r"default_version = '(.*)'", version).group(1)
    assert run_proxy(world.sanitized, "--version").text.strip() == f"mesteri-proxy {number}"
    done = run_proxy(world.sanitized, "--help")
    assert done.code == 0 and "header_seconds" in done.text


def test_killed_worker_is_replaced(own):
    proxy = own("kill", workers=2)
    victim, survivor = proxy.workers()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(proxy.workers()) == 2 and victim not in proxy.workers(), 10, "another worker")
    assert survivor in proxy.workers()
    for _ in range(20):
        assert proxy.client().get("/v1/categories").status == 200
    assert "signal 9" in proxy.errors()


def test_killed_supervisor_leaves_nobody(own, world, database):
    """Not even with clients that keep their connections open; and the port is free for the next one."""
    proxy = own("orphans", workers=2)
    workers = proxy.workers()
    idle = [Connection(proxy.port) for _ in range(4)]
    proxy.process.kill()
    proxy.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in workers), 10, "the workers end")
    for connection in idle:
        connection.close()
    again = own("orphans", listen_port=proxy.port)
    assert again.client().get("/v1/categories").status == 200


def is_alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# The database's catalogue.


def set_limit(database, limit):
    return database.run("UPDATE mesteri.routes SET body_limit = %s WHERE path = '/v1/auth/login'", limit)


def test_new_generation_of_routes(scratch, scratch_proxy):
    """An UPDATE is noticed without anybody telling the proxy."""
    client = scratch_proxy.client()
    workers = scratch_proxy.workers()
    body = b'{"email_or_phone": "x", "password": ' + b" " * 200 + b"7}"
    before = scratch.value("SELECT body_limit FROM mesteri.routes WHERE path = '/v1/auth/login'")
    assert client.post("/v1/auth/login", body).error == "invalid_field"
    try:
        set_limit(scratch, 100)
        wait_until(lambda: client.get("/v1/categories").status == 200
                   and client.post("/v1/auth/login", body).error == "payload_too_large", 5, "the new limit")
    finally:
        set_limit(scratch, before)
    wait_until(lambda: client.get("/v1/categories").status == 200
               and client.post("/v1/auth/login", body).error == "invalid_field", 5, "the old limit")
    assert scratch_proxy.workers() == workers


def test_new_message_of_an_error(scratch, scratch_proxy):
    client = scratch_proxy.client()
    scratch.run("UPDATE mesteri.error_codes SET message_en = 'No \"such\" țhing.' WHERE slug = 'not_found'")
    try:
        wait_until(lambda: client.get("/v1/categories").status == 200
                   and client.get("/v1/nowhere", headers={"Accept-Language": "en"}).json()["message"] == 'No "such" țhing.',
                   5, "the new text")
    finally:
        scratch.run("UPDATE mesteri.error_codes SET message_en = 'It does not exist, or is not yours.' WHERE slug = 'not_found'")


def test_new_route(scratch, scratch_proxy):
    client = scratch_proxy.client()
    assert client.get("/v1/trades").error == "not_found"
    scratch.run("""
        INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms,
                                    body_limit, source)
        SELECT mesteri.route_id('GET', '/v1/trades'), 'GET', '/v1/trades', function, access, rate_class, area, idempotent, retry_safe,
               lane, deadline_ms, body_limit, 'ours' FROM mesteri.routes WHERE path = '/v1/categories'""")
    try:
        wait_until(lambda: client.get("/v1/categories").status == 200 and client.get("/v1/trades").status == 200, 5, "the new route")
    finally:
        scratch.run("DELETE FROM mesteri.routes WHERE path = '/v1/trades'")
    wait_until(lambda: client.get("/v1/categories").status == 200 and client.get("/v1/trades").status == 404, 5, "it goes away")


def test_proxy_role_can_do_nothing_else(database):
    """What the proxy's own connection may touch, tried with it."""
    import psycopg2

    connection = psycopg2.connect(database.for_proxy())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for forbidden in ("SELECT * FROM mesteri.users", "SELECT * FROM mesteri.routes", "SELECT mesteri.jwt_sign('{}')",
                          "SELECT mesteri.seal('effect', 'x')", "SELECT api.user_me('ro')", "SET ROLE mesteri_owner",
                          "SET ROLE mesteri_user", "CREATE TABLE public.x ()", "SELECT mesteri.request('GET', '/v1/feed')",
                          "SELECT pg_read_file('/etc/passwd')"):
            with pytest.raises(psycopg2.Error):
                cursor.execute(forbidden)
        for allowed in ("proxy_routes", "proxy_errors", "proxy_rules"):
            cursor.execute(f"SELECT * FROM mesteri.{allowed}")
            assert cursor.fetchall()
    connection.close()
