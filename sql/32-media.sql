/*
 * 32-media.sql
 *		Uploaded files.  The bytes are on disk or in an object store, never here.
 */
CREATE TABLE mesteri.media (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    key              text NOT NULL,
    owner_id         uuid NOT NULL REFERENCES mesteri.users,
    purpose          mesteri.upload_purpose NOT NULL,
    status           mesteri.upload_status NOT NULL DEFAULT 'pending',
    filename         text NOT NULL,
    content_type     text NOT NULL,
    size             bigint NOT NULL,
    sha256           mesteri.sha256,
    storage          text NOT NULL,
    is_public        boolean NOT NULL GENERATED ALWAYS AS (purpose IN ('post', 'avatar', 'review')) STORED,
    width            integer,
    height           integer,
    duration_seconds integer,
    key_id           text REFERENCES mesteri.encryption_keys,
    wrapped_key      bytea,
    rejection_reason text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    ready_at         timestamptz,
    expires_at       timestamptz,
    used_at          timestamptz,
    deleted_at       timestamptz,
    CONSTRAINT media_key_unique UNIQUE (key),
    CONSTRAINT media_key_format CHECK (key ~ '^[A-Za-z0-9_-]{16,128}$'),
    CONSTRAINT media_filename_length CHECK (char_length(filename) BETWEEN 1 AND 255),
    CONSTRAINT media_content_type_known CHECK
        (content_type IN ('image/jpeg', 'image/png', 'image/gif', 'image/webp', 'video/mp4', 'video/quicktime', 'application/pdf')),
    CONSTRAINT media_size_range CHECK (size BETWEEN 1 AND 52428800),
    CONSTRAINT media_storage_known CHECK (storage IN ('disk', 's3')),
    CONSTRAINT media_dimensions_positive CHECK (width > 0 AND height > 0),
    CONSTRAINT media_duration_positive CHECK (duration_seconds > 0),
    CONSTRAINT media_documents_encrypted CHECK
        (CASE WHEN purpose IN ('identity', 'business', 'certification') THEN num_nonnulls(key_id, wrapped_key) = 2
              ELSE num_nonnulls(key_id, wrapped_key) = 0 END),
    CONSTRAINT media_ready_at CHECK (CASE status WHEN 'ready' THEN num_nonnulls(ready_at, sha256) = 2 ELSE ready_at IS NULL END),
    CONSTRAINT media_rejected_with_reason CHECK ((status = 'rejected') = (rejection_reason IS NOT NULL)),
    CONSTRAINT media_used_when_ready CHECK (used_at IS NULL OR status = 'ready')
);
COMMENT ON TABLE mesteri.media
    IS 'Files people sent: who, what for, and whether they are what they claim; stored once for each owner and content.';
COMMENT ON COLUMN mesteri.media.id IS 'What clients pass where a file belongs.';
COMMENT ON COLUMN mesteri.media.key IS 'Name in links and in the store; random, so it cannot be guessed.';
COMMENT ON COLUMN mesteri.media.owner_id IS 'Who sent it, and whose quota it counts on.';
COMMENT ON COLUMN mesteri.media.purpose IS 'Decides who may see it, and whether it is encrypted.';
COMMENT ON COLUMN mesteri.media.status IS 'ready once the bytes were checked by content and extension.';
COMMENT ON COLUMN mesteri.media.filename IS 'As the sender''s device called it; for people only.';
COMMENT ON COLUMN mesteri.media.content_type IS 'What it is by content; while pending, what was announced.';
COMMENT ON COLUMN mesteri.media.size IS 'Bytes, at most 50 MiB; while pending, what was announced.';
COMMENT ON COLUMN mesteri.media.sha256 IS 'Of the bytes as sent; while pending, what was announced, or null.';
COMMENT ON COLUMN mesteri.media.storage IS 'disk or s3; where exactly is a matter of settings.';
COMMENT ON COLUMN mesteri.media.is_public IS 'Anybody with the link may see it; all else needs a signed link that ends.';
COMMENT ON COLUMN mesteri.media.width IS 'Pixels; null: no picture, or not looked at yet.';
COMMENT ON COLUMN mesteri.media.height IS 'Pixels; null: no picture, or not looked at yet.';
COMMENT ON COLUMN mesteri.media.duration_seconds IS 'Length of a video; null: none, or not looked at yet.';
COMMENT ON COLUMN mesteri.media.key_id IS 'Which key the file''s own key is wrapped with; null: not encrypted.';
COMMENT ON COLUMN mesteri.media.wrapped_key IS 'The file''s own AES-256 key, encrypted; null: not encrypted.';
COMMENT ON COLUMN mesteri.media.rejection_reason IS 'Why it was refused after all; null: it wasn''t.';
COMMENT ON COLUMN mesteri.media.created_at IS 'When the upload began.';
COMMENT ON COLUMN mesteri.media.ready_at IS 'When its check was over; null: not ready.';
COMMENT ON COLUMN mesteri.media.expires_at IS 'When it is deleted unless used; null: it stays.';
COMMENT ON COLUMN mesteri.media.used_at IS 'When something first referred to it; null: nothing does, so expires_at holds.';
COMMENT ON COLUMN mesteri.media.deleted_at IS 'When the bytes were deleted; null: they are there, or never came.';
CREATE UNIQUE INDEX media_once_per_owner ON mesteri.media (owner_id, sha256, purpose) WHERE status = 'ready' AND deleted_at IS NULL;
CREATE INDEX media_owner ON mesteri.media (owner_id, created_at DESC);
CREATE INDEX media_expiring ON mesteri.media (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.media', '');
