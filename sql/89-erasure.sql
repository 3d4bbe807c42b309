/*
 * 89-erasure.sql
 *		Erasing an account: one walk over labels and rules.
 *
 * The labels say which rows are a person's, the rules (data/erasure.csv) what
 * becomes of their values, and a walk does it, in one transaction.  A table
 * that is labelled is walked; nothing here names one but users.
 *
 * A request that began before the erasure may still write when it is done:
 * so the walk is repeated once when none of those can still run.  The same
 * walk ends what was kept for a period, whenever one is over.
 */
CREATE FUNCTION mesteri.books_closed(booked_on date) RETURNS timestamptz
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN make_date(extract(year FROM booked_on)::integer + 1, 7, 1)::timestamp AT TIME ZONE 'Europe/Bucharest';
COMMENT ON FUNCTION mesteri.books_closed(date) IS '1 July after the financial year, from which accounting records are kept five years.';

CREATE FUNCTION mesteri.seller_known_until(person uuid, erased_at timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    last_paid timestamptz := (SELECT max(coalesce(t.escrow_released_at, t.completed_at, t.created_at)) FROM mesteri.transactions t
                               WHERE t.to_user_id = person AND t.released_amount > 0);
BEGIN
    RETURN coalesce((date_trunc('year', last_paid AT TIME ZONE 'Europe/Bucharest') + interval '11 years') AT TIME ZONE 'Europe/Bucharest',
                    erased_at + interval '6 months');
END;
$$;
COMMENT ON FUNCTION mesteri.seller_known_until(uuid, timestamptz)
    IS 'How long we must know who a craftsman was: ten years after the year of the last payment; never paid: six months.';

CREATE FUNCTION mesteri.counterparts(person uuid) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN QUERY
    SELECT craftsman_user_id FROM mesteri.projects WHERE client_id = person
     UNION SELECT client_id FROM mesteri.projects WHERE craftsman_user_id = person
     UNION SELECT craftsman_id FROM mesteri.conversations WHERE client_id = person
     UNION SELECT client_id FROM mesteri.conversations WHERE craftsman_id = person
     UNION SELECT to_user_id FROM mesteri.transactions WHERE from_user_id = person AND to_user_id IS NOT NULL
     UNION SELECT from_user_id FROM mesteri.transactions WHERE to_user_id = person AND from_user_id IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION mesteri.counterparts(uuid) IS 'Who was ever told about somebody: the other sides of projects, talk and payments.';

CREATE FUNCTION mesteri.shared_objects(person uuid) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    target regclass;
BEGIN
    RETURN NEXT person;
    -- What notifications lead to (notifications_related_known).
    FOREACH target IN ARRAY '{mesteri.projects,mesteri.project_milestones,mesteri.contracts,mesteri.transactions,mesteri.conversations,
                              mesteri.messages,mesteri.reviews,mesteri.content_posts}'::regclass[]
    LOOP
        RETURN QUERY EXECUTE format('SELECT id FROM %s WHERE %s', target, mesteri.owner_condition(target, '$1')) USING person;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.shared_objects(uuid) IS 'Ids that a notification about somebody may lead to.';

