/*
 * row_security.sql
 *		What measure_row_security() reads, and how: rows of a thousand readers, and each statement as two endpoints.
 *
 * NAME_under is what a caller's own read is: SECURITY INVOKER, so it runs as
 * mesteri_user under the policies.  NAME_past is the same as SECURITY DEFINER
 * of a superuser: everything that handle() does, and no row security.
 */
\set ON_ERROR_STOP on
SET synchronous_commit = off;

INSERT INTO mesteri.notifications (user_id, type, title, body)
SELECT id, 'new_message', 'Mesaj nou', 'Bună ziua, putem vorbi despre baie săptămâna viitoare?'
  FROM (SELECT id FROM mesteri.users WHERE user_type = 'client' ORDER BY id <> :'reader', id LIMIT 1000) u, generate_series(1, 100);

-- The reader has fifty conversations, the others one each.
INSERT INTO mesteri.conversations (id, client_id, craftsman_id)
SELECT CASE row_number() OVER (ORDER BY id) WHEN 25 THEN :'conversation' ELSE mesteri.uuid7() END, :'reader', id
  FROM (SELECT id FROM mesteri.users WHERE user_type = 'craftsman' ORDER BY id LIMIT 50) craftsman
 UNION ALL
SELECT mesteri.uuid7(), u.id, '019a0000-0000-7000-8000-000000000021'
  FROM (SELECT id FROM mesteri.users WHERE user_type = 'client' AND id <> :'reader' ORDER BY id LIMIT 1000) u;
INSERT INTO mesteri.messages (conversation_id, sender_id, content)
SELECT id, client_id, 'Bună ziua, putem vorbi despre baie săptămâna viitoare?' FROM mesteri.conversations, generate_series(1, 100);
VACUUM ANALYZE mesteri.notifications, mesteri.conversations, mesteri.messages;

GRANT SELECT ON mesteri.notifications, mesteri.messages TO mesteri_user;

-- psql puts no variables into the body of a DO.
SET bench.notifications = :'notifications';
SET bench.messages = :'messages';
DO $endpoints$
DECLARE
    asked record;
BEGIN
    FOR asked IN
        SELECT name || suffix AS function, security, body
          FROM (VALUES ('bench_notifications', current_setting('bench.notifications')),
                       ('bench_messages', current_setting('bench.messages'))) AS s (name, body),
               (VALUES ('_under', 'INVOKER'), ('_past', 'DEFINER')) AS f (suffix, security)
    LOOP
        EXECUTE format('CREATE FUNCTION api.%I() RETURNS mesteri.answer LANGUAGE plpgsql STABLE SECURITY %s AS %L',
                       asked.function, asked.security,
                       format('BEGIN RETURN ROW (200, (%s), NULL, NULL, NULL, NULL, NULL)::mesteri.answer; END', asked.body));
        EXECUTE format('GRANT EXECUTE ON FUNCTION api.%I() TO mesteri_user', asked.function);
        INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms,
                                    body_limit, source)
        VALUES (mesteri.route_id('GET', '/' || asked.function), 'GET', '/' || asked.function, asked.function, '{user}', 'api', 'bench',
                'no', true, 'read', 1000, 0, 'bench');
    END LOOP;
END;
$endpoints$;
