-- The ranking of the feed: scores worked out by hand, and properties of walks through it.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
SELECT pg_temp.account('ana') AS ana, pg_temp.account('ion') AS ion, pg_temp.account('eva', 'staff') AS eva,
       pg_temp.account('rated', 'craftsman') AS rated, pg_temp.account('unrated', 'craftsman'),
       pg_temp.account('suspended', 'craftsman'), pg_temp.account('erased', 'craftsman') \gset
CREATE FUNCTION pg_temp.craftsman(name text) RETURNS uuid LANGUAGE sql AS $$
    SELECT c.id FROM mesteri.craftsman_profiles c JOIN mesteri.users u ON u.id = c.user_id WHERE u.email = name || '@example.ro' $$;
UPDATE mesteri.craftsman_profiles SET rating_sum = 10, total_reviews = 2 WHERE id = pg_temp.craftsman('rated');
UPDATE mesteri.craftsman_profiles SET rating_sum = 25, total_reviews = 5 WHERE id IN (pg_temp.craftsman('suspended'), pg_temp.craftsman('erased'));
UPDATE mesteri.users SET is_active = false WHERE email = 'suspended@example.ro';
UPDATE mesteri.users SET is_active = false, deleted_at = now() WHERE email = 'erased@example.ro';

-- Number n is the post's id and, within a tie, its rank.
CREATE FUNCTION pg_temp.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.number(id uuid) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT right(id::text, 12)::integer $$;
CREATE FUNCTION pg_temp.post(n integer, craftsman text, km float8, age interval, likes integer DEFAULT 0, views integer DEFAULT 0,
                             saves integer DEFAULT 0, shares integer DEFAULT 0, status mesteri.content_status DEFAULT 'published',
                             category text DEFAULT NULL)
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO mesteri.content_posts (id, craftsman_id, media_type, media_urls, location, published_at, likes_count, views_count, saves_count,
                                       shares_count, status, category_id)
    VALUES (pg_temp.id(n), pg_temp.craftsman(craftsman), 'image', '["/v1/media/x.jpg"]', mesteri.point(46.77 + km / 111.168, 23.59),
            now() - age, likes, views, saves, shares, status, mesteri.category_id(category)) $$;
CREATE FUNCTION pg_temp.ranking(place geography, radius_km float8, categories uuid[] DEFAULT NULL, count integer DEFAULT 1000)
    RETURNS TABLE (n integer, km numeric, score numeric, geo numeric, engagement numeric, rating numeric, recency numeric) LANGUAGE sql AS $$
    SELECT pg_temp.number(f.post_id), round(f.distance_m::numeric / 1000, 2), round(f.score::numeric, 6), round(f.geo::numeric, 6),
           round(f.engagement::numeric, 6), round(f.rating::numeric, 6), round(f.recency::numeric, 6)
      FROM (SELECT w FROM mesteri.feed_weights w ORDER BY w.version DESC LIMIT 1) AS w (weights),
           mesteri.feed_reference(now(), w.weights, place, radius_km * 1000, categories, NULL, NULL, NULL, NULL, '', count, 0) AS f $$;
\set here 'mesteri.point(46.77, 23.59)'

SELECT pg_temp.post(1, 'rated', 0, '0', likes => 10),
       pg_temp.post(2, 'unrated', 0, '3.5 days', views => 10),
       pg_temp.post(3, 'unrated', 0, '7 days'),
       pg_temp.post(4, 'unrated', 0, '8 days'),
       pg_temp.post(5, 'rated', 0, '-1 day'),
       pg_temp.post(6, 'rated', 60, '0'),
       pg_temp.post(7, 'rated', NULL, '0'),
       pg_temp.post(8, 'unrated', 0, '10 days', 4, 4, 4, 4),
       pg_temp.post(9, 'unrated', 25, '10 days', saves => 1),
       pg_temp.post(10, 'unrated', 0, '10 days', shares => 3),
       pg_temp.post(11, 'unrated', 0, '1000 days', 2147483647, 2147480000, 2147483647, 2147483647),
       pg_temp.post(20, 'rated', 0, '0', status => 'draft'), pg_temp.post(21, 'rated', 0, '0', status => 'processing'),
       pg_temp.post(22, 'rated', 0, '0', status => 'hidden'), pg_temp.post(23, 'rated', 0, '0', status => 'removed'),
       pg_temp.post(24, 'suspended', 0, '0'), pg_temp.post(25, 'erased', 0, '0') \g /dev/null

