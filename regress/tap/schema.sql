/*
 * schema.sql
 *		The schema as a whole: the blueprint's columns are there, it can be dumped and restored, rules are constraints.
 */
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off

BEGIN;
SELECT plan(9 + 70);

/*
 * The blueprint.  Two of its columns are tables' or rows' own business here:
 * certifications have rows of their own, since each is verified by itself, and
 * an interaction is known by who did what to which post, once.
 */
CREATE TEMPORARY TABLE blueprint (relation text, attributes text);
INSERT INTO blueprint VALUES
    ('users', 'id email phone_number password_hash user_type created_at updated_at last_login_at is_active email_verified phone_verified identity_verification_status identity_verified_at identity_document_url deleted_at'),
    ('user_profiles', 'id user_id first_name last_name display_name avatar_url bio date_of_birth location city county address postal_code language notification_preferences created_at updated_at'),
    ('craftsman_profiles', 'id user_id business_name cui business_type business_verification_status business_verified_at business_documents years_of_experience insurance_details tier is_available availability_status available_radius_km total_projects_completed average_rating total_reviews response_time_minutes completion_rate hourly_rate_min hourly_rate_max accepts_installments subscription_plan subscription_expires_at featured_until created_at updated_at'),
    ('craft_categories', 'id name_ro name_hu name_en slug icon_url parent_id display_order is_active'),
    ('craftsman_crafts', 'craftsman_id category_id is_primary years_experience'),
    ('content_posts', 'id craftsman_id title description media_type media_urls thumbnail_url before_media_url after_media_url duration_seconds video_quality views_count likes_count shares_count saves_count comments_count category_id tags location location_name project_id status published_at created_at'),
    ('content_interactions', 'user_id post_id interaction_type created_at'),
    ('projects', 'id client_id craftsman_id title description category_id location address estimated_start_date estimated_end_date actual_start_date actual_end_date estimated_budget final_cost payment_status uses_installments status created_at updated_at'),
    ('contracts', 'id project_id contract_number terms_json pdf_url client_signature_url client_signed_at client_ip_address craftsman_signature_url craftsman_signed_at craftsman_ip_address is_legally_binding template_id parent_contract_id modification_reason created_at expires_at'),
    ('project_milestones', 'id project_id title description due_date completed_at payment_amount payment_percentage is_paid requires_client_approval client_approved_at photos notes display_order created_at'),
    ('transactions', 'id from_user_id to_user_id project_id milestone_id type amount currency status payment_method payment_provider provider_transaction_id is_escrowed escrow_released_at platform_fee payment_provider_fee net_amount vat_amount vat_rate invoice_number invoice_url is_installment installment_plan_id installment_number total_installments metadata created_at completed_at'),
    ('conversations', 'id project_id client_id craftsman_id is_active archived_by_client archived_by_craftsman last_message_at last_message_preview created_at'),
    ('messages', 'id conversation_id sender_id type content media_urls quote_amount quote_valid_until is_read read_at is_edited edited_at deleted_at created_at'),
    ('reviews', 'id project_id reviewer_id reviewed_user_id overall_rating quality_rating punctuality_rating communication_rating price_value_rating title comment photos videos is_verified response_text response_at created_at updated_at'),
    ('search_history', 'id user_id query filters results_count clicked_results searched_at'),
    ('saved_craftsmen', 'user_id craftsman_id saved_at'),
    ('notifications', 'id user_id type title body related_id related_type is_read read_at push_sent push_sent_at created_at'),
    ('analytics_events', 'id user_id session_id event_type event_properties platform app_version device_info ip_address location created_at'),
    ('support_tickets', 'id user_id category subject description status priority assigned_to resolved_at created_at updated_at');

SELECT is((SELECT count(*) FROM blueprint)::integer, 19, 'the blueprint has 19 tables');
SELECT is_empty($$
    SELECT b.relation, wanted.name
      FROM blueprint b CROSS JOIN regexp_split_to_table(b.attributes, ' ') AS wanted (name)
     WHERE NOT EXISTS (SELECT FROM pg_attribute a
                        WHERE a.attrelid = to_regclass('mesteri.' || b.relation) AND a.attname = wanted.name AND NOT a.attisdropped)$$,
    'all its columns are there');

/* What a dump and its restore ask for. */
SELECT is_empty($$
    SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND c.relname <> 'revocation_signal'
       AND c.oid <> ALL (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'mesteri')
       AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')$$,
    'every table and sequence of the extension is dumped with its rows');
SELECT is_empty($$
    WITH RECURSIVE reached (origin, target) AS (
        SELECT conrelid, confrelid FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'mesteri'::regnamespace AND conrelid <> confrelid
        UNION
        SELECT r.origin, k.confrelid FROM reached r
          JOIN pg_constraint k ON k.conrelid = r.target AND k.contype = 'f' AND k.conrelid <> k.confrelid)
    SELECT origin::regclass FROM reached WHERE origin = target$$,
    'foreign keys form no circle but onto their own table');
