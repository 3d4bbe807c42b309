-- is_own(): what policies ask about rows that lead to their owner through another table; how often it looks, and what the planner makes of it.
SET client_min_messages = warning;
LOAD 'mesteri';
BEGIN;
SELECT no_plan();

CREATE TABLE mesteri.t_talks (id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES mesteri.users, other_id uuid REFERENCES mesteri.users);
CREATE INDEX t_talks_user ON mesteri.t_talks (user_id);
CREATE TABLE mesteri.t_words (id integer PRIMARY KEY, talk_id uuid REFERENCES mesteri.t_talks, said text NOT NULL);
CREATE INDEX t_words_talk ON mesteri.t_words (talk_id, id DESC);
CREATE INDEX t_words_said ON mesteri.t_words (said, talk_id);
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_talks IS 'users via user_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_words IS 'users via talk_id';
ALTER TABLE mesteri.t_talks OWNER TO mesteri_owner;
ALTER TABLE mesteri.t_words OWNER TO mesteri_owner;
ALTER TABLE mesteri.t_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE mesteri.t_words FORCE ROW LEVEL SECURITY;
SELECT mesteri.create_owner_policy('mesteri.t_words');
GRANT SELECT ON mesteri.t_words TO mesteri_user;

INSERT INTO mesteri.users (email, phone_number, password_hash, user_type)
SELECT name || '@example.ro', phone, '!', 'client' FROM (VALUES ('ana', '+40712345678'), ('bogdan', '+40712345679')) AS p (name, phone);
SELECT id AS ana, mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token' AS token FROM mesteri.users u WHERE email = 'ana@example.ro' \gset
SELECT id AS bogdan FROM mesteri.users WHERE email = 'bogdan@example.ro' \gset
-- Twenty talks of Ana's, a thousand of Bogdan's, ten words in each.
INSERT INTO mesteri.t_talks SELECT md5(n::text)::uuid, CASE WHEN n <= 20 THEN :'ana' ELSE :'bogdan' END::uuid, :'ana' FROM generate_series(1, 1020) AS n;
INSERT INTO mesteri.t_words SELECT n, md5((1 + n % 1020)::text)::uuid, 'hm' FROM generate_series(1, 10200) AS n;
INSERT INTO mesteri.t_words VALUES (0, NULL, 'to nobody');
ANALYZE mesteri.t_talks, mesteri.t_words;
SELECT md5('1') AS talk, md5('21') AS strange_talk \gset

-- As the caller of a request.
CREATE FUNCTION api.test_sql(sql text) RETURNS mesteri.answer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    line json;
    seen json[] := '{}';
