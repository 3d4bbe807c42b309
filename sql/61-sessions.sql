/*
 * 61-sessions.sql
 *		Where one is signed in.
 */
CREATE FUNCTION api.user_sessions() RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.ok((
        SELECT json_build_object('items', coalesce(json_agg(json_build_object(
                   'id', f.id, 'created_at', mesteri.json_time(f.created_at), 'last_used_at', mesteri.json_time(f.last_used_at),
                   'expires_at', mesteri.json_time(f.expires_at), 'ip_address', host(f.ip_address), 'user_agent', f.user_agent,
                   'current', f.id = mesteri.current_session_id())
                   ORDER BY f.last_used_at DESC, f.id DESC), '[]'))
          FROM mesteri.token_families f
         WHERE f.user_id = mesteri.current_user_id() AND f.revoked_at IS NULL AND f.expires_at > now()));
END;
$$;
COMMENT ON FUNCTION api.user_sessions() IS 'The caller''s sessions that live, the last used first.';

CREATE FUNCTION api.user_session_end(id uuid) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    PERFORM FROM mesteri.token_families f
      WHERE f.id = user_session_end.id AND f.user_id = mesteri.current_user_id() AND f.revoked_at IS NULL AND f.expires_at > now();
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found');
    END IF;
    PERFORM mesteri.end_session(id, 'logout');
    RETURN mesteri.no_content();
END;
$$;
COMMENT ON FUNCTION api.user_session_end(uuid) IS 'Ends a session of the caller''s, this one or another.';
