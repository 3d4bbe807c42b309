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
    CONSTRAINT token_families_reason_known CHECK (revoke_reason IN ('logout', 'reuse', 'suspended', 'password', 'erased', 'restore')),
    CONSTRAINT token_families_revoked_with_reason CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
COMMENT ON TABLE mesteri.token_families IS 'Sessions: each is a family of refresh tokens, one alive at a time.';
COMMENT ON COLUMN mesteri.token_families.id IS 'Claim refresh_token_id of its access tokens.';
COMMENT ON COLUMN mesteri.token_families.user_id IS 'Whose session.';
COMMENT ON COLUMN mesteri.token_families.created_at IS 'The sign-in that began it.';
COMMENT ON COLUMN mesteri.token_families.last_used_at IS 'Last sign-in or refresh, as the list of sessions shows it.';
COMMENT ON COLUMN mesteri.token_families.expires_at IS 'When its newest refresh token ends; each refresh moves it.';
COMMENT ON COLUMN mesteri.token_families.ip_address IS 'Where the last sign-in or refresh came from; null when made at psql.';
COMMENT ON COLUMN mesteri.token_families.user_agent IS 'What the client called itself then.';
COMMENT ON COLUMN mesteri.token_families.platform IS 'As the client said at sign-up; null: it didn''t.';
COMMENT ON COLUMN mesteri.token_families.revoked_at IS 'When it was ended before its time; null: it was not.';
COMMENT ON COLUMN mesteri.token_families.revoke_reason
    IS 'logout, reuse of an old token, suspended, password changed, erased, or database restored; null while it lives.';
