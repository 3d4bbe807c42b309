/*
 * 66-reports.sql
 *		Telling us that something should not be here.
 */
CREATE DOMAIN api.report_reason AS api.paragraph
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 2000);
COMMENT ON DOMAIN api.report_reason IS 'What somebody says is wrong.';

CREATE FUNCTION mesteri.report_json(r mesteri.reports) RETURNS json
    LANGUAGE sql STABLE
    RETURN json_build_object(
        'id', r.id, 'target_type', r.target_type, 'target_id', r.target_id, 'category', r.category, 'reason', r.reason, 'status', r.status,
        'decision', r.decision,
        'statement_of_reasons', (SELECT s.facts FROM mesteri.moderation_statements s WHERE s.report_id = r.id ORDER BY s.id LIMIT 1),
        'created_at', mesteri.json_time(r.created_at), 'decided_at', mesteri.json_time(r.decided_at));
COMMENT ON FUNCTION mesteri.report_json(mesteri.reports) IS 'Report: its reporter and staff.';

CREATE FUNCTION mesteri.report(target mesteri.report_target, target_id uuid, owner uuid, snapshot jsonb, reason text,
                               category mesteri.report_category, good_faith boolean, place text) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    viewer uuid := mesteri.current_user_id();
    made   mesteri.reports;
BEGIN
    IF owner = viewer THEN
        PERFORM mesteri.refuse('self_reference');
    END IF;
    INSERT INTO mesteri.reports (reporter_id, target_type, target_id, target_user_id, category, reason, good_faith, snapshot)
    VALUES (viewer, target, report.target_id, owner, coalesce(report.category, 'other'), report.reason, coalesce(report.good_faith, false), report.snapshot)
        ON CONFLICT ON CONSTRAINT reports_once_each DO NOTHING
    RETURNING * INTO made;
    IF made.id IS NULL THEN
        PERFORM mesteri.refuse('already_exists');
    END IF;
    RETURN mesteri.created(json_build_object('report', mesteri.report_json(made)), place);
END;
$$;
COMMENT ON FUNCTION mesteri.report(mesteri.report_target, uuid, uuid, jsonb, text, mesteri.report_category, boolean, text)
    IS 'Keeps what the caller reports, with what it said; once for each reporter and target.';

CREATE FUNCTION api.post_report(id uuid, reason api.report_reason, category mesteri.report_category DEFAULT 'other', good_faith boolean DEFAULT false,
                                comment_id uuid DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    post    mesteri.content_posts;
    author  uuid;
    comment mesteri.post_comments;
BEGIN
    IF mesteri.current_user_id() IS NULL THEN
        PERFORM mesteri.refuse('unauthenticated');
    ELSIF NOT mesteri.post_is_visible(id) THEN
        PERFORM mesteri.refuse('not_found');
    END IF;
    IF comment_id IS NULL THEN
        SELECT p.* INTO post FROM mesteri.content_posts p WHERE p.id = post_report.id;
        SELECT c.user_id INTO author FROM mesteri.craftsman_profiles c WHERE c.id = post.craftsman_id;
        RETURN mesteri.report('post', id, author,
                              jsonb_build_object('title', post.title, 'description', post.description, 'media_urls', post.media_urls, 'tags', post.tags),
                              reason, category, good_faith, format('/v1/posts/%s', id));
    END IF;

    SELECT k.* INTO comment FROM mesteri.post_comments k
     WHERE k.id = comment_id AND k.post_id = post_report.id AND k.deleted_at IS NULL AND k.hidden_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mesteri.refuse('not_found', mesteri.detail('comment_id', 'exists'));
    END IF;
    RETURN mesteri.report('comment', comment_id, comment.user_id, jsonb_build_object('text', comment.text), reason, category, good_faith,
                          format('/v1/posts/%s/comments', id));
END;
$$;
COMMENT ON FUNCTION api.post_report(uuid, api.report_reason, mesteri.report_category, boolean, uuid)
    IS 'The caller reports a post, or a comment below it.';
