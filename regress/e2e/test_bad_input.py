"""What must be refused, and refused well: no crash, no 500, no answer that belongs to somebody else."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Connection, check, compose, head

LOGIN = "/v1/auth/login"
GOOD = compose("GET", "/v1/categories?limit=1")


def details(answer):
    return [(detail["field"], detail["rule"]) for detail in answer.json()["details"]]


# Bodies.

NESTED_33 = b'{"email_or_phone": ' + b"[" * 33 + b"]" * 33 + b"}"
NESTED_32 = b'{"email_or_phone": ' + b"[" * 31 + b"]" * 31 + b"}"


@pytest.mark.parametrize("body", [
    b"{", b"}", b"[]", b"null", b"7", b'"x"', b"{,}", b'{"a" 1}', b"{'a': 1}", b'{"a": 01}', b'{"a": .5}', b'{"a": 1.}',
    b'{"a": +1}', b'{"a": NaN}', b'{"a": Infinity}', b'{"a": tru}', b'{"a": 1} x', b'{"a": 1}{"b": 2}', b"{} //", b"\xef\xbb\xbf{}",
    b'{"a": "\x01"}', b'{"a": "x\ny"}', b'{"a": "\\x41"}', b'{"a": "\\u12"}', b'{"a": "\\u0000"}', b'{"\\u0000": 1}',
    b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "\\ud800x"}', b'{"\\ud800": 1}', b'{"a": "\xff"}',
    b'{"a": "\xc0\xaf"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xf4\x90\x80\x80"}', b'{"a": "\xc8"}', b'{"a": "', b"\x00", b"{}\x00",
    b'{"a": "\x00"}', b" ", b"\xff\xfe{\x00}\x00", NESTED_33,
], ids=lambda body: repr(body[:24]))
def test_malformed_body(client, body):
    assert client.post(LOGIN, body).error == "malformed_body"


def test_deep_body(client, register):
    """32 levels are JSON for us, 33 are not; brackets by the thousand cost nothing."""
    assert details(client.post(LOGIN, NESTED_32)) == [("email_or_phone", "type")]
    person = register(client)
    for opened in (b"[", b'{"a":'):
        body = b'{"bio": ' + opened * (60000 // len(opened))
        assert person.client.put("/v1/users/me", body, headers={"If-Match": "*"}).error == "malformed_body"


REGISTRATION = {"email": "x@example.ro", "phone_number": "0745200001", "password": "o parola buna 1", "user_type": "client",
                "first_name": "A", "last_name": "B", "language": "ro", "platform": "ios"}
WRONG_TYPES = [7, 1.5, True, [], {}, ["x"], {"x": "y"}]


@pytest.mark.parametrize("field", REGISTRATION)
def test_wrong_type_of_each_field(client, field):
    for value in WRONG_TYPES:
        answer = client.post("/v1/auth/register", {**REGISTRATION, field: value})
        assert answer.error == "invalid_field" and details(answer) == [(field, "type")], (value, answer)


@pytest.mark.parametrize("field", ["email", "phone_number", "password", "user_type", "first_name", "last_name"])
def test_missing_and_null(client, field):
    body = {name: value for name, value in REGISTRATION.items() if name != field}
    assert details(client.post("/v1/auth/register", body)) == [(field, "required")]
    assert details(client.post("/v1/auth/register", {**REGISTRATION, field: None})) == [(field, "null")]


PROFILE = {"first_name": "s", "last_name": "s", "display_name": "s", "bio": "s", "date_of_birth": "s", "location": "o",
           "city": "s", "county": "s", "address": "s", "postal_code": "s", "language": "s", "notification_preferences": "o",
           "search_radius_km": "n"}


@pytest.mark.parametrize("field, kind", PROFILE.items())
def test_wrong_type_of_each_profile_field(client, profile_owner, field, kind):
    values = {"s": [7, True, [], {}], "n": ["7", True, [], {}], "o": [7, "x", True, []]}[kind]
    for value in values:
        answer = profile_owner.put("/v1/users/me", {field: value}, headers={"If-Match": "*"})
        assert answer.error == "invalid_field" and details(answer) == [(field, "type")], (value, answer)


@pytest.fixture(scope="module")
def profile_owner(client, register):
    return register(client).client


@pytest.mark.parametrize("body, field, rule", [
    ({"first_name": "x" * 101}, "first_name", "length"),
    ({"first_name": "   "}, "first_name", "length"),
    ({"display_name": "x" * 201}, "display_name", "length"),
    ({"bio": "ț" * 2001}, "bio", "length"),
    ({"bio": "a\x01"}, "bio", "control_character"),
    ({"city": "a\nb"}, "city", "control_character"),
    ({"city": "a\x85b"}, "city", "control_character"),
    ({"city": "x" * 101}, "city", "length"),
    ({"address": "x" * 501}, "address", "length"),
    ({"county": "CLJ"}, "county", "format"),
    ({"county": "ZZ"}, "county", "enum"),
    ({"postal_code": "40012"}, "postal_code", "format"),
    ({"postal_code": "40012x"}, "postal_code", "format"),
    ({"language": "de"}, "language", "enum"),
    ({"date_of_birth": "28.02.1990"}, "date_of_birth", "format"),
    ({"date_of_birth": "1990-02-30"}, "date_of_birth", ("format", "range")),
    ({"date_of_birth": "1899-12-31"}, "date_of_birth", "range"),
    ({"date_of_birth": "2999-12-31"}, "date_of_birth", "range"),
    ({"date_of_birth": "infinity"}, "date_of_birth", "format"),
    ({"search_radius_km": 0}, "search_radius_km", "range"),
    ({"search_radius_km": 301}, "search_radius_km", "range"),
    ({"search_radius_km": 2.5}, "search_radius_km", ("format", "type")),
    ({"search_radius_km": 10**30}, "search_radius_km", ("range", "format")),
    ({"location": {"lat": 90.0001, "lon": 0}}, "location.lat", "range"),
    ({"location": {"lat": 0, "lon": -180.1}}, "location.lon", "range"),
    ({"location": {"lat": 1e308, "lon": 0}}, "location.lat", "range"),
    ({"location": {"lat": 1}}, "location.lon", "required"),
    ({"location": {}}, "location.lat", "required"),
    ({"location": {"lat": None, "lon": 1}}, "location.lat", "null"),
    ({"location": {"lat": "1", "lon": 1}}, "location.lat", "type"),
    ({"notification_preferences": {"push": "yes"}}, "notification_preferences.push", "type"),
    ({"notification_preferences": {"push": None}}, "notification_preferences.push", "null"),
    ({"notification_preferences": {"types": []}}, "notification_preferences.types", "type"),
])
def test_value_out_of_limits(profile_owner, body, field, rule):
    answer = profile_owner.put("/v1/users/me", body, headers={"If-Match": "*"})
    assert answer.error == "invalid_field", answer
    rules = rule if isinstance(rule, tuple) else (rule,)
    assert [name for name, _ in details(answer)] == [field] and details(answer)[0][1] in rules, answer


@pytest.mark.parametrize("body, error, field", [
    (b'{"nume": 1}', "unknown_field", "nume"),
    (b'{"location": {"lat": 1, "lon": 2, "alt": 3}}', "unknown_field", "location.alt"),
    (b'{"notification_preferences": {"fax": true}}', "unknown_field", "notification_preferences.fax"),
    (b'{"notification_preferences": {"types": {"new_message": {"fax": true}}}}', "unknown_field",
     "notification_preferences.types.new_message.fax"),
    (b'{"city": "a", "city": "b"}', "duplicate_field", "city"),
    (b'{"city": "a", "\\u0063ity": "b"}', "duplicate_field", "city"),
    (b'{"location": {"lat": 1, "lon": 2, "lat": 3}}', "duplicate_field", None),
    (b'{"notification_preferences": {"types": {}, "types": {}}}', "duplicate_field", None),
])
def test_unknown_and_duplicate(profile_owner, body, error, field):
    answer = profile_owner.put("/v1/users/me", body, headers={"If-Match": "*"})
    assert answer.error == error, answer
    assert field is None or details(answer)[0][0] == field, answer


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "91", "-90.0000001"])
def test_number_too_large(profile_owner, number):
    body = b'{"location": {"lat": %s, "lon": 0}}' % number.encode()
    answer = profile_owner.put("/v1/users/me", body, headers={"If-Match": "*"})
    assert details(answer) == [("location.lat", "range")], answer


@pytest.mark.parametrize("number", ["0." + "1" * 400, "-0", "-0.0", "9E1", "1e-300"])
def test_number_in_an_odd_spelling(profile_owner, number):
    body = b'{"location": {"lat": %s, "lon": 0}}' % number.encode()
    answer = profile_owner.put("/v1/users/me", body, headers={"If-Match": "*"})
    assert answer.status == 200 and answer.json()["profile"]["location"]["lat"] == float(number)


# Queries.


@pytest.mark.parametrize("query, error, field", [
    ("lat=91&lon=0", "invalid_field", "lat"), ("lat=-90.1&lon=0", "invalid_field", "lat"), ("lat=0&lon=181", "invalid_field", "lon"),
    ("lat=NaN&lon=0", "invalid_field", "lat"), ("lat=inf&lon=0", "invalid_field", "lat"), ("lat=Infinity&lon=0", "invalid_field", "lat"),
    ("lat=0x10&lon=0", "invalid_field", "lat"), ("lat=1e999&lon=0", "invalid_field", "lat"), ("lat=&lon=", "invalid_field", "lat"),
    ("lat=+1&lon=0", "invalid_field", "lat"), ("lat=1%202&lon=0", "invalid_field", "lat"), ("lat=46", "invalid_field", "lon"),
    ("lon=23", "invalid_field", "lat"), ("lat=--1&lon=0", "invalid_field", "lat"), ("lat=e&lon=0", "invalid_field", "lat"),
    ("radius_km=0", "invalid_field", "radius_km"), ("radius_km=-1", "invalid_field", "radius_km"),
    ("radius_km=300.0001", "invalid_field", "radius_km"), ("radius_km=301", "invalid_field", "radius_km"),
    ("limit=0", "invalid_field", "limit"), ("limit=101", "invalid_field", "limit"), ("limit=-1", "invalid_field", "limit"),
    ("limit=1.5", "invalid_field", "limit"), ("limit=99999999999999999999", "invalid_field", "limit"),
    ("limit=", "invalid_field", "limit"), ("limit[]=5", "invalid_field", "limit"), ("page=0", "invalid_field", "page"),
    ("page=26", "invalid_field", "page"), ("following_only=1", "invalid_field", "following_only"),
    ("following_only=TRUE", "invalid_field", "following_only"), ("categories[]=x", "invalid_field", "categories"),
    ("categories=" + ",".join([str(uuid.UUID(int=7))] * 21), "invalid_field", "categories"),
    ("categories[]={019a0000-0000-7000-8000-000000000001}", "invalid_field", "categories"),
    ("cursor=", "invalid_field", "cursor"), ("cursor=%41%41", "invalid_field", "cursor"), ("cursor=" + "A" * 6001, "invalid_field", "cursor"),
    ("limit=%", "invalid_field", "query"), ("limit=%1", "invalid_field", "query"), ("limit=%zz", "invalid_field", "query"),
    ("limit=%00", "invalid_field", "query"), ("%00=1", "invalid_field", "query"), ("limit=%ff", "invalid_field", "query"),
    ("limit=%c0%b5", "invalid_field", "query"), ("limit=%ed%a0%80", "invalid_field", "query"),
    ("&".join(f"p{n}=1" for n in range(101)), "invalid_field", "query"),
    ("limits=5", "unknown_field", "limits"), ("Limit=5", "unknown_field", "Limit"), ("_language=hu", "unknown_field", "_language"),
    ("viewer=1", "unknown_field", "viewer"), ("=5", "unknown_field", ""), ("limit%5b%5d=5", "invalid_field", "limit"),
    ("limit=5&limit=5", "duplicate_field", "limit"), ("lat=1&lat=2&lon=3", "duplicate_field", "lat"),
    ("categories=&categories=", "duplicate_field", "categories"),
])
def test_bad_query(client, query, error, field):
    answer = client.get(f"/v1/feed?{query}")
    assert answer.error == error, answer
    assert details(answer)[0][0] == field, answer


@pytest.mark.parametrize("query", ["q=%CC%81", "q=%CC%81%CC%A6", "q=+%CC%81+"])
def test_marks_alone_are_no_words(client, query):
    """They would be found in every name."""
    answer = client.get(f"/v1/craftsmen?{query}")
    assert (answer.status, answer.error) == (400, "invalid_field") and details(answer)[0][0] == "q", answer


def test_made_up_names_come_back_cut(client, profile_owner):
    """A long name of a field is neither echoed nor logged in full."""
    for letter, kept in (("a", 64), ("ș", 32), ("€", 21), ("🔨", 16)):
        name = letter * (15000 // len(letter.encode()))
        answer = profile_owner.put("/v1/users/me", {name: 1}, headers={"If-Match": "*"})
        assert details(answer) == [(letter * kept, "unknown")] and len(answer.body) < 600, answer
    answer = client.get("/v1/feed?" + "%C8%99" * 1000 + "=1")
    assert answer.error == "unknown_field" and details(answer)[0][0] == "ș" * 32 and len(answer.body) < 600, answer


@pytest.mark.parametrize("query", ["", "&", "&&limit=1&", "limit=%31", "%6cimit=1", "lat=46.5&lon=23.5&radius_km=0.001",
                                   "radius_km=300", "limit=1", "limit=100", "lat=-90&lon=180", "lat=90&lon=-180", "page=25",
                                   "categories=", "categories[]=019a0000-0000-7000-8000-00000000ffff", "following_only=false"])
def test_query_at_its_limits(client, query):
    assert client.get(f"/v1/feed?{query}").status == 200


@pytest.mark.parametrize("segment", [
    "7", "x" * 36, "{019a0000-0000-7000-8000-000000000023}", "019a000000007000800000000000002", "019A0000-0000-7000-8000-00000000002G",
    "%30", "..", ".", "%2e%2e", "..%2f..%2fusers%2fme", "019a0000-0000-7000-8000-000000000023%00", "%ff%fe", "%", "%zz",
    "019a0000-0000-7000-8000-000000000023%0d%0aX:%201", "you", "'%20OR%201=1", "%F0%9F%94%A8", "a" * 4000,
    "019a0000-0000-7000-8000-000000000023/", "/019a0000-0000-7000-8000-000000000023", "019a0000-0000-7000-8000-000000000023;x=1",
])
def test_path_that_names_nothing(client, segment):
    for list_path in ("/v1/craftsmen", "/v1/posts"):
        answer = client.get(f"{list_path}/{segment}")
        assert (answer.status, answer.error) in ((404, "not_found"), (400, "malformed_body")), answer


def test_id_in_capitals_is_the_same_id(client):
    ion = "019a0000-0000-7000-8000-000000000023"
    assert client.get(f"/v1/craftsmen/{ion.upper()}").json()["craftsman_profile"]["id"] == ion
    assert client.get(f"/v1/craftsmen/{ion.replace('-', '%2D')}").json()["craftsman_profile"]["id"] == ion


# Cursors.


def first_cursor(reader, query="limit=3"):
    return reader.get(f"/v1/feed?{query}").json()["next_cursor"]


def test_flipped_cursor(client, chance):
    """A cursor with any one bit changed is none."""
    cursor = first_cursor(client)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1 << chance.randrange(8)
        text = base64.urlsafe_b64encode(flipped).decode().rstrip("=")
        answer = client.get(f"/v1/feed?limit=3&cursor={text}")
        assert answer.error == "invalid_field" and details(answer) == [("cursor", "cursor")], (place, answer)
    assert client.get(f"/v1/feed?limit=3&cursor={cursor}").status == 200


def test_cut_and_stretched_cursor(client, chance):
    cursor = first_cursor(client)
    for length in sorted(chance.sample(range(1, len(cursor)), 20)):
        assert client.get(f"/v1/feed?cursor={cursor[:length]}").error == "invalid_field", length
    for text in (cursor + "A", cursor + "AAAA", cursor + "%3D", cursor + cursor, "%2B" + cursor[1:]):
        assert client.get(f"/v1/feed?cursor={text}").error == "invalid_field", text


def test_cursor_of_another_walk(client, register):
    """A cursor belongs to who walks, and to what they walk through."""
    a, b = register(client).client, register(client).client
    near = "lat=46.77&lon=23.59"
    cursor = first_cursor(a, near)
    assert a.get(f"/v1/feed?{near}&cursor={cursor}").status == 200
    for reader, query in ((b, near), (client, near), (a, ""), (a, "lat=46.77&lon=23.58"), (a, near + "&radius_km=20"),
                          (a, near + "&following_only=true"),
                          (a, near + "&categories=019a0000-0000-7000-8000-000000000001")):
        answer = reader.get(f"/v1/feed?{query}&cursor={cursor}")
        assert answer.error == "invalid_field" and details(answer) == [("cursor", "cursor")], (query, answer)
    assert details(a.get(f"/v1/feed?{near}&cursor={cursor}&page=2")) == [("page", "exclusive")]


# Sizes.


def test_sizes_of_bodies(client, register):
    person = register(client).client
    answer = client.post(LOGIN, b'{"email_or_phone": "x"' + b" " * (16384 - 23) + b"}")
    assert details(answer) == [("password", "required")]
    assert client.post(LOGIN, b" " * 16385).error == "payload_too_large"
    assert client.post(LOGIN, b"x" * (2 << 20)).error == "payload_too_large"
    assert person.put("/v1/users/me", b" " * 65537).error == "payload_too_large"
    assert person("GET", "/v1/users/me", b"{}").error == "payload_too_large"
    assert person.get("/v1/users/me", headers={"Content-Length": "0"}).status == 200


@pytest.mark.parametrize("length", ["99999999999999999999999", "9223372036854775808", "18446744073709551615", "-1", "+1", "1x",
                                    "0x10", "1,1", "1 1", "", "1e3"])
def test_content_length_that_is_none(client, length):
    answer = check(client.raw(head("POST", LOGIN, [("Content-Type", "application/json"), ("Content-Length", length)])))
    assert answer.error in ("malformed_body", "payload_too_large"), answer
    assert answer.header("connection") == "close"


def test_sizes_of_heads(client):
    for size, error in ((15000, None), (17 << 10, "header_too_large"), (100 << 10, "header_too_large")):
        answer = client.get("/v1/categories", headers={"X-Filler": "x" * size})
        assert answer.error == error if error else answer.status == 200, (size, answer)
    assert client.get("/v1/categories?x=" + "y" * 8000).error == "unknown_field"
    assert client.get("/v1/categories?x=" + "y" * 8192).error == "uri_too_long"
    assert client.get("/" + "y" * 20000).error == "uri_too_long"


def test_very_many_headers(client):
    many = {f"X-{n}": "1" for n in range(400)}
    assert client.get("/v1/categories", headers=many).error == "header_too_large"
    answer = client.get("/v1/categories", headers={f"X-{n}": "1" for n in range(40)})
    assert answer.status == 200


# Framing: whatever is doubtful is refused and ends the connection.

JSON = [("Content-Type", "application/json")]


@pytest.mark.parametrize("data", [
    head("POST", LOGIN, JSON + [("Content-Length", "2"), ("Content-Length", "3")]) + b"{} ",
    head("POST", LOGIN, JSON + [("Content-Length", "2"), ("Content-Length", "2")]) + b"{}",
    head("POST", LOGIN, JSON + [("Content-Length", "2"), ("Transfer-Encoding", "chunked")]) + b"2\r\n{}\r\n0\r\n\r\n",
    head("POST", LOGIN, JSON + [("Transfer-Encoding", "chunked")]) + b"2\r\n{}\r\n0\r\n\r\n",
    head("POST", LOGIN, JSON + [("Transfer-Encoding", "identity")]) + b"{}",
    head("GET", "/v1/categories", [("Transfer-Encoding", "xchunked")]) + b"0\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\nHost: x\n\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\nX-\x00: 1\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    b"GET /v1/categories HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n",
    b"GET /v1/categories HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET /v1/categories HTTP/1.11\r\nHost: x\r\n\r\n",
    b"GET /v1/categories http/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/categories\r\n\r\n",
    b"GET  /v1/categories HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET\t/v1/categories\tHTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/ca tegories HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/categories#x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET v1/categories HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET \xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"G(T /v1/categories HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    b"\x00" * 100, b"\xff" * 100, b"{}" * 50 + b"\r\n\r\n", b"\r\n\r\n\x16\x03\x01\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n", b"*1\r\n$4\r\nPING\r\n",
], ids=lambda data: repr(data[-40:]))
def test_garbage_is_refused_and_ends_the_connection(client, data):
    """One refusal, then the end; a request smuggled behind it is never answered."""
    with Connection(client.port) as connection:
        connection.send(data + compose("GET", "/v1/craftsmen?limit=1"))
        answers, rest = connection.read_all()
    assert len(answers) == 1 and rest == b"", (answers, rest)
    answer = check(answers[0])
    assert answer.status in (400, 411, 431) and answer.header("connection") == "close", answer


def test_http09(client):
    with Connection(client.port) as connection:
        connection.send(b"GET /v1/categories\r\n")
        answers, _ = connection.read_all()
    assert [answer.status for answer in answers] == [400]


def test_pipelined_garbage(client):
    """What came before is answered, the garbage is refused, what comes after is not read."""
    with Connection(client.port) as connection:
        connection.send(GOOD * 3 + b"\x00garbage\r\n\r\n" + GOOD)
        answers, rest = connection.read_all()
    assert [answer.status for answer in answers] == [200, 200, 200, 400] and rest == b""


def test_smuggled_request_in_a_body(client):
    """A body is a body, whatever it looks like."""
    inner = compose("GET", "/v1/craftsmen?limit=1")
    with Connection(client.port) as connection:
        connection.send(compose("POST", LOGIN, inner) + GOOD)
        first, second = check(connection.read()), check(connection.read())
    assert first.error == "malformed_body" and second.status == 200 and b"slug" in second.body


def test_refused_body_does_not_become_a_request(client):
    inner = compose("GET", "/v1/craftsmen?limit=1")
    with Connection(client.port) as connection:
        connection.send(compose("POST", "/v1/nowhere", inner))
        answers, rest = connection.read_all()
    assert [answer.status for answer in answers] == [404] and rest == b""


def test_empty_lines_before_a_request(client):
    answer = check(client.raw(b"\r\n\r\n" + GOOD))
    assert answer.status == 200


def test_absolute_form(client):
    for target in ("http://localhost/v1/categories?limit=1", "HTTP://example.ro:8080/v1/categories?limit=1"):
        assert check(client.raw(head("GET", target))).status == 200, target
    assert check(client.raw(head("GET", "http://localhost"))).status in (400, 404)
    # A slash of the query is not where the path begins.
    for target in ("http://h?x=/health", "http://h?/health", "http://h:80?x=1&y=/v1/categories", "http://?/health"):
        assert check(client.raw(head("GET", target))).status == 400, target
    answer = check(client.raw(head("GET", "http://h/v1/categories?limit=1&x=/health")))
    assert answer.error == "unknown_field"


def test_asterisk_form(client):
    assert check(client.raw(head("OPTIONS", "*"))).status in (204, 404)
    assert check(client.raw(head("GET", "*"))).status == 400


def test_http10(client):
    """Closed after the answer, unless the client asks to keep it."""
    with Connection(client.port) as connection:
        connection.send(b"GET /v1/categories?limit=1 HTTP/1.0\r\n\r\n")
        answers, _ = connection.read_all()
    assert [answer.status for answer in answers] == [200] and answers[0].header("connection") == "close"
    with Connection(client.port) as connection:
        connection.send(b"GET /v1/categories?limit=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
        first, second = connection.read(), connection.read()
    assert first.header("connection").lower() == "keep-alive" and second.status == 200


def test_expect_continue(client):
    body = b'{"email_or_phone": "x", "password": ""}'
    fields = JSON + [("Content-Length", str(len(body))), ("Expect", "100-continue")]
    with Connection(client.port) as connection:
        connection.send(head("POST", LOGIN, fields))
        assert connection.read().status == 100
        connection.send(body)
        assert check(connection.read()).error == "invalid_field"
    # One that would be refused anyway is told so instead.
    fields = JSON + [("Content-Length", "20000"), ("Expect", "100-continue")]
    with Connection(client.port) as connection:
        connection.send(head("POST", LOGIN, fields))
        assert check(connection.read()).error == "payload_too_large"


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "CONNECT", "get", "PROPFIND", "DELETE", "A" * 16])
def test_wrong_method(client, method):
    answer = client(method, "/v1/categories")
    assert answer.error == "method_not_allowed"
    assert set(answer.header("allow").split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_method_without_end(client):
    assert check(client.raw(b"A" * 17 + b" / HTTP/1.1\r\nHost: x\r\n\r\n")).status in (400, 405)


@pytest.mark.parametrize("value", ["x\r\nSet-Cookie: a=b", "x\nSet-Cookie: a=b", "x\rSet-Cookie: a=b",
                                   f"{uuid.UUID(int=7)}\nSet-Cookie: a=b"])
def test_header_injection(client, value):
    """What a client puts into a header that we echo never becomes a header of ours."""
    data = head("GET", "/v1/nowhere", [("X-Request-Id", value), ("Accept-Language", "hu")])
    with Connection(client.port) as connection:
        connection.send(data)
        answer = check(connection.read())
    assert answer.header("set-cookie") is None and b"Set-Cookie" not in answer.body


@pytest.mark.parametrize("path", ["/v1/x%0d%0aSet-Cookie:%20a=b", "/v1/x%0aSet-Cookie:a"])
def test_path_injection(client, path):
    answer = client.get(path)
    assert answer.header("set-cookie") is None and answer.json()["path"] == path


@pytest.mark.parametrize("content_type, is_fine", [
    ("application/json", True), ("application/json; charset=utf-8", True), ("Application/JSON;charset=\"UTF-8\"", True),
    ("application/json; charset=latin1", False), ("application/jsonx", False), ("application/problem+json", False),
    ("text/json", False), ("multipart/form-data; boundary=x", False), ("application/x-www-form-urlencoded", False), ("", False),
])
def test_content_type(client, content_type, is_fine):
    answer = client.post(LOGIN, b"{}", headers={"Content-Type": content_type})
    assert answer.error == ("invalid_field" if is_fine else "unsupported_media_type"), answer


def test_body_without_content_type(client):
    assert check(client.raw(head("POST", LOGIN, [("Content-Length", "2")]) + b"{}")).error == "unsupported_media_type"


def test_post_without_body(client):
    """Neither length nor body: an empty object, whose fields are missing."""
    assert details(check(client.raw(head("POST", LOGIN)))) == [("email_or_phone", "required")]


def test_headers_that_are_not_utf8(client, register):
    person = register(client).client
    for name in ("If-Match", "User-Agent", "If-None-Match", "Accept-Language"):
        answer = person.put("/v1/users/me", {}, headers={"If-Match": "*", name: "\xff\xfe"})
        assert answer.status in (200, 412, 428), (name, answer)


def test_random_bytes(client, chance):
    """Mutations of good requests: whatever happens, it is an answer of less than 500 or the end of the connection."""
    seeds = [GOOD, compose("POST", LOGIN, {"email_or_phone": "x@example.ro", "password": "nu stiu deloc"}),
             compose("GET", "/v1/feed?lat=46.77&lon=23.59&categories[]=a", headers={"X-Request-Id": str(uuid.UUID(int=7))})]

    def one(data):
        with Connection(client.port, timeout=10) as connection:
            try:
                connection.send(data)
                connection.end()
            except (BrokenPipeError, ConnectionResetError, OSError):
                pass
            answers, rest = connection.read_all()
        for answer in answers:
            assert answer.status < 500, (data, answer)
            if answer.status >= 200:
                check(answer)

    mutations = []
    for number in range(400):
        data = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(data))
            how = chance.randrange(4)
            if how == 0:
                data[place] = chance.randrange(256)
            elif how == 1:
                del data[place]
            elif how == 2:
                data.insert(place, chance.randrange(256))
            else:
                data[place:place] = data[chance.randrange(len(data)):][:chance.randrange(1, 20)]
        mutations.append(bytes(data))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, mutations))
