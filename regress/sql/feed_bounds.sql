-- Bounds of the feed's index hold: for posts and for what covers several, anywhere on the spheroid.  Every draw is by a seed, printed when it fails.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- A key in words, and back.
SELECT key::mesteri.feed_key FROM unnest('{"467700000,235900000 1a2b3c4d 13600000 0-25 240-250","- 00000000 -2147483648 0-0 0-0"}'::text[]) AS t (key);
\set VERBOSITY terse
SELECT 'box'::mesteri.feed_key;
SELECT '1,2 0 0 0-0 0-0 x'::mesteri.feed_key;
SELECT '1,2 0 0 0-0'::mesteri.feed_key;
\set VERBOSITY default

BEGIN;
SELECT pg_temp.account('rated', 'craftsman') AS rated, pg_temp.account('unrated', 'craftsman') AS unrated \gset
UPDATE mesteri.craftsman_profiles c SET rating_sum = 973, total_reviews = 200 FROM mesteri.users u WHERE u.id = c.user_id AND u.email LIKE 'rated@%';

-- Whatever somebody writes into the columns, the trigger knows better.
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at, author_rating, author_active, feed_key)
SELECT c.id, 'image', '[]', mesteri.point(46.77, 23.59), timestamptz '2026-01-02 03:04:05+00', 1, false, '- 00000000 0 0-0 0-0'
  FROM mesteri.craftsman_profiles c JOIN mesteri.users u ON u.id = c.user_id WHERE u.email LIKE 'rated@%'
RETURNING author_rating, author_active, feed_key;
UPDATE mesteri.content_posts SET author_rating = 3, author_active = NULL, feed_key = NULL RETURNING author_rating, author_active, feed_key;
-- Not in the feed: no key.
UPDATE mesteri.content_posts SET status = 'hidden' RETURNING feed_key;
DELETE FROM mesteri.content_posts;
-- A moment without end cannot be ranked.
\set VERBOSITY terse
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, published_at)
SELECT id, 'image', '[]', 'infinity' FROM mesteri.craftsman_profiles LIMIT 1;
\set VERBOSITY default
ROLLBACK;

BEGIN;
SELECT pg_temp.account('rated', 'craftsman') AS rated, pg_temp.account('unrated', 'craftsman') AS unrated \gset
UPDATE mesteri.craftsman_profiles c SET rating_sum = 973, total_reviews = 200 FROM mesteri.users u WHERE u.id = c.user_id AND u.email LIKE 'rated@%';

-- The seed: another one each time, unless asked for by PGOPTIONS='-c mesteri_test.seed=...'.
SELECT coalesce(current_setting('mesteri_test.seed', true), (random() * 2 - 1)::text) AS seed \gset
SELECT setseed(:seed) \g /dev/null

-- Where bounds go wrong: poles, antimeridian, equator, Greenwich, and here.
CREATE FUNCTION pg_temp.anywhere(draw integer, OUT lat float8, OUT lon float8) LANGUAGE sql VOLATILE AS $$
    SELECT least(90, greatest(-90, (ARRAY[0, 46.77, -46, 89.9, -89.99, 90, -90, 60])[1 + floor(random() * 8)::integer] + (random() - 0.5) * spread)),
           CASE WHEN lon > 180 THEN lon - 360 WHEN lon < -180 THEN lon + 360 ELSE lon END
      FROM (SELECT spread, (ARRAY[0, 23.59, 180, -180, 179.99, -90, 120])[1 + floor(random() * 7)::integer] + (random() - 0.5) * spread AS lon
              FROM (SELECT (ARRAY[0, 0.001, 0.1, 1, 6, 40])[1 + floor(random() * 6)::integer] AS spread) AS s) AS l $$;
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at, likes_count, views_count, saves_count, shares_count)
SELECT (SELECT array_agg(id) FROM mesteri.craftsman_profiles)[1 + n % 2], 'image', '[]',
       CASE WHEN random() < 0.95 THEN mesteri.point(a.lat, a.lon) END,
       CASE WHEN random() < 0.03 THEN timestamptz '20000-01-01 UTC' WHEN random() < 0.03 THEN timestamptz '1700-01-01 UTC'
            ELSE now() - (random() * 20 - 2) * interval '1 day' END,
       floor(random() * 20), floor(random() * 100), floor(random() * 5), CASE WHEN random() < 0.02 THEN 2147483647 ELSE floor(random() * 5) END
  FROM generate_series(1, 800) AS g (n), pg_temp.anywhere(n) AS a;
