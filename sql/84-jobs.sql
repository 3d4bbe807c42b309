/*
 * 84-jobs.sql
 *		Work that time brings: what is due, who runs it, what came of it.
 *
 * A run is noted as begun in a transaction of its own, then done in another:
 * so everybody sees what runs, and what was cut off.  While it runs its row is
 * locked; a run without an end whose row is not locked is dead.
 */
CREATE VIEW mesteri.job_schedule AS
    SELECT j.name, j.function, j.every, j.is_enabled, r.id AS run, r.started_at, r.ended_at, r.rows_count, r.error,
           CASE WHEN r.id IS NULL THEN '-infinity'
                WHEN r.ended_at IS NULL THEN r.started_at + interval '1 minute'
                WHEN r.error IS NOT NULL THEN r.started_at + least(j.every, interval '1 minute')
                ELSE r.started_at + j.every END AS due_at
      FROM mesteri.jobs j
      LEFT JOIN LATERAL (SELECT * FROM mesteri.job_runs r WHERE r.job = j.name ORDER BY r.started_at DESC LIMIT 1) AS r ON true;
COMMENT ON VIEW mesteri.job_schedule IS 'Each job, its last run, and when it is due again: after a failure within a minute.';
COMMENT ON COLUMN mesteri.job_schedule.name IS 'As in jobs.';
COMMENT ON COLUMN mesteri.job_schedule.function IS 'As in jobs.';
COMMENT ON COLUMN mesteri.job_schedule.every IS 'As in jobs.';
COMMENT ON COLUMN mesteri.job_schedule.is_enabled IS 'As in jobs.';
COMMENT ON COLUMN mesteri.job_schedule.run IS 'Its last run; null: none that is still kept.';
COMMENT ON COLUMN mesteri.job_schedule.started_at IS 'When that began.';
COMMENT ON COLUMN mesteri.job_schedule.ended_at IS 'When that ended; null: it runs, or was cut off.';
COMMENT ON COLUMN mesteri.job_schedule.rows_count IS 'How many rows that dealt with.';
COMMENT ON COLUMN mesteri.job_schedule.error IS 'What stopped that; null: nothing.';
COMMENT ON COLUMN mesteri.job_schedule.due_at IS 'When the next one should begin, if it is enabled.';

CREATE FUNCTION mesteri.jobs_may_run() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    -- No instance is recorded: nobody lives here yet, and perhaps a restore is under way.
    SELECT NOT pg_is_in_recovery() AND EXISTS (SELECT FROM mesteri.instance) AND NOT mesteri.is_fenced()
       AND mesteri.loaded_version() = (SELECT extversion FROM pg_extension WHERE extname = 'mesteri');
    $$;
COMMENT ON FUNCTION mesteri.jobs_may_run()
    IS 'Whether timed work may be done here: not on a standby, before the first account, in a copy, or during an upgrade.';

CREATE FUNCTION mesteri.job_begin(OUT run uuid, OUT name text)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    candidate text;
BEGIN
    IF NOT mesteri.jobs_may_run() THEN
        RETURN;
    END IF;
    FOR candidate IN SELECT s.name FROM mesteri.job_schedule s WHERE s.is_enabled AND s.due_at <= clock_timestamp() ORDER BY s.due_at, s.name LOOP
        -- Who has the lock decides; who comes later finds it begun.
        PERFORM FROM mesteri.jobs j WHERE j.name = candidate FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        CONTINUE WHEN NOT EXISTS (SELECT FROM mesteri.job_schedule s
                                   WHERE s.name = candidate AND s.is_enabled AND s.due_at <= clock_timestamp());

        UPDATE mesteri.job_runs r SET ended_at = clock_timestamp(), error = 'cut off: it was cancelled, or its server went down'
         WHERE r.id IN (SELECT o.id FROM mesteri.job_runs o WHERE o.job = candidate AND o.ended_at IS NULL FOR UPDATE SKIP LOCKED);
        CONTINUE WHEN EXISTS (SELECT FROM mesteri.job_runs o WHERE o.job = candidate AND o.ended_at IS NULL);

        INSERT INTO mesteri.job_runs (job) VALUES (candidate) RETURNING id INTO run;
        job_begin.name := candidate;
        RETURN;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.job_begin()
    IS 'Notes the job that is due longest and does not run as begun, to be run in another transaction; nulls when there is none.';

