-- What each role but the owner can reach: everything of it is listed here.
BEGIN;
SELECT no_plan();

-- Everything that a role may execute or read, but for pg_catalog and the members of other extensions.
CREATE FUNCTION pg_temp.executes(who name) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t' AND has_schema_privilege(who, n.oid, 'USAGE') AND has_function_privilege(who, p.oid, 'EXECUTE')
       AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND e.extname <> 'mesteri') $$;
CREATE FUNCTION pg_temp.touches(who name) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c.oid::regclass || ' ' || privilege FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
           unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)
     WHERE n.nspname IN ('mesteri', 'api', 'analytics', 'ops') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND (has_table_privilege(who, c.oid, privilege)
            OR privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(who, c.oid, privilege)) $$;

-- What the policies of mesteri_user ask: who is calling, and which values lead to him; the planner makes own_ids() of is_own().
CREATE FUNCTION pg_temp.asked() RETURNS SETOF name LANGUAGE sql AS $$
    SELECT DISTINCT p.proname FROM pg_policy l
      JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = l.oid AND d.refclassid = 'pg_proc'::regclass
      JOIN pg_proc p ON p.oid = d.refobjid
     WHERE 'mesteri_user'::regrole = ANY (l.polroles) AND p.proname IN ('current_user_id', 'is_own')
     UNION ALL SELECT 'own_ids' $$;

SELECT set_eq('SELECT pg_temp.executes(''mesteri_proxy'')', ARRAY[
    'mesteri.handle(integer,text,text[],text,text[],bytea,integer,inet,uuid,text,text)', 'mesteri.effects_apply(bytea[])',
    'mesteri.cancel(uuid[])'], 'the proxy calls three functions');
SELECT set_eq('SELECT pg_temp.touches(''mesteri_proxy'')', ARRAY[
    'mesteri.proxy_routes SELECT', 'mesteri.proxy_errors SELECT', 'mesteri.proxy_rules SELECT'], 'and reads three views');
SELECT set_eq('SELECT pg_temp.executes(''mesteri_user'')', 'SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = ''api''::regnamespace
                    UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = ''mesteri''::regnamespace AND proname IN (SELECT * FROM pg_temp.asked())',
              'a caller runs endpoints, what policies ask, and nothing else');
SELECT is_empty('SELECT pg_temp.touches(''mesteri_user'')', 'a caller touches no table');
SELECT set_eq('SELECT pg_temp.executes(''mesteri_analyst'')', $$ SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'analytics'::regnamespace AND proname ~ '^count_' $$,
              'an analyst runs what counts');
-- Roles that run nothing, and what they touch.
SELECT set_eq(format('SELECT pg_temp.executes(%L)', who), '{}'::text[], who || ' runs nothing')
  FROM unnest('{mesteri_staff,mesteri_worker,mesteri_ledger,mesteri_reporter,mesteri_backup}'::text[]) AS w (who);
SELECT set_eq(format('SELECT pg_temp.touches(%L)', who), '{}'::text[], who || ' touches nothing') FROM unnest('{mesteri_staff,mesteri_worker}'::text[]) AS w (who);
CREATE TEMP TABLE journal (name text);
INSERT INTO journal VALUES ('journal_accounts'), ('posted_commands'), ('provider_facts'), ('journal_entries'), ('journal_lines'), ('journal_digests');
SELECT set_eq('SELECT DISTINCT split_part(t, '' '', 1) FROM pg_temp.touches(''mesteri_ledger'') AS t', 'SELECT ''mesteri.'' || name FROM journal', 'the ledger touches the journal');
SELECT set_eq($$ SELECT t FROM pg_temp.touches('mesteri_owner') AS t WHERE split_part(t, ' ', 1) IN (SELECT 'mesteri.' || name FROM journal) $$,
              $$ SELECT format('mesteri.%s %s', name, privilege) FROM journal, unnest('{SELECT,INSERT}'::text[]) AS p (privilege) $$, 'the owner of all else adds to it and reads it');
