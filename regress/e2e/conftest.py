"""End-to-end tests: real HTTP to a real proxy before a real server.

    regress/run e2e            the runner's way
    cd regress/e2e && pytest   by hand, after: make build private && make -C proxy asan

    MESTERI_STATE        folder below which clusters and logs are made; /tmp by default
    MESTERI_PROXY        the plain proxy; build/proxy/mesteri-proxy by default
    MESTERI_PROXY_ASAN   the proxy with sanitizers; build/proxy-asan/mesteri-proxy by default
    E2E_SEED             seed of the demo data and of all chance in the tests; 2026 by default
    E2E_NOW              the clock of the demo data; midnight (UTC) by default

Clusters, databases and proxies are the tests' own.  When something fails, the folder with all logs is kept and named.
"""

import datetime
import itertools
import os
import random
import sys
from types import SimpleNamespace

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import sql  # noqa: E402
from client import note_secrets  # noqa: E402
from server import World  # noqa: E402

SEED = int(os.environ.get("E2E_SEED", "2026"))
NOW = os.environ.get("E2E_NOW") or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d 00:00+00")
DEMO_POSTS = 3000


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"E2E_SEED={SEED} E2E_NOW='{NOW}' repeats this run")


def pytest_collection_modifyitems(items):
    """What looks back at the whole run comes last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "last: looks back at the whole run")


@pytest.fixture(scope="session")
def world(request):
    world = World()
    failed_before = request.session.testsfailed
    try:
        yield world
    finally:
        faults = world.close()
        if faults or request.session.testsfailed > failed_before:
            print(f"\nlogs: {world.folder}", file=sys.stderr)
        else:
            world.remove()
    assert not faults, faults


@pytest.fixture(scope="session")
def cluster(world):
    return world.cluster("pg")


@pytest.fixture(scope="session")
def database(cluster):
    """Demo data, and whatever the tests add."""
    database = cluster.database("e2e")
    database.load_demo(DEMO_POSTS, SEED, NOW)
    return database


@pytest.fixture(scope="session")
def proxy(world, database):
    return world.proxy(database, name="main")


@pytest.fixture(scope="session")
def client(proxy):
    return proxy.client()


@pytest.fixture(scope="session")
def scratch(cluster):
    """A database to break things in; who breaks something mends it."""
    return cluster.database("scratch")


@pytest.fixture(scope="session")
def scratch_proxy(world, scratch):
    return world.proxy(scratch, name="scratch", workers=1)


@pytest.fixture
def chance(request):
    """Random numbers of this test's own, the same at every run."""
    return random.Random(f"{SEED} {request.node.name}")


COUNT = itertools.count(1)


def new_person(**fields):
    number = next(COUNT)
    return {"email": f"om{number}@example.ro", "phone_number": f"0733{number:06d}", "password": f"parola lunga de om {number:04d}",
            "user_type": "client", "first_name": "Ștefan", "last_name": "Țăranu", **fields}


@pytest.fixture(scope="session")
def register():
    """Opens an account: register(client, user_type="craftsman") gives its fields, tokens and a client that uses them."""

    def register(client, **fields):
        person = new_person(**fields)
        answer = client.post("/v1/auth/register", person)
        assert answer.status == 201, answer
        body = answer.json()
        return SimpleNamespace(
            email=person["email"], phone_number=person["phone_number"], password=person["password"],
            id=body["user"]["id"], access_token=body["tokens"]["access_token"],
            refresh_token=body["tokens"]["refresh_token"], body=body,
            client=client.with_token(body["tokens"]["access_token"]))

    return register


@pytest.fixture(scope="session")
def person():
    return new_person


@pytest.fixture(scope="session")
def staff(database, client):
    """Staff do not register; somebody with the database's rights makes them."""
    password = "parola personalului 77"
    database.run("""
        WITH account AS (
            INSERT INTO mesteri.users (email, phone_number, password_hash, user_type)
            VALUES ('staff@example.ro', '+40744000001', mesteri.password_hash(%s), 'staff') RETURNING id)
        INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) SELECT id, 'Ada', 'Marin' FROM account""",
                 password)
    answer = client.post("/v1/auth/login", {"email_or_phone": "staff@example.ro", "password": password})
    assert answer.status == 200, answer
    return client.with_token(answer.json()["tokens"]["access_token"])


@pytest.fixture(scope="session")
def messages(database):
    """Mails and text messages to an address or a number, newest first: what a developer reads in the sandbox."""

    def messages(recipient):
        found = database.run("SELECT kind, template, language, parameters FROM ops.sandbox_messages() WHERE recipient = %s",
                             recipient)
        note_secrets([message["parameters"] for message in found])
        return [SimpleNamespace(**message) for message in found]

    return messages


@pytest.fixture(scope="session")
def psql(database):
    """mesteri.request() as a superuser at psql: psql("GET", "/v1/feed") gives an answer like the HTTP client's."""
    connection = database.connect()
    yield lambda *arguments, **options: sql.request(connection, *arguments, **options)
    connection.close()
