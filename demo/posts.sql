/*
 * posts.sql
 *		Rows of content_posts.
 */

-- Who posted when: ages fall off exponentially with a mean of 90 days, cut at a year or the day the author came.
CREATE TEMPORARY TABLE demo_posts AS
WITH numbered AS (
    SELECT person, joined_days, row_number() OVER (ORDER BY person, k) AS n
      FROM demo_craftsmen, generate_series(1, posts) k
), drawn AS MATERIALIZED (
    SELECT n, person, CASE WHEN s < 0.950 THEN 'published'
                           WHEN s < 0.975 THEN 'draft'
                           WHEN s < 0.995 THEN 'hidden'
                           ELSE 'processing' END AS status,
           -90 * ln(1 - pg_temp.u('age', n) * (1 - exp(least(365, joined_days - 1) / -90))) AS age
      FROM numbered, LATERAL (SELECT pg_temp.u('status', n)) chance (s)
), dated AS MATERIALIZED (
    SELECT n, person, status, now - CASE WHEN status = 'processing' THEN age / 3650 ELSE age END * interval '1 day' AS shown_at
      FROM drawn, demo_settings
)
SELECT n, person, status, shown_at, shown_at - (5 + 115 * pg_temp.u('prepared', n)) * interval '1 minute' AS created_at
  FROM dated
 ORDER BY created_at, n;
ANALYZE demo_posts;

/*
 * Views follow a Pareto law with exponent 0.85 and median 14; the other
 * counters are parts of them, rounded at random.  They stand for a history that
 * was imported with the posts: content_interactions holds a sample of it, so
 * here, and only here, a counter is not the recount but never less than it.
 *
 * 80 % of a craftsman's posts show his trade, the others one of its neighbours.
 */
INSERT INTO mesteri.content_posts
      (id, craftsman_id, title, description, media_type, media_urls, thumbnail_url, before_media_url, after_media_url, duration_seconds,
       video_quality, views_count, likes_count, shares_count, saves_count, comments_count, category_id, tags, location, location_name,
       status, published_at, created_at)
WITH drawn AS MATERIALIZED (
    SELECT post.n, post.status, post.shown_at, post.created_at,
           pg_temp.id(post.created_at, pg_temp.bits('post high', n), pg_temp.bits('post low', n)) AS id,
           c.craftsman_id, c.lat, c.lon, c.seat, c.seat_hu, c.at_seat,
           c.hungarian AND pg_temp.u('in hungarian', n) < 0.7 AS in_hungarian,
           CASE WHEN pg_temp.u('other trade', n) < 0.80 THEN c.trade
                WHEN pg_temp.u('other trade', n) < 0.92 THEN c.second
                ELSE c.third END AS trade,
           CASE WHEN post.status = 'processing' OR pg_temp.u('media', n) < 0.35 THEN 'video'
                WHEN pg_temp.u('media', n) < 0.75 THEN 'image'
                WHEN pg_temp.u('media', n) < 0.85 THEN 'timelapse'
                ELSE 'before_after' END AS media,
           1 + floor(40 * pg_temp.u('file', n))::integer AS file,
           1 + floor(5 * pg_temp.u('files', n) ^ 2)::integer AS files,
           -3 * ln(1 - 0.998 * pg_temp.u('distance', n)) AS km,
           2 * pi() * pg_temp.u('turn', n) AS turn,
           pg_temp.u('place', n) >= 0.03 AS with_place,
           CASE WHEN post.status IN ('published', 'hidden')
                THEN least(2000000, round(6.195 / (1 - pg_temp.u('views', n)) ^ (1 / 0.85)))::integer ELSE 0 END AS views,
           0.02 + 0.10 * pg_temp.u('liked', n) AS liked
      FROM demo_posts post
      JOIN demo_craftsmen c USING (person)
), told AS (
    SELECT drawn.*, trade.slug, trade.name, trade.name_hu, trade.tags AS trade_tags,
           CASE WHEN in_hungarian
                THEN pg_temp.pick(trade.made_hu, pg_temp.u('made', n)) || CASE WHEN pg_temp.u('with setting', n) < 0.5 THEN ' ' || at_seat ELSE '' END
                ELSE pg_temp.pick(trade.made, pg_temp.u('made', n))
                     || CASE WHEN pg_temp.u('with setting', n) < 0.7 THEN ' ' || pg_temp.pick(setting, pg_temp.u('setting', n)) ELSE '' END
           END AS title,
           CASE WHEN in_hungarian
                THEN pg_temp.pick(opening_hu, pg_temp.u('opening', n)) || ' ' || pg_temp.pick(closing_hu, pg_temp.u('closing', n))
                ELSE pg_temp.pick(opening, pg_temp.u('opening', n)) || ' ' || pg_temp.pick(middle, pg_temp.u('middle', n))
                     || ' ' || pg_temp.pick(closing, pg_temp.u('closing', n))
           END AS description,
           '/v1/media/demo/' || trade.slug || '/' AS folder,
           CASE WHEN media IN ('video', 'timelapse') THEN '.mp4' ELSE '.jpg' END AS ending
      FROM drawn
      JOIN demo_trades trade ON trade.id = drawn.trade, demo_sentences
)
SELECT id, craftsman_id,
       replace(title, '{seat}', seat),
       replace(replace(description, '{seat}', CASE WHEN in_hungarian THEN seat_hu ELSE seat END), '{trade}', name),
       media::mesteri.media_type,
       CASE media WHEN 'before_after' THEN jsonb_build_array(folder || file || '-before.jpg', folder || file || '-after.jpg')
                  WHEN 'image' THEN (SELECT jsonb_agg(folder || (file + k - 1) % 40 + 1 || ending) FROM generate_series(0, files - 1) k)
                  ELSE jsonb_build_array(folder || file || ending) END,
       CASE WHEN status <> 'processing' THEN folder || file || '-thumbnail.jpg' END,
       CASE WHEN media = 'before_after' THEN folder || file || '-before.jpg' END,
       CASE WHEN media = 'before_after' THEN folder || file || '-after.jpg' END,
       CASE WHEN ending = '.mp4' THEN 8 + floor(112 * pg_temp.u('duration', n) ^ 2)::integer END,
       CASE WHEN ending = '.mp4' THEN pg_temp.pick('{720p,1080p,1080p,4K}', pg_temp.u('quality', n)) END,
       views,
       floor(views * liked + pg_temp.u('like', n)),
       floor(views * liked * 0.10 + pg_temp.u('share', n) * 0.99),
       floor(views * liked * 0.25 + pg_temp.u('save', n) * 0.99),
       0,
       trade,
       trade_tags[1 + floor(pg_temp.u('tag', n) * 2)::integer : 3 + floor(pg_temp.u('tags', n) * 3)::integer]
           || CASE WHEN pg_temp.u('tag place', n) < 0.5 THEN ARRAY[lower(seat)] ELSE '{}' END,
       CASE WHEN with_place THEN pg_temp.around(lat, lon, km, turn) END,
       CASE WHEN with_place THEN seat END,
       status::mesteri.content_status,
       CASE WHEN status IN ('published', 'hidden') THEN shown_at END,
       created_at
  FROM told
 ORDER BY created_at, n;
