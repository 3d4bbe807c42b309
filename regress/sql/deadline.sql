-- A request that takes too long is rolled back with an error of its own, and the connection goes on.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

CREATE TABLE public.traces (note text);
CREATE FUNCTION api.probe_slow(seconds float8 DEFAULT 0, spin boolean DEFAULT false, note text DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF note IS NOT NULL THEN
        INSERT INTO public.traces VALUES (note);
    END IF;
    WHILE spin LOOP
        NULL;
    END LOOP;
    PERFORM pg_sleep(seconds);
    RETURN ROW (200, '{"done": true}', NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
EXCEPTION WHEN OTHERS THEN
    RETURN ROW (200, '{"caught": true}', NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;
GRANT EXECUTE ON FUNCTION api.probe_slow TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('POST', '/v1/probe-slow'), 'POST', '/v1/probe-slow', 'probe_slow', '{anonymous}', 'api', 'test', 'no', false, 'write', 50, 1000, 'test');
CREATE FUNCTION pg_temp.slow(body text, deadline_ms integer) RETURNS text LANGUAGE sql AS $$
    SELECT convert_from(h.body, 'UTF8')
      FROM mesteri.handle(mesteri.route_id('POST', '/v1/probe-slow'), NULL, NULL, NULL, NULL, convert_to(body, 'UTF8'), deadline_ms, NULL, NULL, 'test', 'ro') AS h $$;
\set VERBOSITY sqlstate

-- Over: asleep, and busy; not to be caught by the endpoint.
SELECT pg_temp.slow('{"seconds":60,"note":"asleep"}', 30);
SELECT 1 AS goes_on;
SELECT pg_temp.slow('{"spin":true,"note":"busy"}', 30);
SELECT 1 AS goes_on;
-- Nothing of it is left, and a request after it runs.
SELECT count(*) AS traces FROM public.traces;
SELECT pg_temp.slow('{"note":"in time"}', 30000);
SELECT count(*) AS traces FROM public.traces;
-- Too late before it began, and no deadline at all.
SELECT pg_temp.slow('{}', 0);
SELECT pg_temp.slow('{}', -1);
SELECT pg_temp.slow('{}', NULL);
-- The text, once.
\set VERBOSITY terse
SELECT pg_temp.slow('{"seconds":60}', 30);
\set VERBOSITY sqlstate

-- The route's own deadline, as mesteri.request() takes it; an UPDATE of it counts at once.
SELECT status, body ->> 'error' AS error FROM mesteri.request('POST', '/v1/probe-slow', body => '{"seconds":60}');
UPDATE mesteri.routes SET deadline_ms = 30000 WHERE path = '/v1/probe-slow';
SELECT status, body ->> 'error' AS error FROM mesteri.request('POST', '/v1/probe-slow', body => '{"seconds":0.1}');

-- A cancel that is somebody else's stays one.
SET statement_timeout = 50;
SELECT pg_temp.slow('{"seconds":60}', 30000);
RESET statement_timeout;
SELECT pg_temp.slow('{}', 30000);

-- Nor does the deadline of a request that was in time ring later.
SELECT pg_temp.slow('{}', 50);
SELECT pg_sleep(0.2);
-- It rang while nobody could hear: within hashes of 400 MB, the endpoint's last act.  Late all the same, and what follows runs.
CREATE OR REPLACE FUNCTION api.probe_slow(seconds float8 DEFAULT 0, spin boolean DEFAULT false, note text DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    long text := repeat(repeat('x', 10000), 5000);
BEGIN
    RETURN ROW (200, json_build_array(md5(long), md5(long), md5(long), md5(long), md5(long), md5(long), md5(long), md5(long)),
                NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;
SELECT pg_temp.slow('{}', 300);
SELECT 1 AS goes_on;
CREATE OR REPLACE FUNCTION api.probe_slow(seconds float8 DEFAULT 0, spin boolean DEFAULT false, note text DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pg_sleep(seconds);
    RETURN ROW (200, '{"done": true}', NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;

-- The deadline of a request does not reach the statement behind it: on the edge, over and over.
CREATE FUNCTION pg_temp.on_the_edge(times integer) RETURNS TABLE (outcomes text, others bigint) LANGUAGE plpgsql AS $$
DECLARE
    answers text[] := '{}';
BEGIN
    FOR i IN 1 .. times LOOP
        BEGIN
            answers := answers || pg_temp.slow(format('{"seconds":%s}', 0.0016 + 0.0000008 * i), 2);
        EXCEPTION WHEN SQLSTATE 'MSH19' THEN
            answers := answers || 'late'::text;
        END;
        PERFORM count(*) FROM generate_series(1, 2000);
    END LOOP;
    RETURN QUERY SELECT (SELECT string_agg(DISTINCT a, ' and ') FROM unnest(answers) AS u (a)), (SELECT count(*) FROM unnest(answers) AS u (a) WHERE a NOT IN ('late', '{"done": true}'));
END;
$$;
SELECT others FROM pg_temp.on_the_edge(1000);
SELECT pg_sleep(0.01);

-- Who was calling is forgotten with it.
SELECT mesteri.current_user_id(), current_user = session_user AS same_role;

DELETE FROM mesteri.routes WHERE path = '/v1/probe-slow';
DROP FUNCTION api.probe_slow;
DROP TABLE public.traces;
