/*
 * 66-posts.sql
 *		Craftsmen's own posts: making, changing and taking them away, and lists of them.
 */
CREATE DOMAIN api.post_title AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255);
COMMENT ON DOMAIN api.post_title IS 'Title of a post.';
CREATE DOMAIN api.post_description AS api.paragraph
    CONSTRAINT length CHECK (char_length(VALUE) <= 5000);
COMMENT ON DOMAIN api.post_description IS 'What a post says of the work, as typed, mark-up included.';
CREATE DOMAIN api.media_files AS api.media_ref[]
    CONSTRAINT count CHECK (cardinality(VALUE) BETWEEN 1 AND 10);
COMMENT ON DOMAIN api.media_files IS 'Uploads of a post, in the order of showing.';
CREATE DOMAIN api.tag AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 50);
COMMENT ON DOMAIN api.tag IS 'A word that describes a post.';
CREATE DOMAIN api.tags AS api.tag[]
    CONSTRAINT count CHECK (cardinality(VALUE) <= 20);
COMMENT ON DOMAIN api.tags IS 'Words that describe a post.';
CREATE DOMAIN api.place_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255);
COMMENT ON DOMAIN api.place_name IS 'What somebody calls a place.';
CREATE DOMAIN api.first_status AS mesteri.content_status
    CONSTRAINT enum CHECK (VALUE IN ('draft', 'published'));
COMMENT ON DOMAIN api.first_status IS 'How a post begins.';
CREATE DOMAIN api.author_status AS mesteri.content_status
    CONSTRAINT enum CHECK (VALUE IN ('draft', 'published', 'hidden'));
COMMENT ON DOMAIN api.author_status IS 'What an author makes of a post.';

CREATE FUNCTION mesteri.post_is_visible(post uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM mesteri.content_posts p JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id
                    WHERE p.id = post AND (p.status = 'published' OR c.user_id = mesteri.current_user_id()
                                           OR mesteri.current_user_type() = 'staff'));
END;
$$;
COMMENT ON FUNCTION mesteri.post_is_visible(uuid) IS 'Whether the caller may see a post: published ones everybody, others their author and staff.';

CREATE FUNCTION mesteri.callers_craftsman() RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    craftsman uuid := (SELECT c.id FROM mesteri.craftsman_profiles c WHERE c.user_id = mesteri.current_user_id());
BEGIN
    IF craftsman IS NULL THEN
        PERFORM mesteri.refuse('forbidden_role');
    END IF;
    RETURN craftsman;
END;
$$;
COMMENT ON FUNCTION mesteri.callers_craftsman() IS 'The caller''s craftsman profile; refuses who has none.';

CREATE FUNCTION mesteri.check_media(media_type mesteri.media_type, files mesteri.media[]) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    pictures integer := (SELECT count(DISTINCT f.id) FROM unnest(files) AS f WHERE f.content_type LIKE 'image/%');
    videos   integer := (SELECT count(DISTINCT f.id) FROM unnest(files) AS f WHERE f.content_type LIKE 'video/%');
    given    integer := cardinality(files);
BEGIN
    IF NOT (CASE media_type WHEN 'image' THEN pictures = given
                            WHEN 'before_after' THEN pictures = 2 AND given = 2
                            ELSE videos = 1 AND given = 1 END) THEN
        PERFORM mesteri.refuse('invalid_media', mesteri.detail('media_files', 'media_type'));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_media(mesteri.media_type, mesteri.media[])
    IS 'Refuses files that do not make such a post: pictures, each once; two of them for before_after; one video for video and timelapse.';

