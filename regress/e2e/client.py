"""HTTP as bytes: a client that hides nothing, and checks on every answer what all answers have in common."""

import json
import re
import socket
import uuid

TIMEOUT = 20
LANGUAGES = ("ro", "hu", "en")

# What must never be read in an error: the inside of the server.
INSIDE = re.compile(rb"SQL|pg_|plpgsql|mesteri\.|ERROR:|CONTEXT|/usr/|\.c:[0-9]")

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

# Every password and token that passed over HTTP; test_secrets.py looks for them in the logs.
SECRETS = set()
SECRET_NAMES = {"password", "access_token", "refresh_token", "current_password", "new_password", "password_confirmation", "token"}

# Six digits are found in any log: these are looked for by their neighbours.
CODES = set()

# The demo accounts' password stands in the demo's SQL, for everybody to read.
NO_SECRETS = {"mesteri-demo-2026"}


class Closed(Exception):
    """The server closed the connection instead of answering."""


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name is there twice: {names}"
    return dict(pairs)


def parse(text, **options):
    """JSON as strict as ours must be: UTF-8, no name twice, no NaN."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")

    def refuse_constant(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=refuse_constant, **options)


def note_secrets(value):
    if isinstance(value, dict):
        for name, member in value.items():
            if name in SECRET_NAMES and isinstance(member, str) and len(member) >= 10 and member not in NO_SECRETS:
                SECRETS.add(member)
            if name == "code" and isinstance(member, str):
                CODES.add(member)
            note_secrets(member)
    elif isinstance(value, list):
        for member in value:
            note_secrets(member)


class Answer:
    def __init__(self, status, headers, body, version="HTTP/1.1"):
        self.status = status
        self.headers = headers  # list of (lower-case name, value)
        self.body = body
        self.version = version

    def header(self, name):
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) <= 1, f"{name} is there {len(found)} times"
        return found[0] if found else None

    def json(self):
        return parse(self.body)

    @property
    def error(self):
        return self.json()["error"] if self.status >= 400 else None

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:500]!r}>"


def check(answer):
    """What holds for every answer of the proxy; returns the answer."""
    for name, value in SECURITY_HEADERS.items():
        assert answer.header(name) == value, (name, answer)
    assert str(uuid.UUID(answer.header("x-request-id"))) == answer.header("x-request-id"), answer
    assert answer.header("date"), answer
    assert answer.header("cache-control"), answer
    if answer.status in (204, 304):
        assert answer.body == b"" and answer.header("content-length") is None, answer
    if answer.status >= 400 and answer.body and answer.header("content-type") != "application/json; charset=utf-8":
        check_problem(answer)
    return answer


def check_problem(answer):
    from shapes import ERROR, conforms

    assert answer.header("content-type") == "application/problem+json", answer
    assert not INSIDE.search(answer.body), answer
    problem = answer.json()
    conforms(answer.body, ERROR)
    assert problem["status"] == answer.status, answer
    assert problem["type"] == f"/docs/errors#{problem['error']}", answer
    assert problem["request_id"] == answer.header("x-request-id"), answer
    if answer.status == 401:
        assert answer.header("www-authenticate"), answer
    if answer.status in (429, 503):
        assert re.fullmatch("[1-9][0-9]*", answer.header("retry-after") or ""), answer
    if answer.status == 405:
        assert answer.header("allow"), answer


class Connection:
    """One socket; bytes go out as given, answers come back one by one."""

    def __init__(self, port, timeout=TIMEOUT):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        """No more from us; the server may still answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def take(self, length):
        while len(self.buffer) < length:
            self.more()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def take_head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head

    def read(self, is_head=False):
        """The next answer; raises Closed when there is none."""
        lines = self.take_head().decode("latin-1").split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and re.fullmatch(r"[A-Za-z0-9-]+", name), f"a header line is broken: {line!r}"
            headers.append((name.lower(), value.strip()))
        answer = Answer(int(status), headers, b"", version)
        assert answer.header("transfer-encoding") is None, "answers have a length"
        length = answer.header("content-length")
        if answer.status >= 200 and answer.status not in (204, 304) and not is_head:
            assert length is not None, answer
            answer.body = self.take(int(length))
        return answer

    def read_all(self):
        """All answers until the server closes, and what it sent that is none."""
        answers = []
        while True:
            try:
                answers.append(self.read())
            except Closed:
                return answers, self.buffer

    def is_closed(self):
        """Waits until the server closes; False when it says something or stays silent."""
        if self.buffer:
            return False
        try:
            self.more()
        except Closed:
            return True
        except socket.timeout:
            return False
        return False


def head(method, target, headers=(), version="HTTP/1.1"):
    lines = [f"{method} {target} {version}", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def compose(method, target, body=None, headers=None, token=None):
    """The bytes of a request; a body that is not bytes is written as JSON."""
    fields = dict(headers or {})
    if token is not None:
        fields.setdefault("Authorization", f"Bearer {token}")
        if len(token) >= 10:
            SECRETS.add(token)
    if body is not None and not isinstance(body, bytes):
        note_secrets(body)
        body = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if body is not None:
        fields.setdefault("Content-Type", "application/json")
        fields.setdefault("Content-Length", str(len(body)))
    return head(method, target, fields.items()) + (body or b"")


class Client:
    """Requests to one proxy, each on a connection of its own, with a token if there is one."""

    def __init__(self, port, token=None, language=None):
        self.port = port
        self.token = token
        self.language = language

    def with_token(self, token):
        return Client(self.port, token, self.language)

    def __call__(self, method, target, body=None, headers=None, token=None):
        fields = dict(headers or {})
        if self.language:
            fields.setdefault("Accept-Language", self.language)
        data = compose(method, target, body, fields, token if token is not None else self.token)
        answer = check(self.raw(data, method == "HEAD"))
        if answer.status < 400 and (answer.header("content-type") or "").startswith("application/json"):
            note_secrets(answer.json() if answer.body else None)
        return answer

    def raw(self, data, is_head=False, timeout=TIMEOUT):
        with Connection(self.port, timeout) as connection:
            try:
                connection.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before we had sent it all
            return connection.read(is_head)

    def get(self, target, **options):
        return self("GET", target, **options)

    def post(self, target, body=None, **options):
        return self("POST", target, body, **options)

    def put(self, target, body=None, **options):
        return self("PUT", target, body, **options)

    def delete(self, target, **options):
        return self("DELETE", target, **options)