/*
 * By hand, at weights 0.4 0.3 0.2 0.1:
 *	 1	here, new, 5 stars, likes only			.4 + .3 * .5 + .2 + .1							= .85
 *	 5	here, 5 stars, in a day					.4 + 0 + .2 + .1 * (1 + 1/7)					= .714286
 *	 2	here, half of 7 days, views only			.4 + .3 * .1 + 0 + .1 * .5						= .48
 *	 8, 11	here, old, as many of each				.4 + .3 * (.5 + .1 + .3 + .1) / 4				= .475
 *	10	here, old, shares only					.4 + .3 * .1									= .43
 *	 4, 3	here, nothing else: the 7th day is too late, the higher id comes first			  .4
 *	 9	25 km of 50, old, saves only				.4 * .5 + .3 * .3								= .29
 *	 6	60 km: out of the radius; in a larger one, new, 5 stars		0 + 0 + .2 + .1				= .3
 *	 7	nowhere: in no radius, but in a feed without a place
 */
SELECT * FROM pg_temp.ranking(:here, 50);
SELECT * FROM pg_temp.ranking(:here, 100) WHERE n IN (6, 9);
SELECT * FROM pg_temp.ranking(NULL, 50);
SELECT array_agg(n) AS within_10_km FROM pg_temp.ranking(:here, 10);
SELECT array_agg(n) AS around_nothing FROM pg_temp.ranking(mesteri.point(-46, 23), 300);

-- Other weights, as soon as they are there.
INSERT INTO mesteri.feed_weights VALUES (2, 0, 0, 0, 1, 1000, '10 days');
SELECT * FROM pg_temp.ranking(:here, 50) WHERE n IN (1, 2, 3);
SELECT answer -> 'weights_version' AS version, answer -> 'posts' -> 0 -> 'relevance_score' AS first
  FROM pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59') AS a, LATERAL (SELECT a::json) AS j (answer);
DELETE FROM mesteri.feed_weights WHERE version = 2;

-- The endpoint says the same, and says it exactly; parts add up.
SELECT count(*) AS posts,
       count(*) FILTER (WHERE (p.post ->> 'id')::uuid = r.post_id AND (p.post ->> 'relevance_score')::float8 = r.score
                          AND (p.post -> 'score_parts' ->> 'geo')::float8 = r.geo AND (p.post -> 'score_parts' ->> 'recency')::float8 = r.recency
                          AND abs(r.geo + r.engagement + r.rating + r.recency - r.score) < 1e-12
                          AND (p.post ->> 'distance_km')::numeric = round(r.distance_m::numeric / 1000, 1)) AS same
  FROM mesteri.request('GET', '/v1/feed?lat=46.77&lon=23.59&radius_km=100') AS a
 CROSS JOIN json_array_elements(a.body -> 'posts') WITH ORDINALITY AS p (post, place)
  LEFT JOIN mesteri.feed_weights w ON w.version = 1
  LEFT JOIN LATERAL mesteri.feed_reference(now(), w, :here, 100000, NULL, NULL, NULL, NULL, NULL, '', 100, 0)
            WITH ORDINALITY AS r (post_id, distance_m, score, geo, engagement, rating, recency, place) USING (place);

-- What a post shows to whom.
SELECT string_agg(key, ' ' ORDER BY key) AS keys
  FROM mesteri.request('GET', '/v1/feed?lat=46.77&lon=23.59&limit=1') AS a, json_object_keys(a.body -> 'posts' -> 0) AS k (key);
