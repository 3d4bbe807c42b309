-- Labels: none is missing, none is nonsense, and nobody else sets one.
-- The label provider is there once the library is.
LOAD 'mesteri';
BEGIN;
SELECT no_plan();

-- Complete.
SELECT is_empty($$ SELECT table_name FROM mesteri.labels WHERE column_name IS NULL AND owner_path IS NULL $$, 'every table says whose its rows are');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.labels WHERE column_name IS NOT NULL AND class IS NULL $$, 'every column has a class');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p') AND NOT relispartition
                   EXCEPT SELECT relation FROM mesteri.labels $$, 'the view lists every table');

-- Sensible.
SELECT is_empty($$ SELECT l.table_name, l.column_name, l.class FROM mesteri.labels l JOIN mesteri.labels t USING (table_name)
                    WHERE t.owner_path = 'public' AND l.class <> 'none' $$, 'what is public holds nothing private');
SELECT is_empty($$ SELECT l.table_name, c.conname FROM mesteri.labels l
                     JOIN pg_constraint c ON c.conrelid = l.relation AND c.confrelid = 'mesteri.users'::regclass
                    WHERE l.owner_path IN ('nobody', 'public')
                      AND (l.table_name, c.conname) NOT IN (
                          -- The journal's: what the account was told and shown of it, stands on its payments.
                          ('posted_commands', 'posted_commands_actor_id_fkey'),
                          -- Who looks on behalf of the law is for those who watch staff, and not for the watched.
                          ('staff_reads', 'staff_reads_staff_id_fkey'), ('staff_reads', 'staff_reads_user_id_fkey')) $$,
                'what refers to an account is somebody''s');
SELECT is_empty($$ SELECT table_name, column_name FROM mesteri.labels
                    WHERE class NOT IN ('secret') AND column_name ~ '(^|_)(password|secret|token_hash|sealed)($|_)' $$, 'what is named a secret is one');
SELECT lives_ok(format('DO $do$ BEGIN PERFORM FROM mesteri.%I WHERE %s; END $do$', table_name,
                       mesteri.owner_condition(relation, 'gen_random_uuid()')), table_name || ': the condition is SQL')
  FROM mesteri.labels WHERE owner_path LIKE 'users via %' ORDER BY table_name;

-- Policies follow.
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'mesteri'::regnamespace AND relkind IN ('r', 'p')
                      AND NOT (relrowsecurity AND relforcerowsecurity) $$, 'row security is on, and forced, everywhere');
SELECT set_eq($$ SELECT tablename::text FROM pg_policies WHERE schemaname = 'mesteri' AND roles @> '{mesteri_user}' $$,
              $$ SELECT table_name::text FROM mesteri.labels WHERE owner_path LIKE 'users via %' $$, 'who owns rows, sees them');
SELECT set_eq($$ SELECT DISTINCT policyname::text, cmd, permissive, with_check FROM pg_policies WHERE schemaname = 'mesteri' AND roles && '{mesteri_user,public}' $$,
              $$ VALUES ('owner_reads', 'SELECT', 'PERMISSIVE', NULL::text) $$, 'and nothing else');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'mesteri'::regnamespace
                      AND (proname IN ('is_own', 'own_ids') OR proname LIKE 'current\_%') AND (proparallel <> 'r' OR provolatile <> 's') $$,
                'what depends on the caller is stable and stays in the leader');

-- Every form of a path.
CREATE TABLE mesteri.t_jobs (id uuid PRIMARY KEY, client_id uuid REFERENCES mesteri.users, craftsman_id uuid REFERENCES mesteri.craftsman_profiles, other_id uuid, note text);
CREATE TABLE mesteri.t_steps (id bigint PRIMARY KEY, job_id uuid REFERENCES mesteri.t_jobs);
CREATE TABLE mesteri.t_talks (id uuid PRIMARY KEY);
CREATE TABLE mesteri.t_members (talk_id uuid REFERENCES mesteri.t_talks, user_id uuid REFERENCES mesteri.users, second_id uuid REFERENCES mesteri.users);
CREATE TABLE mesteri.t_words (talk_id uuid REFERENCES mesteri.t_talks, step_id bigint REFERENCES mesteri.t_steps);
CREATE FUNCTION pg_temp.condition(target regclass, path text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SECURITY LABEL FOR mesteri ON TABLE %s IS %L', target, path);
    RETURN mesteri.owner_condition(target, '$1');
END;
$$;
SELECT throws_ok($$ SELECT mesteri.owner_condition('mesteri.t_jobs', 'x') $$, '42704', NULL, 'no label');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'nobody'), NULL, 'nobody''s');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'public'), NULL, 'everybody''s');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'users via client_id'), 'client_id = $1', 'a column');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'users via other_id:users'), 'other_id = $1', 'a column without foreign key');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'users via craftsman_id.user_id'),
          'craftsman_id IN (SELECT t1.id FROM mesteri.craftsman_profiles t1 WHERE t1.user_id = $1)', 'two hops');
SELECT is(pg_temp.condition('mesteri.t_jobs', 'users via client_id | craftsman_id'),
          '(client_id = $1 OR craftsman_id IN (SELECT t1.id FROM mesteri.craftsman_profiles t1 WHERE t1.user_id = $1))', 'two owners, one by the other table''s label');
SELECT is(pg_temp.condition('mesteri.t_steps', 'users via job_id'),
          'job_id IN (SELECT t1.id FROM mesteri.t_jobs t1 WHERE (t1.client_id = $1 OR t1.craftsman_id IN '
          '(SELECT t2.id FROM mesteri.craftsman_profiles t2 WHERE t2.user_id = $1)))', 'through labels');
