/*
 * markers.sql
 *		After rows.sql: a word of its own in every text, JSON and byte column that takes one, in every row.
 *
 * The word says whose the value is: the client's where the labels and rules say so, else the craftsman's, else another's.
 */
CREATE TABLE public.marked (word text PRIMARY KEY, table_name text, column_name text, class text, whose text);

-- Closed business: nothing is held, owed or disputed.
UPDATE mesteri.transactions
   SET escrow_state = 'released', released_amount = captured_amount, status = 'completed', completed_at = now(), escrow_released_at = now()
 WHERE escrow_state = 'held';
UPDATE mesteri.refunds SET status = 'completed', completed_at = now() WHERE status = 'pending';
UPDATE mesteri.disputes SET status = 'resolved', decision = 'resume', decision_reason = 'Gata', resolved_at = now() WHERE status = 'open';
UPDATE mesteri.payouts SET status = 'paid', paid_at = now() WHERE status = 'pending';
-- What belongs to a state is there to be marked too.
UPDATE mesteri.projects SET status = 'in_progress', cancel_requested_by = 'client', cancel_requested_at = now(), cancel_reason = 'Gata';
UPDATE mesteri.contracts SET status = 'withdrawn', withdrawn_at = withdrawal_deadline, pdf_sha256 = sha256('pdf'), pdf_url = '/v1/media/pdf';
UPDATE mesteri.reviews SET is_visible = true, visible_at = now(), response_text = 'Mulțumesc', response_at = now();
INSERT INTO mesteri.post_comments (post_id, user_id, text) VALUES (pg_temp.id('post'), pg_temp.id('staff'), 'Și mie');
INSERT INTO mesteri.content_interactions VALUES (pg_temp.id('staff'), pg_temp.id('post'), 'like');
INSERT INTO mesteri.search_history (user_id, query) SELECT pg_temp.id(who), 'x' FROM unnest('{craftsman,staff}'::text[]) AS who;
INSERT INTO mesteri.support_tickets (user_id, category, subject, description) VALUES (pg_temp.id('craftsman'), 'other', 'x', 'x');
INSERT INTO mesteri.token_families (user_id, expires_at) VALUES (pg_temp.id('craftsman'), now() + interval '30 days');
UPDATE mesteri.content_posts SET likes_count = 2, comments_count = 2, media_type = 'before_after';
UPDATE mesteri.project_milestones SET status = 'rejected', rejected_at = now(), rejection_reason = 'Strâmb' WHERE title = 'Gresie';
UPDATE mesteri.user_profiles SET county = 'CJ', postal_code = '400001', date_of_birth = '1980-01-01', location = mesteri.point(46.77, 23.59);
UPDATE mesteri.users SET pending_phone_number = '+40712000000';
UPDATE mesteri.craftsman_profiles SET cui = '19', hourly_rate_min = 50;
UPDATE mesteri.craftsman_profiles SET followers_count = 1;
DELETE FROM mesteri.erasure_rules WHERE NOT seeded;
DELETE FROM mesteri.erasure_counters WHERE NOT seeded;
DELETE FROM mesteri.export_tables WHERE NOT seeded;
DELETE FROM mesteri.unexported_columns WHERE NOT seeded;

CREATE FUNCTION pg_temp.mark(target regclass, name text, class text, type text, whose text, condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place     record;
    word      text;
    candidate text;
BEGIN
    FOR place IN EXECUTE format('SELECT tableoid::regclass AS part, ctid FROM %s WHERE %s', target, condition) LOOP
        word := format('zq%s.%s.%s.%s', whose, target, name, nextval('pg_temp.words'));
        FOREACH candidate IN ARRAY CASE type WHEN 'jsonb' THEN ARRAY[json_build_object('m', word)::text, json_build_array(word)::text]
                                             WHEN 'text[]' THEN ARRAY[format('{%s}', word)]
                                             WHEN 'bytea' THEN ARRAY[word]
                                             ELSE ARRAY[word, left(word, 200) || '@example.ro'] END
        LOOP
            BEGIN
                EXECUTE format('UPDATE %s SET %I = $1::%s WHERE ctid = $2', place.part, name, type) USING candidate, place.ctid;
                INSERT INTO public.marked VALUES (word, (SELECT relname FROM pg_class WHERE oid = target), name, class, whose) ON CONFLICT DO NOTHING;
                EXIT;
            EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
END;
$$;
CREATE SEQUENCE pg_temp.words;

SET session_replication_role = replica;
SET search_path = mesteri, public;
SELECT pg_temp.mark(p.relation, p.column_name, p.class, b.type, w.whose, concat_ws(' AND ', w.condition, w.other)) AS markers_made
  FROM mesteri.erasure_plan p
  JOIN pg_attribute a ON a.attrelid = p.relation AND a.attname = p.column_name AND a.attgenerated = ''
  JOIN pg_type t ON t.oid = a.atttypid
 CROSS JOIN LATERAL (SELECT format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL)) AS b (type)
 CROSS JOIN LATERAL (
    SELECT concat_ws(' AND ', mesteri.owner_condition(p.relation, format('%L', pg_temp.id('client'))),
                     mesteri.owner_condition(p.relation, format('%L', pg_temp.id('client')), p.path)) AS of_client,
           concat_ws(' AND ', mesteri.owner_condition(p.relation, format('%L', pg_temp.id('craftsman'))),
                     mesteri.owner_condition(p.relation, format('%L', pg_temp.id('craftsman')), p.path)) AS of_craftsman) AS o
 CROSS JOIN LATERAL (VALUES ('client', of_client, NULL), ('craftsman', of_craftsman, format('NOT coalesce((%s), false)', of_client)),
                            ('other', format('NOT coalesce((%s), false)', of_client), format('NOT coalesce((%s), false)', of_craftsman)))
                    AS w (whose, condition, other)
 WHERE p.found_by IS NULL AND p.owner_path LIKE 'users via %' AND b.type IN ('text', 'jsonb', 'bytea', 'text[]', 'character varying')
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = p.relation AND k.contype = 'f' AND a.attnum = ANY (k.conkey)) \g /dev/null
RESET search_path;
RESET session_replication_role;

