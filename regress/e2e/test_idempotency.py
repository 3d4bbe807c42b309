"""Idempotency-Key over HTTP: one effect and one answer, whatever happens to clients, proxies and rows in between."""

import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Connection, check, compose, head
from server import wait_until

AT_ONCE = 50


def post(client, path, key, body=None):
    return client.post(path, body, headers={} if key is None else {"Idempotency-Key": key})


def is_replay(answer):
    assert answer.header("idempotent-replayed") in (None, "true")
    return answer.header("idempotent-replayed") == "true"


def at_once(count, call):
    """The answers of so many calls that begin together."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def block_path(person):
    return f"/v1/users/{person.id}/block"


@pytest.fixture(scope="module")
def effects(scratch, scratch_proxy):
    """POST /v1/effects/{place} makes a row each time it runs, and can be told to take its time."""
    scratch.run("CREATE TABLE public.effects (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, place text, note text)")
    scratch.run("""
        CREATE FUNCTION api.effect_make(place text, note api.search_text DEFAULT NULL, pause float8 DEFAULT 0) RETURNS mesteri.answer
            LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp AS $$
        DECLARE
            made integer;
        BEGIN
            INSERT INTO public.effects (place, note) VALUES (place, note) RETURNING id INTO made;
            PERFORM pg_sleep(pause);
            RETURN mesteri.created(json_build_object('id', made, 'note', note), '/v1/effects/' || made);
        END $$""")
    scratch.run("GRANT EXECUTE ON FUNCTION api.effect_make TO mesteri_user")
    scratch.run("""
        INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms,
                                    body_limit, source)
        SELECT mesteri.route_id('POST', path), 'POST', path, 'effect_make', '{user}', 'api', 'test', 'yes', true, 'write', 10000, 10000, 'test'
          FROM (SELECT '/v1/effects/{place}') AS p (path)""")
    wait_until(lambda: scratch_proxy.client().get("/v1/categories").status == 200
               and scratch_proxy.client().post("/v1/effects/x").error == "unauthenticated", 20, "the proxy serves the new route")
    yield lambda place: scratch.value("SELECT count(*) FROM public.effects WHERE place = %s", place)
    scratch.run("DELETE FROM mesteri.routes WHERE source = 'test'")
    scratch.run("DROP FUNCTION api.effect_make")
    scratch.run("DROP TABLE public.effects")


@pytest.fixture
def ana(effects, scratch_proxy, register):
    return register(scratch_proxy.client())


# Many at once.


@pytest.mark.parametrize("pause", [0, 0.2])
def test_fifty_at_once(ana, effects, pause):
    """One of them has the effect; the others are told its answer, or to come again, and then are told it too."""
    place, key, body = uuid.uuid4().hex, uuid.uuid4().hex, {"note": "Țiglă", "pause": pause}
    answers = at_once(AT_ONCE, lambda _: post(ana.client, f"/v1/effects/{place}", key, body))
    assert effects(place) == 1
    made = [answer for answer in answers if answer.status == 201]
    assert len([answer for answer in made if not is_replay(answer)]) == 1
    assert len({(answer.body, answer.header("location")) for answer in made}) == 1
    for answer in answers:
        assert answer.status == 201 or (answer.error, answer.header("retry-after")) == ("in_progress", "1"), answer
    again = post(ana.client, f"/v1/effects/{place}", key, body)
    assert is_replay(again) and (again.status, again.body) == (201, made[0].body)
    assert effects(place) == 1


def test_fifty_keys_at_once(ana, effects):
    """Other keys are other requests, and wait for nobody."""
    place = uuid.uuid4().hex
    answers = at_once(AT_ONCE, lambda number: post(ana.client, f"/v1/effects/{place}", f"key {number}"))
    assert {answer.status for answer in answers} == {201} and not any(map(is_replay, answers))
    assert effects(place) == AT_ONCE


def test_without_a_key(ana, effects):
    place = uuid.uuid4().hex
    for _ in range(2):
        assert not is_replay(post(ana.client, f"/v1/effects/{place}", None))
    assert effects(place) == 2


def test_retries_until_it_is_done(ana, effects):
    """What a phone does: it comes again after Retry-After until it has an answer."""
    place, key = uuid.uuid4().hex, uuid.uuid4().hex

    def insist(_):
        for _ in range(20):
            answer = post(ana.client, f"/v1/effects/{place}", key, {"pause": 0.3})
            if answer.error != "in_progress":
                return answer
            time.sleep(int(answer.header("retry-after")) / 4)
        raise AssertionError("it is never done")

    answers = at_once(8, insist)
    assert {answer.status for answer in answers} == {201} and len({answer.body for answer in answers}) == 1
    assert effects(place) == 1


def test_block_fifty_at_once(client, register, database):
    person, other = register(client), register(client)
    key = uuid.uuid4().hex
    answers = at_once(AT_ONCE, lambda _: post(person.client, block_path(other), key))
    assert {answer.error if answer.status != 200 else 200 for answer in answers} <= {200, "in_progress"}
    assert Counter(is_replay(answer) for answer in answers if answer.status == 200)[False] == 1
    assert database.value("SELECT count(*) FROM mesteri.blocks WHERE user_id = %s", person.id) == 1
    assert database.value("SELECT count(*) FROM mesteri.idempotency_keys WHERE user_id = %s", person.id) == 1


# The same request, or another one.


def test_key_of_another_request(ana, effects):
    place, key = uuid.uuid4().hex, uuid.uuid4().hex
    first = post(ana.client, f"/v1/effects/{place}", key, b'{"note": "x"}')
    assert first.status == 201
    for path, body in ((f"/v1/effects/{place}", b'{"note": "y"}'), (f"/v1/effects/{place}", b'{"note":"x"}'),
                       (f"/v1/effects/{place}", None), (f"/v1/effects/{place}x", b'{"note": "x"}')):
        assert post(ana.client, path, key, body).error == "idempotency_mismatch", (path, body)
    assert effects(place) == 1 and effects(f"{place}x") == 0
    again = post(ana.client, f"/v1/effects/{place}", key, b'{"note": "x"}')
    assert is_replay(again) and again.body == first.body


def test_same_key_of_another_person(ana, effects, scratch_proxy, register):
    place, key = uuid.uuid4().hex, "1"
    bob = register(scratch_proxy.client())
    answers = [post(person.client, f"/v1/effects/{place}", key) for person in (ana, bob, ana, bob)]
    assert [is_replay(answer) for answer in answers] == [False, False, True, True]
    assert answers[0].body == answers[2].body != answers[1].body == answers[3].body
    assert effects(place) == 2


def test_same_key_in_another_session(ana, effects, scratch_proxy):
    """The person counts, not the device: a token that was refreshed meanwhile is no obstacle."""
    place, key = uuid.uuid4().hex, uuid.uuid4().hex
    post(ana.client, f"/v1/effects/{place}", key)
    answer = scratch_proxy.client().post("/v1/auth/refresh", {"refresh_token": ana.refresh_token})
    renewed = ana.client.with_token(answer.json()["tokens"]["access_token"])
    assert is_replay(post(renewed, f"/v1/effects/{place}", key))
    assert scratch_proxy.client().post("/v1/auth/logout", token=renewed.token).status == 200
    assert post(renewed, f"/v1/effects/{place}", key).error == "token_revoked", "a stored answer is for who may have it"


@pytest.mark.parametrize("key, rule", [
    ("k" * 255, None), ("k" * 256, "length"), ("k" * 4000, "length"), ("", "length"), ("a b", None), ("a\tb", "format"),
    ("ș".encode().decode("latin-1"), "format"), ("\xff\xfe", "format"), ('"quoted"', None), ("a,b", None),
])
def test_what_is_a_key(ana, effects, key, rule):
    place = uuid.uuid4().hex
    answer = post(ana.client, f"/v1/effects/{place}", key)
    if rule is None:
        assert answer.status == 201 and is_replay(post(ana.client, f"/v1/effects/{place}", key))
    else:
        assert [(d["field"], d["rule"]) for d in answer.json()["details"]] == [("Idempotency-Key", rule)]
        assert answer.error == "invalid_field" and effects(place) == 0


def test_two_keys(ana, effects):
    place = uuid.uuid4().hex
    fields = [("Authorization", f"Bearer {ana.access_token}"), ("Idempotency-Key", "k"), ("idempotency-key", "k")]
    answer = check(ana.client.raw(head("POST", f"/v1/effects/{place}", fields)))
    assert answer.error == "duplicate_field" and answer.json()["details"][0]["field"] == "Idempotency-Key"
    assert effects(place) == 0


# What is kept.


def test_refusals_are_not_kept(client, register, database):
    person, other = register(client), register(client)
    for _ in range(2):
        answer = post(person.client, block_path(person), "k")
        assert (answer.status, answer.error, answer.header("idempotent-replayed")) == (422, "self_reference", None)
        assert post(person.client, f"/v1/users/{uuid.uuid4()}/block", "k").error == "not_found"
    assert database.value("SELECT count(*) FROM mesteri.idempotency_keys WHERE user_id = %s", person.id) == 0
    assert post(person.client, block_path(other), "k").status == 200, "the key is still free"


def test_secrets_are_not_kept(client, register, database):
    person = register(client)
    before = database.value("SELECT count(*) FROM mesteri.idempotency_keys")
    logins = [post(client, "/v1/auth/login", "k", {"email_or_phone": person.email, "password": person.password}) for _ in range(2)]
    assert [answer.status for answer in logins] == [200, 200] and logins[0].body != logins[1].body
    assert not any(map(is_replay, logins))
    for method, path, body in (("PUT", "/v1/users/me", {"city": "Dej"}), ("GET", "/v1/users/me", None), ("DELETE", block_path(person), None)):
        for key in ("k", "ș".encode().decode("latin-1")):
            answer = person.client(method, path, body, headers={"Idempotency-Key": key, "If-Match": "*"})
            assert answer.status == 200 and not is_replay(answer), (method, key)
    assert database.value("SELECT count(*) FROM mesteri.idempotency_keys") == before


def test_answer_outlives_what_it_is_about(client, register, database):
    person, other = register(client), register(client)
    first = post(person.client, block_path(other), "k")
    database.run("DELETE FROM mesteri.users WHERE id = %s", other.id)
    again = post(person.client, block_path(other), "k")
    assert is_replay(again) and (again.status, again.body) == (200, first.body)
    assert post(person.client, block_path(other), None).error == post(person.client, block_path(other), "k2").error == "not_found"


def test_replay_does_nothing(client, register, database):
    """The answer is of then: what was undone since stays undone."""
    person, other = register(client), register(client)
    post(person.client, block_path(other), "k")
    person.client("DELETE", block_path(other))
    again = post(person.client, block_path(other), "k")
    assert is_replay(again) and again.json()["blocked"] is True
    assert database.value("SELECT count(*) FROM mesteri.blocks WHERE user_id = %s", person.id) == 0


@pytest.mark.parametrize("forget", [
    "UPDATE mesteri.idempotency_keys SET created_at = now() - interval '24 hours', expires_at = now() WHERE user_id = %s",
    "DELETE FROM mesteri.idempotency_keys WHERE user_id = %s",
], ids=["expired", "erased"])
def test_forgotten(ana, effects, scratch, forget):
    place = uuid.uuid4().hex
    assert post(ana.client, f"/v1/effects/{place}", "k", {"note": "one"}).status == 201
    scratch.run(forget, ana.id)
    for body, replayed in (({"note": "two"}, False), ({"note": "two"}, True)):
        assert is_replay(post(ana.client, f"/v1/effects/{place}", "k", body)) == replayed
    assert post(ana.client, f"/v1/effects/{place}", "k", {"note": "one"}).error == "idempotency_mismatch"
    assert effects(place) == 2


# Who asks is gone, or who serves.


def test_client_hangs_up(ana, effects):
    """The answer that nobody read is there when the client comes again."""
    place = uuid.uuid4().hex
    path, key, body = f"/v1/effects/{place}", uuid.uuid4().hex, {"pause": 0.3}
    with Connection(ana.client.port) as connection:
        connection.send(compose("POST", path, body, {"Idempotency-Key": key}, ana.access_token))
        time.sleep(0.1)
    answer = wait_until(lambda: not_in_progress(post(ana.client, path, key, body)), 10, "it is done")
    assert answer.status == 201 and effects(place) == 1
    assert is_replay(post(ana.client, path, key, body)) and effects(place) == 1


def not_in_progress(answer):
    return answer if answer.error != "in_progress" else None


def test_backend_dies(ana, effects, scratch):
    """Neither effect nor lock nor answer is left of it; the next try is the first."""
    place, key = uuid.uuid4().hex, uuid.uuid4().hex
    answers = []
    running = threading.Thread(target=lambda: answers.append(post(ana.client, f"/v1/effects/{place}", key, {"pause": 5})))
    running.start()
    holders = ("FROM pg_stat_activity a JOIN pg_locks l USING (pid)"
               " WHERE l.locktype = 'advisory' AND l.objsubid NOT IN (1, 2) AND a.datname = %s")
    wait_until(lambda: scratch.value(f"SELECT count(*) {holders}", scratch.name), 5, "it runs")
    assert post(ana.client, f"/v1/effects/{place}", key, {"pause": 5}).error == "in_progress"
    scratch.run(f"SELECT pg_terminate_backend(a.pid) {holders}", scratch.name)
    running.join(10)
    assert [answer.error for answer in answers] == ["overloaded"]
    assert effects(place) == 0
    answer = wait_until(lambda: not_overloaded(post(ana.client, f"/v1/effects/{place}", key, {"pause": 0})), 10, "another backend")
    assert answer.status == 201 and not is_replay(answer) and effects(place) == 1


def not_overloaded(answer):
    return answer if answer.error != "overloaded" else None


def test_other_proxies_know(ana, effects, scratch, world):
    """Another one, started when the first is gone, gives the same answer byte by byte."""
    place, key, answers = uuid.uuid4().hex, uuid.uuid4().hex, []
    for _ in range(2):
        proxy = world.proxy(scratch, name="passing", workers=1)
        answers.append(post(proxy.client(ana.access_token), f"/v1/effects/{place}", key, {"note": "ș"}))
        proxy.stop()
    assert [is_replay(answer) for answer in answers] == [False, True]
    assert answers[0].body == answers[1].body and effects(place) == 1


def test_psql_is_another_door_to_the_same(client, register, psql):
    """What HTTP stored psql is told, where the bytes are the same: here there is no body."""
    person, other = register(client), register(client)
    by_http = post(person.client, block_path(other), "k")
    by_psql = psql("POST", block_path(other), token=person.access_token, headers={"Idempotency-Key": "k"})
    assert is_replay(by_psql) and by_psql.body == by_http.body
