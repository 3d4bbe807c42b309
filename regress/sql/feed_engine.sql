-- The feed's engine against its reference: same posts, same order, same numbers to the last bit; what it costs, and what happens without its index.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
SELECT count(pg_temp.account('c' || n, 'craftsman')) FROM generate_series(1, 40) AS g (n) \g /dev/null
SELECT coalesce(current_setting('mesteri_test.seed', true), (random() * 2 - 1)::text) AS seed \gset
SELECT setseed(:seed) \g /dev/null
UPDATE mesteri.craftsman_profiles SET total_reviews = 7, rating_sum = 7 + floor(random() * 29) WHERE random() < 0.8;

-- A town, another on the antimeridian, one at the pole; few values of everything, so that scores tie; all that the index treats apart.
CREATE FUNCTION pg_temp.town(draw integer) RETURNS geography LANGUAGE sql VOLATILE AS $$
    SELECT mesteri.point(least(90, (ARRAY[46.77, 46.77, 46.77, -17, 89.95])[at] + floor(random() * 5) * 0.1),
                         CASE WHEN lon > 180 THEN lon - 360 ELSE lon END)
      FROM (SELECT at, (ARRAY[23.59, 23.59, 23.59, 179.8, 10])[at] + floor(random() * 5) * 0.1 AS lon
              FROM (SELECT 1 + floor(random() * 5)::integer AS at) AS a) AS l $$;
CREATE FUNCTION pg_temp.posts(count integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at, likes_count, views_count, saves_count, status, category_id)
    SELECT (SELECT array_agg(id) FROM mesteri.craftsman_profiles)[1 + n % 40], 'image', '[]',
           CASE WHEN random() < 0.9 THEN pg_temp.town(n) END, now() - floor(random() * 12 - 2) * interval '1 day',
           floor(random() * 3), floor(random() * 4), floor(random() * 2), CASE WHEN random() < 0.9 THEN 'published' ELSE 'hidden' END::mesteri.content_status,
           CASE WHEN random() < 0.9 THEN mesteri.category_id((ARRAY['electrician', 'zidar', 'zugrav', 'panouri-fotovoltaice'])[1 + floor(random() * 4)::integer]) END
      FROM generate_series(1, count) AS g (n) $$;
SELECT pg_temp.posts(2000) \g /dev/null

-- n random searches, three pages deep each; how many pages differ in anything.
CREATE FUNCTION pg_temp.differences(n integer, OUT pages integer, OUT different integer) LANGUAGE plpgsql AS $$
DECLARE
    w       mesteri.feed_weights;
    place   geography;
    radius  float8;
    share   float8;
    kinds   uuid[];
    authors uuid[];
    hidden  uuid[];
    after_score float8;
    after_id    uuid;
    count   integer;
    skip    integer;
    clock   timestamptz;
    served  bytea;
    given   text[];
    wanted  text[];
    ids     uuid[];
BEGIN
    pages := 0;
    different := 0;
    FOR i IN 1 .. n LOOP
        SELECT * INTO w FROM mesteri.feed_weights ORDER BY random() LIMIT 1;
        place := CASE WHEN random() < 0.85 THEN pg_temp.town(i) END;
        radius := (ARRAY[1000, 12000, 50000, 300000])[1 + floor(random() * 4)::integer];
        kinds := CASE WHEN random() < 0.4 THEN ARRAY[mesteri.category_id('zidar'), mesteri.category_id('nothing'), mesteri.category_id('zugrav')] END;
        authors := CASE WHEN random() < 0.3 THEN ARRAY(SELECT c.id FROM mesteri.craftsman_profiles c WHERE random() < 0.3) END;
        -- Some, or so many that the best of all are hardly among those to be shown.
        share := (ARRAY[0, 0.3, 0.9])[1 + floor(random() * 3)::integer];
        hidden := CASE WHEN share > 0 THEN ARRAY(SELECT c.id FROM mesteri.craftsman_profiles c WHERE random() < share) END;
        clock := now() + (ARRAY[0, 3, -5])[1 + floor(random() * 3)::integer] * interval '1 day';
        SELECT NULL, NULL, 1 + floor(random() * 40), floor(random() * 2) * floor(random() * 50), '' INTO after_score, after_id, count, skip, served;
        FOR page IN 1 .. 3 LOOP
            SELECT array_agg(f::text), array_agg(f.post_id) INTO given, ids
              FROM mesteri.feed_top(clock, w, place, radius, kinds, authors, hidden, after_score, after_id, served, count, skip) AS f;
            SELECT array_agg(f::text) INTO wanted
              FROM mesteri.feed_reference(clock, w, place, radius, kinds, authors, hidden, after_score, after_id, served, count, skip) AS f;
            pages := pages + 1;
            different := different + (given IS DISTINCT FROM wanted)::integer;
            EXIT WHEN ids IS NULL;
            after_id := ids[cardinality(ids)];
            after_score := split_part(given[cardinality(given)], ',', 3);
            served := mesteri.feed_served_add(served, ids[1:100]);
            skip := 0;
            -- Somebody reads: scores move under the cursor.
            IF random() < 0.2 THEN
                UPDATE mesteri.content_posts p SET views_count = views_count + 1 WHERE p.id = ANY (ids);
            END IF;
        END LOOP;
    END LOOP;
