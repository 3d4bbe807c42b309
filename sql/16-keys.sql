/*
 * 16-keys.sql
 *		Which keys something was encrypted or authenticated with; the keys themselves are never in the database.
 */
CREATE TABLE mesteri.encryption_keys (
    id          text PRIMARY KEY,
    purpose     text NOT NULL,
    algorithm   text NOT NULL,
    fingerprint mesteri.sha256 NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz,
    CONSTRAINT encryption_keys_id_format CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    CONSTRAINT encryption_keys_purpose_known CHECK (purpose IN ('field', 'media', 'contract_number', 'signature', 'backup')),
    CONSTRAINT encryption_keys_algorithm_known CHECK (algorithm IN ('aes-256-gcm', 'hmac-sha256')),
    CONSTRAINT encryption_keys_fingerprint_unique UNIQUE (purpose, fingerprint),
    CONSTRAINT encryption_keys_retired_later CHECK (retired_at >= created_at)
);
COMMENT ON TABLE mesteri.encryption_keys
    IS 'Register of keys that rows name, so that it is known which files must be kept to read them; holds no key.';
COMMENT ON COLUMN mesteri.encryption_keys.id IS 'Name of the key''s file without its ending.';
COMMENT ON COLUMN mesteri.encryption_keys.purpose IS 'What the key is for; a key serves one thing only.';
COMMENT ON COLUMN mesteri.encryption_keys.algorithm IS 'What it is used with.';
COMMENT ON COLUMN mesteri.encryption_keys.fingerprint IS 'SHA-256 of the key, to tell whether a file is the right one.';
COMMENT ON COLUMN mesteri.encryption_keys.created_at IS 'When the database first used it.';
COMMENT ON COLUMN mesteri.encryption_keys.retired_at
    IS 'From when on nothing new is made with it; what was made before is still read. Null: in use.';
CREATE UNIQUE INDEX encryption_keys_one_in_use ON mesteri.encryption_keys (purpose) WHERE retired_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.encryption_keys', '');