SELECT is(pg_temp.condition('mesteri.t_steps', 'users via job_id.other_id:craftsman_profiles'),
          'job_id IN (SELECT t1.id FROM mesteri.t_jobs t1 WHERE t1.other_id IN (SELECT t2.id FROM mesteri.craftsman_profiles t2 WHERE t2.user_id = $1))', 'past a label');
SELECT is(pg_temp.condition('mesteri.t_talks', 'users via t_members(talk_id).user_id|t_members ( talk_id ) . second_id'),
          '(id IN (SELECT t1.talk_id FROM mesteri.t_members t1 WHERE t1.user_id = $1) OR id IN (SELECT t1.talk_id FROM mesteri.t_members t1 WHERE t1.second_id = $1))', 'backwards');
SELECT is(pg_temp.condition('mesteri.t_words', 'users via talk_id | step_id.job_id.client_id'),
          '(talk_id IN (SELECT t1.id FROM mesteri.t_talks t1 WHERE (t1.id IN (SELECT t2.talk_id FROM mesteri.t_members t2 WHERE t2.user_id = $1)'
          ' OR t1.id IN (SELECT t2.talk_id FROM mesteri.t_members t2 WHERE t2.second_id = $1)))'
          ' OR step_id IN (SELECT t1.id FROM mesteri.t_steps t1 WHERE t1.job_id IN (SELECT t2.id FROM mesteri.t_jobs t2 WHERE t2.client_id = $1)))', 'all together');

-- Refused.
SELECT throws_ok(format('SECURITY LABEL FOR mesteri ON %s IS %L', object, label), code, NULL, format('%s: %s', object, label))
  FROM (VALUES ('COLUMN mesteri.t_jobs.note', 'private', '22023'), ('COLUMN mesteri.t_jobs.note', '', '22023'), ('COLUMN mesteri.t_jobs.note', 'None', '22023'),
               ('COLUMN mesteri.t_jobs.note', 'users via client_id', '22023'), ('COLUMN mesteri.labels.class', 'none', '42809'),
               ('COLUMN pg_catalog.pg_class.relname', 'none', '42809'), ('VIEW mesteri.labels', 'nobody', '42809'), ('SCHEMA mesteri', 'nobody', '42809'),
               ('FUNCTION mesteri.uuid7()', 'nobody', '42809'), ('ROLE mesteri_user', 'nobody', '42809'), ('TYPE mesteri.user_type', 'public', '42809'),
               ('TABLE mesteri.t_jobs', '', '22023'), ('TABLE mesteri.t_jobs', 'none', '22023'), ('TABLE mesteri.t_jobs', 'users', '22023'),
               ('TABLE mesteri.t_jobs', 'users via ', '42601'), ('TABLE mesteri.t_jobs', 'users via client_id |', '42601'),
               ('TABLE mesteri.t_jobs', 'users via client_id.', '42601'), ('TABLE mesteri.t_jobs', 'users via client_id craftsman_id', '42601'),
               ('TABLE mesteri.t_jobs', 'users via client_id)', '42601'), ('TABLE mesteri.t_talks', 'users via t_members(talk_id.user_id', '42601'),
               ('TABLE mesteri.t_jobs', 'users via client_id = client_id OR true', '42601'), ('TABLE mesteri.t_jobs', 'users via "client_id"', '42601'),
               ('TABLE mesteri.t_jobs', 'users via 1', '42601'), ('TABLE mesteri.t_jobs', 'users via nothing', '42703'), ('TABLE mesteri.t_jobs', 'users via ctid', '42703'),
               ('TABLE mesteri.t_jobs', 'users via note', '22023'), ('TABLE mesteri.t_jobs', 'users via other_id', '22023'),
               ('TABLE mesteri.t_jobs', 'users via note:users', '22023'), ('TABLE mesteri.t_jobs', 'users via other_id:nowhere', '42P01'),
               ('TABLE mesteri.t_jobs', 'users via id', '22023'), ('TABLE mesteri.t_jobs', 'users via client_id.user_id', '42703'),
               ('TABLE mesteri.t_members', 'users via user_id.id.id.email', '22023'),
               ('TABLE mesteri.t_talks', 'users via t_members(user_id).user_id', '22023'), ('TABLE mesteri.t_talks', 'users via nowhere(talk_id)', '42P01'),
               ('TABLE mesteri.t_talks', 'users via t_members(nothing)', '42703'), ('TABLE mesteri.t_talks', 'users via t_members(talk_id)', '22023')
       ) AS refused (object, label, code);
-- In a circle.
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_members IS 'users via talk_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_talks IS 'users via t_members(talk_id)';
SELECT throws_ok($$ SELECT mesteri.owner_condition('mesteri.t_talks', 'x') $$, '22023', NULL, 'in a circle');

-- By the extension's owner alone, although the tables belong to mesteri_owner.
SET LOCAL ROLE mesteri_owner;
CREATE FUNCTION pg_temp.relabel(label text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SECURITY LABEL FOR mesteri ON TABLE mesteri.users IS %L', label);
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END;
$$;
SELECT pg_temp.relabel('public') AS by_owner, pg_temp.relabel(NULL) AS taken_away \gset
RESET ROLE;
SELECT is(ARRAY[:'by_owner', :'taken_away'], '{42501,42501}', 'not by mesteri_owner');

SELECT * FROM finish();
ROLLBACK;
