"""Every plan of every read route, on 100,000 posts: no large table is scanned, the caller is looked up once, workers don't mix
up callers.  The same for what callers see by row security alone.

Requests go through handle() as the proxy's role, as the proxy sends them.  The samples are in read_routes.py.
"""

import collections
import datetime
import json
import re
from types import SimpleNamespace

import psycopg2
import pytest

from plans import WATCHING, plans
from read_routes import CALLERS, ROWS, SAMPLES, SCANNING, VALUES

POSTS, SEED = 100000, 2026

# What has more rows is not scanned.
LARGE = 1000

# Lookups of the caller's id within a request: so many statements may ask, but not so many rows.  Samples of lists have 100.
MOST_LOOKUPS = 40

# Plans change with the settings, so that a session has one way of planning.  Kept plans of a long session are "generic";
# "thrifty" shows which index there is for tables that are small here: a row read costs more than anything.
WAYS = {
    "custom": {"plan_cache_mode": "force_custom_plan", "max_parallel_workers_per_gather": 0},
    "generic": {"plan_cache_mode": "force_generic_plan", "max_parallel_workers_per_gather": 0},
    "thrifty": {"plan_cache_mode": "force_generic_plan", "max_parallel_workers_per_gather": 0, "enable_seqscan": "off",
                "seq_page_cost": 0, "random_page_cost": 0, "cpu_tuple_cost": 1, "cpu_index_tuple_cost": 1},
}
SERIAL = {"force_parallel_mode": "off", "max_parallel_workers_per_gather": 0}
PARALLEL = {"force_parallel_mode": "on", "max_parallel_workers_per_gather": 2, "parallel_leader_participation": "off",
            "parallel_setup_cost": 0, "parallel_tuple_cost": 0, "min_parallel_table_scan_size": 0, "min_parallel_index_scan_size": 0}

# As callers see a table by row security alone, rows in any order.
LOOKING = """
    CREATE FUNCTION api.test_rows(relation regclass) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
    BEGIN
        RETURN QUERY EXECUTE format('SELECT md5(t::text) FROM %s t', relation);
    END;
    $$;
    CREATE FUNCTION api.test_own(relation text) RETURNS mesteri.answer LANGUAGE plpgsql STABLE AS $$
    BEGIN
        RETURN ROW (200, (SELECT coalesce(json_agg(r ORDER BY r), '[]') FROM api.test_rows(relation::regclass) AS r), NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
    END;
    $$;
    INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
    VALUES (mesteri.route_id('GET', '/v1/test/own'), 'GET', '/v1/test/own', 'test_own', '{anonymous}', 'api', 'test', 'no', true, 'read', 60000, 0, 'test');
    GRANT EXECUTE ON FUNCTION api.test_rows(regclass), api.test_own(text) TO mesteri_user;
    DO $$
    DECLARE
        target regclass;
    BEGIN
        FOR target IN SELECT polrelid FROM pg_policy WHERE polname = 'owner_reads' LOOP
            EXECUTE format('GRANT SELECT ON %s TO mesteri_user', target);
        END LOOP;
    END;
    $$;
"""


