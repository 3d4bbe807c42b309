/*
 * 35-support.sql
 *		Requests to support, and the answers.
 */
CREATE TABLE mesteri.support_tickets (
    id          uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id     uuid NOT NULL REFERENCES mesteri.users,
    category    mesteri.ticket_category NOT NULL,
    subject     text NOT NULL,
    description text NOT NULL,
    status      mesteri.ticket_status NOT NULL DEFAULT 'open',
    priority    mesteri.ticket_priority NOT NULL DEFAULT 'normal',
    assigned_to uuid REFERENCES mesteri.users,
    resolved_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT support_tickets_subject_length CHECK (char_length(subject) BETWEEN 1 AND 255),
    CONSTRAINT support_tickets_description_length CHECK (char_length(description) BETWEEN 1 AND 10000),
    CONSTRAINT support_tickets_resolved_at CHECK
        (CASE status WHEN 'resolved' THEN resolved_at IS NOT NULL WHEN 'closed' THEN true ELSE resolved_at IS NULL END)
);
COMMENT ON TABLE mesteri.support_tickets IS 'What people ask us for help with.';
COMMENT ON COLUMN mesteri.support_tickets.id IS 'What the person and staff refer to.';
COMMENT ON COLUMN mesteri.support_tickets.user_id IS 'Who asks.';
COMMENT ON COLUMN mesteri.support_tickets.category IS 'Chosen by the person; decides which staff look.';
COMMENT ON COLUMN mesteri.support_tickets.subject IS 'In a line, at most 255 characters.';
COMMENT ON COLUMN mesteri.support_tickets.description IS 'At most 10000 characters.';
COMMENT ON COLUMN mesteri.support_tickets.status IS 'Moved by staff; an answer of the person opens it again.';
COMMENT ON COLUMN mesteri.support_tickets.priority IS 'Set by staff.';
COMMENT ON COLUMN mesteri.support_tickets.assigned_to IS 'Staff member who deals with it; null: nobody yet.';
COMMENT ON COLUMN mesteri.support_tickets.resolved_at
    IS 'When staff thought it was done; null while it isn''t, or when closed without.';
COMMENT ON COLUMN mesteri.support_tickets.created_at IS 'Lists of the person are newest first by it.';
COMMENT ON COLUMN mesteri.support_tickets.updated_at IS 'Last change or answer.';
CREATE INDEX support_tickets_user ON mesteri.support_tickets (user_id, created_at DESC);
CREATE INDEX support_tickets_queue ON mesteri.support_tickets (priority DESC, created_at) WHERE status IN ('open', 'in_progress');
CREATE INDEX support_tickets_assigned ON mesteri.support_tickets (assigned_to) WHERE assigned_to IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.support_tickets', '');

CREATE TABLE mesteri.ticket_replies (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    ticket_id  uuid NOT NULL REFERENCES mesteri.support_tickets ON DELETE CASCADE,
    author_id  uuid NOT NULL REFERENCES mesteri.users,
    is_staff   boolean NOT NULL,
    text       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ticket_replies_text_length CHECK (char_length(text) BETWEEN 1 AND 10000)
);
COMMENT ON TABLE mesteri.ticket_replies IS 'The conversation below a request to support.';
COMMENT ON COLUMN mesteri.ticket_replies.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.ticket_replies.ticket_id IS 'What it answers.';
COMMENT ON COLUMN mesteri.ticket_replies.author_id IS 'Who wrote it; people see no name of staff.';
COMMENT ON COLUMN mesteri.ticket_replies.is_staff IS 'Which side wrote it.';
COMMENT ON COLUMN mesteri.ticket_replies.text IS 'At most 10000 characters.';
COMMENT ON COLUMN mesteri.ticket_replies.created_at IS 'Oldest first in the answer.';
CREATE INDEX ticket_replies_ticket ON mesteri.ticket_replies (ticket_id, id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.ticket_replies', '');
