"""docs/api.md shows what the server does: every request on it is sent, in the order of the page, and answered as shown.

An http block is a request or an answer; an sql block is run, and the json block after it is the value that it gives.  The
page shows real values.  Ids, tokens, codes, cursors and entity tags are others at every run: where the page has one, the
value that the server gave in that place is learnt, and takes its place in the requests that follow.  A value of the page
stands for one of the server's, and no other stands for that one.  Times, dates and addresses may differ.  All else is as
shown, but for what the demo data hold: of those the page's values must have the shapes of shapes.py, and the real names.
"""

import copy
import json
import os
import re
from http import HTTPStatus

import pytest

import shapes
from client import check, compose, note_secrets, parse
from server import ROOT
from shapes import Number, boolean, ident, integer, validate
from test_quickstart import blocks

PAGE = os.path.join(ROOT, "docs", "api.md")

# Headers that differ from answer to answer: the page shows them where they are, and nowhere else.
TELLING = {"etag", "location", "retry-after", "www-authenticate", "allow", "idempotent-replayed", "content-disposition"}

# Values that are others at every run; those of the first list are learnt.
LEARNT = {
    "id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "code": r"\d{6}", "access token": r"eyJ[\w-]*\.[\w-]+\.[\w-]+",
    "opaque value": r"[\w-]{43,}", "entity tag": r'"\d+-[0-9a-f]+"',
}
PASSING = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "date": r"\d{4}-\d\d-\d\d", "address": r"\d+\.\d+\.\d+\.\d+", "seconds": r"\d+",
}
KINDS = {**LEARNT, **PASSING}

# Where the demo data are seen: whole answers of these paths, and members of others.
FOLLOWED = {"craftsman_id": ident, "following": boolean, "followers_count": integer}
DEMO = {
    "/v1/feed": shapes.FEED, "/v1/posts/[^/]+": shapes.ONE_POST, "/v1/craftsmen": shapes.CRAFTSMEN,
    "/v1/craftsmen/[^/]+": shapes.ONE_CRAFTSMAN, "/v1/craftsmen/[^/]+/follow": FOLLOWED, "/v1/categories": shapes.CATEGORIES,
}
DEMO_MEMBERS = {"craftsman": shapes.CRAFTSMAN_SUMMARY, "post": shapes.POST_FOR_OTHERS}


def kind(text):
    return next((name for name, pattern in KINDS.items() if re.fullmatch(pattern, text)), None)


class Learnt:
    """What values of the page stand for."""

    def __init__(self):
        self.real = {}
        self.shown = {}

    def learn(self, shown, real, where, is_demo):
        if is_demo:    # who is first there may change from request to request
            self.real[shown], self.shown[real] = real, shown
        assert self.real.setdefault(shown, real) == real, f"{where}: {shown} has stood for another value"
        assert self.shown.setdefault(real, shown) == shown, f"{where}: what was shown as {self.shown[real]} is {shown} here"

    def translate(self, text):
        if not self.real:
            return text
        names = "|".join(re.escape(name) for name in sorted(self.real, key=len, reverse=True))
        return re.sub(rf"(?<![\w.-])({names})(?![\w.-])", lambda match: self.real[match[0]], text)

    def compare(self, shown, real, where, is_demo=False):
        """Raises AssertionError where the page does not show what there is."""
        if isinstance(shown, dict) and isinstance(real, dict):
            assert shown.keys() == real.keys(), \
                f"{where}: not on the page {real.keys() - shown.keys()}, only there {shown.keys() - real.keys()}"
            for name in shown:
                is_member = not is_demo and name in DEMO_MEMBERS and shown[name] is not None
                if is_member:
                    validate(shown[name], DEMO_MEMBERS[name], f"{where}.{name}")
                self.compare(shown[name], real[name], f"{where}.{name}", is_demo or is_member)
        elif isinstance(shown, list) and isinstance(real, list):
            assert is_demo or len(shown) == len(real), f"{where}: {len(real)} items, shown {len(shown)}"
            for index, (one, other) in enumerate(zip(shown, real)):
                self.compare(one, other, f"{where}[{index}]", is_demo)
        elif isinstance(shown, str) and isinstance(real, str) and kind(shown) and kind(shown) == kind(real):
            if kind(shown) in LEARNT:
                self.learn(shown, real, where, is_demo)
        elif is_demo:
            assert shown is None or real is None or type(shown) is type(real), f"{where}: {real!r}, shown {shown!r}"
        else:
            assert type(shown) is type(real) and self.same(shown) == self.same(real), f"{where}: {real!r}, shown {shown!r}"

    def same(self, value):
        return value.written if isinstance(value, Number) else self.translate(value) if isinstance(value, str) else value