CREATE FUNCTION mesteri.job_run(run uuid) RETURNS text
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    job    mesteri.jobs;
    count  bigint;
    fault  text;
    before text := current_setting('lock_timeout');
BEGIN
    PERFORM FROM mesteri.job_runs r WHERE r.id = run AND r.ended_at IS NULL FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'it was given up before it began';
    END IF;
    SELECT j.* INTO job FROM mesteri.jobs j JOIN mesteri.job_runs r ON r.job = j.name WHERE r.id = run;

    PERFORM set_config('lock_timeout', (extract(epoch FROM job.lock_timeout) * 1000)::integer::text, true);
    BEGIN
        EXECUTE format('SELECT mesteri.%I()', job.function) INTO count;
    EXCEPTION WHEN OTHERS THEN
        fault := SQLERRM;
        count := NULL;
    END;
    PERFORM set_config('lock_timeout', before, true);

    UPDATE mesteri.job_runs r SET ended_at = clock_timestamp(), rows_count = count, error = fault WHERE r.id = run;
    RETURN fault;
END;
$$;
COMMENT ON FUNCTION mesteri.job_run(uuid)
    IS 'Does what was noted as begun and notes what came of it; answers the error, NULL when there was none.';

CREATE PROCEDURE ops.run_jobs()
    LANGUAGE plpgsql
    AS $$
DECLARE
    begun record;
    fault text;
BEGIN
    LOOP
        SELECT * INTO begun FROM mesteri.job_begin();
        COMMIT;
        EXIT WHEN begun.run IS NULL;
        fault := mesteri.job_run(begun.run);
        COMMIT;
        IF fault IS NOT NULL THEN
            RAISE WARNING 'job % failed: %', begun.name, fault;
        END IF;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE ops.run_jobs()
    IS 'Runs the jobs that are due, each in transactions of its own: to be called each minute where the library is not preloaded.';

CREATE VIEW ops.jobs AS
    SELECT s.name, s.every, s.is_enabled, s.due_at, s.started_at, s.ended_at - s.started_at AS took, s.rows_count, s.error,
           s.run IS NOT NULL AND s.ended_at IS NULL AS is_running
      FROM mesteri.job_schedule s;
COMMENT ON VIEW ops.jobs IS 'Timed work: what there is, when it ran last and what came of it. UPDATE mesteri.jobs SET is_enabled stops one.';
COMMENT ON COLUMN ops.jobs.name IS 'What logs call it.';
COMMENT ON COLUMN ops.jobs.every IS 'From the start of one run to the next.';
COMMENT ON COLUMN ops.jobs.is_enabled IS 'False: a DBA has stopped it.';
COMMENT ON COLUMN ops.jobs.due_at IS 'When the next run should begin; -infinity: as soon as possible.';
COMMENT ON COLUMN ops.jobs.started_at IS 'When the last run began.';
COMMENT ON COLUMN ops.jobs.took IS 'How long the last run took; null: it has not ended.';
COMMENT ON COLUMN ops.jobs.rows_count IS 'How many rows the last run dealt with.';
COMMENT ON COLUMN ops.jobs.error IS 'What stopped the last run; null: nothing.';
COMMENT ON COLUMN ops.jobs.is_running IS 'Begun and not ended: it runs, or was cut off within the last minute.';

/*
 * The jobs of sessions, codes, partitions and of this page itself; others
 * stand with what they are about.
 */