END;
$$;
INSERT INTO mesteri.feed_weights VALUES (2, 0.1, 0.2, 0.3, 0.4, 400000, '10 days'), (3, 0.7, 0.1, 0.1, 0.1, 5000, '1 hour'), (4, 0, 0, 0, 1, 1, '1 month');

CREATE FUNCTION pg_temp.agrees(what text, n integer) RETURNS text LANGUAGE sql AS $$
    SELECT what || CASE WHEN different = 0 AND pages > n THEN ': yes' ELSE format(': %s of %s pages differ', different, pages) END FROM pg_temp.differences(n) $$;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('one by one', 25) NOT LIKE '%: yes';

-- Whatever is written meanwhile.
UPDATE mesteri.content_posts SET likes_count = likes_count + floor(random() * 9), views_count = views_count + floor(random() * 9) WHERE random() < 0.4;
UPDATE mesteri.content_posts SET location = pg_temp.town(1), category_id = NULL WHERE random() < 0.1;
UPDATE mesteri.content_posts SET status = CASE status WHEN 'hidden' THEN 'published' ELSE 'hidden' END::mesteri.content_status WHERE random() < 0.1;
UPDATE mesteri.content_posts SET craftsman_id = (SELECT id FROM mesteri.craftsman_profiles ORDER BY id LIMIT 1) WHERE random() < 0.05;
DELETE FROM mesteri.content_posts WHERE random() < 0.1;
UPDATE mesteri.craftsman_profiles SET rating_sum = total_reviews * (1 + floor(random() * 5)) WHERE random() < 0.5;
UPDATE mesteri.users SET is_active = false WHERE email IN ('c3@example.ro', 'c4@example.ro');
UPDATE mesteri.users SET is_active = false, deleted_at = now() WHERE email = 'c5@example.ro';
UPDATE mesteri.users SET is_active = true WHERE email = 'c4@example.ro';
SELECT * FROM mesteri.feed_faults();
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('after changes', 25) NOT LIKE '%: yes';

-- Built at once.
REINDEX INDEX mesteri.content_posts_feed;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('built', 25) NOT LIKE '%: yes';

-- What it costs: a page is not much more than its posts, however many there are around.
SELECT pg_temp.posts(7000) \g /dev/null
SELECT count(*) AS posts FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, mesteri.point(46.97, 23.79), 50000, NULL, NULL, NULL, NULL, NULL, '', 20, 0) WHERE w.version = 1;
SELECT index_pages BETWEEN 2 AND 40 AS pages, heap_tuples BETWEEN 20 AND 400 AS tuples, distances <= heap_tuples AS distances, buffers < 600 AS buffers FROM mesteri.engine_work();
-- Without the index: the same, by the reference, and DBAs are told.
SAVEPOINT whole;
DROP INDEX mesteri.content_posts_feed;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('without its index', 3) NOT LIKE '%: yes';
SELECT severity, finding, evidence FROM ops.doctor_engines();
ROLLBACK TO whole;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'mesteri.content_posts_feed'::regclass;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('with an invalid index', 3) NOT LIKE '%: yes';
SELECT severity, finding, evidence FROM ops.doctor_engines();
ROLLBACK TO whole;
-- An index of the name that lacks some posts is none.
DROP INDEX mesteri.content_posts_feed;
CREATE INDEX content_posts_feed ON mesteri.content_posts USING gist (feed_key) WHERE feed_key IS NOT NULL AND likes_count > 1;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('with half an index', 3) NOT LIKE '%: yes';
ROLLBACK TO whole;
DROP INDEX mesteri.content_posts_feed;
CREATE INDEX content_posts_feed ON mesteri.content_posts USING gist (feed_key) INCLUDE (project_id) WHERE feed_key IS NOT NULL;
SELECT 'seed ' || :'seed' WHERE pg_temp.agrees('with one more column, which is null', 3) NOT LIKE '%: yes';
ROLLBACK TO whole;

