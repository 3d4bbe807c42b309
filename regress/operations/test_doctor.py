"""Each finding of ops.doctor() is provoked, seen, mended by its own remedy where that is SQL, and gone."""

import datetime
import os
import subprocess

import psycopg2
import pytest

from conftest import SETTINGS
from server import wait_until

# Labels that the list does not have yet are a finding, and no business of these tests.
NOT_OURS = "finding <> 'a table has no label'"


@pytest.fixture(scope="module")
def sick(clusters):
    cluster = clusters.make("doctor")
    database = cluster.database("doctor")
    database.run("REVOKE TEMPORARY ON DATABASE doctor FROM PUBLIC")
    database.run("SELECT mesteri.create_partitions('mesteri.events', current_date, current_date + 7),"
                 "       mesteri.create_partitions('mesteri.impressions', current_date, current_date + 7),"
                 "       mesteri.create_partitions('mesteri.analytics_events', current_date, current_date + 70)")
    return database


def findings(database, finding=None):
    rows = database.run(f"SELECT severity::text, finding, evidence, remedy FROM ops.doctor() WHERE {NOT_OURS}")
    assert all(all(row.values()) for row in rows), rows
    return [row for row in rows if finding in (None, row["finding"])]


def known(database):
    return {(row["severity"], row["finding"]) for row in findings(database)}


def evidence(database, finding):
    return [row["evidence"] for row in findings(database, finding)]


USUAL = {("info", "this is not production"), ("info", "password hashes are cheap"), ("error", "a crash may damage the data")}


def test_a_test_cluster(sick):
    """fsync is off in tests; beside that, and a label, nothing is wrong with it."""
    assert known(sick) == USUAL
    assert evidence(sick, "a crash may damage the data") == ["fsync = off"]


PROVOKED = [
    ("error", "a role is not what it should be", "ALTER ROLE mesteri_worker CREATEDB", "ALTER ROLE mesteri_worker NOCREATEDB", "mesteri_worker"),
    ("error", "a role is not what it should be", "GRANT mesteri_owner TO mesteri_worker", "REVOKE mesteri_owner FROM mesteri_worker", "is a member of"),
    ("error", "a role is not what it should be", "ALTER ROLE mesteri_staff RENAME TO staff", None, "mesteri_staff is missing"),
    ("error", "everybody may create objects in a schema", "GRANT CREATE ON SCHEMA public TO PUBLIC", None, "postgis"),
    ("warning", "everybody may create objects in a schema", "CREATE SCHEMA open; GRANT CREATE ON SCHEMA open TO PUBLIC", None, "schema open"),
    ("warning", "everybody may make temporary tables", "GRANT TEMPORARY ON DATABASE doctor TO PUBLIC", None, "doctor"),
    ("error", "parameters of requests may get into the server's log", "ALTER ROLE mesteri_proxy RESET log_parameter_max_length", None, "not set"),
    ("error", "parameters of requests may get into the server's log",
     "ALTER ROLE mesteri_worker IN DATABASE doctor SET log_parameter_max_length_on_error = 100", None, "mesteri_worker is 100"),
    ("warning", "partitions are missing", "DROP TABLE mesteri.events_{day:%Y%m%d}", None, "mesteri.events: 1 of"),
    ("warning", "dumps do not hold this", "CREATE INDEX slow ON mesteri.users (created_at)", "DROP INDEX mesteri.slow", "index slow"),
    ("warning", "dumps do not hold this", "CREATE POLICY mine ON mesteri.users AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (true) WITH CHECK (false)",
     "DROP POLICY mine ON mesteri.users", "policy mine"),
    ("warning", "dumps do not hold this", "CREATE TRIGGER mine BEFORE TRUNCATE ON mesteri.users EXECUTE FUNCTION mesteri.sessions_changed()",
     "DROP TRIGGER mine ON mesteri.users", "trigger mine"),
    ("warning", "dumps do not hold this", "ALTER TABLE mesteri.users ADD CONSTRAINT mine CHECK (email <> '')",
     "ALTER TABLE mesteri.users DROP CONSTRAINT mine", "constraint mine"),
    ("warning", "autovacuum is off for a table", "ALTER TABLE mesteri.events_{day:%Y%m%d} SET (autovacuum_enabled = off)", None, "mesteri.events_"),
    ("error", "row security is off", "ALTER TABLE mesteri.events_{day:%Y%m%d} NO FORCE ROW LEVEL SECURITY", None, "mesteri.events_"),
    ("error", "these data belong to another database",
     "INSERT INTO mesteri.instance (system_identifier, timeline, database_oid, environment, adopted_as) VALUES (1, 1, 1, 'development', 'first')",
     "SELECT ops.after_restore('recover'); DELETE FROM mesteri.instance", "cluster 1, timeline 1"),
    ("warning", "the environment is not the recorded one",
     "SELECT mesteri.instance_record('recover'); UPDATE mesteri.instance SET environment = 'production'",
     "SELECT mesteri.instance_record(adopted_as) FROM mesteri.instance WHERE adopted_as <> 'first'; DELETE FROM mesteri.instance", "production"),
    ("error", "library and extension are of different versions", "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'mesteri'",
     "UPDATE pg_extension SET extversion = mesteri.loaded_version() WHERE extname = 'mesteri'", "extension 0.0.1"),
    ("info", "a counter is wrong",
     "WITH u AS (INSERT INTO mesteri.users (email, phone_number, password_hash, user_type) VALUES ('ion@example.ro', '+40722000002', '!', 'craftsman') RETURNING id)"
     " INSERT INTO mesteri.craftsman_profiles (user_id, followers_count) SELECT id, 7 FROM u", "CALL ops.mend_counters()", "7, recounted 0"),
    ("error", "somebody may reach what is not his", "GRANT SELECT ON mesteri.users TO PUBLIC", None, "PUBLIC on TABLE mesteri.users: SELECT"),
    ("error", "somebody may reach what is not his", "GRANT EXECUTE ON FUNCTION mesteri.uuid7() TO PUBLIC", None, "PUBLIC on FUNCTION mesteri.uuid7()"),
    ("warning", "somebody may reach what is not his", "GRANT SELECT (email) ON mesteri.users TO mesteri_proxy", None, "mesteri_proxy on TABLE mesteri.users"),
    ("warning", "somebody may reach what is not his", "CREATE ROLE nosy; GRANT CREATE ON SCHEMA mesteri TO nosy",
     "DROP OWNED BY nosy; DROP ROLE nosy", "nosy on SCHEMA mesteri: CREATE"),
    ("error", "something of mesteri's own is altered", "ALTER POLICY owner_reads ON mesteri.token_families USING (true)",
     "SELECT mesteri.create_owner_policy('mesteri.token_families')", "policy owner_reads on mesteri.token_families"),
    ("error", "something of mesteri's own is altered", "ALTER TABLE mesteri.token_families DISABLE TRIGGER sessions_changed",
     "ALTER TABLE mesteri.token_families ENABLE TRIGGER sessions_changed", "DISABLE TRIGGER sessions_changed"),
    ("error", "something of mesteri's own is missing", "ALTER INDEX mesteri.devices_user RENAME TO devices_other",
     "ALTER INDEX mesteri.devices_other RENAME TO devices_user", "index devices_user on mesteri.devices"),
]


