/*
 * 69-counters.sql
 *		What counters should say, and putting right the ones that do not.
 *
 * Who changes a row that is counted changes the counter in the same
 * transaction, under the lock of the counter's row.  So whoever sees both in
 * one snapshot sees them agree; a difference was made by hand, or by a fault.
 */
CREATE FUNCTION mesteri.recount_post(
        post uuid, OUT views_count integer, OUT likes_count integer, OUT shares_count integer, OUT saves_count integer, OUT comments_count integer)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT least(count(*) FILTER (WHERE i.interaction_type = 'view'), mesteri.max_count())::integer,
           count(*) FILTER (WHERE i.interaction_type = 'like')::integer,
           count(*) FILTER (WHERE i.interaction_type = 'share')::integer,
           count(*) FILTER (WHERE i.interaction_type = 'save')::integer,
           (SELECT count(*) FROM mesteri.post_comments k WHERE k.post_id = post AND k.deleted_at IS NULL AND k.hidden_at IS NULL)::integer
      FROM mesteri.content_interactions i WHERE i.post_id = post;
    $$;
COMMENT ON FUNCTION mesteri.recount_post(uuid) IS 'The counters of a post, counted from the rows that they stand for.';

CREATE FUNCTION mesteri.recount_craftsman(
        craftsman uuid, OUT rating_sum integer, OUT total_reviews integer, OUT followers_count integer, OUT total_projects_completed integer,
        OUT completion_rate numeric, OUT response_time_minutes integer)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    WITH reviewed AS (
        SELECT coalesce(sum(r.overall_rating), 0)::integer AS stars, count(*)::integer AS reviews
          FROM mesteri.reviews r
          JOIN mesteri.craftsman_profiles c ON c.user_id = r.reviewed_user_id
         WHERE c.id = craftsman AND r.is_visible
    ), worked AS (
        SELECT count(*) FILTER (WHERE p.status = 'completed')::integer AS completed,
               count(*) FILTER (WHERE p.status = 'cancelled' AND EXISTS (
                   SELECT FROM mesteri.project_status_changes s WHERE s.project_id = p.id AND s.to_status = 'contract_signed'))::integer AS given_up
          FROM mesteri.projects p WHERE p.craftsman_id = craftsman
    ), answered AS (
        SELECT avg(extract(epoch FROM answer.at - question.at)) / 60 AS minutes
          FROM mesteri.craftsman_profiles c
          JOIN mesteri.conversations v ON v.craftsman_id = c.user_id
         CROSS JOIN LATERAL (SELECT m.id, m.sender_id, m.created_at AS at FROM mesteri.messages m
                              WHERE m.conversation_id = v.id AND m.type <> 'system' ORDER BY m.id LIMIT 1) AS question
         CROSS JOIN LATERAL (SELECT min(m.created_at) AS at FROM mesteri.messages m
                              WHERE m.conversation_id = v.id AND m.type <> 'system' AND m.sender_id = v.craftsman_id AND m.id > question.id) AS answer
         WHERE c.id = craftsman AND question.sender_id = v.client_id
    )
    SELECT r.stars, r.reviews, (SELECT count(*) FROM mesteri.saved_craftsmen f WHERE f.craftsman_id = craftsman)::integer, w.completed,
           coalesce(round(100.0 * w.completed / nullif(w.completed + w.given_up, 0), 2), 0), round(a.minutes)::integer
      FROM reviewed r, worked w, answered a;
    $$;
COMMENT ON FUNCTION mesteri.recount_craftsman(uuid)
    IS 'The statistics of a craftsman, from visible reviews, followers, projects that ended after both had signed, and first answers.';

CREATE FUNCTION ops.wrong_counters(percent real DEFAULT 100)
    RETURNS TABLE (relation text, id uuid, counter text, stored numeric, recounted numeric)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT 'mesteri.content_posts', p.id, c.counter, c.stored, c.recounted
      FROM mesteri.content_posts p TABLESAMPLE SYSTEM (percent)
     CROSS JOIN LATERAL mesteri.recount_post(p.id) AS r
     CROSS JOIN LATERAL (VALUES ('views_count', p.views_count, r.views_count), ('likes_count', p.likes_count, r.likes_count),
                                ('shares_count', p.shares_count, r.shares_count), ('saves_count', p.saves_count, r.saves_count),
                                ('comments_count', p.comments_count, r.comments_count)) AS c (counter, stored, recounted)
     WHERE c.stored IS DISTINCT FROM c.recounted
     UNION ALL
    SELECT 'mesteri.craftsman_profiles', p.id, c.counter, c.stored, c.recounted
      FROM mesteri.craftsman_profiles p TABLESAMPLE SYSTEM (percent)
     CROSS JOIN LATERAL mesteri.recount_craftsman(p.id) AS r
     CROSS JOIN LATERAL (VALUES ('rating_sum', p.rating_sum::numeric, r.rating_sum::numeric), ('total_reviews', p.total_reviews, r.total_reviews),
                                ('followers_count', p.followers_count, r.followers_count),
                                ('total_projects_completed', p.total_projects_completed, r.total_projects_completed),
                                ('completion_rate', p.completion_rate, r.completion_rate),
                                ('response_time_minutes', p.response_time_minutes, r.response_time_minutes)) AS c (counter, stored, recounted)
     WHERE c.stored IS DISTINCT FROM c.recounted;
    $$;
COMMENT ON FUNCTION ops.wrong_counters(real)
    IS 'Counters of posts and craftsmen that differ from their recount, among so many percent of the pages of both tables.';

CREATE FUNCTION mesteri.mend_counters(relation text, wrong uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
BEGIN
    -- The lock first: what is counted after it changes no more until the commit.
    IF relation = 'mesteri.content_posts' THEN
        PERFORM FROM mesteri.content_posts p WHERE p.id = wrong FOR NO KEY UPDATE;
        UPDATE mesteri.content_posts p
           SET (views_count, likes_count, shares_count, saves_count, comments_count) = (SELECT * FROM mesteri.recount_post(wrong))
         WHERE p.id = wrong;
    ELSE
        PERFORM FROM mesteri.craftsman_profiles c WHERE c.id = wrong FOR NO KEY UPDATE;
        UPDATE mesteri.craftsman_profiles c
           SET (rating_sum, total_reviews, followers_count, total_projects_completed, completion_rate, response_time_minutes)
               = (SELECT * FROM mesteri.recount_craftsman(wrong))
         WHERE c.id = wrong;
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.mend_counters(text, uuid)
    IS 'Sets the counters of one post or craftsman to their recount; also for whoever changed what a craftsman''s statistics are made of.';

CREATE PROCEDURE ops.mend_counters()
    LANGUAGE plpgsql
    AS $$
DECLARE
    wrong record;
BEGIN
    FOR wrong IN SELECT DISTINCT w.relation, w.id FROM ops.wrong_counters() AS w LOOP
        PERFORM mesteri.mend_counters(wrong.relation, wrong.id);
        COMMIT; -- one row is locked at a time
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE ops.mend_counters() IS 'Sets every counter of posts and craftsmen that is wrong to its recount, each in a transaction of its own.';
