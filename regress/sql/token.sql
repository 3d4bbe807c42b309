-- Access tokens: what is in them, and which are refused.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
SELECT pg_temp.account('ana') AS ana, pg_temp.account('ion', 'craftsman') AS ion, pg_temp.account('eva', 'staff') AS eva \gset

CREATE FUNCTION pg_temp.part(token text, number integer) RETURNS json LANGUAGE sql AS $$
    SELECT convert_from(decode(rpad(p, (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::json
      FROM translate(split_part(token, '.', number), '-_', '+/') AS p $$;
CREATE FUNCTION pg_temp.encode(data bytea) RETURNS text LANGUAGE sql AS $$
    SELECT rtrim(translate(encode(data, 'base64'), E'+/\n', '-_'), '=') $$;
CREATE FUNCTION pg_temp.me(token text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN answer LIKE 'MS%' THEN split_part(answer, ' ', 2) ELSE (answer::json -> 'user' ->> 'email') END
      FROM pg_temp.ask('GET', '/v1/users/me', token => token) AS answer $$;
-- The claims of a token with some changed, signed anew.
CREATE FUNCTION pg_temp.resigned(token text, changes jsonb, without text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT mesteri.jwt_sign(((pg_temp.part(token, 2)::jsonb || changes) - coalesce(without, ''))::json) $$;

-- The claims.
SELECT string_agg(key, ' ' ORDER BY key) AS header FROM json_object_keys(pg_temp.part(:'ana', 1)) AS k (key);
SELECT pg_temp.part(:'ana', 1) ->> 'alg' AS alg, pg_temp.part(:'ana', 1) ->> 'typ' AS typ,
       pg_temp.part(:'ana', 1) ->> 'kid' IN (SELECT k ->> 'kid' FROM json_array_elements(mesteri.jwks() -> 'keys') AS k) AS kid_is_published;
SELECT string_agg(key, ' ' ORDER BY key) AS claims FROM json_object_keys(pg_temp.part(:'ana', 2)) AS k (key);
SELECT c ->> 'iss' AS iss, c ->> 'sub' = u.id::text AS sub, c ->> 'user_type' AS user_type, (c ->> 'exp')::bigint - (c ->> 'iat')::bigint AS lives,
       abs((c ->> 'iat')::bigint - extract(epoch FROM now())) < 60 AS just_issued, (c ->> 'refresh_token_id')::uuid = f.id AS session,
       json_typeof(c -> 'permissions') AS permissions, c ->> 'jti' IS NOT NULL AS jti
  FROM mesteri.users u JOIN mesteri.token_families f ON f.user_id = u.id, pg_temp.part(:'ana', 2) AS c
 WHERE u.email = 'ana@example.ro';
SELECT name, pg_temp.part(token, 2) ->> 'user_type' AS user_type, pg_temp.part(token, 2) -> 'permissions' AS permissions, pg_temp.me(token) AS me
  FROM (VALUES ('ana', :'ana'), ('ion', :'ion'), ('eva', :'eva')) AS t (name, token);
-- Nothing in it is personal.
SELECT pg_temp.part(:'ana', 2)::text ~ 'example|\+40|ana' AS personal;

-- The published keys have no private part.
SELECT string_agg(DISTINCT key, ' ' ORDER BY key) AS members FROM json_array_elements(mesteri.jwks() -> 'keys') AS k, json_object_keys(k) AS m (key);

-- Refused whole.
SELECT name, pg_temp.me(token) AS me
  FROM (SELECT :'ana' AS good) AS g, split_part(good, '.', 1) AS header, split_part(good, '.', 2) AS claims, split_part(good, '.', 3) AS signature,
       LATERAL (SELECT pg_temp.encode(convert_to((pg_temp.part(good, 1)::jsonb || '{"alg":"HS256"}')::text, 'UTF8'))) AS h (head),
       LATERAL (SELECT translate(mesteri.jwks() -> 'keys' -> 0 ->> 'n', '-_', '+/')) AS k (n),
       LATERAL (VALUES
    (1, 'as it is', good),
    (2, 'empty', ''),
    (3, 'a blank before', ' ' || good),
    (4, 'a line break behind', good || E'\n'),
    (5, 'one part', header), (6, 'two parts', header || '.' || claims), (7, 'four parts', good || '.x'), (8, 'dots', '..'),
    (9, 'no signature', header || '.' || claims || '.'),
    (10, 'another signature', header || '.' || claims || '.' || overlay(signature placing CASE left(signature, 1) WHEN 'A' THEN 'B' ELSE 'A' END from 1)),
    (11, 'half a signature', header || '.' || claims || '.' || left(signature, 171)),
    (12, 'padding', good || '=='),
    (13, 'the claims of another', header || '.' || split_part(:'ion', '.', 2) || '.' || signature),
    (14, 'user_type changed', header || '.' || pg_temp.encode(convert_to(replace(pg_temp.part(good, 2)::text, 'client', 'staff'), 'UTF8')) || '.' || signature),
    (15, 'alg none', pg_temp.encode('{"alg":"none"}') || '.' || claims || '.'),
    (16, 'alg none with the signature', pg_temp.encode(convert_to((pg_temp.part(good, 1)::jsonb || '{"alg":"none"}')::text, 'UTF8')) || '.' || claims || '.' || signature),
    (17, 'alg HS256 under the public modulus', h.head || '.' || claims || '.' || pg_temp.encode(public.hmac(convert_to(h.head || '.' || claims, 'UTF8'),
            decode(rpad(n, (length(n) + 3) / 4 * 4, '='), 'base64'), 'sha256'))),
    (18, 'alg rs256', pg_temp.encode(convert_to((pg_temp.part(good, 1)::jsonb || '{"alg":"rs256"}')::text, 'UTF8')) || '.' || claims || '.' || signature),
    (19, 'no kid', pg_temp.encode('{"alg":"RS256"}') || '.' || claims || '.' || signature),
    (20, 'kid is a path', pg_temp.encode('{"alg":"RS256","kid":"../../etc/passwd"}') || '.' || claims || '.' || signature),
    (21, 'crit', pg_temp.encode(convert_to((pg_temp.part(good, 1)::jsonb || '{"crit":["exp"]}')::text, 'UTF8')) || '.' || claims || '.' || signature),
    (22, 'alg twice', pg_temp.encode(convert_to(replace(pg_temp.part(good, 1)::text, '{', '{"alg":"RS256",'), 'UTF8')) || '.' || claims || '.' || signature),
    (23, 'no base64url', good || '!'),
    (24, 'too long', good || repeat('A', 5000)),
    (25, 'garbage', repeat('x', 100))
       ) AS t (number, name, token)
 ORDER BY number;

-- Each character of the signature and of the claims counts.
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE pg_temp.me(overlay(:'ana' placing CASE substr(:'ana', n, 1) WHEN 'x' THEN 'y' ELSE 'x' END from n)) <> 'unauthenticated') AS taken
  FROM generate_series(1, length(:'ana') - 1) AS g (n);

-- Signed by us, and yet refused.
SELECT name, pg_temp.me(pg_temp.resigned(:'ana', changes::jsonb, without)) AS me
  FROM (SELECT extract(epoch FROM now())::bigint AS now) AS c, LATERAL (VALUES
    (1, 'signed anew', '{}', NULL),
    (2, 'expired 25 s ago: within the skew', format('{"exp":%s}', now - 25), NULL),
    (3, 'expired 35 s ago', format('{"exp":%s}', now - 35), NULL),
    (4, 'expired long ago', '{"exp":1}', NULL),
    (5, 'issued in 20 s', format('{"iat":%s}', now + 20), NULL),
    (6, 'issued in 60 s', format('{"iat":%s}', now + 60), NULL),
    (7, 'another issuer', '{"iss":"elsewhere"}', NULL),
    (8, 'no issuer', '{}', 'iss'),
    (9, 'no exp', '{}', 'exp'), (10, 'exp is text', '{"exp":"9999999999"}', NULL), (11, 'exp is negative', '{"exp":-1}', NULL),
    (12, 'exp is a fraction', '{"exp":9999999999.5}', NULL), (13, 'exp is null', '{"exp":null}', NULL), (14, 'exp is huge', '{"exp":99999999999999999999}', NULL),
    (15, 'no iat', '{}', 'iat'),
    (16, 'no sub', '{}', 'sub'), (17, 'sub is no id', '{"sub":"ana"}', NULL), (18, 'sub is short', '{"sub":"01234567-89ab-cdef-0123-456789abcde"}', NULL),
    (19, 'sub is a number', '{"sub":1}', NULL),
    (20, 'no session', '{}', 'refresh_token_id'), (21, 'a session that never was', '{"refresh_token_id":"01234567-89ab-cdef-0123-456789abcdef"}', NULL),
    (22, 'no user_type', '{}', 'user_type'), (23, 'unknown user_type', '{"user_type":"admin"}', NULL),
    (24, 'no jti', '{}', 'jti'), (25, 'no permissions', '{}', 'permissions')
       ) AS t (number, name, changes, without)
 ORDER BY number;
-- In another user's session.
SELECT pg_temp.me(pg_temp.resigned(:'ana', jsonb_build_object('refresh_token_id', pg_temp.part(:'ion', 2) ->> 'refresh_token_id'))) AS me;

-- A bad token is refused where none is needed, too.
SELECT split_part(pg_temp.ask('GET', '/v1/categories', token => 'x'), ' ', 2) AS bad, split_part(pg_temp.ask('GET', '/v1/categories', token =>
    pg_temp.resigned(:'ana', '{"exp":1}')), ' ', 2) AS expired, pg_temp.outcome(pg_temp.ask('GET', '/v1/categories')) AS without;

-- Who may call what.
SELECT r.method, r.path, r.access, string_agg(name || ': ' || CASE WHEN answer ~ ' (unauthenticated|forbidden_role)' THEN split_part(answer, ' ', 2) ELSE 'in' END, ', ' ORDER BY number)
  FROM mesteri.routes r, (VALUES (1, 'nobody', NULL), (2, 'client', :'ana'), (3, 'craftsman', :'ion'), (4, 'staff', :'eva')) AS t (number, name, token),
       pg_temp.ask(r.method, replace(r.path, '{id}', 'x') , CASE WHEN r.method <> 'GET' THEN '{"unknown":1}' END, token) AS answer
 GROUP BY r.method, r.path, r.access ORDER BY r.path COLLATE "C", r.method;

-- Logged out: at once, and for this session alone.
SELECT (mesteri.open_session(u, NULL, NULL, NULL)) ->> 'access_token' AS ana2 FROM mesteri.users u WHERE email = 'ana@example.ro' \gset
SELECT pg_temp.me(:'ana') AS first, pg_temp.me(:'ana2') AS second;
SELECT pg_temp.ask('POST', '/v1/auth/logout', NULL, :'ana') AS logout;
SELECT pg_temp.me(:'ana') AS first, pg_temp.me(:'ana2') AS second;
SELECT pg_temp.ask('POST', '/v1/auth/logout', NULL, :'ana') AS logout;

-- Suspended: an older token says so.
SELECT mesteri.end_session(f.id, 'suspended') FROM mesteri.token_families f JOIN mesteri.users u ON u.id = f.user_id WHERE u.email = 'ion@example.ro';
SELECT pg_temp.me(:'ion') AS me;

-- Gone with the account.
DELETE FROM mesteri.users WHERE email = 'ana@example.ro';
SELECT pg_temp.me(:'ana2') AS me;

-- However an account or a session ends, by whose hand ever: both tokens say why, at once.
CREATE FUNCTION pg_temp.ended(change text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    session json := (SELECT mesteri.open_session(u, NULL, NULL, NULL) FROM mesteri.users u WHERE email = 'eva@example.ro');
    access  text;
    refresh text;
BEGIN
    IF pg_temp.me(session ->> 'access_token') <> 'eva@example.ro' THEN
        RAISE 'the session never stood';
    END IF;
    EXECUTE change;
    access := pg_temp.me(session ->> 'access_token');
    refresh := pg_temp.ask('POST', '/v1/auth/refresh', json_build_object('refresh_token', session -> 'refresh_token')::text);
    refresh := CASE WHEN refresh ~ '^{' THEN 'new tokens' ELSE split_part(refresh, ' ', 2) END;
    RAISE EXCEPTION 'undo' USING DETAIL = concat_ws(', ', access, refresh);
END;
$$;
CREATE FUNCTION pg_temp.told(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM pg_temp.ended(change);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN coalesce(nullif(detail, ''), SQLERRM);
END;
$$;
SET LOCAL client_min_messages = warning;
SELECT change, pg_temp.told(change) AS access_and_refresh
  FROM unnest(ARRAY[
    'SELECT 1',
    'UPDATE mesteri.users SET is_active = false',
    'UPDATE mesteri.users SET is_active = false WHERE email = ''ion@example.ro''',
    'UPDATE mesteri.users SET deleted_at = now(), is_active = false',
    'UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = ''logout''',
    'UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = ''suspended''',
    'UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = ''logout''; UPDATE mesteri.users SET is_active = false',
    'DELETE FROM mesteri.token_families',
    'DELETE FROM mesteri.users',
    'TRUNCATE mesteri.token_families CASCADE',
    'TRUNCATE mesteri.users CASCADE'])
       WITH ORDINALITY AS c (change, place)
 ORDER BY place;
-- And it stands again when that is undone.
SELECT mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token' AS eva2 FROM mesteri.users u WHERE email = 'eva@example.ro' \gset
UPDATE mesteri.users SET is_active = false WHERE email = 'eva@example.ro';
SELECT pg_temp.me(:'eva2') AS me;
UPDATE mesteri.users SET is_active = true WHERE email = 'eva@example.ro';
SELECT pg_temp.me(:'eva2') AS me;
ROLLBACK;

-- Nobody is left behind.
SELECT mesteri.current_user_id(), mesteri.current_session_id(), mesteri.current_user_type();