CREATE FUNCTION mesteri.make_partitions_ahead() RETURNS bigint
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT sum(mesteri.create_partitions(format('mesteri.%I', p.parent)::regclass, (now() AT TIME ZONE 'UTC')::date,
                                         (now() AT TIME ZONE 'UTC' + p.ahead)::date))
      FROM mesteri.partition_plans p;
    $$;
COMMENT ON FUNCTION mesteri.make_partitions_ahead() IS 'Makes the partitions that will be needed soon; answers how many.';

CREATE FUNCTION mesteri.drop_old_partitions() RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    dropped bigint := 0;
    old     regclass;
BEGIN
    FOR old IN
        SELECT c.oid::regclass
          FROM mesteri.partition_plans p
          JOIN pg_inherits i ON i.inhparent = format('mesteri.%I', p.parent)::regclass
          JOIN pg_class c ON c.oid = i.inhrelid
         CROSS JOIN LATERAL (SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz) AS b (stop)
         WHERE b.stop + p.retention < now()
         ORDER BY b.stop
    LOOP
        EXECUTE format('DROP TABLE %s', old);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END;
$$;
COMMENT ON FUNCTION mesteri.drop_old_partitions() IS 'Drops the partitions whose retention is over; answers how many.';

CREATE FUNCTION mesteri.purge_sessions() RETURNS bigint
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    -- For a month a token that comes too late is told from one that never was.
    WITH old AS (
        SELECT id FROM mesteri.token_families
         WHERE least(revoked_at, expires_at) < now() - interval '30 days' LIMIT 10000 FOR UPDATE SKIP LOCKED),
    purged AS (DELETE FROM mesteri.token_families WHERE id IN (SELECT id FROM old) RETURNING 1)
    SELECT count(*) FROM purged;
    $$;
COMMENT ON FUNCTION mesteri.purge_sessions() IS 'Deletes sessions that ended over 30 days ago, with their tokens; answers how many.';

CREATE FUNCTION mesteri.purge_codes() RETURNS bigint
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    WITH codes AS (DELETE FROM mesteri.verification_codes WHERE expires_at < now() - interval '1 day' RETURNING 1),
    resets AS (DELETE FROM mesteri.password_resets WHERE expires_at < now() - interval '1 day' RETURNING 1),
    failures AS (DELETE FROM mesteri.login_failures WHERE failed_at < now() - interval '15 minutes' RETURNING 1)
    SELECT (SELECT count(*) FROM codes) + (SELECT count(*) FROM resets) + (SELECT count(*) FROM failures);
    $$;
COMMENT ON FUNCTION mesteri.purge_codes() IS 'Deletes codes and reset links a day after their end, and failed sign-ins that no longer count.';

CREATE FUNCTION mesteri.purge_job_runs() RETURNS bigint
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    WITH purged AS (
        DELETE FROM mesteri.job_runs r
         WHERE r.started_at < now() - coalesce((SELECT least(interval '30 days', 10000 * j.every) FROM mesteri.jobs j WHERE j.name = r.job),
                                               interval '30 days')
           AND r.ended_at IS NOT NULL AND r.id IS DISTINCT FROM (SELECT s.run FROM mesteri.job_schedule s WHERE s.name = r.job)
        RETURNING 1)
    SELECT count(*) FROM purged;
    $$;
COMMENT ON FUNCTION mesteri.purge_job_runs() IS 'Deletes runs of over 30 days ago, of a job that runs every few seconds sooner, but the last of each; answers how many.';

INSERT INTO mesteri.jobs (name, function, every, seeded) VALUES
    ('make_partitions', 'make_partitions_ahead', interval '1 hour', true),
    ('drop_partitions', 'drop_old_partitions', interval '1 day', true),
    ('purge_sessions', 'purge_sessions', interval '1 hour', true),
    ('purge_codes', 'purge_codes', interval '15 minutes', true),
    ('purge_job_runs', 'purge_job_runs', interval '1 day', true);
