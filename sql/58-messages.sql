/*
 * 58-messages.sql
 *		Calls to the outside that wait for their worker; mails and text messages among them.
 */
CREATE FUNCTION mesteri.outbox_purpose(outbox_id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN 'outbox.secret ' || outbox_id;
COMMENT ON FUNCTION mesteri.outbox_purpose(uuid) IS 'What the secret of a row of the outbox is encrypted for: that row and no other.';

CREATE FUNCTION mesteri.outbox_add(
        kind text, idempotency_key text, payload jsonb, user_id uuid DEFAULT NULL, secret jsonb DEFAULT NULL,
        order_key text DEFAULT NULL)
    RETURNS uuid
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
DECLARE
    added uuid := mesteri.uuid7();
BEGIN
    INSERT INTO mesteri.outbox (id, kind, payload, idempotency_key, user_id, secret_encrypted, order_key)
    VALUES (added, kind, payload, idempotency_key, user_id,
            mesteri.encrypt_text(mesteri.outbox_purpose(added), secret::text), order_key)
        ON CONFLICT ON CONSTRAINT outbox_key_unique DO NOTHING;
    IF NOT FOUND THEN
        SELECT o.id INTO added FROM mesteri.outbox o WHERE o.kind = kind AND o.idempotency_key = idempotency_key;
    END IF;
    RETURN added;
END;
$$;
COMMENT ON FUNCTION mesteri.outbox_add(text, text, jsonb, uuid, jsonb, text)
    IS 'Asks for a call to the outside, once for each kind and key; the secret is encrypted and gone when the call is made.';

CREATE FUNCTION mesteri.message_add(
        user_id uuid, channel mesteri.code_channel, recipient text, template mesteri.message_template, idempotency_key text,
        parameters jsonb DEFAULT '{}', secret jsonb DEFAULT NULL)
    RETURNS uuid
    LANGUAGE plpgsql VOLATILE
    AS $$
#variable_conflict use_variable
BEGIN
    RETURN mesteri.outbox_add(
        CASE channel WHEN 'email' THEN 'mail.send' ELSE 'sms.send' END,
        idempotency_key,
        jsonb_build_object('to', recipient, 'template', template, 'parameters', parameters,
                           'language', (SELECT p.language FROM mesteri.user_profiles p WHERE p.user_id = user_id)),
        user_id, secret);
END;
$$;
COMMENT ON FUNCTION mesteri.message_add(uuid, mesteri.code_channel, text, mesteri.message_template, text, jsonb, jsonb)
    IS 'A mail or text message to somebody, in the language of his profile; the secret joins the parameters when it is sent.';

/*
 * Codes and links go to whoever an address or number belongs to, at the wish
 * of somebody who may be anybody: so many an hour and a day to the same place,
 * and from the same account.  Deleting the account does not begin anew.
 */
CREATE FUNCTION mesteri.secrets_an_hour() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 5;
COMMENT ON FUNCTION mesteri.secrets_an_hour() IS 'How many codes, or links, an hour to one recipient, and for one account.';

CREATE FUNCTION mesteri.secrets_a_day() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 10;
COMMENT ON FUNCTION mesteri.secrets_a_day() IS 'How many codes, or links, a day to one recipient, and for one account.';

CREATE FUNCTION mesteri.sending_keys(what text, channel mesteri.code_channel, recipient text, account_id uuid) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[concat_ws(' ', what, channel, recipient), concat_ws(' ', what, channel, account_id)];
COMMENT ON FUNCTION mesteri.sending_keys(text, mesteri.code_channel, text, uuid)
    IS 'What a code or a link is counted under: where it goes, and for whom.';

CREATE FUNCTION mesteri.sending_hash(key text) RETURNS bytea
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN mesteri.keyed_hash('sending', convert_to(key, 'UTF8'));
COMMENT ON FUNCTION mesteri.sending_hash(text) IS 'A key of sending_keys() as it is stored.';

CREATE FUNCTION mesteri.sending_lock(keys text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    key text;
BEGIN
    -- In the order of the keys, and before any row is locked: two senders never wait for each other in a circle.
    FOR key IN SELECT k FROM unnest(keys) AS k ORDER BY k COLLATE "C" LOOP
        PERFORM mesteri.login_lock(mesteri.sending_hash(key));
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.sending_lock(text[]) IS 'Lets one at a time count, send and check what goes to a recipient.';

CREATE FUNCTION mesteri.sending_wait(keys text[]) RETURNS integer
    LANGUAGE sql STABLE
    RETURN (
        SELECT nullif(greatest(ceil(extract(epoch FROM max(l.opens_at) - clock_timestamp()))::integer, 0), 0)
          FROM unnest(keys) AS k (key)
         CROSS JOIN (VALUES (mesteri.secrets_an_hour(), interval '1 hour'), (mesteri.secrets_a_day(), interval '24 hours'))
                    AS m (most, span)
         CROSS JOIN LATERAL (SELECT s.sent_at + m.span FROM mesteri.secrets_sent s
                              WHERE s.key_hash = mesteri.sending_hash(k.key)
                              ORDER BY s.sent_at DESC OFFSET m.most - 1 LIMIT 1) AS l (opens_at));
COMMENT ON FUNCTION mesteri.sending_wait(text[]) IS 'Seconds until another may be sent under all of these keys; NULL: now.';

CREATE FUNCTION mesteri.sending_count(keys text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    INSERT INTO mesteri.secrets_sent (key_hash) SELECT mesteri.sending_hash(k) FROM unnest(keys) AS k;
    -- As with failures: the table stays as small as a day.
    DELETE FROM mesteri.secrets_sent
     WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM mesteri.secrets_sent s
                              WHERE s.sent_at < clock_timestamp() - interval '24 hours'
                              ORDER BY s.sent_at LIMIT 10 FOR UPDATE SKIP LOCKED));
END;
$$;
COMMENT ON FUNCTION mesteri.sending_count(text[]) IS 'Counts one sent, and forgets some that are older than a day.';

CREATE FUNCTION ops.sandbox_messages()
    RETURNS TABLE (created_at timestamptz, kind text, recipient text, language text, template text, parameters jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    IF current_setting('mesteri.environment') = 'production' THEN
        RAISE EXCEPTION 'messages cannot be read in production' USING ERRCODE = 'insufficient_privilege',
              DETAIL = 'They hold codes and links that let in whoever reads them.';
    END IF;
    RETURN QUERY
    SELECT o.created_at, o.kind, o.payload ->> 'to', o.payload ->> 'language', o.payload ->> 'template',
           (o.payload -> 'parameters')
           || coalesce(mesteri.decrypt_text(mesteri.outbox_purpose(o.id), o.secret_encrypted)::jsonb, '{}')
      FROM mesteri.outbox o
     WHERE o.kind IN ('mail.send', 'sms.send')
     ORDER BY o.id DESC;
END;
$$;
COMMENT ON FUNCTION ops.sandbox_messages()
    IS 'Mails and text messages with the codes and links in them, newest first, for developers; refused in production.';