@pytest.mark.parametrize("severity, finding, harm, cure, shown", PROVOKED, ids=[f"{case[1]}: {case[4]}" for case in PROVOKED])
def test_finding(sick, severity, finding, harm, cure, shown):
    sick.run(harm.format(day=datetime.datetime.now(datetime.timezone.utc)))
    found = [row for row in findings(sick, finding) if shown in row["evidence"]]
    assert len(found) == 1 and found[0]["severity"] == severity, findings(sick)
    # Without a cure of the test's own, the remedy is one.
    sick.run(cure or found[0]["remedy"].replace("LOCAL", ""))
    if "staff" in shown:
        sick.run("DROP ROLE staff")
    assert known(sick) == USUAL


def test_a_partition_that_was_detached(sick):
    """A table of its name is no partition: its day goes to the default one, and nobody would say so."""
    name = f"mesteri.events_{datetime.datetime.now(datetime.timezone.utc):%Y%m%d}"
    sick.run(f"ALTER TABLE mesteri.events DETACH PARTITION {name}")
    missing = findings(sick, "partitions are missing")
    assert len(missing) == 1 and missing[0]["evidence"].startswith("mesteri.events: 1 of")
    with pytest.raises(psycopg2.errors.DuplicateTable, match="is there and not a partition"):
        sick.run(missing[0]["remedy"])
    sick.run(f"DROP TABLE {name}")
    sick.run(missing[0]["remedy"])
    assert known(sick) == USUAL


