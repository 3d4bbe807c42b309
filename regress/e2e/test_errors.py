"""Every error of the catalogue happens over HTTP; each has a provocation here, in the name of its slug."""

import csv
import os
import threading
import time
import uuid
from contextlib import contextmanager

import pytest

from client import LANGUAGES
from server import ROOT, wait_until
from work import IF_ANY, make_post, rules, upload

CATALOGUE = {row["slug"]: row for row in csv.DictReader(open(os.path.join(ROOT, "data", "errors.csv"), encoding="utf-8"))}
RULES = {row["rule"]: row for row in csv.DictReader(open(os.path.join(ROOT, "data", "rules.csv"), encoding="utf-8"))}

PROVOCATIONS = {}


def provokes(slug):
    def remember(function):
        assert slug not in PROVOCATIONS
        PROVOCATIONS[slug] = function
        return function

    return remember


def test_every_error_is_provoked():
    assert set(PROVOCATIONS) == set(CATALOGUE)


@pytest.mark.parametrize("slug", CATALOGUE)
def test_error(slug, request, client):
    """The provocation gives an answer in each language, for it is repeatable."""
    def provoke(language):
        return PROVOCATIONS[slug](request.getfixturevalue, {"Accept-Language": language, "X-Request-Id": request_id})

    for language in LANGUAGES:
        request_id = str(uuid.uuid4())
        answer = provoke(language)
        row = CATALOGUE[slug]
        assert (answer.status, answer.error) == (int(row["status"]), slug), answer
        problem = answer.json()
        assert problem["title"] == row["title"]
        if slug not in ("header_too_large", "uri_too_long"):  # their headers are not read to the end
            assert problem["message"] == row[f"message_{language}"]
            assert problem["request_id"] == request_id
        for detail in problem["details"]:
            assert detail["message"] == RULES[detail["rule"]][f"message_{language}"]


# The request itself.


@provokes("malformed_body")
def _(get, headers):
    return get("client").post("/v1/auth/login", b'{"email_or_phone": ', headers=headers)


@provokes("unknown_field")
def _(get, headers):
    answer = get("client").post("/v1/auth/login", {"email_or_phone": "a", "password": "b", "otp": "c"}, headers=headers)
    assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("otp", "unknown")]
    return answer


@provokes("duplicate_field")
def _(get, headers):
    answer = get("client").get("/v1/feed?limit=5&limit=6", headers=headers)
    assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("limit", "duplicate")]
    return answer


@provokes("invalid_field")
def _(get, headers):
    answer = get("client").get("/v1/feed?lat=91&lon=0", headers=headers)
    assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("lat", "range")]
    return answer


@provokes("not_found")
def _(get, headers):
    return get("client").get(f"/v1/posts/{uuid.uuid4()}", headers=headers)


