/*
 * 56-passwords.sql
 *		What a password must be, whether one is right, and how often one may be tried.
 */
CREATE FUNCTION mesteri.is_common_password(password text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM mesteri.common_password_parts s
         CROSS JOIN LATERAL (SELECT substr(lower(password), length(s.part) + 1)) AS r (rest)
         WHERE s.position = 'stem' AND starts_with(lower(password), s.part)
           AND (r.rest IN ('', s.part)
                OR EXISTS (SELECT FROM mesteri.common_password_parts e WHERE e.position = 'ending' AND e.part = r.rest)));
END;
$$;
COMMENT ON FUNCTION mesteri.is_common_password(text)
    IS 'Whether a password is a stem of the list, twice a stem, or a stem and an ending, letter case aside.';

CREATE FUNCTION mesteri.check_password(password text, field text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    broken text := CASE
        WHEN char_length(password) < 10 THEN 'min_length'
        WHEN octet_length(password) > 72 THEN 'max_bytes'   -- bcrypt would silently cut it there
        WHEN mesteri.is_common_password(password) THEN 'common' END;
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

/*
 * The lock: five wrong tries within 15 minutes, counted by what was typed,
 * so that an account that does not exist locks like one that does.
 */
CREATE FUNCTION mesteri.failure_hash(identifier text) RETURNS bytea
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN mesteri.keyed_hash('login', convert_to(identifier, 'UTF8'));
COMMENT ON FUNCTION mesteri.failure_hash(text) IS 'What failures of a normalised address or number are counted under.';

CREATE FUNCTION mesteri.lockout(identifier text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    fifth_last timestamptz;
BEGIN
    -- One try at a time for each identifier, or a volley would be counted after it was answered.
    PERFORM mesteri.login_lock(mesteri.failure_hash(identifier));

    SELECT failed_at INTO fifth_last
      FROM mesteri.login_failures
     WHERE identifier_hash = mesteri.failure_hash(identifier) AND failed_at > clock_timestamp() - interval '15 minutes'
     ORDER BY failed_at DESC OFFSET 4 LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN mesteri.refusal('rate_limited', NULL, ARRAY['Retry-After',
        ceil(extract(epoch FROM fifth_last + interval '15 minutes' - clock_timestamp()))::integer::text]);
END;
$$;
COMMENT ON FUNCTION mesteri.lockout(text)
    IS 'The refusal for an identifier with five failures in 15 minutes, else NULL; until the transaction ends nobody else tries it.';

CREATE FUNCTION mesteri.failures_expire() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    -- Each failure clears away more than one that no longer counts, so the table stays as small as the window.
    DELETE FROM mesteri.login_failures
     WHERE ctid = ANY (ARRAY(SELECT f.ctid FROM mesteri.login_failures f
                              WHERE f.failed_at < clock_timestamp() - interval '15 minutes'
                              ORDER BY f.failed_at LIMIT 10 FOR UPDATE SKIP LOCKED));
END;
$$;
COMMENT ON FUNCTION mesteri.failures_expire() IS 'Forgets some failures that are older than 15 minutes.';

CREATE FUNCTION mesteri.failures_forget(identifiers text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    -- What somebody else is just forgetting needs no waiting for.
    DELETE FROM mesteri.login_failures
     WHERE ctid = ANY (ARRAY(SELECT f.ctid FROM mesteri.login_failures f
                              WHERE f.identifier_hash = ANY (ARRAY(SELECT mesteri.failure_hash(i) FROM unnest(identifiers) AS i))
                                FOR UPDATE SKIP LOCKED));
END;
$$;
COMMENT ON FUNCTION mesteri.failures_forget(text[]) IS 'Unlocks these identifiers.';

CREATE FUNCTION mesteri.password_tried(identifier text, password text, hash text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    IF mesteri.password_matches(password, hash) THEN
        PERFORM mesteri.failures_forget(ARRAY[identifier]);
        RETURN true;
    END IF;
    INSERT INTO mesteri.login_failures (identifier_hash) VALUES (mesteri.failure_hash(identifier));
    PERFORM mesteri.failures_expire();
    RETURN false;
END;
$$;
COMMENT ON FUNCTION mesteri.password_tried(text, text, text)
    IS 'Whether a password is right; a wrong one is counted, a right one forgets those before it. For whoever asked lockout() first.';
