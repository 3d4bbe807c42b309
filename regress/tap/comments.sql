/*
 * comments.sql
 *		Every table and every column says something that its name does not.
 *
 * Partitions made at run time copy the comments of their table's columns, so
 * they are left out.
 */
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off

BEGIN;

-- Words of a text, in the singular where an s makes the plural, without those that say nothing by themselves.
CREATE FUNCTION pg_temp.words(text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(array_agg(DISTINCT regexp_replace(word, '(ie)?s$', '')), '{}')
      FROM regexp_split_to_table(lower($1), '[^a-z0-9]+') AS word
     WHERE word <> '' AND word <> ALL ('{the,a,an,of,this,that,is,are,its,it,for,to,in,on,by,and,or,table,column,row,rows,field,value}');
    $$;

CREATE TEMPORARY VIEW described AS
    SELECT c.relname || coalesce('.' || a.attname, '') AS object,
           pg_temp.words(replace(c.relname || ' ' || coalesce(a.attname, ''), '_', ' ')) AS name_words,
           col_description(c.oid, coalesce(a.attnum, 0)) AS column_comment,
           CASE WHEN a.attnum IS NULL THEN obj_description(c.oid, 'pg_class') ELSE col_description(c.oid, a.attnum) END AS comment
      FROM pg_class c
      LEFT JOIN LATERAL (SELECT NULL::smallint AS attnum, NULL::name AS attname
                         UNION ALL
                         SELECT a.attnum, a.attname FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition) a ON true
     WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p');

SELECT plan(6);

SELECT cmp_ok((SELECT count(*) FROM described)::integer, '>', 500, 'the tables are there to be looked at');

SELECT is_empty($$SELECT object FROM described WHERE comment IS NULL ORDER BY 1$$, 'every table and column has a comment');

SELECT is_empty($$SELECT object, comment FROM described WHERE pg_temp.words(comment) <@ name_words ORDER BY 1$$,
                'no comment only repeats the name');

SELECT is_empty($$SELECT t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
                   WHERE t.typnamespace IN ('mesteri'::regnamespace, 'api'::regnamespace) AND t.typcategory <> 'A'
                     AND (c.oid IS NULL OR c.relkind = 'c') AND obj_description(t.oid, 'pg_type') IS NULL ORDER BY 1$$,
                'every enum, domain and composite has a comment');

-- The test itself: it must find what it is made to find.
SELECT ok(pg_temp.words('The id of the user') <@ pg_temp.words('users user id'), 'a comment that repeats the name is found');
SELECT ok(NOT pg_temp.words('Whose profile; goes with the account.') <@ pg_temp.words('user profiles user id'),
          'a comment that says more is not');

SELECT * FROM finish();
ROLLBACK;
