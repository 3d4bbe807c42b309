/*
 * 85-ops.sql
 *		Whether this database may act for its data, what a DBA does after a restore, and what a dump would lose.
 */
CREATE FUNCTION mesteri.loaded_version() RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_loaded_version';
COMMENT ON FUNCTION mesteri.loaded_version() IS 'Version of the loaded library; handle() serves only while the extension''s is the same.';

/*
 * The fence.  Mails, payments and contract numbers of a copy would be sent,
 * made and given a second time.
 */
CREATE FUNCTION mesteri.instance_now(OUT system_identifier bigint, OUT timeline integer, OUT database_oid oid)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    -- The control file learns of a promotion at the next checkpoint only; a standby has nothing better.
    SELECT s.system_identifier,
           CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
                ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer END,
           (SELECT oid FROM pg_database WHERE datname = current_database())
      FROM pg_control_system() AS s;
    $$;
COMMENT ON FUNCTION mesteri.instance_now() IS 'What mesteri.instance would say if this database were recorded now.';

CREATE FUNCTION mesteri.is_fenced() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT EXISTS (SELECT FROM mesteri.instance i, mesteri.instance_now() AS n
                    WHERE (i.system_identifier, i.timeline, i.database_oid) IS DISTINCT FROM (n.system_identifier, n.timeline, n.database_oid)
                       -- A clone was refused in production when it was recorded; it does not get there by a setting either.
                       OR i.adopted_as = 'clone' AND current_setting('mesteri.environment') = 'production');
    $$;
COMMENT ON FUNCTION mesteri.is_fenced()
    IS 'Whether these data were recorded in another database, cluster or timeline, or as a clone that is in production now: nothing may act outside for them.';

CREATE FUNCTION mesteri.instance_record(kind text) RETURNS void
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    INSERT INTO mesteri.instance AS i (system_identifier, timeline, database_oid, environment, adopted_as)
    SELECT n.system_identifier, n.timeline, n.database_oid, current_setting('mesteri.environment'), kind
      FROM mesteri.instance_now() AS n
        ON CONFLICT (is_only) DO UPDATE
       SET system_identifier = excluded.system_identifier, timeline = excluded.timeline, database_oid = excluded.database_oid,
           environment = excluded.environment, adopted_at = now(), adopted_as = excluded.adopted_as
     WHERE kind <> 'first';
    $$;
COMMENT ON FUNCTION mesteri.instance_record(text) IS 'Records this database as the one that acts; first: only if none is recorded.';

CREATE FUNCTION mesteri.instance_check() RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM mesteri.instance) THEN
        PERFORM mesteri.instance_record('first');
    ELSIF mesteri.is_fenced() THEN
        PERFORM mesteri.refuse('upgrade_in_progress');
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.instance_check()
    IS 'To be called before anything that reaches outside: records this database the first time, refuses in a copy.';

CREATE FUNCTION ops.after_restore(kind text, even_if_recorded boolean DEFAULT false) RETURNS TABLE (done text, rows_count bigint)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    IF kind IS NULL OR kind NOT IN ('recover', 'clone') THEN
        RAISE EXCEPTION 'a restored database is a "recover" or a "clone", not "%"', kind
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'recover: it takes the place of the one that was lost. clone: that one goes on, and this is a copy.';
    ELSIF kind = 'clone' AND current_setting('mesteri.environment') = 'production' THEN
        RAISE EXCEPTION 'a clone cannot be in production' USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Set mesteri.environment to development, so that no provider is called.';
    END IF;
    LOCK TABLE mesteri.instance IN EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM mesteri.instance) AND NOT mesteri.is_fenced() AND NOT even_if_recorded THEN
        RAISE EXCEPTION 'this database is the one that is recorded' USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'All sessions would end and calls to the outside would stop.',
              HINT = 'Where a dump was restored in place, call it with even_if_recorded => true.';
    END IF;

    -- Numbers that were given after the backup are not given again.
    PERFORM setval('mesteri.contract_number_sequence', last_value + 1000000) FROM mesteri.contract_number_sequence;
    RETURN QUERY SELECT 'contract numbers moved ahead', 1000000::bigint;

    -- What was revoked or used after the backup would be good again.
    UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = 'restore' WHERE revoked_at IS NULL;
    GET DIAGNOSTICS rows_count = ROW_COUNT;
    RETURN QUERY SELECT 'sessions ended', after_restore.rows_count;
    DELETE FROM mesteri.password_resets WHERE used_at IS NULL;
    GET DIAGNOSTICS rows_count = ROW_COUNT;
    RETURN QUERY SELECT 'password resets deleted', after_restore.rows_count;
    DELETE FROM mesteri.verification_codes WHERE used_at IS NULL;
    GET DIAGNOSTICS rows_count = ROW_COUNT;
    RETURN QUERY SELECT 'verification codes deleted', after_restore.rows_count;

    IF kind = 'clone' THEN
        DELETE FROM mesteri.outbox;
        GET DIAGNOSTICS rows_count = ROW_COUNT;
        RETURN QUERY SELECT 'calls to the outside deleted', after_restore.rows_count;
    ELSE
        -- Which of them were made after the backup, nobody here knows.  Their codes and links have just been deleted.
        UPDATE mesteri.outbox
           SET status = 'dead', next_attempt_at = NULL, leased_by = NULL, leased_until = NULL, secret_encrypted = NULL,
               last_error = 'parked: the database was restored'
         WHERE status IN ('pending', 'running');
        GET DIAGNOSTICS rows_count = ROW_COUNT;
        RETURN QUERY SELECT 'calls to the outside parked', after_restore.rows_count;
    END IF;

    PERFORM mesteri.instance_record(kind);
    RETURN QUERY SELECT 'recorded as ' || kind, 1::bigint;
