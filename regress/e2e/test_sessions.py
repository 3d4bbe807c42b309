"""Signing in too often, refreshing twice, ending a session: what a refusal must leave behind is there."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import wait_until

LOCKED_AFTER = 5


def log_in(client, identifier, password="nu e asta deloc"):
    return client.post("/v1/auth/login", {"email_or_phone": identifier, "password": password})


def refresh(client, token):
    return client.post("/v1/auth/refresh", {"refresh_token": token})


def tokens(answer):
    assert answer.status == 200, answer
    return answer.json()["tokens"]


@pytest.fixture
def failures(database):
    """How many failed log-ins there are now; each look is a session of its own."""
    return lambda: database.value("SELECT count(*) FROM mesteri.login_failures")


# Lockout.


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_lockout(client, register, failures, database, is_known):
    person = register(client)
    identifier = person.email if is_known else f"{uuid.uuid4()}@example.ro"
    before = failures()
    for count in range(1, LOCKED_AFTER + 1):
        answer = log_in(client, identifier)
        assert (answer.status, answer.error) == (401, "invalid_credentials")
        assert failures() == before + count, "the trace of a refusal is committed"
    for password in ("nu e asta deloc", person.password):
        answer = log_in(client, identifier, password)
        assert (answer.status, answer.error) == (429, "rate_limited")
        assert 880 <= int(answer.header("retry-after")) <= 900
    assert failures() == before + LOCKED_AFTER
    assert log_in(client, register(client).email).status == 401, "others are not locked"

    # When the oldest failure leaves the window, there is one try again.
    database.run("UPDATE mesteri.login_failures SET failed_at = failed_at - interval '15 minutes'"
                 " WHERE failed_at = (SELECT failed_at FROM mesteri.login_failures WHERE identifier_hash ="
                 " mesteri.keyed_hash('login', convert_to(%s, 'UTF8')) ORDER BY failed_at LIMIT 1)", identifier)
    answer = log_in(client, identifier, person.password)
    assert answer.status == (200 if is_known else 401)
    assert log_in(client, identifier).status == (401 if is_known else 429), "success clears, failure does not"


def test_known_and_unknown_are_alike(client, register):
    """Word for word, from the first failure to the lock."""
    known, unknown = register(client).email, f"{uuid.uuid4()}@example.ro"
    for _ in range(LOCKED_AFTER + 1):
        answers = [log_in(client, identifier) for identifier in (known, unknown)]
        bodies = [answer.json() for answer in answers]
        for body in bodies:
            del body["request_id"]
        assert bodies[0] == bodies[1] and answers[0].status == answers[1].status
        assert {name for name, _ in answers[0].headers} == {name for name, _ in answers[1].headers}


def test_lockout_sees_through_spellings(client, register):
    """A number is one identifier, however it is typed."""
    person = register(client)
    national = person.phone_number
    for identifier in (national, f"+4{national}", f"004{national}", f"{national[:4]} {national[4:7]} {national[7:]}", national):
        assert log_in(client, identifier).error == "invalid_credentials"
    assert log_in(client, f"+4 {national}", person.password).error == "rate_limited"
    assert log_in(client, person.email, person.password).status == 200


def test_volley_of_log_ins(world, database, register):
    """Eight at once, held up before the first failure is written: five are tried all the same, not eight."""
    proxy = world.proxy(database, name="volley", workers=1, lane_auth_connections=8)
    client = proxy.client()
    person = register(client)
    connection = database.connect()
    with connection.cursor() as cursor, ThreadPoolExecutor(8) as pool:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE mesteri.login_failures IN EXCLUSIVE MODE")  # reading goes on
        running = [pool.submit(log_in, client, person.email) for _ in range(8)]
        wait_until(lambda: database.value("SELECT count(*) = 8 FROM pg_stat_activity WHERE datname = current_database()"
                                          " AND usename = 'mesteri_proxy' AND wait_event_type = 'Lock'"), 5, "all eight wait")
        cursor.execute("ROLLBACK")
        errors = sorted(future.result().error for future in running)
    connection.close()
    assert errors == ["invalid_credentials"] * LOCKED_AFTER + ["rate_limited"] * (8 - LOCKED_AFTER)


def test_long_password_is_not_cut(client, register):
    """bcrypt reads 72 bytes; a longer password that begins with the right one is wrong."""
    person = register(client, password="p" * 72)
    assert log_in(client, person.email, "p" * 72).status == 200
    assert log_in(client, person.email, "p" * 73).error == "invalid_credentials"
    assert log_in(client, person.email, "p" * 71).error == "invalid_credentials"


# Refresh.


def test_refresh_rotates(client, register):
    person = register(client)
    current, seen = person.refresh_token, {person.refresh_token}
    for _ in range(4):
        made = tokens(refresh(client, current))
        current = made["refresh_token"]
        assert current not in seen
        seen.add(current)
        assert client.get("/v1/users/me", token=made["access_token"]).status == 200


def test_refresh_again_within_the_grace(client, register):
    """The answer was lost on the way: the same token works once more, and what it gave before is dead."""
    person = register(client)
    lost = tokens(refresh(client, person.refresh_token))
    again = tokens(refresh(client, person.refresh_token))
    assert again["refresh_token"] != lost["refresh_token"]
    assert client.get("/v1/users/me", token=again["access_token"]).status == 200
    tokens(refresh(client, again["refresh_token"]))


def ended(client, person, made=()):
    """Nothing of the session works any more."""
    for token in (person.access_token, *(one["access_token"] for one in made)):
        assert client.get("/v1/users/me", token=token).error == "token_revoked"
    for token in (person.refresh_token, *(one["refresh_token"] for one in made)):
        assert refresh(client, token).error == "token_revoked"


def test_killed_successor_ends_the_session(client, register, database):
    person = register(client)
    killed = tokens(refresh(client, person.refresh_token))
    again = tokens(refresh(client, person.refresh_token))
    assert refresh(client, killed["refresh_token"]).error == "token_revoked"
    assert database.value("SELECT revoke_reason FROM mesteri.token_families WHERE user_id = %s", person.id) == "reuse"
    ended(client, person, [killed, again])


def test_old_token_after_its_successor_was_used_ends_the_session(client, register, database):
    person = register(client)
    second = tokens(refresh(client, person.refresh_token))
    third = tokens(refresh(client, second["refresh_token"]))
    assert refresh(client, person.refresh_token).error == "token_revoked"
    assert database.value("SELECT revoke_reason FROM mesteri.token_families WHERE user_id = %s", person.id) == "reuse"
    ended(client, person, [second, third])


def test_old_token_after_the_grace_ends_the_session(client, register, database):
    person = register(client)
    second = tokens(refresh(client, person.refresh_token))
    database.run("UPDATE mesteri.refresh_tokens SET used_at = used_at - interval '61 seconds' WHERE status = 'used' AND family_id"
                 " = (SELECT id FROM mesteri.token_families WHERE user_id = %s)", person.id)
    assert refresh(client, person.refresh_token).error == "token_revoked"
    ended(client, person, [second])


def test_session_past_its_end(client, register, database):
    person = register(client)
    database.run("UPDATE mesteri.token_families SET expires_at = now() - interval '1 second' WHERE user_id = %s", person.id)
    assert refresh(client, person.refresh_token).error == "token_revoked"


def test_refresh_token_nobody_gave(client):
    for token in ("A" * 43, "x", "ț" * 43, "A" * 1024):
        assert refresh(client, token).error == "unauthenticated"
    assert refresh(client, "A" * 1025).error == "invalid_field"


def test_refresh_at_once(client, register):
    """Ten phones with one token: never two living tokens, and either the session goes on or it has ended."""
    person = register(client)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: refresh(client, person.refresh_token), range(10)))
    assert {answer.status for answer in answers} <= {200, 401}
    alive = [made for made in map(tokens, (answer for answer in answers if answer.status == 200))
             if client.get("/v1/users/me", token=made["access_token"]).status == 200]
    assert alive, "using a token again within the grace is no theft"
    usable = [made for made in alive if refresh(client, made["refresh_token"]).status == 200]
    assert len(usable) <= 1


def test_other_sessions_live_on(client, register):
    person = register(client)
    other = tokens(log_in(client, person.email, person.password))
    assert person.client.post("/v1/auth/logout").status == 200
    assert client.get("/v1/users/me", token=other["access_token"]).status == 200
    assert refresh(client, person.refresh_token).error == "token_revoked"
    tokens(refresh(client, other["refresh_token"]))


# Revocation.


def test_logout_is_seen_everywhere_at_once(client, register):
    """Every pooled backend has the token in its cache; after the logout's answer none of them takes it."""
    for _ in range(5):
        person = register(client)
        with ThreadPoolExecutor(16) as pool:
            warm = list(pool.map(lambda _: person.client.get("/v1/users/me").status, range(64)))
            assert set(warm) == {200}
            assert person.client.post("/v1/auth/logout").status == 200
            after = list(pool.map(lambda n: person.client.get(("/v1/users/me", "/v1/feed?limit=1")[n % 2]).error, range(64)))
        assert set(after) == {"token_revoked"}


def test_logout_under_load(client, register):
    """What began after the logout's answer fails, whatever was on its way before."""
    person = register(client)
    is_out, late, stop = threading.Event(), [], threading.Event()

    def read():
        while not stop.is_set():
            began_after = is_out.is_set()
            status = person.client.get("/v1/users/me").status
            if began_after:
                late.append(status)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert person.client.post("/v1/auth/logout").status == 200
    is_out.set()
    while len(late) < 100:
        pass
    stop.set()
    for thread in threads:
        thread.join()
    assert set(late) == {401}


def test_logout_takes_an_empty_object_and_nothing_else(client, register):
    assert register(client).client.post("/v1/auth/logout", {}).status == 200
    assert register(client).client.post("/v1/auth/logout", {"all": True}).error == "unknown_field"
    assert client.post("/v1/auth/logout").error == "unauthenticated"


def test_registrations_at_once(client, person):
    """One address, ten phones: one account."""
    wanted = person()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/auth/register", wanted).status, range(10)))
    assert sorted(answers) == [201] + [409] * 9
