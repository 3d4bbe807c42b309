/*
 * 59-sessions.sql
 *		Sessions: how they begin, go on and end.
 */
CREATE FUNCTION mesteri.permissions(user_type mesteri.user_type) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE user_type
        WHEN 'client' THEN '{read:profile,write:profile,read:projects,write:projects,write:payments}'::text[]
        WHEN 'craftsman' THEN '{read:profile,write:profile,read:projects,write:projects,write:content,write:contracts}'::text[]
        ELSE '{read:profile,staff}'::text[] END;
COMMENT ON FUNCTION mesteri.permissions(mesteri.user_type)
    IS 'The permissions claim, a hint for clients; what is allowed is decided by the routes.';

CREATE FUNCTION mesteri.new_token() RETURNS text
    LANGUAGE sql VOLATILE
    RETURN rtrim(translate(encode(mesteri.random_bytes(32), 'base64'), E'+/\n', '-_'), '=');
COMMENT ON FUNCTION mesteri.new_token() IS '256 random bits, base64url.';

CREATE FUNCTION mesteri.token_hash(token text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(token, 'UTF8'));
COMMENT ON FUNCTION mesteri.token_hash(text) IS 'What we keep of a token of new_token(): 256 random bits need no salt.';

CREATE FUNCTION mesteri.issue_tokens(account mesteri.users, family_id uuid, refresh_token text) RETURNS json
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    issued_at integer := floor(extract(epoch FROM clock_timestamp()));
BEGIN
    INSERT INTO mesteri.refresh_tokens (token_hash, family_id)
    VALUES (mesteri.token_hash(refresh_token), family_id);

    RETURN json_build_object(
        'access_token', mesteri.jwt_sign(json_build_object(
            'iss', current_setting('mesteri.token_issuer'),
            'sub', account.id,
            'user_type', account.user_type,
            'iat', issued_at,
            'exp', issued_at + 900,
            'jti', mesteri.uuid7(),
            'refresh_token_id', family_id,
            'permissions', mesteri.permissions(account.user_type))),
        'refresh_token', refresh_token,
        'token_type', 'Bearer',
        'expires_in', 900,
        'refresh_expires_in', 2592000);
END;
$$;
COMMENT ON FUNCTION mesteri.issue_tokens(mesteri.users, uuid, text)
    IS 'Tokens of the API: an access token of 15 minutes beside this refresh token, which becomes the family''s active one.';

CREATE FUNCTION mesteri.open_session(account mesteri.users, ip inet, user_agent text, platform mesteri.platform) RETURNS json
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    family_id uuid;
BEGIN
    INSERT INTO mesteri.token_families (user_id, expires_at, ip_address, user_agent, platform)
    VALUES (account.id, now() + interval '720 hours', ip, left(user_agent, 512), platform)
    RETURNING id INTO family_id;

    UPDATE mesteri.users SET last_login_at = now() WHERE id = account.id AND deleted_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('invalid_credentials');    -- erased since the password was read
    END IF;
    RETURN mesteri.issue_tokens(account, family_id, mesteri.new_token());
END;
$$;
COMMENT ON FUNCTION mesteri.open_session(mesteri.users, inet, text, mesteri.platform) IS 'A new session of 30 days and its first tokens.';

CREATE FUNCTION mesteri.end_session(family_id uuid, reason text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    UPDATE mesteri.token_families
       SET revoked_at = now(), revoke_reason = reason
     WHERE id = family_id AND revoked_at IS NULL;
END;
$$;
COMMENT ON FUNCTION mesteri.end_session(uuid, text) IS 'Ends a session at once, access tokens that are not yet expired included.';

CREATE FUNCTION mesteri.end_sessions(account_id uuid, reason text, kept uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    UPDATE mesteri.token_families
       SET revoked_at = now(), revoke_reason = reason
     WHERE user_id = account_id AND revoked_at IS NULL AND id IS DISTINCT FROM kept;
END;
$$;
COMMENT ON FUNCTION mesteri.end_sessions(uuid, text, uuid) IS 'Ends all sessions of an account, but for one where one is named.';

CREATE FUNCTION mesteri.renew_session(account mesteri.users, family_id uuid) RETURNS json
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
BEGIN
    -- Its lock is what a refresh waits for, too.
    UPDATE mesteri.token_families f
       SET last_used_at = now(), expires_at = now() + interval '720 hours'
     WHERE f.id = family_id AND f.revoked_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('token_revoked');
    END IF;

    UPDATE mesteri.refresh_tokens t SET status = 'killed' WHERE t.family_id = family_id AND t.status = 'active';
    RETURN mesteri.issue_tokens(account, family_id, mesteri.new_token());
END;
$$;
COMMENT ON FUNCTION mesteri.renew_session(mesteri.users, uuid)
    IS 'New tokens for a session that goes on; its refresh token until now is killed, without the grace of a refresh.';
