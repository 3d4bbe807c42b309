/*
 * rows.sql
 *		A row or more in every table: one client, one craftsman, one project from the first word to the invoice.
 */
CREATE FUNCTION pg_temp.id(name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT mesteri.seeded_id('test', name) $$;
CREATE FUNCTION pg_temp.hash(name text) RETURNS mesteri.sha256
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT sha256(name::bytea) $$;

INSERT INTO mesteri.encryption_keys (id, purpose, algorithm, fingerprint) VALUES
    ('f1', 'field', 'aes-256-gcm', pg_temp.hash('f1')), ('m1', 'media', 'aes-256-gcm', pg_temp.hash('m1')),
    ('s1', 'signature', 'hmac-sha256', pg_temp.hash('s1')), ('c1', 'contract_number', 'hmac-sha256', pg_temp.hash('c1'));

INSERT INTO mesteri.users (id, email, phone_number, password_hash, user_type) VALUES
    (pg_temp.id('client'), 'client@rows.test', '+40700000901', '!', 'client'),
    (pg_temp.id('craftsman'), 'craftsman@rows.test', '+40700000902', '!', 'craftsman'),
    (pg_temp.id('staff'), 'staff@rows.test', '+40700000903', '!', 'staff');
INSERT INTO mesteri.user_profiles (user_id, first_name, last_name)
    SELECT id, 'Ion', 'Popa' FROM mesteri.users WHERE email LIKE '%@rows.test';
INSERT INTO mesteri.craftsman_profiles (id, user_id) VALUES (pg_temp.id('profile'), pg_temp.id('craftsman'));
INSERT INTO mesteri.craftsman_certifications (id, craftsman_id, name) VALUES (pg_temp.id('paper'), pg_temp.id('profile'), 'ANRE');
INSERT INTO mesteri.craftsman_crafts (craftsman_id, category_id) VALUES (pg_temp.id('profile'), mesteri.category_id('zidar'));
INSERT INTO mesteri.craftsman_vat_periods (craftsman_id, vat_number, valid_from) VALUES (pg_temp.id('profile'), 'RO19', '2024-01-01');
INSERT INTO mesteri.token_families (id, user_id, expires_at) VALUES (pg_temp.id('family'), pg_temp.id('client'), now() + interval '30 days');
INSERT INTO mesteri.refresh_tokens (token_hash, family_id) VALUES (pg_temp.hash('refresh'), pg_temp.id('family'));
INSERT INTO mesteri.login_failures VALUES (pg_temp.hash('failure'));
INSERT INTO mesteri.verification_codes (user_id, channel, recipient, code_hash, expires_at)
    VALUES (pg_temp.id('client'), 'email', 'client@rows.test', pg_temp.hash('code'), now() + interval '10 minutes');
INSERT INTO mesteri.password_resets (token_hash, user_id, expires_at)
    VALUES (pg_temp.hash('reset'), pg_temp.id('client'), now() + interval '1 hour');
INSERT INTO mesteri.saved_craftsmen (user_id, craftsman_id) VALUES (pg_temp.id('client'), pg_temp.id('profile'));
INSERT INTO mesteri.blocks (user_id, blocked_user_id) VALUES (pg_temp.id('staff'), pg_temp.id('client'));
INSERT INTO mesteri.devices (user_id, token, token_hash, platform) VALUES (pg_temp.id('client'), 'apns', pg_temp.hash('apns'), 'ios');

INSERT INTO mesteri.projects (id, client_id, craftsman_id, craftsman_user_id, title, status) VALUES
    (pg_temp.id('project'), pg_temp.id('client'), pg_temp.id('profile'), pg_temp.id('craftsman'), 'Baie nouă', 'in_progress');
INSERT INTO mesteri.project_status_changes (project_id, to_status, actor_id, actor_kind)
    VALUES (pg_temp.id('project'), 'inquiry', pg_temp.id('client'), 'client');
INSERT INTO mesteri.project_milestones (id, project_id, title, payment_amount) VALUES
    (pg_temp.id('milestone'), pg_temp.id('project'), 'Faianță', 1000), (pg_temp.id('milestone 2'), pg_temp.id('project'), 'Gresie', 100.01);
INSERT INTO mesteri.milestone_status_changes (milestone_id, to_status, actor_id, actor_kind)
    VALUES (pg_temp.id('milestone'), 'open', pg_temp.id('craftsman'), 'craftsman');
INSERT INTO mesteri.disputes (id, project_id, opened_by, opened_as, reason)
    VALUES (pg_temp.id('dispute'), pg_temp.id('project'), pg_temp.id('client'), 'client', 'Faianța cade.');

INSERT INTO mesteri.content_posts (id, craftsman_id, media_type, media_urls, project_id, published_at)
    VALUES (pg_temp.id('post'), pg_temp.id('profile'), 'image', '["/v1/media/x"]', pg_temp.id('project'), now());
INSERT INTO mesteri.impressions (viewer_id, post_ids) VALUES (pg_temp.id('client'), ARRAY[pg_temp.id('post')]);
INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type) VALUES (pg_temp.id('client'), pg_temp.id('post'), 'like');
INSERT INTO mesteri.post_comments (id, post_id, user_id, text)
    VALUES (pg_temp.id('comment'), pg_temp.id('post'), pg_temp.id('client'), 'Frumos!');

