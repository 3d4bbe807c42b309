/*
 * 10-types.sql
 *		The closed lists of the product, and the domains that bound what a client may send.
 *
 * An endpoint's argument is declared with one of the api domains; the
 * dispatcher converts the client's text with the domain's input function, so
 * the limit stands in exactly one place.  A constraint's name is the rule that
 * the client reads in details[].rule (data/rules.csv).
 */
CREATE TYPE mesteri.user_type AS ENUM ('client', 'craftsman', 'staff');
COMMENT ON TYPE mesteri.user_type IS 'Kind of account; staff is never self-registered.';
CREATE TYPE mesteri.language AS ENUM ('ro', 'hu', 'en');
COMMENT ON TYPE mesteri.language IS 'Languages we speak to people.';
CREATE TYPE mesteri.platform AS ENUM ('ios', 'android', 'web');
COMMENT ON TYPE mesteri.platform IS 'What a session was opened on.';
CREATE TYPE mesteri.verification_status AS ENUM ('none', 'pending', 'verified', 'rejected');
COMMENT ON TYPE mesteri.verification_status IS 'How far staff got with a proof of identity, business or skill.';
CREATE TYPE mesteri.craftsman_tier AS ENUM ('basic', 'verified', 'pro', 'master');
COMMENT ON TYPE mesteri.craftsman_tier IS 'Standing of a craftsman; a term of his match score.';
CREATE TYPE mesteri.availability_status AS ENUM ('available', 'busy', 'vacation');
COMMENT ON TYPE mesteri.availability_status IS 'What a craftsman says of his time.';
CREATE TYPE mesteri.business_type AS ENUM ('PFA', 'II', 'IF', 'SRL', 'individual');
COMMENT ON TYPE mesteri.business_type IS 'Legal form; individual is not a trader and is shown as such.';
CREATE TYPE mesteri.media_type AS ENUM ('video', 'image', 'timelapse', 'before_after');
COMMENT ON TYPE mesteri.media_type IS 'What a post shows.';
CREATE TYPE mesteri.content_status AS ENUM ('draft', 'processing', 'published', 'hidden', 'removed');
COMMENT ON TYPE mesteri.content_status IS 'Life of a post; only published ones are seen by others.';
CREATE TYPE mesteri.interaction_type AS ENUM ('like', 'save', 'share', 'view');
COMMENT ON TYPE mesteri.interaction_type IS 'What a reader did with a post, once per reader and post.';

CREATE TYPE mesteri.actor_kind AS ENUM ('client', 'craftsman', 'staff', 'system');
COMMENT ON TYPE mesteri.actor_kind
    IS 'In which capacity something was done; system is a timer or the rules themselves, and nobody''s account.';
CREATE TYPE mesteri.party_role AS ENUM ('client', 'craftsman');
COMMENT ON TYPE mesteri.party_role IS 'The two sides of a project, a contract or a conversation.';

-- Projects and contracts.
CREATE TYPE mesteri.project_status AS ENUM ('inquiry', 'negotiation', 'quote_sent', 'contract_pending', 'contract_signed',
                                            'in_progress', 'completed', 'cancelled', 'disputed');
COMMENT ON TYPE mesteri.project_status IS 'Life of a project from the first question to the end of the work.';
CREATE TYPE mesteri.payment_status AS ENUM ('pending', 'partial', 'paid', 'refunded', 'failed');
COMMENT ON TYPE mesteri.payment_status IS 'How much of a project''s price has been paid.';
CREATE TYPE mesteri.milestone_status AS ENUM ('open', 'completed', 'rejected', 'approved');
COMMENT ON TYPE mesteri.milestone_status
    IS 'open: to be done; completed: the craftsman says so; rejected: to be done again; approved: final, money released.';
CREATE TYPE mesteri.dispute_status AS ENUM ('open', 'resolved');
COMMENT ON TYPE mesteri.dispute_status IS 'Whether staff still have to decide.';
CREATE TYPE mesteri.dispute_decision AS ENUM ('release', 'refund', 'split', 'resume');
COMMENT ON TYPE mesteri.dispute_decision
    IS 'What becomes of the held money: to the craftsman, to the client, to both, or back to work.';
CREATE TYPE mesteri.contract_status AS ENUM ('pending', 'signed', 'expired', 'cancelled', 'superseded', 'withdrawn');
COMMENT ON TYPE mesteri.contract_status
    IS 'Life of one version of a contract; superseded: an amendment that both signed took its place.';