CREATE FUNCTION mesteri.check_post_references(category uuid, project uuid, craftsman uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF category IS NOT NULL AND NOT EXISTS (SELECT FROM mesteri.craft_categories k WHERE k.id = category AND k.is_active) THEN
        PERFORM mesteri.refuse('not_found', mesteri.detail('category_id', 'exists'));
    ELSIF project IS NOT NULL AND NOT EXISTS (SELECT FROM mesteri.projects p WHERE p.id = project AND p.craftsman_id = craftsman) THEN
        PERFORM mesteri.refuse('not_found', mesteri.detail('project_id', 'exists'));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_post_references(uuid, uuid, uuid) IS 'Refuses a trade that is none, and a project that is not the craftsman''s.';

CREATE FUNCTION mesteri.authors_post_json(post uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT mesteri.post_json(p, c, c.user_id, false)
              FROM mesteri.content_posts p JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id WHERE p.id = post);
END;
$$;
COMMENT ON FUNCTION mesteri.authors_post_json(uuid) IS 'Post as its author sees it.';

CREATE FUNCTION api.post_create(
        media_type mesteri.media_type, media_files api.media_files, title api.post_title DEFAULT NULL,
        description api.post_description DEFAULT NULL, category_id uuid DEFAULT NULL, tags api.tags DEFAULT NULL, location api.location DEFAULT NULL,
        location_name api.place_name DEFAULT NULL, project_id uuid DEFAULT NULL, status api.first_status DEFAULT 'published')
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    state     mesteri.content_status := coalesce(status, 'published');
    files     mesteri.media[];
    links     jsonb;
    post      uuid;
BEGIN
    PERFORM mesteri.check_post_references(category_id, project_id, craftsman);
    files := ARRAY(SELECT m FROM mesteri.take_media('media_files', media_files::text[], 'post') AS m);
    PERFORM mesteri.check_media(media_type, files);
    links := (SELECT jsonb_agg(mesteri.media_link(files[place]) ORDER BY place) FROM generate_subscripts(files, 1) AS place);

    INSERT INTO mesteri.content_posts (craftsman_id, title, description, media_type, media_urls, before_media_url, after_media_url,
                                       duration_seconds, category_id, tags, location, location_name, project_id, status, published_at)
    VALUES (craftsman, nullif(post_create.title, ''), mesteri.clean_text(post_create.description), post_create.media_type, links,
            CASE post_create.media_type WHEN 'before_after' THEN links ->> 0 END, CASE post_create.media_type WHEN 'before_after' THEN links ->> 1 END,
            files[1].duration_seconds, post_create.category_id, coalesce(post_create.tags::text[], '{}'),
            coalesce(mesteri.point((post_create.location).lat, (post_create.location).lon),
                     (SELECT p.location FROM mesteri.user_profiles p WHERE p.user_id = mesteri.current_user_id())),
            nullif(post_create.location_name, ''), post_create.project_id, state, CASE state WHEN 'published' THEN now() END)
    RETURNING content_posts.id INTO post;

    RETURN mesteri.created(json_build_object('post', mesteri.authors_post_json(post)), format('/v1/posts/%s', post));
END;
$$;
COMMENT ON FUNCTION api.post_create(mesteri.media_type, api.media_files, api.post_title, api.post_description, uuid, api.tags, api.location,
                                    api.place_name, uuid, api.first_status)
    IS 'A craftsman shows finished work, made of uploads.';

CREATE FUNCTION mesteri.author_transitions(status mesteri.content_status) RETURNS mesteri.content_status[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE status WHEN 'draft' THEN '{published,hidden}' WHEN 'published' THEN '{hidden}' WHEN 'hidden' THEN '{published,draft}'
                       ELSE '{}' END::mesteri.content_status[];
COMMENT ON FUNCTION mesteri.author_transitions(mesteri.content_status)
    IS 'What an author may make of a post in this state; what staff removed stays so, and what was public is no draft again but through hidden.';

CREATE FUNCTION api.post_update(
        _if_match text, _given text[], id uuid, title api.post_title DEFAULT NULL, description api.post_description DEFAULT NULL,
        category_id uuid DEFAULT NULL, tags api.tags DEFAULT NULL, location api.location DEFAULT NULL, location_name api.place_name DEFAULT NULL,
        project_id uuid DEFAULT NULL, status api.author_status DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    wanted    mesteri.content_status := status;
    stored    mesteri.content_posts;
    changed   integer;
BEGIN
    PERFORM mesteri.check_not_null(_given, 'tags', tags::text);
    PERFORM mesteri.check_not_null(_given, 'status', status::text);
    SELECT p.* INTO stored FROM mesteri.content_posts p WHERE p.id = post_update.id AND p.craftsman_id = craftsman FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;
    PERFORM mesteri.check_post_references(category_id, project_id, craftsman);
    PERFORM mesteri.check_if_match(_if_match, stored.version);
    IF wanted <> stored.status AND NOT wanted = ANY (mesteri.author_transitions(stored.status)) THEN
        PERFORM mesteri.refuse('illegal_transition', json_build_array(json_build_object(
            'field', 'status', 'rule', 'transition', 'allowed', mesteri.author_transitions(stored.status))));
    END IF;

    UPDATE mesteri.content_posts p
       SET title = CASE WHEN 'title' = ANY (_given) THEN nullif(post_update.title, '') ELSE p.title END,
           description = CASE WHEN 'description' = ANY (_given) THEN mesteri.clean_text(post_update.description) ELSE p.description END,
           category_id = CASE WHEN 'category_id' = ANY (_given) THEN post_update.category_id ELSE p.category_id END,
           tags = coalesce(post_update.tags::text[], p.tags),
           location = CASE WHEN 'location' = ANY (_given)
                           THEN mesteri.point((post_update.location).lat, (post_update.location).lon) ELSE p.location END,
           location_name = CASE WHEN 'location_name' = ANY (_given) THEN nullif(post_update.location_name, '') ELSE p.location_name END,
           project_id = CASE WHEN 'project_id' = ANY (_given) THEN post_update.project_id ELSE p.project_id END,
           status = coalesce(wanted, p.status),
           -- The first time counts: who hides a post and shows it again does not make it new.
           published_at = CASE WHEN wanted = 'published' THEN coalesce(p.published_at, now()) ELSE p.published_at END,
           version = p.version + 1
     WHERE p.id = stored.id
    RETURNING p.version INTO changed;

    RETURN mesteri.ok(json_build_object('post', mesteri.authors_post_json(id)), changed);
END;
$$;
COMMENT ON FUNCTION api.post_update(text, text[], uuid, api.post_title, api.post_description, uuid, api.tags, api.location, api.place_name, uuid,
                                    api.author_status)
    IS 'Changes the caller''s post; needs If-Match. A field that is absent stays, null clears.';

CREATE FUNCTION api.post_delete(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    craftsman uuid := mesteri.callers_craftsman();
    stored    mesteri.content_status;
BEGIN
    SELECT p.status INTO stored FROM mesteri.content_posts p WHERE p.id = post_delete.id AND p.craftsman_id = craftsman FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;
    IF stored NOT IN ('hidden', 'removed') THEN
        UPDATE mesteri.content_posts p SET status = 'hidden', version = p.version + 1 WHERE p.id = post_delete.id;
    END IF;
    RETURN mesteri.no_content();
END;
$$;
COMMENT ON FUNCTION api.post_delete(uuid) IS 'Hides the caller''s post; what readers did with it stays counted.';

CREATE FUNCTION api.post_mine(status mesteri.content_status DEFAULT NULL, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 20)
    RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    viewer uuid := mesteri.current_user_id();
    items  json;
    hits   bigint;
BEGIN
    SELECT json_agg(mesteri.post_json(p, c, viewer, false) ORDER BY p.created_at DESC, p.id DESC) FILTER (WHERE l.place <= post_mine."limit"), count(*)
      INTO items, hits
      FROM (SELECT o.id, row_number() OVER (ORDER BY o.created_at DESC, o.id DESC) AS place
              FROM (SELECT m.id, m.created_at FROM mesteri.content_posts m
                     WHERE m.craftsman_id = (SELECT c.id FROM mesteri.craftsman_profiles c WHERE c.user_id = viewer)
                       AND (post_mine.status IS NULL OR m.status = post_mine.status)
                     ORDER BY m.created_at DESC, m.id DESC
                     LIMIT post_mine."limit" + 1 OFFSET (page - 1)::bigint * post_mine."limit") AS o) AS l
      JOIN mesteri.content_posts p ON p.id = l.id
      JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id;

    RETURN mesteri.ok(mesteri.json_page(items, page, post_mine."limit", hits > post_mine."limit"));
END;
$$;
COMMENT ON FUNCTION api.post_mine(mesteri.content_status, api.page, api.page_limit) IS 'The caller''s posts in every state, newest first.';

CREATE FUNCTION api.craftsman_portfolio(id uuid, page api.page DEFAULT 1, "limit" api.page_limit DEFAULT 20) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    viewer   uuid := mesteri.current_user_id();
    is_staff boolean := coalesce(mesteri.current_user_type() = 'staff', false);
    items    json;
    hits     bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM mesteri.public_craftsmen c WHERE c.id = craftsman_portfolio.id) THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    SELECT json_agg(mesteri.post_json(p, c, viewer, is_staff) ORDER BY p.published_at DESC, p.id DESC)
               FILTER (WHERE l.place <= craftsman_portfolio."limit"), count(*)
      INTO items, hits
      FROM (SELECT o.id, row_number() OVER (ORDER BY o.published_at DESC, o.id DESC) AS place
              FROM (SELECT m.id, m.published_at FROM mesteri.content_posts m
                     WHERE m.craftsman_id = craftsman_portfolio.id AND m.status = 'published'
                     ORDER BY m.published_at DESC, m.id DESC
                     LIMIT craftsman_portfolio."limit" + 1 OFFSET (page - 1)::bigint * craftsman_portfolio."limit") AS o) AS l
      JOIN mesteri.content_posts p ON p.id = l.id
      JOIN mesteri.public_craftsmen c ON c.id = p.craftsman_id;

    RETURN mesteri.ok(mesteri.json_page(items, page, craftsman_portfolio."limit", hits > craftsman_portfolio."limit"));
END;
$$;
COMMENT ON FUNCTION api.craftsman_portfolio(uuid, api.page, api.page_limit) IS 'A craftsman''s published work, newest first.';
