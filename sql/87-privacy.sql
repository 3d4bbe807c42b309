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

CREATE FUNCTION mesteri.owner_paths(target regclass) RETURNS TABLE (path text, column_name text, source regclass)
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_owner_paths';
COMMENT ON FUNCTION mesteri.owner_paths(regclass)
    IS 'The paths of a label: the column that each begins with, and the table it leads to; NULL where the column is the user''s id already.';

/*
 * Whether a value leads to the caller, and all that do; for policies alone.
 * caller must be who calls, or the answers are false and none: policies pass
 * (SELECT mesteri.current_user_id()), which is looked up once a statement, and
 * whose value the planner cannot guess, so that plans are not one caller's.
 */
CREATE FUNCTION mesteri.is_own_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_is_own_support';
COMMENT ON FUNCTION mesteri.is_own_support(internal)
    IS 'Tells the planner what is_own() is like: = ANY (own_ids()) where an index can serve it and the statement names no value itself.';

CREATE FUNCTION mesteri.is_own(value uuid, caller uuid, target regclass, path text) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SUPPORT mesteri.is_own_support
    AS 'MODULE_PATHNAME', 'mesteri_is_own';
COMMENT ON FUNCTION mesteri.is_own(uuid, uuid, regclass, text)
    IS 'Whether rows of the table with this value in the column that the path begins with are the caller''s.';

CREATE FUNCTION mesteri.own_ids(caller uuid, target regclass, path text) RETURNS uuid[]
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_own_ids';
COMMENT ON FUNCTION mesteri.own_ids(uuid, regclass, text) IS 'The values for which is_own() holds, sorted.';

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
