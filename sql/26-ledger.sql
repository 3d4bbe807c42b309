/*
 * 26-ledger.sql
 *		The journal: double entry, in bani, never updated, never deleted.
 *
 * One function posts; it checks that an entry balances, which no constraint on
 * a single row can.  What is wrong is set right by another entry.  The tables
 * belong to mesteri_ledger, which nobody is: mesteri_owner, by whose rights
 * everything else runs, may add to them and read them.
 */
CREATE TABLE mesteri.journal_accounts (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    kind             mesteri.account_kind NOT NULL,
    class            mesteri.account_class NOT NULL GENERATED ALWAYS AS (
                         CASE WHEN kind IN ('psp_cash', 'bank', 'chargebacks_open', 'craftsman_receivable')
                                  THEN 'asset'::mesteri.account_class
                              WHEN kind IN ('escrow', 'craftsman_payable', 'refunds_payable', 'vat_payable') THEN 'liability'
                              WHEN kind IN ('platform_revenue', 'provider_fees_recovered') THEN 'income'
                              WHEN kind IN ('provider_fees', 'dispute_fees', 'chargeback_losses') THEN 'expense'
                              ELSE 'memo' END) STORED,
    payment_provider mesteri.payment_provider,
    transaction_id   uuid REFERENCES mesteri.transactions,
    craftsman_id     uuid REFERENCES mesteri.craftsman_profiles,
    currency         mesteri.currency NOT NULL DEFAULT 'RON',
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT journal_accounts_once UNIQUE NULLS NOT DISTINCT (kind, payment_provider, transaction_id, craftsman_id, currency),
    CONSTRAINT journal_accounts_per_provider CHECK ((kind = 'psp_cash') = (payment_provider IS NOT NULL)),
    CONSTRAINT journal_accounts_per_transaction CHECK ((kind = 'escrow') = (transaction_id IS NOT NULL)),
    CONSTRAINT journal_accounts_per_craftsman CHECK
        ((kind IN ('craftsman_payable', 'craftsman_receivable')) = (craftsman_id IS NOT NULL))
);
COMMENT ON TABLE mesteri.journal_accounts IS 'Where money can be; an account is opened by its first posting and never closed.';
COMMENT ON COLUMN mesteri.journal_accounts.id IS 'Accounts are locked in this order.';
COMMENT ON COLUMN mesteri.journal_accounts.kind IS 'Place in the chart of accounts.';
COMMENT ON COLUMN mesteri.journal_accounts.class IS 'Follows from the kind; says which side the balance grows on.';
COMMENT ON COLUMN mesteri.journal_accounts.payment_provider IS 'Whose books it mirrors, for cash at a provider, else null.';
COMMENT ON COLUMN mesteri.journal_accounts.transaction_id IS 'The payment whose money it holds, for escrow, else null.';
COMMENT ON COLUMN mesteri.journal_accounts.craftsman_id IS 'To whom we owe, or who owes us, else null.';
COMMENT ON COLUMN mesteri.journal_accounts.currency IS 'Of every line on it.';
COMMENT ON COLUMN mesteri.journal_accounts.created_at IS 'First posting.';
CREATE INDEX journal_accounts_transaction ON mesteri.journal_accounts (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX journal_accounts_craftsman ON mesteri.journal_accounts (craftsman_id) WHERE craftsman_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.journal_accounts', '');

CREATE TABLE mesteri.posted_commands (
    command_id     uuid PRIMARY KEY,
    content_sha256 mesteri.sha256 NOT NULL,
    event          mesteri.escrow_event NOT NULL,
    transaction_id uuid REFERENCES mesteri.transactions,
    actor_id       uuid REFERENCES mesteri.users,
    actor_kind     mesteri.actor_kind NOT NULL,
    posted_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT posted_commands_system_has_no_account CHECK ((actor_kind = 'system') = (actor_id IS NULL))
);
COMMENT ON TABLE mesteri.posted_commands
    IS 'Commands that have moved money: the same again does nothing, the same id with other content is an error.';
COMMENT ON COLUMN mesteri.posted_commands.command_id IS 'Chosen by who commands, before anything is called.';
COMMENT ON COLUMN mesteri.posted_commands.content_sha256 IS 'Digest of what was commanded.';
COMMENT ON COLUMN mesteri.posted_commands.event IS 'What it asked for.';
COMMENT ON COLUMN mesteri.posted_commands.transaction_id IS 'Which payment; null: the platform''s own money.';
COMMENT ON COLUMN mesteri.posted_commands.actor_id IS 'Account that commanded; null: a timer or the rules.';
COMMENT ON COLUMN mesteri.posted_commands.actor_kind IS 'In which capacity.';
COMMENT ON COLUMN mesteri.posted_commands.posted_at IS 'When it was booked.';
CREATE INDEX posted_commands_transaction ON mesteri.posted_commands (transaction_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.posted_commands', '');

CREATE TABLE mesteri.provider_facts (
    payment_provider  mesteri.payment_provider NOT NULL,
    object_id         text NOT NULL,
    fact              text NOT NULL,
    content_sha256    mesteri.sha256 NOT NULL,
    event             mesteri.escrow_event NOT NULL,
    transaction_id    uuid REFERENCES mesteri.transactions,
    provider_event_id uuid REFERENCES mesteri.provider_events,
    happened_at       timestamptz,
    booked_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (payment_provider, object_id, fact)
);
COMMENT ON TABLE mesteri.provider_facts
    IS 'What a provider told us of money that moved: each fact is booked once, through however many messages it came.';
COMMENT ON COLUMN mesteri.provider_facts.payment_provider IS 'Who says so.';
COMMENT ON COLUMN mesteri.provider_facts.object_id IS 'Intent, capture, refund, claim or transfer, by the provider''s name.';
COMMENT ON COLUMN mesteri.provider_facts.fact IS 'What happened to that object, such as succeeded.';
COMMENT ON COLUMN mesteri.provider_facts.content_sha256 IS 'Digest of amounts and outcome: the same fact with others is an error.';
COMMENT ON COLUMN mesteri.provider_facts.event IS 'What it is to us.';
COMMENT ON COLUMN mesteri.provider_facts.transaction_id IS 'Whose money; null: parked until it is known, or the platform''s own.';
COMMENT ON COLUMN mesteri.provider_facts.provider_event_id IS 'Message that brought it first; null: we asked.';
COMMENT ON COLUMN mesteri.provider_facts.happened_at IS 'When, by the provider''s clock; null: it does not say.';
COMMENT ON COLUMN mesteri.provider_facts.booked_at IS 'When we took note.';
CREATE INDEX provider_facts_transaction ON mesteri.provider_facts (transaction_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.provider_facts', '');

CREATE TABLE mesteri.journal_entries (
    id                uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    event             mesteri.escrow_event NOT NULL,
    transaction_id    uuid REFERENCES mesteri.transactions,
    command_id        uuid REFERENCES mesteri.posted_commands,
    payment_provider  mesteri.payment_provider,
    object_id         text,
    fact              text,
    corrects_entry_id uuid REFERENCES mesteri.journal_entries,
    reason            text,
    posted_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT journal_entries_fact_fkey FOREIGN KEY (payment_provider, object_id, fact) REFERENCES mesteri.provider_facts,
    CONSTRAINT journal_entries_fact_whole CHECK (num_nonnulls(payment_provider, object_id, fact) IN (0, 3)),
    CONSTRAINT journal_entries_one_cause CHECK (num_nonnulls(command_id, fact) = 1),
    CONSTRAINT journal_entries_correction_has_reason CHECK (corrects_entry_id IS NULL OR reason IS NOT NULL),
    CONSTRAINT journal_entries_not_own_correction CHECK (corrects_entry_id <> id)
);
COMMENT ON TABLE mesteri.journal_entries IS 'Bookings: each has one cause and lines that balance.';
COMMENT ON COLUMN mesteri.journal_entries.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.journal_entries.event IS 'What happened to the money.';
COMMENT ON COLUMN mesteri.journal_entries.transaction_id IS 'Which payment; null: the platform''s own money.';
COMMENT ON COLUMN mesteri.journal_entries.command_id IS 'The command that caused it; null: a provider''s fact did.';
COMMENT ON COLUMN mesteri.journal_entries.payment_provider IS 'With the next two: the fact that caused it; null: a command did.';
COMMENT ON COLUMN mesteri.journal_entries.object_id IS 'The provider''s name of what it happened to.';
COMMENT ON COLUMN mesteri.journal_entries.fact IS 'What happened to that object.';
COMMENT ON COLUMN mesteri.journal_entries.corrects_entry_id IS 'The booking it sets right; null: it is an original.';
COMMENT ON COLUMN mesteri.journal_entries.reason IS 'Why it was set right, or a note.';
COMMENT ON COLUMN mesteri.journal_entries.posted_at IS 'Time of the booking; the month of account is Romania''s.';
CREATE INDEX journal_entries_transaction ON mesteri.journal_entries (transaction_id, id);
CREATE INDEX journal_entries_command ON mesteri.journal_entries (command_id);
CREATE INDEX journal_entries_fact ON mesteri.journal_entries (payment_provider, object_id, fact);
CREATE INDEX journal_entries_posted ON mesteri.journal_entries (posted_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.journal_entries', '');

CREATE TABLE mesteri.journal_lines (
    entry_id    uuid NOT NULL REFERENCES mesteri.journal_entries,
    line        integer NOT NULL,
    account_id  uuid NOT NULL REFERENCES mesteri.journal_accounts,
    side        mesteri.ledger_side NOT NULL,
    amount_bani mesteri.bani NOT NULL,
    PRIMARY KEY (entry_id, line),
    CONSTRAINT journal_lines_line_positive CHECK (line > 0)
);
COMMENT ON TABLE mesteri.journal_lines IS 'Debits and credits; over one booking they add up to the same.';
COMMENT ON COLUMN mesteri.journal_lines.entry_id IS 'The booking it belongs to.';
COMMENT ON COLUMN mesteri.journal_lines.line IS 'Place within the booking, from 1.';
COMMENT ON COLUMN mesteri.journal_lines.account_id IS 'What it moves into or out of.';
COMMENT ON COLUMN mesteri.journal_lines.side IS 'Which way.';
COMMENT ON COLUMN mesteri.journal_lines.amount_bani IS 'How much, always above zero: a negative part goes to the other side.';
CREATE INDEX journal_lines_account ON mesteri.journal_lines (account_id, entry_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.journal_lines', '');

CREATE TABLE mesteri.journal_digests (
    on_day          date PRIMARY KEY,
    entries_count   bigint NOT NULL,
    debit_bani      numeric NOT NULL,
    digest          mesteri.sha256 NOT NULL,
    previous_digest mesteri.sha256,
    made_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT journal_digests_not_negative CHECK (entries_count >= 0 AND debit_bani >= 0)
);
COMMENT ON TABLE mesteri.journal_digests
    IS 'A chain over the bookings of each day: who changes an old one breaks every later link.';
COMMENT ON COLUMN mesteri.journal_digests.on_day IS 'UTC day of posted_at.';
COMMENT ON COLUMN mesteri.journal_digests.entries_count IS 'Bookings of that day.';
COMMENT ON COLUMN mesteri.journal_digests.debit_bani IS 'Sum of their debits, which is that of their credits.';
COMMENT ON COLUMN mesteri.journal_digests.digest IS 'SHA-256 over the bookings in order of id, and over the link before.';
COMMENT ON COLUMN mesteri.journal_digests.previous_digest IS 'The link before; null: the first day of all.';
COMMENT ON COLUMN mesteri.journal_digests.made_at IS 'When the day was closed.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.journal_digests', '');

ALTER TABLE mesteri.journal_accounts OWNER TO mesteri_ledger;
ALTER TABLE mesteri.posted_commands OWNER TO mesteri_ledger;
ALTER TABLE mesteri.provider_facts OWNER TO mesteri_ledger;
ALTER TABLE mesteri.journal_entries OWNER TO mesteri_ledger;
ALTER TABLE mesteri.journal_lines OWNER TO mesteri_ledger;
ALTER TABLE mesteri.journal_digests OWNER TO mesteri_ledger;
