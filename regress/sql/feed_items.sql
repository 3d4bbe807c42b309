-- Items of the feed, which C writes: each is what post_json() says of the post to this reader, and three members more.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
CREATE FUNCTION pg_temp.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
SELECT pg_temp.account('ana', user_id => pg_temp.id(1)) AS ana, pg_temp.account('ion', user_id => pg_temp.id(2)) AS ion,
       pg_temp.account('eva', 'staff', pg_temp.id(3)) AS eva, pg_temp.account('master', 'craftsman', pg_temp.id(4)) AS master,
       pg_temp.account('other', 'craftsman', pg_temp.id(5)), pg_temp.account('third', 'craftsman', pg_temp.id(6)) \gset
CREATE FUNCTION pg_temp.craftsman(n integer) RETURNS uuid LANGUAGE sql AS $$ SELECT id FROM mesteri.craftsman_profiles WHERE user_id = pg_temp.id(n) $$;

-- One post with everything, one with nothing, and what is awkward in between.
UPDATE mesteri.user_profiles SET display_name = 'Zsolt "Ș" \ ' || chr(9), avatar_url = '/a.jpg', city = 'Cluj', county = 'CJ' WHERE user_id = pg_temp.id(4);
UPDATE mesteri.user_profiles SET display_name = '', first_name = 'Ștefan', last_name = 'Țiriac' WHERE user_id = pg_temp.id(5);
UPDATE mesteri.user_profiles SET first_name = '' WHERE user_id = pg_temp.id(6);
UPDATE mesteri.craftsman_profiles SET business_name = 'Zsolt SRL', tier = 'pro', business_verification_status = 'verified', business_verified_at = now(), rating_sum = 13, total_reviews = 3,
       featured_until = now() + interval '1 second' WHERE id = pg_temp.craftsman(4);
UPDATE mesteri.craftsman_profiles SET business_verification_status = 'pending', featured_until = now() WHERE id = pg_temp.craftsman(5);
INSERT INTO mesteri.content_posts (id, craftsman_id, title, description, media_type, media_urls, thumbnail_url, before_media_url, after_media_url, views_count, likes_count,
                                   shares_count, saves_count, comments_count, category_id, tags, location, location_name, published_at, created_at, version)
VALUES (pg_temp.id(11), pg_temp.craftsman(4), '"Baie" cu gresie', repeat('Gresie și faianță. ', 400) || chr(10), 'before_after', '["/b.jpg", {"x": 1}]', '/t.jpg', '/b.jpg', '/a.jpg',
        7, 6, 5, 4, 3, mesteri.category_id('zidar'), '{gresie,"a \"b\"",NULL,""}', mesteri.point(46.775, 23.595), 'Cluj', now() - interval '1 day', '2026-01-02 03:04:05.678+02', 9);
INSERT INTO mesteri.content_posts (id, craftsman_id, media_type, media_urls, published_at, tags, location, duration_seconds, video_quality)
SELECT pg_temp.id(n), pg_temp.craftsman(CASE n % 3 WHEN 0 THEN 4 WHEN 1 THEN 5 ELSE 6 END), CASE n % 2 WHEN 0 THEN 'video' ELSE 'image' END::mesteri.media_type, '[]', now() - n * interval '1 hour',
       CASE n WHEN 12 THEN '{}' WHEN 13 THEN '{{a,b},{c,d}}' ELSE '{a,b}' END::text[], mesteri.point(46.77 + n * 0.0123, 23.59), nullif(n, 12), CASE WHEN n % 2 = 0 THEN '1080p' END
  FROM generate_series(12, 40) AS g (n);
INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type)
SELECT u.id, pg_temp.id(n), kind FROM generate_series(11, 40) AS g (n), unnest(enum_range(NULL::mesteri.interaction_type)) AS kind, mesteri.users u
 WHERE (n * 7 + ascii(kind::text) + right(u.id::text, 1)::integer) % 3 = 0;

CREATE FUNCTION pg_temp.compare(reader integer, token text, target text) RETURNS TABLE (items bigint, same bigint, liked bigint, saved bigint, places bigint, ids boolean)
    LANGUAGE sql AS $$
    SELECT count(*), count(*) FILTER (WHERE shown::jsonb = wanted::jsonb), count(*) FILTER (WHERE (item ->> 'liked')::boolean), count(*) FILTER (WHERE (item ->> 'saved')::boolean),
           count(*) FILTER (WHERE item ->> 'location' IS NOT NULL), count(DISTINCT item ->> 'id') = count(*)
      FROM json_array_elements(pg_temp.ask('GET', target, NULL, token)::json -> 'posts') AS i (item)
      JOIN mesteri.content_posts p ON p.id = (item ->> 'id')::uuid
      JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id
     CROSS JOIN LATERAL (SELECT item::jsonb - '{distance_km,relevance_score,score_parts}'::text[]) AS s (shown)
     CROSS JOIN LATERAL (SELECT mesteri.post_json(p, c, pg_temp.id(reader), reader = 3)) AS w (wanted) $$;
