"""What the database undid is tried again, where that is safe, and no more often than agreed."""

import threading
import time

import pytest

from client import Connection, check, compose
from probes import notes, probed, sleepers
from server import wait_until
from test_cancel import counter

CONFLICTS = ["40001", "40P01"]
RETRIES = 3
TRIES = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.tries"


@pytest.fixture(scope="module")
def probe(cluster):
    return probed(cluster, "retry")


@pytest.fixture(scope="module")
def proxy(world, probe):
    return world.proxy(probe, name="retry", workers=1)


@pytest.fixture(autouse=True)
def fresh(probe):
    probe.run("ALTER SEQUENCE public.tries RESTART; DELETE FROM public.notes")


def fail(proxy, path, times, sqlstate, note="made"):
    return proxy.client().post(path, {"times": times, "sqlstate": sqlstate, "note": note})


@pytest.mark.parametrize("sqlstate", CONFLICTS)
@pytest.mark.parametrize("times", range(RETRIES + 2))
def test_conflicts_are_tried_again(proxy, probe, sqlstate, times):
    """Up to three times; one more is a conflict that the client hears of.  Whatever was undone left nothing."""
    before = counter(proxy, 'retries_total{reason="conflict"}')
    answer = fail(proxy, "/v1/probe-fail", times, sqlstate)
    is_made = times <= RETRIES
    assert (answer.status, answer.error) == ((200, None) if is_made else (409, "conflict")), answer
    assert probe.value(TRIES) == min(times, RETRIES) + 1
    assert probe.value("SELECT count(*) FROM public.notes") == is_made
    assert counter(proxy, 'retries_total{reason="conflict"}') == before + min(times, RETRIES)


@pytest.mark.parametrize("sqlstate", CONFLICTS)
def test_conflicts_of_a_route_that_is_not_retry_safe(proxy, probe, sqlstate):
    answer = fail(proxy, "/v1/probe-fail-once", 1, sqlstate)
    assert (answer.status, answer.error) == (409, "conflict") and probe.value(TRIES) == 1


@pytest.mark.parametrize("path", ["/v1/probe-fail", "/v1/probe-fail-once"])
@pytest.mark.parametrize("times", [1, 2])
def test_somebody_else_s_cancel_is_tried_again_once(proxy, probe, path, times):
    before = counter(proxy, 'retries_total{reason="cancelled"}')
    answer = fail(proxy, path, times, "57014")
    assert answer.status == (200 if times == 1 else 503), answer
    assert probe.value(TRIES) == 2 and counter(proxy, 'retries_total{reason="cancelled"}') == before + 1


@pytest.mark.parametrize("sqlstate", ["23505", "P0001", "57P01", "55P03", "XX000"])
def test_other_errors_are_not(proxy, probe, sqlstate):
    assert fail(proxy, "/v1/probe-fail", 1, sqlstate).status >= 409
    assert probe.value(TRIES) == 1


def test_no_try_begins_beyond_the_deadline(world, probe):
    probe.run("UPDATE mesteri.routes SET deadline_ms = 300 WHERE path = '/v1/probe-fail'")
    try:
        proxy = world.proxy(probe, name="patient", workers=1, retry_wait_ms=1000, retry_count=10)
        started = time.monotonic()
        answer = fail(proxy, "/v1/probe-fail", 99, "40001")
        assert (answer.status, answer.error) == (409, "conflict") and time.monotonic() - started < 2
        assert probe.value(TRIES) == 1
        proxy.stop()
    finally:
        probe.run("UPDATE mesteri.routes SET deadline_ms = 20000 WHERE path = '/v1/probe-fail'")


def test_hanging_up_between_tries(world, probe):
    """Who has left is not tried for again."""
    proxy = world.proxy(probe, name="waiting", workers=1, retry_wait_ms=1000)
    with Connection(proxy.port) as connection:
        connection.send(compose("POST", "/v1/probe-fail", {"times": 1, "sqlstate": "40001", "note": "left"}))
        wait_until(lambda: counter(proxy, 'retries_total{reason="conflict"}') == 1, 5, "it waits for its second try")
    wait_until(lambda: counter(proxy, "client_gone_total") == 1, 5, "it is noticed")
    time.sleep(1.5)
    assert probe.value(TRIES) == 1 and notes(probe) == set()
    proxy.stop()


