/*
 * 19-feed-key.sql
 *		What the feed's index knows of a post: the type, and how GiST keeps it.
 *
 * The operator class has no operator: the planner can never choose such an
 * index, and whoever walks one reads it himself (extension/bound_walk.c).
 */
CREATE TYPE mesteri.feed_key;

CREATE FUNCTION mesteri.feed_key_in(cstring) RETURNS mesteri.feed_key
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_key_in';
COMMENT ON FUNCTION mesteri.feed_key_in(cstring) IS 'From text; raises 22P02 for what is no post''s key.';

CREATE FUNCTION mesteri.feed_key_out(mesteri.feed_key) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_key_out';
COMMENT ON FUNCTION mesteri.feed_key_out(mesteri.feed_key)
    IS 'latitude,longitude (1e-7 degrees) or -, hash of the category, minute of publication, ranges of engagement and rating.';

-- Plain: read in place, in the index as in the row.
CREATE TYPE mesteri.feed_key (
    INPUT = mesteri.feed_key_in, OUTPUT = mesteri.feed_key_out, INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = plain
);
COMMENT ON TYPE mesteri.feed_key IS 'Bounds of what a post can score in the feed, for every reader and moment; docs/feed.md.';

CREATE FUNCTION mesteri.feed_key_union(a mesteri.feed_key, b mesteri.feed_key) RETURNS mesteri.feed_key
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_key_union';
COMMENT ON FUNCTION mesteri.feed_key_union(mesteri.feed_key, mesteri.feed_key)
    IS 'A key above both, as entries of the index are; for looking and testing.';

CREATE FUNCTION mesteri.feed_gist_consistent(internal, internal, smallint, oid, internal) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_consistent';
COMMENT ON FUNCTION mesteri.feed_gist_consistent(internal, internal, smallint, oid, internal) IS 'GiST wants one; walks ask the keys themselves.';
CREATE FUNCTION mesteri.feed_gist_union(internal, internal) RETURNS mesteri.feed_key
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_union';
COMMENT ON FUNCTION mesteri.feed_gist_union(internal, internal) IS 'GiST: a key above several.';
CREATE FUNCTION mesteri.feed_gist_penalty(internal, internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_penalty';
COMMENT ON FUNCTION mesteri.feed_gist_penalty(internal, internal, internal) IS 'GiST: how many more searches will look into an entry.';
CREATE FUNCTION mesteri.feed_gist_picksplit(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_picksplit';
COMMENT ON FUNCTION mesteri.feed_gist_picksplit(internal, internal) IS 'GiST: the parts that a full page is split into.';
CREATE FUNCTION mesteri.feed_gist_same(mesteri.feed_key, mesteri.feed_key, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_same';
COMMENT ON FUNCTION mesteri.feed_gist_same(mesteri.feed_key, mesteri.feed_key, internal) IS 'GiST: equal bytes.';
CREATE FUNCTION mesteri.feed_gist_sortsupport(internal) RETURNS void
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_feed_gist_sortsupport';
COMMENT ON FUNCTION mesteri.feed_gist_sortsupport(internal) IS 'GiST: the order in which an index is built.';

CREATE OPERATOR CLASS mesteri.feed_key_ops DEFAULT FOR TYPE mesteri.feed_key USING gist AS
    FUNCTION 1 mesteri.feed_gist_consistent(internal, internal, smallint, oid, internal),
    FUNCTION 2 mesteri.feed_gist_union(internal, internal),
    FUNCTION 5 mesteri.feed_gist_penalty(internal, internal, internal),
    FUNCTION 6 mesteri.feed_gist_picksplit(internal, internal),
    FUNCTION 7 mesteri.feed_gist_same(mesteri.feed_key, mesteri.feed_key, internal),
    FUNCTION 11 mesteri.feed_gist_sortsupport(internal);

CREATE FUNCTION mesteri.engine_work(
        OUT index_pages bigint, OUT index_entries bigint, OUT heap_tuples bigint, OUT distances bigint, OUT buffers bigint)
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'mesteri_engine_work';
COMMENT ON FUNCTION mesteri.engine_work() IS 'What the last ranked search of this session has cost.';
