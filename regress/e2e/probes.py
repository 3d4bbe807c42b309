"""Endpoints that do what no real one does, in a database of the test's own: sleep, fail, leave notes."""

PROBES = """
CREATE TABLE public.notes (note text);
CREATE SEQUENCE public.tries;

CREATE FUNCTION api.probe_read(value integer, seconds float8 DEFAULT 0) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pg_sleep(seconds);
    RETURN mesteri.ok(to_json(value));
END;
$$;
CREATE FUNCTION api.probe_late(value integer, seconds float8 DEFAULT 0) RETURNS mesteri.answer
    LANGUAGE sql SECURITY DEFINER AS 'SELECT api.probe_read(value, seconds)';
CREATE FUNCTION api.probe_write(note text, seconds float8 DEFAULT 0) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM nextval('public.tries');
    INSERT INTO public.notes VALUES (note);
    PERFORM pg_sleep(seconds);
    RETURN mesteri.ok(to_json(note));
END;
$$;
-- Fails so many times, then leaves a note: a sequence does not forget what was rolled back.
CREATE FUNCTION api.probe_fail(times integer, sqlstate text, note text) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO public.notes VALUES (note);
    IF nextval('public.tries') <= times THEN
        RAISE EXCEPTION 'probe' USING ERRCODE = sqlstate;
    END IF;
    RETURN mesteri.ok(to_json(note));
END;
$$;
CREATE FUNCTION api.probe_fail_once(times integer, sqlstate text, note text) RETURNS mesteri.answer
    LANGUAGE sql SECURITY DEFINER AS 'SELECT api.probe_fail(times, sqlstate, note)';
GRANT EXECUTE ON FUNCTION api.probe_read, api.probe_late, api.probe_write, api.probe_fail, api.probe_fail_once TO mesteri_user;

INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
SELECT mesteri.route_id(method, path), method, path, function, '{anonymous}', 'api', 'test', 'no', retry_safe, lane, deadline_ms, body_limit, 'test'
  FROM (VALUES ('GET', '/v1/probe-read', 'probe_read', true, 'read', 20000, 0),
               ('GET', '/v1/probe-late', 'probe_late', true, 'read', 300, 0),
               ('POST', '/v1/probe-write', 'probe_write', true, 'write', 20000, 1000),
               ('POST', '/v1/probe-fail', 'probe_fail', true, 'write', 20000, 1000),
               ('POST', '/v1/probe-fail-once', 'probe_fail_once', false, 'write', 20000, 1000))
       AS r (method, path, function, retry_safe, lane, deadline_ms, body_limit);
"""


def probed(cluster, name):
    """A database with the probes."""
    database = cluster.database(name)
    database.run(PROBES)
    return database


def sleepers(database):
    """How many requests are within a probe's sleep."""
    return database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")


def notes(database):
    return {row["note"] for row in database.run("SELECT note FROM public.notes")}