def update(person, city):
    return person.client.put("/v1/users/me", {"city": city}, headers={"If-Match": "*"})


def test_a_real_deadlock(proxy, probe, register):
    """Two requests lock two people's rows in opposite order, psql being the other one; the request gives way, and then is served."""
    client = proxy.client()
    ana, ion = register(client), register(client)
    before = counter(proxy, 'retries_total{reason="conflict"}')
    # Each profile that is changed touches the other person's: in real life these are two accounts of one payment.
    probe.run("""
        CREATE FUNCTION public.touch_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF pg_trigger_depth() = 1 THEN
                PERFORM FROM mesteri.users WHERE id = TG_ARGV[0]::uuid FOR UPDATE;
            END IF;
            RETURN new;
        END $$;""")
    probe.run(f"CREATE TRIGGER touch_other AFTER UPDATE ON mesteri.user_profiles FOR EACH ROW EXECUTE FUNCTION public.touch_other('{ion.id}')")
    answers = []
    other = probe.connect()
    try:
        with other.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '1min'")
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM mesteri.users WHERE id = %s FOR UPDATE", (ion.id,))
            request = threading.Thread(target=lambda: answers.append(update(ana, "Dej")))
            request.start()
            wait_until(lambda: probe.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"), 5, "it waits")
            # Closes the circle; returns when the request has been chosen to give way.
            cursor.execute("UPDATE mesteri.user_profiles SET bio = 'psql' WHERE user_id = %s", (ana.id,))
            cursor.execute("COMMIT")
        request.join(20)
    finally:
        other.close()
        probe.run("DROP TRIGGER touch_other ON mesteri.user_profiles; DROP FUNCTION public.touch_other()")
    assert [answer.status for answer in answers] == [200], answers
    profile = answers[0].json()["profile"]
    assert (profile["city"], profile["bio"]) == ("Dej", "psql"), "both changes are there"
    assert counter(proxy, 'retries_total{reason="conflict"}') > before


def test_a_real_serialization_failure(world, probe, register):
    """At a stricter isolation the request's row changes under it: it is run again on what is there now."""
    probe.run("ALTER ROLE mesteri_proxy IN DATABASE retry SET default_transaction_isolation = 'repeatable read'")
    try:
        proxy = world.proxy(probe, name="strict", workers=1)
        person = register(proxy.client())
        answers = []
        other = probe.connect()
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE mesteri.user_profiles SET bio = 'psql' WHERE user_id = %s", (person.id,))
            request = threading.Thread(target=lambda: answers.append(update(person, "Dej")))
            request.start()
            wait_until(lambda: probe.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"), 5, "it waits")
            cursor.execute("COMMIT")
        request.join(20)
        other.close()
        assert [answer.status for answer in answers] == [200], answers
        profile = answers[0].json()["profile"]
        assert (profile["city"], profile["bio"]) == ("Dej", "psql")
        assert counter(proxy, 'retries_total{reason="conflict"}') == 1
        proxy.stop()
    finally:
        probe.run("ALTER ROLE mesteri_proxy IN DATABASE retry RESET default_transaction_isolation")


def test_pg_cancel_backend(proxy, probe):
    """A DBA's cancel costs the client a second try; what is cancelled again is answered as busy."""
    for times, status in ((1, 200), (2, 503)):
        with Connection(proxy.port) as connection:
            connection.send(compose("GET", "/v1/probe-read?value=9&seconds=0.5"))
            for _ in range(times):
                wait_until(lambda: sleepers(probe) == 1, 5, "it runs")
                assert probe.value("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                                   " AND wait_event = 'PgSleep'") == 1
                time.sleep(0.1)
            assert check(connection.read()).status == status
