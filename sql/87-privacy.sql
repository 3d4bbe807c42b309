/*
 * 87-privacy.sql
 *		Labels: how private each column is, and whose the rows of each table are.
 *
 * The labels themselves are data/labels.csv.  Policies (90-policies.sql) and
 * the tests of what strangers see are made from them.
 */
CREATE FUNCTION mesteri.owner_condition(target regclass, user_expression text) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_owner_condition';
COMMENT ON FUNCTION mesteri.owner_condition(regclass, text)
    IS 'SQL condition that a row of the table belongs to that user, by the table''s label; NULL where rows are nobody''s or everybody''s.';

CREATE FUNCTION mesteri.owner_condition(target regclass, user_expression text, paths text) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_owner_condition_by';
COMMENT ON FUNCTION mesteri.owner_condition(regclass, text, text)
    IS 'SQL condition that a row of the table belongs to that user by these paths, written as in a label.';

CREATE FUNCTION mesteri.owner_paths(target regclass, user_expression text)
    RETURNS TABLE (path text, column_name text, source regclass, source_column text, source_condition text)
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_owner_paths';
COMMENT ON FUNCTION mesteri.owner_paths(regclass, text)
    IS 'The paths of a label, each cut after its first hop: column_name is among source_column of source''s rows that meet source_condition; '
       'without source it is the user''s id.';

CREATE VIEW mesteri.labels AS
    SELECT n.nspname AS schema_name, c.relname AS table_name, a.attname AS column_name,
           CASE WHEN a.attnum > 0 THEN l.label END AS class,
           CASE WHEN a.attnum IS NULL THEN l.label END AS owner_path,
           c.oid::regclass AS relation
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (SELECT NULL::name, NULL::smallint
                          UNION ALL
                         SELECT attname, attnum FROM pg_catalog.pg_attribute
                          WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS a (attname, attnum)
      LEFT JOIN pg_catalog.pg_seclabel l
        ON l.classoid = 'pg_catalog.pg_class'::regclass AND l.objoid = c.oid AND l.objsubid = coalesce(a.attnum, 0)
           AND l.provider = 'mesteri'
     WHERE n.nspname = 'mesteri' AND c.relkind IN ('r', 'p') AND NOT c.relispartition;
COMMENT ON VIEW mesteri.labels IS 'Every table (column_name NULL) and every column of ours with its label; class or owner_path is NULL where one is missing.';