BEGIN
    FOR line IN EXECUTE sql LOOP
        seen := seen || line;
    END LOOP;
    RETURN ROW (200, to_json(seen), NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;
GRANT EXECUTE ON FUNCTION api.test_sql(text) TO mesteri_user;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('POST', '/v1/test/sql'), 'POST', '/v1/test/sql', 'test_sql', '{anonymous}', 'api', 'test', 'no', true, 'write', 60000, 4000, 'test');
CREATE FUNCTION pg_temp.seen(sql text, token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT body FROM mesteri.request('POST', '/v1/test/sql', token, json_build_object('sql', format('SELECT to_json(x) FROM (%s) AS x (x)', sql))));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END;
$$;
CREATE FUNCTION pg_temp.plan(sql text, token text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(body #>> '{}', E'\n') FROM mesteri.request('POST', '/v1/test/sql', token, json_build_object('sql', 'EXPLAIN (COSTS OFF, FORMAT JSON) ' || sql)) $$;

-- How often the talks were looked at: rows by the index of their ids, the caller's by that of their users.
CREATE FUNCTION pg_temp.scans() RETURNS integer[] LANGUAGE sql AS $$
    SELECT ARRAY[pg_stat_get_xact_numscans('mesteri.t_talks_pkey'::regclass), pg_stat_get_xact_numscans('mesteri.t_talks_user'::regclass)]::integer[] $$;
CREATE FUNCTION pg_temp.looks(sql text, token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before integer[] := pg_temp.scans();
    seen   text := pg_temp.seen(sql, token);
    after  integer[] := pg_temp.scans();
BEGIN
    RETURN format('%s: %s one, %s all', seen, after[1] - before[1], after[2] - before[2]);
END;
$$;
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true) \g /dev/null
SELECT is(pg_temp.looks(sql, :'token'), expected, sql) FROM (VALUES
    (format('SELECT count(*) FROM mesteri.t_words WHERE talk_id = %L', :'talk'), '[10]: 1 one, 0 all'),
    (format('SELECT count(*) FROM mesteri.t_words WHERE talk_id = %L', :'strange_talk'), '[0]: 1 one, 0 all'),
    ('SELECT count(*) FROM mesteri.t_words', '[200]: 0 one, 1 all'),
    ('SELECT count(*) FROM mesteri.t_words WHERE said = ''hm'' AND id > 0', '[200]: 0 one, 1 all'),
    -- Whatever the talks, and however many rows.
    ('SELECT count(*) FROM mesteri.t_words WHERE id BETWEEN 0 AND 30', '[19]: 1 one, 1 all'),
    ('SELECT count(*) FROM mesteri.t_words WHERE id IN (0, 1)', '[1]: 1 one, 0 all'),
    -- At each rescan the same.
    ('SELECT sum(n) FROM generate_series(1, 5) AS i, LATERAL (SELECT count(*) AS n FROM mesteri.t_words WHERE id > i OFFSET 0) AS w', '[985]: 0 one, 1 all')
    ) AS q (sql, expected);
SELECT is(pg_temp.looks('SELECT count(*) FROM mesteri.t_words', NULL), '[0]: 0 one, 0 all', 'nobody''s are not looked for');
RESET enable_seqscan;
RESET enable_bitmapscan;

-- The planner: one talk is read in its order, all of the caller's are found by the index.
SELECT unalike(pg_temp.plan(sql, :'token'), '%Sort%', sql || ': not sorted') FROM (VALUES
    (format('SELECT * FROM mesteri.t_words WHERE talk_id = %L ORDER BY id DESC LIMIT 5', :'talk')),
    (format('SELECT * FROM mesteri.t_words WHERE %L = talk_id ORDER BY id DESC LIMIT 5', :'talk'))) AS q (sql);
SELECT unalike(pg_temp.plan(sql, :'token'), '%own_ids%', sql || ': the statement''s own values') FROM (VALUES
    (format('SELECT * FROM mesteri.t_words WHERE talk_id = %L ORDER BY id DESC LIMIT 5', :'talk')),
    (format('SELECT * FROM mesteri.t_words WHERE talk_id = ANY (ARRAY[%L, %L]::uuid[])', :'talk', :'strange_talk')),
    ('SELECT * FROM mesteri.t_words WHERE talk_id = (SELECT mesteri.current_user_id())')) AS q (sql);
SELECT matches(pg_temp.plan(sql, :'token'), '"Index Cond": "\(talk_id = ANY \(own_ids', sql || ': by the index') FROM (VALUES
    ('SELECT * FROM mesteri.t_words'), ('SELECT * FROM mesteri.t_words WHERE said <> ''no'''), ('SELECT * FROM mesteri.t_words WHERE talk_id <> mesteri.current_user_id()')) AS q (sql);
-- In the second column of an index it would take the order away.
SELECT unalike(pg_temp.plan('SELECT * FROM mesteri.t_words WHERE said = ''hm'' ORDER BY talk_id LIMIT 5', :'token'), '%said = %own_ids%', 'not in a second column');

-- Answers are about the caller alone, and by labels alone.
SELECT is(pg_temp.seen(sql, :'token'), expected, sql) FROM (VALUES
    (format('SELECT mesteri.is_own(%L, %L, ''mesteri.t_words'', ''talk_id'')', :'talk', :'ana'), '[true]'),
    (format('SELECT mesteri.is_own(%L, %L, ''mesteri.t_words'', ''talk_id'')', :'strange_talk', :'ana'), '[false]'),
    (format('SELECT mesteri.is_own(%L, %L, ''mesteri.t_words'', ''talk_id'')', :'strange_talk', :'bogdan'), '[false]'),
    (format('SELECT cardinality(mesteri.own_ids(%L, ''mesteri.t_words'', ''talk_id''))', :'ana'), '[20]'),
    (format('SELECT cardinality(mesteri.own_ids(%L, ''mesteri.t_words'', ''talk_id''))', :'bogdan'), '[0]'),
    (format('SELECT mesteri.own_ids(%L, ''mesteri.t_words'', ''said'')', :'ana'), '22023'),
    (format('SELECT mesteri.own_ids(%L, ''mesteri.t_words'', ''talk_id.other_id'')', :'ana'), '22023'),
    (format('SELECT mesteri.own_ids(%L, ''mesteri.t_talks'', ''user_id'')', :'ana'), '22023'),
    (format('SELECT mesteri.own_ids(%L, ''mesteri.encryption_keys'', ''id'')', :'ana'), '22023'),
    (format('SELECT mesteri.own_ids(%L, ''pg_authid'', ''oid'')', :'ana'), '42704'),
    (format('SELECT mesteri.own_ids(%L, t.n::regclass, ''talk_id'') FROM (VALUES (''mesteri.t_words''), (''mesteri.messages'')) AS t (n)', :'ana'), '22023'),
    (format('SELECT mesteri.own_ids(%L, ''mesteri.t_words'', t.n) FROM (VALUES (''talk_id''), (''said'')) AS t (n)', :'ana'), '22023')) AS q (sql, expected);
SELECT is(pg_temp.seen(format('SELECT mesteri.own_ids(%L, ''mesteri.t_words'', ''talk_id'')', :'ana'), NULL), '[[]]', 'anonymous has none');
SELECT is(mesteri.own_ids(:'ana', 'mesteri.t_words', 'talk_id'), '{}', 'and nobody outside a request, whoever he is');

-- What a label says anew holds from then on, in a backend that has asked before.
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_talks IS 'users via other_id';
SELECT mesteri.create_owner_policy('mesteri.t_words');
SELECT is(pg_temp.seen('SELECT count(*) FROM mesteri.t_words', :'token'), '[10200]', 'another owner');
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_words IS 'users via talk_id.user_id';
SELECT mesteri.create_owner_policy('mesteri.t_words');
SELECT is(pg_temp.seen('SELECT count(*) FROM mesteri.t_words', :'token'), '[200]', 'another path');
ALTER TABLE mesteri.t_talks RENAME COLUMN user_id TO person_id;
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_words IS 'users via talk_id.person_id';
SELECT mesteri.create_owner_policy('mesteri.t_words');
SELECT is(pg_temp.seen('SELECT count(*) FROM mesteri.t_words', :'token'), '[200]', 'another name');

SELECT * FROM finish();
ROLLBACK;