def test_local_ddl_makes_it_again(sick):
    """What ops.local_objects shows, run in a database without it, gives the same again."""
    made = ["CREATE INDEX slow ON mesteri.users (created_at) WHERE is_active",
            "CREATE POLICY mine ON mesteri.users AS RESTRICTIVE FOR INSERT TO mesteri_user, PUBLIC WITH CHECK (email <> '')",
            "CREATE TRIGGER mine BEFORE TRUNCATE ON mesteri.users EXECUTE FUNCTION mesteri.sessions_changed()",
            "ALTER TABLE mesteri.users ADD CONSTRAINT mine UNIQUE (created_at, id)",
            "ALTER TABLE mesteri.users SET (fillfactor = 70)"]
    for command in made:
        sick.run(command)
    local = sick.run("SELECT * FROM ops.local_objects")
    assert [row["kind"] for row in local] == ["constraint", "index", "policy", "setting", "trigger"]

    sick.run("DROP INDEX mesteri.slow; DROP POLICY mine ON mesteri.users; DROP TRIGGER mine ON mesteri.users;"
             "ALTER TABLE mesteri.users DROP CONSTRAINT mine; ALTER TABLE mesteri.users RESET (fillfactor)")
    assert sick.run("SELECT * FROM ops.local_objects") == []
    for row in local:
        sick.run(row["ddl"])
    assert sick.run("SELECT * FROM ops.local_objects") == local
    sick.run("DROP INDEX mesteri.slow; DROP POLICY mine ON mesteri.users; DROP TRIGGER mine ON mesteri.users;"
             "ALTER TABLE mesteri.users DROP CONSTRAINT mine; ALTER TABLE mesteri.users RESET (fillfactor)")


def test_labels(sick):
    connection = sick.connect()
    with connection.cursor() as cursor:
        cursor.execute("LOAD 'mesteri'; SECURITY LABEL FOR mesteri ON COLUMN mesteri.users.email IS NULL")
        seen = "SELECT severity::text FROM ops.doctor() WHERE finding = 'a table has no label' AND evidence ~ '^mesteri.users: (.*, )?email(,|$)'"
        cursor.execute(seen)
        assert cursor.fetchall() == [("warning",)]
        cursor.execute("SECURITY LABEL FOR mesteri ON COLUMN mesteri.users.email IS 'contact'")
        cursor.execute(seen)
        assert cursor.fetchall() == []
    connection.close()


@pytest.fixture
def keys(sick):
    """Renames of key files, undone."""
    folder = os.path.join(sick.cluster.folder, "data", "mesteri_keys")
    before = os.path.join(sick.cluster.folder, "keys.before")
    subprocess.run(["cp", "-a", folder, before], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
        subprocess.run(["mv", before, folder], check=True)
        wait_until(lambda: known(sick) == USUAL, 5, "the keys are back")


def key_id(folder, ending):
    return next(name[:-4] for name in os.listdir(folder) if name.endswith(ending))


def rename(folder, ending, name):
    os.rename(os.path.join(folder, key_id(folder, ending) + ending), os.path.join(folder, name + ending))


def test_old_keys(sick, keys):
    rename(keys, ".pem", "20240101-aaaaaa")
    rename(keys, ".aes", "20230101-bbbbbb")
    wait_until(lambda: len(evidence(sick, "a key is old")) == 2, 5, "both are seen")
    encryption, signing = evidence(sick, "a key is old")
    assert encryption.startswith("encryption key 20230101-bbbbbb, ") and signing.startswith("signing key 20240101-aaaaaa, ")
    assert {row["severity"] for row in findings(sick, "a key is old")} == {"warning"}


def test_keys_without_date(sick, keys):
    rename(keys, ".pem", "first")
    rename(keys, ".aes", "20261399-x")
    wait_until(lambda: len(evidence(sick, "the age of a key is not known")) == 2, 5, "both are seen")


def test_a_second_signing_key(sick, keys):
    now = key_id(keys, ".pem")
    subprocess.run(["cp", "-a", f"{keys}/{now}.pem", f"{keys}/20991231-ffffff.pem"], check=True)
    wait_until(lambda: evidence(sick, "an older signing key still verifies") == [f"signing key {now}"], 5, "it is seen")


@pytest.mark.parametrize("ending", [".pem", ".aes"])
def test_no_keys(sick, keys, ending):
    os.remove(os.path.join(keys, key_id(keys, ending) + ending))
    wait_until(lambda: findings(sick, "the keys cannot be used"), 5, "it is seen")
    assert findings(sick, "the keys cannot be used")[0]["severity"] == "error"


def test_settings_of_the_server(sick):
    """The whole server badly set; last, since it is started anew."""
    conf = os.path.join(sick.cluster.folder, "bad.conf")
    with open(conf, "w") as file:
        file.write(SETTINGS + "shared_preload_libraries = ''\nautovacuum = off\ntrack_counts = off\nfull_page_writes = off\n"
                   "mesteri.environment = 'production'\n")
    sick.cluster.stop()
    sick.cluster.control("start", conf)
    assert known(sick) == {("error", "autovacuum does not run"), ("error", "a crash may damage the data"),
                           ("warning", "the library is not preloaded"), ("error", "password hashes are cheap")}
    assert evidence(sick, "autovacuum does not run") == ["autovacuum = off", "track_counts = off"]
    assert evidence(sick, "a crash may damage the data") == ["fsync = off", "full_page_writes = off"]