SELECT who, p.post -> 'location' AS location, p.post -> 'project_id' AS project, p.post -> 'liked' AS liked, p.post -> 'saved' AS saved
  FROM (VALUES (1, 'nobody', NULL), (2, 'ana', :'ana'), (3, 'author', :'rated'), (4, 'staff', :'eva')) AS t (number, who, token),
       LATERAL (SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=1', token => token)::json -> 'posts' -> 0) AS p (post)
 ORDER BY number;
INSERT INTO mesteri.content_interactions SELECT id, pg_temp.id(1), 'like' FROM mesteri.users WHERE email = 'ana@example.ro';
SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=1', token => :'ana')::json -> 'posts' -> 0 -> 'liked' AS liked,
       pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=1', token => :'ion')::json -> 'posts' -> 0 -> 'liked' AS liked_by_another;

-- The radius: asked for, else the profile's, else 50 km.
UPDATE mesteri.user_profiles SET search_radius_km = 100 WHERE user_id = (SELECT id FROM mesteri.users WHERE email = 'ana@example.ro');
SELECT who, json_array_length(pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59' || radius, token => token)::json -> 'posts') AS posts
  FROM (VALUES (1, 'nobody', '', NULL), (2, 'ana', '', :'ana'), (3, 'ana, 10 km', '&radius_km=10', :'ana'), (4, 'nobody, 100 km', '&radius_km=100', NULL))
         AS t (number, who, radius, token)
 ORDER BY number;

-- Categories: a parent stands for its children, unknown ones for nothing, none for all.
SELECT pg_temp.post(30, 'rated', 0, '0', category => 'electrician'), pg_temp.post(31, 'rated', 0, '0', category => 'panouri-fotovoltaice'),
       pg_temp.post(32, 'rated', 0, '0', category => 'electrice'), pg_temp.post(33, 'rated', 0, '0', category => 'zidar') \g /dev/null
SELECT slugs, (SELECT array_agg(pg_temp.number((p ->> 'id')::uuid) ORDER BY 1)
                 FROM json_array_elements(pg_temp.ask('GET', '/v1/feed?categories=' || ids)::json -> 'posts') AS p) AS posts
  FROM unnest('{electrice,electrician,"electrician,zidar",constructii,"nothing","nothing,zidar"}'::text[]) WITH ORDINALITY AS s (slugs, place),
       LATERAL (SELECT string_agg(mesteri.category_id(slug)::text, ',') FROM string_to_table(slugs, ',') AS t (slug)) AS i (ids)
 ORDER BY place;
SELECT pg_temp.ask('GET', '/v1/feed?categories=') = pg_temp.ask('GET', '/v1/feed') AS none_is_all,
       pg_temp.ask('GET', '/v1/feed?categories[]=' || mesteri.category_id('zidar') || '&categories[]=' || mesteri.category_id('electrician'))
       = pg_temp.ask('GET', '/v1/feed?categories=' || mesteri.category_id('zidar') || ',' || mesteri.category_id('electrician')) AS spelt_alike;

-- Those whom one follows.
INSERT INTO mesteri.saved_craftsmen SELECT id, pg_temp.craftsman('unrated') FROM mesteri.users WHERE email = 'ana@example.ro';
SELECT who, pg_temp.outcome(answer), (SELECT array_agg(DISTINCT p -> 'craftsman' ->> 'display_name') FROM json_array_elements(CASE WHEN answer LIKE '{%' THEN answer::json -> 'posts' END) AS p) AS of_whom
  FROM (VALUES (1, 'nobody', NULL), (2, 'ana', :'ana'), (3, 'ion', :'ion')) AS t (number, who, token),
       pg_temp.ask('GET', '/v1/feed?following_only=true', token => token) AS answer
 ORDER BY number;

-- Half a place, and what does not go together.
SELECT pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?lat=46')) AS no_lon, pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?lon=23')) AS no_lat,
       pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?cursor=x&page=1')) AS both, pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?cursor=x')) AS forged;

-- Walks.  Six hundred posts whose scores often tie, in two places.
SELECT count(pg_temp.post(1000 + n, CASE WHEN n % 3 = 0 THEN 'rated' ELSE 'unrated' END, (n * 7919 % 5) * 9, make_interval(days => n * 104729 % 9), n * 31 % 4,
                          n * 17 % 5)) FROM generate_series(1, 600) AS g (n) \g /dev/null
CREATE FUNCTION pg_temp.walk(target text, token text DEFAULT NULL, meanwhile text DEFAULT NULL) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    seen   integer[] := '{}';
    cursor text;
    answer json;
BEGIN
    LOOP
        SELECT a.body INTO answer FROM mesteri.request('GET', target || coalesce('&cursor=' || cursor, ''), token) AS a;
        seen := seen || ARRAY(SELECT pg_temp.number((p ->> 'id')::uuid) FROM json_array_elements(answer -> 'posts') WITH ORDINALITY AS p (p, place) ORDER BY place);
        cursor := answer ->> 'next_cursor';
        IF (cursor IS NULL) = (answer ->> 'has_more')::boolean THEN
            RAISE EXCEPTION 'next_cursor and has_more disagree: %', answer;
        END IF;
        EXIT WHEN cursor IS NULL;
        IF meanwhile IS NOT NULL THEN
            EXECUTE meanwhile;
        END IF;
    END LOOP;
    RETURN seen;
