/*
 * 19-match-key.sql
 *		What the index of craftsmen knows of one: the type, and how GiST keeps it.
 */
CREATE TYPE mesteri.match_key;

CREATE FUNCTION mesteri.match_key_in(cstring) RETURNS mesteri.match_key
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_key_in';
COMMENT ON FUNCTION mesteri.match_key_in(cstring) IS 'From text; raises 22P02 for what is no craftsman''s key.';

CREATE FUNCTION mesteri.match_key_out(mesteri.match_key) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_key_out';
COMMENT ON FUNCTION mesteri.match_key_out(mesteri.match_key)
    IS 'latitude,longitude (1e-7 degrees), - for none or * for any; hash of the trade; minus the price; most and least reviews; radius; stars; available; tier; response.';

CREATE TYPE mesteri.match_key (
    INPUT = mesteri.match_key_in, OUTPUT = mesteri.match_key_out, INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = plain
);
COMMENT ON TYPE mesteri.match_key IS 'Bounds of what a craftsman can score, for every client; docs/matching.md.';

CREATE FUNCTION mesteri.match_gist_consistent(internal, internal, smallint, oid, internal) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_consistent';
COMMENT ON FUNCTION mesteri.match_gist_consistent(internal, internal, smallint, oid, internal) IS 'GiST wants one; walks ask the keys themselves.';
CREATE FUNCTION mesteri.match_gist_union(internal, internal) RETURNS mesteri.match_key
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_union';
COMMENT ON FUNCTION mesteri.match_gist_union(internal, internal) IS 'GiST: a key above several.';
CREATE FUNCTION mesteri.match_gist_penalty(internal, internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_penalty';
COMMENT ON FUNCTION mesteri.match_gist_penalty(internal, internal, internal) IS 'GiST: how many more searches will look into an entry.';
CREATE FUNCTION mesteri.match_gist_picksplit(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_picksplit';
COMMENT ON FUNCTION mesteri.match_gist_picksplit(internal, internal) IS 'GiST: the parts that a full page is split into.';
CREATE FUNCTION mesteri.match_gist_same(mesteri.match_key, mesteri.match_key, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_same';
COMMENT ON FUNCTION mesteri.match_gist_same(mesteri.match_key, mesteri.match_key, internal) IS 'GiST: equal bytes.';
CREATE FUNCTION mesteri.match_gist_sortsupport(internal) RETURNS void
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_match_gist_sortsupport';
COMMENT ON FUNCTION mesteri.match_gist_sortsupport(internal) IS 'GiST: the order in which an index is built.';

CREATE TYPE mesteri.match_facts AS (
    radius_km integer, rating_sum integer, total_reviews integer, tier integer, response_time_minutes integer, completion_rate float8,
    is_available boolean, price numeric, place geography(Point, 4326)
);
COMMENT ON TYPE mesteri.match_facts IS 'What a search asks of a craftsman, as exactly as he is scored; docs/matching.md.';

CREATE OPERATOR CLASS mesteri.match_key_ops DEFAULT FOR TYPE mesteri.match_key USING gist AS
    FUNCTION 1 mesteri.match_gist_consistent(internal, internal, smallint, oid, internal),
    FUNCTION 2 mesteri.match_gist_union(internal, internal),
    FUNCTION 5 mesteri.match_gist_penalty(internal, internal, internal),
    FUNCTION 6 mesteri.match_gist_picksplit(internal, internal),
    FUNCTION 7 mesteri.match_gist_same(mesteri.match_key, mesteri.match_key, internal),
    FUNCTION 11 mesteri.match_gist_sortsupport(internal);
