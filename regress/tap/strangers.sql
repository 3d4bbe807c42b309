-- The stranger matrix, made from labels: in each table with owners, by each path, one row of Ana's and one of Bogdan's;
-- what do Ana, Bogdan, staff, an anonymous caller and whoever got hold of mesteri_user see?
--
-- A new table needs nothing here, unless a column takes values that cannot be guessed from its type and checks.
SET client_min_messages = warning;
-- The label provider is there once the library is.
LOAD 'mesteri';
BEGIN;
SELECT no_plan();

-- Tables with every form of a path, as if the release had them.
CREATE TABLE mesteri.t_jobs (id uuid PRIMARY KEY, client_id uuid NOT NULL REFERENCES mesteri.users, craftsman_id uuid NOT NULL REFERENCES mesteri.craftsman_profiles);
CREATE TABLE mesteri.t_steps (id bigint PRIMARY KEY, job_id uuid NOT NULL REFERENCES mesteri.t_jobs, state text NOT NULL CHECK (state IN ('open', 'done')));
CREATE TABLE mesteri.t_talks (id uuid PRIMARY KEY);
CREATE TABLE mesteri.t_members (talk_id uuid NOT NULL REFERENCES mesteri.t_talks, user_id uuid NOT NULL REFERENCES mesteri.users, PRIMARY KEY (talk_id, user_id));
CREATE TABLE mesteri.t_words (id bigint NOT NULL, talk_id uuid NOT NULL REFERENCES mesteri.t_talks, said text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE mesteri.t_words_1 PARTITION OF mesteri.t_words FOR VALUES FROM (1) TO (1000000);
CREATE TABLE mesteri.t_signals (user_id uuid NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL);
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_jobs IS 'users via client_id | craftsman_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_steps IS 'users via job_id | job_id.craftsman_id.user_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_members IS 'users via user_id | talk_id.t_members(talk_id).user_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_talks IS 'users via t_members(talk_id).user_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_words IS 'users via talk_id';
SECURITY LABEL FOR mesteri ON TABLE mesteri.t_signals IS 'users via user_id:users';
DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY '{mesteri.t_jobs,mesteri.t_steps,mesteri.t_talks,mesteri.t_members,mesteri.t_words,mesteri.t_signals}'::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO mesteri_owner', target);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner_all ON %s TO mesteri_owner USING (true) WITH CHECK (true)', target);
        PERFORM mesteri.create_owner_policy(target);
    END LOOP;
END;
$$;

-- Values that cannot be guessed: SQL with %s for a number of its own.
CREATE TEMP TABLE given (table_name text, column_name text, expression text);
INSERT INTO given VALUES
    ('users', 'email', '''stranger%s@example.ro'''),
    ('users', 'phone_number', '''+4079'' || lpad(''%s'', 7, ''0'')'),
    ('content_posts', 'media_urls', '''[]'''),
    ('content_posts', 'published_at', 'now()'),
    ('encryption_keys', 'retired_at', 'now()'),
    ('project_status_changes', 'actor_kind', '''system'''),
    ('milestone_status_changes', 'actor_kind', '''system'''),
    ('verification_codes', 'expires_at', 'now() + interval ''10 minutes'''),
    ('password_resets', 'expires_at', 'now() + interval ''1 hour'''),
    ('contracts', 'contract_number', '''CTR-202611-'' || lpad(''%s'', 6, ''0'')'),
    ('contracts', 'expires_at', 'now() + interval ''168 hours'''),
    ('craftsman_vat_periods', 'vat_number', '''RO'' || lpad(''%s'', 10, ''0'')'),
    -- Neither escrow nor plan nor fees.
    ('transactions', 'type', '''withdrawal'''),
    ('transactions', 'amount', '100'),
    ('transactions', 'net_amount', '100'),
    ('refunds', 'requested_as', '''system'''),
    ('subscriptions', 'ends_at', 'now() + interval ''1 day'''),
    ('payout_accounts', 'iban_last4', '''0000'''),
    ('invoices', 'issued_on', '''2026-11-20'''),
    ('invoices', 'year', '2026'),
    ('invoices', 'net', '1'),
    ('invoices', 'vat_amount', '0'),
    ('invoices', 'gross', '1'),
    ('messages', 'content', '''Bună ziua'''),
    ('events', 'type', '''message:new'''),
    ('outbox', 'kind', '''mail.send'''),
    ('media', 'key', 'lpad(''%s'', 16, ''0'')'),
    ('media', 'purpose', '''post'''),
    ('verifications', 'type', '''identity'''),
    ('verifications', 'document_type', '''id_card'''),
    ('moderation_statements', 'automated', 'true'),
    ('idempotency_keys', 'status', '200');

