/*
 * 55-handle.sql
 *		The door for clients, and the same door for people at psql.
 */
CREATE FUNCTION mesteri.handle(
        route integer, token text, path text[], query text, headers text[], body bytea, deadline_ms integer,
        ip inet, request_id uuid, instance text, language text,
        OUT status integer, OUT headers text[], OUT body bytea, OUT error text, OUT effects bytea[],
        OUT generation bigint)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'mesteri_handle';
COMMENT ON FUNCTION mesteri.handle(integer, text, text[], text, text[], bytea, integer, inet, uuid, text, text)
    IS 'One request: verifies the token, switches to mesteri_user, binds, runs the route''s endpoint, answers.';

CREATE FUNCTION mesteri.find_route(method text, path text, OUT id integer, OUT deadline_ms integer, OUT segments text[])
    LANGUAGE sql STABLE
    AS $$
    SELECT r.id, r.deadline_ms, CASE WHEN r.path LIKE '%{%' THEN regexp_match(find_route.path, p.pattern) END
      FROM mesteri.routes r
     CROSS JOIN LATERAL (SELECT '^' || regexp_replace(replace(r.path, '.', '\.'), '\{[a-z_]+\}', '([^/]+)', 'g') || '$') AS p (pattern)
     WHERE r.method = find_route.method AND find_route.path ~ p.pattern
     ORDER BY strpos(r.path, '{')
     LIMIT 1;
    $$;
COMMENT ON FUNCTION mesteri.find_route(text, text) IS 'The route that serves a path, and the values of its {name} segments; a literal segment wins.';

CREATE FUNCTION mesteri.request(
        method text, path text, token text DEFAULT NULL, INOUT body json DEFAULT NULL, INOUT headers text[] DEFAULT NULL,
        language text DEFAULT 'ro', OUT status integer)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    target  text := split_part(request.path, '?', 1);
    matched record;
    answer  record;
    problem mesteri.error_codes;
    details json;
    state   text;
    detail  text;
    hint    text;
    lowered text[] := ARRAY(SELECT CASE WHEN place % 2 = 1 THEN lower(part) ELSE part END
                              FROM unnest(request.headers) WITH ORDINALITY AS u (part, place) ORDER BY place);
BEGIN
    SELECT * INTO matched FROM mesteri.find_route(request.method, target);
    IF matched.id IS NULL THEN
        PERFORM mesteri.refuse(CASE WHEN EXISTS (SELECT FROM mesteri.routes r, mesteri.find_route(r.method, target) f WHERE f.id IS NOT NULL)
                                    THEN 'method_not_allowed' ELSE 'not_found' END);
    END IF;

    SELECT * INTO answer
      FROM mesteri.handle(matched.id, request.token, matched.segments, nullif(substr(request.path, length(target) + 2), ''),
                          lowered, convert_to(request.body::text, 'UTF8'), matched.deadline_ms,
                          inet_client_addr(), gen_random_uuid(), 'psql', request.language);
    status := answer.status;
    headers := answer.headers;
    body := convert_from(answer.body, 'UTF8')::json;

    -- A standby cannot write what the read asks for.
    IF answer.effects IS NOT NULL AND NOT pg_is_in_recovery() THEN
        PERFORM mesteri.effects_apply(answer.effects);
    END IF;
    IF answer.error IS NOT NULL THEN
        SELECT * INTO problem FROM mesteri.error_codes WHERE slug = answer.error;
        body := mesteri.problem(problem, body, target, request.language);
    END IF;
EXCEPTION WHEN OTHERS THEN
    -- What is not in the catalogue is a fault that whoever sits at psql wants to see.
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    SELECT * INTO problem FROM mesteri.error_codes c WHERE c.sqlstates[1] = state;
    IF NOT FOUND THEN
        RAISE;
    END IF;
    status := problem.status;
    headers := CASE WHEN hint <> '' THEN ARRAY['Retry-After', hint] END;
    body := mesteri.problem(problem, nullif(detail, '')::json, target, request.language);
END;
$$;
COMMENT ON FUNCTION mesteri.request(text, text, text, json, text[], text)
    IS 'What a phone would send, from psql: SELECT * FROM mesteri.request(''GET'', ''/v1/feed?lat=46.77&lon=23.59'').';

CREATE FUNCTION mesteri.problem(code mesteri.error_codes, details json, path text, language text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN json_build_object(
        'type', '/docs/errors#' || code.slug,
        'title', code.title,
        'status', code.status,
        'error', code.slug,
        'message', CASE language WHEN 'hu' THEN code.message_hu WHEN 'en' THEN code.message_en ELSE code.message_ro END,
        'details', coalesce((SELECT json_agg(d::jsonb || jsonb_build_object('message',
                                 CASE language WHEN 'hu' THEN r.message_hu WHEN 'en' THEN r.message_en ELSE r.message_ro END))
                               FROM json_array_elements(details) d
                               LEFT JOIN mesteri.error_rules r ON r.rule = d ->> 'rule'), '[]'),
        'path', path);
END;
$$;
COMMENT ON FUNCTION mesteri.problem(mesteri.error_codes, json, text, text) IS 'The error body that the proxy would write.';
