\echo Use "CREATE EXTENSION mesteri CASCADE" to load this file. \quit

/*
 * 00-prelude.sql
 *		Roles, schemas, and the doors to the extensions we stand on.
 *
 * Roles belong to the cluster, not to the database: a second database finds
 * them there, and so might a role that somebody else made.  An existing role
 * is accepted only if it is exactly what docs/architecture.md says.
 */

-- Labels need their provider, which a session knows only once it has the library.
LOAD 'MODULE_PATHNAME';

CREATE SCHEMA mesteri;
COMMENT ON SCHEMA mesteri IS 'Tables, rules and engines of the marketplace; clients never name it.';

CREATE FUNCTION mesteri.documented_roles()
    RETURNS TABLE (name name, may_login boolean, passes_rls boolean, has_members boolean, attributes text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT name, may_login, passes_rls, has_members,
           concat_ws(' ', 'NOINHERIT', CASE WHEN may_login THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN passes_rls THEN 'BYPASSRLS' END)
      -- People who analyse are members of mesteri_analyst; nobody is a member of the others.
      FROM (VALUES ('mesteri_owner'::name, false, false, false),
                   ('mesteri_ledger',      false, false, false),
                   ('mesteri_catalogue',   false, false, false),
                   ('mesteri_user',        false, false, false),
                   ('mesteri_staff',       false, false, false),
                   ('mesteri_reporter',    false, false, false),
                   ('mesteri_analyst',     false, false, true),
                   ('mesteri_proxy',       true,  false, false),
                   ('mesteri_worker',      true,  false, false),
                   ('mesteri_backup',      true,  true,  false)) AS documented (name, may_login, passes_rls, has_members);
    $$;
COMMENT ON FUNCTION mesteri.documented_roles() IS 'The roles we need, their attributes, and whether others may be members of them.';

CREATE FUNCTION mesteri.role_faults() RETURNS TABLE (role name, fault text, detail text, remedy text)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT d.name, f.fault, f.detail, f.remedy
      FROM mesteri.documented_roles() d
      LEFT JOIN pg_roles r ON r.rolname = d.name
     CROSS JOIN LATERAL (
        SELECT 'is missing', format('It must be %s, with no other attribute.', d.attributes), format('CREATE ROLE %I %s;', d.name, d.attributes)
         WHERE r.oid IS NULL
         UNION ALL
        SELECT 'is not what mesteri needs', format('It must be %s, with no other attribute.', d.attributes),
               'Rename that role, or alter it to match.'
         WHERE r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolinherit
            OR r.rolcanlogin <> d.may_login OR r.rolbypassrls <> d.passes_rls
         UNION ALL
        SELECT 'is a member of other roles', 'Of ' || string_agg(m.roleid::regrole::text, ', ') || '.', 'Revoke those memberships first.'
          FROM pg_auth_members m WHERE m.member = r.oid HAVING count(*) > 0
         UNION ALL
        SELECT 'has members', string_agg(m.member::regrole::text, ', ') || '.', 'Revoke those memberships first.'
          FROM pg_auth_members m WHERE m.roleid = r.oid AND NOT d.has_members HAVING count(*) > 0) AS f (fault, detail, remedy);
    $$;
COMMENT ON FUNCTION mesteri.role_faults() IS 'How the roles of this cluster differ from those documented; no row: not at all.';

DO $roles$
DECLARE
    wanted record;
    wrong  record;
BEGIN
    FOR wanted IN
        SELECT * FROM mesteri.documented_roles() d WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = d.name)
    LOOP
        EXECUTE pg_catalog.format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
    END LOOP;

    FOR wrong IN SELECT * FROM mesteri.role_faults() LOOP
        RAISE EXCEPTION 'role "%" exists and %', wrong.role, wrong.fault
            USING ERRCODE = 'duplicate_object', DETAIL = wrong.detail, HINT = wrong.remedy;
    END LOOP;
END;
$roles$;

ALTER SCHEMA mesteri OWNER TO mesteri_owner;

-- What passes through these parameters includes passwords, tokens and addresses: they stay out of the server's log.
ALTER ROLE mesteri_proxy SET log_parameter_max_length = 0;
ALTER ROLE mesteri_proxy SET log_parameter_max_length_on_error = 0;
ALTER ROLE mesteri_worker SET log_parameter_max_length = 0;
ALTER ROLE mesteri_worker SET log_parameter_max_length_on_error = 0;
-- A request's plans are small and kept: compiling them would cost more than running them.
ALTER ROLE mesteri_proxy SET jit = off;