-- Moving counters, some of which leave their key's range.
UPDATE mesteri.content_posts SET views_count = views_count + floor(random() * 4), likes_count = likes_count + floor(random() * 2) WHERE random() < 0.5;

-- Some weights, ours among them, and those by which nothing counts but the distance: no range of another term hides its bound.
CREATE TEMP TABLE weights AS
SELECT 1 AS n, w FROM mesteri.feed_weights w
 UNION ALL
SELECT n, ROW (n, 1, 0, 0, 0, horizon_m, interval '1 day', false)::mesteri.feed_weights FROM (VALUES (9, 50000), (10, 300000), (11, 2e7)) AS g (n, horizon_m)
 UNION ALL
-- And what a post is worth against when it was published: far more than when shipped, and far less.
SELECT n, ROW (n, 0.1, engagement, rating, 0.9 - engagement - rating, 50000, interval '5 days', false)::mesteri.feed_weights
  FROM (VALUES (12, 0.7, 0.1), (13, 0.1, 0.7), (14, 0.35, 0.35), (15, 0.02, 0.01)) AS g (n, engagement, rating)
 UNION ALL
SELECT n, ROW (n, a / s, b / s, c / s, d / s, (ARRAY[1000, 50000, 500000, 9e6, 3e7])[n % 5 + 1], make_interval(mins => 1 + floor(random() * 20000)::integer), false)::mesteri.feed_weights
  FROM (SELECT n, a, b, c, d, a + b + c + d AS s
          FROM generate_series(2, 8) AS g (n), LATERAL (SELECT n + random() AS x, random() AS a, random() AS b, random() AS c, random() AS d) AS r) AS x;

CREATE TEMP TABLE readers AS
SELECT n, a.lat, a.lon, (ARRAY[100, 10000, 50000, 300000])[1 + floor(random() * 4)::integer]::float8 AS radius_m, now() + (random() - 0.5) * interval '9 days' AS clock,
       (SELECT w FROM weights k WHERE k.n = 1 + r.n % 15) AS w
  FROM generate_series(1, 150) AS r (n), pg_temp.anywhere(n) AS a;

-- What each post scores for each reader, by the formula alone.
CREATE TEMP TABLE exact AS
SELECT r.n, p.id, p.feed_key AS key, d.metres, d.metres <= r.radius_m AS within,
       (CASE WHEN d.metres IS NULL THEN 0 ELSE (1 - least(d.metres / (r.w).geo_horizon_m, 1)) * (r.w).geo END)
       + (p.likes_count * 0.5::float8 + p.views_count * 0.1::float8 + p.saves_count * 0.3::float8 + p.shares_count * 0.1::float8)
         / greatest(p.likes_count::bigint + p.views_count + p.saves_count + p.shares_count, 1) * (r.w).engagement
       + p.author_rating / 500.0::float8 * (r.w).rating
       + (1 - least(extract(epoch FROM r.clock - p.published_at)::float8 / extract(epoch FROM (r.w).recency_horizon)::float8, 1)) * (r.w).recency AS score
  FROM readers r CROSS JOIN mesteri.content_posts p CROSS JOIN LATERAL (SELECT mesteri.distance_m(p.location, mesteri.point(r.lat, r.lon)) AS metres) AS d;

-- Posts: at least <= score <= at most, and nobody within the radius is left out.
SELECT 'seed ' || :'seed' AS seed, count(*) AS faults
  FROM exact e JOIN readers r USING (n)
 WHERE e.within AND NOT coalesce(e.score <= mesteri.feed_key_bound(e.key, r.clock, r.w, r.lat, r.lon, r.radius_m, false), false)
    OR e.metres IS NOT NULL AND NOT mesteri.feed_key_bound(e.key, r.clock, r.w, r.lat, r.lon, r.radius_m, true) <= e.score
HAVING count(*) > 0;
-- Right inside the radius, in all directions: there the index cuts off by latitude and longitude.
SELECT 'seed ' || :'seed' AS seed, count(*) AS faults
  FROM readers r CROSS JOIN generate_series(0, 355, 5) AS g (azimuth),
       LATERAL (SELECT st_project(mesteri.point(r.lat, r.lon), r.radius_m - 0.5, radians(azimuth)) AS place) AS p
 WHERE mesteri.distance_m(p.place, mesteri.point(r.lat, r.lon)) <= r.radius_m
   AND mesteri.feed_key_bound(format('%s,%s 00000000 0 0-0 0-0', round(mesteri.latitude(p.place) * 1e7), round(mesteri.longitude(p.place) * 1e7))::mesteri.feed_key,
                              r.clock, r.w, r.lat, r.lon, r.radius_m, false) IS NULL