SELECT set_eq('SELECT pg_temp.touches(''mesteri_analyst'')', ARRAY['analytics.posts SELECT', 'analytics.craftsmen SELECT', 'analytics.registrations SELECT'], 'an analyst reads three views');
SELECT set_eq('SELECT DISTINCT t FROM pg_temp.touches(''mesteri_reporter'') AS t WHERE t !~ ''^analytics''',
              ARRAY['mesteri.users SELECT', 'mesteri.user_profiles SELECT', 'mesteri.craftsman_profiles SELECT', 'mesteri.craft_categories SELECT', 'mesteri.content_posts SELECT'],
              'the reporter reads five tables');
SELECT set_eq($$ SELECT a.attrelid::regclass::text, a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                  WHERE c.relnamespace = 'mesteri'::regnamespace AND a.attnum > 0 AND has_column_privilege('mesteri_reporter', c.oid, a.attnum, 'SELECT') $$,
              $$ SELECT DISTINCT a.attrelid::regclass::text, a.attname::text FROM pg_proc f
                   JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
                   JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE f.pronamespace = 'analytics'::regnamespace $$,
              'just the columns that its functions use');
SELECT set_eq('SELECT pg_temp.touches(''mesteri_backup'')', $$ SELECT c.oid::regclass || ' SELECT' FROM pg_class c WHERE relnamespace = 'mesteri'::regnamespace AND relkind IN ('r', 'p', 'v') $$,
              'the backup reads every table');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'mesteri'::regnamespace AND relkind = 'S'
                      AND NOT (has_sequence_privilege('mesteri_backup', c.oid, 'SELECT') AND NOT has_sequence_privilege('mesteri_backup', c.oid, 'USAGE,UPDATE')) $$, 'and every sequence, and moves none');
SELECT mesteri.create_partitions('mesteri.events', '2031-01-01', '2031-01-01') \g /dev/null
SELECT ok(has_table_privilege('mesteri_backup', 'mesteri.events_20310101', 'SELECT'), 'partitions made later too');

SELECT set_eq('SELECT pg_temp.executes(''public'')', '{}'::text[], 'everybody: nothing');
SELECT is_empty('SELECT pg_temp.touches(''public'')', 'everybody: no table');