INSERT INTO mesteri.contract_number_keys (month, key_id) VALUES ('202611', 'c1');
INSERT INTO mesteri.contracts (id, project_id, contract_number, status, terms_json, terms_sha256, client_signed_at, craftsman_signed_at,
                               template_id, language, created_at, expires_at, withdrawal_deadline)
    VALUES (pg_temp.id('contract'), pg_temp.id('project'), 'CTR-202611-J01NUO', 'signed', '{}', pg_temp.hash('{}'),
            '2026-11-02 10:00Z', '2026-11-03 10:00Z', mesteri.seeded_id('contract template', 'general ro 1'), 'ro',
            '2026-11-01 10:00Z', '2026-11-08 10:00Z', '2026-11-17 22:00Z');
INSERT INTO mesteri.contract_signatures (contract_id, signer_id, role, signer_name, document_sha256, record_sha256, consent_text_id,
                                         method, signature_sha256, language, authentication_method, authenticated_at, mac, key_id)
    VALUES (pg_temp.id('contract'), pg_temp.id('client'), 'client', 'Ion Popa', pg_temp.hash('{}'), pg_temp.hash('record'),
            mesteri.seeded_id('consent text', 'sign_contract ro 1'), 'typed', pg_temp.hash('Ion Popa'), 'ro', 'password',
            now() - interval '1 hour', pg_temp.hash('mac'), 's1');

-- 1000.00 by card: 50.00 for us with 8.68 of VAT, 29.00 for the provider.
INSERT INTO mesteri.transactions (id, from_user_id, to_user_id, project_id, milestone_id, type, amount, status, payment_method,
                                  payment_provider, provider_transaction_id, escrow_state, authorised_amount, captured_amount,
                                  fee_schedule_id, platform_bps, provider_bps, vat_bps, platform_fee, payment_provider_fee, net_amount,
                                  vat_amount, command_id)
    VALUES (pg_temp.id('payment'), pg_temp.id('client'), pg_temp.id('craftsman'), pg_temp.id('project'), pg_temp.id('milestone'),
            'milestone_payment', 1000, 'processing', 'card', 'sandbox', 'pi_1', 'held', 1000, 1000,
            mesteri.seeded_id('fee schedule', 'card 1'), 500, 290, 2100, 50, 29, 921, 8.68, pg_temp.id('pay'));
INSERT INTO mesteri.transactions (id, from_user_id, plan_id, type, amount, status, payment_method, payment_provider, platform_bps,
                                  vat_bps, platform_fee, net_amount, vat_amount, command_id, completed_at)
    VALUES (pg_temp.id('subscription payment'), pg_temp.id('craftsman'), mesteri.seeded_id('plan', 'pro-monthly 1'), 'subscription', 49,
            'completed', 'card', 'sandbox', 10000, 2100, 49, 0, 8.50, pg_temp.id('subscribe'), now());
INSERT INTO mesteri.subscriptions (craftsman_id, plan_id, transaction_id, starts_at, ends_at)
    VALUES (pg_temp.id('profile'), mesteri.seeded_id('plan', 'pro-monthly 1'), pg_temp.id('subscription payment'), '2026-11-01', '2026-12-01');
INSERT INTO mesteri.dispute_payments (dispute_id, transaction_id) VALUES (pg_temp.id('dispute'), pg_temp.id('payment'));
INSERT INTO mesteri.refunds (payment_id, amount, reason, requested_by, requested_as, payment_provider, command_id)
    VALUES (pg_temp.id('payment'), 10, 'Rest', pg_temp.id('craftsman'), 'craftsman', 'sandbox', pg_temp.id('refund'));
INSERT INTO mesteri.payment_sessions (user_id, payment_provider, amount, callback_hash)
    VALUES (pg_temp.id('client'), 'klarna', 500, pg_temp.hash('callback'));
INSERT INTO mesteri.payout_accounts (craftsman_id, payment_provider, account_holder, iban_encrypted, iban_hash, iban_last4, key_id)
    VALUES (pg_temp.id('profile'), 'sandbox', 'Ion Popa', '\x00', pg_temp.hash('iban'), '0000', 'f1');
