/*
 * 22-projects.sql
 *		Projects: what a client asks a craftsman for, its milestones, and what they quarrel about.
 *
 * History is written by the functions that move a row, never by a trigger:
 * a restore would write it again.
 */
CREATE TABLE mesteri.projects (
    id                   uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    client_id            uuid NOT NULL REFERENCES mesteri.users,
    craftsman_id         uuid NOT NULL,
    craftsman_user_id    uuid NOT NULL,
    title                text NOT NULL,
    description          text,
    category_id          uuid REFERENCES mesteri.craft_categories,
    location             geography(Point, 4326),
    address              text,
    estimated_start_date date,
    estimated_end_date   date,
    actual_start_date    date,
    actual_end_date      date,
    estimated_budget     mesteri.money_amount,
    final_cost           mesteri.money_amount,
    currency             mesteri.currency NOT NULL DEFAULT 'RON',
    payment_status       mesteri.payment_status NOT NULL DEFAULT 'pending',
    uses_installments    boolean NOT NULL DEFAULT false,
    status               mesteri.project_status NOT NULL DEFAULT 'inquiry',
    cancel_requested_by  mesteri.party_role,
    cancel_requested_at  timestamptz,
    cancel_reason        text,
    completed_at         timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    version              integer NOT NULL DEFAULT 1,
    CONSTRAINT projects_craftsman_fkey FOREIGN KEY (craftsman_id, craftsman_user_id)
        REFERENCES mesteri.craftsman_profiles (id, user_id),
    CONSTRAINT projects_parties_unique UNIQUE (id, client_id, craftsman_user_id),
    CONSTRAINT projects_two_parties CHECK (client_id <> craftsman_user_id),
    CONSTRAINT projects_title_length CHECK (char_length(title) BETWEEN 1 AND 255),
    CONSTRAINT projects_estimated_dates_ordered CHECK (estimated_end_date >= estimated_start_date),
    CONSTRAINT projects_actual_dates_ordered CHECK (actual_end_date >= actual_start_date),
    CONSTRAINT projects_cancellation_whole CHECK (num_nonnulls(cancel_requested_by, cancel_requested_at, cancel_reason) IN (0, 3)),
    CONSTRAINT projects_cancellation_when_signed CHECK
        (cancel_requested_by IS NULL OR status IN ('contract_signed', 'in_progress')),
    CONSTRAINT projects_completed_at CHECK (status <> 'completed' OR completed_at IS NOT NULL),
    CONSTRAINT projects_version_positive CHECK (version > 0)
);
COMMENT ON TABLE mesteri.projects IS 'Work that one client and one craftsman talk about, agree on and carry out.';
COMMENT ON COLUMN mesteri.projects.id IS 'Links contracts, payments, talk and reviews of the same work.';
COMMENT ON COLUMN mesteri.projects.client_id IS 'Account of who has the work done.';
COMMENT ON COLUMN mesteri.projects.craftsman_id IS 'Profile of who does it.';
COMMENT ON COLUMN mesteri.projects.craftsman_user_id
    IS 'Account of that profile, so that both parties are found, and told apart, without a join.';
COMMENT ON COLUMN mesteri.projects.title IS 'What the client calls it; fixed by a contract.';
COMMENT ON COLUMN mesteri.projects.description IS 'Sanitised text of the client, at most 10000 characters as typed.';
COMMENT ON COLUMN mesteri.projects.category_id IS 'Trade it falls under; null: the client chose none.';
COMMENT ON COLUMN mesteri.projects.location IS 'Where the work is; the parties and staff alone see it.';
COMMENT ON COLUMN mesteri.projects.address
    IS 'Street and number of the work, for the contract; the parties and staff alone see it.';
