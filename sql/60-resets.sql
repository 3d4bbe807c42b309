/*
 * 60-resets.sql
 *		Another password: by who forgot it, and by who knows it.
 */
CREATE FUNCTION mesteri.set_password(account_id uuid, password text, kept_session uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    UPDATE mesteri.users
       SET password_hash = mesteri.password_hash(password), updated_at = now()
     WHERE id = account_id;
    PERFORM mesteri.end_sessions(account_id, 'password', kept_session);
    DELETE FROM mesteri.password_resets r WHERE r.user_id = account_id AND r.used_at IS NULL;
    PERFORM mesteri.message_add(u.id, 'email', u.email, 'password_changed', 'password ' || mesteri.uuid7())
       FROM mesteri.users u WHERE u.id = account_id;
END;
$$;
COMMENT ON FUNCTION mesteri.set_password(uuid, text, uuid)
    IS 'A new password ends all sessions but one, if one is named, and all open ways to reset it; the person is told. The account is locked by whoever calls.';

CREATE FUNCTION api.auth_forgot_password(email_or_phone api.identifier) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    identifier text := mesteri.normalise_identifier(email_or_phone);
    channel    mesteri.code_channel := CASE WHEN strpos(identifier, '@') > 0 THEN 'email' ELSE 'phone' END;
    account    uuid := (SELECT u.id FROM mesteri.users u
                         WHERE (u.email = identifier OR u.phone_number = identifier) AND u.is_active);
    stand_in   uuid := (SELECT u.id FROM mesteri.users u ORDER BY u.id LIMIT 1);
    keys       text[] := mesteri.sending_keys('reset', channel, identifier, coalesce(account, mesteri.uuid7()));
    is_sent    boolean;
BEGIN
    PERFORM mesteri.sending_lock(keys);
    is_sent := mesteri.sending_wait(keys) IS NULL AND account IS NOT NULL;

    -- Where there is nobody to write to, all is done for somebody else and then undone: it takes as long.
    BEGIN
        PERFORM mesteri.send_reset(coalesce(account, stand_in), channel, identifier);
        PERFORM mesteri.sending_count(keys);
        IF NOT is_sent THEN
            RAISE EXCEPTION 'nothing is sent' USING ERRCODE = 'triggered_action_exception';
        END IF;
    EXCEPTION WHEN triggered_action_exception THEN
        NULL;
    END;
    RETURN mesteri.accepted('{"success": true}');
END;
$$;
COMMENT ON FUNCTION api.auth_forgot_password(api.identifier)
    IS 'Sends a link to set a new password, if there is such an account; the answer, and the time it takes, do not tell.';

CREATE FUNCTION mesteri.send_reset(account_id uuid, channel mesteri.code_channel, recipient text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    token text := mesteri.new_token();
BEGIN
    INSERT INTO mesteri.password_resets (token_hash, user_id, expires_at)
    VALUES (mesteri.token_hash(token), account_id, now() + interval '1 hour');
    PERFORM mesteri.message_add(account_id, channel, recipient, 'reset_password', 'reset ' || mesteri.uuid7(),
                                jsonb_build_object('expires_at', mesteri.json_time(now() + interval '1 hour')),
                                jsonb_build_object('token', token));
END;
$$;
COMMENT ON FUNCTION mesteri.send_reset(uuid, mesteri.code_channel, text) IS 'A token that lets set a new password within an hour, on its way.';

CREATE FUNCTION api.auth_reset_password(token api.secret, new_password api.secret) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    presented bytea := mesteri.token_hash(token);
    account   mesteri.users;
BEGIN
    -- The account first: of two tokens used at once the second finds that it has died.
    SELECT * INTO account FROM mesteri.users u
     WHERE u.id = (SELECT r.user_id FROM mesteri.password_resets r WHERE r.token_hash = presented) AND u.is_active
       FOR NO KEY UPDATE;
    UPDATE mesteri.password_resets r SET used_at = now()
     WHERE r.token_hash = presented AND r.user_id = account.id AND r.used_at IS NULL AND r.expires_at > now();
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('invalid_code');
    END IF;
    PERFORM mesteri.check_password(new_password, 'new_password');

    PERFORM mesteri.set_password(account.id, new_password);
    PERFORM mesteri.failures_forget(ARRAY[account.email, account.phone_number]);
    RETURN mesteri.ok('{"success": true}');
END;
$$;
COMMENT ON FUNCTION api.auth_reset_password(api.secret, api.secret)
    IS 'Sets a new password with the token of the link, once, ends all sessions and unlocks the account; a weak password leaves the token as it was.';

CREATE FUNCTION api.auth_change_password(current_password api.secret, new_password api.secret) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    account mesteri.users := (SELECT u FROM mesteri.users u WHERE u.id = mesteri.current_user_id());
    session uuid := mesteri.current_session_id();
    refused mesteri.answer := mesteri.own_password_refusal(current_password, 'current_password');
BEGIN
    IF refused.error IS NOT NULL THEN
        RETURN refused;
    END IF;
    PERFORM mesteri.check_password(new_password, 'new_password');

    -- As at sign-in: it may have been changed while we looked.
    PERFORM FROM mesteri.users u WHERE u.id = account.id AND u.password_hash = account.password_hash FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('conflict');
    END IF;
    PERFORM mesteri.set_password(account.id, new_password, session);
    RETURN mesteri.ok(json_build_object('tokens', mesteri.renew_session(account, session)));
END;
$$;
COMMENT ON FUNCTION api.auth_change_password(api.secret, api.secret)
    IS 'A new password for who knows the old one: new tokens for this session, and the end of all others.';
