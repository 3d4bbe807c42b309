/*
 * 60-codes.sql
 *		Six digits that prove that somebody reads an address or a number.
 *
 * Whoever needs another code asks to change to the address he has: a code for
 * an unverified address of one's own is sent again (60-contacts.sql).
 */
CREATE FUNCTION mesteri.code_digits(bytes bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    -- 16 times a million: what three bytes can hold beyond would make the lower codes likelier.
    RETURN (SELECT CASE WHEN n < 16000000 THEN lpad((n % 1000000)::text, 6, '0') END
              FROM (SELECT ('x' || encode(bytes, 'hex'))::bit(24)::integer) AS b (n));
COMMENT ON FUNCTION mesteri.code_digits(bytea) IS 'Three bytes as six digits, each code from sixteen values; NULL for a value that is left over.';

CREATE FUNCTION mesteri.new_code() RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    code text;
BEGIN
    WHILE code IS NULL LOOP
        code := mesteri.code_digits(mesteri.random_bytes(3));
    END LOOP;
    RETURN code;
END;
$$;
COMMENT ON FUNCTION mesteri.new_code() IS 'Six digits nobody can guess, all codes alike.';

CREATE FUNCTION mesteri.code_hash(code_id uuid, code text) RETURNS bytea
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN mesteri.keyed_hash('verification code', convert_to(code_id || ' ' || code, 'UTF8'));
COMMENT ON FUNCTION mesteri.code_hash(uuid, text) IS 'What we keep of a code.';

CREATE FUNCTION mesteri.code_keys(channel mesteri.code_channel, recipient text, account_id uuid) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN mesteri.sending_keys('code', channel, recipient, account_id);
COMMENT ON FUNCTION mesteri.code_keys(mesteri.code_channel, text, uuid) IS 'What a code is counted under.';

CREATE FUNCTION mesteri.send_code(account_id uuid, channel mesteri.code_channel, recipient text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    keys text[] := mesteri.code_keys(channel, recipient, account_id);
    sent mesteri.verification_codes;
    code text := mesteri.new_code();
BEGIN
    IF mesteri.sending_wait(keys) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM mesteri.sending_count(keys);

    DELETE FROM mesteri.verification_codes c WHERE c.user_id = account_id AND c.channel = channel;
    sent.id := mesteri.uuid7();
    INSERT INTO mesteri.verification_codes (id, user_id, channel, recipient, code_hash, expires_at)
    VALUES (sent.id, account_id, channel, recipient, mesteri.code_hash(sent.id, code), now() + interval '10 minutes')
    RETURNING * INTO sent;

    PERFORM mesteri.message_add(account_id, channel, recipient,
                                CASE channel WHEN 'email' THEN 'verify_email' ELSE 'verify_phone' END::mesteri.message_template,
                                'code ' || sent.id, jsonb_build_object('expires_at', mesteri.json_time(sent.expires_at)),
                                jsonb_build_object('code', code));
END;
$$;
COMMENT ON FUNCTION mesteri.send_code(uuid, mesteri.code_channel, text)
    IS 'Sends a new code in place of the last one; nothing happens where too many were sent. The keys are locked by whoever calls.';

CREATE FUNCTION mesteri.is_open(c mesteri.verification_codes) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN c.used_at IS NULL AND c.tries < 5 AND c.expires_at > now();
COMMENT ON FUNCTION mesteri.is_open(mesteri.verification_codes) IS 'Whether a code can still be right.';

CREATE FUNCTION mesteri.verify(channel mesteri.code_channel, recipient text, code text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    sent mesteri.verification_codes;
BEGIN
    -- One guess at a time.  The account is not known yet; who sends locks the recipient, too.
    PERFORM mesteri.sending_lock(ARRAY[(mesteri.code_keys(channel, recipient, NULL))[1]]);

    -- Two accounts may be waiting for the same address: the code tells which it is.
    SELECT c.* INTO sent FROM mesteri.verification_codes c
     WHERE c.channel = channel AND c.recipient = recipient AND mesteri.is_open(c)
       AND c.code_hash = mesteri.code_hash(c.id, code)
     ORDER BY c.id LIMIT 1;
    IF NOT FOUND THEN
        UPDATE mesteri.verification_codes c SET tries = c.tries + 1
         WHERE c.channel = channel AND c.recipient = recipient AND mesteri.is_open(c);
        IF NOT FOUND THEN
            -- Nothing to be right or wrong about: something is hashed and written all the same, for it takes time.
            INSERT INTO mesteri.login_failures (identifier_hash) VALUES (mesteri.code_hash(mesteri.uuid7(), code));
        END IF;
        PERFORM mesteri.failures_expire();
        RETURN mesteri.refusal('invalid_code');
    END IF;

    -- The account before its code, as whoever replaces or erases the code locks them; he may have been first.
    PERFORM FROM mesteri.users u WHERE u.id = sent.user_id FOR UPDATE;
    UPDATE mesteri.verification_codes c SET used_at = now() WHERE c.id = sent.id;
    IF NOT FOUND OR NOT mesteri.confirm_contact(sent) THEN
        RETURN mesteri.refusal('invalid_code');
    END IF;
    RETURN mesteri.ok('{"success": true}');
END;
$$;
COMMENT ON FUNCTION mesteri.verify(mesteri.code_channel, text, text)
    IS 'Takes a code that came back; a wrong one counts, and its fifth kills the code. Every failure is answered alike.';

CREATE FUNCTION mesteri.confirm_contact(sent mesteri.verification_codes) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    is_email boolean := sent.channel = 'email';
    before   mesteri.users;
    is_moved boolean;
BEGIN
    SELECT * INTO before FROM mesteri.users u WHERE u.id = sent.user_id;
    is_moved := sent.recipient <> CASE WHEN is_email THEN before.email ELSE before.phone_number END;

    IF is_email THEN
        UPDATE mesteri.users u
           SET email = sent.recipient, email_verified = true, pending_email = NULL, updated_at = now()
         WHERE u.id = before.id;
    ELSE
        UPDATE mesteri.users u
           SET phone_number = sent.recipient, phone_verified = true, pending_phone_number = NULL, updated_at = now()
         WHERE u.id = before.id;
    END IF;

    IF is_moved THEN
        PERFORM mesteri.message_add(before.id, 'email', before.email,
                                    CASE WHEN is_email THEN 'email_changed' ELSE 'phone_changed' END::mesteri.message_template,
                                    'moved ' || sent.id);
        -- What was sent to the old address to let somebody in lets nobody in any more.
        DELETE FROM mesteri.password_resets r WHERE r.user_id = before.id AND r.used_at IS NULL;
    END IF;
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    -- Somebody else got it first.
    UPDATE mesteri.users u
       SET pending_email = CASE WHEN is_email THEN NULL ELSE u.pending_email END,
           pending_phone_number = CASE WHEN is_email THEN u.pending_phone_number END,
           updated_at = now()
     WHERE u.id = sent.user_id;
    RETURN false;
END;
$$;
COMMENT ON FUNCTION mesteri.confirm_contact(mesteri.verification_codes)
    IS 'The code came back: its recipient is verified, and becomes the account''s if it was not; false where it is taken by now.';

CREATE FUNCTION api.auth_verify_email(email api.email, code api.code) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.verify('email', lower(email), code);
END;
$$;
COMMENT ON FUNCTION api.auth_verify_email(api.email, api.code) IS 'Takes the code that was mailed; a pending address becomes the account''s.';

CREATE FUNCTION api.auth_verify_phone(phone_number api.phone, code api.code) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.verify('phone', coalesce(mesteri.normalise_phone(phone_number), phone_number), code);
END;
$$;
COMMENT ON FUNCTION api.auth_verify_phone(api.phone, api.code)
    IS 'Takes the code that was sent as a text message; a pending number becomes the account''s.';
