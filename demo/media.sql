/*
 * media.sql
 *		Rows of media: the uploads of the named craftsmen, those that their posts show and ten that nothing shows yet.
 *
 * Posts of all others show links of an import, which no upload stands behind.
 */
CREATE TEMPORARY TABLE demo_uploads AS
WITH shown AS (
    SELECT c.person, link, min(p.created_at) AS made_at
      FROM demo_craftsmen c
      JOIN demo_people o USING (person)
      JOIN mesteri.content_posts p ON p.craftsman_id = c.craftsman_id
     CROSS JOIN LATERAL jsonb_array_elements_text(p.media_urls) AS link
     WHERE o.named AND p.status <> 'processing'
     GROUP BY c.person, link
     UNION ALL
    SELECT o.person, format('new-%s.%s', k, CASE WHEN k <= 8 THEN 'jpg' ELSE 'mp4' END), NULL
      FROM demo_people o, generate_series(1, 10) AS k
     WHERE o.named AND o.craftsman
)
SELECT s.*, o.user_id, coalesce(made_at, now) AS at, hashtextextended(link COLLATE "C", person) AS draw, link LIKE '%.mp4' AS is_video,
       encode(sha256(convert_to(person || ' ' || link, 'UTF8')), 'hex') AS key
  FROM shown s JOIN demo_people o USING (person), demo_settings;

INSERT INTO mesteri.media (id, key, owner_id, purpose, status, filename, content_type, size, sha256, storage, width, height, duration_seconds,
                           created_at, ready_at, used_at)
SELECT pg_temp.id(at, pg_temp.bits('media high', draw), pg_temp.bits('media low', draw)), key, user_id, 'post', 'ready',
       regexp_replace(link, '.*/', ''), CASE WHEN is_video THEN 'video/mp4' ELSE 'image/jpeg' END,
       100000 + floor(4000000 * pg_temp.u('size', draw))::bigint, sha256(convert_to(key, 'UTF8')), 'disk', 1080, 1920,
       CASE WHEN is_video THEN 8 + floor(112 * pg_temp.u('length', draw))::integer END, at, at, made_at
  FROM demo_uploads
 ORDER BY at, key;

CREATE FUNCTION pg_temp.upload_link(person bigint, link text) RETURNS text
    LANGUAGE sql STABLE STRICT
    RETURN (SELECT '/v1/media/' || u.key FROM demo_uploads u WHERE (u.person, u.link) = (upload_link.person, upload_link.link));

UPDATE mesteri.content_posts p
   SET media_urls = (SELECT jsonb_agg(pg_temp.upload_link(c.person, link) ORDER BY place)
                       FROM jsonb_array_elements_text(p.media_urls) WITH ORDINALITY AS l (link, place)),
       before_media_url = pg_temp.upload_link(c.person, p.before_media_url),
       after_media_url = pg_temp.upload_link(c.person, p.after_media_url)
  FROM demo_craftsmen c JOIN demo_people o USING (person)
 WHERE o.named AND p.craftsman_id = c.craftsman_id AND p.status <> 'processing';
