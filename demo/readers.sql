/*
 * readers.sql
 *		Rows of content_interactions: what a few readers did.
 *
 * The readers are the named accounts and the first clients of each county, six
 * at most; they read posts of their own county, popular ones rather than others.
 * A post is offered to three of them, the first of whom is drawn; reader k needs
 * a counter of more than k, so that no counter is less than its recount.
 */
INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type, created_at)
WITH ranked AS (
    SELECT person, user_id, county, least(6, count(*) OVER (PARTITION BY county)) AS readers,
           row_number() OVER (PARTITION BY county ORDER BY named DESC, person) - 1 AS place
      FROM demo_people
     WHERE NOT craftsman OR named
), readers AS MATERIALIZED (    -- or each post meets every client of the county
    SELECT * FROM ranked WHERE place < readers
), likely AS MATERIALIZED (
    SELECT n * 4 + k AS draw, k, person AS author, shown_at, floor(6 * pg_temp.u('reader', n))::integer + k AS place,
           pg_temp.id(created_at, pg_temp.bits('post high', n), pg_temp.bits('post low', n)) AS id
      FROM demo_posts, generate_series(0, 2) k
     WHERE status = 'published' AND pg_temp.u('reads', n * 4 + k) < 0.06
), offered AS MATERIALIZED (
    SELECT likely.*, county, views_count, likes_count, saves_count, shares_count
      FROM likely
      JOIN demo_craftsmen ON person = author
      JOIN mesteri.content_posts USING (id)
     WHERE pg_temp.u('reads', draw) < 0.06 * views_count / (views_count + 14.0) AND k < views_count
), seen AS (
    SELECT draw, k, user_id, id, likes_count, saves_count, shares_count, shown_at,
           now - (now - shown_at) * pg_temp.u('read', draw) AS at
      FROM offered
      JOIN readers USING (county)
     CROSS JOIN demo_settings
     WHERE readers.place = offered.place % readers AND k < readers AND person <> author
)
SELECT user_id, id, did.kind::mesteri.interaction_type, at
  FROM seen,
       LATERAL (VALUES ('view',  true),
                       ('like',  k < likes_count  AND pg_temp.u('does like', draw) < 0.15),
                       ('save',  k < saves_count  AND pg_temp.u('does save', draw) < 0.08),
                       ('share', k < shares_count AND pg_temp.u('does share', draw) < 0.04)) did (kind, done)
 WHERE done
 ORDER BY at, draw, did.kind;
