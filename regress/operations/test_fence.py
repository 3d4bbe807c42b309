"""A copy of a database must not act again: it knows that it is one, until a DBA says what it is."""

import os

import psycopg2
import pytest

from conftest import program
from server import Database
from test_restore import PASSWORD, REGISTER, contact

REFUSED = "MSH18"


def copy(database, name):
    """As CREATE DATABASE ... TEMPLATE makes one; any other copy differs from its original just as well."""
    program("psql", database.cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", f"CREATE DATABASE {name} TEMPLATE {database.name}")
    return Database(database.cluster, name)


def refuses(database):
    with pytest.raises(psycopg2.Error) as raised:
        database.run("SELECT mesteri.instance_check()")
    return raised.value.pgcode == REFUSED


def done(database, kind):
    return {row["done"]: row["rows_count"] for row in database.run("SELECT * FROM ops.after_restore(%s)", kind)}


@pytest.fixture(scope="module")
def original(cluster):
    """Somebody with a session, codes and mails to send, and something to reset."""
    database = cluster.database("original")
    assert database.value(REGISTER, *contact(), PASSWORD) == 201
    assert not database.value("SELECT mesteri.is_fenced()"), "nothing is recorded, so nothing is fenced"
    database.run("SELECT mesteri.instance_check()")
    database.run("INSERT INTO mesteri.outbox (kind, payload, idempotency_key) VALUES ('mail.send', '{}', '1')")
    database.run("INSERT INTO mesteri.outbox (kind, payload, idempotency_key, status, next_attempt_at, leased_by, leased_until)"
                 "VALUES ('mail.send', '{}', '2', 'running', NULL, 'w', now())")
    database.run("INSERT INTO mesteri.outbox (kind, payload, idempotency_key, status, next_attempt_at, done_at)"
                 "VALUES ('mail.send', '{}', '3', 'done', NULL, now())")
    database.run("INSERT INTO mesteri.password_resets (token_hash, user_id, expires_at)"
                 "SELECT sha256('x'), id, now() + interval '1 hour' FROM mesteri.users")
    return database


def test_the_original_acts(original):
    row = original.run("SELECT * FROM mesteri.instance")[0]
    assert row["adopted_as"] == "first" and row["environment"] == "development"
    assert row["system_identifier"] == original.value("SELECT system_identifier FROM pg_control_system()")
    assert row["timeline"] == 1
    original.run("SELECT mesteri.instance_check()")
    assert not original.value("SELECT mesteri.is_fenced()")
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        done(original, "recover")


def test_recover(original):
    database = copy(original, "recovered")
    token = database.value("SELECT mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token' FROM mesteri.users u")
    me = "SELECT status FROM mesteri.request('GET', '/v1/users/me', %s)"
    assert database.value(me, token) == 200
    assert database.value("SELECT mesteri.is_fenced()") and refuses(database)
    number = database.value("SELECT last_value FROM mesteri.contract_number_sequence")

    assert done(database, "recover") == {"contract numbers moved ahead": 1000000, "sessions ended": 2, "password resets deleted": 1,
                                         "verification codes deleted": 2, "calls to the outside parked": 4, "recorded as recover": 1}
    assert not database.value("SELECT mesteri.is_fenced()")
    database.run("SELECT mesteri.instance_check()")
    assert database.value("SELECT nextval('mesteri.contract_number_sequence')") > number + 1000000
    assert database.value(me, token) == 401
    assert database.value("SELECT string_agg(status::text, ' ' ORDER BY idempotency_key) FROM mesteri.outbox") == "dead dead done dead dead"
    assert database.value("SELECT count(secret_encrypted) FROM mesteri.outbox") == 0, "codes that are gone are in no message"
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        done(database, "recover")
    database.run("SELECT ops.after_restore('recover', even_if_recorded => true)")


def test_clone(original):
    database = copy(original, "clone")
    assert database.value("SELECT mesteri.is_fenced()") and refuses(database)
    assert done(database, "clone")["calls to the outside deleted"] == 5
    assert database.value("SELECT count(*) FROM mesteri.outbox") == 0
    assert database.value("SELECT adopted_as FROM mesteri.instance") == "clone"
    assert not database.value("SELECT mesteri.is_fenced()")

    # Nor does it get into production by a setting.
    database.run("ALTER SYSTEM SET mesteri.environment = 'production'")
    database.run("SELECT pg_reload_conf(), pg_sleep(0.3)")
    try:
        assert database.value("SELECT mesteri.is_fenced()") and refuses(database)
        assert database.value("SELECT evidence FROM ops.doctor() WHERE finding = 'these data belong to another database'").endswith("production")
    finally:
        database.run("ALTER SYSTEM RESET mesteri.environment")
        database.run("SELECT pg_reload_conf(), pg_sleep(0.3)")


@pytest.mark.parametrize("kind", ["first", "", None])
def test_nothing_else(original, kind):
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        done(original, kind)


def test_a_clone_is_not_in_production(original):
    database = copy(original, "production_clone")
    database.run("ALTER SYSTEM SET mesteri.environment = 'production'")
    database.run("SELECT pg_reload_conf(), pg_sleep(0.3)")
    try:
        with pytest.raises(psycopg2.errors.InvalidParameterValue):
            done(database, "clone")
    finally:
        database.run("ALTER SYSTEM RESET mesteri.environment")
        database.run("SELECT pg_reload_conf(), pg_sleep(0.3)")


def test_a_promoted_cluster_is_fenced(clusters):
    cluster = clusters.make("promoted")
    database = cluster.database("promoted")
    database.run("SELECT mesteri.instance_check()")
    cluster.stop()
    data = os.path.join(cluster.folder, "data")
    with open(os.path.join(data, "standby.signal"), "w"):
        pass
    owner = os.stat(data)
    os.chown(os.path.join(data, "standby.signal"), owner.st_uid, owner.st_gid)
    cluster.start_again()
    assert database.value("SELECT pg_is_in_recovery() AND NOT mesteri.is_fenced()")
    assert database.value("SELECT pg_promote()")
    assert database.value("SELECT mesteri.is_fenced()")
    assert done(database, "recover")
    assert not database.value("SELECT mesteri.is_fenced()")
    assert database.value("SELECT timeline FROM mesteri.instance") == 2