INSERT INTO mesteri.payouts (id, craftsman_id, amount, payment_provider, command_id)
    VALUES (pg_temp.id('payout'), pg_temp.id('profile'), 921, 'sandbox', pg_temp.id('pay out'));
INSERT INTO mesteri.payout_payments (payout_id, transaction_id, amount) VALUES (pg_temp.id('payout'), pg_temp.id('payment'), 921);
INSERT INTO mesteri.invoice_series (issuer, series, year, last_number) VALUES ('RO19', 'MST', 2026, 1);
INSERT INTO mesteri.invoices (id, payment_id, issuer, series, year, number, issued_on, supplied_on, supplier, customer, net, vat_amount,
                              gross, vat_rate, efactura_due_on)
    VALUES (pg_temp.id('invoice'), pg_temp.id('payment'), 'RO19', 'MST', 2026, 1, '2026-11-20', '2026-11-20', '{}', '{}', 41.32, 8.68, 50,
            21, '2026-11-27');
INSERT INTO mesteri.provider_events (id, payment_provider, event_id, event_type, body)
    VALUES (pg_temp.id('event'), 'sandbox', 'evt_1', 'payment_intent.succeeded', '{}');
INSERT INTO mesteri.provider_rejections VALUES ('stripe', '2026-11-20', 3);

INSERT INTO mesteri.provider_facts (payment_provider, object_id, fact, content_sha256, event, transaction_id, provider_event_id)
    VALUES ('sandbox', 'pi_1', 'succeeded', pg_temp.hash('1000.00'), 'captured', pg_temp.id('payment'), pg_temp.id('event'));
INSERT INTO mesteri.posted_commands (command_id, content_sha256, event, transaction_id, actor_kind)
    VALUES (pg_temp.id('release'), pg_temp.hash('release'), 'release', pg_temp.id('payment'), 'system');
INSERT INTO mesteri.journal_accounts (id, kind, payment_provider, transaction_id) VALUES
    (pg_temp.id('cash'), 'psp_cash', 'sandbox', NULL), (pg_temp.id('escrow'), 'escrow', NULL, pg_temp.id('payment'));
INSERT INTO mesteri.journal_entries (id, event, transaction_id, payment_provider, object_id, fact)
    VALUES (pg_temp.id('entry'), 'captured', pg_temp.id('payment'), 'sandbox', 'pi_1', 'succeeded');
INSERT INTO mesteri.journal_lines (entry_id, line, account_id, side, amount_bani) VALUES
    (pg_temp.id('entry'), 1, pg_temp.id('cash'), 'debit', 100000), (pg_temp.id('entry'), 2, pg_temp.id('escrow'), 'credit', 100000);
INSERT INTO mesteri.journal_digests (on_day, entries_count, debit_bani, digest) VALUES ('2026-11-20', 1, 100000, pg_temp.hash('day'));

INSERT INTO mesteri.conversations (id, project_id, client_id, craftsman_id)
    VALUES (pg_temp.id('talk'), pg_temp.id('project'), pg_temp.id('client'), pg_temp.id('craftsman'));
INSERT INTO mesteri.messages (id, conversation_id, sender_id, type, content, quote_amount) VALUES
    (pg_temp.id('message'), pg_temp.id('talk'), pg_temp.id('client'), 'text', 'Bună ziua', NULL),
    (pg_temp.id('quote'), pg_temp.id('talk'), pg_temp.id('craftsman'), 'quote', NULL, 1100.01);
INSERT INTO mesteri.message_edits (message_id, old_content) VALUES (pg_temp.id('message'), 'Buna ziua');
INSERT INTO mesteri.reviews (id, project_id, reviewer_id, reviewed_user_id, overall_rating)
    VALUES (pg_temp.id('review'), pg_temp.id('project'), pg_temp.id('client'), pg_temp.id('craftsman'), 5);
INSERT INTO mesteri.review_helpful_votes (review_id, user_id) VALUES (pg_temp.id('review'), pg_temp.id('staff'));

INSERT INTO mesteri.notifications (user_id, type, title, body) VALUES (pg_temp.id('client'), 'quote_received', 'Ofertă nouă', '1100,01 lei');
INSERT INTO mesteri.event_streams (user_id, last_seq) VALUES (pg_temp.id('client'), 2);
INSERT INTO mesteri.events (user_id, seq, type, payload, created_at) VALUES
    (pg_temp.id('client'), 1, 'message:new', '{}', '2026-11-20 12:00Z'), (pg_temp.id('client'), 2, 'message:new', '{}', '2026-11-21 12:00Z');
