/*
 * proxy.sql
 *		Whoever holds the proxy's connection, and perhaps a token that went through it.
 */
\c - mesteri_proxy
SET client_min_messages = warning;
\set who mesteri_proxy
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE sql AS $$ SELECT attack.attempt(statement) $$;
\ir common.sql
\set own_functions '^(handle|effects_apply|cancel)$'
\ir functions.sql
SELECT attack.line('11', :'who', 'calls ' || name, outcome, '^42501') FROM called WHERE nspname = 'api' ORDER BY name;

-- Tokens that nobody signed.  The stranger's id may be known; it is in no answer of ours.
CREATE FUNCTION pg_temp.b64(part bytea) RETURNS text LANGUAGE sql AS $$ SELECT rtrim(translate(encode(part, 'base64'), E'+/\n', '-_'), '=') $$;
SELECT pg_temp.b64(convert_to(json_build_object('iss', 'mesteri', 'sub', :'stranger_id', 'user_type', 'client', 'iat', floor(extract(epoch FROM now()))::integer,
           'exp', floor(extract(epoch FROM now()))::integer + 900, 'jti', :'stranger_id', 'refresh_token_id', :'stranger_id', 'permissions', '{}'::text[])::text, 'UTF8')) AS claims \gset
CREATE FUNCTION pg_temp.header(fields json) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.b64(convert_to(fields::text, 'UTF8')) $$;
SELECT attack.line('26', :'who', 'signs a token with ' || what, attack.request('GET', '/v1/users/me', token), '^MSA01')
  FROM (VALUES ('nothing', pg_temp.header('{"alg":"none","typ":"JWT"}') || '.' || :'claims' || '.'),
               ('nothing, keeping the signature of Ana''s', pg_temp.header('{"alg":"none","typ":"JWT"}') || '.' || :'claims' || '.' || split_part(:'ana', '.', 3)),
               ('the signature of Ana''s', split_part(:'ana', '.', 1) || '.' || :'claims' || '.' || split_part(:'ana', '.', 3)),
               ('the public key as a secret', (SELECT input || '.' || pg_temp.b64(hmac(convert_to(input, 'UTF8'), convert_to(attack.request('GET', '/v1/.well-known/jwks.json'), 'UTF8'), 'sha256'))
                                                 FROM (SELECT pg_temp.header('{"alg":"HS256","typ":"JWT"}') || '.' || :'claims') AS i (input))),
               ('a kid that is a path', pg_temp.header('{"alg":"RS256","typ":"JWT","kid":"../../../../../etc/passwd"}') || '.' || :'claims' || '.' || split_part(:'ana', '.', 3)),
               ('a kid of nobody''s', pg_temp.header('{"alg":"RS256","typ":"JWT","kid":"mine"}') || '.' || :'claims' || '.' || split_part(:'ana', '.', 3)),
               ('half a signature', left(:'ana', -100)),
               ('no form at all', repeat('.', 4))) AS t (what, token);
SELECT attack.line('26', :'who', 'uses Ana''s token', attack.request('GET', '/v1/users/me', :'ana'), '^200 .*ana@example.ro');
SELECT attack.line('26', :'who', 'asks for what needs a token without one', attack.request('GET', '/v1/users/me'), '^MSA01');

-- Seals.
SELECT convert_to(json_build_object('viewer', :'stranger_id', 'posts', ARRAY[:'post_id'])::text, 'UTF8') AS effect \gset
SELECT effects[1] AS anas_effect FROM mesteri.proxy_routes r, mesteri.handle(r.id, :'ana', ARRAY[:'post_id'], NULL, NULL, NULL, 5000, NULL, NULL, 'attack', 'ro') WHERE method = 'GET' AND path = '/v1/posts/{id}' \gset
SELECT attack.line('11', :'who', 'applies an effect that ' || what, attack.attempt(format('SELECT mesteri.effects_apply(ARRAY[%L::bytea])', effect)), expected)
  FROM (VALUES ('nobody sealed', :'effect'::bytea, '^saw \(0\)$'), ('has zeros for a seal', decode(repeat('00', 16), 'hex') || :'effect'::bytea, '^saw \(0\)$'),
               ('has the seal of Ana''s', substr(:'anas_effect'::bytea, 1, 16) || :'effect'::bytea, '^saw \(0\)$'), ('is Ana''s, with a bit changed', set_bit(:'anas_effect'::bytea, 200, 1 - get_bit(:'anas_effect'::bytea, 200)), '^saw \(0\)$'),
               ('is Ana''s', :'anas_effect'::bytea, '^saw \(1\)$')) AS e (what, effect, expected);
SELECT attack.line('11', :'who', 'forges a cursor', attack.request('GET', '/v1/feed?cursor=' || repeat('QUFB', 20)), '^(MSH|22|400)');

-- Requests that somebody else has made, once more.
SELECT attack.line('31', :'who', 'repeats a stranger''s request under his key', attack.request('PUT', '/v1/users/me', :'ana', '{"city":"Dej"}', '{if-match,*,idempotency-key,stranger-key}'), '^200 .*ana@example.ro');

