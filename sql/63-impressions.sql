/*
 * 63-impressions.sql
 *		Views: asked for by reads, noted in batches, counted a little later.
 *
 * A view counts once for a reader and a post.  What a reader has seen are his
 * rows of content_interactions with type view, and views_count is their
 * recount.  A read may be lost on its way (the proxy holds it for a moment,
 * and nobody waits for it); once it is in impressions it is counted exactly
 * once, for it is taken away by the transaction that counts it.
 */
CREATE FUNCTION mesteri.view_effects(viewer uuid, post_ids uuid[]) RETURNS bytea[]
    LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_view_effects';
COMMENT ON FUNCTION mesteri.view_effects(uuid, uuid[]) IS 'The effect of showing posts to somebody signed in: they have been viewed.';

CREATE FUNCTION mesteri.effects_apply(effects bytea[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    noted integer;
BEGIN
    FOR attempt IN 1..2 LOOP
        BEGIN
            WITH opened AS MATERIALIZED (
                SELECT convert_from(mesteri.unseal('effect', e), 'UTF8')::jsonb AS effect FROM unnest(effects) AS e
            ), exported AS (
                INSERT INTO mesteri.exports (user_id, exported_at)
                SELECT DISTINCT (o.effect ->> 'exporter')::uuid, now()
                  FROM opened o
                  JOIN mesteri.users u ON u.id = (o.effect ->> 'exporter')::uuid AND u.deleted_at IS NULL
                 WHERE o.effect ? 'exporter'
                    ON CONFLICT (user_id) DO UPDATE SET exported_at = excluded.exported_at
            )
            INSERT INTO mesteri.impressions (viewer_id, post_ids)
            SELECT (o.effect ->> 'viewer')::uuid, ARRAY(SELECT p.id::uuid FROM jsonb_array_elements_text(o.effect -> 'posts') AS p (id))
              FROM opened o
              JOIN mesteri.users u ON u.id = (o.effect ->> 'viewer')::uuid AND u.deleted_at IS NULL
             WHERE o.effect ? 'viewer';
            GET DIAGNOSTICS noted = ROW_COUNT;
            RETURN noted;
        EXCEPTION WHEN check_violation THEN
            -- Rows were on their way to the default partition when the day's was made: they fit there no more.  Now they go to the new one.
            IF attempt = 2 THEN
                RAISE;
            END IF;
        END;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.effects_apply(bytea[])
    IS 'Writes what reads asked to be written: views, to be counted later, and exports. Effects that we did not seal are dropped. Answers how many reads showed posts.';

CREATE FUNCTION mesteri.take_impressions(most integer) RETURNS TABLE (viewer_id uuid, post_ids uuid[])
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    part  regclass;
    taken integer;
BEGIN
    -- One at a time, and not while rows move from the default partition.
    LOCK TABLE ONLY mesteri.impressions IN SHARE UPDATE EXCLUSIVE MODE;
    FOR part IN SELECT c.oid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'mesteri.impressions'::regclass ORDER BY c.relname LOOP
        EXIT WHEN most <= 0;
        RETURN QUERY EXECUTE format('DELETE FROM %s AS i WHERE i.ctid = ANY (ARRAY(SELECT ctid FROM %1$s LIMIT $1))'
                                    ' RETURNING i.viewer_id, i.post_ids', part) USING most;
        GET DIAGNOSTICS taken = ROW_COUNT;
        most := most - taken;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.take_impressions(integer)
    IS 'Takes away so many reads, oldest days first; whoever else wants some waits until this transaction has ended.';

CREATE FUNCTION mesteri.max_impressions() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 5000;
COMMENT ON FUNCTION mesteri.max_impressions() IS 'How many reads are counted in one transaction.';

CREATE FUNCTION mesteri.roll_up_impressions() RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    counted bigint;
BEGIN
    WITH taken AS MATERIALIZED (
        SELECT * FROM mesteri.take_impressions(mesteri.max_impressions())
    ), viewed AS MATERIALIZED (
        SELECT DISTINCT t.viewer_id, post.id AS post_id
          FROM taken t
         CROSS JOIN LATERAL unnest(t.post_ids) AS post (id)
         WHERE NOT mesteri.has_interacted(t.viewer_id, post.id, 'view')
    ), readers AS MATERIALIZED (
        -- What is being deleted is waited for and then left out: at the check of the foreign key it would fail the whole batch.
        SELECT u.id FROM mesteri.users u
         WHERE u.id IN (SELECT v.viewer_id FROM viewed v) AND u.deleted_at IS NULL ORDER BY u.id FOR KEY SHARE
    ), posts AS MATERIALIZED (
        SELECT p.id FROM mesteri.content_posts p
         WHERE p.id IN (SELECT v.post_id FROM viewed v) ORDER BY p.id FOR KEY SHARE
    ), fresh AS (
        INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type)
        SELECT v.viewer_id, v.post_id, 'view'
          FROM viewed v
          JOIN readers u ON u.id = v.viewer_id
          JOIN posts p ON p.id = v.post_id
         ORDER BY v.post_id, v.viewer_id
            ON CONFLICT DO NOTHING
        RETURNING content_interactions.post_id
    ), per_post AS (
        SELECT f.post_id, count(*) AS views FROM fresh f GROUP BY f.post_id
    ), locked AS MATERIALIZED (
        -- Last, so that who likes a post meanwhile waits for the commit alone; in the order of ids, as everybody who takes several.
        SELECT p.id FROM mesteri.content_posts p
         WHERE p.id IN (SELECT n.post_id FROM per_post n) ORDER BY p.id FOR NO KEY UPDATE
    ), added AS (
        UPDATE mesteri.content_posts p
           SET views_count = least(p.views_count + n.views, mesteri.max_count())
          FROM per_post n
          JOIN locked l ON l.id = n.post_id
         WHERE p.id = n.post_id
    )
    SELECT count(*) INTO counted FROM taken;
    RETURN counted;
END;
$$;
COMMENT ON FUNCTION mesteri.roll_up_impressions()
    IS 'Counts reads: each post once for each reader who had not seen it. Answers how many reads it took.';

CREATE FUNCTION mesteri.max_count() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 2147483647;
COMMENT ON FUNCTION mesteri.max_count() IS 'Where views_count stops: no post may fail a batch.';

INSERT INTO mesteri.jobs (name, function, every, seeded) VALUES ('count_views', 'roll_up_impressions', interval '3 seconds', true);
