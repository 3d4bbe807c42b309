/*
 * 56-idempotency.sql
 *		Answers to requests with an Idempotency-Key that are kept no longer; extension/idempotency.c writes and reads them.
 */
CREATE FUNCTION mesteri.purge_idempotency_keys(most integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    gone bigint;
BEGIN
    -- What somebody is just replacing is no longer old.
    DELETE FROM mesteri.idempotency_keys k
     USING (SELECT o.user_id, o.route_id, o.key FROM mesteri.idempotency_keys o
             WHERE o.expires_at <= now() ORDER BY o.expires_at LIMIT most FOR UPDATE SKIP LOCKED) AS old
     WHERE (k.user_id, k.route_id, k.key) = (old.user_id, old.route_id, old.key);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END;
$$;
COMMENT ON FUNCTION mesteri.purge_idempotency_keys(integer)
    IS 'Deletes answers whose 24 hours are over, the oldest first and at most so many; says how many.';

INSERT INTO mesteri.jobs (name, function, every, seeded)
VALUES ('purge_idempotency_keys', 'purge_idempotency_keys', interval '5 minutes', true);
