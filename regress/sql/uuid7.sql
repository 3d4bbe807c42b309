-- Ids that ascend with time.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

CREATE TEMP TABLE made AS SELECT n, mesteri.uuid7() AS id FROM generate_series(1, 100000) AS g (n);

-- RFC 9562: version 7, variant 10.
SELECT count(*) FILTER (WHERE substr(id::text, 15, 1) <> '7') AS other_version,
       count(*) FILTER (WHERE substr(id::text, 20, 1) NOT IN ('8', '9', 'a', 'b')) AS other_variant
  FROM made;

-- All different, and in one backend each above the one before.
SELECT count(DISTINCT id) AS different, count(*) FILTER (WHERE id <= before) AS descending
  FROM (SELECT id, lag(id) OVER (ORDER BY n) AS before FROM made) AS m;

-- The first 48 bits are the time in milliseconds: between before and after, or a little ahead when very many were made at once.
CREATE FUNCTION pg_temp.milliseconds(id uuid) RETURNS bigint LANGUAGE sql AS $$
    SELECT ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint $$;
SELECT pg_temp.milliseconds(mesteri.uuid7()) BETWEEN earlier AND extract(epoch FROM clock_timestamp()) * 1000 + 1000 AS in_time
  FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) - 1 AS earlier OFFSET 0) AS c;

-- The last 48 bits serve to tell posts apart: as random as they claim.  Each bit is set in half of the ids, within six deviations.
SELECT count(*) AS bits, count(*) FILTER (WHERE abs(ones - 50000) > 950) AS uneven
  FROM (SELECT bit, sum(('x' || right(id::text, 12))::bit(48)::bigint >> bit & 1) AS ones
          FROM made, generate_series(0, 47) AS b (bit) GROUP BY bit) AS counted;
SELECT count(DISTINCT right(id::text, 12)) > 99990 AS no_counter FROM made;