@provokes("method_not_allowed")
def _(get, headers):
    answer = get("client")("POST", "/v1/users/me", headers={**headers, "Content-Length": "0"})
    assert set(answer.header("allow").split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
    return answer


@provokes("length_required")
def _(get, headers):
    return get("client").post("/v1/auth/login", headers={**headers, "Transfer-Encoding": "chunked",
                                                         "Content-Type": "application/json"})


@provokes("payload_too_large")
def _(get, headers):
    return get("client").post("/v1/auth/login", b" " * 16385, headers=headers)


@provokes("uri_too_long")
def _(get, headers):
    return get("client").get("/v1/feed?cursor=" + "A" * 9000, headers=headers)


@provokes("header_too_large")
def _(get, headers):
    return get("client").get("/v1/feed", headers={**headers, "X-Filler": "x" * 17000})


@provokes("unsupported_media_type")
def _(get, headers):
    return get("client").post("/v1/auth/login", b"<xml/>", headers={**headers, "Content-Type": "text/xml"})


# Who asks.


@provokes("unauthenticated")
def _(get, headers):
    return get("client").get("/v1/users/me", headers=headers)


@provokes("token_expired")
def _(get, headers):
    person = get("register")(get("client"))
    token = get("database").value("""
        SELECT mesteri.jwt_sign(json_build_object('iss', 'mesteri', 'sub', user_id, 'user_type', 'client',
               'iat', 1700000000, 'exp', 1700000900, 'jti', mesteri.uuid7(), 'refresh_token_id', id, 'permissions', '{}'::text[]))
          FROM mesteri.token_families WHERE user_id = %s""", person.id)
    return get("client").get("/v1/users/me", token=token, headers=headers)


@provokes("token_revoked")
def _(get, headers):
    person = get("register")(get("client"))
    assert person.client.post("/v1/auth/logout").status == 200
    return person.client.get("/v1/feed", headers=headers)


@provokes("invalid_credentials")
def _(get, headers):
    return get("client").post("/v1/auth/login", {"email_or_phone": f"{uuid.uuid4()}@example.ro", "password": "nu e asta deloc"},
                              headers=headers)


@provokes("account_suspended")
def _(get, headers):
    """Right password; a wrong one does not tell."""
    client, person = get("client"), get("register")(get("client"))
    get("database").run("UPDATE mesteri.users SET is_active = false WHERE id = %s", person.id)
    wrong = client.post("/v1/auth/login", {"email_or_phone": person.email, "password": "nu e asta deloc"})
    assert wrong.error == "invalid_credentials"
    return client.post("/v1/auth/login", {"email_or_phone": person.email, "password": person.password}, headers=headers)


def test_suspension_ends_sessions(client, register, database):
    """An older token says account_suspended once the sessions are ended for that reason; so does the refresh token."""
    person = register(client)
    assert person.client.get("/v1/users/me").status == 200
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT mesteri.end_session(id, 'suspended') FROM mesteri.token_families WHERE user_id = %s", (person.id,))
        assert person.client.get("/v1/users/me").status == 200  # not before the commit
        cursor.execute("COMMIT")
    connection.close()
    assert person.client.get("/v1/users/me").error == "account_suspended"
    assert client.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}).error == "account_suspended"


@provokes("forbidden_role")
def _(get, headers):
    return get("staff").put("/v1/users/me", {"city": "Dej"}, headers={**headers, "If-Match": "*"})


@provokes("rate_limited")
def _(get, headers):
    identifier = f"{uuid.uuid4()}@example.ro"
    for _ in range(5):
        assert get("client").post("/v1/auth/login", {"email_or_phone": identifier, "password": "nu e asta deloc"}).status == 401
    person = get("register")(get("client"))
    for _ in range(5):
        body = {"current_password": "nu e asta deloc", "new_password": "destul de lunga"}
        assert person.client.post("/v1/auth/change-password", body).error == "wrong_password"
    for path, body in (("change-password", {"current_password": person.password, "new_password": "destul de lunga"}),
                       ("change-email", {"password_confirmation": person.password, "email": "alta.adresa@example.ro"}),
                       ("change-phone", {"password_confirmation": person.password, "phone_number": "0745990003"}),
                       ("login", {"email_or_phone": person.email, "password": person.password})):
        assert person.client.post(f"/v1/auth/{path}", body).error == "rate_limited"
    return get("client").post("/v1/auth/login", {"email_or_phone": identifier, "password": "nu e asta deloc"}, headers=headers)


# What they ask for.


@provokes("already_exists")
def _(get, headers):
    client, person = get("client"), get("register")(get("client"))
    answer = client.post("/v1/auth/register", get("person")(email=person.email.upper()), headers=headers)
    assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("email", "unique")]
    by_phone = client.post("/v1/auth/register", get("person")(phone_number=f"+4{person.phone_number}"))
    assert [(d["field"], d["rule"]) for d in by_phone.json()["details"]] == [("phone_number", "unique")]
    other = get("register")(client)
    for path, field, value in (("change-email", "email", person.email.upper()), ("change-phone", "phone_number", person.phone_number)):
        taken = other.client.post(f"/v1/auth/{path}", {field: value, "password_confirmation": other.password})
        assert [(d["field"], d["rule"]) for d in taken.json()["details"]] == [(field, "unique")]
    return answer