def read(text):
    return parse(text, parse_int=Number, parse_float=Number) if text.strip() else None


class Message:
    """A block of HTTP: first line, headers, body."""

    def __init__(self, text, line):
        head, _, self.body = text.partition("\n\n")
        self.first, *headers = head.strip().split("\n")
        self.headers = dict(header.split(": ", 1) for header in headers)
        self.where = f"api.md, line {line}"
        self.is_answer = self.first.startswith("HTTP/1.1 ")


class Exchange:
    """A request of the page, the answer shown and the answer got."""

    def __init__(self, request, shown, real):
        self.request, self.shown, self.real = request, shown, real
        path = request.first.split(" ")[1].split("?")[0]
        self.demo_shape = next((shape for pattern, shape in DEMO.items() if re.fullmatch(pattern, path)), None)

    def compare(self, learnt):
        where = self.shown.where
        status = HTTPStatus(self.real.status)
        assert self.shown.first == f"HTTP/1.1 {status.value} {status.phrase}", f"{where}: {self.real}"
        shown = {name.lower(): value for name, value in self.shown.headers.items()}
        real = dict(self.real.headers)
        assert shown.keys() & TELLING == real.keys() & TELLING, f"{where}: {self.real}"
        learnt.compare(shown, {name: real.get(name) for name in shown}, f"{where}, headers")
        body = read(self.shown.body)
        if self.demo_shape and status < 400:
            validate(body, self.demo_shape, where)
        learnt.compare(body, read(self.real.body.decode()), f"{where}, body", self.demo_shape is not None and status < 400)


def send(client, message, learnt):
    method, target = message.first.split(" ")
    body = learnt.translate(message.body).strip() or None
    headers = {name: learnt.translate(value) for name, value in message.headers.items()}
    note_secrets(json.loads(body) if body else None)
    note_secrets({"access_token": headers.get("Authorization", "").removeprefix("Bearer ")})
    if method == "POST":
        headers.setdefault("Content-Length", str(len((body or "").encode())))
    answer = check(client.raw(compose(method, learnt.translate(target), body and body.encode(), headers)))
    note_secrets(answer.json() if answer.body else None)
    return answer


@pytest.fixture(scope="module")
def exchanges(client, database):
    """Goes through the page; what is not as shown fails there."""
    learnt, done, request, value = Learnt(), [], None, None
    for language, text, line in blocks(open(PAGE, encoding="utf-8").read()):
        assert language in ("http", "sql", "json", "sh", "text"), f"api.md, line {line}: say what the block is"
        if language == "sql":
            value = database.value(learnt.translate(text))
            note_secrets(value)
        elif language == "json" and value is not None:
            learnt.compare(read(text), read(json.dumps(value)), f"api.md, line {line}")
            value = None
        elif language == "http":
            message = Message(text, line)
            assert message.is_answer == (request is not None), f"{message.where}: a request and its answer come in turn"
            if request is None:
                request = message
            else:
                done.append(Exchange(request, message, send(client, request, learnt)))
                done[-1].before = copy.deepcopy(learnt)
                done[-1].compare(learnt)
                request = None
    assert request is None and value is None
    return done


def test_page(exchanges):
    assert len(exchanges) > 30


