/*
 * 62-craftsmen.sql
 *		Finding a craftsman, and looking at one.
 */
CREATE FUNCTION mesteri.category_tree(roots uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN ARRAY(
        WITH RECURSIVE tree (id) AS (
            SELECT k.id FROM mesteri.craft_categories k WHERE k.id = ANY (roots)
            UNION
            SELECT k.id FROM mesteri.craft_categories k JOIN tree ON k.parent_id = tree.id)
        SELECT id FROM tree);
END;
$$;
COMMENT ON FUNCTION mesteri.category_tree(uuid[]) IS 'These trades and all below them; unknown ones fall away.';

CREATE FUNCTION mesteri.match_reference(
        weights mesteri.match_weights, place geography, radius_m float8, categories uuid[], min_rating float8, max_price numeric,
        available_only boolean, words text, count integer, skip bigint)
    RETURNS TABLE (craftsman_id uuid, distance_m float8, score float8, proximity float8, rating float8, tier float8,
                   responsiveness float8)
    LANGUAGE plpgsql STABLE ROWS 20 -- of the usual thousand the planner would rather hash everybody than look up a page
    SET search_path = pg_catalog, mesteri, pg_temp SET row_security = on
    SET plan_cache_mode = auto
    SET enable_nestloop = off -- a radius looks far more selective to the planner than it is
    AS $$
BEGIN
    RETURN QUERY
    SELECT c.id, d.metres, s.proximity + s.rating + s.tier + s.responsiveness AS total,
           s.proximity, s.rating, s.tier, s.responsiveness
      FROM mesteri.public_craftsmen c
     CROSS JOIN LATERAL (SELECT mesteri.distance_m(c.location, place)) AS d (metres)
     CROSS JOIN LATERAL (
        SELECT CASE WHEN place IS NULL THEN 0 ELSE weights.proximity * (1 - least(d.metres / radius_m, 1)) END,
               weights.rating * ((weights.prior_count * weights.prior_rating + c.rating_sum)
                                 / (weights.prior_count + c.total_reviews)) / 5,
               weights.tier * CASE c.tier WHEN 'basic' THEN 0 WHEN 'verified' THEN 1.0 / 3 WHEN 'pro' THEN 2.0 / 3 ELSE 1 END::float8,
               weights.responsiveness * (0.5 * coalesce(1 - least(c.response_time_minutes / 1440.0::float8, 1), 0)
                                         + 0.5 * c.completion_rate::float8 / 100)
        ) AS s (proximity, rating, tier, responsiveness)
     WHERE (place IS NULL OR (mesteri.within_m(c.location, place, radius_m) AND d.metres <= c.available_radius_km * 1000))
       AND (categories IS NULL OR EXISTS (SELECT FROM mesteri.craftsman_crafts cc
                                           WHERE cc.craftsman_id = c.id AND cc.category_id = ANY (categories)))
       AND (min_rating IS NULL OR c.average_rating >= min_rating::numeric)
       AND (max_price IS NULL OR c.hourly_rate_min <= max_price)
       AND (NOT available_only OR c.is_available)
       AND (words IS NULL
            OR strpos(mesteri.fold(concat_ws(' ', c.business_name, c.display_name)), mesteri.fold(words)) > 0
            OR mesteri.resembles(mesteri.fold(words), mesteri.fold(concat_ws(' ', c.business_name, c.display_name)))
            OR EXISTS (SELECT FROM mesteri.craftsman_crafts cc JOIN mesteri.craft_categories k ON k.id = cc.category_id
                        WHERE cc.craftsman_id = c.id
                          AND strpos(mesteri.fold(concat_ws(' ', k.name_ro, k.name_hu, k.name_en)), mesteri.fold(words)) > 0))
     ORDER BY total DESC, c.id
     LIMIT match_reference.count OFFSET skip;
END;
$$;
COMMENT ON FUNCTION mesteri.match_reference(mesteri.match_weights, geography, float8, uuid[], float8, numeric, boolean, text, integer, bigint)
    IS 'Craftsmen by match score, in plain SQL: the meaning of GET /craftsmen, and the oracle of whatever is faster.';

CREATE FUNCTION mesteri.match_top(
        weights mesteri.match_weights, place geography, radius_m float8, categories uuid[], min_rating float8, max_price numeric,
        available_only boolean, count integer, skip bigint)
    RETURNS TABLE (craftsman_id uuid, distance_m float8, score float8, proximity float8, rating float8, tier float8,
                   responsiveness float8)
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 20
    AS 'MODULE_PATHNAME', 'mesteri_match_top';
COMMENT ON FUNCTION mesteri.match_top(mesteri.match_weights, geography, float8, uuid[], float8, numeric, boolean, integer, bigint)
    IS 'What match_reference() answers when no words are given, from the index: at a cost that does not grow with the number of craftsmen.';

CREATE FUNCTION api.craftsman_match(
        _language text, lat api.latitude DEFAULT NULL, lon api.longitude DEFAULT NULL, radius_km api.radius_km DEFAULT 50,
        category_id uuid DEFAULT NULL, min_rating api.rating DEFAULT NULL, max_price api.price DEFAULT NULL,
        available_now boolean DEFAULT false, q api.search_text DEFAULT NULL, page api.page DEFAULT 1,
        "limit" api.page_limit DEFAULT 20)
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    SET plan_cache_mode = force_generic_plan -- as for the feed: planning costs as much as running
    AS $$
DECLARE
    weights mesteri.match_weights;
    trades  uuid[] := CASE WHEN category_id IS NOT NULL THEN mesteri.category_tree(ARRAY[category_id]) END;
    items   json;
    hits    bigint;
BEGIN
    PERFORM mesteri.check_place(lat, lon);
    -- Marks alone fold to nothing, which would be part of every name.
    IF mesteri.fold(q) ~ '^\s*$' THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('q', 'format'));
    END IF;
    SELECT * INTO weights FROM mesteri.match_weights ORDER BY version DESC LIMIT 1;

    SELECT json_agg(hit.item ORDER BY hit.place) FILTER (WHERE hit.place <= craftsman_match."limit"), count(*)
      INTO items, hits
      FROM (SELECT m.place, mesteri.json_concat(mesteri.craftsman_summary(c), mesteri.json_build(
                   'distance_km', round(m.distance_m::numeric / 1000, 1), 'score', m.score,
                   'score_parts', mesteri.json_build('proximity', m.proximity, 'rating', m.rating, 'tier', m.tier,
                                                    'responsiveness', m.responsiveness),
                   'available_radius_km', c.available_radius_km, 'availability_status', c.availability_status,
                   'is_available', c.is_available, 'hourly_rate_min', c.hourly_rate_min, 'hourly_rate_max', c.hourly_rate_max,
                   'years_of_experience', c.years_of_experience, 'response_time_minutes', c.response_time_minutes,
                   'crafts', k.crafts)) AS item
              FROM (SELECT * FROM mesteri.match_top(
                                      weights, mesteri.point(lat, lon), radius_km * 1000, trades, min_rating, max_price,
                                      coalesce(available_now, false), craftsman_match."limit" + 1,
                                      (page - 1)::bigint * craftsman_match."limit")
                                  WITH ORDINALITY
                     WHERE q IS NULL
                     UNION ALL
                    -- Words have no index that ranks.
                    SELECT * FROM mesteri.match_reference(
                                      weights, mesteri.point(lat, lon), radius_km * 1000, trades, min_rating, max_price,
                                      coalesce(available_now, false), q, craftsman_match."limit" + 1,
                                      (page - 1)::bigint * craftsman_match."limit")
                                  WITH ORDINALITY
                     WHERE q IS NOT NULL)
                   AS m (craftsman_id, distance_m, score, proximity, rating, tier, responsiveness, place)
              JOIN mesteri.public_craftsmen c ON c.id = m.craftsman_id
             CROSS JOIN LATERAL mesteri.crafts_of(c.id, _language) AS k) AS hit;

    RETURN mesteri.ok(mesteri.json_page(items, page, craftsman_match."limit", hits > craftsman_match."limit"));
END;
$$;
COMMENT ON FUNCTION api.craftsman_match(text, api.latitude, api.longitude, api.radius_km, uuid, api.rating, api.price, boolean,
                                        api.search_text, api.page, api.page_limit)
    IS 'Craftsmen by match score, each with the parts of it.';

CREATE FUNCTION api.craftsman_get(_language text, id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman json;
BEGIN
    IF EXISTS (SELECT FROM mesteri.public_craftsmen c WHERE c.id = craftsman_get.id) THEN
        craftsman := mesteri.craftsman_json(id, _language);
        RETURN mesteri.ok(json_build_object('craftsman_profile', craftsman), (craftsman ->> 'version')::integer);
    END IF;
    PERFORM mesteri.refuse('not_found');
END;
$$;
COMMENT ON FUNCTION api.craftsman_get(text, uuid) IS 'One craftsman.';