@pytest.fixture(scope="module")
def database(cluster):
    database = cluster.database("plans")
    database.load_demo(POSTS, SEED, datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d 00:00+00"))
    database.run(ROWS)
    database.run(LOOKING)
    for name, value in WATCHING.items():
        database.run(f"ALTER DATABASE plans SET {name} = '{value}'")
    return database


@pytest.fixture(scope="module")
def world(database):
    """What the tests know of the database."""
    def column(sql, *values):
        return [next(iter(row.values())) for row in database.run(sql, *values)]

    return SimpleNamespace(
        database=database,
        routes={row["path"]: row for row in database.run(
            "SELECT path, access FROM mesteri.routes WHERE method = 'GET' AND lane IN ('read', 'slow') AND area <> 'test'")},
        tables=column("SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'owner_reads' ORDER BY 1"),
        large=set(column("SELECT relname FROM pg_class WHERE relnamespace = 'mesteri'::regnamespace AND relkind = 'r' AND reltuples > %s", LARGE)),
        # Tables that grow with the number of people, whatever they hold here; impressions are emptied every few seconds and have no index.
        growing=set(column("SELECT c.relname FROM pg_class c JOIN mesteri.labels l ON l.relation = coalesce(pg_partition_root(c.oid), c.oid) "
                           "WHERE l.owner_path LIKE 'users via %%' AND c.relkind = 'r' AND l.table_name <> 'impressions'")),
        sources={row["name"]: squeezed(row["prosrc"]) for row in database.run(
            "SELECT oid::regproc::text AS name, prosrc FROM pg_proc WHERE pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace)")},
        tokens={name: id and column("SELECT mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token' FROM mesteri.users u WHERE id = %s", id)[0]
                for name, (_, id) in CALLERS.items()},
        found={}, values={})


def squeezed(sql):
    return re.sub(r"\s+", "", sql)


class Session:
    """The proxy's session, watched."""

    def __init__(self, world, settings):
        self.world = world
        self.next_cursor = None
        self.connection = psycopg2.connect(host=f"{world.database.cluster.folder}/run", user="mesteri_proxy", dbname="plans")
        self.connection.notices = collections.deque()    # a list would keep the last 50
        self.cursor = self.connection.cursor()
        self.set(settings, "SESSION")
        self.connection.commit()

    def set(self, settings, scope="LOCAL"):
        for name, value in settings.items():
            self.cursor.execute(f"SET {scope} {name} = '{value}'")

    def value(self, sql, *values):
        self.cursor.execute(sql, values)
        return self.cursor.fetchone()[0]

    def lookups(self):
        return self.value("SELECT pg_stat_get_xact_function_calls('mesteri.current_user_id'::regproc)") or 0

    def ask(self, caller, path):
        """One request within the transaction that is open; status None: refused."""
        target, _, query = path.partition("?")
        route = route_of(self.world, target)
        before = self.lookups()
        self.connection.notices.clear()
        self.cursor.execute("SAVEPOINT request")
        try:
            self.cursor.execute("SELECT status, headers, body, error, effects FROM mesteri.handle(%s, %s, %s::text[], %s, NULL, NULL, "
                                "60000, '192.0.2.1', gen_random_uuid(), 'plans', 'ro')",
                                (route["id"], self.world.tokens[caller], route["segments"], query or None))
            status, headers, body, error, effects = self.cursor.fetchone()
            seen = plans(self.connection.notices)
        except psycopg2.Error as refusal:
            if not (refusal.pgcode or "").startswith("MS"):
                raise
            self.cursor.execute("ROLLBACK TO request")
            return SimpleNamespace(path=path, status=None, headers=None, body=b"", error=refusal.pgcode, effects=None, plans=[], lookups=0)
        body = bytes(body or b"")
        self.next_cursor = (json.loads(body) or {}).get("next_cursor") if body.startswith(b"{") else None
        return SimpleNamespace(path=path, status=status, headers=headers, body=body, error=error, effects=effects, plans=seen,
                               lookups=self.lookups() - before)

    def path(self, caller, sample):
        """The sample filled in; None where there is nothing for this caller to ask."""
        names = re.findall(r"\{(\w+)\}", sample)
        found = {name: self.next_cursor if name == "next_cursor" else value_of(self.world, caller, name) for name in names}
        return None if None in found.values() else sample.format(**found)


def route_of(world, target):
    if target not in world.found:
        world.found[target] = world.database.run("SELECT * FROM mesteri.find_route('GET', %s)", target)[0]
    return world.found[target]


def value_of(world, caller, name):
    if (caller, name) not in world.values:
        assert name in VALUES, f"there is no {name} in VALUES of read_routes.py"
        rows = world.database.run(VALUES[name].replace("%(me)s", "%s"), *[CALLERS[caller][1]] * VALUES[name].count("%(me)s"))
        world.values[caller, name] = str(next(iter(rows[0].values()))) if rows and next(iter(rows[0].values())) is not None else None
    return world.values[caller, name]


@pytest.fixture(scope="module")
def sessions(world):
    """One for each way of planning."""
    made = {way: Session(world, settings) for way, settings in {**WAYS, "forced": {"plan_cache_mode": "force_custom_plan"}}.items()}
    yield made
    for session in made.values():
        session.connection.close()


def is_for(access, kind):
    """extension/route.c says the same."""
    return "anonymous" in access or kind in access or kind in ("client", "craftsman") and "user" in access


def name_of(world, plan):
    """The function a statement stands in.  PL/pgSQL cuts INTO out of it, so beginning and end must do."""
    text = squeezed(plan.statement)
    for name, source in world.sources.items():
        if text and text[:40] in source and text[-40:] in source:
            return name
    return "SQL"


def scanning_function(world, plan):
    """The one of SCANNING that runs the statement."""
    return next((name for name in SCANNING if plan.statement and squeezed(plan.statement) in world.sources.get(name, "")), None)


def complaints(world, watched, answer):
    """What is wrong with the plans behind an answer, each with its statement; that of a function in SQL has no text."""
    found = []
    for plan in answer.plans:
        function = scanning_function(world, plan)
        found += [f"{fault}\n    in {name_of(world, plan)}: {plan.statement[:300]}"
                  for fault in plan.faults(watched, SCANNING[function][0] if function else ())]
    if answer.lookups > MOST_LOOKUPS:
        found.append(f"{answer.path} calls current_user_id() {answer.lookups} times")
    return found


def test_every_read_route_has_a_sample(world):
    missing = sorted(set(world.routes) - set(SAMPLES))
    assert not missing, "add to SAMPLES of regress/operations/read_routes.py:\n" + "\n".join(
        f'    "{path}": ["{path}"],' for path in missing)
    assert not set(SAMPLES) - set(world.routes), "these routes are no more: take them out of SAMPLES"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("route", SAMPLES)
def test_plans(world, sessions, route, way):
    session = sessions[way]
    access = world.routes[route]["access"]
    watched = world.growing if way == "thrifty" else world.large
    answered, tried, found = collections.Counter(), [], set()
    callers = [name for name in ("Ana", "Ion", "Ada", "anonymous") if is_for(access, CALLERS[name][0])]
    for caller in callers:
        if way != "custom" and caller == "Ada" and len(callers) > 1:
            continue    # kept plans are the same for every value
        kind = CALLERS[caller][0]
        for sample in SAMPLES[route]:
            path = session.path(caller, sample)
            if path is None:
                continue
            answer = session.ask(caller, path)
            tried.append(f"{caller} {path}: {answer.status or answer.error}")
            if answer.status == 200:
                answered.update({sample: 1, kind: 1})
            found.update(complaints(world, watched, answer))
            if answer.status == 200 and answer.effects:
                # What the proxy sends a moment later.
                session.connection.notices.clear()
                session.cursor.execute("SELECT mesteri.effects_apply(%s)", (answer.effects,))
                found.update(f"{fault}\n    in what effects_apply() runs: {plan.statement[:300]}"
                             for plan in plans(session.connection.notices) for fault in plan.faults(watched))
            session.connection.rollback()
        assert answered[kind], f"no sample is answered 200 to {caller} ({kind}):\n" + "\n".join(tried)
    assert all(answered[sample] for sample in SAMPLES[route]), "not every sample is answered 200:\n" + "\n".join(tried)
    assert not found, "\n".join(sorted(found))


def test_scans_are_where_they_are_said_to_be(world, sessions):
    """An exception holds while it is needed."""
    scanned = collections.defaultdict(set)
    # Words: what has none is ranked by the engines.
    for sample in ("", "&lat=46.77&lon=23.59"):
        for plan in sessions["custom"].ask("Ana", "/v1/craftsmen?q=popescu" + sample).plans:
            function = scanning_function(world, plan)
            scanned[function].update(fault for fault in plan.faults(world.large) if function)
    sessions["custom"].connection.rollback()
    for function in SCANNING:
        assert scanned[function], f"no route scans by {function} any more: take it out of SCANNING of read_routes.py"


def shown(world, answer):
    """What must be the same however it was made: all but the sealed cursor, of which there are no two alike, and effects unsealed."""
    body = re.sub(rb'"next_cursor" : "[^"]*"', b'"next_cursor" : "..."', answer.body)
    effects = [world.database.value("SELECT convert_from(mesteri.unseal('effect', %s), 'UTF8')", effect) for effect in answer.effects or []]
    return answer.status, answer.headers if body == answer.body else None, answer.error, body, effects


def both_ways(session, caller, path):
    """The answers of serial and of parallel plans, at one and the same moment."""
    session.set(SERIAL)
    serial = session.ask(caller, path)
    session.set(PARALLEL)
    parallel = session.ask(caller, path)
    session.connection.rollback()
    return serial, parallel


def test_parallel_answers(world, sessions):
    """Most statements fetch INTO a variable, by a parallel plan that the leader runs alone; RETURN QUERY gets workers."""
    session = sessions["forced"]
    gathers = 0
    for route, samples in SAMPLES.items():
        for sample in samples:
            # One after the other on one connection.
            people = [name for name in ("Ana", "Éva", "Ion", "Maria") if is_for(world.routes[route]["access"], CALLERS[name][0])]
            for caller in people[:3]:
                path = session.path(caller, sample)
                if path is None:
                    continue
                serial, parallel = both_ways(session, caller, path)
                assert shown(world, serial) == shown(world, parallel), f"{caller} {path}"
                if route == "/v1/users/me":
                    assert json.loads(parallel.body)["user"]["id"] == CALLERS[caller][1]
                gathers += sum(node["Node Type"].startswith("Gather") for plan in parallel.plans for node, _ in plan.nodes())
    assert gathers > len(SAMPLES), "the plans were not parallel"


def own(session, caller, table):
    return session.ask(caller, f"/v1/test/own?relation={table}")


@pytest.mark.parametrize("way", WAYS)
def test_plans_of_policies(world, sessions, way):
    """By row security alone callers find their own rows by an index; by the thrifty way in tables that are empty here, too."""
    session = sessions[way]
    found = []
    watched = world.growing if way == "thrifty" else world.large
    for table in world.tables:
        counts = {}
        for caller in ("anonymous", "Ana", "Ion"):
            answer = own(session, caller, table)
            session.connection.rollback()
            assert answer.status == 200, f"{caller} {table}: {answer.error}"
            found += [f"{table}, {caller}: {fault}" for fault in complaints(world, watched, answer)]
            counts[caller] = len(json.loads(answer.body))
        assert counts["anonymous"] == 0, table
        assert table.split(".")[1] not in world.large or any(counts.values()), f"nobody sees a row of {table}"
    assert not found, "\n".join(found)


def test_parallel_policies(world, sessions):
    """Callers see the same rows through parallel workers, who do not know the caller; is_own() stays with the leader."""
    session = sessions["forced"]
    workers = 0
    for table in world.tables:
        for caller in ("Ana", "Ion"):
            serial, parallel = both_ways(session, caller, f"/v1/test/own?relation={table}")
            assert serial.status == 200 and serial.body == parallel.body, f"{caller} {table}"
            assert not any(plan.workers() for plan in serial.plans)
            workers += sum(plan.workers() for plan in parallel.plans)
    assert workers, "no workers ran"