def test_first_answer_of_the_readme(client):
    """Within 60 lines, and to the letter: the demo data have him."""
    lines = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read().split("\n")[:60]
    found = [text for _, text, _ in blocks("\n".join(lines))]
    place = next(place for place, text in enumerate(found) if text.startswith("curl "))
    path = re.search(r":8080(/[^']*)'", found[place])[1]
    assert json.loads(found[place + 1]) == client.get(path).json()


def test_every_route_of_accounts_is_shown(exchanges, database):
    shown = {exchange.request.first.split("?")[0] for exchange in exchanges}
    for route in database.run("SELECT method, path FROM mesteri.routes WHERE area IN ('auth', 'users') AND path LIKE '/v1/%%'"):
        pattern = re.sub(r"\{\w+\}", "[^/]+", f"{route['method']} {route['path']}")
        assert any(re.fullmatch(pattern, one) for one in shown), f"{pattern} is not on the page"


def places(value, path=()):
    """Paths to every member of every object."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name)
            yield from places(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def spoilt(body, path, change):
    """The body with one object changed; numbers stay as they are written."""
    numbers = []

    def keep(written):
        numbers.append(written)
        return f"number {len(numbers) - 1}."

    body = json.loads(body, parse_int=keep, parse_float=keep)
    place = body
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return re.sub(r'"number (\d+)\."', lambda match: numbers[int(match[1])], json.dumps(body))


def is_wrong(exchange, **changes):
    """Whether the test would notice that the page shows something else."""
    wrong = copy.copy(exchange)
    wrong.shown = copy.copy(exchange.shown)
    vars(wrong.shown).update(changes)
    try:
        wrong.compare(copy.deepcopy(exchange.before))
    except AssertionError:
        return True
    return False


def rename(place, name):
    place[name + "_"] = place.pop(name)


def retype(place, name):
    place[name] = {"an": "object"}


@pytest.mark.parametrize("change", [rename, retype, lambda place, name: place.pop(name)], ids=["renamed", "retyped", "left out"])
def test_a_wrong_member_is_noticed(exchanges, change):
    """Each member of each answer in turn."""
    tried = 0
    for exchange in exchanges:
        if exchange.shown.body.strip():
            assert not is_wrong(exchange)
            for path in places(json.loads(exchange.shown.body)):
                body = spoilt(exchange.shown.body, path, change)
                assert is_wrong(exchange, body=body), (exchange.shown.where, path)
                tried += 1
    assert tried > 500


def test_wrong_values_are_noticed(exchanges):
    """Of what is the caller's own, each value that is the same at every run; and status and headers of all."""
    for exchange in exchanges:
        assert is_wrong(exchange, first="HTTP/1.1 418 I'm a Teapot")
        for name in set(exchange.shown.headers):
            if name.lower() in TELLING:
                assert is_wrong(exchange, headers={key: value for key, value in exchange.shown.headers.items() if key != name})
        assert is_wrong(exchange, headers={**exchange.shown.headers, "Allow": "GET"})
    error = next(exchange for exchange in exchanges if exchange.shown.body.startswith("{\"type\""))
    for name, value in (("status", 499), ("error", "other"), ("message", "Altceva."), ("path", "/v1/posts"), ("details", [{}])):
        assert is_wrong(error, body=json.dumps({**json.loads(error.shown.body), name: value}, ensure_ascii=False)), name


def test_a_value_stands_for_one():
    learnt = Learnt()
    learnt.compare({"id": "00000000-0000-0000-0000-00000000000a"}, {"id": "00000000-0000-0000-0000-000000000001"}, "")
    for shown, real in (("a", "2"), ("b", "1")):
        with pytest.raises(AssertionError):
            learnt.compare(*[{"id": f"00000000-0000-0000-0000-00000000000{last}"} for last in (shown, real)], "")
    assert learnt.translate("/v1/users/00000000-0000-0000-0000-00000000000a/public").endswith("0001/public")