CREATE SCHEMA api AUTHORIZATION mesteri_owner;
COMMENT ON SCHEMA api IS 'One function per endpoint and the domains of their arguments: the only entry for clients.';
CREATE SCHEMA analytics AUTHORIZATION mesteri_owner;
COMMENT ON SCHEMA analytics IS 'Views for analysts: groups of people, nobody by name.';
CREATE SCHEMA ops AUTHORIZATION mesteri_owner;
COMMENT ON SCHEMA ops IS 'Views and functions for DBAs.';

/*
 * PostGIS, pgcrypto and unaccent may live in any schema, so a function with a
 * fixed search_path cannot name them.  These wrappers hold their oids instead:
 * a body written as an expression is parsed now, while they are visible, and
 * is inlined later, so that it costs nothing and indexes stay usable.
 */
DO $trusted$
DECLARE
    unsafe text;
BEGIN
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%I (schema %I)', e.extname, n.nspname), ', ')
      INTO unsafe
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) acl
     WHERE e.extname IN ('postgis', 'pgcrypto', 'unaccent', 'pg_trgm', 'btree_gist')
       AND acl.grantee = 0 AND acl.privilege_type = 'CREATE';
    IF unsafe IS NOT NULL THEN
        RAISE EXCEPTION 'everybody may create objects beside %', unsafe
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Somebody could put a function there that mesteri would call with its own rights.',
                  HINT = 'REVOKE CREATE ON SCHEMA ... FROM PUBLIC.';
    END IF;
END;
$trusted$;

CREATE FUNCTION mesteri.point(lat float8, lon float8) RETURNS geography
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography;
COMMENT ON FUNCTION mesteri.point(float8, float8) IS 'A place on the WGS 84 spheroid; degrees, latitude first.';

CREATE FUNCTION mesteri.latitude(place geography) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ST_Y(place::geometry);
COMMENT ON FUNCTION mesteri.latitude(geography) IS 'Degrees north of the equator.';

CREATE FUNCTION mesteri.longitude(place geography) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ST_X(place::geometry);
COMMENT ON FUNCTION mesteri.longitude(geography) IS 'Degrees east of Greenwich.';

CREATE FUNCTION mesteri.distance_m(a geography, b geography) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ST_Distance(a, b);
COMMENT ON FUNCTION mesteri.distance_m(geography, geography) IS 'Metres along the spheroid.';

CREATE FUNCTION mesteri.within_m(a geography, b geography, metres float8) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ST_DWithin(a, b, metres);
COMMENT ON FUNCTION mesteri.within_m(geography, geography, float8)
    IS 'Whether two places lie at most that many metres apart; inlined, so that a GiST index on either place serves it.';

CREATE FUNCTION mesteri.password_crypt(password text, salt_or_hash text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN crypt(password, salt_or_hash);
COMMENT ON FUNCTION mesteri.password_crypt(text, text) IS 'bcrypt of a password under a salt, or under the salt of a hash.';

CREATE FUNCTION mesteri.password_salt(cost integer) RETURNS text
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    RETURN gen_salt('bf', cost);
COMMENT ON FUNCTION mesteri.password_salt(integer) IS 'A new bcrypt salt of 2^cost rounds.';

CREATE FUNCTION mesteri.random_bytes(count integer) RETURNS bytea
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    RETURN gen_random_bytes(count);
COMMENT ON FUNCTION mesteri.random_bytes(integer) IS 'Bytes nobody can guess.';

CREATE FUNCTION mesteri.fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(unaccent('unaccent'::regdictionary, translate(value, 'ŞşŢţ', 'ȘșȚț')));
COMMENT ON FUNCTION mesteri.fold(text) IS 'How a word is compared when people leave out diacritics: lower case, bare letters.';

CREATE FUNCTION mesteri.resembles(needle text, haystack text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN word_similarity(needle, haystack) >= 0.6;
COMMENT ON FUNCTION mesteri.resembles(text, text) IS 'Whether a part of the second text is spelt nearly like the first.';
