/*
 * 23-sessions.sql
 *		Sessions, their refresh tokens, failed sign-ins, and what makes a password common.
 */
CREATE TABLE mesteri.token_families (
    id            uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id       uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    ip_address    inet,
    user_agent    text,
    platform      mesteri.platform,
    revoked_at    timestamptz,
    revoke_reason text,
    CONSTRAINT token_families_reason_known CHECK (revoke_reason IN ('logout', 'reuse', 'suspended', 'password', 'erased')),
    CONSTRAINT token_families_revoked_with_reason CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
COMMENT ON TABLE mesteri.token_families IS 'Sessions: each is a family of refresh tokens, one alive at a time.';
CREATE INDEX token_families_user ON mesteri.token_families (user_id) WHERE revoked_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.token_families', '');

CREATE TYPE mesteri.refresh_token_status AS ENUM ('active', 'used', 'killed');
COMMENT ON TYPE mesteri.refresh_token_status IS 'active: may be used; used: has a successor; killed: its predecessor was used again.';

CREATE TABLE mesteri.refresh_tokens (
    token_hash     bytea PRIMARY KEY,
    family_id      uuid NOT NULL REFERENCES mesteri.token_families ON DELETE CASCADE,
    status         mesteri.refresh_token_status NOT NULL DEFAULT 'active',
    issued_at      timestamptz NOT NULL DEFAULT now(),
    used_at        timestamptz,
    successor_hash bytea,
    CONSTRAINT refresh_tokens_hash_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT refresh_tokens_used_has_successor CHECK ((status = 'used') = (successor_hash IS NOT NULL AND used_at IS NOT NULL))
);
COMMENT ON TABLE mesteri.refresh_tokens IS 'SHA-256 of refresh tokens; what it hashes has 256 random bits, so no salt is needed.';
CREATE UNIQUE INDEX refresh_tokens_one_active ON mesteri.refresh_tokens (family_id) WHERE status = 'active';
CREATE INDEX refresh_tokens_family ON mesteri.refresh_tokens (family_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.refresh_tokens', '');

CREATE TABLE mesteri.revocation_signal ();
COMMENT ON TABLE mesteri.revocation_signal
    IS 'Always empty: an invalidation of its relcache entry tells every backend that some session has ended.';

/* However a session ends, by an endpoint or by a DBA's own UPDATE, the backends hear of it. */
CREATE TRIGGER sessions_changed AFTER UPDATE OF revoked_at OR DELETE OR TRUNCATE ON mesteri.token_families
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.sessions_changed();
CREATE TRIGGER sessions_changed AFTER UPDATE OF is_active, deleted_at OR DELETE OR TRUNCATE ON mesteri.users
    FOR EACH STATEMENT EXECUTE FUNCTION mesteri.sessions_changed();

CREATE TABLE mesteri.login_failures (
    identifier_hash bytea NOT NULL,
    failed_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE mesteri.login_failures IS 'Failed sign-ins of the last 15 minutes, by keyed hash of what was typed, known account or not.';
CREATE INDEX login_failures_identifier ON mesteri.login_failures (identifier_hash, failed_at DESC);
CREATE INDEX login_failures_age ON mesteri.login_failures (failed_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.login_failures', '');

CREATE TABLE mesteri.common_password_parts (
    part     text NOT NULL,
    position text NOT NULL,
    seeded   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (part, position),
    CONSTRAINT common_password_parts_position CHECK (position IN ('stem', 'ending'))
);
COMMENT ON TABLE mesteri.common_password_parts IS 'A password is common when it is a stem, or a stem and an ending, letter case aside.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.common_password_parts', 'WHERE NOT seeded');
