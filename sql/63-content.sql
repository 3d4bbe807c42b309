/*
 * 63-content.sql
 *		The ranked feed, posts and trades.
 */
CREATE FUNCTION mesteri.counters_json(p mesteri.content_posts, viewer uuid, liked boolean, saved boolean) RETURNS json
    LANGUAGE sql STABLE
    RETURN json_build_object(
        'post_id', p.id, 'views_count', p.views_count, 'likes_count', p.likes_count, 'shares_count', p.shares_count,
        'saves_count', p.saves_count, 'comments_count', p.comments_count,
        'liked', CASE WHEN viewer IS NOT NULL THEN liked END, 'saved', CASE WHEN viewer IS NOT NULL THEN saved END);
COMMENT ON FUNCTION mesteri.counters_json(mesteri.content_posts, uuid, boolean, boolean) IS 'Counters of the API.';

CREATE FUNCTION mesteri.has_interacted(viewer uuid, post_id uuid, kind mesteri.interaction_type) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM mesteri.content_interactions i
                    WHERE i.user_id = viewer AND i.post_id = has_interacted.post_id AND i.interaction_type = kind);
COMMENT ON FUNCTION mesteri.has_interacted(uuid, uuid, mesteri.interaction_type) IS 'Whether a reader liked, saved, shared or viewed a post.';

CREATE FUNCTION mesteri.post_json(p mesteri.content_posts, c mesteri.public_craftsmen, viewer uuid, is_staff boolean) RETURNS json
    LANGUAGE sql STABLE
    RETURN json_build_object(
        'id', p.id, 'craftsman_id', p.craftsman_id, 'craftsman', mesteri.craftsman_summary(c),
        'title', p.title, 'description', p.description, 'media_type', p.media_type, 'media_urls', p.media_urls,
        'thumbnail_url', p.thumbnail_url, 'before_media_url', p.before_media_url, 'after_media_url', p.after_media_url,
        'duration_seconds', p.duration_seconds, 'video_quality', p.video_quality,
        'views_count', p.views_count, 'likes_count', p.likes_count, 'shares_count', p.shares_count,
        'saves_count', p.saves_count, 'comments_count', p.comments_count,
        'liked', CASE WHEN viewer IS NOT NULL THEN mesteri.has_interacted(viewer, p.id, 'like') END,
        'saved', CASE WHEN viewer IS NOT NULL THEN mesteri.has_interacted(viewer, p.id, 'save') END,
        'category_id', p.category_id, 'tags', p.tags,
        'location', CASE WHEN c.user_id = viewer OR is_staff THEN mesteri.location_json(p.location) END,
        'location_name', p.location_name, 'project_id', CASE WHEN c.user_id = viewer OR is_staff THEN p.project_id END,
        'status', p.status, 'published_at', mesteri.json_time(p.published_at),
        'created_at', mesteri.json_time(p.created_at), 'version', p.version);
COMMENT ON FUNCTION mesteri.post_json(mesteri.content_posts, mesteri.public_craftsmen, uuid, boolean)
    IS 'Post: its place and project for the author and staff alone.';

CREATE FUNCTION mesteri.blocked_craftsmen(viewer uuid) RETURNS uuid[]
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_blocked_craftsmen';
COMMENT ON FUNCTION mesteri.blocked_craftsmen(uuid) IS 'Craftsmen whom somebody has blocked, and those who have blocked him.';

/*
 * The ranking of the blueprint, kept as it was written: the meaning of the
 * feed, the oracle of tests and the baseline of measurements.  The planner
 * takes the radius for selective and would nest loops, a hundred times slower.
 * ROWS: of the usual thousand it would rather hash everybody than look up a page.
 */
CREATE FUNCTION mesteri.feed_reference(
        clock timestamptz, weights mesteri.feed_weights, place geography, radius_m float8, categories uuid[], authors uuid[],
        hidden uuid[], after_score float8, after_id uuid, served bytea, count integer, skip integer)
    RETURNS TABLE (post_id uuid, distance_m float8, score float8, geo float8, engagement float8, rating float8, recency float8)
    LANGUAGE plpgsql STABLE ROWS 20
    SET search_path = pg_catalog, mesteri, pg_temp SET row_security = on
    SET enable_nestloop = off SET plan_cache_mode = auto
    AS $$
