/*
 * 65-media.sql
 *		Uploads where something refers to them; how they come is another matter.
 */
CREATE DOMAIN api.media_ref AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 2048)
    CONSTRAINT format CHECK (VALUE ~* '^([a-z][a-z0-9+.-]*:|/|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$)');
COMMENT ON DOMAIN api.media_ref IS 'Id of an upload; a link is recognised, to be refused in so many words.';

CREATE FUNCTION mesteri.take_media(field text, refs text[], wanted mesteri.upload_purpose) RETURNS SETOF mesteri.media
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    is_id constant text := '^[0-9a-fA-F]{8}-';
    ids   uuid[] := ARRAY(SELECT r.ref::uuid FROM unnest(refs) WITH ORDINALITY AS r (ref, place) WHERE r.ref ~ is_id ORDER BY r.place);
    mine  bigint;
BEGIN
    -- From here on they stay: nothing deletes what is used.
    UPDATE mesteri.media m SET used_at = coalesce(m.used_at, now()), expires_at = NULL
     WHERE m.id = ANY (ids) AND m.owner_id = mesteri.current_user_id() AND m.purpose = wanted AND m.status = 'ready' AND m.deleted_at IS NULL;
    GET DIAGNOSTICS mine = ROW_COUNT;
    IF mine < (SELECT count(DISTINCT i) FROM unnest(ids) AS i)
       AND EXISTS (SELECT FROM unnest(ids) AS i WHERE NOT EXISTS
                    (SELECT FROM mesteri.media m WHERE m.id = i AND m.owner_id = mesteri.current_user_id() AND m.deleted_at IS NULL)) THEN
        PERFORM mesteri.refuse('not_found', mesteri.detail(field, 'exists'));
    ELSIF cardinality(ids) < cardinality(refs) THEN
        PERFORM mesteri.refuse('foreign_media', mesteri.detail(field, 'upload_id'));
    ELSIF mine < (SELECT count(DISTINCT i) FROM unnest(ids) AS i) THEN
        PERFORM mesteri.refuse('invalid_media', mesteri.detail(field, 'ready'));
    END IF;
    RETURN QUERY SELECT m.* FROM unnest(ids) WITH ORDINALITY AS i (id, place) JOIN mesteri.media m ON m.id = i.id ORDER BY i.place;
END;
$$;
COMMENT ON FUNCTION mesteri.take_media(text, text[], mesteri.upload_purpose)
    IS 'The caller''s own uploads for this purpose, in this order, kept from now on; refuses others, links, and what is not ready.';

CREATE FUNCTION mesteri.media_link(file mesteri.media) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '/v1/media/' || file.key;
COMMENT ON FUNCTION mesteri.media_link(mesteri.media) IS 'Where clients fetch a file; who may is for that route to say.';

CREATE FUNCTION ops.make_media(owner_id uuid, purpose mesteri.upload_purpose DEFAULT 'post', content_type text DEFAULT 'image/jpeg',
                               status mesteri.upload_status DEFAULT 'ready') RETURNS uuid
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    is_paper constant boolean := purpose IN ('identity', 'business', 'certification');
    made     uuid;
BEGIN
    IF current_setting('mesteri.environment') = 'production' THEN
        RAISE EXCEPTION 'uploads are not made up in production' USING ERRCODE = 'insufficient_privilege',
              DETAIL = 'They would be files that nobody has sent.';
    END IF;
    IF is_paper THEN
        INSERT INTO mesteri.encryption_keys (id, purpose, algorithm, fingerprint, retired_at)
        VALUES ('made-up', 'media', 'aes-256-gcm', pg_catalog.sha256(bytea 'made-up'), now())
            ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO mesteri.media (key, owner_id, purpose, status, filename, content_type, size, sha256, storage, width, height,
                               duration_seconds, key_id, wrapped_key, rejection_reason, ready_at, expires_at)
    VALUES (translate(mesteri.uuid7()::text, '-', '') || translate(gen_random_uuid()::text, '-', ''), make_media.owner_id,
            make_media.purpose, make_media.status, 'made-up.' || split_part(make_media.content_type, '/', 2), make_media.content_type, 1,
            sha256(uuid_send(gen_random_uuid())), 'disk',
            CASE WHEN make_media.content_type NOT LIKE 'application/%' THEN 1080 END,
            CASE WHEN make_media.content_type NOT LIKE 'application/%' THEN 1920 END,
            CASE WHEN make_media.content_type LIKE 'video/%' THEN 30 END,
            CASE WHEN is_paper THEN 'made-up' END,
            CASE WHEN is_paper THEN sha256(uuid_send(gen_random_uuid())) END,
            CASE make_media.status WHEN 'rejected' THEN 'made up' END, CASE make_media.status WHEN 'ready' THEN now() END,
            now() + interval '24 hours')
    RETURNING id INTO made;
    RETURN made;
END;
$$;
COMMENT ON FUNCTION ops.make_media(uuid, mesteri.upload_purpose, text, mesteri.upload_status)
    IS 'An upload without a file behind it, for developers; answers its id. Refused in production.';
