-- Types of arguments that a query cannot spell: refused, whatever is written.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
CREATE FUNCTION api.probe(place api.location DEFAULT NULL, places api.location[] DEFAULT NULL) RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('place', place, 'places', places), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
GRANT EXECUTE ON FUNCTION api.probe TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('GET', '/v1/probe'), 'GET', '/v1/probe', 'probe', '{anonymous}', 'api', 'test', 'no', true, 'read', 1000, 0, 'test');
SELECT written, pg_temp.ask('GET', '/v1/probe?place=' || written) AS row, pg_temp.ask('GET', '/v1/probe?places[]=' || written) AS rows
  FROM unnest(ARRAY['1', '', '(1,2)', '%7B%22lat%22:1%7D']) AS w (written);
ROLLBACK;
