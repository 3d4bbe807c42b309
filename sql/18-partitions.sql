/*
 * 18-partitions.sql
 *		Tables that are cut by time, so that what is old is dropped and not deleted.
 *
 * A partitioned table has a default partition, which belongs to the
 * extension: a row is never refused because nobody made a partition in time.
 * The others are made at run time, and not by this script: what the script
 * makes is not dumped, so a restored database would lack yesterday's, or find
 * today's twice.  For the same reason the parent has no key and no index of
 * its own; each partition has those of its plan.
 */
CREATE TABLE mesteri.partition_plans (
    parent      text PRIMARY KEY,
    unit        text NOT NULL,
    cut_by      text NOT NULL,
    primary_key text,
    indexes     text[] NOT NULL DEFAULT '{}',
    ahead       interval NOT NULL,
    retention   interval NOT NULL,
    seeded      boolean NOT NULL DEFAULT false,
    CONSTRAINT partition_plans_unit_known CHECK (unit IN ('day', 'month')),
    CONSTRAINT partition_plans_spans_positive CHECK (ahead > interval '0' AND retention > interval '0')
);
COMMENT ON TABLE mesteri.partition_plans IS 'How each partitioned table is cut, and how long its rows are kept.';
COMMENT ON COLUMN mesteri.partition_plans.parent IS 'Name of the table in schema mesteri.';
COMMENT ON COLUMN mesteri.partition_plans.unit IS 'How long a span one partition holds, in UTC.';
COMMENT ON COLUMN mesteri.partition_plans.cut_by IS 'The column whose moment decides where a row goes.';
COMMENT ON COLUMN mesteri.partition_plans.primary_key IS 'Columns of the key that every partition gets, as SQL; null: none, a row is known by all it holds.';
COMMENT ON COLUMN mesteri.partition_plans.indexes IS 'Column lists of further indexes, as SQL.';
COMMENT ON COLUMN mesteri.partition_plans.ahead IS 'For how long from now partitions are made before they are needed.';
COMMENT ON COLUMN mesteri.partition_plans.retention IS 'How long after its end a partition may be dropped.';
COMMENT ON COLUMN mesteri.partition_plans.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.partition_plans', 'WHERE NOT seeded');
INSERT INTO mesteri.partition_plans VALUES
    ('events', 'day', 'created_at', 'user_id, seq', '{}', interval '7 days', interval '30 days', true),
    ('analytics_events', 'month', 'created_at', 'id', '{"event_type, created_at","user_id, created_at"}', interval '2 months',
     interval '25 months', true);

CREATE FUNCTION mesteri.create_partitions(parent regclass, first_day date, last_day date) RETURNS integer
    LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    plan  mesteri.partition_plans;
    start timestamp;
    span  interval;
    made  integer := 0;
BEGIN
    SELECT p.* INTO plan
      FROM mesteri.partition_plans p
      JOIN pg_class c ON c.relname = p.parent AND c.relnamespace = 'mesteri'::regnamespace
     WHERE c.oid = create_partitions.parent;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% has no row in mesteri.partition_plans', parent USING ERRCODE = 'undefined_object';
    ELSIF last_day - first_day > 1100 THEN
        RAISE EXCEPTION 'partitions for % days are too many', last_day - first_day
            USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'At most 1100 days are made at once.';
    END IF;

    span := ('1 ' || plan.unit)::interval;
    -- One at a time: the second caller finds what the first has made.
    EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    FOR start IN SELECT generate_series(date_trunc(plan.unit, first_day::timestamp), last_day::timestamp, span) LOOP
        made := made + mesteri.create_partition(plan, start, start + span);
    END LOOP;
    RETURN made;
END;
$$;
COMMENT ON FUNCTION mesteri.create_partitions(regclass, date, date)
    IS 'Makes the partitions that hold these days and are not there yet, with key, indexes and row security; answers how many.';

CREATE FUNCTION mesteri.create_partition(plan mesteri.partition_plans, start timestamp, stop timestamp) RETURNS integer
    LANGUAGE plpgsql VOLATILE STRICT SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    name    text := plan.parent || to_char(start, CASE plan.unit WHEN 'day' THEN '_YYYYMMDD' ELSE '_YYYYMM' END);
    since   text := to_char(start, 'YYYY-MM-DD "00:00:00+00"');
    before  text := to_char(stop, 'YYYY-MM-DD "00:00:00+00"');
    columns text;
BEGIN
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = to_regclass(format('mesteri.%I', plan.parent))
                                         AND inhrelid = to_regclass(format('mesteri.%I', name))) THEN
        RETURN 0;
    ELSIF to_regclass(format('mesteri.%I', name)) IS NOT NULL THEN
        -- Detached, or made by hand.  To take it for the partition would leave the rows of its span in the default one for good.
        RAISE EXCEPTION 'table "mesteri.%" is there and not a partition of "mesteri.%"', name, plan.parent
            USING ERRCODE = 'duplicate_table', HINT = 'Rename, attach or drop it.';
    END IF;

    EXECUTE format('CREATE TABLE mesteri.%I (LIKE mesteri.%I INCLUDING ALL)', name, plan.parent);
    -- What came before the partition was made waits in the default one, and nothing more may come in between.
    EXECUTE format('LOCK TABLE mesteri.%I IN ACCESS EXCLUSIVE MODE', plan.parent || '_default');
    EXECUTE format('WITH moved AS (DELETE FROM mesteri.%I WHERE %I >= %L AND %I < %L RETURNING *)
                    INSERT INTO mesteri.%I SELECT * FROM moved',
                   plan.parent || '_default', plan.cut_by, since, plan.cut_by, before, name);
    IF plan.primary_key IS NULL THEN
        EXECUTE format('ALTER TABLE mesteri.%I REPLICA IDENTITY FULL', name);
    ELSE
        EXECUTE format('ALTER TABLE mesteri.%I ADD PRIMARY KEY (%s)', name, plan.primary_key);
    END IF;
    FOREACH columns IN ARRAY plan.indexes LOOP
        EXECUTE format('CREATE INDEX ON mesteri.%I (%s)', name, columns);
    END LOOP;
    EXECUTE format('ALTER TABLE mesteri.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE mesteri.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_all ON mesteri.%I TO mesteri_owner USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT ON mesteri.%I TO mesteri_backup', name);
    EXECUTE format('COMMENT ON TABLE mesteri.%I IS %L', name, format('Rows of %s from %s until %s.', plan.parent, since, before));
    EXECUTE format('ALTER TABLE mesteri.%I ATTACH PARTITION mesteri.%I FOR VALUES FROM (%L) TO (%L)',
                   plan.parent, name, since, before);
    RETURN 1;
END;
$$;
COMMENT ON FUNCTION mesteri.create_partition(mesteri.partition_plans, timestamp, timestamp)
    IS 'Makes the partition of one span unless it is there; answers 1 if it did. For mesteri.create_partitions alone.';