CREATE INDEX token_families_user ON mesteri.token_families (user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.token_families', '');

CREATE TYPE mesteri.refresh_token_status AS ENUM ('active', 'used', 'killed');
COMMENT ON TYPE mesteri.refresh_token_status
    IS 'active: may be used; used: has a successor; killed: its predecessor was used again.';

CREATE TABLE mesteri.refresh_tokens (
    token_hash     mesteri.sha256 PRIMARY KEY,
    family_id      uuid NOT NULL REFERENCES mesteri.token_families ON DELETE CASCADE,
    status         mesteri.refresh_token_status NOT NULL DEFAULT 'active',
    issued_at      timestamptz NOT NULL DEFAULT now(),
    used_at        timestamptz,
    successor_hash mesteri.sha256,
    CONSTRAINT refresh_tokens_used_has_successor CHECK ((status = 'used') = (successor_hash IS NOT NULL AND used_at IS NOT NULL))
);
COMMENT ON TABLE mesteri.refresh_tokens IS 'SHA-256 of refresh tokens; what it hashes has 256 random bits, so no salt is needed.';
COMMENT ON COLUMN mesteri.refresh_tokens.token_hash IS 'What is looked up when a client refreshes; the token itself is nowhere.';
COMMENT ON COLUMN mesteri.refresh_tokens.family_id IS 'The session it keeps alive.';
COMMENT ON COLUMN mesteri.refresh_tokens.status IS 'One of a family is active; an old one that comes again ends the session.';
COMMENT ON COLUMN mesteri.refresh_tokens.issued_at IS 'When it went to the client; it is good for 30 days.';
COMMENT ON COLUMN mesteri.refresh_tokens.used_at
    IS 'When it was exchanged; for 60 s after that an unused successor may be replaced.';
COMMENT ON COLUMN mesteri.refresh_tokens.successor_hash IS 'The token given in exchange; null while unused.';
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
    identifier_hash mesteri.sha256 NOT NULL,
    failed_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE mesteri.login_failures
    IS 'Wrong passwords and codes of the last 15 minutes, by keyed hash of what they were tried for, known account or not.';
COMMENT ON COLUMN mesteri.login_failures.identifier_hash
    IS 'HMAC of the address or number after normalising, so that an unknown account locks like a known one.';
COMMENT ON COLUMN mesteri.login_failures.failed_at
    IS 'By the clock, not the transaction; when the oldest leaves the window the lock opens. Codes have a lock of their own.';
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
COMMENT ON TABLE mesteri.common_password_parts
    IS 'A password is common when it is a stem, or a stem and an ending, letter case aside.';
COMMENT ON COLUMN mesteri.common_password_parts.part IS 'Lower case.';
COMMENT ON COLUMN mesteri.common_password_parts.position IS 'stem or ending.';
COMMENT ON COLUMN mesteri.common_password_parts.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.common_password_parts', 'WHERE NOT seeded');

CREATE TABLE mesteri.verification_codes (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id    uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    channel    mesteri.code_channel NOT NULL,
    recipient  text NOT NULL,
    code_hash  mesteri.sha256 NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT verification_codes_newest_only UNIQUE (user_id, channel),
    CONSTRAINT verification_codes_tries_range CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT verification_codes_lifetime CHECK (expires_at - created_at = interval '10 minutes'),
    CONSTRAINT verification_codes_used_in_time CHECK (used_at < expires_at)
);
COMMENT ON TABLE mesteri.verification_codes IS 'Six digits sent to an address or a number, to see whether they come back.';
COMMENT ON COLUMN mesteri.verification_codes.id IS 'Names the code in the outbox, which sends it; part of what is hashed.';
COMMENT ON COLUMN mesteri.verification_codes.user_id IS 'Whose address or number is to be proven.';
COMMENT ON COLUMN mesteri.verification_codes.channel IS 'Whether a mail or a text message carries it.';
COMMENT ON COLUMN mesteri.verification_codes.recipient
    IS 'Address or number it went to, the pending one where that is being changed.';
COMMENT ON COLUMN mesteri.verification_codes.code_hash
    IS 'HMAC of id and digits: six digits alone would be guessed from a plain hash.';
COMMENT ON COLUMN mesteri.verification_codes.tries IS 'Wrong answers so far; the fifth kills it.';
COMMENT ON COLUMN mesteri.verification_codes.created_at IS 'When it was made; it took the place of the one before.';
COMMENT ON COLUMN mesteri.verification_codes.expires_at IS 'Ten minutes later.';
COMMENT ON COLUMN mesteri.verification_codes.used_at IS 'When the right answer came; null: it has not.';
CREATE INDEX verification_codes_recipient ON mesteri.verification_codes (recipient);
SELECT pg_catalog.pg_extension_config_dump('mesteri.verification_codes', '');

CREATE TABLE mesteri.password_resets (
    token_hash mesteri.sha256 PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT password_resets_lifetime CHECK (expires_at - created_at = interval '1 hour'),
    CONSTRAINT password_resets_used_in_time CHECK (used_at < expires_at)
);
COMMENT ON TABLE mesteri.password_resets IS 'Ways back for who forgot the password, good for one use.';
COMMENT ON COLUMN mesteri.password_resets.token_hash IS 'SHA-256 of what the link holds, which has 256 random bits.';
COMMENT ON COLUMN mesteri.password_resets.user_id IS 'Whose password it lets change.';
COMMENT ON COLUMN mesteri.password_resets.created_at IS 'When it was asked for.';
COMMENT ON COLUMN mesteri.password_resets.expires_at IS 'One hour later.';
COMMENT ON COLUMN mesteri.password_resets.used_at
    IS 'When the password was changed with it, and all others of the account went; null: not yet.';
CREATE INDEX password_resets_user ON mesteri.password_resets (user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.password_resets', '');

CREATE TABLE mesteri.secrets_sent (
    key_hash bytea NOT NULL,
    sent_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE mesteri.secrets_sent
    IS 'Codes and links of the last day, counted by where they went and for whom; outlives accounts, so that deleting one does not begin anew.';
COMMENT ON COLUMN mesteri.secrets_sent.key_hash IS 'HMAC of what was sent and of the address, number or account.';
COMMENT ON COLUMN mesteri.secrets_sent.sent_at IS 'By the clock; what is older than the window does not count.';
CREATE INDEX secrets_sent_key ON mesteri.secrets_sent (key_hash, sent_at DESC);
CREATE INDEX secrets_sent_age ON mesteri.secrets_sent (sent_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.secrets_sent', '');
