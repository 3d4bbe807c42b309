/*
 * 60-auth.sql
 *		Signing up, in and out.
 *
 * What a refusal must leave behind (failed tries, a revoked family) is
 * returned with mesteri.refusal() and commits; all else is raised.
 */
CREATE FUNCTION mesteri.normalise_identifier(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN strpos(typed, '@') > 0 THEN lower(typed) ELSE coalesce(mesteri.normalise_phone(typed), typed) END;
COMMENT ON FUNCTION mesteri.normalise_identifier(text) IS 'How an e-mail address or phone number is looked up.';

CREATE DOMAIN api.registered_type AS mesteri.user_type
    CONSTRAINT enum CHECK (VALUE IN ('client', 'craftsman'));
COMMENT ON DOMAIN api.registered_type IS 'Kinds of account that people open themselves.';

CREATE FUNCTION api.auth_register(
        _ip inet, _user_agent text, email api.email, phone_number api.phone, password api.secret, user_type api.registered_type,
        first_name api.person_name, last_name api.person_name, language mesteri.language DEFAULT 'ro',
        platform mesteri.platform DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    address text := lower(email);
    phone   text := mesteri.normalise_phone(phone_number);
    wanted  uuid := mesteri.uuid7();
    account mesteri.users;
    tokens  json;
    taken   text;
BEGIN
    IF phone IS NULL THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('phone_number', 'format'));
    END IF;
    PERFORM mesteri.check_password(password, 'password');
    IF NOT EXISTS (SELECT FROM mesteri.instance) THEN
        PERFORM mesteri.instance_record('first');   -- with its first account a database begins to live
    END IF;

    -- Two registrations at once: the second waits here, and then finds the first one's row.
    PERFORM mesteri.sending_lock(mesteri.code_keys('email', address, wanted) || mesteri.code_keys('phone', phone, wanted));
    INSERT INTO mesteri.users AS u (id, email, phone_number, password_hash, user_type)
    SELECT wanted, address, phone, mesteri.password_hash(password), auth_register.user_type
     WHERE NOT EXISTS (SELECT FROM mesteri.users o WHERE o.email = address OR o.phone_number = phone)
        ON CONFLICT DO NOTHING
    RETURNING u.* INTO account;

    IF account.id IS NULL THEN
        SELECT CASE WHEN o.email = address THEN 'email' ELSE 'phone_number' END INTO taken
          FROM mesteri.users o WHERE o.email = address OR o.phone_number = phone
         ORDER BY o.email = address DESC LIMIT 1;
        PERFORM mesteri.refuse('already_exists', mesteri.detail(taken, 'unique'));
    END IF;

    INSERT INTO mesteri.user_profiles (user_id, first_name, last_name, language)
    VALUES (account.id, auth_register.first_name, auth_register.last_name, auth_register.language);
    IF account.user_type = 'craftsman' THEN
        INSERT INTO mesteri.craftsman_profiles (user_id) VALUES (account.id);
    END IF;
    PERFORM mesteri.send_code(account.id, 'email', address);
    PERFORM mesteri.send_code(account.id, 'phone', phone);

    -- In a statement of its own: in the same one the account would be shown as it was before.
    tokens := mesteri.open_session(account, _ip, _user_agent, platform);
    RETURN mesteri.created(
        json_build_object('user', mesteri.user_json(account.id),
                          'profile', mesteri.profile_json(account.id),
                          'tokens', tokens),
        '/v1/users/me');
END;
$$;
COMMENT ON FUNCTION api.auth_register(inet, text, api.email, api.phone, api.secret, api.registered_type, api.person_name,
                                      api.person_name, mesteri.language, mesteri.platform)
    IS 'Opens an account, signs it in, and sends codes to its address and its number.';

CREATE FUNCTION api.auth_login(_ip inet, _user_agent text, email_or_phone api.identifier, password api.secret)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    identifier text := mesteri.normalise_identifier(email_or_phone);
    refused    mesteri.answer := mesteri.lockout(identifier);
    account    mesteri.users;
    tokens     json;
BEGIN
    IF refused.error IS NOT NULL THEN
        RETURN refused;
    END IF;

    SELECT * INTO account FROM mesteri.users u
     WHERE (u.email = identifier OR u.phone_number = identifier) AND u.deleted_at IS NULL;
    IF NOT mesteri.password_tried(identifier, password, account.password_hash) THEN
        RETURN mesteri.refusal('invalid_credentials');
    END IF;

    -- That took a while: whoever changed the password or suspended the account meanwhile has ended its sessions already.
    SELECT * INTO account FROM mesteri.users u
     WHERE u.id = account.id AND u.password_hash = account.password_hash FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN mesteri.refusal('invalid_credentials');
    ELSIF NOT account.is_active THEN
        RETURN mesteri.refusal('account_suspended');
    END IF;

    IF mesteri.password_hash_cost(account.password_hash) < mesteri.password_cost() THEN
        UPDATE mesteri.users SET password_hash = mesteri.password_hash(password) WHERE id = account.id;
    END IF;

    tokens := mesteri.open_session(account, _ip, _user_agent, NULL);
    RETURN mesteri.ok(json_build_object('user', mesteri.user_json(account.id), 'tokens', tokens));
END;
$$;
COMMENT ON FUNCTION api.auth_login(inet, text, api.identifier, api.secret)
    IS 'Signs in by e-mail or phone number; five failures in 15 minutes lock the identifier, known or not.';

CREATE FUNCTION api.auth_refresh(_ip inet, _user_agent text, refresh_token api.secret)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    presented bytea := mesteri.token_hash(refresh_token);
    successor text := mesteri.new_token();
    token     mesteri.refresh_tokens;
    family    mesteri.token_families;
    account   mesteri.users;
BEGIN
    SELECT f.* INTO family
      FROM mesteri.token_families f
     WHERE f.id = (SELECT t.family_id FROM mesteri.refresh_tokens t WHERE t.token_hash = presented)
       FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('unauthenticated');
    END IF;

    -- Read under the family's lock: of two uses at once the second sees what the first did.
    SELECT * INTO token FROM mesteri.refresh_tokens WHERE token_hash = presented;
    SELECT * INTO account FROM mesteri.users WHERE id = family.user_id;

    IF account.deleted_at IS NULL AND (NOT account.is_active OR family.revoke_reason = 'suspended') THEN
        PERFORM mesteri.refuse('account_suspended');
    ELSIF account.deleted_at IS NOT NULL OR family.revoked_at IS NOT NULL OR family.expires_at <= now() THEN
        PERFORM mesteri.refuse('token_revoked');
    END IF;

    IF token.status = 'used' AND token.used_at > now() - interval '60 seconds' THEN
        -- The answer to the first use was lost on the way: its successor dies, this token gets another.
        UPDATE mesteri.refresh_tokens SET status = 'killed'
         WHERE token_hash = token.successor_hash AND status = 'active';
        IF NOT FOUND THEN
            PERFORM mesteri.end_session(family.id, 'reuse');
            RETURN mesteri.refusal('token_revoked');
        END IF;
    ELSIF token.status <> 'active' THEN
        PERFORM mesteri.end_session(family.id, 'reuse');
        RETURN mesteri.refusal('token_revoked');
    END IF;

    -- The token steps down before its successor is made: a family has one active token.
    UPDATE mesteri.refresh_tokens
       SET status = 'used', used_at = coalesce(used_at, now()), successor_hash = mesteri.token_hash(successor)
     WHERE token_hash = presented;
    UPDATE mesteri.token_families
       SET last_used_at = now(), expires_at = now() + interval '720 hours', ip_address = _ip, user_agent = left(_user_agent, 512)
     WHERE id = family.id;

    RETURN mesteri.ok(json_build_object('tokens', mesteri.issue_tokens(account, family.id, successor)));
END;
$$;
COMMENT ON FUNCTION api.auth_refresh(inet, text, api.secret)
    IS 'New tokens for a refresh token; the one before works for 60 s while its successor is unused, anything older ends the session.';

CREATE FUNCTION api.auth_logout() RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    PERFORM mesteri.end_session(mesteri.current_session_id(), 'logout');
    RETURN mesteri.ok('{"success": true}');
END;
$$;
COMMENT ON FUNCTION api.auth_logout() IS 'Ends the caller''s session.';

CREATE FUNCTION api.jwks() RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.ok(mesteri.jwks(), NULL, NULL, '{Cache-Control,"public, max-age=300"}');
END;
$$;
COMMENT ON FUNCTION api.jwks() IS 'The keys that our access tokens verify with.';
