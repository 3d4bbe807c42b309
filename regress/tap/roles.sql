-- The roles, and what CREATE EXTENSION makes of those that are there.
BEGIN;
SELECT no_plan();

SELECT results_eq($$ SELECT rolname::text COLLATE "C", rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR rolinherit FROM pg_roles WHERE rolname ~ '^mesteri_' ORDER BY 1 $$,
                  $$ VALUES ('mesteri_catalogue'::text COLLATE "C", false, false), ('mesteri_owner', false, false), ('mesteri_proxy', true, false), ('mesteri_user', false, false) $$,
                  'four roles, one of which may log in, without any attribute');
SELECT ok((SELECT rolconfig @> '{log_parameter_max_length=0,log_parameter_max_length_on_error=0,jit=off}' FROM pg_roles WHERE rolname = 'mesteri_proxy'),
          'what the proxy passes stays out of the log');

-- DROP leaves nothing but roles; CREATE works again, in the same session.
SELECT lives_ok('DROP EXTENSION mesteri CASCADE', 'DROP EXTENSION');
SELECT hasnt_schema('mesteri');
SELECT hasnt_schema('api');
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
SELECT is(pg_temp.with_role(format('ALTER ROLE %s %s', who, attribute)), format('42710 role "%s" exists and is not what mesteri needs', who), format('%s %s is refused', who, attribute))
  FROM unnest('{mesteri_owner,mesteri_catalogue,mesteri_user,mesteri_proxy}'::text[]) AS w (who),
       unnest('{SUPERUSER,CREATEROLE,CREATEDB,REPLICATION,BYPASSRLS,INHERIT}'::text[]) AS a (attribute);
SELECT is(pg_temp.with_role(format('ALTER ROLE %s %s', who, CASE who WHEN 'mesteri_proxy' THEN 'NOLOGIN' ELSE 'LOGIN' END)),
          format('42710 role "%s" exists and is not what mesteri needs', who), format('%s, whose login is otherwise, is refused', who))
  FROM unnest('{mesteri_owner,mesteri_catalogue,mesteri_user,mesteri_proxy}'::text[]) AS w (who);
SELECT is(pg_temp.with_role(format('GRANT %s TO %s', what, who)), format('42710 role "%s" exists and is a member of other roles', who), format('%s, a member of %s, is refused', who, what))
  FROM unnest('{mesteri_owner,mesteri_catalogue,mesteri_user,mesteri_proxy}'::text[]) AS w (who), unnest('{pg_read_all_data,stranger}'::text[]) AS m (what);
-- Whoever is a member of these roles can become them: just as bad.
SELECT isnt(pg_temp.with_role(format('GRANT %s TO stranger', who)), 'created', format('somebody who is a member of %s is refused', who))
  FROM unnest('{mesteri_owner,mesteri_catalogue,mesteri_user,mesteri_proxy}'::text[]) AS w (who);
SELECT is(pg_temp.with_role('GRANT CREATE ON SCHEMA public TO PUBLIC'), '42501 everybody may create objects beside btree_gist (schema public), pg_trgm (schema public), pgcrypto (schema public), postgis (schema public), unaccent (schema public)',
          'a schema in which everybody creates objects is refused');
-- Names that somebody planted.
SELECT isnt(pg_temp.with_role('CREATE SCHEMA mesteri'), 'created', 'a schema mesteri that is there is refused');
SELECT isnt(pg_temp.with_role('CREATE SCHEMA api'), 'created', 'a schema api that is there is refused');
SELECT is(pg_temp.with_role('SELECT 1'), 'created', 'without all that it is created');

SELECT finish();
ROLLBACK;
