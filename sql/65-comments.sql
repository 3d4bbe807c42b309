/*
 * 65-comments.sql
 *		What readers say below a post.
 */
CREATE DOMAIN api.comment_text AS api.paragraph
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 2000);
COMMENT ON DOMAIN api.comment_text IS 'A comment as typed, mark-up included.';

CREATE FUNCTION mesteri.comment_json(k mesteri.post_comments) RETURNS json
    LANGUAGE sql STABLE
    RETURN json_build_object('id', k.id, 'post_id', k.post_id, 'user_id', k.user_id, 'author', mesteri.person_json(k.user_id), 'text', k.text,
                             'created_at', mesteri.json_time(k.created_at));
COMMENT ON FUNCTION mesteri.comment_json(mesteri.post_comments) IS 'Comment: public.';

CREATE FUNCTION api.post_comments(id uuid, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 20) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    items json;
    hits  bigint;
BEGIN
    IF NOT mesteri.post_is_visible(id) THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    SELECT json_agg(mesteri.comment_json(l.k) ORDER BY l.place) FILTER (WHERE l.place <= post_comments."limit"), count(*)
      INTO items, hits
      FROM (SELECT o.k, row_number() OVER (ORDER BY (o.k).created_at DESC, (o.k).id DESC) AS place
              FROM (SELECT c AS k FROM mesteri.post_comments c
                     WHERE c.post_id = post_comments.id AND c.deleted_at IS NULL AND c.hidden_at IS NULL
                     ORDER BY c.created_at DESC, c.id DESC
                     LIMIT post_comments."limit" + 1 OFFSET (page - 1)::bigint * post_comments."limit") AS o) AS l;

    RETURN mesteri.ok(mesteri.json_page(items, page, post_comments."limit", hits > post_comments."limit"));
END;
$$;
COMMENT ON FUNCTION api.post_comments(uuid, api.page, api.page_limit) IS 'Comments below a post, newest first.';

CREATE FUNCTION api.post_comment(id uuid, text api.comment_text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    viewer uuid := mesteri.current_user_id();
    safe   pg_catalog.text := mesteri.clean_text(post_comment.text);
    author uuid;
    made   mesteri.post_comments;
    total  integer;
BEGIN
    IF viewer IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;
    SELECT c.user_id INTO author
      FROM mesteri.content_posts p
      JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id
     WHERE p.id = post_comment.id AND p.status = 'published'
       FOR NO KEY UPDATE OF p;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    ELSIF mesteri.are_apart(viewer, author) THEN
        PERFORM mesteri.refuse('blocked');
    ELSIF safe IS NULL THEN
        PERFORM mesteri.refuse('empty_text', mesteri.detail('text', 'empty'));
    END IF;

    INSERT INTO mesteri.post_comments (post_id, user_id, text) VALUES (post_comment.id, viewer, safe) RETURNING * INTO made;
    UPDATE mesteri.content_posts p SET comments_count = p.comments_count + 1 WHERE p.id = post_comment.id RETURNING p.comments_count INTO total;

    RETURN mesteri.created(json_build_object('comment', mesteri.comment_json(made), 'comments_count', total),
                           format('/v1/posts/%s/comments', post_comment.id));
END;
$$;
COMMENT ON FUNCTION api.post_comment(uuid, api.comment_text) IS 'The caller says something below a post.';

CREATE FUNCTION api.post_comment_delete(id uuid, cid uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    viewer    uuid := mesteri.current_user_id();
    was_shown boolean;
BEGIN
    IF viewer IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;
    -- The post first, as everybody who counts takes its lock.
    PERFORM FROM mesteri.content_posts p WHERE p.id = post_comment_delete.id FOR NO KEY UPDATE;

    UPDATE mesteri.post_comments k SET deleted_at = now(), deleted_by = viewer
     WHERE k.id = cid AND k.post_id = post_comment_delete.id AND k.deleted_at IS NULL
       AND (k.user_id = viewer
            OR EXISTS (SELECT FROM mesteri.content_posts p JOIN mesteri.craftsman_profiles c ON c.id = p.craftsman_id
                        WHERE p.id = k.post_id AND c.user_id = viewer))
    RETURNING k.hidden_at IS NULL INTO was_shown;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    ELSIF was_shown THEN
        UPDATE mesteri.content_posts p SET comments_count = p.comments_count - 1 WHERE p.id = post_comment_delete.id;
    END IF;

    RETURN mesteri.no_content();
END;
$$;
COMMENT ON FUNCTION api.post_comment_delete(uuid, uuid) IS 'Takes a comment away, for its author or the post''s.';