CREATE TYPE mesteri.signature_method AS ENUM ('drawn', 'typed');
COMMENT ON TYPE mesteri.signature_method IS 'How a signer put his name: a picture, or letters.';

-- Money.
CREATE TYPE mesteri.transaction_type AS ENUM ('project_payment', 'milestone_payment', 'subscription', 'featured_listing',
                                              'refund', 'withdrawal');
COMMENT ON TYPE mesteri.transaction_type IS 'What money moves for; the first two are held until the work is approved.';
CREATE TYPE mesteri.transaction_status AS ENUM ('pending', 'processing', 'completed', 'failed', 'refunded', 'disputed');
COMMENT ON TYPE mesteri.transaction_status IS 'What the parties see of a payment: a projection of its escrow state and flags.';
CREATE TYPE mesteri.escrow_state AS ENUM ('created', 'action', 'auth', 'held', 'part', 'released', 'mixed', 'refunded', 'dead');
COMMENT ON TYPE mesteri.escrow_state IS
    'Where held money stands. created: intent only; action: the payer must do something; auth: reserved; held: captured, '
    'nothing moved; part: some moved; released, refunded, mixed: all moved, to the craftsman, back, or both ways; dead: it came to nothing.';
CREATE TYPE mesteri.escrow_event AS ENUM (
    'action_needed', 'attempt_failed', 'authorised', 'captured', 'canceled', 'hold_expired', 'release', 'refund', 'refund_done',
    'refund_failed', 'refund_after_release', 'dispute_opened', 'dispute_decided', 'chargeback_opened', 'chargeback_won',
    'chargeback_lost', 'transfer_made', 'transfer_reversed', 'give_up', 'write_off', 'platform_payout');
COMMENT ON TYPE mesteri.escrow_event IS
    'What can happen to held money, by command, by a fact of the provider, or by a timer; the last two touch the journal alone.';
CREATE TYPE mesteri.payment_provider AS ENUM ('stripe', 'klarna', 'sandbox');
COMMENT ON TYPE mesteri.payment_provider IS 'Who carries the money; sandbox is ours, pretends, and is refused in production.';
CREATE TYPE mesteri.refund_status AS ENUM ('pending', 'completed', 'failed');
COMMENT ON TYPE mesteri.refund_status IS 'Whether the provider has given the money back.';
CREATE TYPE mesteri.payout_status AS ENUM ('pending', 'paid', 'failed', 'reversed');
COMMENT ON TYPE mesteri.payout_status IS 'How far a transfer to a craftsman got.';
CREATE TYPE mesteri.payout_account_status AS ENUM ('pending', 'active', 'restricted');
COMMENT ON TYPE mesteri.payout_account_status IS 'What the provider thinks of a craftsman''s account; without a row there is none.';
CREATE TYPE mesteri.vat_class AS ENUM ('standard', 'reduced', 'super_reduced');
COMMENT ON TYPE mesteri.vat_class IS 'Classes of VAT rates in the tax code; works and repairs are standard.';
CREATE TYPE mesteri.invoice_kind AS ENUM ('invoice', 'credit_note');
COMMENT ON TYPE mesteri.invoice_kind IS 'A credit note corrects an invoice, which itself is never changed.';
CREATE TYPE mesteri.account_class AS ENUM ('asset', 'liability', 'income', 'expense', 'memo');
COMMENT ON TYPE mesteri.account_class
    IS 'Which side an account grows on: assets, expenses and memo on debit, the others on credit.';
CREATE TYPE mesteri.account_kind AS ENUM (
    'psp_cash', 'bank', 'chargebacks_open', 'craftsman_receivable', 'escrow', 'craftsman_payable', 'refunds_payable',
    'vat_payable', 'platform_revenue', 'provider_fees_recovered', 'provider_fees', 'dispute_fees', 'chargeback_losses',
    'auth_hold', 'auth_hold_contra');
COMMENT ON TYPE mesteri.account_kind
    IS 'The chart of accounts; some kinds have an account for each payment, craftsman or provider.';
CREATE TYPE mesteri.ledger_side AS ENUM ('debit', 'credit');
COMMENT ON TYPE mesteri.ledger_side IS 'Left or right of an account; amounts themselves are never negative.';