COMMENT ON COLUMN mesteri.projects.estimated_start_date IS 'When the parties think it will begin, in Romania.';
COMMENT ON COLUMN mesteri.projects.estimated_end_date IS 'When they think it will be done, in Romania.';
COMMENT ON COLUMN mesteri.projects.actual_start_date IS 'First day of work as the craftsman says, in Romania; null: not begun.';
COMMENT ON COLUMN mesteri.projects.actual_end_date IS 'Last day of work as the craftsman says, in Romania; null: not over.';
COMMENT ON COLUMN mesteri.projects.estimated_budget
    IS 'Lei the client has in mind; the amount of the accepted quote takes its place.';
COMMENT ON COLUMN mesteri.projects.final_cost IS 'Lei agreed in the signed contract, amendments included; null before it.';
COMMENT ON COLUMN mesteri.projects.currency IS 'Of both amounts.';
COMMENT ON COLUMN mesteri.projects.payment_status IS 'Follows the payments of the project; set by the function that moves them.';
COMMENT ON COLUMN mesteri.projects.uses_installments IS 'The client wants to pay by an instalment plan of the provider.';
COMMENT ON COLUMN mesteri.projects.status IS 'Where it stands; only the transition table moves it.';
COMMENT ON COLUMN mesteri.projects.cancel_requested_by
    IS 'Side that wants to end signed work and waits for the other''s consent; null: nobody asks.';
COMMENT ON COLUMN mesteri.projects.cancel_requested_at IS 'When it asked.';
COMMENT ON COLUMN mesteri.projects.cancel_reason IS 'What it gave as its reason.';
COMMENT ON COLUMN mesteri.projects.completed_at
    IS 'Last time it became completed, from which the claim window runs; null: never did.';
COMMENT ON COLUMN mesteri.projects.created_at IS 'When the client asked; lists are newest first by it.';
COMMENT ON COLUMN mesteri.projects.updated_at IS 'Last edit or change of status.';
COMMENT ON COLUMN mesteri.projects.version IS 'Edits and changes of status, the first part of the ETag.';
CREATE INDEX projects_client ON mesteri.projects (client_id, created_at DESC);
CREATE INDEX projects_craftsman ON mesteri.projects (craftsman_id, created_at DESC);
CREATE INDEX projects_craftsman_user ON mesteri.projects (craftsman_user_id, created_at DESC);
SELECT pg_catalog.pg_extension_config_dump('mesteri.projects', '');

-- Posts were made before there were projects.
ALTER TABLE mesteri.content_posts ADD CONSTRAINT content_posts_project_fkey FOREIGN KEY (project_id) REFERENCES mesteri.projects;
CREATE INDEX content_posts_project ON mesteri.content_posts (project_id) WHERE project_id IS NOT NULL;

CREATE TABLE mesteri.project_status_changes (
    id          uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id  uuid NOT NULL REFERENCES mesteri.projects ON DELETE CASCADE,
    from_status mesteri.project_status,
    to_status   mesteri.project_status NOT NULL,
    actor_id    uuid REFERENCES mesteri.users,
    actor_kind  mesteri.actor_kind NOT NULL,
    reason      text,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT project_status_changes_moves CHECK (from_status <> to_status),
    CONSTRAINT project_status_changes_system_has_no_account CHECK ((actor_kind = 'system') = (actor_id IS NULL)),
    CONSTRAINT project_status_changes_reason_given CHECK (to_status NOT IN ('cancelled', 'disputed') OR reason IS NOT NULL)
);
COMMENT ON TABLE mesteri.project_status_changes IS 'Every move of a project; rows are only added.';
COMMENT ON COLUMN mesteri.project_status_changes.id IS 'Ascends with time, so it orders moves of the same instant.';
COMMENT ON COLUMN mesteri.project_status_changes.project_id IS 'What moved.';
COMMENT ON COLUMN mesteri.project_status_changes.from_status IS 'Where it stood; null: it was made.';
COMMENT ON COLUMN mesteri.project_status_changes.to_status IS 'Where it went.';
COMMENT ON COLUMN mesteri.project_status_changes.actor_id IS 'Account that moved it; null: a timer or the rules did.';
COMMENT ON COLUMN mesteri.project_status_changes.actor_kind
    IS 'In which capacity, which for staff the account alone wouldn''t tell later.';
