-- Rules of erasure and export: every column has just one, each is SQL, and a table that is new is covered.
SET client_min_messages = warning;
-- The label provider is there once the library is.
LOAD 'mesteri';
BEGIN;
SELECT no_plan();

-- Complete: of what is somebody's, and of what is private though nobody's.
SELECT set_eq($$ SELECT table_name, column_name FROM mesteri.erasure_plan WHERE found_by IS NULL AND owner_path <> 'nobody' $$,
              $$ SELECT l.table_name, l.column_name FROM mesteri.labels l JOIN mesteri.labels t USING (relation)
                  WHERE l.column_name IS NOT NULL AND t.column_name IS NULL AND t.owner_path LIKE 'users via %' $$, 'every column that is somebody''s has a rule');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.erasure_plan WHERE found_by IS NULL GROUP BY 1, 2 HAVING count(*) > 1 $$, 'and just one');
SELECT is_empty($$ SELECT l.table_name, l.column_name FROM mesteri.labels l JOIN mesteri.labels t USING (relation)
                    WHERE l.class <> 'none' AND t.column_name IS NULL AND t.owner_path = 'nobody'
                   EXCEPT SELECT table_name, column_name FROM mesteri.erasure_plan $$, 'what is private and nobody''s is ruled by name');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.erasure_rules r WHERE table_name IS NOT NULL AND NOT EXISTS (
                       SELECT FROM mesteri.labels l WHERE l.table_name = r.table_name AND l.column_name IS NOT DISTINCT FROM r.column_name) $$, 'no rule is for what is not there');
SELECT is_empty($$ SELECT id FROM mesteri.erasure_rules WHERE table_name IS NOT NULL EXCEPT SELECT rule_id FROM mesteri.erasure_plan $$, 'no rule is without effect');
SELECT set_eq($$ SELECT class FROM mesteri.erasure_rules WHERE class IS NOT NULL $$, '{none,identity,contact,money,message,secret}'::text[], 'every class has one');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.erasure_plan WHERE action = 'keep' AND class IN ('identity', 'contact', 'secret')
                      AND owner_path <> 'nobody' AND (table_name, column_name) <> ('contract_signatures', 'mac') $$, 'nothing that names or reaches somebody is kept for good');
SELECT is_empty($$ SELECT id FROM mesteri.erasure_rules WHERE char_length(ground) < 10 $$, 'each has its ground');
SELECT set_eq($$ SELECT table_name FROM mesteri.labels WHERE owner_path LIKE 'users via %' AND column_name IS NULL $$,
              $$ SELECT table_name FROM mesteri.export_tables $$, 'every table that is somebody''s has its place in the export, or a reason');
SELECT set_eq($$ SELECT member FROM mesteri.export_tables WHERE member IS NOT NULL $$,
              $$ SELECT unnest('{user,profile,craftsman_profile,posts,comments,projects,contracts,payments,conversations,messages,reviews,notifications,devices,sessions,searches,reports,tickets,events}'::text[]) $$,
              'the members are those of the API');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.unexported_columns EXCEPT SELECT table_name, column_name FROM mesteri.labels $$, 'what is left out is there');
SELECT is_empty($$ SELECT table_name, counted_in, counter_name FROM mesteri.erasure_counters c WHERE NOT EXISTS (
                       SELECT FROM pg_attribute WHERE attrelid = ('mesteri.' || counted_in)::regclass AND attname = counter_name) $$, 'every counter is there');

-- A table as a release might add it: labels, and nothing else.
CREATE TABLE mesteri.t_notes (id bigint PRIMARY KEY, user_id uuid NOT NULL REFERENCES mesteri.users, said text NOT NULL, seen text, place geography, extra jsonb NOT NULL DEFAULT '{}',
                              price numeric, kind text NOT NULL);
ALTER TABLE mesteri.t_notes OWNER TO mesteri_owner;
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_notes IS 'users via user_id';
DO $$
DECLARE
    label text[];
BEGIN
    FOREACH label SLICE 1 IN ARRAY '{{id,none},{user_id,none},{said,message},{seen,identity},{place,contact},{extra,message},{price,money},{kind,none}}'::text[] LOOP
        EXECUTE format('SECURITY LABEL FOR mesteri ON COLUMN mesteri.t_notes.%I IS %L', label[1], label[2]);
    END LOOP;