INSERT INTO mesteri.analytics_events (user_id, event_type, occurred_at, created_at)
    VALUES (pg_temp.id('client'), 'app_open', '2026-11-20 12:00Z', '2026-11-20 12:00Z');
INSERT INTO mesteri.outbox (id, kind, user_id, payload, secret_encrypted, idempotency_key)
    VALUES (pg_temp.id('mail'), 'mail.send', pg_temp.id('client'), '{}', '\x00', 'welcome 1');
INSERT INTO mesteri.secrets_sent VALUES (pg_temp.hash('sent'));
INSERT INTO mesteri.outbox_attempts (outbox_id, attempt, worker, started_at) VALUES (pg_temp.id('mail'), 1, 'w1', now());
INSERT INTO mesteri.search_history (user_id, query) VALUES (pg_temp.id('client'), 'faianțar');

INSERT INTO mesteri.media (id, key, owner_id, purpose, status, filename, content_type, size, sha256, storage, key_id, wrapped_key, ready_at)
    VALUES (pg_temp.id('scan'), 'abcdefghijklmnop', pg_temp.id('client'), 'identity', 'ready', 'ci.jpg', 'image/jpeg', 1000,
            pg_temp.hash('scan'), 'disk', 'm1', '\x00', now());
INSERT INTO mesteri.verifications (id, user_id, type, document_type) VALUES (pg_temp.id('proof'), pg_temp.id('client'), 'identity', 'id_card');
INSERT INTO mesteri.verification_documents VALUES (pg_temp.id('proof'), 1, pg_temp.id('scan'));
INSERT INTO mesteri.reports (id, reporter_id, target_type, target_id, target_user_id, reason, snapshot)
    VALUES (pg_temp.id('report'), pg_temp.id('client'), 'post', pg_temp.id('post'), pg_temp.id('craftsman'), 'Poza mea', '{}');
INSERT INTO mesteri.moderation_statements (report_id, affected_user_id, action, target_type, target_id, facts, ground, redress, language,
                                           decided_by)
    VALUES (pg_temp.id('report'), pg_temp.id('craftsman'), 'hidden', 'post', pg_temp.id('post'), 'Poza altcuiva.', 'law', 'Contestație.',
            'ro', pg_temp.id('staff'));
INSERT INTO mesteri.support_tickets (id, user_id, category, subject, description)
    VALUES (pg_temp.id('ticket'), pg_temp.id('client'), 'payment', 'Plată', 'Unde sunt banii?');
INSERT INTO mesteri.ticket_replies (ticket_id, author_id, is_staff, text) VALUES (pg_temp.id('ticket'), pg_temp.id('staff'), true, 'Aici.');
INSERT INTO mesteri.users (id, email, phone_number, password_hash, user_type, is_active, deleted_at)
    VALUES (pg_temp.id('erased'), 'rows@erased.invalid', '+999000000000904', '!', 'craftsman', false, now());
INSERT INTO mesteri.erasures (user_id, requested_by, reference) VALUES (pg_temp.id('erased'), 'postgres', 'letter 1');
INSERT INTO mesteri.archived_values (user_id, table_name, sealed, kept_until, ground)
    VALUES (pg_temp.id('erased'), 'users', '\x00', now() + interval '6 months', 'Six months.');
INSERT INTO mesteri.exports VALUES (pg_temp.id('client'), now());
INSERT INTO mesteri.erasure_rules (table_name, column_name, action, ground) VALUES ('blocks', 'created_at', 'keep', 'Our own.');
INSERT INTO mesteri.erasure_counters VALUES ('blocks', 'true', 'user_id', 'rows', 'blocks_count');
INSERT INTO mesteri.export_tables (table_name, member) VALUES ('rows', 'rows');
INSERT INTO mesteri.unexported_columns VALUES ('rows', 'rows', NULL, 'Ours.');
INSERT INTO mesteri.idempotency_keys (user_id, route_id, key, fingerprint, status)
    VALUES (pg_temp.id('client'), 1, 'k1', pg_temp.hash('body'), 200);
INSERT INTO mesteri.jobs (name, function, every) VALUES ('rows', 'rows', interval '1 hour');
INSERT INTO mesteri.job_runs (job) VALUES ('rows');
INSERT INTO mesteri.instance (system_identifier, timeline, database_oid, environment, adopted_as) VALUES (1, 1, 1, 'test', 'first')
    ON CONFLICT DO NOTHING;
INSERT INTO mesteri.staff_reads (staff_id, route_id, subject_type, request_id) VALUES (pg_temp.id('staff'), 1, 'report', gen_random_uuid());
SELECT setval('mesteri.contract_number_sequence', 1234) AS rows_number \gset
