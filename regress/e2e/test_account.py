"""The life of an account, by HTTP and by psql: the same words, the same refusals."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import shapes
from client import check, head
from shapes import conforms

LIFE_PASSWORD = "o viata intreaga 1"
PSQL_PASSWORD = "o viata intreaga 2"


def life(call, person, national, e164, password):
    """From registration to the end of the session; call(method, path, body, token=, headers=) answers."""
    answer = call("POST", "/v1/auth/register", person)
    assert answer.status == 201, answer
    assert answer.header("location") == "/v1/users/me"
    conforms(answer.body, shapes.REGISTERED)
    user = answer.json()["user"]
    # Here and below: the account as it is after signing in, not before.
    assert call("GET", "/v1/users/me", token=answer.json()["tokens"]["access_token"]).json()["user"] == user
    assert user["email"] == person["email"].lower() and user["phone_number"] == e164

    for identifier in (person["email"], person["email"].upper(), national, e164, "00" + e164[1:]):
        answer = call("POST", "/v1/auth/login", {"email_or_phone": identifier, "password": password})
        assert answer.status == 200, (identifier, answer)
        conforms(answer.body, shapes.SIGNED_IN)
        assert answer.json()["user"]["id"] == user["id"]
    signed_in = answer.json()["user"]

    answer = call("POST", "/v1/auth/refresh", {"refresh_token": answer.json()["tokens"]["refresh_token"]})
    assert answer.status == 200, answer
    conforms(answer.body, shapes.REFRESHED)
    token = answer.json()["tokens"]["access_token"]

    answer = call("GET", "/v1/users/me", token=token)
    assert answer.status == 200, answer
    conforms(answer.body, shapes.ME)
    me, tag = answer.json(), answer.header("etag")
    assert me["user"] == signed_in and me["profile"]["version"] == 1
    assert tag.startswith('"1-'), tag
    unchanged = call("GET", "/v1/users/me", token=token, headers={"If-None-Match": tag})
    assert unchanged.status == 304 and unchanged.body == b"" and unchanged.header("etag") == tag

    edit_profile(call, token, tag)

    answer = call("GET", "/v1/feed?lat=46.77&lon=23.59&limit=5", token=token)
    assert answer.status == 200, answer
    conforms(answer.body, shapes.FEED)
    assert len(answer.json()["posts"]) == 5

    answer = call("POST", "/v1/auth/logout", token=token)
    assert answer.status == 200, answer
    conforms(answer.body, shapes.SUCCESS)
    for path in ("/v1/users/me", "/v1/feed", "/v1/categories"):
        answer = call("GET", path, token=token)
        assert (answer.status, answer.error) == (401, "token_revoked"), (path, answer)


def edit_profile(call, token, tag):
    """PUT with what a phone sends: cedillas, blanks, a decomposed letter; then null, and versions that do not fit."""
    changes = {"bio": "  Fac \n de toate  ", "city": "Târgu Mureş", "display_name": "E\u0301va", "county": "MS",
               "location": {"lat": 46.5425, "lon": 24.5575}, "postal_code": "040012", "date_of_birth": "1990-02-28",
               "language": "hu", "notification_preferences": {"sms": True, "types": {"new_message": {"push": False}}}}
    answer = call("PUT", "/v1/users/me", changes, token=token, headers={"If-Match": tag})
    assert answer.status == 200, answer
    conforms(answer.body, shapes.ME)
    profile = answer.json()["profile"]
    assert profile["version"] == 2 and answer.header("etag").startswith('"2-')
    assert profile["bio"] == "Fac \n de toate" and profile["city"] == "Târgu Mureș" and profile["display_name"] == "\u00c9va"
    assert profile["location"] == {"lat": 46.5425, "lon": 24.5575}
    assert profile["postal_code"] == "040012" and profile["language"] == "hu"

    changes = {"bio": None, "location": None, "notification_preferences": {"types": {"new_message": {"email": True}}}}
    answer = call("PUT", "/v1/users/me", changes, token=token, headers={"If-Match": '"2"'})
    assert answer.status == 200, answer
    profile = answer.json()["profile"]
    assert profile["bio"] is None and profile["location"] is None and profile["city"] == "Târgu Mureș"
    assert profile["notification_preferences"] == {"sms": True, "types": {"new_message": {"push": False, "email": True}}}

    for headers, status, error in (({}, 428, "precondition_required"),
                                   ({"If-Match": '"2"'}, 412, "precondition_failed"),
                                   ({"If-Match": "3"}, 412, "precondition_failed"),
                                   ({"If-Match": '"33"'}, 412, "precondition_failed")):
        answer = call("PUT", "/v1/users/me", {"city": "Cluj"}, token=token, headers=headers)
        assert (answer.status, answer.error) == (status, error), (headers, answer)
    answer = call("PUT", "/v1/users/me", {}, token=token, headers={"If-Match": "*"})
    assert answer.status == 200 and answer.json()["profile"]["version"] == 4, answer


def test_life_by_http(client, person):
    life(client, person(email="Viata.Http@Example.ro", phone_number="0745 100-001", password=LIFE_PASSWORD,
                        user_type="craftsman", platform="android"),
         "0745.100.001", "+40745100001", LIFE_PASSWORD)


def test_life_by_psql(psql, person):
    life(psql, person(email="Viata.Psql@Example.ro", phone_number="+40 (745) 100002", password=PSQL_PASSWORD),
         "0745/100002", "+40745100002", PSQL_PASSWORD)


def test_craftsman_gets_a_profile_and_is_found(client, register):
    craftsman = register(client, user_type="craftsman")
    answer = craftsman.client.get("/v1/users/me")
    conforms(answer.body, {"user": shapes.USER, "profile": shapes.PROFILE, "craftsman_profile": shapes.CRAFTSMAN})
    profile = answer.json()["craftsman_profile"]
    assert profile["available_radius_km"] == 50 and profile["tier"] == "basic"
    found = client.get(f"/v1/craftsmen/{profile['id']}")
    assert found.status == 200 and found.json()["craftsman_profile"]["display_name"] == "Ștefan Ț."


def test_client_has_no_craftsman_profile(client, register):
    assert register(client).client.get("/v1/users/me").json()["craftsman_profile"] is None


# Whatever HTTP and psql are both able to say, wrong in some way.  Bodies are JSON texts, for duplicates.
BAD_REQUESTS = [
    ("GET", "/v1/nowhere", None),
    ("GET", "/v1/feed/", None),
    ("GET", "/v1/users/me", None),
    ("GET", "/v1/feed?lat=46", None),
    ("GET", "/v1/feed?lat=91&lon=0", None),
    ("GET", "/v1/feed?lat=46&lon=NaN", None),
    ("GET", "/v1/feed?limit=0", None),
    ("GET", "/v1/feed?limit=101", None),
    ("GET", "/v1/feed?limit=2&limit=3", None),
    ("GET", "/v1/feed?limit=%zz", None),
    ("GET", "/v1/feed?x=%00", None),
    ("GET", "/v1/feed?nume=1", None),
    ("GET", "/v1/feed?radius_km=0", None),
    ("GET", "/v1/feed?radius_km=301", None),
    ("GET", "/v1/feed?cursor=AAAA", None),
    ("GET", "/v1/feed?cursor=AAAA&page=2", None),
    ("GET", "/v1/feed?page=26", None),
    ("GET", "/v1/feed?following_only=true", None),
    ("GET", "/v1/feed?following_only=yes", None),
    ("GET", "/v1/feed?categories=1,2", None),
    ("GET", "/v1/craftsmen?max_price=-1", None),
    ("GET", "/v1/craftsmen?q=", None),
    ("GET", "/v1/craftsmen/7", None),
    ("GET", "/v1/craftsmen/019a0000-0000-7000-8000-00000000ffff", None),
    ("GET", "/v1/posts/019a0000-0000-7000-8000-00000000ffff", None),
    ("GET", "/v1/posts/not-a-uuid", None),
    ("POST", "/v1/auth/login", "[]"),
    ("POST", "/v1/auth/login", "{}"),
    ("POST", "/v1/auth/login", '{"email_or_phone": 7, "password": "x"}'),
    ("POST", "/v1/auth/login", '{"email_or_phone": null, "password": "x"}'),
    ("POST", "/v1/auth/login", '{"email_or_phone": "a", "email_or_phone": "b", "password": "x"}'),
    ("POST", "/v1/auth/login", '{"email_or_phone": "a", "password": "x", "remember": true}'),
    ("POST", "/v1/auth/login?x=1", '{"email_or_phone": "a", "password": "x"}'),
    ("POST", "/v1/auth/refresh", '{"refresh_token": "AAAA"}'),
    ("POST", "/v1/auth/logout", None),
    ("POST", "/v1/auth/register", '{"email": "fara-arond"}'),
    ("POST", "/v1/auth/register", json.dumps({
        "email": "p@example.ro", "phone_number": "0745100009", "password": "parola123456", "user_type": "client",
        "first_name": "A", "last_name": "B"})),
    ("POST", "/v1/auth/register", json.dumps({
        "email": "p@example.ro", "phone_number": "0745100009", "password": "scurta", "user_type": "client",
        "first_name": "A", "last_name": "B"})),
    ("POST", "/v1/auth/register", json.dumps({
        "email": "p@example.ro", "phone_number": "0745100009", "password": "destul de lunga", "user_type": "staff",
        "first_name": "A", "last_name": "B"})),
    ("POST", "/v1/auth/register", json.dumps({
        "email": "ana.popescu@example.ro", "phone_number": "0745100009", "password": "destul de lunga",
        "user_type": "client", "first_name": "A", "last_name": "B"})),
    ("POST", "/v1/auth/register", json.dumps({
        "email": "p@example.ro", "phone_number": "0722000001", "password": "destul de lunga", "user_type": "client",
        "first_name": "A", "last_name": "B"})),
]


def same_problem(client, psql, method, path, body, token=None):
    for language in ("ro", "hu", "en"):
        by_http = client(method, path, body.encode() if body else None, token=token,
                         headers={"Accept-Language": language})
        by_psql = psql(method, path, body, token=token, language=language)
        assert by_http.status >= 400, by_http
        assert by_psql.status == by_http.status, (by_psql, by_http)
        problem = by_http.json()
        del problem["request_id"]
        assert by_psql.json() == problem


@pytest.mark.parametrize("method, path, body", BAD_REQUESTS)
def test_same_problem_by_http_and_psql(client, psql, method, path, body):
    same_problem(client, psql, method, path, body)


@pytest.mark.parametrize("identifier", ["nimeni1@example.ro", "0745999999", "eva.kovacs@example.ro"])
def test_same_problem_of_a_wrong_password(client, psql, identifier):
    body = {"email_or_phone": identifier, "password": "gresita de tot"}
    by_http, by_psql = client.post("/v1/auth/login", body), psql("POST", "/v1/auth/login", body)
    assert (by_http.status, by_http.error) == (401, "invalid_credentials")
    problem = by_http.json()
    del problem["request_id"]
    assert by_psql.status == 401 and by_psql.json() == problem


@pytest.mark.parametrize("method, path", [("DELETE", "/v1/feed"), ("POST", "/v1/users/me"), ("PUT", "/v1/posts/7")])
def test_same_problem_for_a_wrong_method(client, psql, method, path):
    same_problem(client, psql, method, path, None)


@pytest.mark.parametrize("body", [
    '{"first_name": null}', '{"first_name": ""}', '{"first_name": "\\u0007"}', '{"location": {"lat": 1}}',
    '{"location": {"lat": 1, "lon": 2, "alt": 3}}', '{"location": {"lat": 1, "lon": 2, "lon": 2}}',
    '{"county": "XX"}', '{"county": "cluj"}', '{"date_of_birth": "2999-01-01"}', '{"date_of_birth": "1999-02-30"}',
    '{"search_radius_km": 301}', '{"search_radius_km": 1.5}', '{"language": "fr"}',
    '{"notification_preferences": {"types": {"new_message": {"fax": true}}}}',
    '{"notification_preferences": {"types": {"old_message": {}}}}', '{"notification_preferences": null}',
    '{"bio": 7}', '{"nume": "x"}',
])
def test_same_problem_of_a_bad_profile(client, psql, bad_profile_token, body):
    same_problem(client, psql, "PUT", "/v1/users/me", body, token=bad_profile_token)


@pytest.fixture(scope="module")
def bad_profile_token(client, register):
    return register(client).access_token


@pytest.mark.parametrize("path", [
    "/v1/categories", "/v1/categories?limit=3&page=2", "/v1/craftsmen?lat=46.77&lon=23.59&limit=5",
    "/v1/craftsmen/019a0000-0000-7000-8000-000000000023", "/.well-known/jwks.json",
])
def test_same_body_by_http_and_psql(client, psql, path):
    by_http, by_psql = client.get(path), psql("GET", path)
    assert by_http.status == by_psql.status == 200
    assert by_http.body == by_psql.body
    assert by_http.header("etag") == by_psql.header("etag")


def test_bio_keeps_little_markup(client, register):
    """b, i, em, strong and links to the outside; the rest of HTML is gone, whatever it hid in."""
    person = register(client)
    bio = ('<p>Fac <b onclick="x()">băi</b> &amp; <em>case</em></p><script>alert(1)</script><img src=x onerror=alert(1)>'
           '<a href="https://example.ro/?a=1&amp;b=2" style="x">site</a><a href="javascript:alert(1)">rău</a><b>neînchis')
    answer = person.client.put("/v1/users/me", {"bio": bio}, headers={"If-Match": "*"})
    assert answer.status == 200, answer
    kept = answer.json()["profile"]["bio"]
    assert "<b>băi</b>" in kept and "<em>case</em>" in kept
    assert '<a href="https://example.ro/?a=1&amp;b=2" rel="nofollow noopener ugc">site</a>' in kept
    for gone in ("<p", "<script", "alert", "onclick", "onerror", "<img", "style", "javascript"):
        assert gone not in kept, kept
    assert kept.count("<b>") == kept.count("</b>")
    again = person.client.put("/v1/users/me", {"bio": kept}, headers={"If-Match": "*"})
    assert again.json()["profile"]["bio"] == kept


def test_put_by_the_old_version_loses(client, register):
    """Two devices read the same profile; the second to write is told so."""
    person = register(client)
    tag = person.client.get("/v1/users/me").header("etag")
    first = person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": tag})
    second = person.client.put("/v1/users/me", {"city": "Turda"}, headers={"If-Match": tag})
    assert first.status == 200 and second.error == "precondition_failed"
    assert person.client.get("/v1/users/me").json()["profile"]["city"] == "Dej"


def test_two_phones_at_once(client, register):
    """However close they come, one edit is made against a version and the others are told."""
    person = register(client)
    for version in range(1, 6):
        barrier = threading.Barrier(8)

        def edit(number):
            barrier.wait()
            return person.client.put("/v1/users/me", {"city": f"Orașul {number}"}, headers={"If-Match": f'"{version}"'})

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(edit, range(8)))
        made = [answer for answer in answers if answer.status == 200]
        assert [answer.error for answer in answers if answer.status != 200] == ["precondition_failed"] * 7 and len(made) == 1
        profile = person.client.get("/v1/users/me").json()["profile"]
        assert (profile["version"], profile["city"]) == (version + 1, made[0].json()["profile"]["city"])


def test_conditional_reads(client, register):
    """304 has the tag and no body, HEAD too; lines are one list; a list that is none is no condition."""
    person = register(client).client
    full = person.get("/v1/users/me")
    tag = full.header("etag")
    for method in ("GET", "HEAD"):
        for fields in ([tag], [f"W/{tag}"], ["*"], ['"x"', tag], [f'"x",{tag} , "y"']):
            answer = asked(person, method, fields)
            assert (answer.status, answer.body, answer.header("etag")) == (304, b"", tag), (method, fields)
            assert answer.header("content-type") is None
        for fields in ([""], ["x"], [tag.strip('"')], [tag, "x"], [tag[:-1]], ['"1"'], [f"*, {tag}"], ["\xff"], [tag, "\xff"]):
            answer = asked(person, method, fields)
            assert (answer.status, answer.header("etag")) == (200, tag), (method, fields)
            assert answer.body == (full.body if method == "GET" else b"")
    assert client.get("/v1/users/me", headers={"If-None-Match": tag}).error == "unauthenticated", "a condition opens no door"


def asked(client, method, fields):
    lines = [("Authorization", f"Bearer {client.token}")] + [("If-None-Match", field) for field in fields]
    return check(client.raw(head(method, "/v1/users/me", lines), method == "HEAD"))


@pytest.mark.parametrize("fields, status", [
    (['"1"'], 200), (['W/"1"'], 200), (['"1-abc"'], 200), (["*"], 200), (['"9", "1"'], 200), (['"9"', '"1"'], 200),
    (['"9"'], 412), (["1"], 412), ([""], 412), (['"1'], 412), (['"1", x'], 412), (['"01"'], 412), (["\xff"], 412), (['"1"', "\xff"], 412), ([], 428),
])
def test_if_match(client, register, fields, status):
    person = register(client).client
    lines = [("Authorization", f"Bearer {person.token}"), ("Content-Type", "application/json"), ("Content-Length", "2")]
    answer = check(person.raw(head("PUT", "/v1/users/me", lines + [("If-Match", field) for field in fields]) + b"{}"))
    assert answer.status == status, answer


def test_etag_changes_with_what_is_shown(client, register):
    person = register(client)
    first = person.client.get("/v1/users/me").header("etag")
    changed = person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": first}).header("etag")
    answer = person.client.get("/v1/users/me", headers={"If-None-Match": first})
    assert answer.status == 200 and answer.header("etag") == changed
    for listed in (changed, f'"x", {changed}', f"W/{changed}", "*"):
        assert person.client.get("/v1/users/me", headers={"If-None-Match": listed}).status == 304, listed
