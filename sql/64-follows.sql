/*
 * 64-follows.sql
 *		Following a craftsman.
 */
CREATE FUNCTION mesteri.set_follow(craftsman uuid, following boolean) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    caller    uuid := mesteri.current_user_id();
    owner     uuid;
    changed   integer;
    followers integer;
BEGIN
    IF caller IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;
    SELECT c.user_id INTO owner FROM mesteri.public_craftsmen c WHERE c.id = craftsman;
    IF owner IS NULL THEN
        PERFORM mesteri.refuse('not_found');
    ELSIF following AND owner = caller THEN
        PERFORM mesteri.refuse('self_reference');
    END IF;

    -- The row says who is counted: of two at once one changes it, and waits for the other to be sure.
    IF following THEN
        INSERT INTO mesteri.saved_craftsmen (user_id, craftsman_id) VALUES (caller, craftsman) ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM mesteri.saved_craftsmen s WHERE s.user_id = caller AND s.craftsman_id = craftsman;
    END IF;
    GET DIAGNOSTICS changed = ROW_COUNT;

    IF changed > 0 THEN
        UPDATE mesteri.craftsman_profiles c
           SET followers_count = c.followers_count + CASE WHEN following THEN changed ELSE -changed END
         WHERE c.id = craftsman
        RETURNING c.followers_count INTO followers;
    ELSE
        SELECT c.followers_count INTO followers FROM mesteri.craftsman_profiles c WHERE c.id = craftsman;
    END IF;

    RETURN mesteri.ok(json_build_object('craftsman_id', craftsman, 'following', following, 'followers_count', followers));
END;
$$;
COMMENT ON FUNCTION mesteri.set_follow(uuid, boolean)
    IS 'Makes the caller follow a craftsman, or no longer, and counts it; the same again changes nothing.';

CREATE FUNCTION api.craftsman_follow(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_follow(id, true);
END;
$$;
COMMENT ON FUNCTION api.craftsman_follow(uuid) IS 'The caller follows a craftsman.';

CREATE FUNCTION api.craftsman_unfollow(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_follow(id, false);
END;
$$;
COMMENT ON FUNCTION api.craftsman_unfollow(uuid) IS 'The caller follows a craftsman no longer.';