SELECT * FROM pg_temp.compare(NULL, NULL, '/v1/feed?lat=46.77&lon=23.59&limit=100');
SELECT * FROM pg_temp.compare(1, :'ana', '/v1/feed?lat=46.77&lon=23.59&limit=100');
SELECT * FROM pg_temp.compare(2, :'ion', '/v1/feed?limit=100');
SELECT * FROM pg_temp.compare(3, :'eva', '/v1/feed?lat=46.77&lon=23.59&limit=100');
SELECT * FROM pg_temp.compare(4, :'master', '/v1/feed?lat=46.77&lon=23.59&limit=100');
SELECT * FROM pg_temp.compare(1, :'ana', '/v1/feed?limit=7&page=3');

-- The columns move, a column goes, a label changes its name: what was learnt of the tables is learnt anew.
ALTER TYPE mesteri.craftsman_tier RENAME VALUE 'basic' TO 'plain';
SELECT * FROM pg_temp.compare(1, :'ana', '/v1/feed?lat=46.77&lon=23.59&limit=100');
ALTER TYPE mesteri.craftsman_tier RENAME VALUE 'plain' TO 'basic';
ALTER TABLE mesteri.content_posts RENAME COLUMN title TO old_title;
ALTER TABLE mesteri.content_posts ADD COLUMN title text;
UPDATE mesteri.content_posts SET title = 'nou';
SELECT count(*) FILTER (WHERE item ->> 'title' = 'nou') AS new_titles FROM json_array_elements(pg_temp.ask('GET', '/v1/feed?limit=100')::json -> 'posts') AS i (item);
ALTER TABLE mesteri.content_posts DROP COLUMN title;
ALTER TABLE mesteri.content_posts RENAME COLUMN old_title TO title;

-- Kilometres are rounded as numeric rounds them, halves of a tenth away from zero.
UPDATE mesteri.content_posts SET location = ST_Project(mesteri.point(46.77, 23.59), 50 + 100 * (right(id::text, 2)::integer - 11), 0.5) WHERE right(id::text, 2) BETWEEN '13' AND '24';
SELECT count(*) AS distances, count(*) FILTER (WHERE (item ->> 'distance_km') = round(metres::numeric / 1000, 1)::text) AS same,
       count(*) FILTER (WHERE metres::numeric % 100 = 50) AS halves
  FROM json_array_elements(pg_temp.ask('GET', '/v1/feed?lat=46.77&lon=23.59&limit=100')::json -> 'posts') AS i (item)
  JOIN mesteri.content_posts p ON p.id = (item ->> 'id')::uuid
 CROSS JOIN LATERAL (SELECT mesteri.distance_m(p.location, mesteri.point(46.77, 23.59))) AS d (metres);

-- Whom somebody has blocked, and by whom he is; nobody, mostly.
INSERT INTO mesteri.blocks (user_id, blocked_user_id) VALUES (pg_temp.id(1), pg_temp.id(4)), (pg_temp.id(1), pg_temp.id(2)), (pg_temp.id(6), pg_temp.id(1)), (pg_temp.id(5), pg_temp.id(2));
SELECT n, ARRAY(SELECT right(user_id::text, 1) FROM mesteri.craftsman_profiles WHERE id = ANY (mesteri.blocked_craftsmen(pg_temp.id(n))) ORDER BY 1) AS hidden FROM generate_series(1, 4) AS g (n);
SELECT mesteri.blocked_craftsmen(NULL) AS nobodys;
SELECT * FROM pg_temp.compare(1, :'ana', '/v1/feed?limit=100');

-- A post whose author's profile is missing is left out, and the walk goes on behind it.
SAVEPOINT whole;
DELETE FROM mesteri.blocks;
DELETE FROM mesteri.user_profiles WHERE user_id = pg_temp.id(5);
CREATE FUNCTION pg_temp.walk(token text) RETURNS TABLE (posts bigint, pages integer) LANGUAGE plpgsql AS $$
DECLARE
    body json := pg_temp.ask('GET', '/v1/feed?limit=4', NULL, token);
BEGIN
    posts := json_array_length(body -> 'posts');
    pages := 1;
    WHILE (body ->> 'has_more')::boolean LOOP
        body := pg_temp.ask('GET', '/v1/feed?limit=4&cursor=' || (body ->> 'next_cursor'), NULL, token);
        posts := posts + json_array_length(body -> 'posts');
        pages := pages + 1;
    END LOOP;
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.walk(:'ana');
ROLLBACK TO whole;

-- Without its indexes nothing can be found; it says so.
ALTER TABLE mesteri.content_interactions DROP CONSTRAINT content_interactions_pkey;
\set VERBOSITY terse
SELECT * FROM mesteri.feed_answer(pg_temp.id(1), false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 1);
ROLLBACK;
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
SELECT mesteri.feed_answer(NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 1);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', 'forged', NULL, 1);
-- Neither are limits and pages that no client can ask for taken for others, or for memory.
\set VERBOSITY sqlstate
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 0);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, -2147483648);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 838860);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 2147483646);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, 0, 1);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, -42949671, 100);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, 2147483647, 2500);
SELECT mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 2501);
SELECT (mesteri.feed_answer(NULL, false, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 2500)).status;
