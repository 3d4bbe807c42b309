/*
 * 60-contacts.sql
 *		Another address or number, in force once its code came back.
 */
CREATE FUNCTION mesteri.change_contact(channel mesteri.code_channel, recipient text, field text, password text)
    RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    is_email boolean := channel = 'email';
    account  mesteri.users := (SELECT u FROM mesteri.users u WHERE u.id = mesteri.current_user_id());
    keys     text[] := mesteri.code_keys(channel, recipient, account.id);
    refused  mesteri.answer := mesteri.lockout(account.email);
    wait     integer;
BEGIN
    IF refused.error IS NOT NULL THEN
        RETURN refused;
    END IF;
    PERFORM mesteri.sending_lock(keys);
    wait := mesteri.sending_wait(keys);
    IF wait IS NOT NULL THEN
        RETURN mesteri.refusal('rate_limited', NULL, ARRAY['Retry-After', wait::text]);
    END IF;

    -- One's own may be asked for again until it is verified: that is how one gets another code.
    IF EXISTS (SELECT FROM mesteri.users u
                WHERE CASE WHEN is_email THEN u.email = recipient ELSE u.phone_number = recipient END
                  AND (u.id <> account.id OR CASE WHEN is_email THEN u.email_verified ELSE u.phone_verified END)) THEN
        RETURN mesteri.refusal('already_exists', mesteri.detail(field, 'unique'));
    END IF;
    IF NOT mesteri.password_tried(account.email, password, account.password_hash) THEN
        RETURN mesteri.refusal('wrong_password', mesteri.detail('password_confirmation', 'wrong'));
    END IF;

    UPDATE mesteri.users u
       SET pending_email = CASE WHEN is_email THEN nullif(recipient, u.email) ELSE u.pending_email END,
           pending_phone_number = CASE WHEN is_email THEN u.pending_phone_number ELSE nullif(recipient, u.phone_number) END,
           updated_at = now()
     WHERE u.id = account.id;
    PERFORM mesteri.send_code(account.id, channel, recipient);
    RETURN mesteri.accepted(json_build_object('pending_' || field, recipient));
END;
$$;
COMMENT ON FUNCTION mesteri.change_contact(mesteri.code_channel, text, text, text)
    IS 'Sends a code to where the caller wants to be reached from now on, or once more to where he is not proven to be.';

CREATE FUNCTION api.auth_change_email(email api.email, password_confirmation api.secret) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    RETURN mesteri.change_contact('email', lower(email), 'email', password_confirmation);
END;
$$;
COMMENT ON FUNCTION api.auth_change_email(api.email, api.secret) IS 'Mails a code to the caller''s new address.';

CREATE FUNCTION api.auth_change_phone(phone_number api.phone, password_confirmation api.secret) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    phone text := mesteri.normalise_phone(phone_number);
BEGIN
    IF phone IS NULL THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail('phone_number', 'format'));
    END IF;
    RETURN mesteri.change_contact('phone', phone, 'phone_number', password_confirmation);
END;
$$;
COMMENT ON FUNCTION api.auth_change_phone(api.phone, api.secret) IS 'Sends a code to the caller''s new number.';