-- Talking, rating, telling.
CREATE TYPE mesteri.message_type AS ENUM ('text', 'image', 'video', 'document', 'quote', 'contract_proposal', 'system');
COMMENT ON TYPE mesteri.message_type IS 'What a message carries; the last two are written by us.';
CREATE TYPE mesteri.notification_type AS ENUM ('new_message', 'new_project_inquiry', 'quote_received', 'contract_ready',
                                               'payment_received', 'review_posted', 'milestone_completed', 'project_update');
COMMENT ON TYPE mesteri.notification_type IS 'What somebody is told about; each has switches of its own per channel.';
CREATE TYPE mesteri.outbox_status AS ENUM ('pending', 'running', 'done', 'dead');
COMMENT ON TYPE mesteri.outbox_status IS 'Life of a call to the outside; dead ones wait for a person.';

-- Staff's work.
CREATE TYPE mesteri.verification_type AS ENUM ('identity', 'business', 'certification');
COMMENT ON TYPE mesteri.verification_type
    IS 'What is to be proven: who somebody is, that the business exists, that a paper is real.';
CREATE TYPE mesteri.identity_document_type AS ENUM ('id_card', 'passport', 'residence_permit', 'driving_licence');
COMMENT ON TYPE mesteri.identity_document_type IS 'Documents we take as proof of identity.';
CREATE TYPE mesteri.report_target AS ENUM ('post', 'comment', 'message', 'review', 'user');
COMMENT ON TYPE mesteri.report_target IS 'What can be reported.';
CREATE TYPE mesteri.report_category AS ENUM ('illegal', 'fraud', 'spam', 'hate', 'sexual', 'violence', 'copyright', 'privacy',
                                             'other');
COMMENT ON TYPE mesteri.report_category IS 'What the reporter thinks is wrong.';
CREATE TYPE mesteri.report_status AS ENUM ('open', 'upheld', 'dismissed');
COMMENT ON TYPE mesteri.report_status IS 'Whether staff agreed with the reporter.';
CREATE TYPE mesteri.moderation_decision AS ENUM ('dismiss', 'hide', 'remove', 'suspend_author');
COMMENT ON TYPE mesteri.moderation_decision IS 'What staff do about a report.';
CREATE TYPE mesteri.moderation_action AS ENUM ('hidden', 'removed', 'demoted', 'payment_stopped', 'suspended', 'reinstated');
COMMENT ON TYPE mesteri.moderation_action IS 'Measures that owe a statement of reasons to whom they hit.';
CREATE TYPE mesteri.moderation_ground AS ENUM ('law', 'terms');
COMMENT ON TYPE mesteri.moderation_ground IS 'What a measure rests on: the law, or our own terms.';
CREATE TYPE mesteri.ticket_category AS ENUM ('account', 'payment', 'contract', 'dispute', 'technical', 'other');
COMMENT ON TYPE mesteri.ticket_category IS 'What somebody asks support about.';
CREATE TYPE mesteri.ticket_status AS ENUM ('open', 'in_progress', 'resolved', 'closed');
COMMENT ON TYPE mesteri.ticket_status IS 'Life of a request to support.';
CREATE TYPE mesteri.ticket_priority AS ENUM ('low', 'normal', 'high', 'urgent');
COMMENT ON TYPE mesteri.ticket_priority IS 'How soon support must look; in ascending order.';
CREATE TYPE mesteri.upload_purpose AS ENUM ('post', 'avatar', 'identity', 'business', 'certification', 'milestone', 'message',
                                            'review');
COMMENT ON TYPE mesteri.upload_purpose IS 'What a file is uploaded for; decides who may see it and whether it is stored encrypted.';
CREATE TYPE mesteri.upload_status AS ENUM ('pending', 'ready', 'rejected');
COMMENT ON TYPE mesteri.upload_status IS 'Whether the bytes are here and are what they claim to be.';
CREATE TYPE mesteri.code_channel AS ENUM ('email', 'phone');
COMMENT ON TYPE mesteri.code_channel IS 'What a code proves that somebody can read.';
CREATE TYPE mesteri.message_template AS ENUM ('verify_email', 'verify_phone', 'reset_password', 'email_changed', 'phone_changed',
                                              'password_changed');
COMMENT ON TYPE mesteri.message_template IS 'Mails and text messages that we write; their words are the worker''s.';