END;
$$;
CREATE FUNCTION pg_temp.repeats(list integer[]) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) - count(DISTINCT n) FROM unnest(list) AS l (n) $$;

-- A walk is the ranking, each post once, whatever the size of its pages; it ends after 500.
SELECT size, cardinality(seen) AS posts, pg_temp.repeats(seen) AS repeats,
       seen = ARRAY(SELECT n FROM pg_temp.ranking(:here, 50, count => cardinality(seen))) AS is_the_ranking
  FROM unnest('{1,7,20,33,99,100}'::integer[]) AS s (size), pg_temp.walk('/v1/feed?lat=46.77&lon=23.59&limit=' || size) AS seen;
SELECT cardinality(seen) AS posts, seen = ARRAY(SELECT n FROM pg_temp.ranking(:here, 5)) AS is_the_ranking
  FROM pg_temp.walk('/v1/feed?lat=46.77&lon=23.59&radius_km=5&limit=10') AS seen;
SELECT cardinality(seen) AS posts, seen = ARRAY(SELECT n FROM pg_temp.ranking(NULL, 50, count => 500)) AS is_the_ranking FROM pg_temp.walk('/v1/feed?limit=50') AS seen;
-- Exactly a page: no further one.
SELECT body -> 'has_more' AS has_more, body -> 'next_cursor' AS next FROM mesteri.request('GET', '/v1/feed?lat=46.77&lon=23.59&limit=4&categories='
    || mesteri.category_id('electrice') || ',' || mesteri.category_id('zidar'));

-- By somebody signed in, whose reading changes the counters that the ranking is made of: still each once, in the order of the start.
CREATE TEMP TABLE before AS SELECT array_agg(n) AS ranking FROM pg_temp.ranking(:here, 50, count => 500);
SELECT cardinality(seen) AS posts, pg_temp.repeats(seen) AS repeats, seen = ranking AS is_the_ranking_of_the_start
  FROM before, pg_temp.walk('/v1/feed?lat=46.77&lon=23.59&radius_km=50&limit=20', :'ana') AS seen;
-- While everything moves: never a post twice.
SELECT cardinality(seen) > 200 AS far, pg_temp.repeats(seen) AS repeats
  FROM pg_temp.walk('/v1/feed?lat=46.77&lon=23.59&limit=20', NULL,
    'UPDATE mesteri.content_posts SET likes_count = (likes_count % 11 * 7 + 3) % 11, views_count = (views_count % 13 * 5 + 1) % 13') AS seen;
-- While new ones come: a new post may show, none twice.
SELECT cardinality(seen) >= 500 AS far, pg_temp.repeats(seen) AS repeats
  FROM pg_temp.walk('/v1/feed?lat=46.77&lon=23.59&limit=20', NULL,
    'SELECT pg_temp.post((SELECT 1 + max(pg_temp.number(id)) FROM mesteri.content_posts)::integer, ''rated'', 0, ''1 day'', 1)') AS seen;

-- Other weights meanwhile: the walk keeps its own, a new one takes the new ones.
SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=10')::json ->> 'next_cursor' AS cursor \gset
INSERT INTO mesteri.feed_weights VALUES (2, 0, 0, 0, 1, 1000, '10 days');
SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=10&cursor=' || :'cursor')::json -> 'weights_version' AS in_the_walk,
       pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=10')::json -> 'weights_version' AS anew;
DELETE FROM mesteri.feed_weights WHERE version = 2;