SELECT is_empty($$SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                   WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'p'$$,
                'partitioned tables have no index of their own');
SELECT is_empty($$SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                   WHERE c.relnamespace = 'mesteri'::regnamespace AND NOT t.tgisinternal AND t.tgtype & 4 <> 0 -- on INSERT
                     AND t.tgfoid NOT IN ('mesteri.catalogue_changed()'::regprocedure, 'mesteri.sessions_changed()'::regprocedure,
                                          'mesteri.feed_post_changes()'::regprocedure, 'mesteri.match_craftsman_changes()'::regprocedure,
                                          'mesteri.match_craft_changes()'::regprocedure)$$,
                'no trigger does what a restore would do again');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND pg_get_userbyid(c.relowner) IN ('mesteri_owner', 'mesteri_ledger')
                AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'owner_all'))$$,
    'row security is enabled and forced on every table');
SELECT is_empty($$
    SELECT k.conrelid::regclass, k.conname FROM pg_constraint k
     WHERE k.contype = 'f' AND k.connamespace = 'mesteri'::regnamespace AND k.confdeltype = 'c'
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1])
       AND k.conrelid <> 'mesteri.token_families'::regclass AND k.conrelid <> 'mesteri.verifications'::regclass$$,
    'what is deleted along with something else is found by an index');

/* Rules: the rows that keep them, then each rule broken. */
\ir ../lib/rows.sql
SELECT pass('a row in every table keeps all rules');

CREATE FUNCTION pg_temp.breaks(command text, rule text) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
    broken text;
BEGIN
    EXECUTE command;
    RETURN fail(rule || ' holds');
EXCEPTION WHEN integrity_constraint_violation OR exclusion_violation OR foreign_key_violation OR unique_violation OR check_violation
               OR not_null_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    RETURN is(broken, rule, rule || ' holds');
END;
$$;