-- Values that columns of many tables share.
CREATE DOMAIN mesteri.money_amount AS numeric(14, 2)
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 9999999999.99);
COMMENT ON DOMAIN mesteri.money_amount IS 'Lei with two decimals, never negative.';
CREATE DOMAIN mesteri.bani AS bigint
    CONSTRAINT positive CHECK (VALUE > 0);
COMMENT ON DOMAIN mesteri.bani IS 'Whole hundredths of a leu, never zero: the unit of the journal.';
CREATE DOMAIN mesteri.basis_points AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 10000);
COMMENT ON DOMAIN mesteri.basis_points IS 'A rate in hundredths of a percent.';
CREATE DOMAIN mesteri.currency AS text DEFAULT 'RON'
    CONSTRAINT known CHECK (VALUE = 'RON');
COMMENT ON DOMAIN mesteri.currency IS 'ISO 4217; lei are the only one there is.';
CREATE DOMAIN mesteri.stars AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 5);
COMMENT ON DOMAIN mesteri.stars IS 'A rating somebody gave.';
CREATE DOMAIN mesteri.sha256 AS bytea
    CONSTRAINT length CHECK (octet_length(VALUE) = 32);
COMMENT ON DOMAIN mesteri.sha256 IS 'A SHA-256, or a keyed hash made with it.';
CREATE DOMAIN mesteri.json_array AS jsonb
    CONSTRAINT list CHECK (jsonb_typeof(VALUE) = 'array');
COMMENT ON DOMAIN mesteri.json_array IS 'JSON that is a list.';
CREATE DOMAIN mesteri.json_object AS jsonb
    CONSTRAINT members CHECK (jsonb_typeof(VALUE) = 'object');
COMMENT ON DOMAIN mesteri.json_object IS 'JSON with named members.';
CREATE DOMAIN mesteri.cui AS text
    CONSTRAINT format CHECK (VALUE ~ '^(RO)?[0-9]{2,10}$');
COMMENT ON DOMAIN mesteri.cui IS 'A Romanian fiscal code by its form; the check digit is for whoever takes it from a client.';

-- Text as people type it: the dispatcher puts it into NFC, turns cedilla letters into comma letters, trims it and refuses
-- control characters.  A line has no line break, a paragraph may.
CREATE DOMAIN api.line AS text;
COMMENT ON DOMAIN api.line IS 'One line of text.';
CREATE DOMAIN api.paragraph AS text;
COMMENT ON DOMAIN api.paragraph IS 'Text of several lines.';

CREATE DOMAIN api.email AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 255)
    CONSTRAINT format CHECK (VALUE ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$'
                             AND strpos(VALUE, '@') <= 65);
COMMENT ON DOMAIN api.email IS 'An e-mail address.';
CREATE DOMAIN api.phone AS api.line
    CONSTRAINT format CHECK (char_length(VALUE) <= 32 AND VALUE ~ '^(\+|00)?[0-9][0-9 ./()-]*$');
COMMENT ON DOMAIN api.phone IS 'A phone number as typed, national or E.164.';
CREATE DOMAIN api.identifier AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 255);
COMMENT ON DOMAIN api.identifier IS 'An e-mail address or a phone number, whichever it is.';
CREATE DOMAIN api.secret AS text
    CONSTRAINT length CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
COMMENT ON DOMAIN api.secret IS 'A password or token: taken as it is, never shown, never trimmed.';
CREATE DOMAIN api.code AS api.line
    CONSTRAINT format CHECK (VALUE ~ '^[0-9]{6}$');
COMMENT ON DOMAIN api.code IS 'Six digits that were sent to an address or a number.';
CREATE DOMAIN api.person_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 100);
COMMENT ON DOMAIN api.person_name IS 'A first or last name.';
CREATE DOMAIN api.display_name AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 200);
COMMENT ON DOMAIN api.display_name IS 'The name somebody chose to be shown under.';
CREATE DOMAIN api.bio AS api.paragraph
    CONSTRAINT length CHECK (char_length(VALUE) <= 2000);
COMMENT ON DOMAIN api.bio IS 'What somebody says of himself.';
CREATE DOMAIN api.city AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 100);
COMMENT ON DOMAIN api.city IS 'A town or village.';
CREATE DOMAIN api.address AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) <= 500);
COMMENT ON DOMAIN api.address IS 'Street and number.';
CREATE DOMAIN api.county AS api.line
    CONSTRAINT format CHECK (VALUE ~ '^[A-Z]{1,2}$');
