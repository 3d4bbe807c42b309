-- The roles, and what CREATE EXTENSION makes of those that are there.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE documented (name text, may_login boolean, passes_rls boolean, has_members boolean);
INSERT INTO documented VALUES
    ('mesteri_owner', false, false, false), ('mesteri_ledger', false, false, false), ('mesteri_catalogue', false, false, false),
    ('mesteri_user', false, false, false), ('mesteri_staff', false, false, false), ('mesteri_reporter', false, false, false),
    ('mesteri_analyst', false, false, true), ('mesteri_proxy', true, false, false), ('mesteri_worker', true, false, false),
    ('mesteri_backup', true, true, false);
SELECT set_eq($$ SELECT rolname::text, rolcanlogin, rolbypassrls, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit FROM pg_roles WHERE rolname ~ '^mesteri_' $$,
              $$ SELECT name, may_login, passes_rls, false FROM documented $$, 'the roles are those documented, without other attributes');
SELECT ok((SELECT rolconfig @> '{log_parameter_max_length=0,log_parameter_max_length_on_error=0,jit=off}' FROM pg_roles WHERE rolname = 'mesteri_proxy'),
          'what the proxy passes stays out of the log');
SELECT ok((SELECT rolconfig @> '{log_parameter_max_length=0,log_parameter_max_length_on_error=0}' FROM pg_roles WHERE rolname = 'mesteri_worker'),
          'and what the worker passes');

-- DROP leaves nothing but roles; CREATE works again, in the same session.
SELECT lives_ok('DROP EXTENSION mesteri CASCADE', 'DROP EXTENSION');
SELECT hasnt_schema('mesteri');
SELECT hasnt_schema('api');
SELECT hasnt_schema('analytics');
SELECT hasnt_schema('ops');
SELECT is_empty('SELECT classid::regclass, objid FROM pg_shdepend WHERE refclassid = ''pg_authid''::regclass AND refobjid::regrole::text ~ ''^mesteri_''
                   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())', 'the roles own nothing any more');
SELECT lives_ok('CREATE EXTENSION mesteri CASCADE', 'CREATE EXTENSION finds its roles and takes them');
SELECT is((SELECT status FROM mesteri.request('GET', '/v1/feed')), 200, 'it serves');
SELECT is((SELECT status FROM mesteri.request('POST', '/v1/auth/register', body => '{"email":"ana@example.ro","phone_number":"0712345678","password":"correct horse","user_type":"client",
    "first_name":"Ana","last_name":"Pop"}')), 201, 'it writes');
SELECT lives_ok('DROP EXTENSION mesteri CASCADE', 'DROP EXTENSION once more');

CREATE ROLE stranger;
CREATE FUNCTION pg_temp.with_role(change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    EXECUTE 'CREATE EXTENSION mesteri CASCADE';
    RAISE EXCEPTION 'undo' USING ERRCODE = 'XX999';
EXCEPTION
    WHEN SQLSTATE 'XX999' THEN RETURN 'created';
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END;
$$;
SELECT is(pg_temp.with_role(format('ALTER ROLE %s %s', name, attribute)), format('42710 role "%s" exists and is not what mesteri needs', name), format('%s %s is refused', name, attribute))
  FROM documented, unnest('{SUPERUSER,CREATEROLE,CREATEDB,REPLICATION,INHERIT}'::text[] || CASE WHEN passes_rls THEN 'NOBYPASSRLS' ELSE 'BYPASSRLS' END
                          || CASE WHEN may_login THEN 'NOLOGIN' ELSE 'LOGIN' END) AS a (attribute);
SELECT is(pg_temp.with_role(format('GRANT %s TO %s', what, name)), format('42710 role "%s" exists and is a member of other roles', name), format('%s, a member of %s, is refused', name, what))
  FROM documented, unnest('{pg_read_all_data,stranger}'::text[]) AS m (what);
-- Whoever is a member of these roles can become them: just as bad.  Analysts are members of theirs.
SELECT is(pg_temp.with_role(format('GRANT %s TO stranger', name)), CASE WHEN has_members THEN 'created' ELSE format('42710 role "%s" exists and has members', name) END,
          format('somebody who is a member of %s', name))
  FROM documented;
SELECT is(pg_temp.with_role('GRANT CREATE ON SCHEMA public TO PUBLIC'), '42501 everybody may create objects beside btree_gist (schema public), pg_trgm (schema public), pgcrypto (schema public), postgis (schema public), unaccent (schema public)',
          'a schema in which everybody creates objects is refused');
-- Names that somebody planted.
SELECT isnt(pg_temp.with_role('CREATE SCHEMA mesteri'), 'created', 'a schema mesteri that is there is refused');
SELECT isnt(pg_temp.with_role('CREATE SCHEMA api'), 'created', 'a schema api that is there is refused');
SELECT isnt(pg_temp.with_role('CREATE SCHEMA analytics'), 'created', 'a schema analytics that is there is refused');
SELECT isnt(pg_temp.with_role('CREATE SCHEMA ops'), 'created', 'a schema ops that is there is refused');
SELECT is(pg_temp.with_role('SELECT 1'), 'created', 'without all that it is created');

SELECT finish();
ROLLBACK;
