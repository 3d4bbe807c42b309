/*
 * 64-feed-explain.sql
 *		Why a post stands where it does, and whether what ranking relies on is true: for DBAs and support.
 */
CREATE FUNCTION mesteri.feed_key_bound(
        key mesteri.feed_key, clock timestamptz, weights mesteri.feed_weights, lat float8, lon float8, radius_m float8, is_least boolean)
    RETURNS float8
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_key_bound';
COMMENT ON FUNCTION mesteri.feed_key_bound(mesteri.feed_key, timestamptz, mesteri.feed_weights, float8, float8, float8, boolean)
    IS 'What a post with that key scores at most, or at least; null when it lies out of the radius for sure.';

CREATE FUNCTION mesteri.explain_feed(user_id uuid, post_id uuid)
    RETURNS TABLE (
        shown boolean, reason text, score float8, geo float8, engagement float8, rating float8, recency float8,
        distance_m float8, radius_m float8, at_most float8, at_least float8, weights_version integer, key mesteri.feed_key)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    reader  mesteri.user_profiles;
    post    mesteri.content_posts;
    author  record;
    weights mesteri.feed_weights;
    metres  float8;
BEGIN
    SELECT * INTO reader FROM mesteri.user_profiles p WHERE p.user_id = explain_feed.user_id;
    SELECT * INTO post FROM mesteri.content_posts p WHERE p.id = explain_feed.post_id;
    IF post.id IS NULL THEN
        RAISE EXCEPTION 'there is no post %', explain_feed.post_id USING ERRCODE = 'no_data_found';
    END IF;
    SELECT c.average_rating, u.is_active AND u.deleted_at IS NULL AS is_active INTO author
      FROM mesteri.craftsman_profiles c JOIN mesteri.users u ON u.id = c.user_id WHERE c.id = post.craftsman_id;
    SELECT * INTO weights FROM mesteri.feed_weights w ORDER BY w.version DESC LIMIT 1;

    metres := mesteri.distance_m(post.location, reader.location);
    distance_m := metres;
    radius_m := coalesce(reader.search_radius_km, 50) * 1000;
    weights_version := weights.version;
    key := post.feed_key;
    geo := CASE WHEN metres IS NULL THEN 0 ELSE (1 - least(metres / weights.geo_horizon_m, 1)) * weights.geo END;
    engagement := ((post.likes_count * 0.5::float8 + post.views_count * 0.1::float8 + post.saves_count * 0.3::float8
                    + post.shares_count * 0.1::float8)
                   / greatest(post.likes_count::bigint + post.views_count + post.saves_count + post.shares_count, 1)) * weights.engagement;
    rating := (author.average_rating::float8 / 5) * weights.rating;
    recency := (1 - least(extract(epoch FROM now() - post.published_at)::float8
                          / extract(epoch FROM weights.recency_horizon)::float8, 1)) * weights.recency;
    score := geo + engagement + rating + recency;
    at_most := mesteri.feed_key_bound(post.feed_key, now(), weights, mesteri.latitude(reader.location), mesteri.longitude(reader.location),
                                    radius_m, false);
    at_least := mesteri.feed_key_bound(post.feed_key, now(), weights, mesteri.latitude(reader.location), mesteri.longitude(reader.location),
                                    radius_m, true);
    reason := CASE WHEN post.status <> 'published' THEN format('its status is %s', post.status)
                   WHEN NOT author.is_active THEN 'its author is suspended or erased'
                   WHEN post.craftsman_id = ANY (mesteri.blocked_craftsmen(explain_feed.user_id)) THEN 'reader or author has blocked the other'
                   WHEN reader.location IS NULL THEN NULL
                   WHEN post.location IS NULL THEN 'it has no place and the reader has one'
                   WHEN NOT mesteri.within_m(post.location, reader.location, radius_m) THEN 'it lies out of the radius' END;
    shown := reason IS NULL;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION mesteri.explain_feed(uuid, uuid)
    IS 'What a post scores now for a reader at home, by parts, and what the index knows of it; when it isn''t shown, why.';

CREATE FUNCTION mesteri.feed_faults() RETURNS TABLE (post_id uuid, fault text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    WITH unit (part, weights) AS (
        VALUES ('geo', ROW (0, 1, 0, 0, 0, 10, interval '1 s', false)::mesteri.feed_weights),
               ('engagement', ROW (0, 0, 1, 0, 0, 10, interval '1 s', false)::mesteri.feed_weights),
               ('rating', ROW (0, 0, 0, 1, 0, 10, interval '1 s', false)::mesteri.feed_weights),
               ('recency', ROW (0, 0, 0, 0, 1, 1, interval '100 years', false)::mesteri.feed_weights)
    ), posts AS (
        SELECT p.*, round(c.average_rating * 100) AS rating, u.is_active AND u.deleted_at IS NULL AS active
          FROM mesteri.content_posts p
          JOIN mesteri.craftsman_profiles c ON c.id = p.craftsman_id
          JOIN mesteri.users u ON u.id = c.user_id)
    SELECT p.id, f.fault
      FROM posts p
     CROSS JOIN LATERAL (
        SELECT 'author_rating' WHERE p.author_rating <> p.rating
         UNION ALL
        SELECT 'author_active' WHERE p.author_active <> p.active
         UNION ALL
        SELECT 'feed_key' WHERE (p.feed_key IS NOT NULL) <> (p.status = 'published' AND p.active)
         UNION ALL
        SELECT 'feed_key: ' || unit.part
          FROM unit
         CROSS JOIN LATERAL (
            SELECT CASE unit.part
                   WHEN 'geo' THEN 1
                   WHEN 'engagement' THEN (p.likes_count * 0.5 + p.views_count * 0.1 + p.saves_count * 0.3 + p.shares_count * 0.1)
                                          / greatest(p.likes_count::bigint + p.views_count + p.saves_count + p.shares_count, 1)
                   WHEN 'rating' THEN p.rating / 500
                   ELSE 1 - least(extract(epoch FROM now() - p.published_at) / extract(epoch FROM interval '100 years'), 1) END::float8) AS e (exact)
         WHERE p.feed_key IS NOT NULL
           AND NOT coalesce(e.exact BETWEEN mesteri.feed_key_bound(p.feed_key, now(), unit.weights, mesteri.latitude(p.location), mesteri.longitude(p.location), 1, true)
                                        AND mesteri.feed_key_bound(p.feed_key, now(), unit.weights, mesteri.latitude(p.location), mesteri.longitude(p.location), 1, false),
                            false)
           AND (unit.part <> 'geo' OR p.location IS NOT NULL)) AS f (fault);
    $$;
COMMENT ON FUNCTION mesteri.feed_faults()
    IS 'Posts whose copies of the author are not what he is, or whose key does not hold; there are none. Reads every post.';