SELECT is_empty('SELECT r.rolname, n.nspname FROM pg_roles r, pg_namespace n WHERE rolname ~ ''^mesteri_'' AND rolname <> ''mesteri_owner''
                   AND nspname !~ ''^pg_t'' AND has_schema_privilege(r.oid, n.oid, ''CREATE'')', 'none but the owner makes objects in a schema');
SELECT is_empty('SELECT rolname FROM pg_roles WHERE rolname ~ ''^mesteri_'' AND has_database_privilege(oid, current_database(), ''CREATE'')', 'nor schemas');
SELECT is_empty('SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE roleid::regrole::text ~ ''^mesteri_'' OR member::regrole::text ~ ''^mesteri_''',
                'nobody is a member of these roles, nor they of others');

-- The catalogue reads what is public, and no column of a person's secrets.
SELECT is_empty('SELECT t FROM pg_temp.touches(''mesteri_catalogue'') AS t WHERE t !~ '' SELECT$'' AND t !~ ''^mesteri.public_craftsmen ''', 'the catalogue writes nothing; the view is its own');
SELECT is_empty($$ SELECT a.attrelid::regclass, a.attname FROM pg_attribute a WHERE a.attrelid IN ('mesteri.users'::regclass, 'mesteri.user_profiles'::regclass) AND attnum > 0
                      AND attname ~ 'email|phone|password|document|birth|address|postal|preferences|login'
                      AND has_column_privilege('mesteri_catalogue', a.attrelid, attnum, 'SELECT') $$, 'the catalogue sees no contact and no secret');
SELECT is_empty($$ SELECT t FROM unnest('{mesteri.token_families,mesteri.refresh_tokens,mesteri.login_failures}'::regclass[]) AS u (t)
                    WHERE has_any_column_privilege('mesteri_catalogue', t, 'SELECT') $$, 'the catalogue sees no session');

/*
 * Not asked but tried: each table, each function.  Rows are there to be seen.
 */
SELECT mesteri.request('POST', '/v1/auth/register', body => '{"email":"ana@example.ro","phone_number":"0712345678","password":"correct horse",
    "user_type":"craftsman","first_name":"Ana","last_name":"Pop"}') \g /dev/null
SELECT is((SELECT count(*) FROM mesteri.users), 1::bigint, 'there is somebody to be seen');

CREATE FUNCTION pg_temp.attempt(who name, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text := 'ran';
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    BEGIN
        EXECUTE command;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'XX999';
    EXCEPTION WHEN OTHERS THEN
        state := CASE SQLSTATE WHEN 'XX999' THEN 'ran' ELSE SQLSTATE END;
    END;
    RESET ROLE;
    RETURN state;
END;
$$;
SELECT is(pg_temp.attempt(who, format(command, c.oid::regclass)), '42501', format('%s: ' || command, who, c.oid::regclass))
  FROM pg_class c, unnest('{mesteri_user,mesteri_proxy,mesteri_staff,mesteri_worker,mesteri_analyst}'::name[]) AS w (who),
       unnest('{SELECT count(*) FROM %s,DELETE FROM %s,TRUNCATE %s,LOCK TABLE %s}'::text[]) AS t (command)
 WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p')
 ORDER BY c.relname, who, command;
SELECT is(pg_temp.attempt(who, format('SELECT count(*) FROM %s', c.oid::regclass)), CASE WHEN who = 'mesteri_proxy' AND relname ~ '^proxy_(routes|errors|rules)$' THEN 'ran' ELSE '42501' END,
          format('%s: %s', who, c.oid::regclass))
  FROM pg_class c, unnest('{mesteri_user,mesteri_proxy,mesteri_staff,mesteri_worker,mesteri_analyst}'::name[]) AS w (who)
 WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'v' ORDER BY c.relname, who;

-- The arguments come from a subquery: a strict function of constant nulls would not be called at all.
CREATE FUNCTION pg_temp.call_of(function oid) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT %s(%s) FROM (SELECT 1%s OFFSET 0) AS a', p.oid::regproc, string_agg('a' || n, ', ' ORDER BY n),
                  string_agg(', NULL::' || format_type(t, NULL) || ' AS a' || n, '' ORDER BY n))
      FROM pg_proc p LEFT JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) ON true WHERE p.oid = function GROUP BY p.oid $$;
-- What takes something internal cannot be called at all: nothing can be cast to it.
SELECT matches(pg_temp.attempt(who, replace(pg_temp.call_of(p.oid), '::anyelement', '::text')),
               CASE WHEN 'internal'::regtype = ANY (p.proargtypes) THEN '^42(501|846)$' ELSE '^42501$' END, format('%s: %s', who, p.oid::regprocedure))
  FROM pg_proc p, unnest('{mesteri_user,mesteri_proxy,mesteri_staff,mesteri_worker,mesteri_analyst}'::name[]) AS w (who)
 WHERE p.pronamespace = 'mesteri'::regnamespace AND NOT (who = 'mesteri_proxy' AND p.proname IN ('handle', 'effects_apply', 'cancel'))
   AND NOT (who = 'mesteri_user' AND p.proname IN (SELECT * FROM pg_temp.asked()))
 ORDER BY p.proname, who;
SELECT is(pg_temp.attempt('mesteri_proxy', pg_temp.call_of(p.oid)), '42501', format('mesteri_proxy: %s', p.oid::regprocedure))
  FROM pg_proc p WHERE p.pronamespace = 'api'::regnamespace ORDER BY p.proname;
SELECT is(pg_temp.attempt('mesteri_proxy', c), '42501', 'mesteri_proxy: ' || c)
  FROM unnest('{CREATE SCHEMA x,CREATE TABLE mesteri.x (),CREATE FUNCTION api.x() RETURNS int LANGUAGE sql RETURN 1,CREATE ROLE x,SET session_replication_role = replica}'::text[]) AS t (c);