@provokes("idempotency_mismatch")
def _(get, headers):
    client = get("client")
    person, others = get("register")(client), [get("register")(client) for _ in range(2)]
    answers = [person.client.post(f"/v1/users/{other.id}/block", headers={**headers, "Idempotency-Key": "k"}) for other in others]
    assert answers[0].status == 200
    return answers[1]


@provokes("in_progress")
def _(get, headers):
    """The first waits for a row that somebody holds; the second is told at once."""
    client = get("client")
    person, other = get("register")(client), get("register")(client)
    answers = []

    def block():
        return person.client.post(f"/v1/users/{other.id}/block", headers={**headers, "Idempotency-Key": "k"})

    connection = get("database").connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.users WHERE id = %s FOR UPDATE", (other.id,))
        first = threading.Thread(target=lambda: answers.append(block()))
        first.start()
        wait_until(lambda: get("database").value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                                 " AND usename = 'mesteri_proxy'"), 10, "the first waits")
        answer = block()
        cursor.execute("ROLLBACK")
    connection.close()
    first.join()
    assert answers[0].status == 200 and answer.header("retry-after") == "1"
    assert block().header("idempotent-replayed") == "true"
    return answer


@provokes("self_reference")
def _(get, headers):
    person = get("register")(get("client"))
    return person.client.post(f"/v1/users/{person.id}/block", headers=headers)


@provokes("weak_password")
def _(get, headers):
    for password, rule in (("patrula 7", "min_length"), ("ă" * 37, "max_bytes"), ("Parola123456", "common")):
        answer = get("client").post("/v1/auth/register", get("person")(password=password), headers=headers)
        assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("password", rule)]
        person = get("register")(get("client"))
        changed = person.client.post("/v1/auth/change-password", {"current_password": person.password, "new_password": password})
        assert [(d["field"], d["rule"]) for d in changed.json()["details"]] == [("new_password", rule)]
    return answer


@provokes("wrong_password")
def _(get, headers):
    person = get("register")(get("client"))
    for path, field, body in (
            ("change-password", "current_password", {"new_password": "destul de lunga"}),
            ("change-email", "password_confirmation", {"email": "alta.adresa@example.ro"}),
            ("change-phone", "password_confirmation", {"phone_number": "0745990001"})):
        answer = person.client.post(f"/v1/auth/{path}", {**body, field: "nu e asta deloc"}, headers=headers)
        assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [(field, "wrong")]
        assert answer.error == "wrong_password"
    return answer


@provokes("invalid_code")
def _(get, headers):
    client = get("client")
    answers = [
        client.post("/v1/auth/verify-email", {"email": "nimeni@example.ro", "code": "123456"}, headers=headers),
        client.post("/v1/auth/verify-phone", {"phone_number": "0745990002", "code": "123456"}, headers=headers),
        client.post("/v1/auth/reset-password", {"token": "A" * 43, "new_password": "destul de lunga"}, headers=headers),
    ]
    assert {answer.error for answer in answers} == {"invalid_code"}
    return answers[-1]


@provokes("open_escrow")
def _(get, headers):
    person = get("register")(get("client"))
    get("database").run("INSERT INTO mesteri.transactions (from_user_id, type, amount, net_amount, vat_bps, command_id)"
                        " VALUES (%s, 'withdrawal', 10, 10, 0, gen_random_uuid())", person.id)
    return person.client("DELETE", "/v1/users/me", {"password_confirmation": person.password}, headers=headers)


@provokes("precondition_required")
def _(get, headers):
    return get("register")(get("client")).client.put("/v1/users/me", {"city": "Dej"}, headers=headers)


@provokes("precondition_failed")
def _(get, headers):
    return get("register")(get("client")).client.put("/v1/users/me", {"city": "Dej"}, headers={**headers, "If-Match": '"7"'})


@pytest.fixture(scope="module")
def craftsman(client, register):
    return register(client, user_type="craftsman")


