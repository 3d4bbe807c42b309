/*
 * common.sql
 *		What both try, as the proxy and through the hole: attempts of a trap, what they are, and what must come of them.
 */
CREATE TEMP TABLE attempts (trap text, what text, statement text, expected text DEFAULT '^42501');
INSERT INTO attempts (trap, what, statement)
SELECT '11', format('%s %s', verb, target), format(CASE verb WHEN 'reads' THEN 'SELECT * FROM %s' WHEN 'forges a row of' THEN 'INSERT INTO %s DEFAULT VALUES'
                                                         WHEN 'deletes' THEN 'DELETE FROM %s' ELSE 'LOCK TABLE %s' END, target)
  FROM unnest('{mesteri.events,mesteri.outbox,mesteri.journal_entries,mesteri.journal_lines,mesteri.idempotency_keys,mesteri.users,mesteri.refresh_tokens,mesteri.token_families}'::text[]) WITH ORDINALITY AS t (target, place),
       unnest('{reads,forges a row of,deletes}'::text[]) WITH ORDINALITY AS v (verb, turn) ORDER BY place, turn;
INSERT INTO attempts (trap, what, statement) VALUES
    ('11', 'has a mail sent', 'SELECT mesteri.outbox_add(''mail.send'', ''mine'', ''{"to": "stranger@example.ro"}'')'),
    ('11', 'has a code sent', 'SELECT mesteri.message_add(NULL, ''email'', ''stranger@example.ro'', ''verify_email'', ''mine'')'),
    ('11', 'reads the codes that are to be sent', 'SELECT * FROM ops.sandbox_messages()'),
    ('11', 'erases somebody', 'SELECT mesteri.erase(''01900000-0000-7000-8000-000000000001'', ''self'')'),
    ('11', 'exports somebody', 'SELECT mesteri.export_json(''01900000-0000-7000-8000-000000000001'', ''ro'')'),
    ('22', 'gives the background worker something to do', 'INSERT INTO mesteri.jobs (name, function, every) VALUES (''mine'', ''mine'', ''1 s'')'),
    ('22', 'has the background worker do something else', 'UPDATE mesteri.jobs SET function = ''mine'''),
    ('22', 'adopts the database', 'UPDATE mesteri.instance SET adopted_as = ''recover'''),
    ('22', 'runs what is due', 'CALL ops.run_jobs()'),
    ('22', 'ends the background workers', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()'),
    ('11', 'makes itself somebody', 'UPDATE mesteri.users SET user_type = ''staff'''),
    ('11', 'lends itself a policy', 'CREATE POLICY mine ON mesteri.users USING (true)'),
    ('11', 'turns row security off', 'ALTER TABLE mesteri.users DISABLE ROW LEVEL SECURITY'),
    ('11', 'grants itself a table', 'GRANT SELECT ON mesteri.users TO PUBLIC'),
    ('11', 'copies a table into a file', 'COPY mesteri.users TO ''/tmp/users'''),
    ('11', 'sets a trigger on a table', 'CREATE TRIGGER mine BEFORE INSERT ON mesteri.users EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
    ('11', 'moves the numbers of contracts', 'SELECT nextval(''mesteri.contract_number_sequence'')'),
    ('11', 'replaces an endpoint', 'CREATE OR REPLACE FUNCTION api.jwks() RETURNS mesteri.answer LANGUAGE sql AS ''SELECT NULL::mesteri.answer'''),
    ('11', 'makes an endpoint', 'CREATE FUNCTION api.mine() RETURNS integer LANGUAGE sql AS ''SELECT 1'''),
    ('11', 'makes a function beside PostGIS', 'CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS ''SELECT 1'''),
    ('11', 'makes a schema', 'CREATE SCHEMA mine'),
    ('11', 'makes a role', 'CREATE ROLE mine SUPERUSER'),
    ('11', 'makes an extension', 'CREATE EXTENSION dblink'),
    ('11', 'takes a label away', 'SECURITY LABEL FOR mesteri ON TABLE mesteri.users IS NULL'),
    ('11', 'becomes the owner', 'SET ROLE mesteri_owner'),
    ('11', 'becomes the ledger', 'SET ROLE mesteri_ledger'),
    ('11', 'becomes the catalogue', 'SELECT set_config(''role'', ''mesteri_catalogue'', false)'),
    ('11', 'becomes the backup', 'SET ROLE mesteri_backup'),
    ('11', 'becomes postgres', 'SET SESSION AUTHORIZATION postgres'),
    ('11', 'skips triggers', 'SET session_replication_role = replica'),
    ('11', 'reads which key signs', 'SHOW mesteri.signing_key'),
    ('11', 'reads a file', 'SELECT pg_read_file(''mesteri_keys/secret.key'')'),
    ('11', 'lists the keys', 'SELECT pg_ls_dir(''mesteri_keys'')'),
    ('11', 'imports a file', 'SELECT lo_import(''/etc/passwd'')'),
    ('11', 'reads a large object', format('SELECT convert_from(lo_get(%s), ''UTF8'')', (SELECT min(oid) FROM pg_largeobject_metadata))),
    ('11', 'reads all large objects', 'SELECT * FROM pg_largeobject'),
    ('11', 'runs a program', 'COPY (SELECT 1) TO PROGRAM ''touch /tmp/mine'''),
    ('11', 'reads a program', 'CREATE TEMP TABLE t (x text); COPY t FROM PROGRAM ''id'''),
    ('11', 'loads a library', 'LOAD ''auto_explain'''),
    ('11', 'reads the roles'' passwords', 'SELECT rolpassword FROM pg_authid'),
    ('11', 'reads who may connect', 'SELECT * FROM pg_hba_file_rules'),
    ('11', 'changes a setting for all', 'SELECT pg_reload_conf()'),
    ('11', 'ends another session', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ''postgres'''),
    ('29', 'has parameters logged', 'SET log_parameter_max_length = -1'),
    ('29', 'has statements logged', 'SET log_statement = ''all'''),
    ('29', 'has durations logged', 'SET log_min_duration_statement = 0');
INSERT INTO attempts VALUES
    ('11', 'sets an identity', 'SET mesteri.current_user_id = ''00000000-0000-7000-8000-000000000002''', '^(42501|42602|42704)'),
    ('11', 'names another key', 'SET mesteri.signing_key = ''mine''', '^(42501|55P02)'),
    ('22', 'chooses the background worker''s databases', 'SET mesteri.databases = ''mine''', '^(42501|55P02)'),
    ('11', 'reads column statistics', 'SELECT tablename, most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = ''mesteri''', '^saw nothing$'),
    ('11', 'reads statistics themselves', 'SELECT stavalues1 FROM pg_statistic', '^42501'),
    ('11', 'reads what another session runs', 'SELECT DISTINCT query FROM pg_stat_activity WHERE usename = ''postgres''', '^saw \(?"?<insufficient privilege>'),
    ('11', 'looks for key settings', 'SELECT setting FROM pg_settings WHERE name IN (''mesteri.key_directory'', ''mesteri.signing_key'', ''mesteri.encryption_key'')', '^saw nothing$'),
    ('11', 'lifts row security', 'SET row_security = off; SELECT * FROM mesteri.users', '^42501'),
    ('24', 'prepares the transaction', 'PREPARE TRANSACTION ''mine''', '^(0A000|2D000|55000|25001|42601)'),
    ('24', 'commits in between', 'DO $do$ BEGIN COMMIT; END $do$', '^2D000'),
    ('11', 'runs a DO block', 'DO $do$ BEGIN PERFORM * FROM mesteri.users; END $do$', '^42501');
SELECT attack.line(trap, :'who', what, pg_temp.try(statement), expected) FROM attempts;
