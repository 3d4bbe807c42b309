/*
 * 59-own-password.sql
 *		The caller's own password, asked for once more before something that cannot be undone.
 */
CREATE FUNCTION mesteri.own_password_refusal(password text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    account    mesteri.users := (SELECT u FROM mesteri.users u WHERE u.id = mesteri.current_user_id());
    tried      bytea[] := ARRAY[mesteri.keyed_hash('login', convert_to(account.email, 'UTF8')),
                                mesteri.keyed_hash('login', convert_to(account.phone_number, 'UTF8'))];
    fifth_last timestamptz;
BEGIN
    -- One try at a time, and none beside a sign-in: both count in the same window.
    PERFORM mesteri.login_lock(t) FROM unnest(tried) AS t;

    SELECT max(f.fifth_last) INTO fifth_last
      FROM unnest(tried) AS t (hash)
     CROSS JOIN LATERAL (SELECT failed_at FROM mesteri.login_failures
                          WHERE identifier_hash = t.hash AND failed_at > clock_timestamp() - interval '15 minutes'
                          ORDER BY failed_at DESC OFFSET 4 LIMIT 1) AS f (fifth_last);
    IF fifth_last IS NOT NULL THEN
        RETURN mesteri.refusal('rate_limited', NULL, ARRAY['Retry-After',
            greatest(ceil(extract(epoch FROM fifth_last + interval '15 minutes' - clock_timestamp())), 1)::integer::text]);
    END IF;

    IF NOT mesteri.password_matches(password, account.password_hash) THEN
        -- Whoever holds a session must not try here what sign-in would not let him, nor the other way round.
        INSERT INTO mesteri.login_failures (identifier_hash) SELECT unnest(tried);
        RETURN mesteri.refusal('wrong_password');
    END IF;
    DELETE FROM mesteri.login_failures WHERE identifier_hash = ANY (tried);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION mesteri.own_password_refusal(text)
    IS 'NULL when it is the caller''s password; else the refusal, to be returned, since the failure counts as one of signing in.';
