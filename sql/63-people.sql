/*
 * 63-people.sql
 *		Others as they show themselves, and what the caller has saved of them.
 */
CREATE FUNCTION api.user_public(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    shown json;
BEGIN
    SELECT json_build_object(
               'user_id', u.id, 'user_type', u.user_type, 'first_name', p.first_name, 'last_initial', left(p.last_name, 1),
               'display_name', p.display_name, 'avatar_url', p.avatar_url, 'bio', p.bio, 'city', p.city, 'county', p.county,
               'language', p.language, 'identity_verified', u.identity_verification_status = 'verified',
               'member_since', (u.created_at AT TIME ZONE 'UTC')::date,
               'craftsman', (SELECT mesteri.craftsman_summary(c) FROM mesteri.public_craftsmen c WHERE c.user_id = u.id))
      INTO shown
      FROM mesteri.users u
      JOIN mesteri.user_profiles p ON p.user_id = u.id
     WHERE u.id = user_public.id AND u.user_type <> 'staff' AND u.is_active AND u.deleted_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;
    RETURN mesteri.ok(json_build_object('public_profile', shown));
END;
$$;
COMMENT ON FUNCTION api.user_public(uuid) IS 'What anybody may see of a client or craftsman; of staff, and of who is suspended or erased, nothing.';

CREATE FUNCTION api.user_saved(type api.saved_type DEFAULT 'posts', page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 20)
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    reader uuid := mesteri.current_user_id();
    skip   bigint := (page - 1)::bigint * user_saved."limit";
    items  json;
    hits   bigint;
BEGIN
    IF type = 'posts' THEN
        SELECT json_agg(s.item ORDER BY s.saved_at DESC, s.id DESC) FILTER (WHERE s.place <= user_saved."limit"), count(*)
          INTO items, hits
          FROM (SELECT i.created_at AS saved_at, i.post_id AS id, row_number() OVER (ORDER BY i.created_at DESC, i.post_id DESC) AS place,
                       json_build_object('type', 'post', 'saved_at', mesteri.json_time(i.created_at),
                                         'post', mesteri.post_json(i.p, i.c, reader, false), 'craftsman', NULL) AS item
                  FROM (SELECT n.created_at, n.post_id, p, c
                          FROM mesteri.content_interactions n
                          JOIN mesteri.content_posts p ON p.id = n.post_id AND p.status = 'published'
                          JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id
                         WHERE n.user_id = reader AND n.interaction_type = 'save'
                         ORDER BY n.created_at DESC, n.post_id DESC
                         LIMIT user_saved."limit" + 1 OFFSET skip) AS i) AS s;
    ELSE
        SELECT json_agg(s.item ORDER BY s.saved_at DESC, s.id DESC) FILTER (WHERE s.place <= user_saved."limit"), count(*)
          INTO items, hits
          FROM (SELECT f.saved_at, f.craftsman_id AS id, row_number() OVER (ORDER BY f.saved_at DESC, f.craftsman_id DESC) AS place,
                       json_build_object('type', 'craftsman', 'saved_at', mesteri.json_time(f.saved_at), 'post', NULL,
                                         'craftsman', mesteri.craftsman_summary(f.c)) AS item
                  FROM (SELECT n.saved_at, n.craftsman_id, c
                          FROM mesteri.saved_craftsmen n
                          JOIN mesteri.public_craftsmen c ON c.id = n.craftsman_id
                         WHERE n.user_id = reader
                         ORDER BY n.saved_at DESC, n.craftsman_id DESC
                         LIMIT user_saved."limit" + 1 OFFSET skip) AS f) AS s;
    END IF;
    RETURN mesteri.ok(mesteri.json_page(items, page, user_saved."limit", hits > user_saved."limit"));
END;
$$;
COMMENT ON FUNCTION api.user_saved(api.saved_type, api.page, api.page_limit)
    IS 'Posts that the caller saved, or craftsmen whom he follows, the latest first; what is not public any more is left out.';
