/*
 * 33-verifications.sql
 *		Proofs of identity, business and skill, and how staff decided on them.
 */
CREATE TABLE mesteri.verifications (
    id                    uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id               uuid NOT NULL REFERENCES mesteri.users,
    type                  mesteri.verification_type NOT NULL,
    status                mesteri.verification_status NOT NULL DEFAULT 'pending',
    document_type         mesteri.identity_document_type,
    cui                   mesteri.cui,
    trade_register_number text,
    certification_id      uuid REFERENCES mesteri.craftsman_certifications ON DELETE CASCADE,
    register_result       mesteri.json_object,
    register_checked_at   timestamptz,
    cnp_hash              mesteri.sha256,
    cnp_last4             text,
    submitted_at          timestamptz NOT NULL DEFAULT now(),
    decided_at            timestamptz,
    decided_by            uuid REFERENCES mesteri.users,
    reason                text,
    CONSTRAINT verifications_status_known CHECK (status <> 'none'),
    CONSTRAINT verifications_identity_document CHECK ((type = 'identity') = (document_type IS NOT NULL)),
    CONSTRAINT verifications_business_cui CHECK ((type = 'business') = (cui IS NOT NULL)),
    CONSTRAINT verifications_certification CHECK ((type = 'certification') = (certification_id IS NOT NULL)),
    CONSTRAINT verifications_register_of_business CHECK
        (type = 'business' OR num_nonnulls(trade_register_number, register_result, register_checked_at) = 0),
    CONSTRAINT verifications_trade_register_format CHECK
        (trade_register_number ~ '^[JFC]([0-9]{1,2}/[0-9]{1,6}/[0-9]{4}|[0-9]{13})$'),
    CONSTRAINT verifications_cnp_of_identity CHECK (type = 'identity' OR num_nonnulls(cnp_hash, cnp_last4) = 0),
    CONSTRAINT verifications_cnp_whole CHECK ((cnp_hash IS NULL) = (cnp_last4 IS NULL)),
    CONSTRAINT verifications_cnp_last4_format CHECK (cnp_last4 ~ '^[0-9]{4}$'),
    CONSTRAINT verifications_decided CHECK
        (num_nonnulls(decided_at, decided_by) = CASE status WHEN 'pending' THEN 0 ELSE 2 END),
    CONSTRAINT verifications_rejected_with_reason CHECK (status <> 'rejected' OR reason IS NOT NULL),
    CONSTRAINT verifications_not_by_oneself CHECK (decided_by <> user_id)
);
COMMENT ON TABLE mesteri.verifications IS 'Requests to be verified, and what staff found; the account or profile shows the latest.';
COMMENT ON COLUMN mesteri.verifications.id IS 'What staff decide on.';
COMMENT ON COLUMN mesteri.verifications.user_id IS 'Who wants to be verified.';
COMMENT ON COLUMN mesteri.verifications.type IS 'What is to be proven.';
COMMENT ON COLUMN mesteri.verifications.status IS 'pending until staff decide; never none.';
COMMENT ON COLUMN mesteri.verifications.document_type IS 'Which identity document; null for the other types.';
COMMENT ON COLUMN mesteri.verifications.cui IS 'Fiscal code of the business; null for the other types.';
COMMENT ON COLUMN mesteri.verifications.trade_register_number IS 'As given; null: not a trader, or not given.';
COMMENT ON COLUMN mesteri.verifications.certification_id IS 'Which paper; null for the other types.';
COMMENT ON COLUMN mesteri.verifications.register_result
    IS 'What the tax authority''s register answered; null: it has not yet, which proves nothing.';
COMMENT ON COLUMN mesteri.verifications.register_checked_at IS 'When it answered.';
COMMENT ON COLUMN mesteri.verifications.cnp_hash
    IS 'Keyed hash of the personal code on the document, which itself is not kept; null until staff typed it.';
COMMENT ON COLUMN mesteri.verifications.cnp_last4 IS 'Its last four digits, for staff on the phone.';
COMMENT ON COLUMN mesteri.verifications.submitted_at IS 'When it was sent; staff take the oldest first.';
COMMENT ON COLUMN mesteri.verifications.decided_at IS 'When staff decided; null while pending.';
COMMENT ON COLUMN mesteri.verifications.decided_by IS 'Who decided; never the person himself.';
COMMENT ON COLUMN mesteri.verifications.reason IS 'Shown to the person; needed for a rejection.';
CREATE UNIQUE INDEX verifications_one_pending ON mesteri.verifications (user_id, type, certification_id) NULLS NOT DISTINCT
    WHERE status = 'pending';
CREATE INDEX verifications_queue ON mesteri.verifications (submitted_at) WHERE status = 'pending';
CREATE INDEX verifications_user ON mesteri.verifications (user_id, submitted_at DESC);
CREATE INDEX verifications_certification ON mesteri.verifications (certification_id) WHERE certification_id IS NOT NULL;
CREATE INDEX verifications_cnp ON mesteri.verifications (cnp_hash) WHERE cnp_hash IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.verifications', '');

CREATE TABLE mesteri.verification_documents (
    verification_id uuid NOT NULL REFERENCES mesteri.verifications ON DELETE CASCADE,
    position        integer NOT NULL,
    media_id        uuid NOT NULL REFERENCES mesteri.media,
    PRIMARY KEY (verification_id, position),
    CONSTRAINT verification_documents_once UNIQUE (verification_id, media_id),
    CONSTRAINT verification_documents_position_range CHECK (position BETWEEN 1 AND 10)
);
COMMENT ON TABLE mesteri.verification_documents
    IS 'Encrypted scans that go with a request; staff see them through links of five minutes.';
COMMENT ON COLUMN mesteri.verification_documents.verification_id IS 'What they prove.';
COMMENT ON COLUMN mesteri.verification_documents.position IS 'Order of sending, from 1.';
COMMENT ON COLUMN mesteri.verification_documents.media_id IS 'The scan.';
CREATE INDEX verification_documents_media ON mesteri.verification_documents (media_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.verification_documents', '');
