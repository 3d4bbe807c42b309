/*
 * user.sql
 *		Whoever has found the hole in an endpoint: SQL as mesteri_user, with Ana's identity.
 */
\c - mesteri_proxy
SET client_min_messages = warning;
\set who mesteri_user
SET attack.token = :'ana';
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE sql AS $$ SELECT attack.through_hole(current_setting('attack.token'), statement) $$;
SELECT attack.line('11', :'who', 'looks who it is', pg_temp.try('SELECT current_user, mesteri.current_user_id() = ' || quote_literal(:'ana_id')), '^saw \(mesteri_user,t\)$');
\ir common.sql
\set own_functions '^(current_user_id|is_own|own_ids)$'
\ir functions.sql
-- Endpoints are its to call: it sees nothing of a stranger's.
SELECT attack.line('11', :'who', 'calls ' || name, outcome, '^(saw|2[0-9]|MS|42)') FROM called WHERE nspname = 'api' ORDER BY name;
SELECT attack.line('11', :'who', what, pg_temp.try(format('SELECT mesteri.own_ids(%L, ''mesteri.refresh_tokens'', %L)', id, path)), outcome)
  FROM (VALUES ('asks for its own sessions', :'ana_id', 'family_id', '^saw \("?{[0-9a-f]'), ('asks for a stranger''s sessions', :'stranger_id', 'family_id', '^saw \({}\)'),
               ('asks by a path of its own', :'ana_id', 'family_id) OR (true', '^22023')) AS p (what, id, path, outcome);
SELECT attack.line('11', :'who', 'asks whether a stranger''s session is his', pg_temp.try(format(
    'SELECT mesteri.is_own(%L, %L, ''mesteri.refresh_tokens'', ''family_id'')', :'stranger_family', caller)), '^saw \(f\)')
  FROM unnest(ARRAY[:'ana_id', :'stranger_id']) AS c (caller);
SELECT attack.line('11', :'who', 'forgets who it is', pg_temp.try('RESET ROLE'), '^42501');
SELECT attack.line('11', :'who', 'forgets who signed in', pg_temp.try('RESET SESSION AUTHORIZATION'), '^42501');
SELECT attack.line('11', :'who', 'makes a request within the request', pg_temp.try('SELECT status FROM mesteri.handle(1, NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL)'), '^42501');

-- With the rights of whoever answers: endpoints, with names planted in their way.
SELECT attack.line('11', :'who', 'plants ' || what || ' under an endpoint', pg_temp.try(plant || '; DO $do$ BEGIN PERFORM api.user_me(''ro''), api.auth_login(NULL, NULL, ''ana@example.ro'', ''wrong wrong''); END $do$'), '^ran$')
  FROM (VALUES ('a table', 'CREATE TEMP TABLE users AS SELECT; SET LOCAL search_path = pg_temp, mesteri, pg_catalog'),
               ('a type', 'CREATE FUNCTION pg_temp.caught() RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION ''lured %'', current_user; END $f$; '
                          'CREATE DOMAIN pg_temp.bytea AS pg_catalog.bytea CHECK (pg_temp.caught()); SET LOCAL search_path = pg_temp, mesteri, pg_catalog'),
               ('an operator', 'CREATE FUNCTION pg_temp.caught(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION ''lured %'', current_user; END $f$; '
                               'CREATE OPERATOR pg_temp.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = pg_temp.caught); SET LOCAL search_path = pg_temp, mesteri, pg_catalog')) AS p (what, plant);

-- What it leaves in the session that serves the next caller.
CREATE FUNCTION pg_temp.left_behind(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := current_setting(name, true);
    outcome text := attack.through_hole(current_setting('attack.token'), format('SELECT set_config(%L, %L, false)', name, value), true);
BEGIN
    RETURN CASE WHEN outcome !~ '^saw' THEN outcome WHEN coalesce(current_setting(name, true), '') = coalesce(before, '') THEN 'gone' ELSE 'left ' || current_setting(name, true) END;
END;
$$;
SELECT attack.line('11', :'who', format('leaves %s = %s behind', name, value), pg_temp.left_behind(name, value), '^gone$')
  FROM (VALUES ('search_path', 'pg_temp'), ('statement_timeout', '1'), ('lock_timeout', '1'), ('default_transaction_read_only', 'on'), ('row_security', 'off'), ('timezone', 'Asia/Tokyo'),
               ('datestyle', 'german'), ('client_min_messages', 'debug5'), ('debug_print_plan', 'on'), ('log_parameter_max_length_on_error', '-1'), ('transform_null_equals', 'on'),
               ('standard_conforming_strings', 'off'), ('application_name', 'mine'), ('bytea_output', 'escape'), ('my.note', 'ana was here')) AS s (name, value);
SELECT attack.through_hole(:'ana', 'PREPARE mine AS SELECT * FROM mesteri.users', true) \g /dev/null
SELECT attack.line('24', :'who', 'leaves a prepared statement behind', attack.attempt('EXECUTE mine'), '^(42501|26000)');
SELECT attack.line('24', :'who', 'leaves a cursor behind that asks who calls', attack.through_hole(:'ana', 'DECLARE mine CURSOR WITH HOLD FOR SELECT mesteri.current_user_id()', true), '^(ran|42501|0A000|55000)');
SELECT attack.line('24', :'who', 'and reads it afterwards', attack.attempt('FETCH mine'), '^(saw nothing|34000)');
SELECT attack.line('24', :'who', 'leaves a trigger behind that fires at the commit', attack.through_hole(:'ana',
    'CREATE TEMP TABLE later (i integer); CREATE TEMP TABLE told (outcome text); GRANT ALL ON told TO PUBLIC; '
    'CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO told VALUES (concat(current_user, '' '', attack.attempt(''SELECT * FROM mesteri.users''))); RETURN NULL; END $f$; '
    'CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.tell(); INSERT INTO later VALUES (1)', true), '^ran$');
SELECT attack.line('24', :'who', 'which sees', attack.attempt('SELECT outcome FROM told'), '^saw \("?mesteri_(user|proxy) 42501');

-- Nobody's token.
SELECT attack.line('11', :'who', 'looks who it is without a token', attack.through_hole(NULL, 'SELECT current_user, mesteri.current_user_id()'), '^saw \(mesteri_user,\)$');
SELECT attack.line('11', :'who', 'reads ' || target || ' without a token', attack.through_hole(NULL, 'SELECT * FROM ' || target), '^42501')
  FROM unnest('{mesteri.users,mesteri.events}'::text[]) AS t (target);
SELECT attack.line('11', 'mesteri_proxy', 'looks who it is after all these requests', attack.attempt('SELECT mesteri.current_user_id()'), '^42501');
