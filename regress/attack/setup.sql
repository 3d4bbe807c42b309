/*
 * setup.sql
 *		Ana, a stranger, and the attacker's tools.
 */
CREATE SCHEMA attack;
GRANT USAGE ON SCHEMA attack TO PUBLIC;

-- One attempt: what was seen, "ran", or the error.  Unless kept, what it has done is taken back.
CREATE FUNCTION attack.attempt(statement text, kept boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
BEGIN
    IF statement ~* '^(select|table|with|show|explain|fetch|insert.*returning)' THEN
        EXECUTE CASE WHEN statement ~* '^(select|table|with)' THEN format('SELECT string_agg(seen::text, '' '') FROM (%s) AS seen', statement) ELSE statement END
           INTO outcome;
        outcome := 'saw ' || coalesce(nullif(outcome, ''), 'nothing');
    ELSE
        EXECUTE statement;
        outcome := 'ran';
    END IF;
    IF NOT kept THEN
        RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = outcome;
    END IF;
    RETURN outcome;
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END;
$$;

-- A request as the proxy makes it: "200 {...}", or the error.  Names types in full: other types will be planted.
CREATE FUNCTION attack.request(method text, target text, token text DEFAULT NULL, body json DEFAULT NULL, headers text[] DEFAULT NULL,
                               deadline_ms integer DEFAULT 5000) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    route  record;
    answer record;
BEGIN
    SELECT r.id, regexp_match(split_part(target, '?', 1), '^' || regexp_replace(r.path, '\{[a-z_]+\}', '([^/]+)', 'g') || '$') AS segments
      INTO route FROM mesteri.proxy_routes r
     WHERE r.method = request.method AND split_part(target, '?', 1) ~ ('^' || regexp_replace(r.path, '\{[a-z_]+\}', '([^/]+)', 'g') || '$')
     ORDER BY strpos(r.path, '{') LIMIT 1;
    SELECT * INTO answer FROM mesteri.handle(route.id, token, route.segments, nullif(split_part(target, '?', 2), ''), headers,
                                             convert_to(body::pg_catalog.text, 'UTF8'), deadline_ms, NULL, NULL, 'attack', 'ro');
    RETURN concat_ws(' ', answer.status, answer.error, convert_from(answer.body, 'UTF8'));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END;
$$;

-- The hole in an endpoint.
CREATE FUNCTION api.hole(statement text, kept boolean DEFAULT false) RETURNS mesteri.answer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN ROW (200, to_json(attack.attempt(statement, kept)), NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;
GRANT EXECUTE ON FUNCTION api.hole(text, boolean) TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('POST', '/v1/attack/hole'), 'POST', '/v1/attack/hole', 'hole', '{anonymous}', 'api', 'test', 'no', true, 'write', 5000, 100000, 'test');
-- As mesteri_user, with the identity of this token.
CREATE FUNCTION attack.through_hole(token text, statement text, kept boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN answer LIKE '200 %' THEN substr(answer, 5)::json #>> '{}' ELSE answer END
      FROM attack.request('POST', '/v1/attack/hole', token, json_build_object('statement', statement, 'kept', kept)) AS r (answer) $$;

-- A line of the report.  What belongs to the stranger says so, wherever it is kept.
CREATE FUNCTION attack.line(trap text, who text, what text, outcome text, expected text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN outcome ~ expected AND outcome !~* 'stranger' THEN 'ok' ELSE 'not ok' END || ' - '
           || concat_ws(' | ', 'trap ' || trap, who, what, left(regexp_replace(coalesce(outcome, 'no outcome'), '\s+', ' ', 'g'), 90)) $$;
-- A line about what is not there yet.
CREATE FUNCTION attack.not_built(trap text, what text, is_built boolean) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN is_built THEN 'not ok' ELSE 'ok' END || ' - '
           || concat_ws(' | ', 'trap ' || trap, 'nobody', what, CASE WHEN is_built THEN 'is there now: attack it here' ELSE 'not built yet' END) $$;

-- Something of every type a function takes.
CREATE FUNCTION attack.plausible(kind oid) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s::%s',
           CASE WHEN t.typtype = 'c' THEN 'NULL'
                WHEN t.typtype = 'e' THEN (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1)
                WHEN format_type(b.oid, NULL) = 'uuid' THEN quote_literal('00000000-0000-7000-8000-000000000002')
                WHEN b.typcategory = 'A' THEN quote_literal('{}')
                WHEN format_type(b.oid, NULL) ~ 'json' THEN quote_literal('{}')
                WHEN format_type(b.oid, NULL) = 'bytea' THEN quote_literal('\x00')
                WHEN format_type(b.oid, NULL) = 'regclass' THEN quote_literal('mesteri.users')
                WHEN b.typcategory = 'N' THEN '1'
                WHEN b.typcategory = 'B' THEN 'true'
                WHEN b.typcategory = 'D' THEN 'now()'
                WHEN b.typcategory = 'T' THEN quote_literal('1 day')
                WHEN b.typcategory = 'I' THEN quote_literal('10.0.0.1')
                WHEN format_type(kind, NULL) = 'api.email' THEN quote_literal('stranger@example.ro')
                WHEN b.typcategory = 'S' OR t.typname = 'cstring' THEN quote_literal('stranger@example.ro')
                ELSE 'NULL' END,
           CASE WHEN t.typtype = 'p' AND t.typname <> 'cstring' THEN 'text' ELSE format_type(t.oid, NULL) END)
      FROM pg_type t JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid) WHERE t.oid = kind $$;
-- The arguments come from a subquery: a strict function of a constant null would not be called at all.
CREATE FUNCTION attack.call(function oid) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT %s(%s) FROM (SELECT 1%s OFFSET 0) AS a', p.oid::regproc, string_agg('a' || n, ', ' ORDER BY n),
                  string_agg(format(', %s AS a%s', attack.plausible(t), n), '' ORDER BY n) FILTER (WHERE n IS NOT NULL))
      FROM pg_proc p LEFT JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) ON true WHERE p.oid = function GROUP BY p.oid $$;