@provokes("illegal_transition")
def _(get, headers):
    craftsman = get("craftsman")
    post = make_post(get("database"), craftsman)["id"]
    answer = craftsman.client.put(f"/v1/posts/{post}", {"status": "draft"}, headers={**headers, **IF_ANY})
    assert answer.json()["details"][0]["allowed"] == ["hidden"]
    return answer


@provokes("blocked")
def _(get, headers):
    craftsman, person = get("craftsman"), get("register")(get("client"))
    post = make_post(get("database"), craftsman)["id"]
    assert craftsman.client.post(f"/v1/users/{person.id}/block").status == 200
    return person.client.post(f"/v1/posts/{post}/comments", {"text": "x"}, headers=headers)


@provokes("empty_text")
def _(get, headers):
    post = make_post(get("database"), get("craftsman"))["id"]
    return get("craftsman").client.post(f"/v1/posts/{post}/comments", {"text": "<b></b>"}, headers=headers)


@provokes("foreign_media")
def _(get, headers):
    body = {"media_type": "image", "media_files": ["https://example.org/a.jpg"]}
    return get("craftsman").client.post("/v1/posts", body, headers=headers)


@provokes("invalid_media")
def _(get, headers):
    craftsman = get("craftsman")
    body = {"media_type": "video", "media_files": [upload(get("database"), craftsman)]}
    return craftsman.client.post("/v1/posts", body, headers=headers)


@provokes("invalid_value")
def _(get, headers):
    answer = get("craftsman").client.put("/v1/craftsmen/me", {"hourly_rate_min": 2, "hourly_rate_max": 1}, headers={**headers, **IF_ANY})
    assert rules(answer) == [("hourly_rate_min", "above_max")]
    return answer


@provokes("quota_exceeded")
def _(get, headers):
    craftsman = get("register")(get("client"), user_type="craftsman")
    get("database").run("INSERT INTO mesteri.craftsman_certifications (craftsman_id, name) SELECT id, 'x'"
                        "  FROM mesteri.craftsman_profiles, generate_series(1, mesteri.max_certifications()) WHERE user_id = %s", craftsman.id)
    return craftsman.client.post("/v1/craftsmen/me/certifications", {"name": "x"}, headers=headers)


# What goes wrong on our side: in a database of its own, broken on purpose and mended.


@contextmanager
def endpoint_body(database, body):
    """GET /categories runs this PL/pgSQL instead of its own."""
    original = database.value("SELECT pg_get_functiondef('api.category_list'::regproc)")
    database.run(f"""
        CREATE OR REPLACE FUNCTION api.category_list(
            _language text, parent_id uuid DEFAULT NULL, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 100)
            RETURNS mesteri.answer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
            AS $$ BEGIN {body} END; $$""")
    try:
        yield
    finally:
        database.run(original)


@provokes("internal_error")
def _(get, headers):
    client = get("scratch_proxy").client()
    with endpoint_body(get("scratch"), "PERFORM 1 / 0; RETURN mesteri.ok('{}');"):
        answer = client.get("/v1/categories", headers=headers)
        assert b"zero" not in answer.body and b"division" not in answer.body
    assert client.get("/v1/categories").status == 200
    return answer


@pytest.mark.parametrize("body", [
    "RAISE EXCEPTION 'parola lui Ion' USING DETAIL = 'Ion are 50000 lei', HINT = 'SELECT * FROM mesteri.users';",
    "RAISE EXCEPTION 'x' USING ERRCODE = 'unique_violation', DETAIL = 'Key (email)=(ion@example.ro) already exists.';",
    """RAISE EXCEPTION 'x' USING DETAIL = '[{"field": "ion@example.ro", "rule": "lei"}]', HINT = '50000';""",
    """RAISE EXCEPTION 'x' USING ERRCODE = 'MSZ99', DETAIL = '[{"field": "ion@example.ro", "rule": "lei"}]', HINT = '50000';""",
    "RAISE EXCEPTION 'x' USING ERRCODE = 'XX001', DETAIL = 'page 7 of relation';",
    "RETURN NULL;",
    "RAISE EXCEPTION 'x' USING ERRCODE = 'MSZ99', DETAIL = '[]';",
])
def test_our_faults_tell_nothing(scratch, scratch_proxy, body):
    with endpoint_body(scratch, body):
        answer = scratch_proxy.client().get("/v1/categories")
    assert (answer.status, answer.error) == (500, "internal_error"), answer
    assert answer.json()["details"] == [] and answer.header("retry-after") is None
    for word in (b"ion", b"Ion", b"lei", b"Key", b"relation"):
        assert word not in answer.body.replace(b"Something", b"").replace(b"nostru", b""), answer


