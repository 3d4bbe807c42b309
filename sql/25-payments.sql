/*
 * 25-payments.sql
 *		Prices of our own, payments and where their money went, invoices.
 *
 * Amounts here are lei, as people read them; the journal (26-ledger.sql) holds
 * bani and is the truth about every one that moved.  Rates are copied onto a
 * payment when it is made and never read again from the schedule.
 *
 * A row that ships with mesteri gives way to one of the installation's own
 * for the same time: so the two kinds may overlap, and neither is ever edited.
 */
CREATE TABLE mesteri.fee_schedules (
    id             uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    payment_method text NOT NULL,
    platform_bps   mesteri.basis_points NOT NULL,
    provider_bps   mesteri.basis_points NOT NULL,
    max_amount     mesteri.money_amount NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz,
    seeded         boolean NOT NULL DEFAULT false,
    CONSTRAINT fee_schedules_id_method_unique UNIQUE (id, payment_method),
    CONSTRAINT fee_schedules_method_format CHECK (payment_method ~ '^[a-z][a-z_]{1,49}$'),
    CONSTRAINT fee_schedules_half_at_most CHECK (platform_bps + provider_bps <= 5000),
    CONSTRAINT fee_schedules_period CHECK (valid_until > valid_from),
    CONSTRAINT fee_schedules_no_overlap EXCLUDE USING gist
        (payment_method WITH =, (seeded::integer) WITH =, tstzrange(valid_from, valid_until) WITH &&)
);
COMMENT ON TABLE mesteri.fee_schedules
    IS 'What a payment costs the craftsman, by method and time; a method without a row is not taken.';
COMMENT ON COLUMN mesteri.fee_schedules.id IS 'Kept on the payment, so that its price can be explained later.';
COMMENT ON COLUMN mesteri.fee_schedules.payment_method IS 'card, bank_transfer, klarna; what clients send.';
COMMENT ON COLUMN mesteri.fee_schedules.platform_bps IS 'Our share of the price, VAT included.';
COMMENT ON COLUMN mesteri.fee_schedules.provider_bps IS 'What the craftsman bears of the provider''s fee.';
COMMENT ON COLUMN mesteri.fee_schedules.max_amount IS 'Largest payment in lei that the provider takes by this method.';
COMMENT ON COLUMN mesteri.fee_schedules.valid_from IS 'First moment it is in force.';
COMMENT ON COLUMN mesteri.fee_schedules.valid_until IS 'First moment it no longer is; null: no end in sight.';
COMMENT ON COLUMN mesteri.fee_schedules.seeded
    IS 'Ships with mesteri, so dumps leave it out; never edited, and beaten by an own row for the same time.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.fee_schedules', 'WHERE NOT seeded');
INSERT INTO mesteri.fee_schedules (id, payment_method, platform_bps, provider_bps, max_amount, valid_from, seeded)
SELECT mesteri.seeded_id('fee schedule', payment_method || ' 1'), payment_method, 500, provider_bps, max_amount,
       timestamptz '2020-01-01 00:00:00+02', true
  FROM (VALUES ('card', 290, 999999.99), ('bank_transfer', 50, 9999999999.99), ('klarna', 390, 2000000.00))
       AS shipped (payment_method, provider_bps, max_amount);

CREATE TABLE mesteri.vat_rates (
    id          uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    vat_class   mesteri.vat_class NOT NULL,
    rate_bps    mesteri.basis_points NOT NULL,
    valid_from  date NOT NULL,
    valid_until date,
    seeded      boolean NOT NULL DEFAULT false,
    CONSTRAINT vat_rates_period CHECK (valid_until > valid_from),
    CONSTRAINT vat_rates_no_overlap EXCLUDE USING gist
        (vat_class WITH =, (seeded::integer) WITH =, daterange(valid_from, valid_until) WITH &&)
);
COMMENT ON TABLE mesteri.vat_rates IS 'Romanian VAT over time; which rate holds is a matter of the day of supply.';
COMMENT ON COLUMN mesteri.vat_rates.id IS 'For people who correct a list by it.';
COMMENT ON COLUMN mesteri.vat_rates.vat_class IS 'Our fee, works and repairs are standard.';
COMMENT ON COLUMN mesteri.vat_rates.rate_bps IS 'Hundredths of a percent.';
COMMENT ON COLUMN mesteri.vat_rates.valid_from IS 'First day of supply it holds for, in Romania.';
COMMENT ON COLUMN mesteri.vat_rates.valid_until IS 'First day it no longer does; null: no end in sight.';
COMMENT ON COLUMN mesteri.vat_rates.seeded
    IS 'Ships with mesteri, so dumps leave it out; never edited, and beaten by an own row for the same day.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.vat_rates', 'WHERE NOT seeded');
INSERT INTO mesteri.vat_rates (id, vat_class, rate_bps, valid_from, valid_until, seeded)
SELECT mesteri.seeded_id('VAT rate', vat_class || ' ' || valid_from), vat_class::mesteri.vat_class, rate_bps, valid_from::date,
       valid_until::date, true
  FROM (VALUES ('standard', 1900, '2017-01-01', '2025-08-01'), ('standard', 2100, '2025-08-01', NULL),
               ('reduced', 900, '2017-01-01', '2025-08-01'), ('reduced', 1100, '2025-08-01', NULL),
               ('super_reduced', 500, '2017-01-01', '2025-08-01'))
       AS shipped (vat_class, rate_bps, valid_from, valid_until);

