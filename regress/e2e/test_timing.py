"""The clock does not tell who has an account: medians of many tries, known and unknown by turns, on one connection.

What is compared is the time that the backends spent on a processor: they compute alike, and whatever else the machine does
does not count.  What they wait for is the flush of a commit, and each try must have one.  Part of make soak; pytest -rP
shows the medians, those by the clock as well.
"""

import os
import statistics
import time
import uuid

import pytest

from client import Connection, check, compose

TRIES = 200
WARM_UP = 20
APART = 0.05
PAUSE = 0.002

pytestmark = pytest.mark.skipif(not os.environ.get("MESTERI_SOAK"), reason="measures: make soak")


@pytest.fixture(scope="module")
def stopwatch(world, database):
    """stopwatch(path, body, status): seconds that a request took of the processor and by the clock."""
    running = "SELECT pid FROM pg_stat_activity WHERE usename = 'mesteri_proxy' AND datname = current_database()"
    others = {row["pid"] for row in database.run(running)}
    proxy = world.proxy(database, plain=True, name="timing", workers=1, lane_write_connections=1)
    backends = {row["pid"] for row in database.run(running)} - others
    assert len(backends) == 5

    def computed():
        """Nanoseconds, brought up to date when a process goes to sleep."""
        return sum(int(open(f"/proc/{pid}/schedstat").read().split()[0]) for pid in backends)

    with Connection(proxy.port) as connection:
        def stopwatch(path, body, status):
            data = compose("POST", f"/v1/auth/{path}", body)
            before, started = computed(), time.perf_counter()
            connection.send(data)
            answer = connection.read()
            taken = time.perf_counter() - started
            assert check(answer).status == status, answer
            time.sleep(PAUSE)
            return (computed() - before) / 1e9, taken

        yield stopwatch


@pytest.fixture(scope="module")
def known(database):
    """As many accounts as tries, each with open codes: none of them gets locked."""
    rows = database.run("""
        WITH people AS (
            INSERT INTO mesteri.users (email, phone_number, password_hash, user_type)
            SELECT 'cunoscut' || n || '@example.ro', '+4078' || lpad(n::text, 7, '0'), mesteri.password_hash('o parola cunoscuta'), 'client'
              FROM generate_series(1, %s) AS g (n) RETURNING id, email, phone_number),
        profiles AS (
            INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) SELECT id, 'Ion', 'Popa' FROM people)
        SELECT id, email, phone_number FROM people""", TRIES + WARM_UP)
    database.run("SELECT mesteri.send_code(id, 'email', email), mesteri.send_code(id, 'phone', phone_number) FROM mesteri.users"
                 " WHERE email LIKE 'cunoscut%%@example.ro'")
    return rows


def commits(database):
    """Where the log of the database stands: only what writes moves it, but for what the server writes by itself."""
    return int(database.value("SELECT pg_current_wal_insert_lsn() - '0/0'"))


def somebody(row):
    return row["email"], row["phone_number"]


def nobody(row):
    """Of the same form, and nobody's."""
    return f"{uuid.uuid4().hex[:len(row['email']) - 11]}@example.ro", "+4077" + row["phone_number"][5:]


@pytest.mark.parametrize("path, status, body", [
    ("login", 401, lambda email, phone: {"email_or_phone": email, "password": "o parola gresita"}),
    ("login", 401, lambda email, phone: {"email_or_phone": phone, "password": "o parola gresita"}),
    ("forgot-password", 202, lambda email, phone: {"email_or_phone": email}),
    ("forgot-password", 202, lambda email, phone: {"email_or_phone": phone}),
    ("verify-email", 422, lambda email, phone: {"email": email, "code": "000000"}),
    ("verify-phone", 422, lambda email, phone: {"phone_number": phone, "code": "000000"}),
], ids=["login by e-mail", "login by number", "forgot by e-mail", "forgot by number", "code by mail", "code by text"])
def test_known_and_unknown_take_as_long(stopwatch, database, known, path, status, body):
    taken = {somebody: [], nobody: []}
    written = {somebody: [], nobody: []}
    for number, row in enumerate(known):
        # Who is first changes, too.
        for who in (somebody, nobody) if number % 2 else (nobody, somebody):
            before = commits(database) if number < WARM_UP else None
            values = stopwatch(path, body(*who(row)), status)
            if number < WARM_UP:
                written[who].append(commits(database) - before)
            else:
                taken[who].append(values)
    (known_cpu, known_clock), (unknown_cpu, unknown_clock) = (map(statistics.median, zip(*values)) for values in taken.values())
    print(f"computed: known {known_cpu * 1e3:.3f} ms, unknown {unknown_cpu * 1e3:.3f} ms, {known_cpu / unknown_cpu - 1:+.1%}; "
          f"clock: {known_clock * 1e3:.3f} ms, {unknown_clock * 1e3:.3f} ms, {known_clock / unknown_clock - 1:+.1%}")
    assert min(written[somebody]) > 0 and min(written[nobody]) > 0, "both write, and so both wait for the disk"
    assert abs(known_cpu / unknown_cpu - 1) <= APART
