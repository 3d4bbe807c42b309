-- What the tests of sql/ share: included at the top of each, silently.  Everything is made in pg_temp.
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS mesteri CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'iso, mdy';
\pset format unaligned
\pset footer off
\pset null '(null)'

-- One request with the body's bytes as given: the answer's body, or "SQLSTATE slug details".
CREATE FUNCTION pg_temp.ask(method text, target text, body text DEFAULT NULL, token text DEFAULT NULL, headers text[] DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_temp.ask_bytes(method, target, convert_to(body, 'UTF8'), token, headers);
END;
$$;

CREATE FUNCTION pg_temp.ask_bytes(method text, target text, body bytea, token text DEFAULT NULL, headers text[] DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    matched record;
    answer  record;
    detail  text;
    state   text;
BEGIN
    SELECT * INTO matched FROM mesteri.find_route(method, split_part(target, '?', 1));
    SELECT * INTO answer
      FROM mesteri.handle(matched.id, token, matched.segments, substr(target, strpos(target || '?', '?') + 1), headers, body,
                          matched.deadline_ms, NULL, NULL, 'test', 'ro');
    IF answer.error IS NOT NULL THEN
        RETURN concat_ws(' ', 'committed', answer.error, convert_from(answer.body, 'UTF8'));
    END IF;
    RETURN concat_ws(' ', nullif(answer.status, 200), convert_from(answer.body, 'UTF8'));
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
    RETURN concat_ws(' ', state, coalesce((SELECT slug FROM mesteri.error_codes WHERE sqlstates[1] = state), SQLERRM),
                     nullif(detail, ''));
END;
$$;

-- What went wrong with one field, as short as can be: "field rule", or ok.
CREATE FUNCTION pg_temp.outcome(answer text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN answer ~ '^([0-9]{3} )?{' THEN 'ok'
                WHEN answer !~ '\[' THEN split_part(answer, ' ', 2)
                ELSE concat_ws(' ', nullif(split_part(answer, ' ', 2), 'invalid_field'),
                               substr(answer, strpos(answer, '['))::json -> 0 ->> 'field',
                               substr(answer, strpos(answer, '['))::json -> 0 ->> 'rule') END;
$$;

-- An account made without detours, and a session of it; its access token is returned.
CREATE FUNCTION pg_temp.account(name text, kind mesteri.user_type DEFAULT 'client', user_id uuid DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    account mesteri.users;
BEGIN
    INSERT INTO mesteri.users (id, email, phone_number, password_hash, user_type)
    VALUES (coalesce(user_id, mesteri.uuid7()), name || '@example.ro',
            '+407' || lpad((SELECT count(*) + 1 FROM mesteri.users)::text, 8, '0'),
            mesteri.password_hash('correct horse ' || name), kind)
    RETURNING * INTO account;
    INSERT INTO mesteri.user_profiles (user_id, first_name, last_name) VALUES (account.id, initcap(name), 'Test');
    IF kind = 'craftsman' THEN
        INSERT INTO mesteri.craftsman_profiles (user_id) VALUES (account.id);
    END IF;
    RETURN mesteri.open_session(account, NULL, NULL, NULL) ->> 'access_token';
END;
$$;
