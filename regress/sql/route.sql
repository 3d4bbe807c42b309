-- The routes, and how a backend learns that they changed.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- Ids are those of every release.  A proxy of yesterday must not call a neighbour: these never change.
SELECT id, method, path FROM mesteri.routes ORDER BY path COLLATE "C", method;
SELECT method, path FROM mesteri.routes WHERE id <> mesteri.route_id(method, path);
SELECT mesteri.route_id('GET', '/v1/feed') <> mesteri.route_id('POST', '/v1/feed') AS method_counts,
       mesteri.route_id('GET', '/v1/feed') <> mesteri.route_id('GET', '/v1/feeds') AS path_counts,
       min(mesteri.route_id('GET', '/v1/' || n)) >= 0 AS never_negative
  FROM generate_series(1, 10000) AS g (n);

-- What the proxy reads.
SELECT method, path, lane, deadline_ms, body_limit, rate_class, retry_safe, request_headers, content_type
  FROM mesteri.proxy_routes ORDER BY path COLLATE "C", method;
SELECT count(DISTINCT generation) AS generations FROM mesteri.proxy_routes;

-- Which route serves a path: a literal segment wins, a name is one segment, nothing is a prefix.
BEGIN;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
SELECT mesteri.route_id('GET', path), 'GET', path, 'post_get', '{anonymous}', 'api', 'test', 'no', true, 'read', 1000, 0, 'test'
  FROM unnest(ARRAY['/v1/posts/mine', '/v1/posts/{id}/likes']) AS p (path);
SELECT asked, r.path, f.segments
  FROM unnest('{/v1/posts/mine,/v1/posts/1,/v1/posts/minecraft,/v1/posts/1/likes,/v1/posts,/v1/posts/,/v1/posts/1/,/v1/posts/1/2,/v1/feed/,
                /v1/feedx,/v1x/feed,/.well-known/jwks.json,/.well-known/jwksXjson,/}'::text[]) WITH ORDINALITY AS a (asked, place)
 CROSS JOIN mesteri.find_route('GET', asked) AS f
  LEFT JOIN mesteri.routes r USING (id)
 ORDER BY place;
SELECT id FROM mesteri.find_route('DELETE', '/v1/feed');
ROLLBACK;
SELECT * FROM mesteri.request('GET', '/v1/nowhere');
SELECT * FROM mesteri.handle(0, NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL);

-- The number by which a proxy knows that its routes are old: as handle() says it, and as the view does.
CREATE FUNCTION pg_temp.generation() RETURNS bigint LANGUAGE sql AS $$
    SELECT generation FROM mesteri.handle(mesteri.route_id('GET', '/v1/categories'), NULL, NULL, 'limit=1', NULL, NULL, 1000, NULL, NULL, 'test', 'ro') $$;
SELECT pg_temp.generation() AS generation \gset
SELECT :generation = (SELECT DISTINCT generation FROM mesteri.proxy_routes) AS same;

-- Each row that the proxy reads is in it; each change shows at the next statement, and the way back leads back.
UPDATE mesteri.routes SET deadline_ms = deadline_ms + 1 WHERE path = '/v1/feed';
SELECT pg_temp.generation() <> :generation AS changed, pg_temp.generation() = (SELECT DISTINCT generation FROM mesteri.proxy_routes) AS same;
UPDATE mesteri.routes SET deadline_ms = deadline_ms - 1 WHERE path = '/v1/feed';
SELECT pg_temp.generation() = :generation AS back;

BEGIN;
UPDATE mesteri.error_codes SET message_hu = message_hu || '!' WHERE slug = 'not_found';
SELECT pg_temp.generation() <> :generation AS changed;
ROLLBACK;
SELECT pg_temp.generation() = :generation AS back;
BEGIN;
UPDATE mesteri.error_rules SET message_en = message_en || '!' WHERE rule = 'unique';
SELECT pg_temp.generation() <> :generation AS changed;
ROLLBACK;
BEGIN;
DELETE FROM mesteri.routes WHERE path = '/v1/feed';
SELECT pg_temp.generation() <> :generation AS changed;
SELECT status FROM mesteri.handle(mesteri.route_id('GET', '/v1/feed'), NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL);
ROLLBACK;
SELECT left(pg_temp.ask('GET', '/v1/feed'), 7) AS back;

-- Another signature changes what a request may hold, and counts from the next statement on.
BEGIN;
CREATE FUNCTION api.probe(whole integer DEFAULT 1) RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('whole', whole), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
GRANT EXECUTE ON FUNCTION api.probe(integer) TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('GET', '/v1/probe'), 'GET', '/v1/probe', 'probe', '{anonymous}', 'api', 'test', 'no', true, 'read', 1000, 0, 'test');
SELECT pg_temp.ask('GET', '/v1/probe') AS one, pg_temp.ask('GET', '/v1/probe?half=1') AS unknown;
SELECT pg_temp.generation() AS with_probe \gset
CREATE OR REPLACE FUNCTION api.probe(whole integer DEFAULT 2) RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('whole', whole), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
SELECT pg_temp.ask('GET', '/v1/probe') AS two, pg_temp.generation() <> :with_probe AS changed;
DROP FUNCTION api.probe(integer);
CREATE FUNCTION api.probe(whole integer DEFAULT 3, half float8 DEFAULT 0.5) RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('whole', whole, 'half', half), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
GRANT EXECUTE ON FUNCTION api.probe(integer, float8) TO mesteri_user;
SELECT pg_temp.ask('GET', '/v1/probe') AS three, pg_temp.ask('GET', '/v1/probe?half=1') AS known, pg_temp.ask('GET', '/v1/probe?half=x') AS wrong;
ROLLBACK;
SELECT pg_temp.generation() = :generation AS back;

-- What has nothing to do with it leaves it alone.
CREATE TABLE public.unrelated (id integer);
CREATE FUNCTION public.unrelated() RETURNS integer LANGUAGE sql RETURN 1;
INSERT INTO public.unrelated VALUES (1);
ANALYZE mesteri.routes;
VACUUM mesteri.routes;
SELECT pg_temp.generation() = :generation AS same;
DROP TABLE public.unrelated;
DROP FUNCTION public.unrelated();
UPDATE mesteri.routes SET source = source;
SELECT pg_temp.generation() = :generation AS same;

-- Another backend computes the same, whatever its settings.
\c
SELECT :generation = (SELECT DISTINCT generation FROM mesteri.proxy_routes) AS same;
SET search_path = pg_catalog, mesteri, api;
SET datestyle = 'german';
SET extra_float_digits = 0;
SET quote_all_identifiers = on;
SELECT :generation = (SELECT DISTINCT generation FROM mesteri.proxy_routes) AS same_in_the_view,
       :generation = (SELECT generation FROM mesteri.handle(mesteri.route_id('GET', '/v1/categories'), NULL, NULL, 'limit=1', NULL, NULL, 1000, NULL, NULL, 'test', 'ro'))
         AS same_in_an_answer;
RESET ALL;

-- A route whose function is missing is no route.
BEGIN;
UPDATE mesteri.routes SET function = 'nothing' WHERE path = '/v1/feed';
SELECT mesteri.request('GET', '/v1/feed');
ROLLBACK;