def test_headers_that_are_ours_are_not_taken_from_an_endpoint(scratch, scratch_proxy):
    """What frames an answer is there once, whatever an endpoint adds; its other headers pass."""
    headers = "{Content-Type,text/html,content-type,text/plain,Content-Length,1,Connection,close,X-Request-Id,7,X-Extra,ours}"
    with endpoint_body(scratch, f"RETURN mesteri.ok('{{}}', NULL, NULL, '{headers}');"):
        answer = scratch_proxy.client().get("/v1/categories")
    assert answer.status == 200 and answer.json() == {}
    for name, value in (("content-type", "application/json; charset=utf-8"), ("content-length", "2"), ("x-extra", "ours")):
        assert [given for key, given in answer.headers if key == name] == [value], answer


@provokes("conflict")
def _(get, headers):
    client = get("scratch_proxy").client()
    for sqlstate in ("serialization_failure", "deadlock_detected"):
        with endpoint_body(get("scratch"), f"RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}';"):
            answer = client.get("/v1/categories", headers=headers)
            assert answer.error == "conflict"
    assert client.get("/v1/categories").status == 200
    return answer


@provokes("upgrade_in_progress")
def _(get, headers):
    """A library that does not fit its database answers nothing; once they fit again, it goes on by itself."""
    scratch, client = get("scratch"), get("scratch_proxy").client()
    version = scratch.value("SELECT extversion FROM pg_extension WHERE extname = 'mesteri'")

    def set_version(wanted):
        scratch.run("UPDATE pg_extension SET extversion = %s WHERE extname = 'mesteri'", wanted)
        scratch.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mesteri_proxy' AND datname = %s",
                    scratch.name)

    set_version("0.0.0")
    try:
        answer = wait_until(lambda: not_overloaded(client.get("/v1/categories", headers=headers)), 20, "other connections")
    finally:
        set_version(version)
    wait_until(lambda: client.get("/v1/categories").status == 200, 20, "the service goes on")
    return answer


def not_overloaded(answer):
    return answer if answer.error != "overloaded" else None


@provokes("overloaded")
def _(get, headers):
    proxy = get("proxy_without_database")
    answer = proxy.client().get("/v1/feed", headers=headers)
    assert proxy.client().get("/ready").status == 503
    assert proxy.client().get("/health").status == 200
    return answer


@pytest.fixture(scope="module")
def proxy_without_database(world):
    proxy = world.proxy("host=/nonexistent user=mesteri_proxy dbname=mesteri", name="alone", is_ready=False, start_wait_ms=0)
    wait_until(lambda: health(proxy), 10, "the proxy accepts")
    return proxy


def health(proxy):
    try:
        return proxy.client().get("/health").status == 200
    except OSError:
        return False


def test_overloaded_when_the_queue_is_full(world, database, register):
    """One connection, one place in the queue: of many waiting writers few are let in, the others are told at once."""
    proxy = world.proxy(database, name="narrow", workers=1, lane_write_connections=1,
                        lane_write_queue=1, lane_write_wait_ms=10000)
    person = register(proxy.client())
    answers = []

    def write():
        answers.append(person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": "*"}))

    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (person.id,))
        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) == 6, 10, "six of eight are refused")
        cursor.execute("ROLLBACK")
    connection.close()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 200] + [503] * 6
    assert all(answer.error == "overloaded" for answer in answers if answer.status == 503)