END;
$$;
INSERT INTO mesteri.export_tables (table_name, parent_table) VALUES ('t_notes', 'users');
CREATE FUNCTION pg_temp.somebody(name text) RETURNS uuid LANGUAGE sql AS $$
    WITH made AS (INSERT INTO mesteri.users (email, phone_number, password_hash, user_type)
                  VALUES (name || '@example.ro', '+4071' || right((extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text, 7), '!', 'client') RETURNING id)
    INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) SELECT id, name, 'Pop' FROM made RETURNING user_id $$;
SELECT pg_temp.somebody('ana') AS ana \gset
SELECT pg_temp.somebody('bogdan') AS bogdan \gset
INSERT INTO mesteri.t_notes SELECT n, who, 'said', 'seen', mesteri.point(46, 23), '{"a": 1}', 5, 'kind'
  FROM (VALUES (1, :'ana'::uuid), (2, :'bogdan')) AS v (n, who);
SELECT is(mesteri.export_json(:'ana', 'ro') -> 'user' -> 't_notes' -> 0 ->> 'said', 'said', 'a new table is exported');
SELECT is(json_array_length(mesteri.export_json(:'ana', 'ro') -> 'user' -> 't_notes'), 1, 'the own rows of it');
SELECT isnt((mesteri.erase(:'ana', 'test')).id, NULL, 'erased');
SELECT results_eq($$ SELECT id, said, seen, place IS NULL, extra, price, kind FROM mesteri.t_notes ORDER BY id $$,
                  $$ VALUES (1::bigint, '', NULL, true, '{}'::jsonb, 5::numeric, 'kind'), (2, 'said', 'seen', false, '{"a": 1}', 5, 'kind') $$, 'a new table is walked, and only the own rows of it');
SELECT is((mesteri.erase(:'ana', 'test')).id, NULL, 'nobody is erased twice');
SELECT is((mesteri.erase(gen_random_uuid(), 'test')).id, NULL, 'nor who is not there');
SELECT throws_ok(format('SELECT ops.erase_user(%L, ''letter'')', :'ana'), 'P0002', NULL, 'ops says so');
SELECT is(mesteri.shown_name(NULL, first_name, last_name), NULL, 'others are shown no name') FROM mesteri.user_profiles WHERE user_id = :'ana';

-- Whom somebody only wished to be: an address that is another's by now, or that another waits to have confirmed, is not erased with him.
SELECT pg_temp.somebody('cristi') AS cristi \gset
SELECT pg_temp.somebody('dana') AS dana \gset
SELECT pg_temp.somebody('emil') AS emil \gset
SELECT pg_temp.somebody('flavia') AS flavia \gset
UPDATE mesteri.users SET pending_email = CASE id WHEN :'cristi' THEN 'dana@example.ro' WHEN :'emil' THEN 'new.flavia@example.ro' ELSE 'only.mine@example.ro' END
 WHERE id IN (:'cristi', :'emil', :'flavia');
INSERT INTO mesteri.verification_codes (user_id, channel, recipient, code_hash, expires_at)
    VALUES (:'dana', 'email', 'new.flavia@example.ro', sha256(''), now() + interval '10 minutes');
INSERT INTO mesteri.login_failures (identifier_hash) SELECT mesteri.failure_hash(a) FROM unnest('{dana@example.ro,only.mine@example.ro}'::text[]) AS a;
SELECT mesteri.message_add(:'dana', 'email', a, 'verify_email', 'test ' || a) FROM unnest('{dana@example.ro,new.flavia@example.ro}'::text[]) AS a;
SELECT mesteri.erase(id, 'test') FROM unnest(ARRAY[:'cristi', :'emil', :'flavia']::uuid[]) AS id;
SELECT set_eq(format('SELECT payload ->> ''to'' FROM mesteri.outbox WHERE user_id = %L', :'dana'), '{dana@example.ro,new.flavia@example.ro}'::text[],
              'mails to another go on, whoever wished for that address');
SELECT set_eq('SELECT identifier_hash FROM mesteri.login_failures', ARRAY[mesteri.failure_hash('dana@example.ro')],
              'nobody unlocks another''s sign-in by leaving; what was his alone goes');

