-- Idempotency-Key: what counts as one, what counts as the same request, what is kept and for how long.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup

-- POST /v1/probe/{place} counts its calls and answers as its body says; so do a route without keys and one for everybody.
CREATE TABLE public.calls (n integer NOT NULL);
INSERT INTO public.calls VALUES (0);
GRANT SELECT, UPDATE ON public.calls TO mesteri_owner;
CREATE FUNCTION api.probe(place text, how text DEFAULT 'made') RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp AS $$
DECLARE
    calls integer;
BEGIN
    UPDATE public.calls SET n = n + 1 RETURNING n INTO calls;
    CASE how
        WHEN 'made' THEN RETURN mesteri.created(json_build_object('calls', calls, 'place', place), '/v1/probe/' || place);
        WHEN 'versioned' THEN RETURN mesteri.ok(json_build_object('calls', calls), 7);
        WHEN 'empty' THEN RETURN ROW(204, NULL, NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
        WHEN 'moved' THEN RETURN ROW(303, json_build_object('calls', calls), NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
        WHEN 'refusal' THEN RETURN mesteri.refusal('conflict');
        WHEN 'refuse' THEN PERFORM mesteri.refuse('conflict');
        WHEN 'fault' THEN PERFORM 1 / 0;
        ELSE RETURN mesteri.ok(json_build_object('text', repeat('x', how::integer - length('{"text" : ""}'))));
    END CASE;
END;
$$;
ALTER FUNCTION api.probe(text, text) OWNER TO mesteri_owner;
GRANT EXECUTE ON FUNCTION api.probe(text, text) TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
SELECT mesteri.route_id('POST', path), 'POST', path, 'probe', access, 'api', 'test', idempotent, true, 'write', 10000, 1000, 'test'
  FROM (VALUES ('/v1/probe/{place}', 'yes', '{user}'::text[]), ('/v1/other/{place}', 'yes', '{user}'), ('/v1/open/{place}', 'yes', '{anonymous}'),
               ('/v1/plain/{place}', 'no', '{user}'), ('/v1/secret/{place}', 'secret', '{user}')) AS r (path, idempotent, access);
SELECT pg_temp.account('ana', 'client', '00000000-0000-7000-8000-00000000000a') AS ana, pg_temp.account('bob') AS bob \gset

-- Status, error, calls made so far, whether it is said to be a replay, other headers.
CREATE FUNCTION pg_temp.post(token text, key text, path text DEFAULT '/v1/probe/a', how text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.status, r.body ->> 'error', (r.body -> 'details' -> 0 ->> 'field') || ' ' || (r.body -> 'details' -> 0 ->> 'rule'),
                     'calls ' || (r.body ->> 'calls'), r.headers::text)
      FROM mesteri.request('POST', path, token, CASE WHEN how IS NOT NULL THEN json_build_object('how', how) END,
                           CASE WHEN key IS NOT NULL THEN ARRAY['Idempotency-Key', key] END) AS r $$;
\set ECHO all

-- Without a key each call has its effect; with one there is one effect, and its answer again, headers and all.
SELECT pg_temp.post(:'ana', NULL) FROM generate_series(1, 2);
SELECT pg_temp.post(:'ana', 'k') FROM generate_series(1, 3);
SELECT pg_temp.post(:'ana', 'empty', how => 'empty') FROM generate_series(1, 2);
SELECT pg_temp.post(:'ana', 'versioned', how => 'versioned') FROM generate_series(1, 2);
SELECT a.body::text = b.body::text AS same_bytes
  FROM mesteri.request('POST', '/v1/probe/a', :'ana', NULL, '{Idempotency-Key,k}') AS a, mesteri.request('POST', '/v1/probe/a', :'ana', NULL, '{idempotency-key,k}') AS b;
SELECT n FROM public.calls;

-- Another person, another route and another key are other requests; another path or body under the same key is a mistake.
SELECT pg_temp.post(:'bob', 'k');
SELECT pg_temp.post(:'ana', 'k', '/v1/other/a');
SELECT pg_temp.post(:'ana', 'K');
SELECT pg_temp.post(:'ana', 'k', '/v1/probe/b');
SELECT pg_temp.post(:'ana', 'k', how => 'made');
SELECT pg_temp.post(:'ana', 'k', how => 'refuse');
-- Bytes count: a blank is a difference.
SELECT status FROM mesteri.request('POST', '/v1/probe/x', :'ana', '{"how":"made"}', '{Idempotency-Key,bytes}');
SELECT status, body ->> 'error' AS error FROM mesteri.request('POST', '/v1/probe/x', :'ana', '{"how": "made"}', '{Idempotency-Key,bytes}');
-- What is wrong with the request itself is said first.
SELECT pg_temp.post(:'ana', 'k', '/v1/probe/a?x=1');
SELECT body ->> 'error' AS error FROM mesteri.request('POST', '/v1/probe/a', :'ana', '{"unknown": 1}', '{Idempotency-Key,k}');
SELECT pg_temp.post(NULL, 'k');

-- Only a success is kept.  A refusal that commits leaves its trace, and the key is free; so it is after an error.
SELECT pg_temp.post(:'ana', 'free', how => 'refusal');
SELECT pg_temp.post(:'ana', 'free', how => 'refuse');
SELECT pg_temp.post(:'ana', 'free', how => 'moved');
\set VERBOSITY sqlstate
SELECT pg_temp.post(:'ana', 'free', how => 'fault');
\set VERBOSITY default
SELECT count(*) FROM mesteri.idempotency_keys WHERE key = 'free';
SELECT pg_temp.post(:'ana', 'free');
SELECT pg_temp.post(:'ana', 'free');

-- What is a key.
SELECT length(key), left(key, 3) AS key, pg_temp.outcome(pg_temp.ask('POST', '/v1/probe/key', NULL, :'ana', ARRAY['idempotency-key', key])) AS outcome
  FROM unnest(ARRAY['', ' ', '~', 'a b', repeat('k', 255), repeat('k', 256), E'a\tb', E'\x7f', 'ș', E'\u00a0', E'\ufffd']) WITH ORDINALITY AS k (key, place) ORDER BY place;
SELECT pg_temp.outcome(pg_temp.ask('POST', '/v1/probe/a', NULL, :'ana', '{idempotency-key,k,idempotency-key,k}')) AS twice;
SELECT status, headers FROM mesteri.request('POST', '/v1/probe/a', :'ana', NULL, '{IDEMPOTENCY-KEY,k}');

-- Where it does not count it is not looked at: other routes, and callers whom nobody knows.
SELECT pg_temp.post(:'ana', key, path) FROM unnest('{/v1/plain/a,/v1/secret/a}'::text[]) AS p (path), unnest(ARRAY['k', 'k', '', 'ș']) AS k (key);
SELECT pg_temp.post(NULL, key, '/v1/open/a') FROM unnest(ARRAY['k', 'k', '']) AS k (key);
SELECT pg_temp.post(:'ana', 'open', '/v1/open/a') FROM generate_series(1, 2);
SELECT count(*) FROM mesteri.idempotency_keys k JOIN mesteri.routes r ON r.id = k.route_id WHERE r.path ~ 'plain|secret';
\set VERBOSITY terse
UPDATE mesteri.routes SET idempotent = 'yes' WHERE method = 'PUT' AND path = '/v1/users/me';
\set VERBOSITY default

-- In one transaction, before and after a savepoint that is given up.
BEGIN;
SELECT pg_temp.post(:'ana', 'tx') FROM generate_series(1, 2);
SAVEPOINT s;
SELECT pg_temp.post(:'ana', 'tx2') ~ '^201 calls' AS made;
ROLLBACK TO s;
SELECT pg_temp.post(:'ana', 'tx2') ~ 'Replayed' AS replayed;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND objsubid NOT IN (1, 2) AND pid = pg_backend_pid();
COMMIT;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

-- After 24 hours, to the moment, the key is new; the purge takes the oldest first, and no more than it is told.
UPDATE mesteri.idempotency_keys SET created_at = now() - interval '24 hours' + interval '1 minute', expires_at = now() + interval '1 minute' WHERE key = 'k';
SELECT pg_temp.post(:'ana', 'k') ~ 'Replayed' AS replayed;
BEGIN;
UPDATE mesteri.idempotency_keys SET created_at = now() - interval '24 hours', expires_at = now() WHERE key = 'k';
SELECT pg_temp.post(:'ana', 'k', '/v1/probe/c') ~ '^201 calls .*/probe/c' AS made;
SELECT pg_temp.post(:'ana', 'k', '/v1/probe/c') ~ 'Replayed' AS replayed, expires_at - now() AS kept
  FROM mesteri.idempotency_keys WHERE key = 'k' AND user_id = '00000000-0000-7000-8000-00000000000a' AND route_id = mesteri.route_id('POST', '/v1/probe/{place}');
ROLLBACK;
BEGIN;
UPDATE mesteri.idempotency_keys SET created_at = now() - interval '24 hours', expires_at = now() WHERE key IN ('free', 'tx');
UPDATE mesteri.idempotency_keys SET created_at = now() - interval '25 hours', expires_at = now() - interval '1 hour' WHERE key = 'k';
SELECT count(*) AS old FROM mesteri.idempotency_keys WHERE expires_at <= now();
SELECT count(*) AS alive FROM mesteri.idempotency_keys WHERE expires_at > now() \gset
SELECT mesteri.purge_idempotency_keys(1);
SELECT key, count(*) FROM mesteri.idempotency_keys WHERE expires_at <= now() GROUP BY key ORDER BY key;
SELECT mesteri.purge_idempotency_keys(), mesteri.purge_idempotency_keys(), count(*) = :alive AS others_stay FROM mesteri.idempotency_keys WHERE expires_at > now();
ROLLBACK;
SELECT j.every, p.proname FROM mesteri.jobs j JOIN pg_proc p ON p.proname = j.function AND p.pronargs = p.pronargdefaults WHERE j.name = 'purge_idempotency_keys';

-- A user's store has an end: the 5000th key is taken, the next one is told when there is room; what is kept is still answered.
BEGIN;
DELETE FROM mesteri.idempotency_keys;
INSERT INTO mesteri.idempotency_keys (user_id, route_id, key, fingerprint, status, created_at, expires_at)
SELECT '00000000-0000-7000-8000-00000000000a', n, 'full', sha256(''), 200, now() - interval '23 hours', now() + interval '1 hour' FROM generate_series(1, 4999) AS g (n);
SELECT pg_temp.post(:'ana', 'last');
SELECT pg_temp.post(:'ana', 'too many');
SELECT pg_temp.post(:'ana', 'last') ~ 'Replayed' AS replayed;
SELECT pg_temp.post(:'ana', NULL) ~ '^201' AS without_key, pg_temp.post(:'bob', 'mine') ~ '^201' AS others;
UPDATE mesteri.idempotency_keys SET created_at = now() - interval '24 hours', expires_at = now() WHERE route_id = 7;
SELECT pg_temp.post(:'ana', 'too many') ~ '^201' AS room;
ROLLBACK;

-- An answer as large as can be kept, and one more byte: that is our fault, and nothing of it stays.
SELECT octet_length(body) FROM mesteri.idempotency_keys WHERE key = 'large';
SELECT pg_temp.post(:'ana', 'large', how => '1048576');
SELECT octet_length(body), status FROM mesteri.idempotency_keys WHERE key = 'large';
SELECT length((r.body ->> 'text')), headers FROM mesteri.request('POST', '/v1/probe/a', :'ana', json_build_object('how', '1048576'), '{Idempotency-Key,large}') AS r;
SELECT n FROM public.calls \gset
\set VERBOSITY terse
SELECT pg_temp.post(:'ana', 'larger', how => '1048577');
\set VERBOSITY default
SELECT n = :n AS nothing_happened FROM public.calls;

-- A user's rows go with the user.
DELETE FROM mesteri.users WHERE id = '00000000-0000-7000-8000-00000000000a';
SELECT count(*) FROM mesteri.idempotency_keys WHERE user_id = '00000000-0000-7000-8000-00000000000a';

\set ECHO none
DELETE FROM mesteri.users;
DELETE FROM mesteri.routes WHERE source = 'test';
DROP FUNCTION api.probe(text, text);
DROP TABLE public.calls;
