/*
 * 12-crypto.sql
 *		Ids, tokens and seals, all made in C with keys that SQL never sees.
 */
CREATE FUNCTION mesteri.uuid7() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_uuid7';
COMMENT ON FUNCTION mesteri.uuid7() IS 'A UUID of version 7: milliseconds, then bits nobody can guess; ids of one backend ascend.';

CREATE FUNCTION mesteri.jwt_sign(claims json) RETURNS text
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_jwt_sign';
COMMENT ON FUNCTION mesteri.jwt_sign(json) IS 'A compact RS256 token over these claims, signed with the current key.';

CREATE FUNCTION mesteri.jwks() RETURNS json
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_jwks';
COMMENT ON FUNCTION mesteri.jwks() IS 'The public halves of all keys whose tokens we accept, as an RFC 7517 key set.';

CREATE FUNCTION mesteri.sessions_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mesteri_sessions_changed';
COMMENT ON FUNCTION mesteri.sessions_changed()
    IS 'Tells every backend, at commit, to look again at the sessions of the tokens it has cached.';

CREATE FUNCTION mesteri.keyed_hash(purpose text, data bytea) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_keyed_hash';
COMMENT ON FUNCTION mesteri.keyed_hash(text, bytea) IS 'HMAC-SHA256 under a key of its own for each purpose; 32 bytes.';

CREATE FUNCTION mesteri.login_lock(identifier_hash bytea) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'mesteri_login_lock';
COMMENT ON FUNCTION mesteri.login_lock(bytea)
    IS 'Waits until nobody else tries to sign in as this identifier; a lock until the transaction ends, which no other function takes.';

CREATE FUNCTION mesteri.seal(purpose text, data bytea) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_seal';
COMMENT ON FUNCTION mesteri.seal(text, bytea) IS 'The data behind a 16-byte seal, so that it may travel through hands we do not trust.';

CREATE FUNCTION mesteri.unseal(purpose text, sealed bytea) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_unseal';
COMMENT ON FUNCTION mesteri.unseal(text, bytea) IS 'The data of a seal made for this purpose; NULL when it was not, or was changed.';

-- A NULL purpose is an error, not NULL: the data would be gone without a word.
CREATE FUNCTION mesteri.encrypt(purpose text, plain bytea) RETURNS bytea
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_encrypt';
COMMENT ON FUNCTION mesteri.encrypt(text, bytea) IS
    'XAES-256-GCM under the newest key; only decrypt() with the same purpose reads it. Name the row in the purpose and the value cannot be moved.';

CREATE FUNCTION mesteri.decrypt(purpose text, sealed bytea) RETURNS bytea
    LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_decrypt';
COMMENT ON FUNCTION mesteri.decrypt(text, bytea)
    IS 'What was encrypted for this purpose; XX001 when it was not, or was changed; F0000 when its key is not there.';

CREATE FUNCTION mesteri.reencrypt(purpose text, sealed bytea) RETURNS bytea
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_reencrypt';
COMMENT ON FUNCTION mesteri.reencrypt(text, bytea) IS 'The same content under the newest key; the same bytes when it is already.';

CREATE FUNCTION mesteri.cipher_key_id(sealed bytea) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_cipher_key_id';
COMMENT ON FUNCTION mesteri.cipher_key_id(bytea) IS 'The key that an encrypted value names.';

CREATE FUNCTION mesteri.encryption_key_id() RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_encryption_key_id';
COMMENT ON FUNCTION mesteri.encryption_key_id() IS 'The key that encrypt() uses now.';

CREATE FUNCTION mesteri.encrypt_text(purpose text, plain text) RETURNS bytea
    LANGUAGE sql VOLATILE PARALLEL SAFE
    RETURN mesteri.encrypt(purpose, convert_to(plain, 'UTF8'));
COMMENT ON FUNCTION mesteri.encrypt_text(text, text) IS 'encrypt() of a text.';

CREATE FUNCTION mesteri.decrypt_text(purpose text, sealed bytea) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN convert_from(mesteri.decrypt(purpose, sealed), 'UTF8');
COMMENT ON FUNCTION mesteri.decrypt_text(text, bytea) IS 'decrypt() of what encrypt_text() made.';

CREATE FUNCTION mesteri.feed_cursor(clock timestamptz, weights_version integer, filter bytea, score float8, post_id uuid,
                                    served bytea) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_cursor';
COMMENT ON FUNCTION mesteri.feed_cursor(timestamptz, integer, bytea, float8, uuid, bytea)
    IS 'Where a walk through the feed stands: its clock and weights, whom and what it is for, the last post and all those served.';

CREATE FUNCTION mesteri.feed_served_add(served bytea, post_ids uuid[]) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_served_add';
COMMENT ON FUNCTION mesteri.feed_served_add(bytea, uuid[]) IS 'The set of served posts with more of them: sorted six-byte ends of their ids.';

CREATE FUNCTION mesteri.feed_served_has(served bytea, post_id uuid) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_served_has';
COMMENT ON FUNCTION mesteri.feed_served_has(bytea, uuid) IS 'Whether a post is in the set; binary search.';