COMMENT ON COLUMN mesteri.project_status_changes.reason IS 'Asked for where it ends or freezes the work, else null.';
COMMENT ON COLUMN mesteri.project_status_changes.changed_at IS 'When the move was committed, to within its transaction.';
CREATE INDEX project_status_changes_project ON mesteri.project_status_changes (project_id, id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.project_status_changes', '');

CREATE TABLE mesteri.project_milestones (
    id                       uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id               uuid NOT NULL REFERENCES mesteri.projects ON DELETE CASCADE,
    title                    text NOT NULL,
    description              text,
    due_date                 date,
    completed_at             timestamptz,
    payment_amount           mesteri.money_amount,
    payment_percentage       numeric(5, 2),
    currency                 mesteri.currency NOT NULL DEFAULT 'RON',
    is_paid                  boolean NOT NULL DEFAULT false,
    requires_client_approval boolean NOT NULL DEFAULT true,
    client_approved_at       timestamptz,
    photos                   mesteri.json_array NOT NULL DEFAULT '[]',
    notes                    text,
    display_order            integer NOT NULL DEFAULT 0,
    status                   mesteri.milestone_status NOT NULL DEFAULT 'open',
    rejected_at              timestamptz,
    rejection_reason         text,
    auto_approve_at          timestamptz,
    created_at               timestamptz NOT NULL DEFAULT now(),
    version                  integer NOT NULL DEFAULT 1,
    CONSTRAINT project_milestones_id_project_unique UNIQUE (id, project_id),
    CONSTRAINT project_milestones_title_length CHECK (char_length(title) BETWEEN 1 AND 255),
    CONSTRAINT project_milestones_one_price CHECK (num_nonnulls(payment_amount, payment_percentage) <= 1),
    CONSTRAINT project_milestones_amount_positive CHECK (payment_amount > 0),
    CONSTRAINT project_milestones_percentage_range CHECK (payment_percentage > 0 AND payment_percentage <= 100),
    CONSTRAINT project_milestones_completed_at CHECK ((status IN ('completed', 'approved')) = (completed_at IS NOT NULL)),
    CONSTRAINT project_milestones_approved_at CHECK ((status = 'approved') = (client_approved_at IS NOT NULL)),
    CONSTRAINT project_milestones_rejected_at CHECK ((status = 'rejected') = (rejected_at IS NOT NULL)),
    CONSTRAINT project_milestones_rejected_with_reason CHECK ((rejected_at IS NULL) = (rejection_reason IS NULL)),
    CONSTRAINT project_milestones_auto_approval_waits CHECK (auto_approve_at IS NULL OR status = 'completed'),
    CONSTRAINT project_milestones_photos_count CHECK (jsonb_array_length(photos) <= 10),
    CONSTRAINT project_milestones_version_positive CHECK (version > 0)
);
COMMENT ON TABLE mesteri.project_milestones
    IS 'Parts of a project that are done, approved and paid one by one; fixed by a contract.';
COMMENT ON COLUMN mesteri.project_milestones.id IS 'What its payment names.';
COMMENT ON COLUMN mesteri.project_milestones.project_id IS 'Work it is a part of.';
COMMENT ON COLUMN mesteri.project_milestones.title IS 'What is to be done, in a line.';
COMMENT ON COLUMN mesteri.project_milestones.description IS 'What is to be done, in at most 5000 characters.';
COMMENT ON COLUMN mesteri.project_milestones.due_date IS 'By when, in Romania; null: no date agreed.';
COMMENT ON COLUMN mesteri.project_milestones.completed_at
    IS 'When the craftsman called it done; null while it is to be done, or again after a rejection.';
COMMENT ON COLUMN mesteri.project_milestones.payment_amount
    IS 'Lei for this part; null: a percentage, or nothing yet. A contract needs it.';
COMMENT ON COLUMN mesteri.project_milestones.payment_percentage
    IS 'Share of the project''s cost, above 0 to 100; null: an amount, or nothing yet.';
COMMENT ON COLUMN mesteri.project_milestones.currency IS 'Of the amount.';
COMMENT ON COLUMN mesteri.project_milestones.is_paid IS 'Its payment was released to the craftsman.';
COMMENT ON COLUMN mesteri.project_milestones.requires_client_approval IS 'False: calling it done approves it.';
COMMENT ON COLUMN mesteri.project_milestones.client_approved_at
    IS 'When it became final, by the client or because he let the time pass.';
COMMENT ON COLUMN mesteri.project_milestones.photos
    IS 'Links to pictures of what was done, at most 10; a rejection''s are in the history.';
COMMENT ON COLUMN mesteri.project_milestones.notes IS 'What the craftsman says about the work done.';
COMMENT ON COLUMN mesteri.project_milestones.display_order IS 'Lists go by it, ascending, then by created_at.';
COMMENT ON COLUMN mesteri.project_milestones.status IS 'Where it stands; its moves are in milestone_status_changes.';
COMMENT ON COLUMN mesteri.project_milestones.rejected_at IS 'When the client sent it back; null unless it is to be done again.';
COMMENT ON COLUMN mesteri.project_milestones.rejection_reason IS 'What the client finds wrong; null unless it is to be done again.';
COMMENT ON COLUMN mesteri.project_milestones.auto_approve_at
    IS 'When it is approved without an answer; null: no such clock runs, as in a dispute.';
COMMENT ON COLUMN mesteri.project_milestones.created_at IS 'When it was added to the plan.';
COMMENT ON COLUMN mesteri.project_milestones.version IS 'Edits and changes of status, the first part of the ETag.';
CREATE INDEX project_milestones_project ON mesteri.project_milestones (project_id, display_order, created_at);
CREATE INDEX project_milestones_auto_approve ON mesteri.project_milestones (auto_approve_at) WHERE auto_approve_at IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.project_milestones', '');

CREATE TABLE mesteri.milestone_status_changes (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    milestone_id uuid NOT NULL REFERENCES mesteri.project_milestones ON DELETE CASCADE,
    from_status  mesteri.milestone_status,
    to_status    mesteri.milestone_status NOT NULL,
    actor_id     uuid REFERENCES mesteri.users,
    actor_kind   mesteri.actor_kind NOT NULL,
    reason       text,
    photos       mesteri.json_array NOT NULL DEFAULT '[]',
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT milestone_status_changes_moves CHECK (from_status <> to_status),
    CONSTRAINT milestone_status_changes_system_has_no_account CHECK ((actor_kind = 'system') = (actor_id IS NULL)),
    CONSTRAINT milestone_status_changes_reason_given CHECK (to_status <> 'rejected' OR reason IS NOT NULL)
);
COMMENT ON TABLE mesteri.milestone_status_changes IS 'Every move of a milestone; rows are only added.';
COMMENT ON COLUMN mesteri.milestone_status_changes.id IS 'Ascends with time, so it orders moves of the same instant.';
COMMENT ON COLUMN mesteri.milestone_status_changes.milestone_id IS 'What moved.';
COMMENT ON COLUMN mesteri.milestone_status_changes.from_status IS 'Where it stood; null: it was made.';
COMMENT ON COLUMN mesteri.milestone_status_changes.to_status IS 'Where it went.';
COMMENT ON COLUMN mesteri.milestone_status_changes.actor_id IS 'Account that moved it; null: time ran out.';
COMMENT ON COLUMN mesteri.milestone_status_changes.actor_kind IS 'In which capacity the account acted.';
COMMENT ON COLUMN mesteri.milestone_status_changes.reason IS 'What the client finds wrong, in a rejection; else a note or null.';
COMMENT ON COLUMN mesteri.milestone_status_changes.photos
    IS 'Links to the pictures that came with this move, of the work or of its faults.';
COMMENT ON COLUMN mesteri.milestone_status_changes.changed_at IS 'When the move was committed, to within its transaction.';
CREATE INDEX milestone_status_changes_milestone ON mesteri.milestone_status_changes (milestone_id, id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.milestone_status_changes', '');

CREATE TABLE mesteri.disputes (
    id              uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id      uuid NOT NULL REFERENCES mesteri.projects,
    opened_by       uuid NOT NULL REFERENCES mesteri.users,
    opened_as       mesteri.party_role NOT NULL,
    reason          text NOT NULL,
    status          mesteri.dispute_status NOT NULL DEFAULT 'open',
    decision        mesteri.dispute_decision,
    decision_reason text,
    release_amount  mesteri.money_amount,
    refund_amount   mesteri.money_amount,
    opened_at       timestamptz NOT NULL DEFAULT now(),
    resolved_at     timestamptz,
    resolved_by     uuid REFERENCES mesteri.users,
    CONSTRAINT disputes_resolved_whole CHECK
        (num_nonnulls(decision, decision_reason, resolved_at) = CASE status WHEN 'open' THEN 0 ELSE 3 END),
    CONSTRAINT disputes_amounts_when_resolved CHECK
        (status = 'resolved' OR num_nonnulls(release_amount, refund_amount, resolved_by) = 0),
    CONSTRAINT disputes_split_has_both CHECK (decision <> 'split' OR num_nonnulls(release_amount, refund_amount) = 2),
    CONSTRAINT disputes_resume_moves_nothing CHECK (decision <> 'resume' OR num_nonnulls(release_amount, refund_amount) = 0),
    CONSTRAINT disputes_resolved_later CHECK (resolved_at >= opened_at)
);
COMMENT ON TABLE mesteri.disputes IS 'Quarrels that freeze a project''s money until staff decide.';
COMMENT ON COLUMN mesteri.disputes.id IS 'What staff resolve.';
COMMENT ON COLUMN mesteri.disputes.project_id IS 'Whose money is frozen; at most one open quarrel at a time.';
COMMENT ON COLUMN mesteri.disputes.opened_by IS 'Account that brought it.';
COMMENT ON COLUMN mesteri.disputes.opened_as IS 'Which side that account was on.';
COMMENT ON COLUMN mesteri.disputes.reason IS 'What that side says is wrong.';
COMMENT ON COLUMN mesteri.disputes.status IS 'Open while staff have to decide.';
COMMENT ON COLUMN mesteri.disputes.decision IS 'Null while open.';
COMMENT ON COLUMN mesteri.disputes.decision_reason IS 'Why staff decided so, for both parties to read; null while open.';
COMMENT ON COLUMN mesteri.disputes.release_amount
    IS 'Lei that went to the craftsman by the decision, over all payments; null: none by decision.';
COMMENT ON COLUMN mesteri.disputes.refund_amount
    IS 'Lei that went back to the client by the decision, over all payments; null: none by decision.';
COMMENT ON COLUMN mesteri.disputes.opened_at IS 'From when on nothing could be released.';
COMMENT ON COLUMN mesteri.disputes.resolved_at IS 'From when on the money moves again; null while open.';
COMMENT ON COLUMN mesteri.disputes.resolved_by
    IS 'Staff who decided; null while open, and where it ended because no money was left to decide on.';
CREATE UNIQUE INDEX disputes_one_open ON mesteri.disputes (project_id) WHERE status = 'open';
CREATE INDEX disputes_project ON mesteri.disputes (project_id);
CREATE INDEX disputes_status ON mesteri.disputes (status, opened_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.disputes', '');