CREATE SEQUENCE pg_temp.numbers;

-- The first value that fits type and checks.
CREATE FUNCTION pg_temp.guess(target regclass, attribute pg_attribute) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    number    text := nextval('pg_temp.numbers')::text;
    base      pg_type;
    checks    text;
    candidate text;
    fits      boolean;
BEGIN
    SELECT b.* INTO base FROM pg_type t JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid) WHERE t.oid = attribute.atttypid;
    SELECT string_agg('(' || pg_get_expr(conbin, conrelid) || ')', ' AND ') INTO checks
      FROM pg_constraint WHERE conrelid = target AND contype = 'c' AND conkey = ARRAY[attribute.attnum];

    FOR candidate IN
        (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = base.oid ORDER BY enumsortorder)
         UNION ALL SELECT unnest(CASE base.typname
                       WHEN 'uuid' THEN ARRAY['gen_random_uuid()']
                       WHEN 'bytea' THEN ARRAY[format('sha256(%L)', number), format('substr(sha256(%L), 1, 16)', number), '''\x''']
                       WHEN 'json' THEN ARRAY['''{}''', '''[]'''] WHEN 'jsonb' THEN ARRAY['''{}''', '''[]''']
                       WHEN 'geography' THEN ARRAY['mesteri.point(46, 23)'] WHEN 'inet' THEN ARRAY['''192.0.2.1''']
                       WHEN 'tstzrange' THEN ARRAY['tstzrange(now(), NULL)'] WHEN 'daterange' THEN ARRAY['daterange(current_date, NULL)'] END)
         UNION ALL SELECT unnest(CASE base.typcategory
                       WHEN 'S' THEN ARRAY[quote_literal('x' || number), quote_literal(number)]
                       WHEN 'N' THEN ARRAY[number, '1', '0', '10', '100'] WHEN 'B' THEN ARRAY['false', 'true']
                       WHEN 'D' THEN ARRAY['now()', 'now() + interval ''1 day''', 'now() - interval ''1 day'''] WHEN 'T' THEN ARRAY['interval ''1 day''']
                       WHEN 'A' THEN ARRAY['''{}'''] END)
         UNION ALL SELECT m[1] FROM regexp_matches(checks, '(''[^'']*'')', 'g') AS m
    LOOP
        BEGIN
            -- The value is looked at even where nothing is checked, or its domain would not be asked.
            EXECUTE format('SELECT coalesce(%s, true) AND %I IS NOT NULL FROM (SELECT (%s)::%s) AS v (%2$I)', coalesce(checks, 'true'), attribute.attname,
                           candidate, format_type(attribute.atttypid, attribute.atttypmod)) INTO fits;
            IF fits THEN
                RETURN candidate;
            END IF;
        EXCEPTION WHEN data_exception OR check_violation THEN
            NULL;
        END;
    END LOOP;
    RAISE EXCEPTION 'no value guessed for column % of %: add it to "given"', attribute.attname, target;
END;
$$;

CREATE FUNCTION pg_temp.foreign_key(target regclass, column_name text, OUT referred regclass, OUT key text) LANGUAGE sql AS $$
    SELECT c.confrelid::regclass, r.attname
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
      JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND c.conrelid = target AND a.attname = column_name
$$;

