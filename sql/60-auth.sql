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

CREATE FUNCTION mesteri.check_password(password text, field text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    broken text := CASE
        WHEN char_length(password) < 10 THEN 'min_length'
        WHEN octet_length(password) > 72 THEN 'max_bytes'   -- bcrypt would silently cut it there
        WHEN EXISTS (SELECT FROM mesteri.common_password_parts s
                       LEFT JOIN mesteri.common_password_parts e ON e.position = 'ending'
                      WHERE s.position = 'stem' AND lower(password) IN (s.part, s.part || e.part)) THEN 'common' END;
BEGIN
    IF broken IS NOT NULL THEN
        PERFORM mesteri.refuse('weak_password', mesteri.detail(field, broken));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_password(text, text) IS 'Refuses a password that is too short, too long for bcrypt, or too common.';

CREATE FUNCTION mesteri.password_cost() RETURNS integer
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    cost integer := current_setting('mesteri.bcrypt_cost');
BEGIN
    IF cost < 12 AND current_setting('mesteri.environment') = 'production' THEN
        RAISE EXCEPTION 'mesteri.bcrypt_cost is % in production', cost
            USING ERRCODE = 'config_file_error', HINT = 'Set it to 12 or more.';
    END IF;
    RETURN cost;
END;
$$;
COMMENT ON FUNCTION mesteri.password_cost() IS 'The bcrypt cost to hash with; an error where a weak one is set in production.';

CREATE FUNCTION mesteri.password_hash(password text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    RETURN mesteri.password_crypt(password, mesteri.password_salt(mesteri.password_cost()));
END;
$$;
COMMENT ON FUNCTION mesteri.password_hash(text) IS 'bcrypt under a new salt.';

CREATE FUNCTION mesteri.password_hash_cost(hash text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN substr(hash, 5, 2)::integer;
COMMENT ON FUNCTION mesteri.password_hash_cost(text) IS 'The cost a bcrypt hash was made with.';

CREATE FUNCTION mesteri.password_matches(password text, hash text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    -- Nobody's hash, so that an unknown account takes as long as a known one.
    nobody text := '$2a$' || lpad(mesteri.password_cost()::text, 2, '0') || '$' || repeat('.', 22);
    against text := CASE WHEN hash LIKE '$2%' THEN hash ELSE nobody END;
    matches boolean := mesteri.password_crypt(password, against) = against AND octet_length(password) <= 72;
BEGIN
    -- A hash of fewer rounds is filled up to as many, or old accounts would answer sooner than unknown ones.
    FOR missing IN mesteri.password_hash_cost(against) .. mesteri.password_cost() - 1 LOOP
        PERFORM mesteri.password_crypt('', '$2a$' || lpad(missing::text, 2, '0') || '$' || repeat('.', 22));
    END LOOP;
    RETURN matches;
END;
$$;
COMMENT ON FUNCTION mesteri.password_matches(text, text)
    IS 'Whether a password has this hash; takes as long without a hash (NULL or !) as with one.';

CREATE FUNCTION mesteri.permissions(user_type mesteri.user_type) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE user_type
        WHEN 'client' THEN '{read:profile,write:profile,read:projects,write:projects,write:payments}'::text[]
        WHEN 'craftsman' THEN '{read:profile,write:profile,read:projects,write:projects,write:content,write:contracts}'::text[]
        ELSE '{read:profile,staff}'::text[] END;
COMMENT ON FUNCTION mesteri.permissions(mesteri.user_type)
    IS 'The permissions claim, a hint for clients; what is allowed is decided by the routes.';

CREATE FUNCTION mesteri.new_refresh_token() RETURNS text
    LANGUAGE sql VOLATILE
    RETURN rtrim(translate(encode(mesteri.random_bytes(32), 'base64'), E'+/\n', '-_'), '=');
COMMENT ON FUNCTION mesteri.new_refresh_token() IS '256 random bits, base64url.';

CREATE FUNCTION mesteri.refresh_token_hash(token text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(token, 'UTF8'));
COMMENT ON FUNCTION mesteri.refresh_token_hash(text) IS 'What we keep of a refresh token.';

CREATE FUNCTION mesteri.issue_tokens(account mesteri.users, family_id uuid, refresh_token text) RETURNS json
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    issued_at integer := floor(extract(epoch FROM clock_timestamp()));
BEGIN
    INSERT INTO mesteri.refresh_tokens (token_hash, family_id)
    VALUES (mesteri.refresh_token_hash(refresh_token), family_id);

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

    UPDATE mesteri.users SET last_login_at = now() WHERE id = account.id;
    RETURN mesteri.issue_tokens(account, family_id, mesteri.new_refresh_token());
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
    account mesteri.users;
    taken   text;
BEGIN
    IF phone IS NULL THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('phone_number', 'format'));
    END IF;
    PERFORM mesteri.check_password(password, 'password');
    IF NOT EXISTS (SELECT FROM mesteri.instance) THEN
        PERFORM mesteri.instance_record('first');   -- with its first account a database begins to live
    END IF;

    -- Two registrations at once: one of them inserts, the other finds the row when it has waited for the first.
    INSERT INTO mesteri.users AS u (email, phone_number, password_hash, user_type)
    SELECT address, phone, mesteri.password_hash(password), auth_register.user_type
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

    RETURN mesteri.created(
        json_build_object('user', mesteri.user_json(account.id),
                          'profile', mesteri.profile_json(account.id),
                          'tokens', mesteri.open_session(account, _ip, _user_agent, platform)),
        '/v1/users/me');
END;
$$;
COMMENT ON FUNCTION api.auth_register(inet, text, api.email, api.phone, api.secret, api.registered_type, api.person_name,
                                      api.person_name, mesteri.language, mesteri.platform)
    IS 'Opens an account and signs it in.';

CREATE FUNCTION api.auth_login(_ip inet, _user_agent text, email_or_phone api.identifier, password api.secret)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    identifier text := mesteri.normalise_identifier(email_or_phone);
    tried      bytea := mesteri.keyed_hash('login', convert_to(identifier, 'UTF8'));
    account    mesteri.users;
    fifth_last timestamptz;
BEGIN
    -- One try at a time for each identifier, or a volley would be counted after it was answered.
    PERFORM mesteri.login_lock(tried);

    SELECT failed_at INTO fifth_last
      FROM mesteri.login_failures
     WHERE identifier_hash = tried AND failed_at > clock_timestamp() - interval '15 minutes'
     ORDER BY failed_at DESC OFFSET 4 LIMIT 1;
    IF FOUND THEN
        RETURN mesteri.refusal('rate_limited', NULL, ARRAY['Retry-After',
            ceil(extract(epoch FROM fifth_last + interval '15 minutes' - clock_timestamp()))::integer::text]);
    END IF;

    SELECT * INTO account FROM mesteri.users u
     WHERE (u.email = identifier OR u.phone_number = identifier) AND u.deleted_at IS NULL;

    IF NOT mesteri.password_matches(password, account.password_hash) THEN
        INSERT INTO mesteri.login_failures (identifier_hash) VALUES (tried);
        -- Each failure clears away more than one that no longer counts, so the table stays as small as the window.
        DELETE FROM mesteri.login_failures
         WHERE ctid = ANY (ARRAY(SELECT f.ctid FROM mesteri.login_failures f
                                  WHERE f.failed_at < clock_timestamp() - interval '15 minutes'
                                  ORDER BY f.failed_at LIMIT 10 FOR UPDATE SKIP LOCKED));
        RETURN mesteri.refusal('invalid_credentials');
    END IF;

    DELETE FROM mesteri.login_failures WHERE identifier_hash = tried;
    IF NOT account.is_active THEN
        RETURN mesteri.refusal('account_suspended');
    END IF;

    IF mesteri.password_hash_cost(account.password_hash) < mesteri.password_cost() THEN
        UPDATE mesteri.users SET password_hash = mesteri.password_hash(password) WHERE id = account.id;
    END IF;

    RETURN mesteri.ok(json_build_object('tokens', mesteri.open_session(account, _ip, _user_agent, NULL),
                                        'user', mesteri.user_json(account.id)));
END;
$$;
COMMENT ON FUNCTION api.auth_login(inet, text, api.identifier, api.secret)
    IS 'Signs in by e-mail or phone number; five failures in 15 minutes lock the identifier, known or not.';

CREATE FUNCTION api.auth_refresh(refresh_token api.secret)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    presented bytea := mesteri.refresh_token_hash(refresh_token);
    successor text := mesteri.new_refresh_token();
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
       SET status = 'used', used_at = coalesce(used_at, now()), successor_hash = mesteri.refresh_token_hash(successor)
     WHERE token_hash = presented;
    UPDATE mesteri.token_families
       SET last_used_at = now(), expires_at = now() + interval '720 hours'
     WHERE id = family.id;

    RETURN mesteri.ok(json_build_object('tokens', mesteri.issue_tokens(account, family.id, successor)));
END;
$$;
COMMENT ON FUNCTION api.auth_refresh(api.secret)
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