SELECT pg_temp.breaks(command, rule) FROM (VALUES
    ($$UPDATE mesteri.users SET suspended_until = now()$$, 'users_suspended_not_active'),
    ($$UPDATE mesteri.users SET deleted_at = now()$$, 'users_deleted_not_active'),
    ($$UPDATE mesteri.verification_codes SET expires_at = expires_at + interval '1 minute'$$, 'verification_codes_lifetime'),
    ($$UPDATE mesteri.verification_codes SET tries = 6$$, 'verification_codes_tries_range'),
    ($$UPDATE mesteri.password_resets SET used_at = expires_at$$, 'password_resets_used_in_time'),
    ($$INSERT INTO mesteri.encryption_keys (id, purpose, algorithm, fingerprint) VALUES ('f2', 'field', 'aes-256-gcm', sha256('f2'))$$,
     'encryption_keys_one_in_use'),
    ($$UPDATE mesteri.projects SET client_id = craftsman_user_id$$, 'projects_two_parties'),
    ($$INSERT INTO mesteri.projects (client_id, craftsman_id, craftsman_user_id, title)
       VALUES (pg_temp.id('client'), pg_temp.id('profile'), pg_temp.id('staff'), 'x')$$, 'projects_craftsman_fkey'),
    ($$UPDATE mesteri.projects SET status = 'completed'$$, 'projects_completed_at'),
    ($$UPDATE mesteri.projects SET cancel_requested_by = 'client'$$, 'projects_cancellation_whole'),
    ($$UPDATE mesteri.projects SET status = 'inquiry', cancel_requested_by = 'client', cancel_requested_at = now(), cancel_reason = 'x'$$,
     'projects_cancellation_when_signed'),
    ($$UPDATE mesteri.projects SET estimated_start_date = '2026-02-02', estimated_end_date = '2026-02-01'$$,
     'projects_estimated_dates_ordered'),
    ($$INSERT INTO mesteri.project_status_changes (project_id, to_status, actor_kind) VALUES (pg_temp.id('project'), 'disputed', 'system')$$,
     'project_status_changes_reason_given'),
    ($$UPDATE mesteri.project_status_changes SET actor_kind = 'system'$$, 'project_status_changes_system_has_no_account'),
    ($$UPDATE mesteri.project_milestones SET payment_percentage = 10$$, 'project_milestones_one_price'),
    ($$UPDATE mesteri.project_milestones SET payment_amount = 0$$, 'project_milestones_amount_positive'),
    ($$UPDATE mesteri.project_milestones SET payment_amount = -1$$, 'range'),
    ($$UPDATE mesteri.project_milestones SET payment_amount = 10000000000$$, 'range'),
    ($$UPDATE mesteri.project_milestones SET status = 'completed'$$, 'project_milestones_completed_at'),
    ($$UPDATE mesteri.project_milestones SET status = 'approved', completed_at = now()$$, 'project_milestones_approved_at'),
    ($$UPDATE mesteri.project_milestones SET status = 'rejected', rejected_at = now()$$, 'project_milestones_rejected_with_reason'),
    ($$INSERT INTO mesteri.disputes (project_id, opened_by, opened_as, reason)
       VALUES (pg_temp.id('project'), pg_temp.id('craftsman'), 'craftsman', 'x')$$, 'disputes_one_open'),
    ($$UPDATE mesteri.disputes SET status = 'resolved'$$, 'disputes_resolved_whole'),
    ($$UPDATE mesteri.contracts SET expires_at = expires_at + interval '1 second'$$, 'contracts_expire_after_168_hours'),
    ($$UPDATE mesteri.contracts SET craftsman_signed_at = NULL, withdrawal_deadline = NULL$$, 'contracts_concluded_has_both'),
    ($$UPDATE mesteri.contracts SET status = 'pending'$$, 'contracts_pending_lacks_signature'),
    ($$UPDATE mesteri.contracts SET craftsman_signed_at = expires_at$$, 'contracts_signed_in_time'),
    ($$UPDATE mesteri.contracts SET contract_number = 'CTR-202613-J01NUO'$$, 'contracts_number_format'),
    ($$UPDATE mesteri.contracts SET parent_contract_id = id, modification_reason = 'x'$$, 'contracts_not_own_parent'),
    ($$INSERT INTO mesteri.contracts (project_id, contract_number, status, terms_json, terms_sha256, client_signed_at, craftsman_signed_at,
                                      template_id, language, created_at, expires_at)
       SELECT project_id, 'CTR-202611-GL9705', status, terms_json, terms_sha256, client_signed_at, craftsman_signed_at, template_id,
              language, created_at, expires_at FROM mesteri.contracts$$, 'contracts_one_signed'),
    ($$INSERT INTO mesteri.contract_signatures (contract_id, signer_id, role, signer_name, document_sha256, record_sha256, consent_text_id,
                                                method, signature_sha256, language, authentication_method, authenticated_at, mac, key_id)
       SELECT contract_id, pg_temp.id('craftsman'), role, signer_name, document_sha256, sha256('again'), consent_text_id, method,
              signature_sha256, language, authentication_method, authenticated_at, mac, key_id FROM mesteri.contract_signatures$$,
     'contract_signatures_once_each'),
    ($$INSERT INTO mesteri.fee_schedules (payment_method, platform_bps, provider_bps, max_amount, valid_from, seeded)
       VALUES ('card', 1, 1, 1, now(), true)$$, 'fee_schedules_no_overlap'),
    ($$INSERT INTO mesteri.vat_rates (vat_class, rate_bps, valid_from, valid_until, seeded)
       VALUES ('standard', 1, '2025-07-31', '2025-08-01', true)$$, 'vat_rates_no_overlap'),
    ($$INSERT INTO mesteri.craftsman_vat_periods (craftsman_id, vat_number, valid_from) VALUES (pg_temp.id('profile'), 'RO19', '2026-01-01')$$,
     'craftsman_vat_periods_no_overlap'),
    ($$UPDATE mesteri.transactions SET net_amount = net_amount + 0.01$$, 'transactions_parts_add_up'),
    ($$UPDATE mesteri.transactions SET platform_fee = platform_fee - 0.01, net_amount = net_amount + 0.01$$,
     'transactions_platform_fee_rounded'),
    ($$UPDATE mesteri.transactions SET vat_amount = vat_amount + 0.01$$, 'transactions_vat_within_platform_fee'),
    ($$UPDATE mesteri.transactions SET status = 'completed', completed_at = now() WHERE id = pg_temp.id('payment')$$,
     'transactions_completed_at'),
    ($$UPDATE mesteri.transactions SET status = 'pending' WHERE id = pg_temp.id('payment')$$, 'transactions_status_follows_escrow'),
    ($$UPDATE mesteri.transactions SET in_dispute = true WHERE id = pg_temp.id('payment')$$, 'transactions_status_follows_escrow'),
    ($$UPDATE mesteri.transactions SET released_amount = 600 WHERE id = pg_temp.id('payment')$$, 'transactions_escrow_follows_amounts'),
    ($$UPDATE mesteri.transactions SET escrow_state = 'part', released_amount = 600, refunded_amount = 500 WHERE id = pg_temp.id('payment')$$,
     'transactions_escrow_follows_amounts'),
    ($$UPDATE mesteri.transactions SET escrow_state = 'dead', captured_amount = 0, status = 'failed' WHERE id = pg_temp.id('payment')$$,
     'transactions_failed_with_reason'),
    ($$UPDATE mesteri.transactions SET payment_method = 'klarna' WHERE id = pg_temp.id('payment')$$, 'transactions_fee_schedule_fkey'),
    ($$UPDATE mesteri.transactions SET payment_method = 'cash' WHERE id = pg_temp.id('payment')$$, 'transactions_fee_schedule_fkey'),
    ($$INSERT INTO mesteri.transactions (from_user_id, to_user_id, project_id, milestone_id, type, amount, payment_method, payment_provider,
                                         escrow_state, fee_schedule_id, platform_bps, provider_bps, vat_bps, platform_fee,
                                         payment_provider_fee, net_amount, vat_amount, command_id)
       SELECT from_user_id, to_user_id, project_id, milestone_id, type, amount, payment_method, payment_provider, 'created',
              fee_schedule_id, platform_bps, provider_bps, vat_bps, platform_fee, payment_provider_fee, net_amount, vat_amount,
              gen_random_uuid() FROM mesteri.transactions WHERE type = 'milestone_payment'$$, 'transactions_one_live_per_milestone'),
    ($$INSERT INTO mesteri.provider_events (payment_provider, event_id, event_type, body) VALUES ('sandbox', 'evt_1', 'x', '')$$,
     'provider_events_once'),
    ($$INSERT INTO mesteri.provider_facts (payment_provider, object_id, fact, content_sha256, event)
       VALUES ('sandbox', 'pi_1', 'succeeded', sha256('x'), 'captured')$$, 'provider_facts_pkey'),
    ($$UPDATE mesteri.invoices SET gross = gross + 1$$, 'invoices_gross_adds_up'),
    ($$UPDATE mesteri.journal_lines SET amount_bani = 0$$, 'positive'),
    ($$INSERT INTO mesteri.journal_accounts (kind) VALUES ('escrow')$$, 'journal_accounts_per_transaction'),
    ($$INSERT INTO mesteri.journal_accounts (kind, payment_provider) VALUES ('psp_cash', 'sandbox')$$, 'journal_accounts_once'),
    ($$INSERT INTO mesteri.journal_entries (event) VALUES ('release')$$, 'journal_entries_one_cause'),
    ($$UPDATE mesteri.conversations SET client_id = pg_temp.id('staff')$$, 'conversations_project_fkey'),
    ($$INSERT INTO mesteri.conversations (project_id, client_id, craftsman_id)
       VALUES (pg_temp.id('project'), pg_temp.id('client'), pg_temp.id('craftsman'))$$, 'conversations_parties_unique'),
    ($$UPDATE mesteri.messages SET quote_amount = 1 WHERE type = 'text'$$, 'messages_quote_has_amount'),
    ($$UPDATE mesteri.messages SET quote_valid_until = '2026-12-01' WHERE type = 'text'$$, 'messages_only_quotes_quote'),
    ($$UPDATE mesteri.messages SET is_read = true$$, 'messages_read_at'),
    ($$UPDATE mesteri.messages SET deleted_at = now() WHERE type = 'text'$$, 'messages_tombstone_is_empty'),
    ($$UPDATE mesteri.reviews SET overall_rating = 6$$, 'range'),
    ($$UPDATE mesteri.reviews SET is_visible = true$$, 'reviews_visible_at'),
    ($$UPDATE mesteri.devices SET platform = 'web'$$, 'devices_platform_pushes'),
    ($$UPDATE mesteri.outbox SET status = 'running', next_attempt_at = NULL$$, 'outbox_running_is_leased'),
    ($$UPDATE mesteri.outbox SET status = 'done', next_attempt_at = NULL, done_at = now()$$, 'outbox_done_keeps_no_secret'),
    ($$INSERT INTO mesteri.verification_codes (user_id, channel, recipient, code_hash, expires_at)
       VALUES (pg_temp.id('client'), 'email', 'other@rows.test', sha256('x'), now() + interval '10 minutes')$$,
     'verification_codes_newest_only'),
    ($$UPDATE mesteri.media SET key_id = NULL$$, 'media_documents_encrypted'),
    ($$INSERT INTO mesteri.verifications (user_id, type, document_type) VALUES (pg_temp.id('client'), 'identity', 'passport')$$,
     'verifications_one_pending'),
    ($$INSERT INTO mesteri.reports (reporter_id, target_type, target_id, reason, snapshot)
       VALUES (pg_temp.id('client'), 'post', pg_temp.id('post'), 'x', '{}')$$, 'reports_once_each'),
    ($$UPDATE mesteri.idempotency_keys SET status = 404$$, 'idempotency_keys_successes_only'),
    ($$INSERT INTO mesteri.blocks (user_id, blocked_user_id) VALUES (pg_temp.id('client'), pg_temp.id('client'))$$, 'blocks_not_oneself')
  ) AS rules (command, rule);

SELECT * FROM finish();
ROLLBACK;
