/*
 * others.sql
 *		The other roles, what is not there yet, and whether anything has changed.
 */
\c - mesteri_worker
SET client_min_messages = warning;
SELECT attack.line('22', 'mesteri_worker', what, attack.attempt(statement), '^42501')
  FROM (VALUES ('claims a call to the outside', 'UPDATE mesteri.outbox SET leased_by = ''mine'''), ('reads calls to the outside', 'SELECT * FROM mesteri.outbox'),
               ('makes a request', 'SELECT mesteri.handle(1, NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL)'), ('reads accounts', 'SELECT * FROM mesteri.users'),
               ('becomes the owner', 'SET ROLE mesteri_owner'), ('has parameters logged', 'SET log_parameter_max_length = -1')) AS a (what, statement);

\c - mesteri_backup
SET client_min_messages = warning;
SELECT attack.line('11', 'mesteri_backup', what, attack.attempt(statement), '^42501')
  FROM (VALUES ('changes an account', 'UPDATE mesteri.users SET user_type = ''staff'''), ('deletes sessions', 'DELETE FROM mesteri.token_families'), ('posts to the journal', 'INSERT INTO mesteri.journal_entries DEFAULT VALUES'),
               ('moves the numbers of contracts', 'SELECT nextval(''mesteri.contract_number_sequence'')'), ('decrypts', 'SELECT mesteri.decrypt(''x'', ''\x00'')'), ('becomes the owner', 'SET ROLE mesteri_owner')) AS a (what, statement);

\c - postgres
SET client_min_messages = warning;
-- Roles that nobody signs in as.
SELECT attack.line('11', who, what, (attack.as_role(who, statement)), '^42501')
  FROM (VALUES ('mesteri_owner', 'changes the journal', 'UPDATE mesteri.journal_entries SET reason = ''mine'''), ('mesteri_owner', 'deletes from the journal', 'DELETE FROM mesteri.journal_lines'),
               ('mesteri_owner', 'grants itself the journal', 'GRANT DELETE ON mesteri.journal_lines TO mesteri_owner; DELETE FROM mesteri.journal_lines'), ('mesteri_owner', 'reads a file', 'SELECT pg_read_file(''PG_VERSION'')'), ('mesteri_ledger', 'reads accounts', 'SELECT * FROM mesteri.users'),
               ('mesteri_catalogue', 'reads addresses', 'SELECT email FROM mesteri.users'), ('mesteri_catalogue', 'reads sessions', 'SELECT * FROM mesteri.token_families'),
               ('mesteri_catalogue', 'signs a token', 'SELECT mesteri.jwt_sign(''{}'')'), ('mesteri_reporter', 'reads addresses', 'SELECT email FROM mesteri.users'),
               ('mesteri_analyst', 'reads accounts', 'SELECT * FROM mesteri.users'), ('mesteri_analyst', 'reads which craftsman is whose', 'SELECT user_id FROM mesteri.craftsman_profiles'),
               ('mesteri_staff', 'reads accounts', 'SELECT * FROM mesteri.users'), ('mesteri_staff', 'calls an endpoint', 'SELECT api.user_me(''ro'')')) AS a (who, what, statement);
SELECT attack.line('11', 'mesteri_owner', 'drops the journal, whose schema is its own', attack.as_role('mesteri_owner', 'DROP TABLE mesteri.journal_lines CASCADE'), '^2BP01');
SELECT attack.line('11', 'mesteri_analyst', 'has the rows of a group too small counted', attack.as_role('mesteri_analyst', 'EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM analytics.registrations WHERE user_type = ''client'''), '^saw (?!.*"Relation Name").*"Function Name"');

SELECT attack.not_built('23', 'streams: emit() outside of its transaction', EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'mesteri'::regnamespace AND proname ~ '^emit'));
SELECT attack.not_built('25', 'what is told without a row: typing, presence', EXISTS (SELECT FROM pg_class WHERE relnamespace = 'mesteri'::regnamespace AND relpersistence = 'u'));
SELECT attack.not_built('28', 'tickets of other people: ws_open(), events_fetch()', EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'mesteri'::regnamespace AND proname IN ('ws_open', 'events_fetch')));
SELECT attack.not_built('22', 'calls to the outside: who claims and finishes them', EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'mesteri'::regnamespace AND proname ~ '^(worker_|outbox_(claim|finish|done))'));

-- What had a part in the attempts is known: Ana's own account, and her sessions.
SELECT attack.line('11', 'postgres', 'looks whether anything has changed', CASE WHEN attack.digest() = :'digest' THEN 'all as before' ELSE 'changed' END, '^all as before$');
SELECT attack.line('11', 'postgres', 'looks whether an object, a right or a role has', CASE WHEN attack.catalog_digest() = :'catalog_digest' THEN 'all as before' ELSE 'changed' END, '^all as before$');
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS stranger' AND pid <> pg_backend_pid() \g /dev/null
