-- What the labels mean: of one project from the first word to the invoice, whose is each row?
-- strangers.sql tells that policies do what labels say; this, that labels say what is meant.
SET client_min_messages = warning;
-- The label provider is there once the library is.
LOAD 'mesteri';
BEGIN;
SELECT no_plan();
\ir ../lib/rows.sql

-- How many rows of each table are somebody's, by its label.
CREATE FUNCTION pg_temp.owned(who text) RETURNS TABLE (number bigint, table_name text) LANGUAGE plpgsql AS $$
DECLARE
    target regclass;
BEGIN
    FOR target, table_name IN SELECT l.relation, l.table_name FROM mesteri.labels l WHERE l.owner_path LIKE 'users via %' LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE %s', target, mesteri.owner_condition(target, quote_literal(pg_temp.id(who)) || '::uuid')) INTO number;
        IF number > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$$;
CREATE TEMP TABLE owned AS SELECT who, o.* FROM unnest('{client,craftsman,staff}'::text[]) AS w (who), pg_temp.owned(who) AS o;

CREATE TEMP TABLE meant (who text, number bigint, tables text);
INSERT INTO meant VALUES
    -- Both parties'.
    ('both', 1, 'projects project_status_changes milestone_status_changes disputes dispute_payments contracts contract_signatures refunds conversations reviews'),
    ('both', 2, 'project_milestones messages'),
    -- Each one's own.
    ('everybody', 1, 'users user_profiles'),
    ('client', 1, 'token_families refresh_tokens verification_codes password_resets devices saved_craftsmen search_history idempotency_keys analytics_events'),
    ('client', 1, 'notifications event_streams outbox outbox_attempts content_interactions impressions post_comments media verifications verification_documents support_tickets ticket_replies'),
    ('client', 1, 'exports'),
    ('client', 2, 'events'),
    ('craftsman', 1, 'craftsman_profiles craftsman_certifications craftsman_crafts craftsman_vat_periods content_posts subscriptions'),
    -- Who is paid sees where the money went and what we took of it; who pays doesn't.
    ('client', 1, 'transactions payment_sessions'),
    ('craftsman', 2, 'transactions'),
    ('craftsman', 1, 'payout_accounts payouts payout_payments invoices'),
    -- What a message said at first is its sender's, a report the reporter's and not the reported's, its consequence the latter's.
    ('client', 1, 'message_edits reports'),
    ('craftsman', 1, 'moderation_statements'),
    -- Staff are people too, and as such see no more; nor does the client see who blocks him.
    ('staff', 1, 'blocks review_helpful_votes');
SELECT set_eq('SELECT who, number, table_name FROM owned',
              $$ SELECT w.who, m.number, t.table_name FROM meant m, unnest('{client,craftsman,staff}'::text[]) AS w (who), regexp_split_to_table(m.tables, ' ') AS t (table_name)
                  WHERE m.who IN (w.who, 'everybody') OR m.who = 'both' AND w.who <> 'staff' $$, 'rows are whose they are meant to be');
SELECT is_empty($$ SELECT table_name::text FROM mesteri.labels WHERE owner_path LIKE 'users via %' EXCEPT SELECT table_name FROM owned
                   EXCEPT SELECT table_name FROM pg_temp.owned('erased') $$, 'no table is left out');

-- We invoice a craftsman for a subscription, which he pays for himself.
INSERT INTO mesteri.invoices (payment_id, issuer, series, year, number, issued_on, supplied_on, supplier, customer, net, vat_amount, gross, vat_rate, efactura_due_on)
    VALUES (pg_temp.id('subscription payment'), 'RO19', 'MST', 2026, 2, '2026-11-20', '2026-11-20', '{}', '{}', 40.50, 8.50, 49, 21, '2026-11-27');
SELECT set_eq($$ SELECT who, number FROM unnest('{client,craftsman,staff}'::text[]) AS w (who), pg_temp.owned(who) WHERE table_name = 'invoices' $$,
              $$ VALUES ('craftsman', 2::bigint) $$, 'the invoice for a subscription is the subscriber''s');

SELECT * FROM finish();
ROLLBACK;