BEGIN
    RETURN QUERY
    SELECT * FROM (
        SELECT p.id, d.metres, s.geo + s.engagement + s.rating + s.recency AS total, s.geo, s.engagement, s.rating, s.recency
          FROM mesteri.content_posts p
          JOIN mesteri.craftsman_profiles c ON c.id = p.craftsman_id
          JOIN mesteri.users u ON u.id = c.user_id
         CROSS JOIN LATERAL (SELECT mesteri.distance_m(p.location, place)) AS d (metres)
         CROSS JOIN LATERAL (
            SELECT CASE WHEN d.metres IS NULL THEN 0 ELSE (1 - least(d.metres / weights.geo_horizon_m, 1)) * weights.geo END,
                   ((p.likes_count * 0.5::float8 + p.views_count * 0.1::float8 + p.saves_count * 0.3::float8
                     + p.shares_count * 0.1::float8)
                    / greatest(p.likes_count::bigint + p.views_count + p.saves_count + p.shares_count, 1)) * weights.engagement,
                   (c.average_rating::float8 / 5) * weights.rating,
                   (1 - least(extract(epoch FROM clock - p.published_at)::float8
                              / extract(epoch FROM weights.recency_horizon)::float8, 1)) * weights.recency
            ) AS s (geo, engagement, rating, recency)
         WHERE p.status = 'published' AND u.is_active AND u.deleted_at IS NULL
           AND (place IS NULL OR mesteri.within_m(p.location, place, radius_m))
           AND (categories IS NULL OR p.category_id = ANY (categories))
           AND (authors IS NULL OR p.craftsman_id = ANY (authors))
           AND (hidden IS NULL OR p.craftsman_id <> ALL (hidden))
         ) AS ranked (id, metres, total)
     WHERE (after_id IS NULL OR (ranked.total, ranked.id) < (after_score, after_id))
       AND NOT mesteri.feed_served_has(served, ranked.id)
     ORDER BY ranked.total DESC, ranked.id DESC
     LIMIT feed_reference.count OFFSET skip;
END;
$$;
COMMENT ON FUNCTION mesteri.feed_reference(timestamptz, mesteri.feed_weights, geography, float8, uuid[], uuid[], uuid[], float8, uuid,
                                           bytea, integer, integer)
    IS 'Published posts by relevance at a moment, of these authors and not of those, behind a place in the ranking and without those already served.';

CREATE FUNCTION mesteri.feed_top(
        clock timestamptz, weights mesteri.feed_weights, place geography, radius_m float8, categories uuid[], authors uuid[],
        hidden uuid[], after_score float8, after_id uuid, served bytea, count integer, skip integer)
    RETURNS TABLE (post_id uuid, distance_m float8, score float8, geo float8, engagement float8, rating float8, recency float8)
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 21
    AS 'MODULE_PATHNAME', 'mesteri_feed_top';
COMMENT ON FUNCTION mesteri.feed_top(timestamptz, mesteri.feed_weights, geography, float8, uuid[], uuid[], uuid[], float8, uuid, bytea,
                                     integer, integer)
    IS 'What feed_reference() answers, from the index: the same at a cost that does not grow with the number of posts.';

CREATE FUNCTION mesteri.feed_answer(
        viewer uuid, is_staff boolean, place geography, radius_m float8, categories uuid[], authors uuid[], hidden uuid[],
        filter bytea, cursor text, page integer, "limit" integer)
    RETURNS mesteri.answer
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_feed_answer';
COMMENT ON FUNCTION mesteri.feed_answer(uuid, boolean, geography, float8, uuid[], uuid[], uuid[], bytea, text, integer, integer)
    IS 'The answer with a page of what feed_top() finds: each post as post_json() has it, its score and its parts; cursor and effect.';

