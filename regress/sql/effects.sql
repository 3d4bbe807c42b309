-- What reads ask to be written: noted when they say so, then counted, once for each reader and post, and never on a stranger's word.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
CREATE FUNCTION pg_temp.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
SELECT pg_temp.account('ana', user_id => pg_temp.id(1)) AS ana, pg_temp.account('ion', user_id => pg_temp.id(2)) AS ion,
       pg_temp.account('master', 'craftsman', pg_temp.id(3)) AS master \gset
INSERT INTO mesteri.content_posts (id, craftsman_id, media_type, media_urls, published_at, status)
SELECT pg_temp.id(n), c.id, 'image', '[]', now(), CASE n WHEN 15 THEN 'draft' ELSE 'published' END::mesteri.content_status
  FROM mesteri.craftsman_profiles c, generate_series(11, 15) AS g (n) WHERE c.user_id = pg_temp.id(3);
CREATE FUNCTION pg_temp.views() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(views_count::text, ' ' ORDER BY id) FROM mesteri.content_posts $$;
-- The effects of a read, which are not applied.
CREATE FUNCTION pg_temp.read(target text, token text) RETURNS bytea[] LANGUAGE sql AS $$
    SELECT h.effects FROM mesteri.find_route('GET', split_part(target, '?', 1)) AS r,
           mesteri.handle(r.id, token, r.segments, split_part(target, '?', 2), NULL, NULL, 5000, NULL, NULL, 'test', 'ro') AS h $$;

-- A read itself writes nothing; nobody's read asks for nothing; a draft is not viewed.
SELECT pg_temp.read('/v1/posts/' || pg_temp.id(11), :'ana') IS NOT NULL AS anas, pg_temp.read('/v1/posts/' || pg_temp.id(11), NULL) AS nobodys,
       pg_temp.read('/v1/posts/' || pg_temp.id(15), :'master') AS drafts, pg_temp.read('/v1/feed?limit=3', :'ana') IS NOT NULL AS feeds,
       pg_temp.read('/v1/feed?limit=3', NULL) AS nobodys_feed, pg_temp.read('/v1/categories', :'ana') AS others;
SELECT pg_temp.views() AS views;

-- Noted first, a row for each read, and counted later.
SELECT mesteri.effects_apply(pg_temp.read('/v1/posts/' || pg_temp.id(11), :'ana')) AS noted, pg_temp.views() AS views;
SELECT viewer_id = pg_temp.id(1) AS anas, post_ids = ARRAY[pg_temp.id(11)] AS of_the_post, seen_at = now() AS now FROM mesteri.impressions;
SELECT mesteri.roll_up_impressions() AS taken;
SELECT pg_temp.views() AS views, (SELECT count(*) FROM mesteri.impressions) AS waiting;
SELECT mesteri.roll_up_impressions() AS taken_again;
-- Once, however often it is read, sent, or repeated in a batch.
SELECT mesteri.effects_apply(pg_temp.read('/v1/posts/' || pg_temp.id(11), :'ana')) AS noted;
SELECT mesteri.effects_apply(e || e || e) AS noted FROM pg_temp.read('/v1/posts/' || pg_temp.id(12), :'ana') AS e;
SELECT mesteri.roll_up_impressions() AS taken;
SELECT pg_temp.views() AS views;
-- Two readers count twice, in one batch or in two.
SELECT mesteri.effects_apply(pg_temp.read('/v1/posts/' || pg_temp.id(13), :'ana') || pg_temp.read('/v1/posts/' || pg_temp.id(13), :'ion')) AS noted;
SELECT mesteri.effects_apply(pg_temp.read('/v1/posts/' || pg_temp.id(12), :'ion')) AS noted;
SELECT mesteri.roll_up_impressions() AS taken;
SELECT pg_temp.views() AS views;
-- A feed counts what it showed, and not what another page would.
SELECT mesteri.effects_apply(pg_temp.read('/v1/feed?limit=3', :'master')) AS noted, mesteri.roll_up_impressions() AS taken;
SELECT (SELECT count(*) FROM mesteri.content_interactions WHERE user_id = pg_temp.id(3)) AS viewed;
-- mesteri.request() applies them.
SELECT status, mesteri.roll_up_impressions() AS taken FROM mesteri.request('GET', '/v1/posts/' || pg_temp.id(14), :'ion');
SELECT pg_temp.views() AS views;