CREATE TABLE mesteri.craftsman_vat_periods (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id uuid NOT NULL REFERENCES mesteri.craftsman_profiles ON DELETE CASCADE,
    vat_number   text NOT NULL,
    valid_from   date NOT NULL,
    valid_until  date,
    checked_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT craftsman_vat_periods_number_format CHECK (vat_number ~ '^RO[0-9]{2,10}$'),
    CONSTRAINT craftsman_vat_periods_ordered CHECK (valid_until > valid_from),
    CONSTRAINT craftsman_vat_periods_no_overlap EXCLUDE USING gist
        (craftsman_id WITH =, daterange(valid_from, valid_until) WITH &&)
);
COMMENT ON TABLE mesteri.craftsman_vat_periods IS 'When a craftsman was registered for VAT; outside of these times he was not.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.id IS 'For staff who correct one.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.craftsman_id IS 'Who was registered.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.vat_number IS 'Fiscal code with its RO.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.valid_from IS 'First day, as the tax register says.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.valid_until IS 'First day it no longer held; null: it holds.';
COMMENT ON COLUMN mesteri.craftsman_vat_periods.checked_at IS 'When the register was last asked.';
-- is_own() asks for a B-tree.
CREATE INDEX craftsman_vat_periods_craftsman ON mesteri.craftsman_vat_periods (craftsman_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.craftsman_vat_periods', '');

CREATE TABLE mesteri.subscription_plans (
    id            uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    plan_type     text NOT NULL,
    name_ro       text NOT NULL,
    name_hu       text NOT NULL,
    name_en       text NOT NULL,
    price         mesteri.money_amount NOT NULL,
    currency      mesteri.currency NOT NULL DEFAULT 'RON',
    months        integer NOT NULL,
    featured_days integer NOT NULL DEFAULT 0,
    tier          mesteri.craftsman_tier,
    valid_from    timestamptz NOT NULL,
    valid_until   timestamptz,
    seeded        boolean NOT NULL DEFAULT false,
    CONSTRAINT subscription_plans_type_format CHECK (plan_type ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT subscription_plans_price_positive CHECK (price > 0),
    CONSTRAINT subscription_plans_months_range CHECK (months BETWEEN 1 AND 36),
    CONSTRAINT subscription_plans_featured_range CHECK (featured_days BETWEEN 0 AND 1100),
    CONSTRAINT subscription_plans_period CHECK (valid_until > valid_from),
    CONSTRAINT subscription_plans_no_overlap EXCLUDE USING gist
        (plan_type WITH =, (seeded::integer) WITH =, tstzrange(valid_from, valid_until) WITH &&)
);
COMMENT ON TABLE mesteri.subscription_plans IS 'What craftsmen can subscribe to, and what it costs at a time.';
COMMENT ON COLUMN mesteri.subscription_plans.id IS 'Kept on the payment, so that a new price leaves old ones as they were.';
COMMENT ON COLUMN mesteri.subscription_plans.plan_type IS 'What clients send, and craftsman_profiles.subscription_plan holds.';
COMMENT ON COLUMN mesteri.subscription_plans.name_ro IS 'Shown to Romanian speakers.';
COMMENT ON COLUMN mesteri.subscription_plans.name_hu IS 'Shown to Hungarian speakers.';
COMMENT ON COLUMN mesteri.subscription_plans.name_en IS 'Shown to English speakers.';
COMMENT ON COLUMN mesteri.subscription_plans.price IS 'Lei for the whole time, VAT included.';
COMMENT ON COLUMN mesteri.subscription_plans.currency IS 'Of that sum.';
COMMENT ON COLUMN mesteri.subscription_plans.months IS 'How long one payment lasts.';
COMMENT ON COLUMN mesteri.subscription_plans.featured_days IS 'Days as featured that come with it; 0: none.';
COMMENT ON COLUMN mesteri.subscription_plans.tier IS 'Lowest standing its holder has while it runs; null: it changes none.';
COMMENT ON COLUMN mesteri.subscription_plans.valid_from IS 'From when on it is offered at this price.';
COMMENT ON COLUMN mesteri.subscription_plans.valid_until IS 'From when on it no longer is; null: no end in sight.';
COMMENT ON COLUMN mesteri.subscription_plans.seeded
    IS 'Ships with mesteri, so dumps leave it out; never edited, and beaten by an own row for the same time.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.subscription_plans', 'WHERE NOT seeded');
INSERT INTO mesteri.subscription_plans
       (id, plan_type, name_ro, name_hu, name_en, price, months, featured_days, tier, valid_from, seeded)
SELECT mesteri.seeded_id('plan', plan_type || ' 1'), plan_type, name_ro, name_hu, name_en, price, months, featured_days,
       tier::mesteri.craftsman_tier, timestamptz '2020-01-01 00:00:00+02', true
  FROM (VALUES
        ('pro-monthly', 'Pro, o lună', 'Pro, egy hónap', 'Pro, one month', 49.00, 1, 3, 'pro'),
        ('pro-yearly', 'Pro, un an', 'Pro, egy év', 'Pro, one year', 490.00, 12, 36, 'pro'),
        ('master-monthly', 'Maestru, o lună', 'Mester, egy hónap', 'Master, one month', 99.00, 1, 10, 'master'),
        ('master-yearly', 'Maestru, un an', 'Mester, egy év', 'Master, one year', 990.00, 12, 120, 'master'))
       AS shipped (plan_type, name_ro, name_hu, name_en, price, months, featured_days, tier);

CREATE TABLE mesteri.transactions (
    id                      uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    from_user_id            uuid REFERENCES mesteri.users,
    to_user_id              uuid REFERENCES mesteri.users,
    project_id              uuid REFERENCES mesteri.projects,
    milestone_id            uuid,
    plan_id                 uuid REFERENCES mesteri.subscription_plans,
    type                    mesteri.transaction_type NOT NULL,
    amount                  mesteri.money_amount NOT NULL,
    currency                mesteri.currency NOT NULL DEFAULT 'RON',
    status                  mesteri.transaction_status NOT NULL DEFAULT 'pending',
    payment_method          text,
    payment_provider        mesteri.payment_provider,
    provider_transaction_id text,
    provider_attempts       integer NOT NULL DEFAULT 0,
    escrow_state            mesteri.escrow_state,
    in_dispute              boolean NOT NULL DEFAULT false,
    open_chargebacks        integer NOT NULL DEFAULT 0,
    authorised_amount       mesteri.money_amount NOT NULL DEFAULT 0,
    captured_amount         mesteri.money_amount NOT NULL DEFAULT 0,
    released_amount         mesteri.money_amount NOT NULL DEFAULT 0,
    refunded_amount         mesteri.money_amount NOT NULL DEFAULT 0,
    held_amount             numeric(14, 2) NOT NULL GENERATED ALWAYS AS
                                (captured_amount - released_amount - refunded_amount) STORED,
    is_escrowed             boolean NOT NULL GENERATED ALWAYS AS
                                (coalesce(escrow_state IN ('auth', 'held', 'part'), false)) STORED,
    escrow_released_at      timestamptz,
    hold_expires_at         timestamptz,
    fee_schedule_id         uuid,
    platform_bps            mesteri.basis_points NOT NULL DEFAULT 0,
    provider_bps            mesteri.basis_points NOT NULL DEFAULT 0,
    vat_bps                 mesteri.basis_points NOT NULL,
    platform_fee            mesteri.money_amount NOT NULL DEFAULT 0,
    payment_provider_fee    mesteri.money_amount NOT NULL DEFAULT 0,
    net_amount              mesteri.money_amount NOT NULL,
    vat_amount              mesteri.money_amount NOT NULL DEFAULT 0,
    vat_rate                numeric(5, 2) NOT NULL GENERATED ALWAYS AS (vat_bps * 0.01) STORED,
    invoice_number          text,
    invoice_url             text,
    is_installment          boolean NOT NULL DEFAULT false,
    installment_plan_id     text,
    installment_number      integer,
    total_installments      integer,
    failure_reason          text,
    command_id              uuid NOT NULL,
    metadata                mesteri.json_object NOT NULL DEFAULT '{}',
    created_at              timestamptz NOT NULL DEFAULT now(),
    completed_at            timestamptz,
    CONSTRAINT transactions_milestone_fkey FOREIGN KEY (milestone_id, project_id)
        REFERENCES mesteri.project_milestones (id, project_id),
    CONSTRAINT transactions_fee_schedule_fkey FOREIGN KEY (fee_schedule_id, payment_method)
        REFERENCES mesteri.fee_schedules (id, payment_method),
    CONSTRAINT transactions_command_unique UNIQUE (command_id),
    CONSTRAINT transactions_amount_positive CHECK (amount > 0),
    CONSTRAINT transactions_two_parties CHECK (from_user_id <> to_user_id),
    CONSTRAINT transactions_payment_whole CHECK
        (type NOT IN ('project_payment', 'milestone_payment')
         OR num_nonnulls(from_user_id, to_user_id, project_id, payment_method, payment_provider, fee_schedule_id) = 6),
    CONSTRAINT transactions_milestone_of_type CHECK
        (CASE type WHEN 'milestone_payment' THEN milestone_id IS NOT NULL
                   WHEN 'refund' THEN true
                   ELSE milestone_id IS NULL END),
    CONSTRAINT transactions_plan_of_type CHECK ((type = 'subscription') = (plan_id IS NOT NULL)),
    -- The price and its parts, for every kind of transaction.
    CONSTRAINT transactions_parts_add_up CHECK (platform_fee + payment_provider_fee + net_amount = amount),
    CONSTRAINT transactions_platform_fee_rounded CHECK (platform_fee = round(amount * platform_bps * 0.0001, 2)),
    CONSTRAINT transactions_provider_fee_rounded CHECK (payment_provider_fee = round(amount * provider_bps * 0.0001, 2)),
    CONSTRAINT transactions_vat_within_platform_fee CHECK
        (vat_amount * 100 = div(200 * platform_fee * vat_bps + 10000 + vat_bps, 2 * (10000 + vat_bps)::numeric)),
    -- The escrow: what state and amounts may stand together, and what people see of it.
    CONSTRAINT transactions_escrow_of_payments CHECK
        ((type IN ('project_payment', 'milestone_payment')) = (escrow_state IS NOT NULL)),
    CONSTRAINT transactions_held_not_negative CHECK (held_amount >= 0),
    CONSTRAINT transactions_chargebacks_not_negative CHECK (open_chargebacks >= 0),
    CONSTRAINT transactions_attempts_not_negative CHECK (provider_attempts >= 0),
    CONSTRAINT transactions_escrow_follows_amounts CHECK
        (CASE WHEN escrow_state IN ('created', 'action') THEN authorised_amount = 0 AND captured_amount = 0
              WHEN escrow_state = 'auth' THEN authorised_amount > 0 AND captured_amount = 0
              WHEN escrow_state = 'dead' THEN captured_amount = 0
              WHEN escrow_state = 'held' THEN captured_amount > 0 AND held_amount = captured_amount
              WHEN escrow_state = 'part' THEN held_amount > 0 AND held_amount < captured_amount
              WHEN escrow_state = 'released' THEN captured_amount > 0 AND released_amount = captured_amount
              WHEN escrow_state = 'refunded' THEN captured_amount > 0 AND refunded_amount = captured_amount
              WHEN escrow_state = 'mixed' THEN held_amount = 0 AND released_amount > 0 AND refunded_amount > 0
              ELSE true END),
    CONSTRAINT transactions_dispute_of_live_money CHECK
        (NOT in_dispute OR escrow_state IN ('auth', 'held', 'part', 'released', 'mixed')),
    CONSTRAINT transactions_status_follows_escrow CHECK
        (CASE WHEN escrow_state IS NULL THEN true
              WHEN in_dispute OR open_chargebacks > 0 THEN status = 'disputed'
              WHEN escrow_state IN ('created', 'action') THEN status = 'pending'
              WHEN escrow_state IN ('auth', 'held', 'part') THEN status = 'processing'
              WHEN escrow_state IN ('released', 'mixed') THEN status = 'completed'
              WHEN escrow_state = 'refunded' THEN status = 'refunded'
              ELSE status = 'failed' END),
    CONSTRAINT transactions_completed_at CHECK
        ((completed_at IS NOT NULL) = CASE WHEN escrow_state IS NULL THEN status IN ('completed', 'refunded')
                                           ELSE escrow_state IN ('released', 'mixed', 'refunded') END),
    CONSTRAINT transactions_failed_with_reason CHECK (status <> 'failed' OR failure_reason IS NOT NULL),
    CONSTRAINT transactions_released_at CHECK (escrow_released_at IS NULL OR released_amount > 0 OR refunded_amount > 0),
    CONSTRAINT transactions_installments_whole CHECK
        (CASE WHEN is_installment THEN total_installments BETWEEN 2 AND 36
                                       AND (installment_number IS NULL OR installment_number BETWEEN 1 AND total_installments)
              ELSE num_nonnulls(installment_plan_id, installment_number, total_installments) = 0 END)
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.transactions
    IS 'Payments and what became of them; a constraint holds together state, amounts, flags and the status that people see.';
COMMENT ON COLUMN mesteri.transactions.id IS 'What clients call payment_id.';
COMMENT ON COLUMN mesteri.transactions.from_user_id IS 'Who pays; null: we do.';
COMMENT ON COLUMN mesteri.transactions.to_user_id IS 'Who is paid; null: we are.';
COMMENT ON COLUMN mesteri.transactions.project_id IS 'What is paid for; null: a subscription or the like.';
COMMENT ON COLUMN mesteri.transactions.milestone_id IS 'Which part of that project; null: the whole.';
COMMENT ON COLUMN mesteri.transactions.plan_id IS 'What a subscription bought, else null.';
COMMENT ON COLUMN mesteri.transactions.type IS 'Decides which of the other columns are filled.';
COMMENT ON COLUMN mesteri.transactions.amount IS 'Agreed price in lei; what was really captured stands elsewhere.';
COMMENT ON COLUMN mesteri.transactions.currency IS 'Of all amounts in the row.';
COMMENT ON COLUMN mesteri.transactions.status
    IS 'A projection of escrow_state, in_dispute and open_chargebacks for payments of work.';
COMMENT ON COLUMN mesteri.transactions.payment_method
    IS 'As the client chose; the fee schedule knows which there are. Null: no outside payment.';
COMMENT ON COLUMN mesteri.transactions.payment_provider IS 'Who carries the money; null: no outside payment.';
COMMENT ON COLUMN mesteri.transactions.provider_transaction_id
    IS 'The provider''s id of the intent or order; null until it exists there.';
COMMENT ON COLUMN mesteri.transactions.provider_attempts IS 'How often the payer''s card or bank refused; never ends a payment.';
COMMENT ON COLUMN mesteri.transactions.escrow_state IS 'Where the money stands; null for what is not held for work.';
COMMENT ON COLUMN mesteri.transactions.in_dispute IS 'The parties quarrel: nothing is released or refunded but by the decision.';
COMMENT ON COLUMN mesteri.transactions.open_chargebacks
    IS 'How many claims the payer''s bank has open at the provider; frozen while above 0.';
COMMENT ON COLUMN mesteri.transactions.authorised_amount IS 'Lei reserved at the payer''s bank.';
COMMENT ON COLUMN mesteri.transactions.captured_amount IS 'Lei that really arrived.';
COMMENT ON COLUMN mesteri.transactions.released_amount
    IS 'Lei of that which went to the craftsman, fees included, less what was clawed back.';
COMMENT ON COLUMN mesteri.transactions.refunded_amount IS 'Lei of that which went, or is going, back to the client.';
COMMENT ON COLUMN mesteri.transactions.held_amount IS 'What is left of the captured lei.';
COMMENT ON COLUMN mesteri.transactions.is_escrowed IS 'Whether money is reserved or held for it just now.';
COMMENT ON COLUMN mesteri.transactions.escrow_released_at IS 'When a release left nothing held; null: it has not.';
COMMENT ON COLUMN mesteri.transactions.hold_expires_at
    IS 'When the provider drops the reservation unless it is captured; null: none is open.';
COMMENT ON COLUMN mesteri.transactions.fee_schedule_id
    IS 'Where the rates were copied from; null for what has no fees of a method.';
COMMENT ON COLUMN mesteri.transactions.platform_bps IS 'Our share, copied when the payment was made.';
COMMENT ON COLUMN mesteri.transactions.provider_bps IS 'The craftsman''s share of the provider''s fee, copied then too.';
COMMENT ON COLUMN mesteri.transactions.vat_bps IS 'VAT on our fee, copied then too.';
COMMENT ON COLUMN mesteri.transactions.platform_fee IS 'Our share of the agreed price, VAT included, rounded half up.';
COMMENT ON COLUMN mesteri.transactions.payment_provider_fee IS 'What the craftsman bears of the provider''s fee, rounded half up.';
COMMENT ON COLUMN mesteri.transactions.net_amount IS 'What remains for the craftsman; the three parts add up to the price.';
COMMENT ON COLUMN mesteri.transactions.vat_amount IS 'VAT contained in platform_fee.';
COMMENT ON COLUMN mesteri.transactions.vat_rate IS 'Percent, from vat_bps.';
COMMENT ON COLUMN mesteri.transactions.invoice_number
    IS 'Series and number of the invoice for our fee; null: none issued yet. Payee and staff see it.';
COMMENT ON COLUMN mesteri.transactions.invoice_url
    IS 'The rendered invoice; null until the worker has made it. Payee and staff see it.';
COMMENT ON COLUMN mesteri.transactions.is_installment IS 'Paid by a plan of the provider; for us one captured amount all the same.';
COMMENT ON COLUMN mesteri.transactions.installment_plan_id IS 'The provider''s name of that plan.';
COMMENT ON COLUMN mesteri.transactions.installment_number
    IS 'Which of them this is, where the provider pays them out singly; else null.';
COMMENT ON COLUMN mesteri.transactions.total_installments IS 'How many the client asked for, 2 to 36.';
COMMENT ON COLUMN mesteri.transactions.failure_reason
    IS 'Why it came to nothing, in a word; also why the last attempt was refused.';
COMMENT ON COLUMN mesteri.transactions.command_id IS 'The request that made it: the same request again finds it.';
COMMENT ON COLUMN mesteri.transactions.metadata IS 'What the provider said beside, for staff.';
COMMENT ON COLUMN mesteri.transactions.created_at IS 'History is newest first by it.';
COMMENT ON COLUMN mesteri.transactions.completed_at
    IS 'When nothing was left to move; null while there is, also again after a refund failed.';
CREATE UNIQUE INDEX transactions_provider_id ON mesteri.transactions (payment_provider, provider_transaction_id);
CREATE UNIQUE INDEX transactions_one_live_per_milestone ON mesteri.transactions (milestone_id)
    WHERE type = 'milestone_payment' AND escrow_state NOT IN ('dead', 'refunded');
CREATE UNIQUE INDEX transactions_one_open_subscription ON mesteri.transactions (from_user_id)
    WHERE type = 'subscription' AND status IN ('pending', 'processing');
CREATE INDEX transactions_from_user ON mesteri.transactions (from_user_id, created_at DESC);
CREATE INDEX transactions_to_user ON mesteri.transactions (to_user_id, created_at DESC);
CREATE INDEX transactions_project ON mesteri.transactions (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX transactions_milestone ON mesteri.transactions (milestone_id) WHERE milestone_id IS NOT NULL;
CREATE INDEX transactions_hold_expires ON mesteri.transactions (hold_expires_at) WHERE escrow_state = 'auth';
SELECT pg_catalog.pg_extension_config_dump('mesteri.transactions', '');

CREATE TABLE mesteri.dispute_payments (
    dispute_id     uuid NOT NULL REFERENCES mesteri.disputes ON DELETE CASCADE,
    transaction_id uuid NOT NULL REFERENCES mesteri.transactions,
    release_amount mesteri.money_amount,
    refund_amount  mesteri.money_amount,
    PRIMARY KEY (dispute_id, transaction_id),
    CONSTRAINT dispute_payments_amounts_whole CHECK ((release_amount IS NULL) = (refund_amount IS NULL))
);
COMMENT ON TABLE mesteri.dispute_payments IS 'Which payments a quarrel has frozen, and what the decision did with each.';
COMMENT ON COLUMN mesteri.dispute_payments.dispute_id IS 'The quarrel.';
COMMENT ON COLUMN mesteri.dispute_payments.transaction_id IS 'A payment that was reserved, held or released when it began.';
COMMENT ON COLUMN mesteri.dispute_payments.release_amount
    IS 'Lei to the craftsman by the decision; null while open, or left as it was.';
COMMENT ON COLUMN mesteri.dispute_payments.refund_amount
    IS 'Lei back to the client by the decision; null while open, or left as it was.';
CREATE INDEX dispute_payments_transaction ON mesteri.dispute_payments (transaction_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.dispute_payments', '');

CREATE TABLE mesteri.refunds (
    id                 uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    payment_id         uuid NOT NULL REFERENCES mesteri.transactions,
    amount             mesteri.money_amount NOT NULL,
    currency           mesteri.currency NOT NULL DEFAULT 'RON',
    reason             text NOT NULL,
    status             mesteri.refund_status NOT NULL DEFAULT 'pending',
    requested_by       uuid REFERENCES mesteri.users,
    requested_as       mesteri.actor_kind NOT NULL,
    after_release      boolean NOT NULL DEFAULT false,
    payment_provider   mesteri.payment_provider NOT NULL,
    provider_refund_id text,
    failure_reason     text,
    command_id         uuid NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    completed_at       timestamptz,
    CONSTRAINT refunds_command_unique UNIQUE (command_id),
    CONSTRAINT refunds_provider_id_unique UNIQUE (payment_provider, provider_refund_id),
    CONSTRAINT refunds_amount_positive CHECK (amount > 0),
    CONSTRAINT refunds_system_has_no_account CHECK ((requested_as = 'system') = (requested_by IS NULL)),
    CONSTRAINT refunds_completed_at CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT refunds_failed_with_reason CHECK (status <> 'failed' OR failure_reason IS NOT NULL)
);
COMMENT ON TABLE mesteri.refunds IS 'Money on its way back to a client, one row for each time it was asked for.';
COMMENT ON COLUMN mesteri.refunds.id IS 'What the answer to the request names.';
COMMENT ON COLUMN mesteri.refunds.payment_id IS 'Out of which payment.';
COMMENT ON COLUMN mesteri.refunds.amount IS 'Lei that go back.';
COMMENT ON COLUMN mesteri.refunds.currency IS 'Of the amount.';
COMMENT ON COLUMN mesteri.refunds.reason IS 'Of who asked for it.';
COMMENT ON COLUMN mesteri.refunds.status IS 'Pending until the provider has said how it went.';
COMMENT ON COLUMN mesteri.refunds.requested_by IS 'Account that asked; null: the rules did, as after a withdrawal.';
COMMENT ON COLUMN mesteri.refunds.requested_as IS 'In which capacity.';
COMMENT ON COLUMN mesteri.refunds.after_release IS 'The craftsman had been paid already, and owes it.';
COMMENT ON COLUMN mesteri.refunds.payment_provider IS 'Who gives it back.';
COMMENT ON COLUMN mesteri.refunds.provider_refund_id IS 'The provider''s id of it; null until it exists there.';
COMMENT ON COLUMN mesteri.refunds.failure_reason IS 'What the provider said when it could not; null otherwise.';
COMMENT ON COLUMN mesteri.refunds.command_id IS 'The request that made it: the same request again finds it.';
COMMENT ON COLUMN mesteri.refunds.created_at IS 'When it was asked for; from then on the money is not the craftsman''s.';
COMMENT ON COLUMN mesteri.refunds.completed_at IS 'When the provider had given it back; null until then.';
CREATE INDEX refunds_payment ON mesteri.refunds (payment_id, created_at DESC);
SELECT pg_catalog.pg_extension_config_dump('mesteri.refunds', '');

CREATE TABLE mesteri.subscriptions (
    id             uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id   uuid NOT NULL REFERENCES mesteri.craftsman_profiles,
    plan_id        uuid NOT NULL REFERENCES mesteri.subscription_plans,
    transaction_id uuid NOT NULL REFERENCES mesteri.transactions,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    cancelled_at   timestamptz,
    CONSTRAINT subscriptions_transaction_unique UNIQUE (transaction_id),
    CONSTRAINT subscriptions_period CHECK (ends_at > starts_at),
    CONSTRAINT subscriptions_no_overlap EXCLUDE USING gist (craftsman_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (cancelled_at IS NULL)
);
COMMENT ON TABLE mesteri.subscriptions IS 'Times that craftsmen have paid for; a profile shows the running one.';
COMMENT ON COLUMN mesteri.subscriptions.id IS 'For support.';
COMMENT ON COLUMN mesteri.subscriptions.craftsman_id IS 'Who is subscribed.';
COMMENT ON COLUMN mesteri.subscriptions.plan_id IS 'To what, at which price.';
COMMENT ON COLUMN mesteri.subscriptions.transaction_id IS 'What paid for it.';
COMMENT ON COLUMN mesteri.subscriptions.starts_at IS 'Now, or the end of the one before.';
COMMENT ON COLUMN mesteri.subscriptions.ends_at IS 'From then on nothing of it holds.';
COMMENT ON COLUMN mesteri.subscriptions.cancelled_at IS 'When it was taken back together with its money; null: it was not.';
CREATE INDEX subscriptions_craftsman ON mesteri.subscriptions (craftsman_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.subscriptions', '');

CREATE TABLE mesteri.payment_sessions (
    id                        uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id                   uuid NOT NULL REFERENCES mesteri.users,
    payment_provider          mesteri.payment_provider NOT NULL,
    project_id                uuid REFERENCES mesteri.projects,
    milestone_id              uuid REFERENCES mesteri.project_milestones,
    transaction_id            uuid REFERENCES mesteri.transactions,
    amount                    mesteri.money_amount NOT NULL,
    currency                  mesteri.currency NOT NULL DEFAULT 'RON',
    installments              integer,
    session_id                text,
    client_token              text,
    payment_method_categories mesteri.json_array NOT NULL DEFAULT '[]',
    callback_hash             mesteri.sha256 NOT NULL,
    created_at                timestamptz NOT NULL DEFAULT now(),
    expires_at                timestamptz,
    CONSTRAINT payment_sessions_provider_id_unique UNIQUE (payment_provider, session_id),
    CONSTRAINT payment_sessions_callback_unique UNIQUE (callback_hash),
    CONSTRAINT payment_sessions_amount_positive CHECK (amount > 0),
    CONSTRAINT payment_sessions_installments_range CHECK (installments BETWEEN 2 AND 36)
);
COMMENT ON TABLE mesteri.payment_sessions IS 'Conversations of a payer with a provider''s own widget, before there is a payment.';
COMMENT ON COLUMN mesteri.payment_sessions.id IS 'Our command towards the provider.';
COMMENT ON COLUMN mesteri.payment_sessions.user_id IS 'The payer.';
COMMENT ON COLUMN mesteri.payment_sessions.payment_provider IS 'Whose widget.';
COMMENT ON COLUMN mesteri.payment_sessions.project_id IS 'What is to be paid for; null: not said yet.';
COMMENT ON COLUMN mesteri.payment_sessions.milestone_id IS 'Which part of it; null: the whole, or not said yet.';
COMMENT ON COLUMN mesteri.payment_sessions.transaction_id IS 'The payment it led to; null: none yet.';
COMMENT ON COLUMN mesteri.payment_sessions.amount IS 'Lei that the widget shows.';
COMMENT ON COLUMN mesteri.payment_sessions.currency IS 'Of that sum.';
COMMENT ON COLUMN mesteri.payment_sessions.installments IS 'How many the payer asked for, 2 to 36; null: left to the widget.';
COMMENT ON COLUMN mesteri.payment_sessions.session_id IS 'The provider''s name of it; null until the provider has answered.';
COMMENT ON COLUMN mesteri.payment_sessions.client_token
    IS 'What opens the widget on the phone; null until the provider has answered.';
COMMENT ON COLUMN mesteri.payment_sessions.payment_method_categories IS 'What the provider offers this payer, as it said.';
COMMENT ON COLUMN mesteri.payment_sessions.callback_hash
    IS 'SHA-256 of the secret in the address that the provider calls, which signs nothing.';
COMMENT ON COLUMN mesteri.payment_sessions.created_at IS 'When the payer asked for it.';
COMMENT ON COLUMN mesteri.payment_sessions.expires_at IS 'When the provider forgets it; null until known.';
CREATE INDEX payment_sessions_user ON mesteri.payment_sessions (user_id, created_at DESC);
SELECT pg_catalog.pg_extension_config_dump('mesteri.payment_sessions', '');

CREATE TABLE mesteri.payout_accounts (
    craftsman_id        uuid PRIMARY KEY REFERENCES mesteri.craftsman_profiles,
    status              mesteri.payout_account_status NOT NULL DEFAULT 'pending',
    payment_provider    mesteri.payment_provider NOT NULL,
    provider_account_id text,
    account_holder      text NOT NULL,
    iban_encrypted      bytea NOT NULL,
    iban_hash           mesteri.sha256 NOT NULL,
    iban_last4          text NOT NULL,
    key_id              text NOT NULL REFERENCES mesteri.encryption_keys,
    payouts_enabled     boolean NOT NULL DEFAULT false,
    requirements_due    text[] NOT NULL DEFAULT '{}',
    onboarding_url      text,
    provider_version    timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payout_accounts_provider_id_unique UNIQUE (payment_provider, provider_account_id),
    CONSTRAINT payout_accounts_last4_format CHECK (iban_last4 ~ '^[A-Z0-9]{4}$'),
    CONSTRAINT payout_accounts_holder_length CHECK (char_length(account_holder) BETWEEN 1 AND 200),
    CONSTRAINT payout_accounts_active_pays CHECK (NOT payouts_enabled OR status = 'active')
);
COMMENT ON TABLE mesteri.payout_accounts IS 'Where a craftsman''s money goes; changing it begins the provider''s checks anew.';
COMMENT ON COLUMN mesteri.payout_accounts.craftsman_id IS 'Whose; one at a time.';
COMMENT ON COLUMN mesteri.payout_accounts.status IS 'What the provider last said of it.';
COMMENT ON COLUMN mesteri.payout_accounts.payment_provider IS 'Who pays out.';
COMMENT ON COLUMN mesteri.payout_accounts.provider_account_id
    IS 'The provider''s name of the craftsman; null until it has answered.';
COMMENT ON COLUMN mesteri.payout_accounts.account_holder IS 'Name on the bank account, as typed.';
COMMENT ON COLUMN mesteri.payout_accounts.iban_encrypted IS 'AES-256-GCM of the account number; only the worker asks for it, once.';
COMMENT ON COLUMN mesteri.payout_accounts.iban_hash IS 'Keyed hash of the account number, to notice when two craftsmen share one.';
COMMENT ON COLUMN mesteri.payout_accounts.iban_last4 IS 'What the craftsman is shown of it.';
COMMENT ON COLUMN mesteri.payout_accounts.key_id IS 'Which key encrypted it.';
COMMENT ON COLUMN mesteri.payout_accounts.payouts_enabled IS 'The provider would pay out now.';
COMMENT ON COLUMN mesteri.payout_accounts.requirements_due IS 'What the provider still wants to know, in its own words.';
COMMENT ON COLUMN mesteri.payout_accounts.onboarding_url
    IS 'Where the craftsman answers that; made new each time, null when used up.';
COMMENT ON COLUMN mesteri.payout_accounts.provider_version
    IS 'Time of the newest fact we took over, so that an older one that comes late is left.';
COMMENT ON COLUMN mesteri.payout_accounts.created_at IS 'When the first account was given.';
COMMENT ON COLUMN mesteri.payout_accounts.updated_at IS 'Last change by the craftsman or the provider.';
CREATE INDEX payout_accounts_iban ON mesteri.payout_accounts (iban_hash);
SELECT pg_catalog.pg_extension_config_dump('mesteri.payout_accounts', '');

CREATE TABLE mesteri.payouts (
    id                   uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    craftsman_id         uuid NOT NULL REFERENCES mesteri.craftsman_profiles,
    amount               mesteri.money_amount NOT NULL,
    currency             mesteri.currency NOT NULL DEFAULT 'RON',
    status               mesteri.payout_status NOT NULL DEFAULT 'pending',
    payment_provider     mesteri.payment_provider NOT NULL,
    provider_transfer_id text,
    arrival_date         date,
    failure_reason       text,
    command_id           uuid NOT NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    paid_at              timestamptz,
    CONSTRAINT payouts_command_unique UNIQUE (command_id),
    CONSTRAINT payouts_provider_id_unique UNIQUE (payment_provider, provider_transfer_id),
    CONSTRAINT payouts_amount_positive CHECK (amount > 0),
    CONSTRAINT payouts_paid_at CHECK (CASE status WHEN 'paid' THEN paid_at IS NOT NULL
                                                  WHEN 'reversed' THEN true
                                                  ELSE paid_at IS NULL END),
    CONSTRAINT payouts_failed_with_reason CHECK (status NOT IN ('failed', 'reversed') OR failure_reason IS NOT NULL)
);
COMMENT ON TABLE mesteri.payouts IS 'Transfers of released money to craftsmen.';
COMMENT ON COLUMN mesteri.payouts.id IS 'What the list of a craftsman shows.';
COMMENT ON COLUMN mesteri.payouts.craftsman_id IS 'Who is paid.';
COMMENT ON COLUMN mesteri.payouts.amount IS 'Lei transferred.';
COMMENT ON COLUMN mesteri.payouts.currency IS 'Of the amount.';
COMMENT ON COLUMN mesteri.payouts.status IS 'Pending until the provider has said how it went.';
COMMENT ON COLUMN mesteri.payouts.payment_provider IS 'Who pays.';
COMMENT ON COLUMN mesteri.payouts.provider_transfer_id IS 'The provider''s name of it; null until it exists there.';
COMMENT ON COLUMN mesteri.payouts.arrival_date IS 'When the provider says the bank will have it; null: not said.';
COMMENT ON COLUMN mesteri.payouts.failure_reason IS 'Why it failed or came back; null otherwise.';
COMMENT ON COLUMN mesteri.payouts.command_id IS 'The command that made it: the same command again finds it.';
COMMENT ON COLUMN mesteri.payouts.created_at IS 'When we gave the order.';
COMMENT ON COLUMN mesteri.payouts.paid_at IS 'When the provider made it; null until then.';
CREATE INDEX payouts_craftsman ON mesteri.payouts (craftsman_id, created_at DESC);
SELECT pg_catalog.pg_extension_config_dump('mesteri.payouts', '');

CREATE TABLE mesteri.payout_payments (
    payout_id      uuid NOT NULL REFERENCES mesteri.payouts ON DELETE CASCADE,
    transaction_id uuid NOT NULL REFERENCES mesteri.transactions,
    amount         mesteri.money_amount NOT NULL,
    PRIMARY KEY (payout_id, transaction_id),
    CONSTRAINT payout_payments_amount_positive CHECK (amount > 0)
);
COMMENT ON TABLE mesteri.payout_payments IS 'Which payments a transfer to a craftsman is made of.';
COMMENT ON COLUMN mesteri.payout_payments.payout_id IS 'The transfer.';
COMMENT ON COLUMN mesteri.payout_payments.transaction_id IS 'A payment that was released, in whole or in part.';
COMMENT ON COLUMN mesteri.payout_payments.amount IS 'Lei of it in this transfer, fees deducted.';
CREATE INDEX payout_payments_transaction ON mesteri.payout_payments (transaction_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.payout_payments', '');

CREATE TABLE mesteri.invoice_series (
    issuer      text NOT NULL,
    series      text NOT NULL,
    year        integer NOT NULL,
    last_number integer NOT NULL DEFAULT 0,
    PRIMARY KEY (issuer, series, year),
    CONSTRAINT invoice_series_format CHECK (series ~ '^[A-Z][A-Z0-9-]{0,15}$'),
    CONSTRAINT invoice_series_year_range CHECK (year BETWEEN 2020 AND 2999),
    CONSTRAINT invoice_series_not_negative CHECK (last_number >= 0)
);
COMMENT ON TABLE mesteri.invoice_series
    IS 'Counters of invoice numbers: updated in the transaction of the invoice, so that no number is missing or given twice.';
COMMENT ON COLUMN mesteri.invoice_series.issuer IS 'Fiscal code of who issues.';
COMMENT ON COLUMN mesteri.invoice_series.series IS 'Letters in front of the number.';
COMMENT ON COLUMN mesteri.invoice_series.year IS 'Of issue, in Romania; numbers begin anew with it.';
COMMENT ON COLUMN mesteri.invoice_series.last_number IS 'The last one given; 0: none yet.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.invoice_series', '');

CREATE TABLE mesteri.invoices (
    id                  uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    payment_id          uuid NOT NULL REFERENCES mesteri.transactions,
    kind                mesteri.invoice_kind NOT NULL DEFAULT 'invoice',
    corrects_invoice_id uuid REFERENCES mesteri.invoices,
    issuer              text NOT NULL,
    series              text NOT NULL,
    year                integer NOT NULL,
    number              integer NOT NULL,
    issued_on           date NOT NULL,
    supplied_on         date NOT NULL,
    supplier            mesteri.json_object NOT NULL,
    customer            mesteri.json_object NOT NULL,
    net                 mesteri.money_amount NOT NULL,
    vat_amount          mesteri.money_amount NOT NULL,
    gross               mesteri.money_amount NOT NULL,
    vat_rate            numeric(5, 2) NOT NULL,
    currency            mesteri.currency NOT NULL DEFAULT 'RON',
    pdf_url             text,
    xml_url             text,
    efactura_due_on     date NOT NULL,
    efactura_id         text,
    efactura_sent_at    timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT invoices_series_fkey FOREIGN KEY (issuer, series, year) REFERENCES mesteri.invoice_series,
    CONSTRAINT invoices_number_unique UNIQUE (issuer, series, year, number),
    CONSTRAINT invoices_number_positive CHECK (number > 0),
    CONSTRAINT invoices_year_of_issue CHECK (year = extract(year FROM issued_on)),
    CONSTRAINT invoices_gross_adds_up CHECK (net + vat_amount = gross),
    CONSTRAINT invoices_vat_rate_range CHECK (vat_rate BETWEEN 0 AND 100),
    CONSTRAINT invoices_credit_note_corrects CHECK ((kind = 'credit_note') = (corrects_invoice_id IS NOT NULL)),
    CONSTRAINT invoices_efactura_sent CHECK (efactura_sent_at IS NOT NULL OR efactura_id IS NULL)
);
COMMENT ON TABLE mesteri.invoices IS 'Invoices and credit notes to craftsmen for our fee; never changed once issued.';
COMMENT ON COLUMN mesteri.invoices.id IS 'For links; people use series and number.';
COMMENT ON COLUMN mesteri.invoices.payment_id IS 'Whose fee it is about.';
COMMENT ON COLUMN mesteri.invoices.kind IS 'Amounts of a credit note are positive all the same.';
COMMENT ON COLUMN mesteri.invoices.corrects_invoice_id IS 'What a credit note takes back, else null.';
COMMENT ON COLUMN mesteri.invoices.issuer IS 'Our fiscal code at that time.';
COMMENT ON COLUMN mesteri.invoices.series IS 'Letters in front of the number.';
COMMENT ON COLUMN mesteri.invoices.year IS 'Of issue; numbers begin anew with it.';
COMMENT ON COLUMN mesteri.invoices.number IS 'Consecutive within issuer, series and year.';
COMMENT ON COLUMN mesteri.invoices.issued_on IS 'Day of issue, in Romania.';
COMMENT ON COLUMN mesteri.invoices.supplied_on IS 'Day of the release it is about, whose VAT rate holds.';
COMMENT ON COLUMN mesteri.invoices.supplier IS 'Us: name, fiscal code, address and bank as they were on that day.';
COMMENT ON COLUMN mesteri.invoices.customer IS 'The craftsman: name, fiscal code and address as they were on that day.';
COMMENT ON COLUMN mesteri.invoices.net IS 'Lei without VAT.';
COMMENT ON COLUMN mesteri.invoices.vat_amount IS 'Lei of VAT.';
COMMENT ON COLUMN mesteri.invoices.gross IS 'Lei with VAT: the fee that was kept.';
COMMENT ON COLUMN mesteri.invoices.vat_rate IS 'Percent.';
COMMENT ON COLUMN mesteri.invoices.currency IS 'Of the three sums.';
COMMENT ON COLUMN mesteri.invoices.pdf_url IS 'The rendered document; null until the worker has made it.';
COMMENT ON COLUMN mesteri.invoices.xml_url IS 'The same as UBL for RO e-Factura; null until the worker has made it.';
COMMENT ON COLUMN mesteri.invoices.efactura_due_on IS 'Last day to hand it to the tax authority, five working days after issue.';
COMMENT ON COLUMN mesteri.invoices.efactura_id IS 'The authority''s index of it; null until it has answered.';
COMMENT ON COLUMN mesteri.invoices.efactura_sent_at IS 'When it was handed over; null: it has not been.';
COMMENT ON COLUMN mesteri.invoices.created_at IS 'When the row was made, in the transaction that took the number.';
CREATE INDEX invoices_payment ON mesteri.invoices (payment_id);
CREATE INDEX invoices_corrects ON mesteri.invoices (corrects_invoice_id) WHERE corrects_invoice_id IS NOT NULL;
CREATE INDEX invoices_efactura_due ON mesteri.invoices (efactura_due_on) WHERE efactura_sent_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.invoices', '');

CREATE TABLE mesteri.provider_events (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    payment_provider mesteri.payment_provider NOT NULL,
    event_id         text NOT NULL,
    event_type       text NOT NULL,
    object_id        text,
    body             bytea NOT NULL,
    received_at      timestamptz NOT NULL DEFAULT now(),
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz DEFAULT now(),
    handled_at       timestamptz,
    last_error       text,
    CONSTRAINT provider_events_once UNIQUE (payment_provider, event_id),
    CONSTRAINT provider_events_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT provider_events_handled_or_waiting CHECK (handled_at IS NULL OR next_attempt_at IS NULL)
);
COMMENT ON TABLE mesteri.provider_events
    IS 'Webhooks whose signature held, byte for byte; stored first, understood later, in whatever order they came.';
COMMENT ON COLUMN mesteri.provider_events.id IS 'For staff who look one up.';
COMMENT ON COLUMN mesteri.provider_events.payment_provider IS 'Who sent it.';
COMMENT ON COLUMN mesteri.provider_events.event_id IS 'The sender''s name of it, which makes a repeat harmless.';
COMMENT ON COLUMN mesteri.provider_events.event_type IS 'In the sender''s words; one we do not know is kept too.';
COMMENT ON COLUMN mesteri.provider_events.object_id IS 'What it is about, in the sender''s words; null: not found in it.';
COMMENT ON COLUMN mesteri.provider_events.body IS 'As received, so that it can be read again by a better program.';
COMMENT ON COLUMN mesteri.provider_events.received_at IS 'When the signature was checked.';
COMMENT ON COLUMN mesteri.provider_events.attempts IS 'How often we tried to act on it.';
COMMENT ON COLUMN mesteri.provider_events.next_attempt_at IS 'When to try; null: handled, or waits for a person.';
COMMENT ON COLUMN mesteri.provider_events.handled_at IS 'When all that follows from it was booked; null: not yet.';
COMMENT ON COLUMN mesteri.provider_events.last_error IS 'Why the last try did not do it; null: none failed.';
CREATE INDEX provider_events_waiting ON mesteri.provider_events (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX provider_events_object ON mesteri.provider_events (payment_provider, object_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.provider_events', '');

CREATE TABLE mesteri.provider_rejections (
    payment_provider mesteri.payment_provider NOT NULL,
    on_day           date NOT NULL,
    count            bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (payment_provider, on_day),
    CONSTRAINT provider_rejections_not_negative CHECK (count >= 0)
);
COMMENT ON TABLE mesteri.provider_rejections IS 'How many webhooks had no valid signature; nothing else of them is kept.';
COMMENT ON COLUMN mesteri.provider_rejections.payment_provider IS 'Whom they claimed to come from.';
COMMENT ON COLUMN mesteri.provider_rejections.on_day IS 'UTC.';
COMMENT ON COLUMN mesteri.provider_rejections.count IS 'So many; a sudden rise means an attack, or a changed secret.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.provider_rejections', '');