-- A rule of the installation's own beats the shipped one.
INSERT INTO mesteri.erasure_rules (table_name, column_name, action, ground) VALUES ('search_history', 'query', 'keep', 'An odd wish.');
SELECT is(action, 'keep', 'a column''s rule beats a table''s') FROM mesteri.erasure_plan WHERE table_name = 'search_history' AND column_name = 'query';
INSERT INTO mesteri.erasure_rules (class, action, ground) VALUES ('identity', 'keep', 'An odd wish.');
SELECT is(action, 'keep', 'one''s own beats the shipped one') FROM mesteri.erasure_plan WHERE table_name = 't_notes' AND column_name = 'seen';

-- Periods.
SELECT is(mesteri.books_closed(booked_on), closed, format('books of %s', booked_on))
  FROM (VALUES (date '2026-01-01', timestamptz '2027-07-01 00:00+03'), ('2026-12-31', '2027-07-01 00:00+03'), ('2027-01-01', '2028-07-01 00:00+03')) AS v (booked_on, closed);
SELECT is(mesteri.seller_known_until(:'bogdan', '2026-11-22 12:00Z'), '2027-05-22 12:00Z', 'who was never paid is known six months');
INSERT INTO mesteri.transactions (to_user_id, type, amount, net_amount, vat_bps, command_id, status, completed_at, captured_amount, released_amount)
    VALUES (:'bogdan', 'withdrawal', 10, 10, 0, gen_random_uuid(), 'completed', '2026-12-31 23:30+02', 10, 10), (:'bogdan', 'withdrawal', 10, 10, 0, gen_random_uuid(), 'completed', '2020-01-01', 10, 10);
SELECT is(mesteri.seller_known_until(:'bogdan', '2026-11-22 12:00Z'), '2037-01-01 00:00+02', 'who was paid, ten years after the year of the last payment');

-- How the other side rated is secret until both have, or the time is over; in the export, too.
SELECT pg_temp.somebody('gabi') AS gabi \gset
SELECT pg_temp.somebody('horia') AS horia \gset
INSERT INTO mesteri.craftsman_profiles (id, user_id) VALUES (:'horia', :'horia');
INSERT INTO mesteri.projects (id, client_id, craftsman_id, craftsman_user_id, title) VALUES (:'gabi', :'gabi', :'horia', :'horia', 'Baie');
INSERT INTO mesteri.reviews (project_id, reviewer_id, reviewed_user_id, overall_rating, quality_rating, punctuality_rating, communication_rating, price_value_rating, comment)
    VALUES (:'gabi', :'gabi', :'horia', 1, 1, 1, 1, 1, 'Slab');
CREATE FUNCTION pg_temp.exported_ratings(person uuid) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(m.value, '' ORDER BY m.key) FROM json_each_text(mesteri.export_json(person, 'ro') -> 'reviews' -> 0) AS m WHERE m.key LIKE '%rating' $$;
SELECT is(pg_temp.exported_ratings(:'horia'), NULL, 'a rating that is not public yet is not exported to who was rated');
SELECT is(pg_temp.exported_ratings(:'gabi'), '11111', 'but to who rated');
UPDATE mesteri.reviews SET is_visible = true, visible_at = now() WHERE project_id = :'gabi';
SELECT is(pg_temp.exported_ratings(:'horia'), '11111', 'and to both when it is');

-- Words in documents.
SELECT is(mesteri.json_mentions(d, '{a@b.ro}'), mentions, d::text)
  FROM (VALUES ('{"to": "a@b.ro"}'::jsonb, true), ('{"x": [{"to": "a@b.ro"}]}', true), ('{"to": "aa@b.ro"}', false), ('{"a@b.ro": 1}', false), ('{}', false), ('{"t": "x a@b.ro"}', false)) AS v (d, mentions);
SELECT is(mesteri.json_without('{"a": "Ion Popa", "b": [1, "dl Ion Popa jr", {"c": "Ana"}], "d": true, "e": {}}', '{Ion Popa}'), '{"a": null, "b": [1, null, {"c": "Ana"}], "d": true, "e": {}}', 'names go, all else stays');

SELECT * FROM finish();
ROLLBACK;