SELECT isnt(pg_temp.attempt('mesteri_proxy', 'SET mesteri.key_directory = ''x'''), 'ran', 'mesteri_proxy: no setting of ours');
SELECT is(pg_temp.attempt('mesteri_proxy', 'SHOW mesteri.key_directory'), '42501', 'mesteri_proxy: where the keys lie');
SELECT is(pg_temp.attempt('mesteri_user', 'SHOW mesteri.signing_key'), '42501', 'mesteri_user: which key signs');

/*
 * An endpoint called by itself, without a request: it has no caller, shows nothing, changes nothing.
 */
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    target regclass;
    digest text := '';
    part   text;
BEGIN
    FOR target IN SELECT oid FROM pg_class WHERE relnamespace = 'mesteri'::regnamespace AND relkind = 'r' ORDER BY relname LOOP
        EXECUTE format('SELECT md5(coalesce(string_agg(t::text, '','' ORDER BY t::text), '''')) FROM %s t', target) INTO part;
        digest := md5(digest || part);
    END LOOP;
    RETURN digest;
END;
$$;
SELECT is(mesteri.current_user_id(), NULL, 'nobody calls outside a request');
SELECT is(mesteri.current_session_id(), NULL, 'no session');
SELECT is(mesteri.current_user_type(), NULL, 'no kind of account');
SELECT pg_temp.digest() AS digest \gset
CREATE FUNCTION pg_temp.as_caller(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    SET LOCAL ROLE mesteri_user;
    BEGIN
        EXECUTE call INTO result;
    EXCEPTION WHEN OTHERS THEN
        result := SQLSTATE;
    END;
    RESET ROLE;
    RETURN result;
END;
$$;
SELECT unalike(pg_temp.as_caller('SELECT api.user_me(''ro'')'), '%ana@example.ro%', 'user_me shows nobody');
SELECT unalike(pg_temp.as_caller('SELECT api.user_update(''ro'', ''*'', ''{first_name}'', first_name => ''Eva'')'), '%ana@example.ro%', 'user_update shows nobody');
SELECT isnt(pg_temp.as_caller('SELECT api.auth_logout()'), NULL, 'auth_logout');
SELECT is(pg_temp.digest(), :'digest', 'and nothing has changed');
SELECT unalike(pg_temp.as_caller(pg_temp.call_of(p.oid)), '%@example.ro%', p.proname || ' shows nobody') FROM pg_proc p WHERE pronamespace = 'api'::regnamespace ORDER BY proname;

-- From within an endpoint another request cannot be made.
CREATE FUNCTION api.probe() RETURNS mesteri.answer LANGUAGE sql SECURITY DEFINER AS $$
    SELECT ROW(h.status, NULL, NULL, NULL, NULL, NULL, NULL)::mesteri.answer FROM mesteri.handle(mesteri.route_id('GET', '/v1/feed'), NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL) AS h $$;
GRANT EXECUTE ON FUNCTION api.probe() TO mesteri_user;
INSERT INTO mesteri.routes SELECT mesteri.route_id('GET', '/v1/probe'), 'GET', '/v1/probe', 'probe', '{anonymous}', 'api', 'test', 'no', true, 'read', 1000, 0, 'test';
SELECT throws_ok('SELECT * FROM mesteri.request(''GET'', ''/v1/probe'')', '55006', NULL, 'handle() does not nest');
-- And a GET writes nothing, even if it tries.
CREATE OR REPLACE FUNCTION api.probe() RETURNS mesteri.answer LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
BEGIN
    EXECUTE 'DELETE FROM mesteri.users';
    RETURN ROW(200, NULL, NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END $$;
SELECT throws_ok('SELECT * FROM mesteri.request(''GET'', ''/v1/probe'')', '25006', NULL, 'a GET does not write');
-- While an endpoint runs, it is mesteri_user, whoever called.
CREATE OR REPLACE FUNCTION api.probe() RETURNS mesteri.answer LANGUAGE sql STABLE SECURITY INVOKER AS $$
    SELECT ROW(200, json_build_object('user', current_user), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
SELECT is((SELECT body ->> 'user' FROM mesteri.request('GET', '/v1/probe')), 'mesteri_user', 'endpoints start as mesteri_user');
SELECT is(current_user, session_user, 'and it ends with them');
SELECT is(current_setting('transaction_read_only'), 'off', 'as does being read-only');
SELECT is((SELECT status FROM mesteri.request('GET', '/v1/feed?lat=91')), 400, 'an error');
SELECT is(current_user, session_user, 'leaves no other role behind either');


/*
 * What handle() reads as the owner it reads with the operators of pg_catalog, whatever search_path the proxy's session
 * was given: in this schema stand operators that fit better than any, and whoever calls them is found out.
 */
CREATE SCHEMA lure;
GRANT USAGE ON SCHEMA lure TO PUBLIC;
DO $$
DECLARE
    operand regtype;
    symbol  text;
BEGIN
    FOR operand IN SELECT unnest('{text,name,oid,smallint,integer,bigint,boolean,uuid,bytea,text[],timestamptz,mesteri.user_type}'::regtype[]) LOOP
        EXECUTE format('CREATE FUNCTION lure.caught(%1$s, %1$s) RETURNS boolean LANGUAGE plpgsql AS
            ''BEGIN RAISE EXCEPTION USING MESSAGE = concat(''''lured '''', current_user); END''', operand);
        FOREACH symbol IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR lure.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = lure.caught)', symbol, operand);
        END LOOP;
        EXECUTE format('CREATE FUNCTION lure.count(%1$s) RETURNS bigint LANGUAGE plpgsql AS
            ''BEGIN RAISE EXCEPTION USING MESSAGE = concat(''''lured '''', current_user); END''', operand);
    END LOOP;
END $$;
-- The last assignment that needs an operator stands before the search path is changed.
CREATE FUNCTION pg_temp.lured(method text, path text, token text DEFAULT NULL, headers text[] DEFAULT NULL, body text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    call   text := format('SELECT status FROM mesteri.handle(%s, %L, NULL, NULL, %L, %L, 5000, NULL, NULL, NULL, ''ro'')', mesteri.route_id(method, path), token, headers,
                          convert_to(body, 'UTF8'));
    result text;
BEGIN
    BEGIN
        SET LOCAL ROLE mesteri_proxy;
        SET LOCAL search_path = lure, pg_catalog;
        EXECUTE call INTO result;
    EXCEPTION WHEN OTHERS THEN
        result := SQLERRM;
    END;
    RESET ROLE;
    SET LOCAL search_path = public, pg_catalog;
    RETURN result;
END;
$$;
CREATE FUNCTION pg_temp.tempted() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    SET LOCAL search_path = lure, pg_catalog;
    result := 'a' = 'b'::text;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END;
$$;
SELECT is(pg_temp.tempted(), 'lured ' || session_user, 'whoever looks an operator up there is caught');
SELECT body -> 'tokens' ->> 'access_token' AS lured
  FROM mesteri.request('POST', '/v1/auth/login', body => '{"email_or_phone":"ana@example.ro","password":"correct horse"}') \gset
UPDATE mesteri.routes SET source = source;
SELECT is(pg_temp.lured('GET', '/v1/categories'), '200', 'routes are read again, and nobody is caught');
SELECT is(pg_temp.lured('GET', '/v1/users/me', :'lured'), '200', 'a token and its session');
UPDATE mesteri.routes SET source = source;
SELECT is(pg_temp.lured('PUT', '/v1/users/me', :'lured', '{if-match,*}', '{"city":"Dej"}'), '200', 'a request''s header');
-- An endpoint is planned then too, and its defaults evaluated.
CREATE OR REPLACE FUNCTION api.probe(flag boolean DEFAULT ('a' = 'b'::text), words text[] DEFAULT '{a}', n bigint DEFAULT 1 + 1) RETURNS mesteri.answer LANGUAGE sql STABLE
    AS $$ SELECT ROW(200, to_json(flag), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
DROP FUNCTION api.probe();
GRANT EXECUTE ON FUNCTION api.probe TO mesteri_user;
SELECT is(pg_temp.lured('GET', '/v1/probe'), '200', 'a default');

SELECT finish();
ROLLBACK;