def test_overloaded_when_the_wait_is_long(world, database, register):
    proxy = world.proxy(database, name="impatient", workers=1, lane_write_connections=1,
                        lane_write_wait_ms=300)
    person = register(proxy.client())
    answers = []

    def write():
        answers.append(person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": "*"}))

    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (person.id,))
        threads = [threading.Thread(target=write) for _ in range(3)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) == 2, 5, "two of three waited too long")
        assert 0.25 < time.monotonic() - started < 2
        cursor.execute("ROLLBACK")
    connection.close()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 503, 503]


@pytest.fixture(scope="module")
def short_deadline(scratch, scratch_proxy):
    """PUT /users/me of the scratch database has 200 ms."""
    path = "UPDATE mesteri.routes SET deadline_ms = %s WHERE method = 'PUT' AND path = '/v1/users/me'"
    before = scratch.value("SELECT deadline_ms FROM mesteri.routes WHERE method = 'PUT' AND path = '/v1/users/me'")
    scratch.run(path, 200)
    scratch_proxy.client().get("/v1/categories")  # brings the proxy the news, which it reads within a second
    time.sleep(1.5)
    yield
    scratch.run(path, before)


@provokes("deadline_exceeded")
def _(get, headers):
    """Somebody holds the row; a short deadline ends the wait, and nothing of the request stays."""
    get("short_deadline")
    scratch, client = get("scratch"), get("scratch_proxy").client()
    person = get("register")(client)
    connection = scratch.connect()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM mesteri.user_profiles WHERE user_id = %s FOR UPDATE", (person.id,))
        started = time.monotonic()
        answer = person.client.put("/v1/users/me", {"city": "Dej"}, headers={**headers, "If-Match": "*"})
        assert time.monotonic() - started < 1, "the database itself ends it, not the proxy's patience"
        cursor.execute("ROLLBACK")
    connection.close()
    assert person.client.get("/v1/users/me").json()["profile"]["city"] is None
    return answer


# Details of the answers themselves.


@pytest.mark.parametrize("sent", ["", "7", "x" * 36, "{" + str(uuid.UUID(int=7)) + "}", str(uuid.UUID(int=7)) + "\tx", "ț"])
def test_request_id_of_the_client_must_be_a_uuid(client, sent):
    answer = client.get("/v1/nowhere", headers={"X-Request-Id": sent.encode("utf-8").decode("latin-1")})
    assert answer.header("x-request-id") != sent


def test_request_id_is_echoed(client):
    sent = str(uuid.uuid4())
    assert client.get("/v1/categories", headers={"X-Request-Id": sent}).header("x-request-id") == sent
    assert client.get("/v1/nowhere", headers={"X-Request-Id": sent.upper()}).header("x-request-id") == sent


def test_path_of_a_problem_has_no_query(client):
    assert client.get("/v1/nowhere?token=abc").json()["path"] == "/v1/nowhere"
    assert client.get('/v1/no"where\\').json()["path"] == '/v1/no"where\\'


def test_order_of_checks(client, register):
    """404 and 405 before everything, size before who, who before what."""
    person = register(client)
    bad = {"Authorization": "Bearer x"}
    assert client.post("/v1/nowhere", b"[" * 70000, headers=bad).error == "not_found"
    assert client.post("/v1/feed", b"[" * 70000, headers=bad).error == "method_not_allowed"
    assert client.put("/v1/users/me", b" " * 70000, headers=bad).error == "payload_too_large"
    assert client.put("/v1/users/me", b"[", headers={**bad, "Content-Type": "text/plain"}).error == "unsupported_media_type"
    assert client.put("/v1/users/me", b"[", headers=bad).error == "unauthenticated"
    assert person.client.put("/v1/users/me", b"[").error == "malformed_body"
    assert person.client.put("/v1/users/me", {"x": 1}).error == "unknown_field"
    assert person.client.put("/v1/users/me", {"city": "Dej"}).error == "precondition_required"