-- Numbered pages, for old clients.
SELECT page, (SELECT array_agg(pg_temp.number((p ->> 'id')::uuid)) FROM json_array_elements(answer -> 'posts') AS p)
             = ARRAY(SELECT n FROM pg_temp.ranking(:here, 50) LIMIT 20 OFFSET (page - 1) * 20) AS is_the_ranking, answer -> 'page' AS said, answer -> 'next_cursor' AS next,
       answer -> 'has_more' AS has_more
  FROM unnest('{1,2,25}'::integer[]) AS n (page), LATERAL (SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&page=' || page)::json) AS a (answer);

-- A cursor serves whom it was made for, for what it was made for.
SELECT pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&radius_km=50', token => :'ana')::json ->> 'next_cursor' AS anas \gset
SELECT name, pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?' || query, token => token)) AS outcome
  FROM (VALUES
    (1, 'as made', 'lat=46.77&lon=23.59&limit=10&cursor=' || :'cursor', NULL),
    (2, 'other page size', 'lat=46.77&lon=23.59&limit=50&cursor=' || :'cursor', NULL),
    (3, 'place spelt otherwise', 'lon=23.590&lat=4.677e1&cursor=' || :'cursor', NULL),
    (4, 'another place', 'lat=46.78&lon=23.59&limit=10&cursor=' || :'cursor', NULL),
    (5, 'no place', 'limit=10&cursor=' || :'cursor', NULL),
    (6, 'another radius', 'lat=46.77&lon=23.59&radius_km=51&cursor=' || :'cursor', NULL),
    (7, 'a category', 'lat=46.77&lon=23.59&categories=' || mesteri.category_id('zidar') || '&cursor=' || :'cursor', NULL),
    (8, 'nobody''s, by ana', 'lat=46.77&lon=23.59&radius_km=50&cursor=' || :'cursor', :'ana'),
    (9, 'ana''s, by ana', 'lat=46.77&lon=23.59&radius_km=50&cursor=' || :'anas', :'ana'),
    (10, 'ana''s, by ion', 'lat=46.77&lon=23.59&radius_km=50&cursor=' || :'anas', :'ion'),
    (11, 'ana''s, by nobody', 'lat=46.77&lon=23.59&radius_km=50&cursor=' || :'anas', NULL),
    (12, 'ana''s, following', 'lat=46.77&lon=23.59&radius_km=50&following_only=true&cursor=' || :'anas', :'ana'),
    (13, 'cut', 'lat=46.77&lon=23.59&limit=10&cursor=' || left(:'cursor', -1), NULL),
    (14, 'cut by a post', 'lat=46.77&lon=23.59&limit=10&cursor=' || left(:'cursor', -8), NULL),
    (15, 'longer', 'lat=46.77&lon=23.59&limit=10&cursor=' || :'cursor' || 'AAAAAAAA', NULL),
    (16, 'empty', 'cursor=', NULL),
    (17, 'weights that are gone', 'cursor=' || mesteri.feed_cursor(now(), 99, '||50|', 0.5, pg_temp.id(1), ''), NULL)
  ) AS t (number, name, query, token)
 ORDER BY number;
-- Each character of it counts.
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE pg_temp.outcome(pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=1&cursor='
           || overlay(:'cursor' placing CASE substr(:'cursor', n, 1) WHEN 'x' THEN 'y' ELSE 'x' END from n))) = 'ok') AS taken
  FROM generate_series(1, length(:'cursor') - 1) AS g (n);

-- The sets of served posts: sorted, each once, found again; what is no such set is refused.
SELECT length(s) / 6 AS posts, (SELECT bool_and(mesteri.feed_served_has(s, pg_temp.id(n))) FROM generate_series(1, 500) n) AS has_all,
       (SELECT bool_or(mesteri.feed_served_has(s, pg_temp.id(n))) FROM generate_series(501, 1000) n) AS has_others,
       s = mesteri.feed_served_add(s, '{}') AS stays, s = mesteri.feed_served_add(s, ARRAY[pg_temp.id(7), pg_temp.id(7)]) AS each_once
  FROM (SELECT mesteri.feed_served_add(mesteri.feed_served_add('', array_agg(pg_temp.id(n)) FILTER (WHERE n % 2 = 0)), array_agg(pg_temp.id(n)))
          FROM generate_series(1, 500) n) AS f (s);
SAVEPOINT tried;
\set VERBOSITY sqlstate
SELECT mesteri.feed_served_add('\x0102', '{}');
ROLLBACK TO tried;
SELECT mesteri.feed_served_add('\x020000000000010000000000', '{}');
ROLLBACK TO tried;
SELECT mesteri.feed_served_add('', ARRAY[NULL]::uuid[]);
ROLLBACK TO tried;
SELECT mesteri.feed_cursor(now(), 1, '', 0, pg_temp.id(1), (SELECT mesteri.feed_served_add('', array_agg(pg_temp.id(n))) FROM generate_series(1, 501) n));
ROLLBACK;