-- Copies in rows of others and of nobody; each word is one of the client's message.
INSERT INTO public.marked VALUES ('zqcopy.event', 'events', 'payload', 'message', 'client'), ('zqcopy.notification', 'notifications', 'body', 'message', 'client'),
    ('zqcopy.answer', 'idempotency_keys', 'body', 'message', 'client'), ('zqcopy.mail', 'outbox', 'payload', 'contact', 'client'),
    ('zqcopy.call', 'outbox', 'payload', 'contact', 'client'), ('zqcopy.snapshot', 'reports', 'snapshot', 'message', 'retained'),
    ('zqcopy.webhook', 'provider_events', 'body', 'money', 'retained'), ('zqother.mail', 'outbox', 'payload', 'contact', 'other'),
    ('zqother.event', 'events', 'payload', 'message', 'other');
INSERT INTO mesteri.event_streams (user_id, last_seq) VALUES (pg_temp.id('craftsman'), 1), (pg_temp.id('staff'), 1);
INSERT INTO mesteri.events (user_id, seq, type, payload) VALUES
    (pg_temp.id('craftsman'), 1, 'message:new', json_build_object('message', json_build_object('senderId', pg_temp.id('client'), 'content', 'zqcopy.event'))::jsonb),
    (pg_temp.id('staff'), 1, 'message:new', '{"content": "zqother.event"}');
INSERT INTO mesteri.notifications (user_id, type, title, body, related_id, related_type)
    VALUES (pg_temp.id('craftsman'), 'new_message', 'Mesaj', 'zqcopy.notification', pg_temp.id('talk'), 'conversation');
INSERT INTO mesteri.idempotency_keys (user_id, route_id, key, fingerprint, status, body)
    VALUES (pg_temp.id('staff'), 1, 'k2', sha256('x'), 201, convert_to(format('{"counterpart": {"user_id": "%s", "display_name": "zqcopy.answer"}}', pg_temp.id('client')), 'UTF8'));
INSERT INTO mesteri.outbox (kind, payload, idempotency_key)
    SELECT 'mail.send', json_build_object('to', email, 'text', 'zqcopy.mail')::jsonb, 'copy 1' FROM mesteri.users WHERE id = pg_temp.id('client')
     UNION ALL
    SELECT 'klarna.session', json_build_object('customer', json_build_object('id', u.id, 'name', p.first_name || ' ' || p.last_name || ' zqcopy.call'))::jsonb, 'copy 2'
      FROM mesteri.users u JOIN mesteri.user_profiles p ON p.user_id = u.id WHERE u.id = pg_temp.id('client')
     UNION ALL
    SELECT 'mail.send', '{"to": "xclient@rows.test", "text": "zqother.mail"}', 'copy 3';
INSERT INTO mesteri.reports (reporter_id, target_type, target_id, target_user_id, reason, snapshot)
    VALUES (pg_temp.id('craftsman'), 'user', pg_temp.id('client'), pg_temp.id('client'), 'Spam', '{"text": "zqcopy.snapshot"}');
DELETE FROM public.marked WHERE column_name = 'provider_transaction_id' AND whose = 'client';
UPDATE mesteri.provider_events SET object_id = 'pi_1', body = convert_to('{"name": "zqcopy.webhook"}', 'UTF8');
UPDATE mesteri.transactions SET provider_transaction_id = 'pi_1' WHERE id = pg_temp.id('payment');