CREATE FUNCTION mesteri.json_mentions(document jsonb, words text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN EXISTS (SELECT FROM unnest(words) AS w WHERE strpos(document::text, w) > 0)
           AND jsonb_path_exists(document, '$.** ? (@ == $words[*])', jsonb_build_object('words', to_jsonb(words)));
COMMENT ON FUNCTION mesteri.json_mentions(jsonb, text[]) IS 'Whether a string of the document, at any depth, is one of the words.';

CREATE FUNCTION mesteri.json_without(document jsonb, words text[]) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
    RETURN CASE jsonb_typeof(document)
        WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, mesteri.json_without(e.value, words)), '{}') FROM jsonb_each(document) AS e)
        WHEN 'array' THEN (SELECT coalesce(jsonb_agg(mesteri.json_without(e.value, words) ORDER BY e.place), '[]')
                             FROM jsonb_array_elements(document) WITH ORDINALITY AS e (value, place))
        WHEN 'string' THEN CASE WHEN EXISTS (SELECT FROM unnest(words) AS w WHERE strpos(document #>> '{}', w) > 0) THEN 'null' ELSE document END
        ELSE document END;
END;
$$;
COMMENT ON FUNCTION mesteri.json_without(jsonb, text[]) IS 'The document with null in the place of every string that holds one of the words.';

/*
 * The rules, resolved: one for each column of each table that is somebody's,
 * and those that find copies.
 */
CREATE VIEW mesteri.erasure_plan AS
    SELECT l.relation, l.table_name, l.column_name, l.class, t.owner_path, r.id AS rule_id, r.action, r.path, r.found_by, r.condition, r.value,
           r.keep_until, r.afterwards, r.ground
      FROM mesteri.labels l
      JOIN mesteri.labels t ON t.relation = l.relation AND t.column_name IS NULL AND t.owner_path <> 'public'
     CROSS JOIN LATERAL (
        SELECT * FROM mesteri.erasure_rules r
         WHERE r.found_by IS NULL
           AND (r.table_name = l.table_name AND r.column_name = l.column_name
                OR r.table_name = l.table_name AND r.column_name IS NULL AND (l.class <> 'none' OR r.action = 'delete' OR r.afterwards = 'delete')
                OR r.class = l.class AND t.owner_path <> 'nobody')
         ORDER BY r.table_name IS NULL, r.column_name IS NULL, r.seeded LIMIT 1) AS r
     WHERE l.column_name IS NOT NULL
     UNION ALL
    SELECT l.relation, l.table_name, l.column_name, l.class, t.owner_path, r.id, r.action, r.path, r.found_by, r.condition, r.value,
           r.keep_until, r.afterwards, r.ground
      FROM mesteri.erasure_rules r
      JOIN mesteri.labels t ON t.table_name = r.table_name AND t.column_name IS NULL
      JOIN mesteri.labels l ON l.relation = t.relation AND l.column_name IS NOT NULL
                               AND CASE WHEN r.column_name IS NOT NULL THEN l.column_name = r.column_name
                                        ELSE r.action = 'delete' OR r.afterwards = 'delete' OR l.class <> 'none' END
     WHERE r.found_by IS NOT NULL
       AND NOT (r.seeded AND EXISTS (SELECT FROM mesteri.erasure_rules o
                                      WHERE NOT o.seeded AND (o.table_name, o.found_by) = (r.table_name, r.found_by)
                                        AND o.column_name IS NOT DISTINCT FROM r.column_name));
COMMENT ON VIEW mesteri.erasure_plan
    IS 'What erasure does to every column of every table that is somebody''s; and, with found_by, to copies elsewhere.';

CREATE VIEW mesteri.erasure_steps AS
    WITH RECURSIVE refers (relation, depth) AS (
        SELECT c.oid, 0 FROM pg_catalog.pg_class c WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p')
         UNION
        SELECT k.conrelid, r.depth + 1
          FROM refers r JOIN pg_catalog.pg_constraint k ON k.confrelid = r.relation AND k.contype = 'f' AND k.conrelid <> k.confrelid
    ), plan AS (
        SELECT p.*, s.scope,
               coalesce(p.value, CASE WHEN NOT a.attnotnull THEN 'NULL' ELSE coalesce(pg_get_expr(d.adbin, d.adrelid), '''''') END) AS becomes,
               CASE WHEN p.action = 'delete' OR p.afterwards = 'delete' THEN 'delete' ELSE 'update' END AS command
          FROM mesteri.erasure_plan p
          JOIN pg_catalog.pg_attribute a ON a.attrelid = p.relation AND a.attname = p.column_name AND a.attgenerated = ''
          LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         CROSS JOIN LATERAL (
            SELECT coalesce(p.found_by, concat_ws(' AND ', mesteri.owner_condition(p.relation, '$1'),
                                                  mesteri.owner_condition(p.relation, '$1', p.path)))) AS s (scope)
         WHERE p.action <> 'keep'
    )
    SELECT p.relation, p.table_name, (SELECT max(r.depth) FROM refers r WHERE r.relation = p.relation) AS depth, p.command, p.scope,
           coalesce(p.keep, 'false') AS keep, p.keep_until, p.archive, p.is_copy,
           string_agg(format('%I = %s', p.column_name, p.becomes), ', ' ORDER BY p.column_name) AS assignments,
           string_agg(format(CASE p.becomes WHEN 'NULL' THEN '%I IS NOT NULL' ELSE '%I IS DISTINCT FROM (%s)' END, p.column_name, p.becomes),
                      ' OR ' ORDER BY p.column_name) AS changes,
           array_agg(p.column_name ORDER BY p.column_name) AS column_names, min(p.ground) AS ground
      FROM (SELECT relation, table_name, column_name, ground, scope, becomes, command, found_by IS NOT NULL AS is_copy, false AS archive,
                   CASE WHEN action = 'retain' THEN keep_until END AS keep_until,
                   CASE WHEN action = 'retain' THEN format('((%s) AND coalesce((%s) > $5, false))', coalesce(condition, 'true'), keep_until) END AS keep
              FROM plan
             UNION ALL
            SELECT relation, table_name, column_name, ground, scope, becomes, command, false, true, keep_until, coalesce(condition, 'true')
              FROM plan WHERE action = 'archive') AS p
     GROUP BY p.relation, p.table_name, p.command, p.scope, p.keep, p.archive, p.is_copy, p.keep_until;
COMMENT ON VIEW mesteri.erasure_steps
    IS 'The statements of a walk, in parts: rows of scope are changed or deleted but for those of keep; with archive, those of keep are copied first.';

CREATE FUNCTION mesteri.erasure_delete(step mesteri.erasure_steps) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    statement text := format('WITH gone AS (DELETE FROM %s WHERE %s AND NOT %s RETURNING *)', step.relation, step.scope, step.keep);
    counter   record;
BEGIN
    FOR counter IN
        SELECT c.counted_in, c.refers_by, string_agg(format('count(*) FILTER (WHERE %s) AS %I', c.condition, c.counter_name), ', ') AS counts,
               -- A counter that was wrong before must not hold up an erasure.
               string_agg(format('%I = greatest(o.%1$I - n.%1$I, 0)', c.counter_name), ', ') AS assignments
          FROM mesteri.erasure_counters c WHERE c.table_name = step.table_name GROUP BY 1, 2
    LOOP
        -- In the order of ids, as whoever else counts does it.
        statement := statement || format($sql$,
            %1$I AS (SELECT %2$I AS id, %3$s FROM gone GROUP BY 1),
            %4$I AS MATERIALIZED (SELECT id FROM mesteri.%5$I WHERE id IN (SELECT n.id FROM %1$I n) ORDER BY id FOR NO KEY UPDATE),
            %6$I AS (UPDATE mesteri.%5$I o SET %7$s FROM %1$I n JOIN %4$I USING (id) WHERE o.id = n.id)$sql$,
            'of_' || counter.counted_in, counter.refers_by, counter.counts, 'locked_' || counter.counted_in, counter.counted_in,
            'counted_' || counter.counted_in, counter.assignments);
    END LOOP;
    RETURN statement || ' SELECT count(*) FROM gone';
END;
$$;
COMMENT ON FUNCTION mesteri.erasure_delete(mesteri.erasure_steps)
    IS 'SQL that deletes the rows of a step, takes them off the counters that count them, and answers how many they were.';

CREATE FUNCTION mesteri.erasure_lock(person uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    counted record;
BEGIN
    -- Steps lock what they count on one after the other; whoever counts at the same time takes all in the order of ids,
    -- and a craftsman before his posts, as a change of his rating does.
    FOR counted IN
        SELECT c.counted_in, string_agg(format('SELECT %I FROM mesteri.%I WHERE %s', c.refers_by, c.table_name,
                                               mesteri.owner_condition(l.relation, '$1')), ' UNION ') AS referred
          FROM mesteri.erasure_counters c
          JOIN mesteri.labels l ON l.table_name = c.table_name AND l.column_name IS NULL
         GROUP BY c.counted_in ORDER BY c.counted_in <> 'craftsman_profiles', c.counted_in
    LOOP
        EXECUTE format('SELECT FROM mesteri.%I WHERE id IN (%s) OR %s ORDER BY id FOR NO KEY UPDATE', counted.counted_in,
                       counted.referred, mesteri.owner_condition(format('mesteri.%I', counted.counted_in)::regclass, '$1'))
          USING person;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mesteri.erasure_lock(uuid)
    IS 'Locks the rows that count something of somebody''s, and his own among them, by id: two who count never wait for each other in a circle.';

CREATE FUNCTION mesteri.own_pending(person uuid, recipient text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT
    AS $$
BEGIN
    -- Anybody may wish for an address that is not his.
    RETURN CASE WHEN NOT EXISTS (SELECT FROM mesteri.users u WHERE u.id <> person AND (u.email = recipient OR u.phone_number = recipient))
                 AND NOT EXISTS (SELECT FROM mesteri.verification_codes c WHERE c.user_id <> person AND c.recipient = own_pending.recipient)
                THEN recipient END;
END;
$$;
COMMENT ON FUNCTION mesteri.own_pending(uuid, text)
    IS 'The address or number that somebody waits to have confirmed; NULL if it is, or may become, somebody else''s: whose mails and failed tries stay.';

CREATE FUNCTION mesteri.erasure_walk(erasure_id uuid, at timestamptz) RETURNS mesteri.erasures
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    erasure   mesteri.erasures := (SELECT e FROM mesteri.erasures e WHERE e.id = erasure_id);
    step      mesteri.erasure_steps;
    words     text[];
    names     text[];
    statement text;
    affected  bigint;
    held      record;
    counts    jsonb;
    remains   jsonb := '[]';
    due       timestamptz;
BEGIN
    counts := erasure.touched;
    -- While the account still says who it was.
    SELECT array_remove(ARRAY[u.id::text, u.email, u.phone_number, mesteri.own_pending(u.id, u.pending_email),
                              mesteri.own_pending(u.id, u.pending_phone_number)], NULL),
           array_remove(ARRAY[nullif(p.display_name, ''), nullif(c.business_name, ''),
                              CASE WHEN p.first_name <> '' THEN p.first_name || ' ' || p.last_name END,
                              CASE WHEN p.first_name <> '' THEN p.last_name || ' ' || p.first_name END], NULL)
      INTO words, names
      FROM mesteri.users u
      LEFT JOIN mesteri.user_profiles p ON p.user_id = u.id
      LEFT JOIN mesteri.craftsman_profiles c ON c.user_id = u.id
     WHERE u.id = erasure.user_id;

    PERFORM mesteri.erasure_lock(erasure.user_id);

    /*
     * Copies first.  Then what refers before what it refers to: the way to
     * the owner of a row leads through the other table.  In a table, periods
     * first: what they keep must still be found.
     */
    FOR step IN
        SELECT s.* FROM mesteri.erasure_steps s
         WHERE erasure.walks < 2 AND NOT (s.archive AND erasure.walks > 0) OR s.keep <> 'false' AND NOT s.archive
         ORDER BY s.is_copy DESC, s.depth DESC, s.table_name, s.archive DESC, s.keep = 'false', s.command
    LOOP
        IF step.archive THEN
            statement := format($sql$
                WITH archived AS (
                    INSERT INTO mesteri.archived_values (id, user_id, table_name, sealed, kept_until, ground)
                    SELECT a.id, $1, %L, mesteri.encrypt('archived_values ' || a.id, convert_to(a.data::text, 'UTF8')), a.until, %L
                      FROM (SELECT mesteri.uuid7(), jsonb_agg(jsonb_build_object(%s)), max(%s) FROM %s WHERE %s AND %s HAVING count(*) > 0)
                           AS a (id, data, until)
                        ON CONFLICT DO NOTHING RETURNING 1)
                SELECT count(*) FROM archived $sql$,
                step.table_name, step.ground, (SELECT string_agg(format('%L, %1$I', c), ', ') FROM unnest(step.column_names) AS c),
                step.keep_until, step.relation, step.scope, step.keep);
        ELSIF step.command = 'delete' THEN
            statement := mesteri.erasure_delete(step);
        ELSE
            statement := format('WITH changed AS (UPDATE %s SET %s WHERE %s AND NOT %s AND (%s) RETURNING 1) SELECT count(*) FROM changed',
                                step.relation, step.assignments, step.scope, step.keep, step.changes);
        END IF;
        EXECUTE statement INTO affected USING erasure.user_id, erasure.erased_at, words, names, at;

        IF affected > 0 THEN
            statement := step.table_name || ' ' || CASE WHEN step.archive THEN 'archive' ELSE step.command END;
            counts := counts || jsonb_build_object(statement, coalesce((counts ->> statement)::bigint, 0) + affected);
        END IF;

        IF step.keep <> 'false' AND NOT step.archive THEN
            EXECUTE format('SELECT count(*) AS rows_count, min(%1$s) AS first, max(%1$s) AS last FROM %2$s WHERE %3$s AND %4$s AND (%5$s)',
                           step.keep_until, step.relation, step.scope, step.keep,
                           CASE step.command WHEN 'delete' THEN 'true' ELSE step.changes END)
               INTO held USING erasure.user_id, erasure.erased_at, words, names, at;
            IF held.rows_count > 0 THEN
                remains := remains || jsonb_build_array(jsonb_build_object('table', step.table_name, 'columns', step.column_names,
                    'rows', held.rows_count, 'until', held.first, 'last_until', held.last, 'ground', step.ground));
                due := least(due, held.first);
            END IF;
        END IF;
    END LOOP;

    UPDATE mesteri.erasures e
       SET touched = counts, kept = remains, walks = e.walks + 1,
           next_walk_at = CASE e.walks WHEN 0 THEN at + interval '5 minutes' ELSE due END
     WHERE e.id = erasure_id
    RETURNING * INTO erasure;
    RETURN erasure;
END;
$$;
COMMENT ON FUNCTION mesteri.erasure_walk(uuid, timestamptz)
    IS 'Applies the rules to somebody erased: all of them twice, five minutes apart, for no request lasts longer; later those of periods.';

CREATE FUNCTION mesteri.holds_money(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM mesteri.transactions t
                    WHERE person IN (t.from_user_id, t.to_user_id)
                      AND (t.status IN ('pending', 'processing', 'disputed') OR t.in_dispute OR t.open_chargebacks > 0 OR t.held_amount > 0))
        OR EXISTS (SELECT FROM mesteri.transactions t JOIN mesteri.refunds r ON r.payment_id = t.id
                    WHERE person IN (t.from_user_id, t.to_user_id) AND r.status = 'pending')
        OR EXISTS (SELECT FROM mesteri.projects p JOIN mesteri.disputes d ON d.project_id = p.id
                    WHERE person IN (p.client_id, p.craftsman_user_id) AND d.status = 'open')
        OR EXISTS (SELECT FROM mesteri.craftsman_profiles c JOIN mesteri.payouts o ON o.craftsman_id = c.id
                    WHERE c.user_id = person AND o.status = 'pending')
        OR EXISTS (SELECT FROM mesteri.craftsman_profiles c
                     JOIN mesteri.journal_accounts a ON a.craftsman_id = c.id
                     JOIN mesteri.journal_lines l ON l.account_id = a.id
                    WHERE c.user_id = person
                    GROUP BY a.id HAVING sum(CASE l.side WHEN 'debit' THEN l.amount_bani ELSE -l.amount_bani END) <> 0);
END;
$$;
COMMENT ON FUNCTION mesteri.holds_money(uuid)
    IS 'Whether money is on its way, held, disputed, or owed to or by somebody; as long as it is, the account stays.';

CREATE FUNCTION mesteri.erase(person uuid, requested_by text, reference text DEFAULT NULL) RETURNS mesteri.erasures
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    account mesteri.users;
    erasure mesteri.erasures;
BEGIN
    -- Whoever adds what refers to the account waits here; of two erasures the second finds a tombstone.
    SELECT * INTO account FROM mesteri.users u WHERE u.id = person FOR UPDATE;
    IF account.id IS NULL OR account.deleted_at IS NOT NULL THEN
        RETURN NULL;
    ELSIF mesteri.holds_money(person) THEN
        PERFORM mesteri.refuse('open_escrow');
    END IF;

    INSERT INTO mesteri.erasures (user_id, erased_at, requested_by, reference)
    VALUES (person, now(), erase.requested_by, erase.reference)
    RETURNING * INTO erasure;
    RETURN mesteri.erasure_walk(erasure.id, erasure.erased_at);
END;
$$;
COMMENT ON FUNCTION mesteri.erase(uuid, text, text)
    IS 'Erases an account and says what was done; NULL when there is none or it is erased already, open_escrow while money is held.';

CREATE FUNCTION mesteri.erasures_go_on() RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    due    uuid;
    walked bigint := 0;
BEGIN
    FOR due IN
        SELECT id FROM mesteri.erasures WHERE next_walk_at <= now() ORDER BY next_walk_at, id LIMIT 100 FOR UPDATE SKIP LOCKED
    LOOP
        BEGIN
            PERFORM mesteri.erasure_walk(due, now());
            walked := walked + 1;
        EXCEPTION WHEN OTHERS THEN
            -- It stays due; the others go on.
            RAISE WARNING 'erasure % cannot go on: %', due, SQLERRM USING ERRCODE = SQLSTATE;
        END;
    END LOOP;
    RETURN walked;
END;
$$;
COMMENT ON FUNCTION mesteri.erasures_go_on() IS 'Job: walks the rules again for those erased whose second walk or next period''s end is due.';

CREATE FUNCTION api.user_delete(password_confirmation api.secret) RETURNS mesteri.answer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    person  uuid := mesteri.current_user_id();
    refusal mesteri.answer;
    erasure mesteri.erasures;
BEGIN
    IF mesteri.holds_money(person) THEN
        PERFORM mesteri.refuse('open_escrow');
    END IF;
    refusal := mesteri.own_password_refusal(password_confirmation, 'password_confirmation');
    IF refusal.error IS NOT NULL THEN
        RETURN refusal;
    END IF;
    erasure := mesteri.erase(person, 'self');
    IF erasure.id IS NULL THEN
        PERFORM mesteri.refuse('token_revoked');
    END IF;
    RETURN mesteri.no_content();
END;
$$;
COMMENT ON FUNCTION api.user_delete(api.secret) IS 'Erases the caller''s account; refused while money is held, and without the password.';

/*
 * For DBAs.
 */
CREATE FUNCTION ops.erase_user(user_id uuid, reference text) RETURNS TABLE (done text, rows_count bigint)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    erasure mesteri.erasures := mesteri.erase(user_id, session_user::text, reference);
BEGIN
    IF erasure.id IS NULL THEN
        RAISE EXCEPTION 'there is no account "%" to erase', user_id USING ERRCODE = 'no_data_found',
              HINT = 'ops.erasures lists those that are erased.';
    END IF;
    RETURN QUERY SELECT t.key, t.value::bigint FROM jsonb_each_text(erasure.touched) AS t ORDER BY 1;
END;
$$;
COMMENT ON FUNCTION ops.erase_user(uuid, text)
    IS 'Erases an account whose owner asked by letter; the reference is the letter''s number, not its text. Says what it touched.';

CREATE FUNCTION ops.archived(user_id uuid) RETURNS TABLE (table_name text, data jsonb, kept_until timestamptz, ground text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
    SELECT a.table_name, convert_from(mesteri.decrypt('archived_values ' || a.id, a.sealed), 'UTF8')::jsonb, a.kept_until, a.ground
      FROM mesteri.archived_values a WHERE a.user_id = archived.user_id;
    $$;
COMMENT ON FUNCTION ops.archived(uuid) IS 'What the law has us keep of an erased account beside the marketplace, for the authority that asks.';

CREATE VIEW ops.erasures AS
    SELECT e.user_id, e.erased_at, e.requested_by, e.reference, e.walks > 1 AS is_complete, e.next_walk_at, e.touched
      FROM mesteri.erasures e;
COMMENT ON VIEW ops.erasures IS 'Accounts that were erased: when, on whose request, how many rows; nothing says who they were.';

CREATE VIEW ops.kept_after_erasure AS
    SELECT e.user_id, e.erased_at, k."table" AS table_name, k.columns AS column_names, k.rows AS rows_count, k.until AS first_until,
           k.last_until, k.ground
      FROM mesteri.erasures e
     CROSS JOIN LATERAL jsonb_to_recordset(e.kept) AS k ("table" text, columns text[], rows bigint, until timestamptz, last_until timestamptz,
                                                         ground text);
COMMENT ON VIEW ops.kept_after_erasure IS 'What is still kept of those erased, until when, and why; as of the last walk.';

CREATE VIEW ops.erasure_rules AS
    SELECT table_name, column_name, class, action, path, found_by, condition, value, keep_until, afterwards, ground
      FROM mesteri.erasure_plan;
COMMENT ON VIEW ops.erasure_rules IS 'What erasure does to each column, and why: the rules resolved over the labels.';
