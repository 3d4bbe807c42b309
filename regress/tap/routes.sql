-- Routes and endpoints fit each other.
BEGIN;
SELECT no_plan();

CREATE TEMP VIEW endpoints AS
    SELECT p.oid, p.proname, p.oid::regprocedure::text AS name, p.provolatile, p.proargnames, p.prorettype, p.pronargs, p.proargtypes FROM pg_proc p WHERE pronamespace = 'api'::regnamespace;

SELECT cmp_ok(count(*), '>=', 12::bigint, 'there are routes') FROM mesteri.routes;
SELECT is_empty('SELECT method, path, function FROM mesteri.routes WHERE function NOT IN (SELECT proname FROM endpoints)', 'every route has a function');
SELECT is_empty('SELECT name FROM endpoints WHERE proname NOT IN (SELECT function FROM mesteri.routes)', 'every function of api has a route');
SELECT is_empty('SELECT proname FROM endpoints GROUP BY proname HAVING count(*) > 1', 'no function of api is overloaded');
SELECT is_empty('SELECT name FROM endpoints WHERE prorettype <> ''mesteri.answer''::regtype', 'every endpoint gives an answer');
SELECT is_empty($$ SELECT r.path, m[1] FROM mesteri.routes r JOIN endpoints e ON e.proname = r.function, regexp_matches(r.path, '\{([a-z_]+)\}', 'g') AS m
                    WHERE m[1] <> ALL (coalesce(e.proargnames, '{}')) $$, 'every {name} of a path is an argument');
SELECT is_empty($$ SELECT name, a FROM endpoints, unnest(proargnames) AS a WHERE a LIKE '\_%'
                      AND a NOT IN ('_ip', '_language', '_request_id', '_given') AND a NOT IN (SELECT argument FROM mesteri.request_headers) $$,
                'every argument with an underscore is one that handle() knows');
SELECT is_empty('SELECT r.path, e.name FROM mesteri.routes r JOIN endpoints e ON e.proname = r.function WHERE r.method = ''GET'' AND e.provolatile = ''v''', 'what a GET runs is stable');
SELECT is_empty('SELECT r.path, e.name FROM mesteri.routes r JOIN endpoints e ON e.proname = r.function WHERE r.method <> ''GET'' AND e.provolatile <> ''v''', 'all else is volatile');
SELECT is_empty('SELECT path FROM mesteri.routes WHERE (method IN (''GET'', ''DELETE'')) AND body_limit > 0 AND function <> ''user_delete''', 'what takes no body has no limit for one; to erase an account takes the password');
SELECT is_empty('SELECT path FROM mesteri.routes WHERE method IN (''POST'', ''PUT'') AND body_limit = 0', 'what takes a body has a limit');
SELECT is_empty('SELECT path FROM mesteri.routes WHERE method = ''GET'' AND (lane NOT IN (''read'', ''slow'') OR NOT retry_safe)', 'a GET reads, and may be repeated');
SELECT is_empty('SELECT path FROM mesteri.routes WHERE method <> ''GET'' AND lane = ''read''', 'a write is no read');
SELECT is_empty($$ SELECT e.name FROM mesteri.routes r JOIN endpoints e ON e.proname = r.function
                    WHERE r.method = 'PUT' AND r.function <> 'nothing' AND '_given' <> ALL (e.proargnames) $$, 'a PUT knows an absent field from null');
-- Text of no domain would have no limit.
SELECT is_empty($$ SELECT e.name, a.name FROM endpoints e, unnest(e.proargnames, e.proargtypes::oid[]) AS a (name, type)
                    WHERE a.name NOT LIKE '\_%' AND (a.type = 'text'::regtype OR a.type = 'text[]'::regtype OR a.type = 'numeric'::regtype) $$, 'every text a client sends is of a bounded type');
SELECT is_empty($$ SELECT d.typname FROM pg_type d WHERE d.typnamespace = 'api'::regnamespace AND d.typtype = 'd' AND d.typname NOT IN ('line', 'paragraph')
                      AND NOT EXISTS (WITH RECURSIVE chain (oid) AS (SELECT d.oid UNION SELECT t.typbasetype FROM chain JOIN pg_type t USING (oid) WHERE t.typtype = 'd')
                                      SELECT FROM chain JOIN pg_constraint c ON c.contypid = chain.oid) $$, 'every domain has a limit');

-- Each can be called: with nothing it answers, or refuses in our own words.
CREATE FUNCTION pg_temp.call(route mesteri.routes, body text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    SELECT * INTO answer FROM mesteri.handle(route.id, NULL, ARRAY['01234567-89ab-cdef-0123-456789abcdef'], NULL, NULL,
                                             CASE WHEN route.body_limit > 0 THEN convert_to(body, 'UTF8') END, 10000, NULL, NULL, 'test', 'ro');
    RETURN 'answers';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE LIKE 'MS%' AND EXISTS (SELECT FROM mesteri.error_codes WHERE sqlstates[1] = SQLSTATE AND status < 500) THEN 'refuses' ELSE SQLSTATE || ' ' || SQLERRM END;
END;
$$;
SELECT matches(pg_temp.call(r, NULL), '^(answers|refuses)$', method || ' ' || path || ' with nothing') FROM mesteri.routes r ORDER BY path, method;
SELECT matches(pg_temp.call(r, '{"nobody_knows": 1}'), '^(answers|refuses)$', method || ' ' || path || ' with something') FROM mesteri.routes r ORDER BY path, method;

SELECT finish();
ROLLBACK;
