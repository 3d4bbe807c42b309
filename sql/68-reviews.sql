/*
 * 68-reviews.sql
 *		What is said of a craftsman.
 */
CREATE DOMAIN api.review_order AS text
    CONSTRAINT enum CHECK (VALUE IN ('newest', 'highest', 'lowest', 'helpful'));
COMMENT ON DOMAIN api.review_order IS 'Which reviews come first.';

CREATE FUNCTION mesteri.review_json(r mesteri.reviews) RETURNS json
    LANGUAGE sql STABLE
    RETURN json_build_object(
        'id', r.id, 'project_id', r.project_id, 'reviewer_id', r.reviewer_id, 'reviewed_user_id', r.reviewed_user_id,
        'reviewer', mesteri.person_json(r.reviewer_id), 'overall_rating', r.overall_rating, 'quality_rating', r.quality_rating,
        'punctuality_rating', r.punctuality_rating, 'communication_rating', r.communication_rating, 'price_value_rating', r.price_value_rating,
        'title', r.title, 'comment', r.comment, 'photos', r.photos, 'videos', r.videos, 'is_verified', r.is_verified,
        'response_text', r.response_text, 'response_at', mesteri.json_time(r.response_at), 'is_visible', r.is_visible,
        'visible_at', mesteri.json_time(r.visible_at), 'helpful_count', r.helpful_count, 'created_at', mesteri.json_time(r.created_at),
        'updated_at', mesteri.json_time(r.updated_at));
COMMENT ON FUNCTION mesteri.review_json(mesteri.reviews) IS 'Review: public once visible.';

CREATE FUNCTION mesteri.review_summary(person uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
                   'total_reviews', count(*), 'average_rating', coalesce(round(avg(r.overall_rating), 2), 0),
                   'averages', json_build_object(
                       'overall_rating', round(avg(r.overall_rating), 2), 'quality_rating', round(avg(r.quality_rating), 2),
                       'punctuality_rating', round(avg(r.punctuality_rating), 2), 'communication_rating', round(avg(r.communication_rating), 2),
                       'price_value_rating', round(avg(r.price_value_rating), 2)),
                   'distribution', json_build_object(
                       '1', count(*) FILTER (WHERE r.overall_rating = 1), '2', count(*) FILTER (WHERE r.overall_rating = 2),
                       '3', count(*) FILTER (WHERE r.overall_rating = 3), '4', count(*) FILTER (WHERE r.overall_rating = 4),
                       '5', count(*) FILTER (WHERE r.overall_rating = 5)))
          FROM mesteri.reviews r WHERE r.reviewed_user_id = person AND r.is_visible);
END;
$$;
COMMENT ON FUNCTION mesteri.review_summary(uuid) IS 'How many visible reviews somebody has, their averages and how the stars are spread.';

CREATE FUNCTION api.craftsman_reviews(id uuid, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 20, sort api.review_order DEFAULT 'newest')
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    person uuid := (SELECT c.user_id FROM mesteri.public_craftsmen c WHERE c.id = craftsman_reviews.id);
    items  json;
    hits   bigint;
BEGIN
    IF person IS NULL THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    SELECT json_agg(mesteri.review_json(l.r) ORDER BY l.place) FILTER (WHERE l.place <= craftsman_reviews."limit"), count(*)
      INTO items, hits
      FROM (SELECT o.r, row_number() OVER (ORDER BY o.first_by DESC NULLS LAST, (o.r).visible_at DESC, (o.r).id DESC) AS place
              FROM (SELECT v AS r, k.first_by
                      FROM mesteri.reviews v
                     CROSS JOIN LATERAL (SELECT CASE sort WHEN 'highest' THEN v.overall_rating WHEN 'lowest' THEN -v.overall_rating
                                                          WHEN 'helpful' THEN v.helpful_count END) AS k (first_by)
                     WHERE v.reviewed_user_id = person AND v.is_visible
                     ORDER BY k.first_by DESC NULLS LAST, v.visible_at DESC, v.id DESC
                     LIMIT craftsman_reviews."limit" + 1 OFFSET (page - 1)::bigint * craftsman_reviews."limit") AS o) AS l;

    RETURN mesteri.ok(mesteri.json_concat(mesteri.json_page(items, page, craftsman_reviews."limit", hits > craftsman_reviews."limit"),
                                          json_build_object('summary', mesteri.review_summary(person))));
END;
$$;
COMMENT ON FUNCTION api.craftsman_reviews(uuid, api.page, api.page_limit, api.review_order) IS 'Visible reviews of a craftsman, with their summary.';
