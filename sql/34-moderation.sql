/*
 * 34-moderation.sql
 *		What people report, what staff do about it, and the reasons they owe.
 */
CREATE TABLE mesteri.reports (
    id             uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    reporter_id    uuid REFERENCES mesteri.users,
    reporter_name  text,
    reporter_email text,
    target_type    mesteri.report_target NOT NULL,
    target_id      uuid NOT NULL,
    target_user_id uuid REFERENCES mesteri.users,
    category       mesteri.report_category NOT NULL DEFAULT 'other',
    reason         text NOT NULL,
    good_faith     boolean NOT NULL DEFAULT false,
    snapshot       mesteri.json_object NOT NULL,
    status         mesteri.report_status NOT NULL DEFAULT 'open',
    decision       mesteri.moderation_decision,
    created_at     timestamptz NOT NULL DEFAULT now(),
    decided_at     timestamptz,
    decided_by     uuid REFERENCES mesteri.users,
    CONSTRAINT reports_once_each UNIQUE (reporter_id, target_type, target_id),
    CONSTRAINT reports_reporter_reachable CHECK
        (num_nonnulls(reporter_name, reporter_email) = CASE WHEN reporter_id IS NULL THEN 2 ELSE 0 END),
    CONSTRAINT reports_not_oneself CHECK (reporter_id <> target_user_id),
    CONSTRAINT reports_reason_length CHECK (char_length(reason) BETWEEN 1 AND 2000),
    CONSTRAINT reports_decided_whole CHECK
        (num_nonnulls(decision, decided_at, decided_by) = CASE status WHEN 'open' THEN 0 ELSE 3 END),
    CONSTRAINT reports_dismissed_is_dismissed CHECK ((status = 'dismissed') = (decision IS NOT DISTINCT FROM 'dismiss'))
);
COMMENT ON TABLE mesteri.reports IS 'Notices that something should not be here; kept whatever became of them.';
COMMENT ON COLUMN mesteri.reports.id IS 'What staff decide on.';
COMMENT ON COLUMN mesteri.reports.reporter_id IS 'Account that reports; null: somebody without one.';
COMMENT ON COLUMN mesteri.reports.reporter_name IS 'Who that somebody is; null for accounts.';
COMMENT ON COLUMN mesteri.reports.reporter_email IS 'Where that somebody is answered; null for accounts.';
COMMENT ON COLUMN mesteri.reports.target_type IS 'What is reported.';
COMMENT ON COLUMN mesteri.reports.target_id IS 'Which one; no foreign key, since it is of five kinds and may be gone.';
COMMENT ON COLUMN mesteri.reports.target_user_id IS 'Whose it is; null: nobody''s any more.';
COMMENT ON COLUMN mesteri.reports.category IS 'What the reporter thinks is wrong.';
COMMENT ON COLUMN mesteri.reports.reason IS 'The reporter''s own words, at most 2000 characters.';
COMMENT ON COLUMN mesteri.reports.good_faith IS 'The reporter declares that it is true to his knowledge, as the law asks.';
COMMENT ON COLUMN mesteri.reports.snapshot IS 'What it said when it was reported.';
COMMENT ON COLUMN mesteri.reports.status IS 'upheld: something was done.';
COMMENT ON COLUMN mesteri.reports.decision IS 'What was done; null while open.';
COMMENT ON COLUMN mesteri.reports.created_at IS 'Staff take the oldest first.';
COMMENT ON COLUMN mesteri.reports.decided_at IS 'Null while open.';
COMMENT ON COLUMN mesteri.reports.decided_by IS 'Staff who decided; null while open.';
CREATE INDEX reports_queue ON mesteri.reports (created_at) WHERE status = 'open';
CREATE INDEX reports_target ON mesteri.reports (target_type, target_id);
CREATE INDEX reports_target_user ON mesteri.reports (target_user_id) WHERE target_user_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.reports', '');

CREATE TABLE mesteri.moderation_statements (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    report_id        uuid REFERENCES mesteri.reports,
    affected_user_id uuid NOT NULL REFERENCES mesteri.users,
    action           mesteri.moderation_action NOT NULL,
    target_type      mesteri.report_target NOT NULL,
    target_id        uuid NOT NULL,
    facts            text NOT NULL,
    ground           mesteri.moderation_ground NOT NULL,
    ground_reference text,
    automated        boolean NOT NULL DEFAULT false,
    redress          text NOT NULL,
    language         mesteri.language NOT NULL,
    decided_by       uuid REFERENCES mesteri.users,
    issued_at        timestamptz NOT NULL DEFAULT now(),
    effective_at     timestamptz NOT NULL DEFAULT now(),
    until            timestamptz,
    lifted_at        timestamptz,
    CONSTRAINT moderation_statements_issued_in_time CHECK (issued_at <= effective_at),
    CONSTRAINT moderation_statements_ends_later CHECK (until > effective_at),
    CONSTRAINT moderation_statements_lifted_later CHECK (lifted_at >= issued_at),
    CONSTRAINT moderation_statements_somebody_decided CHECK (automated OR decided_by IS NOT NULL),
    CONSTRAINT moderation_statements_not_by_oneself CHECK (decided_by <> affected_user_id)
);
COMMENT ON TABLE mesteri.moderation_statements
    IS 'Statements of reasons: what was done to whom and why, told at the latest when it takes effect.';
COMMENT ON COLUMN mesteri.moderation_statements.id IS 'What an appeal names.';
COMMENT ON COLUMN mesteri.moderation_statements.report_id IS 'The notice that led to it; null: found by staff or by a program.';
COMMENT ON COLUMN mesteri.moderation_statements.affected_user_id IS 'Whom it hits, and who gets it.';
COMMENT ON COLUMN mesteri.moderation_statements.action IS 'What was done.';
COMMENT ON COLUMN mesteri.moderation_statements.target_type IS 'What it was done to; for a suspension the account.';
COMMENT ON COLUMN mesteri.moderation_statements.target_id
    IS 'Which one; no foreign key, since it is of five kinds and may be gone.';
COMMENT ON COLUMN mesteri.moderation_statements.facts IS 'What it rests on, in the language of the affected.';
COMMENT ON COLUMN mesteri.moderation_statements.ground IS 'Whether the law or our terms demand it.';
COMMENT ON COLUMN mesteri.moderation_statements.ground_reference IS 'Which article or which clause; null: the facts name it.';
COMMENT ON COLUMN mesteri.moderation_statements.automated IS 'A program found it, or decided it.';
COMMENT ON COLUMN mesteri.moderation_statements.redress IS 'How to appeal, in the language of the affected.';
COMMENT ON COLUMN mesteri.moderation_statements.language IS 'In which it was written.';
COMMENT ON COLUMN mesteri.moderation_statements.decided_by IS 'Staff; null: a program alone.';
COMMENT ON COLUMN mesteri.moderation_statements.issued_at IS 'When the affected was told.';
COMMENT ON COLUMN mesteri.moderation_statements.effective_at
    IS 'When it took effect; a business''s account 30 days later than told.';
COMMENT ON COLUMN mesteri.moderation_statements.until IS 'When it ends by itself; null: it doesn''t.';
COMMENT ON COLUMN mesteri.moderation_statements.lifted_at IS 'When staff took it back; null: it stands, or has ended.';
CREATE INDEX moderation_statements_affected ON mesteri.moderation_statements (affected_user_id, issued_at DESC);
CREATE INDEX moderation_statements_report ON mesteri.moderation_statements (report_id) WHERE report_id IS NOT NULL;
CREATE INDEX moderation_statements_target ON mesteri.moderation_statements (target_type, target_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.moderation_statements', '');
