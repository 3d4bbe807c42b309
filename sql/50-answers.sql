/*
 * 50-answers.sql
 *		What an endpoint gives back, and the ways to refuse.
 *
 * Small SQL functions cost nothing where the planner inlines them.  It does
 * so only when they promise no more than their body keeps: what calls a
 * STABLE function (all of json_build_*, to_char) is STABLE, and what calls
 * one that takes NULL is not STRICT.
 */
CREATE TYPE mesteri.answer AS (
    status  integer,
    body    json,
    headers text[],
    version integer,
    effects bytea[],
    error   text,
    details json
);
COMMENT ON TYPE mesteri.answer IS
    'Answer of an endpoint: status, JSON body, headers as name and value in turn, version of the thing shown (becomes the ETag), '
    'effects of a read; or, with error set, a refusal that commits.';

CREATE FUNCTION mesteri.ok(body json, version integer DEFAULT NULL, effects bytea[] DEFAULT NULL, headers text[] DEFAULT NULL)
    RETURNS mesteri.answer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW (200, body, headers, version, effects, NULL, NULL)::mesteri.answer;
COMMENT ON FUNCTION mesteri.ok(json, integer, bytea[], text[]) IS 'Answer 200.';

CREATE FUNCTION mesteri.created(body json, location text) RETURNS mesteri.answer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW (201, body, ARRAY['Location', location], NULL, NULL, NULL, NULL)::mesteri.answer;
COMMENT ON FUNCTION mesteri.created(json, text) IS 'Answer 201 with the place of what was made.';

CREATE FUNCTION mesteri.accepted(body json) RETURNS mesteri.answer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW (202, body, NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
COMMENT ON FUNCTION mesteri.accepted(json) IS 'Answer 202: something is on its way.';

CREATE FUNCTION mesteri.no_content() RETURNS mesteri.answer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW (204, NULL, NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
COMMENT ON FUNCTION mesteri.no_content() IS 'Answer 204: done, and nothing to show.';

CREATE FUNCTION mesteri.detail(field text, rule text) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_array(json_build_object('field', field, 'rule', rule));
COMMENT ON FUNCTION mesteri.detail(text, text) IS 'details[] with one field and the rule it broke.';

CREATE FUNCTION mesteri.refusal(slug text, details json DEFAULT NULL, headers text[] DEFAULT NULL) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
DECLARE
    status integer := (SELECT c.status FROM mesteri.error_codes c WHERE c.slug = refusal.slug);
BEGIN
    IF status IS NULL THEN
        RAISE EXCEPTION 'there is no error "%"', slug USING ERRCODE = 'undefined_object';
    END IF;
    RETURN ROW (status, NULL, headers, NULL, NULL, slug, details)::mesteri.answer;
END;
$$;
COMMENT ON FUNCTION mesteri.refusal(text, json, text[])
    IS 'A refusal as an answer: the transaction commits, and with it the trace that the refusal must leave.';

CREATE FUNCTION mesteri.refuse(slug text, details json DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
BEGIN
    RAISE EXCEPTION 'request refused: %', slug
        USING ERRCODE = (SELECT c.sqlstates[1] FROM mesteri.error_codes c WHERE c.slug = refuse.slug),
              DETAIL = coalesce(details::text, '');
END;
$$;
COMMENT ON FUNCTION mesteri.refuse(text, json) IS 'A refusal as an error: nothing of the transaction stays.';

CREATE FUNCTION mesteri.names_version(if_match text, version integer) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_names_version';
COMMENT ON FUNCTION mesteri.names_version(text, integer)
    IS 'Whether a list of entity tags, or *, names this version: each is compared up to the dash. A malformed list names none.';

CREATE FUNCTION mesteri.check_if_match(header text, version integer) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
BEGIN
    IF header IS NULL THEN
        PERFORM mesteri.refuse('precondition_required');
    ELSIF mesteri.names_version(header, version) IS NOT TRUE THEN    -- NULL: there is nothing with a version
        PERFORM mesteri.refuse('precondition_failed');
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_if_match(text, integer)
    IS 'Refuses a write that was not made against this version: If-Match is compared up to the dash.';

CREATE FUNCTION mesteri.check_not_null(given text[], field text, value anyelement) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
BEGIN
    IF value IS NULL AND field = ANY (given) THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail(field, 'null'));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_not_null(text[], text, anyelement) IS 'Refuses null for a field that cannot be cleared.';

CREATE FUNCTION mesteri.check_place(lat float8, lon float8) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
BEGIN
    IF (lat IS NULL) <> (lon IS NULL) THEN
        PERFORM mesteri.refuse('invalid_field', mesteri.detail(CASE WHEN lat IS NULL THEN 'lat' ELSE 'lon' END, 'together'));
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.check_place(float8, float8) IS 'Refuses half a place: lat and lon come together or not at all.';

CREATE FUNCTION mesteri.json_time(value timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN to_char(value AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
COMMENT ON FUNCTION mesteri.json_time(timestamptz) IS 'A moment as clients read it: RFC 3339, UTC, milliseconds.';

CREATE FUNCTION mesteri.json_build(VARIADIC "any") RETURNS json
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mesteri_json_build';
COMMENT ON FUNCTION mesteri.json_build(VARIADIC "any")
    IS 'As json_build_object() with constant names, several times as quick, for the items of a list; moments as json_time() has them.';

CREATE FUNCTION mesteri.json_page(items json, page integer, "limit" integer, has_more boolean) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object('items', coalesce(items, '[]'), 'page', page, 'limit', "limit", 'has_more', has_more);
COMMENT ON FUNCTION mesteri.json_page(json, integer, integer, boolean) IS 'Page<T> of the API.';

CREATE FUNCTION mesteri.json_concat(first json, second json) RETURNS json
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN second IS NULL THEN first ELSE (left(first::text, -1) || ', ' || substr(second::text, 2))::json END;
COMMENT ON FUNCTION mesteri.json_concat(json, json)
    IS 'An object with the members of two, in their order; both have some, or the second is NULL. Cheaper than jsonb, which would sort them.';