-- A set of served posts that a table keeps packed: it is unpacked once, not for each of the posts.
CREATE TEMP TABLE packed AS SELECT decode(repeat('00', 600000), 'hex') AS served;
CREATE FUNCTION pg_temp.most_memory() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+)')::bigint $$;
SELECT pg_temp.most_memory() AS before \gset
SELECT pg_column_size(served) < 60000 AS is_packed, count(*) AS posts FROM packed, mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, served, 101, 900) WHERE w.version = 1 GROUP BY 1;
SELECT pg_temp.most_memory() - :before < 200000 AS unpacked_once;

-- Its limits, on both sides, and what must not be null.
\set VERBOSITY terse
SELECT count(*) <= 2501 AS at_most FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 101, 2400) WHERE w.version = 1;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 101, 2401) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 0, 1) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(NULL, w, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 0) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_top(now(), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 0);
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, mesteri.point(0, 0), NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 0) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, ARRAY[mesteri.uuid7(), NULL], NULL, NULL, '', 1, 0) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, NULL, NULL, NULL, NULL, NULL, NULL, mesteri.uuid7(), '', 1, 0) WHERE w.version = 1;
ROLLBACK TO whole;

-- Numbers that no client can send, and lists of every form: as the reference has them, by the index and by the authors.
SELECT what AS differs FROM (VALUES
    ('radius 0', 'mesteri.point(46.97, 23.79), 0, NULL, NULL, NULL, NULL, NULL, ''''::bytea'), ('radius below 0', 'mesteri.point(46.97, 23.79), -1, NULL, NULL, NULL, NULL, NULL, ''''::bytea'),
    ('radius far below 0', 'mesteri.point(46.97, 23.79), -1e300, NULL, NULL, NULL, NULL, NULL, ''''::bytea'), ('radius 1e300', 'mesteri.point(46.97, 23.79), 1e300, NULL, NULL, NULL, NULL, NULL, ''''::bytea'),
    ('radius without end', 'mesteri.point(46.97, 23.79), ''Infinity'', NULL, NULL, NULL, NULL, NULL, ''''::bytea'), ('no number', 'mesteri.point(46.97, 23.79), ''NaN'', NULL, NULL, NULL, NULL, NULL, ''''::bytea'),
    ('no number, by authors', 'mesteri.point(46.97, 23.79), ''NaN'', NULL, ARRAY(SELECT id FROM mesteri.craftsman_profiles), NULL, NULL, NULL, ''''::bytea'),
    ('all the world from a pole', 'mesteri.point(-90, 180), ''Infinity'', NULL, NULL, NULL, NULL, NULL, ''''::bytea'),
    ('a third coordinate', '''POINT Z(23.79 46.97 9)''::geography, 50000, NULL, NULL, NULL, NULL, NULL, ''''::bytea'),
    ('authors twice, and null', 'NULL, NULL, NULL, (SELECT ARRAY[ARRAY[id, id], ARRAY[id, NULL]] FROM mesteri.craftsman_profiles LIMIT 1), NULL, NULL, NULL, ''''::bytea'),
    ('no author', 'NULL, NULL, NULL, ''{}'', NULL, NULL, NULL, ''''::bytea'), ('no category', 'NULL, NULL, ''{}'', NULL, NULL, NULL, NULL, ''''::bytea'),
    ('null for a category', 'NULL, NULL, ''{NULL}'', NULL, NULL, NULL, NULL, ''''::bytea'),
    ('categories from elsewhere', 'NULL, NULL, (''[5:5][7:7]={{'' || mesteri.category_id(''zidar'') || ''}}'')::uuid[], NULL, NULL, NULL, NULL, ''''::bytea'),
    ('thousands hidden', 'NULL, NULL, NULL, NULL, ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 9999)) || ARRAY(SELECT id FROM mesteri.craftsman_profiles OFFSET 1), NULL, NULL, ''''::bytea'),
    ('behind no number', 'NULL, NULL, NULL, NULL, NULL, ''NaN'', mesteri.uuid7(), ''''::bytea'), ('behind the best', 'NULL, NULL, NULL, NULL, NULL, ''Infinity'', mesteri.uuid7(), ''''::bytea'),
    ('behind the worst', 'NULL, NULL, NULL, NULL, NULL, ''-Infinity'', mesteri.uuid7(), ''''::bytea'), ('half an id served', 'NULL, NULL, NULL, NULL, NULL, NULL, NULL, ''\x00''::bytea'),
    ('one id and a bit', 'NULL, NULL, NULL, NULL, NULL, NULL, NULL, (SELECT substr(uuid_send(id), 11) || ''\x00'' FROM mesteri.content_posts ORDER BY id LIMIT 1)'),
    ('served, out of order', 'NULL, NULL, NULL, NULL, NULL, NULL, NULL, (SELECT string_agg(substr(uuid_send(id), 11), '''' ORDER BY md5(id::text)) FROM mesteri.content_posts)'),
    ('all served', 'NULL, NULL, NULL, NULL, NULL, NULL, NULL, (SELECT string_agg(substr(uuid_send(id), 11), '''' ORDER BY substr(uuid_send(id), 11)) FROM mesteri.content_posts)')) AS a (what, arguments),
       LATERAL (SELECT query_to_xml(format('SELECT f.* FROM mesteri.feed_weights w, mesteri.feed_top(now(), w, %s, 20, 0) AS f WHERE w.version = 1', arguments), true, true, '')::text) AS g (given),
       LATERAL (SELECT query_to_xml(format('SELECT f.* FROM mesteri.feed_weights w, mesteri.feed_reference(now(), w, %s, 20, 0) AS f WHERE w.version = 1', arguments), true, true, '')::text) AS r (wanted)
 WHERE given IS DISTINCT FROM wanted OR given IS NULL;

-- Somebody blocked, either way, is not shown; whoever asks why, is told.
SELECT c.id AS craftsman, c.user_id AS blocked FROM mesteri.craftsman_profiles c JOIN mesteri.users u ON u.id = c.user_id WHERE u.email = 'c7@example.ro' \gset
SELECT c.user_id AS reader FROM mesteri.craftsman_profiles c JOIN mesteri.users u ON u.id = c.user_id WHERE u.email = 'c8@example.ro' \gset
UPDATE mesteri.user_profiles SET location = mesteri.point(46.97, 23.79) WHERE user_id = :'reader';
SELECT id AS post FROM mesteri.content_posts WHERE craftsman_id = :'craftsman' AND status = 'published' AND mesteri.within_m(location, mesteri.point(46.97, 23.79), 50000) LIMIT 1 \gset
SELECT shown, reason, abs(score - geo - engagement - rating - recency) < 1e-12 AS adds_up, score BETWEEN at_least AND at_most AS holds, weights_version FROM mesteri.explain_feed(:'reader', :'post');
INSERT INTO mesteri.blocks VALUES (:'reader', :'blocked');
SELECT mesteri.blocked_craftsmen(:'reader') = ARRAY[:'craftsman'::uuid] AS by_reader, shown, reason FROM mesteri.explain_feed(:'reader', :'post');
DELETE FROM mesteri.blocks;
INSERT INTO mesteri.blocks VALUES (:'blocked', :'reader');
SELECT mesteri.blocked_craftsmen(:'reader') = ARRAY[:'craftsman'::uuid] AS by_author, shown, reason FROM mesteri.explain_feed(:'reader', :'post');
DELETE FROM mesteri.blocks;
UPDATE mesteri.content_posts SET status = 'hidden' WHERE id = :'post';
SELECT shown, reason FROM mesteri.explain_feed(:'reader', :'post');

-- An author rated and suspended by one statement: his posts say what he is in the end, not what he was on the way.
WITH rated AS (UPDATE mesteri.craftsman_profiles SET rating_sum = 4, total_reviews = 1 WHERE id = :'craftsman')
UPDATE mesteri.users SET is_active = false WHERE id = :'blocked';
SELECT count(*) > 0 AS some, bool_or(author_active) AS active, bool_and(author_rating = 400) AS rated, count(feed_key) AS shown FROM mesteri.content_posts WHERE craftsman_id = :'craftsman';
WITH rated AS (UPDATE mesteri.craftsman_profiles SET rating_sum = 3 WHERE id = :'craftsman')
UPDATE mesteri.users SET is_active = true WHERE id = :'blocked';
SELECT count(*) > 0 AS some, bool_and(author_active) AS active, bool_and(author_rating = 300) AS rated, count(feed_key) > 0 AS shown FROM mesteri.content_posts WHERE craftsman_id = :'craftsman';
SELECT count(*) FROM mesteri.feed_faults();
ROLLBACK;
