/*
 * 91-export.sql
 *		What we hold of somebody, for him to take along: the same labels as the erasure.
 *
 * A row is exported when it is the person's by its table's label, and a value
 * of it when it is the person's by the rule that would erase it: of a
 * conversation what he wrote, of a contract where he signed.  Secrets never.
 */
CREATE FUNCTION mesteri.export_columns(target regclass) RETURNS TABLE (place smallint, name name, whose text, expression text)
    LANGUAGE sql STABLE
    AS $$
    SELECT a.attnum, a.attname, CASE WHEN p.path IS NOT NULL AND p.class <> 'none' THEN mesteri.owner_condition(target, '$1', p.path) END,
           coalesce(u.instead, format(CASE format_type(a.atttypid, NULL) WHEN 'timestamp with time zone' THEN 'mesteri.json_time(%I)'
                                                     ELSE CASE t.typname WHEN 'geography' THEN 'mesteri.location_json(%I)'
                                                                         WHEN 'bytea' THEN 'encode(%I, ''hex'')'
                                                                         ELSE '%I' END END, a.attname))
      FROM mesteri.erasure_plan p
      JOIN pg_attribute a ON a.attrelid = p.relation AND a.attname = p.column_name
      JOIN pg_type d ON d.oid = a.atttypid
      JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
      LEFT JOIN mesteri.unexported_columns u ON u.table_name = p.table_name AND u.column_name = p.column_name
     WHERE p.relation = target AND p.found_by IS NULL AND p.class <> 'secret'
       AND (u.table_name IS NULL OR u.instead IS NOT NULL);
    $$;
COMMENT ON FUNCTION mesteri.export_columns(regclass)
    IS 'The columns of a table that an export holds, as JSON likes them; whose: the condition on which the value is the person''s, $1.';

CREATE FUNCTION mesteri.export_children(parent regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT string_agg(format('(%s) AS %I', mesteri.export_list(l.relation, format('%I.%I = %s.%I AND %s', l.table_name, k.column_name, parent, k.referred,
                                                                                   mesteri.owner_condition(l.relation, '$1'))), l.table_name), ', ' ORDER BY l.table_name)
          FROM mesteri.export_tables e
          JOIN mesteri.labels l ON l.table_name = e.table_name AND l.column_name IS NULL
         CROSS JOIN LATERAL (
            SELECT o.column_name, r.attname AS referred
              FROM mesteri.owner_paths(l.relation) AS o
              JOIN pg_attribute a ON a.attrelid = l.relation AND a.attname = o.column_name
              JOIN pg_constraint c ON c.conrelid = l.relation AND c.contype = 'f' AND c.confrelid = parent AND c.conkey = ARRAY[a.attnum]
              JOIN pg_attribute r ON r.attrelid = parent AND r.attnum = c.confkey[1]
             LIMIT 1) AS k
         WHERE ('mesteri.' || quote_ident(e.parent_table))::regclass = parent);
END;
$$;
COMMENT ON FUNCTION mesteri.export_children(regclass) IS 'SQL of the lists that each object of a table holds, of the tables below it; NULL: none.';

CREATE FUNCTION mesteri.export_list(target regclass, condition text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    columns  text;
    narrower text;
BEGIN
    SELECT string_agg(format(CASE WHEN c.whose IS NULL THEN '%1$s AS %2$I' ELSE 'CASE WHEN %3$s THEN %1$s END AS %2$I' END,
                             c.expression, c.name, c.whose), ', ' ORDER BY c.place),
           -- Where all that is private in a row is somebody's in particular, the row is.
           CASE WHEN bool_and(c.whose IS NOT NULL) FILTER (WHERE l.class <> 'none') THEN string_agg(DISTINCT c.whose, ' OR ') END
      INTO columns, narrower
      FROM mesteri.export_columns(target) AS c
      JOIN mesteri.labels l ON l.relation = target AND l.column_name = c.name;

    RETURN format('SELECT coalesce(json_agg(row_to_json(o)), ''[]'') FROM (SELECT %s FROM %s WHERE %s%s) AS o',
                  concat_ws(', ', columns, mesteri.export_children(target)), target, condition, ' AND (' || narrower || ')');
END;
$$;
COMMENT ON FUNCTION mesteri.export_list(regclass, text) IS 'SQL of a JSON list of the rows of a table that meet a condition and are the person''s, $1.';

CREATE FUNCTION mesteri.export_json(person uuid, language text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    -- Joined once: what is added to a long text piece by piece is copied as often.
    parts  text[] := ARRAY[format('"exported_at" : "%s"', mesteri.json_time(now()))];
    listed record;
    member json;
BEGIN
    FOR listed IN
        SELECT e.member, l.relation, l.table_name, mesteri.export_children(l.relation) AS children
          FROM mesteri.export_tables e
          JOIN mesteri.labels l ON l.table_name = e.table_name AND l.column_name IS NULL
         WHERE e.member IS NOT NULL
         ORDER BY array_position('{user,profile,craftsman_profile,posts,comments,projects,contracts,payments,conversations,messages,reviews,notifications,'
                                 'devices,sessions,searches,reports,tickets,events}', e.member), e.member
    LOOP
        IF listed.member NOT IN ('user', 'profile', 'craftsman_profile') THEN
            EXECUTE mesteri.export_list(listed.relation, mesteri.owner_condition(listed.relation, '$1')) INTO member USING person;
        ELSE
            member := CASE listed.member
                WHEN 'user' THEN mesteri.user_json(person)
                WHEN 'profile' THEN mesteri.profile_json(person)
                ELSE mesteri.craftsman_json((SELECT c.id FROM mesteri.craftsman_profiles c WHERE c.user_id = person), language) END;
            IF member IS NOT NULL AND listed.children IS NOT NULL THEN
                EXECUTE format('SELECT mesteri.json_concat($2, (SELECT row_to_json(o) FROM (SELECT %s FROM %s WHERE %s) AS o))',
                               listed.children, listed.relation, mesteri.owner_condition(listed.relation, '$1'))
                   INTO member USING person, member;
            END IF;
        END IF;
        parts := parts || format('%s : %s', to_json(listed.member), coalesce(member, 'null'));
    END LOOP;
    RETURN ('{' || array_to_string(parts, ', ') || '}')::json;
END;
$$;
COMMENT ON FUNCTION mesteri.export_json(uuid, text) IS 'All that we hold of somebody but secrets, by the labels.';

CREATE FUNCTION api.user_export(_language text) RETURNS mesteri.answer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    person uuid := mesteri.current_user_id();
    again  timestamptz := (SELECT e.exported_at + interval '1 hour' FROM mesteri.exports e WHERE e.user_id = person);
BEGIN
    -- A read writes nothing: that it was made is an effect, written soon after.  Meanwhile one at a time.
    IF again > now() OR NOT pg_try_advisory_xact_lock(hashtextextended('export ' || person, 0)) THEN
        RETURN mesteri.refusal('rate_limited', NULL, ARRAY['Retry-After',
            greatest(ceil(extract(epoch FROM coalesce(again, now()) - now())), 60)::integer::text]);
    END IF;

    RETURN mesteri.ok(mesteri.export_json(person, _language), NULL,
                      ARRAY[mesteri.seal('effect', convert_to(json_build_object('exporter', person)::text, 'UTF8'))],
                      '{Content-Disposition,"attachment; filename=\"mesteri-export.json\""}');
END;
$$;
COMMENT ON FUNCTION api.user_export(text) IS 'The caller''s own data as a file; once an hour.';
