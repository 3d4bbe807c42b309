/*
 * 64-blocks.sql
 *		Wanting nothing to do with somebody.
 *
 * What a block forbids (to write, to comment, to ask for work) is refused
 * where that is done.  It ends nothing that there is.
 */
CREATE FUNCTION mesteri.set_block(target uuid, blocked boolean) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    caller uuid := mesteri.current_user_id();
BEGIN
    IF caller IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;
    IF NOT EXISTS (SELECT FROM mesteri.users u
                    WHERE u.id = target AND u.deleted_at IS NULL AND u.user_type <> 'staff') THEN
        PERFORM mesteri.refuse('not_found');
    END IF;

    IF NOT blocked THEN
        DELETE FROM mesteri.blocks b WHERE b.user_id = caller AND b.blocked_user_id = target;
    ELSIF target = caller THEN
        PERFORM mesteri.refuse('self_reference');
    ELSE
        INSERT INTO mesteri.blocks (user_id, blocked_user_id) VALUES (caller, target) ON CONFLICT DO NOTHING;
    END IF;

    RETURN mesteri.ok(json_build_object('user_id', target, 'blocked', blocked));
END;
$$;
COMMENT ON FUNCTION mesteri.set_block(uuid, boolean) IS 'Makes the caller block somebody, or no longer; the same again changes nothing.';

CREATE FUNCTION api.user_block(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_block(id, true);
END;
$$;
COMMENT ON FUNCTION api.user_block(uuid) IS 'Keeps somebody away from the caller.';

CREATE FUNCTION api.user_unblock(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.set_block(id, false);
END;
$$;
COMMENT ON FUNCTION api.user_unblock(uuid) IS 'Lets somebody near again.';