-- Dropped: not sealed, sealed for something else, cut, changed, empty, null; what is good beside them counts.
SELECT mesteri.effects_apply(NULL) AS no_batch, mesteri.effects_apply('{}') AS empty_batch, mesteri.effects_apply(ARRAY[NULL]::bytea[]) AS null_effect;
SELECT name, mesteri.effects_apply(ARRAY[effect]) AS noted
  FROM (SELECT convert_to(json_build_object('viewer', pg_temp.id(2), 'posts', ARRAY[pg_temp.id(11)])::text, 'UTF8')) AS p (plain),
       LATERAL (SELECT mesteri.seal('effect', plain)) AS s (sealed),
       LATERAL (VALUES (1, 'not sealed', plain), (2, 'behind sixteen zeros', decode(repeat('00', 16), 'hex') || plain), (3, 'for something else', mesteri.seal('feed cursor', plain)),
                       (4, 'for nothing', mesteri.seal('', plain)), (5, 'cut', substr(sealed, 1, length(sealed) - 1)), (6, 'longer', sealed || '\x20'), (7, 'empty', ''),
                       (8, 'first byte changed', set_byte(sealed, 0, get_byte(sealed, 0) # 1)), (9, 'last byte changed', set_byte(sealed, length(sealed) - 1, 126)),
                       (10, 'the seal alone', substr(sealed, 1, 16))) AS e (number, name, effect)
 ORDER BY number;
SELECT count(*) AS bytes_changed, coalesce(sum(mesteri.effects_apply(ARRAY[set_byte(sealed, n, get_byte(sealed, n) # 128)])), 0) AS noted
  FROM (SELECT mesteri.seal('effect', convert_to(json_build_object('viewer', pg_temp.id(2), 'posts', ARRAY[pg_temp.id(11)])::text, 'UTF8'))) AS s (sealed),
       generate_series(0, length(sealed) - 1) AS g (n) HAVING count(*) > 100;
SELECT mesteri.effects_apply(ARRAY['\x00', NULL]::bytea[] || pg_temp.read('/v1/posts/' || pg_temp.id(11), :'ion') || ARRAY['\xff'::bytea]) AS noted;
-- Sealed by us, of a reader or a post that is gone.
SELECT mesteri.effects_apply(mesteri.view_effects(pg_temp.id(99), ARRAY[pg_temp.id(11)])) AS no_reader,
       mesteri.effects_apply(mesteri.view_effects(pg_temp.id(1), ARRAY[pg_temp.id(99), pg_temp.id(14)])) AS no_post;
SELECT mesteri.roll_up_impressions() AS taken;
SELECT pg_temp.views() AS views;
-- Where the counter ends it stays, and the others of the batch count.
UPDATE mesteri.content_posts SET views_count = 2147483646 WHERE id = pg_temp.id(12);
SELECT mesteri.effects_apply(mesteri.view_effects(u.id, ARRAY[pg_temp.id(12), pg_temp.id(15)])) AS noted FROM mesteri.users u ORDER BY id;
DELETE FROM mesteri.content_interactions WHERE post_id = pg_temp.id(12);
SELECT mesteri.roll_up_impressions() AS taken;
SELECT pg_temp.views() AS views;
UPDATE mesteri.content_posts SET views_count = 3 WHERE id = pg_temp.id(12);
-- A few at a time, whatever partition they lie in; what one takes is gone.
SELECT mesteri.create_partitions('mesteri.impressions', '2026-01-01', '2026-01-02') AS made;
INSERT INTO mesteri.impressions SELECT pg_temp.id(1), ARRAY[pg_temp.id(11)], at FROM unnest('{2026-01-01 00:00Z, 2026-01-01 23:59Z, 2026-01-02 00:00Z, 2024-02-29 12:00Z}'::timestamptz[]) AS at;
SELECT c.relreplident, count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'mesteri.impressions'::regclass AND c.relname ~ '(default|202601..)$' GROUP BY 1;
SELECT count(*) AS taken FROM mesteri.take_impressions(3);
SELECT tableoid::regclass AS left_in FROM mesteri.impressions;
SELECT count(*) AS taken FROM mesteri.take_impressions(0);
SELECT count(*) AS taken FROM mesteri.take_impressions(NULL);
SELECT count(*) AS taken FROM mesteri.take_impressions(3);

-- An array that once had a null is read as what it has now.
CREATE TEMP TABLE seen AS SELECT ARRAY[pg_temp.id(11), NULL] AS ids;
UPDATE seen SET ids[2] = pg_temp.id(12);
SELECT convert_from(mesteri.unseal('effect', (mesteri.view_effects(pg_temp.id(1), ids))[1]), 'UTF8') AS effect FROM seen;
SELECT convert_from(mesteri.unseal('effect', (mesteri.view_effects(pg_temp.id(1), ARRAY[ids, ids]))[1]), 'UTF8') AS in_two_dimensions FROM seen;
SELECT mesteri.view_effects(pg_temp.id(1), '{}') AS none, mesteri.view_effects(NULL, ids) AS nobodys, mesteri.view_effects(pg_temp.id(1), NULL) AS unknown FROM seen;

-- Seals: opened for their purpose alone.
SELECT mesteri.unseal('a', mesteri.seal('a', '\x0102')) AS opened, mesteri.unseal('b', mesteri.seal('a', '\x0102')) AS other_purpose,
       mesteri.unseal('a', mesteri.seal('a', '')) AS nothing, mesteri.unseal('a', '') AS empty, length(mesteri.seal('a', '\x0102')) AS length;
SELECT mesteri.keyed_hash('a', 'x') = mesteri.keyed_hash('a', 'x') AS same, mesteri.keyed_hash('a', 'x') = mesteri.keyed_hash('b', 'x') AS other_purpose,
       mesteri.keyed_hash('ab', 'c') = mesteri.keyed_hash('a', 'bc') AS shifted, length(mesteri.keyed_hash('a', 'x')) AS length;

-- The counters are the recount.
SELECT count(*) AS posts, count(*) FILTER (WHERE views_count <> (SELECT count(*) FROM mesteri.content_interactions i WHERE i.post_id = p.id AND interaction_type = 'view')) AS wrong
  FROM mesteri.content_posts p;
ROLLBACK;