-- What he plants in his own session, for functions with more rights to stumble over.
CREATE FUNCTION pg_temp.caught() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lured %', current_user; END $$;
SELECT format('CREATE DOMAIN pg_temp.%I AS pg_catalog.%1$s CHECK (pg_temp.caught())', name) FROM unnest('{text,json,jsonb,uuid,bytea,timestamptz,inet}'::text[]) AS t (name) \gexec
SELECT format('CREATE DOMAIN pg_temp.%I AS %s CHECK (pg_temp.caught())', typname, oid::regtype) FROM pg_type WHERE typname = 'geography' \gexec
SELECT format('CREATE TEMP TABLE %I AS SELECT', relname) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'mesteri') AND relkind = 'r' \gexec
SET search_path = pg_temp, mesteri, public, pg_catalog;
SELECT attack.line('11', :'who', format('plants types and tables under %s %s', method, path), pg_catalog.concat(outcome), '^(200|401)')
  FROM (VALUES ('GET', '/v1/users/me', :'ana', NULL::pg_catalog.json), ('GET', '/v1/feed', :'ana', NULL), ('GET', '/v1/craftsmen?q=zidar', NULL, NULL), ('GET', '/v1/categories', NULL, NULL),
               ('POST', '/v1/auth/login', NULL, '{"email_or_phone":"ana@example.ro","password":"wrong wrong"}')) AS r (method, path, token, body),
       LATERAL (SELECT attack.request(method, path, token, body)) AS a (outcome);
\c - mesteri_proxy
SET client_min_messages = warning;
-- A trigger of his own that waits for the endpoint's role.
CREATE TEMP TABLE mine (i integer);
CREATE TEMP TABLE told (outcome text);
GRANT ALL ON told TO PUBLIC;
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO told VALUES (concat(current_user, ' ', attack.attempt('SELECT * FROM mesteri.users')));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON mine DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.tell();
BEGIN;
INSERT INTO mine VALUES (1);
SELECT attack.request('PUT', '/v1/users/me', :'ana', '{"city":"Dej"}', '{if-match,*}') \g /dev/null
SELECT attack.line('24', :'who', 'has a trigger wait for a request', outcome, '^mesteri_(user|proxy) 42501') FROM told;
ROLLBACK;

-- Settings.
CREATE FUNCTION pg_temp.request_under(setting text, token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(setting, 'on', true);
    RETURN attack.request('GET', '/v1/users/me', token);
END;
$$;
SELECT attack.line('29', :'who', 'makes a request under ' || name, pg_temp.request_under(name, :'ana'), '^55000')
  FROM unnest('{debug_print_parse,debug_print_rewritten,debug_print_plan,transform_null_equals}'::text[]) AS s (name);
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SELECT attack.line('11', :'who', 'makes a request where strings have escapes', attack.request('GET', '/v1/users/me', :'ana'), '^55000');
RESET standard_conforming_strings;
SET force_parallel_mode = on;
SELECT attack.line('24', :'who', 'makes a request in parallel', attack.request('GET', '/v1/users/me', :'ana'), '^200 .*ana@example.ro');
RESET force_parallel_mode;
SET default_transaction_read_only = on;
SELECT attack.line('11', :'who', 'writes in a read-only transaction', attack.request('PUT', '/v1/users/me', :'ana', '{"city":"Dej"}', '{if-match,*}'), '^25006');
RESET default_transaction_read_only;
SELECT attack.line('11', :'who', 'asks with a route that is not there', attack.attempt('SELECT status FROM mesteri.handle(1, NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL)'), '^MSG|^MS');
SELECT attack.line('11', :'who', 'asks with nothing but NULL', attack.attempt('SELECT status FROM mesteri.handle(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'), '^22004');

-- The same answer whether somebody is there or not.
SELECT attack.line('11', :'who', 'asks who has an account', CASE WHEN count(DISTINCT answer) = 1 THEN 'one answer' ELSE string_agg(answer, ' / ') END, '^one answer$')
  FROM (VALUES ('ana@example.ro'), ('nobody@example.ro')) AS w (name), LATERAL (SELECT attack.request('POST', '/v1/auth/login', NULL, json_build_object('email_or_phone', name, 'password', 'wrong wrong'))) AS a (answer);

-- Locks.  A try to sign in holds one that he can see.
BEGIN;
SELECT attack.request('POST', '/v1/auth/login', NULL, '{"email_or_phone":"ana@example.ro","password":"wrong wrong"}') \g /dev/null
SELECT classid::bigint AS high, objid::bigint AS low FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() \gset
ROLLBACK;
SELECT pg_advisory_lock(:high << 32 | :low), pg_advisory_lock((:high::bit(32))::integer, (:low::bit(32))::integer), pg_advisory_lock(hashtextextended('ana@example.ro', 0)) \g /dev/null
\setenv LOGIN 'SET client_min_messages = warning; SET lock_timeout = 2000; SELECT concat(split_part(attack.request(''POST'', ''/v1/auth/login'', NULL, ''{"email_or_phone":"ana@example.ro","password":"correct horse ana"}''), '' '', 1))'
\set outcome `"$PSQL" -X -q -At -d mesteri_attack -U mesteri_proxy -c "$LOGIN" 2>&1`
SELECT attack.line('30', :'who', 'holds the lock of Ana''s signing in', :'outcome', '^200$');
SELECT pg_advisory_unlock_all() \g /dev/null