HAVING count(*) > 0;
-- And they are tight: within the radius, no farther apart than the ranges of counters and rating allow, and 2 % of the distance.
SELECT count(*) > 300 AS enough, max(bound - score - (0.022 * (w).engagement + 0.02 * (w).rating + 120 / extract(epoch FROM (w).recency_horizon) * (w).recency
                                                       + (0.02 * metres + 1) / (w).geo_horizon_m * (w).geo)) <= 0 AS tight
  FROM (SELECT e.*, r.w, mesteri.feed_key_bound(e.key, r.clock, r.w, r.lat, r.lon, r.radius_m, false) AS bound
          FROM exact e JOIN readers r USING (n) WHERE e.within) AS b
 WHERE bound < 'infinity';

-- The distance alone: by no more than the curvature changes over the reach, and the 3 cm that places are rounded by.
SELECT count(*) > 30 AS enough, max((bound - score) * (w).geo_horizon_m - 0.002 * metres) <= 0.1 AS tight
  FROM (SELECT e.*, r.w, mesteri.feed_key_bound(e.key, r.clock, r.w, r.lat, r.lon, r.radius_m, false) AS bound
          FROM exact e JOIN readers r USING (n) WHERE e.within AND (r.w).geo = 1 AND (r.w).geo_horizon_m <= 300000) AS b
 WHERE bound < 'infinity';

-- Entries above one post alone, which leave the least room; and by the weights as shipped they say what its key says.
SELECT 'seed ' || :'seed' AS seed, count(*) AS faults
  FROM exact e JOIN readers r USING (n)
 WHERE e.within AND NOT coalesce(e.score <= mesteri.feed_key_bound(mesteri.feed_key_union(e.key, e.key), r.clock, r.w, r.lat, r.lon, r.radius_m, false), false)
HAVING count(*) > 0;
SELECT max(abs(above - bound)) < 0.0001 AS tight
  FROM (SELECT mesteri.feed_key_bound(mesteri.feed_key_union(e.key, e.key), r.clock, r.w, r.lat, r.lon, r.radius_m, false) AS above,
               mesteri.feed_key_bound(e.key, r.clock, r.w, r.lat, r.lon, r.radius_m, false) AS bound
          FROM exact e JOIN readers r USING (n) WHERE e.within AND (r.w).version = 1) AS b
 WHERE bound < 'infinity';

-- Entries above several: as high as the highest, and no radius cuts off what is in it.
CREATE AGGREGATE pg_temp.united(mesteri.feed_key) (sfunc = mesteri.feed_key_union, stype = mesteri.feed_key);
CREATE TEMP TABLE boxes AS
SELECT b, pg_temp.united(k.feed_key) AS key, array_agg(k.id) AS ids
  FROM generate_series(1, 150) AS g (b),
       LATERAL (SELECT p.id, p.feed_key FROM mesteri.content_posts p, LATERAL (SELECT b, o.location FROM mesteri.content_posts o ORDER BY random() LIMIT 1) AS o
                 ORDER BY mesteri.distance_m(p.location, o.location) LIMIT 30) AS k
 WHERE random() < 0.1 + b % 7 / 7.0
 GROUP BY b;
SELECT 'seed ' || :'seed' AS seed, count(*) AS faults
  FROM boxes b CROSS JOIN readers r JOIN exact e ON e.n = r.n AND e.id = ANY (b.ids)
 WHERE e.within AND NOT coalesce(e.score <= mesteri.feed_key_bound(b.key, r.clock, r.w, r.lat, r.lon, r.radius_m, false), false)
HAVING count(*) > 0;

-- Without a place nothing is cut off.
SELECT count(*) AS cut_off FROM boxes b CROSS JOIN readers r
 WHERE mesteri.feed_key_bound(b.key, r.clock, r.w, NULL, NULL, NULL, false) IS NULL OR mesteri.feed_key_bound(b.key, r.clock, r.w, NULL, NULL, NULL, false) < 0;

SELECT * FROM mesteri.feed_faults();

-- A place needs a radius.
\set VERBOSITY terse
SELECT mesteri.feed_key_bound(b.key, r.clock, r.w, 46.77, 23.59, NULL, false) FROM boxes b CROSS JOIN readers r LIMIT 1;
ROLLBACK;