COMMENT ON DOMAIN api.county IS 'Code of a county, B for Bucharest.';
CREATE DOMAIN api.postal_code AS api.line
    CONSTRAINT format CHECK (VALUE ~ '^[0-9]{6}$');
COMMENT ON DOMAIN api.postal_code IS 'Six digits, leading zeros kept.';
CREATE DOMAIN api.birth_date AS date
    CONSTRAINT range CHECK (VALUE BETWEEN date '1900-01-01' AND date '2999-12-31');
COMMENT ON DOMAIN api.birth_date IS 'A day somebody can have been born on.';
CREATE DOMAIN api.search_radius_km AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 300);
COMMENT ON DOMAIN api.search_radius_km IS 'How far a client looks for work, whole kilometres.';

CREATE DOMAIN api.latitude AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN -90 AND 90);
COMMENT ON DOMAIN api.latitude IS 'Degrees north.';
CREATE DOMAIN api.longitude AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN -180 AND 180);
COMMENT ON DOMAIN api.longitude IS 'Degrees east.';
CREATE DOMAIN api.required_latitude AS api.latitude NOT NULL;
COMMENT ON DOMAIN api.required_latitude IS 'Degrees north, in a place that must have them.';
CREATE DOMAIN api.required_longitude AS api.longitude NOT NULL;
COMMENT ON DOMAIN api.required_longitude IS 'Degrees east, in a place that must have them.';
CREATE TYPE api.location AS (lat api.required_latitude, lon api.required_longitude);
COMMENT ON TYPE api.location IS 'A place as clients write it.';

CREATE DOMAIN api.radius_km AS float8
    CONSTRAINT range CHECK (VALUE > 0 AND VALUE <= 300);
COMMENT ON DOMAIN api.radius_km IS 'A radius to search in, kilometres.';
CREATE DOMAIN api.rating AS float8
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 5);
COMMENT ON DOMAIN api.rating IS 'An average of stars.';
CREATE DOMAIN api.price AS numeric
    CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 9999999999.99);
COMMENT ON DOMAIN api.price IS 'A price to compare with, lei.';
CREATE DOMAIN api.search_text AS api.line
    CONSTRAINT length CHECK (char_length(VALUE) BETWEEN 1 AND 200);
COMMENT ON DOMAIN api.search_text IS 'Words to look for.';
CREATE DOMAIN api.page AS integer
    CONSTRAINT range CHECK (VALUE >= 1);
COMMENT ON DOMAIN api.page IS 'Number of a page of a list, from 1.';
CREATE DOMAIN api.feed_page AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 25);
COMMENT ON DOMAIN api.feed_page IS 'Number of a page of the feed, for clients without cursors.';
CREATE DOMAIN api.page_limit AS integer
    CONSTRAINT range CHECK (VALUE BETWEEN 1 AND 100);
COMMENT ON DOMAIN api.page_limit IS 'Items a page.';
CREATE DOMAIN api.feed_cursor AS text
    CONSTRAINT length CHECK (octet_length(VALUE) BETWEEN 1 AND 6000);
COMMENT ON DOMAIN api.feed_cursor IS 'Where a walk through the feed stands; made and read by mesteri alone.';
CREATE DOMAIN api.category_set AS uuid[]
    CONSTRAINT count CHECK (cardinality(VALUE) <= 20);
COMMENT ON DOMAIN api.category_set IS 'Categories to choose from.';
CREATE TYPE api.saved_type AS ENUM ('posts', 'craftsmen');
COMMENT ON TYPE api.saved_type IS 'What to list of what somebody has saved.';

-- Preferences: who is told what over which channel.  An absent member keeps what is stored.
CREATE TYPE api.channels AS (in_app boolean, push boolean, email boolean, sms boolean);
COMMENT ON TYPE api.channels IS 'Switches per channel.';
CREATE TYPE api.notification_types AS (
    new_message         api.channels,
    new_project_inquiry api.channels,
    quote_received      api.channels,
    contract_ready      api.channels,
    payment_received    api.channels,
    review_posted       api.channels,
    milestone_completed api.channels,
    project_update      api.channels
);
COMMENT ON TYPE api.notification_types IS 'Switches per type of notification.';
CREATE TYPE api.preferences AS (in_app boolean, push boolean, email boolean, sms boolean, types api.notification_types);
COMMENT ON TYPE api.preferences IS 'Notification preferences; a type''s own value wins over the general one.';