-- What is compared in the end changes by the attempts alone.
UPDATE mesteri.jobs SET is_enabled = false;

-- Ana, and a stranger with something in every store that the traps name.
SELECT mesteri.request('POST', '/v1/auth/register', body => json_build_object('email', name || '@example.ro', 'phone_number', phone, 'password', 'correct horse ' || name,
           'user_type', 'client', 'first_name', initcap(name), 'last_name', initcap(name)))
  FROM (VALUES ('ana', '0712345678'), ('stranger', '0712345679')) AS p (name, phone) \g /dev/null
SELECT id AS ana_id FROM mesteri.users WHERE email = 'ana@example.ro' \gset
SELECT id AS stranger_id FROM mesteri.users WHERE email = 'stranger@example.ro' \gset
CREATE FUNCTION attack.log_in(name text) RETURNS text LANGUAGE sql AS $$
    SELECT mesteri.open_session(u, NULL, name || '''s phone', NULL) ->> 'access_token' FROM mesteri.users u WHERE u.email = name || '@example.ro' $$;
REVOKE ALL ON FUNCTION attack.log_in(text) FROM PUBLIC;
SELECT attack.log_in('ana') AS ana, attack.log_in('ana') AS ana_revoked, attack.log_in('ana') AS ana_snapshot, attack.log_in('stranger') AS stranger \gset
SELECT id AS stranger_family FROM mesteri.token_families WHERE user_id = :'stranger_id' LIMIT 1 \gset
UPDATE mesteri.user_profiles SET address = 'stranger street' WHERE user_id = :'stranger_id';
INSERT INTO mesteri.events (user_id, seq, type, payload) VALUES (:'stranger_id', 1, 'message:new', '{"text": "stranger''s words"}');
INSERT INTO mesteri.notifications (user_id, type, title, body)
SELECT :'stranger_id', enumlabel::mesteri.notification_type, 'for a stranger', 'stranger' FROM pg_enum WHERE enumtypid = 'mesteri.notification_type'::regtype LIMIT 1;
INSERT INTO mesteri.outbox (kind, payload, idempotency_key, next_attempt_at) VALUES ('mail.send', '{"to": "stranger@example.ro"}', 'stranger', now());
INSERT INTO mesteri.idempotency_keys (user_id, route_id, key, fingerprint, status, body, expires_at)
VALUES (:'stranger_id', mesteri.route_id('PUT', '/v1/users/me'), 'stranger-key', sha256(''), 200, '{"user":"stranger"}', now() + interval '24 hours');
INSERT INTO mesteri.users (email, phone_number, password_hash, user_type) VALUES ('master@example.ro', '+40712345670', '!', 'craftsman');
INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) SELECT id, 'Ion', 'Master' FROM mesteri.users WHERE email = 'master@example.ro';
INSERT INTO mesteri.craftsman_profiles (user_id) SELECT id FROM mesteri.users WHERE email = 'master@example.ro';
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, published_at, status) SELECT id, 'image', '[]', now(), 'published' FROM mesteri.craftsman_profiles;
SELECT id AS post_id FROM mesteri.content_posts \gset
SELECT lo_from_bytea(0, 'stranger''s file') AS file \gset
-- As a role that cannot sign in.
CREATE FUNCTION attack.as_role(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    outcome := attack.attempt(statement);
    RESET ROLE;
    RETURN outcome;
END;
$$;

-- Somebody at work, whose statement the others cannot read.
\! "$PSQL" -X -q -d mesteri_attack -c "SELECT pg_sleep(600) AS stranger" > /dev/null 2>&1 &
DO $$
BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%AS stranger' AND pid <> pg_backend_pid()) LOOP
        PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
    END LOOP;
END;
$$;
ANALYZE mesteri.users, mesteri.user_profiles, mesteri.events;

-- What is there before and after, but for what the attempts may leave: Ana's own rows, sessions, failures to sign in.
CREATE FUNCTION attack.digest() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    target regclass;
    digest text := '';
    part   text;
BEGIN
    FOR target IN SELECT oid FROM pg_class WHERE relnamespace = 'mesteri'::regnamespace AND relkind = 'r' AND relname NOT IN ('login_failures', 'token_families', 'refresh_tokens') ORDER BY relname LOOP
        EXECUTE format('SELECT md5(coalesce(string_agg(t::text, '','' ORDER BY t::text) FILTER (WHERE t::text !~ %L), '''')) FROM %s t',
                       (SELECT id FROM mesteri.users WHERE email = 'ana@example.ro'), target) INTO part;
        digest := digest || part;
    END LOOP;
    RETURN md5(digest);
END;
$$;
REVOKE ALL ON FUNCTION attack.digest() FROM PUBLIC;
-- The catalogue's share: objects, owners, privileges, policies.
CREATE FUNCTION attack.catalog_digest() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat((SELECT string_agg((oid, relowner, relacl, relrowsecurity, relforcerowsecurity)::text, ',' ORDER BY oid) FROM pg_class WHERE relnamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace)),
                      (SELECT string_agg((oid, proowner, proacl, prosrc, proconfig)::text, ',' ORDER BY oid) FROM pg_proc WHERE pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace, 'analytics'::regnamespace)),
                      (SELECT string_agg((oid, polroles, polqual::text)::text, ',' ORDER BY oid) FROM pg_policy), (SELECT string_agg(rolname, ',' ORDER BY oid) FROM pg_roles), (SELECT count(*) FROM pg_auth_members))) $$;
REVOKE ALL ON FUNCTION attack.catalog_digest() FROM PUBLIC;
SELECT attack.digest() AS digest, attack.catalog_digest() AS catalog_digest \gset