END;
$$;
COMMENT ON FUNCTION ops.after_restore(text, boolean)
    IS 'Makes a restored database fit to act: recover takes the place of the lost one, clone is a copy beside it. Says what it did.';

/*
 * What a dump loses.  Of a table that belongs to an extension, pg_dump writes
 * the rows and nothing else, so what a DBA has added to ours is not in it.
 */
CREATE FUNCTION mesteri.table_objects() RETURNS TABLE (kind text, relation text, name text, ddl text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS $$
    WITH ours AS (
        SELECT c.oid, c.reloptions
          FROM pg_extension e
          JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_class'::regclass
                              AND d.deptype = 'e'
          JOIN pg_class c ON c.oid = d.objid
         WHERE e.extname = 'mesteri' AND c.relkind IN ('r', 'p'))
    SELECT 'index', i.indrelid::regclass::text, x.relname::text, pg_get_indexdef(x.oid) || ';'
      FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class x ON x.oid = i.indexrelid
     WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.conrelid = i.indrelid)
     UNION ALL
    SELECT 'constraint', k.conrelid::regclass::text, k.conname::text,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s;', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
      FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
     WHERE k.conislocal AND k.contype <> 't'
     UNION ALL
    SELECT 'trigger', t.tgrelid::regclass::text, t.tgname::text,
           pg_get_triggerdef(t.oid) || ';'
           || CASE t.tgenabled WHEN 'O' THEN '' ELSE format(' ALTER TABLE %s %s TRIGGER %I;', t.tgrelid::regclass,
                  CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) END
      FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid
     WHERE NOT t.tgisinternal
     UNION ALL
    SELECT 'policy', p.polrelid::regclass::text, p.polname::text,
           format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s;', p.polname, p.polrelid::regclass,
                  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                  (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ') FROM unnest(p.polroles) AS r),
                  ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                  ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
      FROM ours JOIN pg_policy p ON p.polrelid = ours.oid
     UNION ALL
    SELECT 'setting', ours.oid::regclass::text, o, format('ALTER TABLE %s SET (%s);', ours.oid::regclass, o)
      FROM ours, unnest(ours.reloptions) AS o;
    $$;
COMMENT ON FUNCTION mesteri.table_objects()
    IS 'Indexes, constraints, triggers, policies and settings of the extension''s tables, ours and the DBA''s.';

-- Replaced by shipped_objects_record() when everything is there.
CREATE VIEW mesteri.shipped_objects AS
    SELECT NULL::text AS kind, NULL::text AS relation, NULL::text AS name, NULL::text AS digest WHERE false;
COMMENT ON VIEW mesteri.shipped_objects
    IS 'Which of mesteri.table_objects() ship with mesteri, and the MD5 of what makes them; a view, since what a script records in a table would be dumped or lost.';

CREATE FUNCTION mesteri.shipped_objects_record() RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    EXECUTE (SELECT format('CREATE OR REPLACE VIEW mesteri.shipped_objects AS SELECT * FROM (VALUES %s) AS shipped (kind, relation, name, digest)',
                           string_agg(format('(%L, %L, %L, %L)', kind, relation, name, md5(ddl)), ', ' ORDER BY relation, kind, name))
               FROM mesteri.table_objects()
              WHERE NOT coalesce(nullif(current_setting('mesteri_upgrade.local_objects', true), ''), '[]')::jsonb
                        @> jsonb_build_array(jsonb_build_array(kind, relation, name)));
END;
$$;
COMMENT ON FUNCTION mesteri.shipped_objects_record()
    IS 'Takes all that is there for shipped, but for what upgrade_begin() has remembered; for the end of scripts.';

CREATE VIEW ops.local_objects AS
    SELECT o.kind, o.relation, o.name, o.ddl
      FROM mesteri.table_objects() AS o
     WHERE NOT EXISTS (SELECT FROM mesteri.shipped_objects s WHERE (s.kind, s.relation, s.name) = (o.kind, o.relation, o.name))
     ORDER BY o.relation, o.kind, o.name;
COMMENT ON VIEW ops.local_objects
    IS 'What a DBA has added to tables of the extension: dumps do not hold it. Keep the DDL and run it after a restore.';

/*
 * What every upgrade script begins with, after LOAD, and what it ends with.
 */
CREATE FUNCTION mesteri.upgrade_begin() RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    PERFORM set_config('mesteri_upgrade.local_objects',
                       (SELECT coalesce(jsonb_agg(jsonb_build_array(kind, relation, name)), '[]')::text FROM ops.local_objects), true);
END;
$$;
COMMENT ON FUNCTION mesteri.upgrade_begin() IS 'Remembers what a DBA has added, so that the end of the upgrade script does not take it for shipped.';

CREATE FUNCTION mesteri.upgrade_end() RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    PERFORM mesteri.shipped_objects_record();
    -- Backends read routes and functions again, whether rows of the catalogue have changed or not.
    UPDATE mesteri.routes SET seeded = seeded WHERE false;
END;
$$;
COMMENT ON FUNCTION mesteri.upgrade_end() IS 'Takes what the upgrade script has made for shipped, and has every backend read the catalogue again.';
