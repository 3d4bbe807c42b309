/*
 * 65-interactions.sql
 *		Liking, saving and sharing posts; the same again changes nothing.
 *
 * A counter is changed by who changed the row that it counts, under the
 * post's lock, so it is its recount at every commit.
 */
CREATE FUNCTION mesteri.set_interaction(post uuid, kind mesteri.interaction_type, wanted boolean) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    viewer  uuid := mesteri.current_user_id();
    shown   mesteri.content_posts;
    changed integer;
BEGIN
    IF viewer IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;
    SELECT p.* INTO shown
      FROM mesteri.content_posts p
     WHERE p.id = post AND p.status = 'published'
       AND EXISTS (SELECT FROM mesteri.public_craftsmen c WHERE c.id = p.craftsman_id)
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    IF wanted THEN
        INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type) VALUES (viewer, post, kind) ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS changed = ROW_COUNT;
    ELSE
        DELETE FROM mesteri.content_interactions i WHERE i.user_id = viewer AND i.post_id = post AND i.interaction_type = kind;
        GET DIAGNOSTICS changed = ROW_COUNT;
        changed := -changed;
    END IF;

    IF changed <> 0 THEN
        UPDATE mesteri.content_posts p
           SET likes_count = p.likes_count + CASE kind WHEN 'like' THEN changed ELSE 0 END,
               saves_count = p.saves_count + CASE kind WHEN 'save' THEN changed ELSE 0 END,
               shares_count = p.shares_count + CASE kind WHEN 'share' THEN changed ELSE 0 END
         WHERE p.id = post
        RETURNING p.* INTO shown;
    END IF;

    RETURN mesteri.ok(mesteri.counters_json(shown, viewer, mesteri.has_interacted(viewer, post, 'like'), mesteri.has_interacted(viewer, post, 'save')));
END;
$$;
COMMENT ON FUNCTION mesteri.set_interaction(uuid, mesteri.interaction_type, boolean)
    IS 'The caller likes, saves or shares a published post, or no longer; answers the post''s counters.';

CREATE FUNCTION api.post_like(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_interaction(id, 'like', true);
END;
$$;
COMMENT ON FUNCTION api.post_like(uuid) IS 'The caller likes a post.';

CREATE FUNCTION api.post_unlike(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_interaction(id, 'like', false);
END;
$$;
COMMENT ON FUNCTION api.post_unlike(uuid) IS 'The caller likes a post no longer.';

CREATE FUNCTION api.post_save(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_interaction(id, 'save', true);
END;
$$;
COMMENT ON FUNCTION api.post_save(uuid) IS 'The caller keeps a post to come back to.';

CREATE FUNCTION api.post_unsave(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_interaction(id, 'save', false);
END;
$$;
COMMENT ON FUNCTION api.post_unsave(uuid) IS 'The caller keeps a post no longer.';

CREATE FUNCTION api.post_share(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_interaction(id, 'share', true);
END;
$$;
COMMENT ON FUNCTION api.post_share(uuid) IS 'The caller has passed a post on; counts once for each reader.';
