/*
 * 86-doctor.sql
 *		What is wrong with this database, found by asking it.
 *
 * A finding says what, on what evidence, and what to do.  Each function looks
 * at one thing; ops.doctor() asks them all.
 */
CREATE TYPE ops.severity AS ENUM ('error', 'warning', 'info');
COMMENT ON TYPE ops.severity
    IS 'error: something fails, or is open; warning: it will, or data may be lost; info: as it should be on a machine for development.';

CREATE TYPE ops.finding AS (severity ops.severity, finding text, evidence text, remedy text);
COMMENT ON TYPE ops.finding IS 'One line of ops.doctor().';

CREATE FUNCTION ops.doctor_settings() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH here AS (
        SELECT current_setting('mesteri.environment') AS environment, current_setting('mesteri.bcrypt_cost')::integer AS cost,
               (SELECT extversion FROM pg_extension WHERE extname = 'mesteri') AS version)
    SELECT 'error'::ops.severity, 'library and extension are of different versions',
           format('library %s, extension %s', mesteri.loaded_version(), version),
           'ALTER EXTENSION mesteri UPDATE; or restart the server, if its library is the older one.'
      FROM here WHERE mesteri.loaded_version() <> version
     UNION ALL
    SELECT 'warning', 'the library is not preloaded', 'shared_preload_libraries = ''' || current_setting('shared_preload_libraries') || '''',
           'Add mesteri to shared_preload_libraries and restart: until then every connection loads it anew, and requests whose clients hang up run on.'
     WHERE NOT regexp_split_to_array(current_setting('shared_preload_libraries'), '\s*,\s*') && '{mesteri,"$libdir/mesteri"}'
     UNION ALL
    SELECT 'info', 'this is not production', 'mesteri.environment = ' || environment,
           'In production, ALTER SYSTEM SET mesteri.environment = production; and reload.'
      FROM here WHERE environment <> 'production'
     UNION ALL
    SELECT CASE WHEN environment = 'production' THEN 'error' ELSE 'info' END::ops.severity, 'password hashes are cheap',
           'mesteri.bcrypt_cost = ' || cost, 'ALTER SYSTEM SET mesteri.bcrypt_cost = 12; and reload. In production nobody can sign in below that.'
      FROM here WHERE cost < 12
     UNION ALL
    SELECT 'error', 'parameters of requests may get into the server''s log', format('%s of %s is %s', s.name, r.rolname, coalesce(now.value, 'not set')),
           format('ALTER ROLE %I SET %s = 0;', r.rolname, s.name) || CASE WHEN now.here THEN format(' ALTER ROLE %I IN DATABASE %I RESET %s;',
                  r.rolname, current_database(), s.name) ELSE '' END
      FROM pg_roles r
     CROSS JOIN unnest('{log_parameter_max_length,log_parameter_max_length_on_error}'::text[]) AS s (name)
      LEFT JOIN LATERAL (
            SELECT split_part(line, '=', 2) AS value, setdatabase <> 0 AS here
              FROM pg_db_role_setting, unnest(setconfig) AS line
             WHERE setrole = r.oid AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
               AND split_part(line, '=', 1) = s.name
             ORDER BY setdatabase DESC LIMIT 1) AS now ON true
     WHERE r.rolname IN ('mesteri_proxy', 'mesteri_worker') AND now.value IS DISTINCT FROM '0'
     UNION ALL
    SELECT 'error', 'a crash may damage the data', name || ' = off', format('ALTER SYSTEM SET %s = on; and reload.', name)
      FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'
     UNION ALL
    SELECT 'error', 'autovacuum does not run', name || ' = off', format('ALTER SYSTEM SET %s = on; and reload.', name)
      FROM pg_settings WHERE name IN ('autovacuum', 'track_counts') AND setting = 'off';
    $$;
COMMENT ON FUNCTION ops.doctor_settings() IS 'Settings that lose data, show secrets or hold up requests.';

CREATE FUNCTION ops.doctor_roles() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT 'error'::ops.severity, 'a role is not what it should be', format('%s %s. %s', f.role, f.fault, f.detail), f.remedy
      FROM mesteri.role_faults() AS f
     UNION ALL
    SELECT CASE WHEN e.extname IS NOT NULL THEN 'error' ELSE 'warning' END::ops.severity, 'everybody may create objects in a schema',
           concat_ws(' ', 'schema', n.nspname, 'of extension ' || e.extname), format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', n.nspname)
      FROM pg_namespace n
     CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
      LEFT JOIN LATERAL (SELECT string_agg(extname, ', ' ORDER BY extname) AS extname FROM pg_extension
                          WHERE extnamespace = n.oid AND extname IN ('postgis', 'pgcrypto', 'unaccent', 'pg_trgm', 'btree_gist')) AS e ON true
     WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'
     UNION ALL
    SELECT 'warning', 'everybody may make temporary tables', 'database ' || current_database(),
           format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC;', current_database())
      FROM pg_database d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
     WHERE d.datname = current_database() AND a.grantee = 0 AND a.privilege_type = 'TEMPORARY'
     UNION ALL
    -- Schema ops is for whom a DBA likes; the rest is for our own roles, and tables are never the proxy's.
    SELECT CASE g.grantee WHEN 0 THEN 'error' ELSE 'warning' END::ops.severity, 'somebody may reach what is not his',
           format('%s on %s: %s', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.object, string_agg(g.privilege_type, ', ')),
           format('REVOKE ALL ON %s FROM %s;', g.object, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
      FROM (SELECT 'TABLE ' || c.oid::regclass, a.grantee, a.privilege_type, c.relkind IN ('r', 'p')
              FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
             WHERE c.relnamespace::regnamespace::text IN ('mesteri', 'analytics') AND c.relkind IN ('r', 'p', 'v')
             UNION ALL
            SELECT format('TABLE %s', t.attrelid::regclass), a.grantee, a.privilege_type, true
              FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN LATERAL aclexplode(t.attacl) AS a
             WHERE c.relnamespace::regnamespace::text IN ('mesteri', 'analytics')
             UNION ALL
            SELECT 'FUNCTION ' || p.oid::regprocedure, a.grantee, a.privilege_type, false
              FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
             WHERE p.pronamespace::regnamespace::text IN ('mesteri', 'api', 'analytics')
             UNION ALL
            SELECT format('SCHEMA %I', n.nspname), a.grantee, a.privilege_type, false
              FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a WHERE n.nspname IN ('mesteri', 'api', 'analytics')
           ) AS g (object, grantee, privilege_type, is_table)
      LEFT JOIN pg_roles r ON r.oid = g.grantee
     WHERE NOT coalesce(r.rolsuper, false)
       AND (NOT EXISTS (SELECT FROM mesteri.documented_roles() AS d WHERE d.name = r.rolname) OR g.is_table AND r.rolname = 'mesteri_proxy')
     GROUP BY g.object, g.grantee;
    $$;
COMMENT ON FUNCTION ops.doctor_roles() IS 'Roles that are not as documented, and what everybody may do.';

/*
 * Key files are named YYYYMMDD-xxxxxx by deploy/keys.sh; of another name no
 * age is known.
 */
CREATE FUNCTION ops.doctor_key(kind text, id text, longest interval, is_in_use boolean) RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT f.*
      FROM (SELECT CASE WHEN id ~ '^20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])-' THEN to_date(left(id, 8), 'YYYYMMDD') END AS made_on) AS k
     CROSS JOIN LATERAL (
        SELECT 'info'::ops.severity, 'the age of a key is not known', format('%s key %s', kind, id), 'Name key files YYYYMMDD-xxxxxx, as deploy/keys.sh does.'
         WHERE made_on IS NULL
         UNION ALL
        SELECT 'warning', 'a key is old', format('%s key %s, %s days', kind, id, current_date - made_on), 'Put a new one beside it; docs/operations.md says how.'
         WHERE is_in_use AND made_on < current_date - longest) AS f
    $$;
COMMENT ON FUNCTION ops.doctor_key(text, text, interval, boolean) IS 'What there is to say about one key''s age.';

CREATE FUNCTION ops.doctor_keys() RETURNS SETOF ops.finding
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    kids   text[];
    signs  text;
    hint   text;
BEGIN
    kids := ARRAY(SELECT k ->> 'kid' FROM json_array_elements(mesteri.jwks() -> 'keys') AS k ORDER BY 1);
    -- The one that signs says so in a token that it has signed.
    signs := convert_from(decode(rpad(translate(part, '-_', '+/'), (length(part) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::json ->> 'kid'
        FROM (SELECT split_part(mesteri.jwt_sign('{}'), '.', 1) AS part) AS header;
    RETURN QUERY SELECT f.* FROM unnest(kids) AS kid, LATERAL ops.doctor_key('signing', kid, interval '180 days', kid = signs) AS f;
    RETURN QUERY SELECT 'info'::ops.severity, 'an older signing key still verifies', 'signing key ' || kid,
                        format('Delete %s.pem once its tokens have expired, 15 minutes after the newer one began to sign.', kid)
                   FROM unnest(kids) AS kid WHERE kid < signs;
    RETURN QUERY SELECT * FROM ops.doctor_key('encryption', mesteri.encryption_key_id(), interval '365 days', true);
EXCEPTION WHEN config_file_error THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN QUERY SELECT 'error'::ops.severity, 'the keys cannot be used', SQLERRM, coalesce(nullif(hint, ''), 'deploy/keys.sh makes them.');
END;
$$;
COMMENT ON FUNCTION ops.doctor_keys() IS 'Whether the keys are there, and how old those in use are.';

CREATE FUNCTION ops.doctor_tables() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT 'warning'::ops.severity, 'partitions are missing', format('mesteri.%s: %s of the next %s', p.parent, count(*), p.ahead),
           format('SELECT mesteri.create_partitions(%L, current_date, current_date + %s);', 'mesteri.' || p.parent,
                  (current_date + p.ahead)::date - current_date)
      FROM mesteri.partition_plans p,
           generate_series(date_trunc(p.unit, now() AT TIME ZONE 'UTC'), now() AT TIME ZONE 'UTC' + p.ahead, ('1 ' || p.unit)::interval) AS start
     WHERE NOT EXISTS (SELECT FROM pg_inherits
                        WHERE inhparent = to_regclass(format('mesteri.%I', p.parent))
                          AND inhrelid = to_regclass(format('mesteri.%I', p.parent || to_char(start, CASE p.unit WHEN 'day' THEN '_YYYYMMDD' ELSE '_YYYYMM' END))))
     GROUP BY p.parent, p.ahead
     UNION ALL
    SELECT 'warning', 'dumps do not hold this', format('%s %s on %s', kind, name, relation), 'Keep its DDL and run it after a restore: ' || ddl
      FROM ops.local_objects
     UNION ALL
    SELECT 'error', 'something of mesteri''s own is ' || CASE WHEN o.name IS NULL THEN 'missing' ELSE 'altered' END,
           format('%s %s on %s', s.kind, s.name, s.relation) || coalesce(': ' || o.ddl, ''), 'Make it again, as sql/ of this release has it.'
      FROM mesteri.shipped_objects s
      LEFT JOIN mesteri.table_objects() AS o ON (o.kind, o.relation, o.name) = (s.kind, s.relation, s.name)
     WHERE o.name IS NULL OR md5(o.ddl) <> s.digest
     UNION ALL
    SELECT 'error', 'row security is off', c.oid::regclass::text,
           format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;', c.oid::regclass)
      FROM pg_class c
     WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
     UNION ALL
    SELECT 'warning', 'autovacuum is off for a table', c.oid::regclass::text, format('ALTER TABLE %s RESET (autovacuum_enabled);', c.oid::regclass)
      FROM pg_class c, unnest(c.reloptions) AS option
     WHERE c.relnamespace = 'mesteri'::regnamespace AND option IN ('autovacuum_enabled=false', 'autovacuum_enabled=off', 'autovacuum_enabled=0')
     UNION ALL
    SELECT 'warning', 'a table has no label', format('%s: %s', l.relation, string_agg(coalesce(l.column_name, 'whose its rows are'), ', ' ORDER BY l.column_name NULLS FIRST)),
           'LOAD ''mesteri''; SECURITY LABEL FOR mesteri ON ...; docs/architecture.md says which there are.'
      FROM mesteri.labels l WHERE l.class IS NULL AND l.owner_path IS NULL GROUP BY l.relation;
    $$;
COMMENT ON FUNCTION ops.doctor_tables() IS 'Partitions, row security, labels, and what a DBA has added or taken away.';

CREATE FUNCTION ops.doctor_instance() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT 'error'::ops.severity, 'these data belong to another database',
           format('recorded: cluster %s, timeline %s, database %s, %s; here: %s, %s, %s, %s', i.system_identifier, i.timeline, i.database_oid,
                  i.adopted_as, n.system_identifier, n.timeline, n.database_oid, current_setting('mesteri.environment')),
           'SELECT * FROM ops.after_restore(...): ''recover'' if this one takes its place, ''clone'' if that one goes on.'
      FROM mesteri.instance i, mesteri.instance_now() AS n WHERE mesteri.is_fenced()
     UNION ALL
    SELECT 'warning', 'the environment is not the recorded one', format('recorded: %s, here: %s', i.environment, current_setting('mesteri.environment')),
           'Set mesteri.environment as it was, or say SELECT mesteri.instance_record(adopted_as) FROM mesteri.instance WHERE adopted_as <> ''first''.'
      FROM mesteri.instance i WHERE i.environment <> current_setting('mesteri.environment') AND NOT mesteri.is_fenced();
    $$;
COMMENT ON FUNCTION ops.doctor_instance() IS 'Whether this database may act for its data.';

CREATE FUNCTION ops.doctor_engines() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT 'error'::ops.severity, 'an index of the engines cannot be used', format('mesteri.%s %s', e.name, CASE WHEN c.oid IS NULL THEN 'is missing' ELSE 'is not valid' END),
           format('%s; until then %s.', CASE WHEN c.oid IS NULL THEN 'Make it again, as sql/ of this release has it'
                                             ELSE format('REINDEX INDEX CONCURRENTLY mesteri.%I', e.name) END, e.effect)
      FROM (VALUES ('content_posts_feed', 'each page of the feed reads all posts'), ('content_posts_craftsman', 'pages of the followed read all posts'),
                   ('craftsman_profiles_match', 'each search reads all craftsmen'), ('craftsman_crafts_match', 'searches for a category read all craftsmen'),
                   ('craftsman_profiles_pkey', 'the feed, new posts and changes of their authors'' ratings are refused'),
                   ('craftsman_profiles_user_id_unique', 'the feed is refused'), ('user_profiles_user_id_unique', 'the feed is refused'),
                   ('content_posts_pkey', 'the feed is refused'), ('content_interactions_pkey', 'the feed is refused'),
                   ('blocks_pkey', 'the feed is refused'), ('blocks_blocked', 'the feed is refused'), ('feed_weights_pkey', 'the feed is refused')) AS e (name, effect)
      LEFT JOIN pg_class c ON c.relnamespace = 'mesteri'::regnamespace AND c.relname = e.name AND c.relkind = 'i'
      LEFT JOIN pg_index i ON i.indexrelid = c.oid
     WHERE i.indexrelid IS NULL OR NOT i.indisvalid;
    $$;
COMMENT ON FUNCTION ops.doctor_engines() IS 'Whether ranking has the indexes that it walks.';

CREATE FUNCTION ops.doctor_jobs() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT 'warning'::ops.severity, 'a job is overdue', format('%s, due since %s', s.name, date_trunc('second', greatest(s.due_at, i.adopted_at))),
           'Where mesteri is not preloaded or mesteri.databases leaves this one out, call each minute: CALL ops.run_jobs(); else look into the server''s log.'
      FROM mesteri.job_schedule s, mesteri.instance i
     WHERE s.is_enabled AND mesteri.jobs_may_run() AND greatest(s.due_at, i.adopted_at) < now() - interval '10 minutes'
     UNION ALL
    SELECT 'warning', 'a job fails', format('%s: %s', s.name, s.error), 'It is tried again within a minute.'
      FROM mesteri.job_schedule s WHERE s.is_enabled AND s.error IS NOT NULL
     UNION ALL
    SELECT 'info', 'a job is stopped', s.name, format('UPDATE mesteri.jobs SET is_enabled = true WHERE name = %L;', s.name)
      FROM mesteri.job_schedule s WHERE NOT s.is_enabled;
    $$;
COMMENT ON FUNCTION ops.doctor_jobs() IS 'Timed work that is late, fails, or was stopped.';

/*
 * Large tables are looked at in part: this is asked while people wait for the
 * answer.
 */
CREATE FUNCTION ops.doctor_counters() RETURNS SETOF ops.finding
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH looked AS (
        SELECT least(100, 100.0 * 1000 / greatest(max(relpages), 1))::real AS percent
          FROM pg_class WHERE oid IN ('mesteri.content_posts'::regclass, 'mesteri.craftsman_profiles'::regclass))
    SELECT CASE current_setting('mesteri.environment') WHEN 'production' THEN 'error' ELSE 'info' END::ops.severity, 'a counter is wrong',
           format('%s.%s of %s rows; %s: %s, recounted %s%s', w.relation, w.counter, count(*), min(w.id::text),
                  coalesce((array_agg(w.stored ORDER BY w.id::text))[1]::text, 'null'), coalesce((array_agg(w.recounted ORDER BY w.id::text))[1]::text, 'null'),
                  CASE WHEN l.percent < 100 THEN format('; looked at %s %%', round(l.percent::numeric, 1)) ELSE '' END),
           'CALL ops.mend_counters(); but not on demo data, whose counters stand for readers that it does not have.'
      FROM looked l CROSS JOIN LATERAL ops.wrong_counters(l.percent) AS w
     GROUP BY w.relation, w.counter, l.percent;
    $$;
COMMENT ON FUNCTION ops.doctor_counters() IS 'Counters of posts and craftsmen that are not their recount.';

CREATE FUNCTION ops.doctor() RETURNS TABLE (severity ops.severity, finding text, evidence text, remedy text)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    -- Its settings have their defaults only once the library is there.
    PERFORM mesteri.loaded_version();
    RETURN QUERY SELECT f.* FROM (SELECT * FROM ops.doctor_settings() UNION ALL SELECT * FROM ops.doctor_roles()
                                  UNION ALL SELECT * FROM ops.doctor_keys() UNION ALL SELECT * FROM ops.doctor_tables()
                                  UNION ALL SELECT * FROM ops.doctor_instance() UNION ALL SELECT * FROM ops.doctor_jobs()
                                  UNION ALL SELECT * FROM ops.doctor_engines() UNION ALL SELECT * FROM ops.doctor_counters()) AS f
                  ORDER BY f.severity, f.finding, f.evidence;
END;
$$;
COMMENT ON FUNCTION ops.doctor() IS 'What is wrong, how one sees it, and what to do; no row of error or warning: all is well.';