-- A row of that table with these values; what else it must have is guessed, and what it must refer to is made.
CREATE FUNCTION pg_temp.make_row(target regclass, fixed jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    attribute pg_attribute;
    named     text := (SELECT relname FROM pg_class WHERE oid = target);
    names     text[] := '{}';
    vals      text[] := '{}';
    value     text;
    key       record;
    made      jsonb;
BEGIN
    FOR attribute IN SELECT * FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped ORDER BY attnum LOOP
        value := (SELECT format(g.expression, nextval('pg_temp.numbers')) FROM given g WHERE g.table_name = named AND g.column_name = attribute.attname);
        SELECT * INTO key FROM pg_temp.foreign_key(target, attribute.attname);
        IF fixed ? attribute.attname THEN
            value := quote_nullable(fixed ->> attribute.attname);
        ELSIF value IS NOT NULL THEN
            NULL;
        ELSIF attribute.atthasdef OR attribute.attidentity <> '' OR attribute.attgenerated <> '' OR NOT attribute.attnotnull THEN
            CONTINUE;
        ELSIF key.referred IS NOT NULL THEN
            IF EXISTS (SELECT FROM mesteri.labels l WHERE l.relation = key.referred AND l.owner_path = 'public') THEN
                EXECUTE format('SELECT min(%I::text) FROM %s', key.key, key.referred) INTO value;
            END IF;
            value := quote_literal(coalesce(value, pg_temp.make_row(key.referred, '{}') ->> key.key));
        ELSE
            value := pg_temp.guess(target, attribute);
        END IF;
        names := names || quote_ident(attribute.attname);
        vals := vals || value;
    END LOOP;
    EXECUTE format('INSERT INTO %s AS made (%s) VALUES (%s) RETURNING to_jsonb(made) || jsonb_build_object(''ctid'', (tableoid, ctid)::text)',
                   target, array_to_string(names, ', '), array_to_string(vals, ', ')) INTO made;
    RETURN made;
END;
$$;

CREATE FUNCTION pg_temp.paths(target regclass) RETURNS TABLE (path text) LANGUAGE sql AS $$
    SELECT replace(p, ' ', '') FROM mesteri.labels l, regexp_split_to_table(substr(l.owner_path, 11), '\|') AS p
     WHERE l.column_name IS NULL AND l.owner_path LIKE 'users via %' AND l.relation = target
$$;

-- A row that belongs to somebody by one path; its other columns lead to third persons.  Reads the label by itself.
CREATE FUNCTION pg_temp.make_owned(target regclass, path text, owner uuid, fixed jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    step     text := split_part(path, '.', 1);
    rest     text := substr(path, length(split_part(path, '.', 1)) + 2);
    part     text[] := regexp_match(step, '^(\w+)([:(]?)(\w*)');
    key      record;
    referred regclass;
    key_name text;
    made     jsonb;
BEGIN
    IF part[2] = '(' THEN
        SELECT * INTO key FROM pg_temp.foreign_key(('mesteri.' || part[1])::regclass, part[3]);
        made := pg_temp.make_row(target, fixed);
        PERFORM pg_temp.make_owned(('mesteri.' || part[1])::regclass, coalesce(nullif(rest, ''), (SELECT p FROM pg_temp.paths(('mesteri.' || part[1])::regclass) p LIMIT 1)),
                                   owner, jsonb_build_object(part[3], made ->> key.key));
        RETURN made;
    END IF;

    IF target = 'mesteri.users'::regclass THEN
        RETURN (SELECT to_jsonb(u) || jsonb_build_object('ctid', (u.tableoid, u.ctid)::text) FROM mesteri.users u WHERE id = owner);
    END IF;
    SELECT * INTO key FROM pg_temp.foreign_key(target, part[1]);
    referred := CASE part[2] WHEN ':' THEN ('mesteri.' || part[3])::regclass ELSE key.referred END;
    key_name := CASE part[2] WHEN ':' THEN 'id' ELSE key.key END;
    IF referred = 'mesteri.users'::regclass THEN
        RETURN pg_temp.make_row(target, fixed || jsonb_build_object(part[1], owner));
    END IF;
    made := pg_temp.make_owned(referred, coalesce(nullif(rest, ''), (SELECT p FROM pg_temp.paths(referred) p LIMIT 1)), owner);
    RETURN pg_temp.make_row(target, fixed || jsonb_build_object(part[1], made ->> key_name));
END;
$$;

-- Everything that can be parallel is, and the leader leaves the rows to the workers; or nothing is.
CREATE FUNCTION api.test_parallel(forced boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(name, CASE WHEN forced THEN value ELSE usual END, true)
       FROM (VALUES ('force_parallel_mode', 'on', 'off'), ('max_parallel_workers_per_gather', '2', '0'), ('parallel_leader_participation', 'off', 'on'),
                    ('parallel_setup_cost', '0', '1000'), ('parallel_tuple_cost', '0', '0.1'), ('min_parallel_table_scan_size', '0', '8MB'),
                    ('min_parallel_index_scan_size', '0', '512kB')) AS settings (name, value, usual);
END;
$$;

-- The endpoint that looks: as the caller of a request sees the table.
CREATE FUNCTION api.test_rows(relation text, parallel boolean) RETURNS mesteri.answer LANGUAGE plpgsql STABLE AS $$
DECLARE
    seen json;
BEGIN
    PERFORM api.test_parallel(parallel);
    EXECUTE format('SELECT coalesce(json_agg((tableoid, ctid)::text), ''[]'') FROM %s', relation) INTO seen;
    RETURN ROW (200, seen, NULL, NULL, NULL, NULL, NULL)::mesteri.answer;
END;
$$;
INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source)
VALUES (mesteri.route_id('GET', '/v1/test/rows'), 'GET', '/v1/test/rows', 'test_rows', '{anonymous}', 'api', 'test', 'no', true, 'read', 60000, 0, 'test');
GRANT EXECUTE ON FUNCTION api.test_rows(text, boolean), api.test_parallel(boolean) TO mesteri_user;
SELECT set_eq($$ SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace = 'mesteri'::regnamespace AND relkind IN ('r', 'p', 'v') AND has_any_column_privilege('mesteri_user', c.oid, 'SELECT') $$,
              ARRAY[]::text[], 'mesteri_user has no table of its own');
DO $$
DECLARE
    target text;
BEGIN
    FOR target IN SELECT table_name FROM mesteri.labels WHERE column_name IS NULL AND owner_path LIKE 'users via %' LOOP
        EXECUTE format('GRANT SELECT ON mesteri.%I TO mesteri_user', target);
    END LOOP;
END;
$$;

SET LOCAL strangers.parallel = off;
-- Rules of states and balances are tested elsewhere: rows are made without triggers.
SET LOCAL session_replication_role = replica;

CREATE TEMP TABLE viewers (name text, id uuid, token text);
INSERT INTO viewers
SELECT name, u.id, mesteri.open_session(u, NULL, NULL, NULL) ->> 'access_token'
  FROM (VALUES ('ana', 'client'), ('bogdan', 'craftsman'), ('staff', 'staff')) AS v (name, kind),
       LATERAL pg_temp.make_row('mesteri.users', jsonb_build_object('user_type', kind)) AS made,
       LATERAL jsonb_populate_record(NULL::mesteri.users, made - 'ctid') AS u;
INSERT INTO viewers VALUES ('anonymous', NULL, NULL), ('mesteri_user', NULL, NULL);

CREATE FUNCTION pg_temp.seen(target regclass, viewer viewers) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    forced boolean := current_setting('strangers.parallel') = 'on';
    answer record;
    rows   text[];
BEGIN
    IF viewer.name = 'mesteri_user' THEN
        PERFORM api.test_parallel(forced);
        SET LOCAL ROLE mesteri_user;
        EXECUTE format('SELECT array_agg((tableoid, ctid)::text) FROM %s', target) INTO rows;
        RESET ROLE;
    ELSE
        SELECT * INTO answer FROM mesteri.request('GET', format('/v1/test/rows?relation=%s&parallel=%s', target, forced::text), viewer.token);
        IF answer.status <> 200 THEN
            RAISE EXCEPTION 'answered % %', answer.status, answer.body;
        END IF;
        rows := ARRAY(SELECT json_array_elements_text(answer.body));
    END IF;
    PERFORM api.test_parallel(false);
    RETURN coalesce(rows, '{}');
END;
$$;

-- What everybody sees of one row of Ana's and one of Bogdan's; 'ok', or what is wrong.
CREATE FUNCTION pg_temp.cells(target regclass, path text) RETURNS TABLE (viewer text, outcome text) LANGUAGE plpgsql AS $$
DECLARE
    ana     viewers := (SELECT v FROM viewers v WHERE name = 'ana');
    bogdan  viewers := (SELECT v FROM viewers v WHERE name = 'bogdan');
    looking viewers;
    rows    text[];
    wanted  text[];
    result  jsonb := '{}';
BEGIN
    BEGIN
        rows := ARRAY[pg_temp.make_owned(target, path, ana.id) ->> 'ctid', pg_temp.make_owned(target, path, bogdan.id) ->> 'ctid'];
        EXECUTE format('SELECT array_agg((tableoid, ctid)::text) FROM %s', target) INTO wanted;
        IF rows[1] IS NULL OR rows[2] IS NULL OR rows[1] = rows[2] OR NOT wanted @> rows THEN
            RAISE EXCEPTION 'there is no stranger''s row';
        END IF;

        FOR looking IN SELECT * FROM viewers LOOP
            -- By the label's condition as plain SQL.  The rows made are checked one by one below.
            EXECUTE format('SELECT coalesce(array_agg((tableoid, ctid)::text), ''{}'') FROM %s WHERE %s', target,
                           mesteri.owner_condition(target, quote_nullable(looking.id) || '::uuid')) INTO wanted;
            result := result || jsonb_build_object(looking.name, (
                SELECT concat_ws(', ', CASE WHEN (rows[1] = ANY (s)) <> (looking.name = 'ana') THEN 'Ana''s row' END,
                                       CASE WHEN (rows[2] = ANY (s)) <> (looking.name = 'bogdan') THEN 'Bogdan''s row' END,
                                       CASE WHEN NOT (s @> wanted AND s <@ wanted) THEN 'not what the condition says' END,
                                       CASE WHEN looking.id IS NULL AND s <> '{}' THEN 'something at all' END)
                  FROM pg_temp.seen(target, looking) AS s));
        END LOOP;
        RAISE EXCEPTION SQLSTATE 'ZZ000';    -- takes the rows back
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    WHEN OTHERS THEN
        RETURN QUERY SELECT v.name, SQLERRM FROM viewers v;
        RETURN;
    END;
    RETURN QUERY SELECT r.key, coalesce(nullif(r.value, ''), 'ok') FROM jsonb_each_text(result) AS r;
END;
$$;

CREATE TEMP TABLE matrix AS
SELECT l.table_name, p.path, c.viewer, c.outcome
  FROM mesteri.labels l, pg_temp.paths(l.relation) AS p,
       pg_temp.cells(l.relation, p.path) AS c
 WHERE l.column_name IS NULL AND l.owner_path LIKE 'users via %';
SELECT is(outcome, 'ok', format('%s via %s: %s', table_name, path, viewer)) FROM matrix ORDER BY table_name, path, viewer;
SELECT diag(format('%s cells: %s tables, %s paths, %s viewers', count(*), count(DISTINCT table_name), count(DISTINCT (table_name, path)), count(DISTINCT viewer))) FROM matrix;
SELECT set_eq($$ SELECT DISTINCT table_name::text FROM matrix $$, $$ SELECT table_name::text FROM mesteri.labels WHERE owner_path LIKE 'users via %' $$, 'no table is left out');

-- The same by parallel workers, who do not know the caller.
SET LOCAL strangers.parallel = on;
SELECT is_empty($$
    SELECT l.table_name, p.path, c.viewer, c.outcome
      FROM mesteri.labels l, pg_temp.paths(l.relation) AS p, pg_temp.cells(l.relation, p.path) AS c
     WHERE l.column_name IS NULL AND l.owner_path LIKE 'users via %' AND c.outcome <> 'ok' $$, 'the same by parallel workers');
CREATE FUNCTION pg_temp.plan(target regclass) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE mesteri_user;
    RETURN QUERY EXECUTE format('EXPLAIN (COSTS OFF) SELECT array_agg((tableoid, ctid)::text) FROM %s', target);
    RESET ROLE;
END;
$$;
SELECT api.test_parallel(true);
SELECT set_has($$ SELECT line FROM pg_temp.plan('mesteri.t_signals') AS line $$, $$ VALUES ('  ->  Gather') $$, 'their plans are parallel');
SELECT api.test_parallel(false);

-- A partition made at run time is shown through its parent alone.
SET LOCAL session_replication_role = origin;
SELECT is(mesteri.create_partitions('mesteri.events', '2026-11-20', '2026-11-20')
          + mesteri.create_partitions('mesteri.analytics_events', '2026-11-20', '2026-11-20'), 2, 'a day''s and a month''s partition');
INSERT INTO mesteri.events SELECT id, 1, 'message:new', '{}', '2026-11-20 12:00Z' FROM viewers WHERE name IN ('ana', 'bogdan');
INSERT INTO mesteri.analytics_events (user_id, event_type, occurred_at, created_at) SELECT id, 'app_open', now(), '2026-11-20 12:00Z' FROM viewers WHERE name IN ('ana', 'bogdan');
CREATE TEMP TABLE partitions AS
SELECT parent, format('mesteri.%s_%s', parent, suffix)::regclass AS made FROM (VALUES ('events', '20261120'), ('analytics_events', '202611')) AS p (parent, suffix);
SELECT is_empty($$ SELECT made FROM partitions JOIN pg_class c ON c.oid = made
                    WHERE has_any_column_privilege('mesteri_user', made, 'SELECT') OR NOT (relrowsecurity AND relforcerowsecurity) OR relowner <> 'mesteri_owner'::regrole $$,
                'has row security and no reader of its own');
SELECT set_eq($$ SELECT p.parent, v.name, cardinality(pg_temp.seen(('mesteri.' || parent)::regclass, v)) FROM partitions p, viewers v $$,
              $$ SELECT parent, name, (name IN ('ana', 'bogdan'))::integer FROM partitions, viewers $$, 'who looks at the parent, sees the own row');
SELECT throws_ok(format($$ SELECT pg_temp.seen(%L, v) FROM viewers v WHERE name = 'mesteri_user' $$, made), '42501', NULL, made || ' itself: refused') FROM partitions ORDER BY made::text;
GRANT SELECT ON mesteri.events_20261120, mesteri.analytics_events_202611 TO mesteri_user;
SELECT is_empty($$ SELECT p.made, v.name FROM partitions p, viewers v WHERE pg_temp.seen(p.made, v) <> '{}' $$, 'even granted by mistake, it shows nothing');

-- The caller is looked up once a statement, and no other table for each row; own_rows.sql says how often is_own() does.
SELECT is_empty($$ SELECT table_name, line FROM mesteri.labels, pg_temp.plan(relation) AS line
                    WHERE owner_path LIKE 'users via %' AND line ~ '(Filter|Cond):.*current_user_id|Filter:.*own_ids|SubPlan' $$, 'no policy calls a function for each row');

-- A policy that lets everybody in is seen to do so.
CREATE POLICY open ON mesteri.token_families FOR SELECT TO mesteri_user USING (true);
SELECT set_has($$ SELECT c.viewer FROM pg_temp.cells('mesteri.token_families', 'user_id') AS c WHERE outcome ~ 'row' $$,
               $$ VALUES ('ana'), ('bogdan'), ('staff'), ('anonymous'), ('mesteri_user') $$, 'an open table fails the matrix');

SELECT * FROM finish();
ROLLBACK;