CREATE FUNCTION api.feed(
        lat api.latitude DEFAULT NULL, lon api.longitude DEFAULT NULL, radius_km api.radius_km DEFAULT NULL,
        categories api.category_set DEFAULT NULL, following_only boolean DEFAULT false, cursor api.feed_cursor DEFAULT NULL,
        "limit" api.page_limit DEFAULT 20, page api.feed_page DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    SET plan_cache_mode = force_generic_plan -- each reader's plan would be the same, and planning costs as much as running
    AS $$
DECLARE
    viewer  uuid := mesteri.current_user_id();
    radius  float8 := radius_km;
    authors uuid[];
    wanted  uuid[];
BEGIN
    IF (lat IS NULL) <> (lon IS NULL) THEN
        PERFORM mesteri.check_place(lat, lon);
    END IF;
    IF cursor IS NOT NULL AND page IS NOT NULL THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('page', 'exclusive'));
    END IF;
    IF following_only THEN
        IF viewer IS NULL THEN
            PERFORM mesteri.refuse('unauthenticated');
        END IF;
        authors := ARRAY(SELECT s.craftsman_id FROM mesteri.saved_craftsmen s WHERE s.user_id = viewer);
    END IF;
    IF radius IS NULL AND viewer IS NOT NULL THEN
        radius := (SELECT p.search_radius_km FROM mesteri.user_profiles p WHERE p.user_id = viewer);
    END IF;
    radius := coalesce(radius, 50);
    IF cardinality(categories) > 0 THEN
        wanted := mesteri.category_tree(categories);
    END IF;

    -- In C, for all of this is begun anew with each request: a statement alone takes longer to begin than to find twenty rows.
    RETURN mesteri.feed_answer(
        viewer, coalesce(mesteri.current_user_type() = 'staff', false), mesteri.point(lat, lon), radius * 1000, wanted, authors,
        mesteri.blocked_craftsmen(viewer),
        convert_to(concat_ws('|', viewer, lat, lon, radius, array_to_string(categories, ','), following_only), 'UTF8'),
        cursor, page, feed."limit");
END;
$$;
COMMENT ON FUNCTION api.feed(api.latitude, api.longitude, api.radius_km, api.category_set, boolean, api.feed_cursor, api.page_limit,
                             api.feed_page)
    IS 'Finished work nearby, best first; every score comes with its parts.';

CREATE FUNCTION api.post_get(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    viewer   uuid := mesteri.current_user_id();
    is_staff boolean := coalesce(mesteri.current_user_type() = 'staff', false);
    shown    record;
BEGIN
    SELECT mesteri.post_json(p, c, viewer, is_staff) AS post, p.version, p.status,
           mesteri.counters_json(p, viewer, mesteri.has_interacted(viewer, p.id, 'like'),
                                 mesteri.has_interacted(viewer, p.id, 'save')) AS counters
      INTO shown
      FROM mesteri.content_posts p
      JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id
     WHERE p.id = post_get.id AND (p.status = 'published' OR c.user_id = viewer OR is_staff);
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    RETURN mesteri.ok(json_build_object('post', shown.post, 'engagement_stats', shown.counters), shown.version,
                      CASE WHEN shown.status = 'published' THEN mesteri.view_effects(viewer, ARRAY[id]) END);
END;
$$;
COMMENT ON FUNCTION api.post_get(uuid) IS 'One post; what is not published only for its author and staff.';

CREATE FUNCTION api.category_list(
        _language text, parent_id uuid DEFAULT NULL, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 100)
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    items json;
    hits  bigint;
BEGIN
    SELECT json_agg(k.item ORDER BY k.place) FILTER (WHERE k.place <= category_list."limit"), count(*)
      INTO items, hits
      FROM (SELECT row_number() OVER (ORDER BY c.display_order, c.id) AS place,
                   json_build_object('id', c.id, 'slug', c.slug, 'name', mesteri.category_name(c, _language),
                                     'name_ro', c.name_ro, 'name_hu', c.name_hu, 'name_en', c.name_en, 'icon_url', c.icon_url,
                                     'parent_id', c.parent_id, 'display_order', c.display_order) AS item
              FROM mesteri.craft_categories c
             WHERE c.id = ANY (ARRAY(
                 SELECT a.id FROM mesteri.craft_categories a
                  WHERE a.is_active AND (category_list.parent_id IS NULL OR a.parent_id = category_list.parent_id)
                  ORDER BY a.display_order, a.id
                  LIMIT category_list."limit" + 1 OFFSET (page - 1)::bigint * category_list."limit"))) AS k;

    RETURN mesteri.ok(mesteri.json_page(items, page, category_list."limit", hits > category_list."limit"));
END;
$$;
COMMENT ON FUNCTION api.category_list(text, uuid, api.page, api.page_limit) IS 'The trades, in the order they are shown.';
