/*
 * 27-messaging.sql
 *		Talk between one client and one craftsman.
 */
CREATE TABLE mesteri.conversations (
    id                        uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id                uuid,
    client_id                 uuid NOT NULL REFERENCES mesteri.users,
    craftsman_id              uuid NOT NULL REFERENCES mesteri.users,
    is_active                 boolean NOT NULL DEFAULT true,
    archived_by_client        boolean NOT NULL DEFAULT false,
    archived_by_craftsman     boolean NOT NULL DEFAULT false,
    last_message_at           timestamptz,
    last_message_preview      text,
    client_read_up_to         uuid,
    craftsman_read_up_to      uuid,
    unread_count_client       integer NOT NULL DEFAULT 0,
    unread_count_craftsman    integer NOT NULL DEFAULT 0,
    created_at                timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conversations_project_fkey FOREIGN KEY (project_id, client_id, craftsman_id)
        REFERENCES mesteri.projects (id, client_id, craftsman_user_id),
    CONSTRAINT conversations_parties_unique UNIQUE NULLS NOT DISTINCT (client_id, craftsman_id, project_id),
    CONSTRAINT conversations_two_parties CHECK (client_id <> craftsman_id),
    CONSTRAINT conversations_unread_not_negative CHECK (unread_count_client >= 0 AND unread_count_craftsman >= 0),
    CONSTRAINT conversations_preview_length CHECK (char_length(last_message_preview) <= 200)
) WITH (fillfactor = 80);
COMMENT ON TABLE mesteri.conversations IS 'Who talks with whom about what; one for each pair and project, and one without.';
COMMENT ON COLUMN mesteri.conversations.id IS 'What messages belong to.';
COMMENT ON COLUMN mesteri.conversations.project_id IS 'What they talk about, which must be theirs; null: nothing agreed yet.';
COMMENT ON COLUMN mesteri.conversations.client_id IS 'Account of the one side.';
COMMENT ON COLUMN mesteri.conversations.craftsman_id IS 'Account of the other: users.id, unlike everywhere else.';
COMMENT ON COLUMN mesteri.conversations.is_active IS 'False once one side was erased: it can be read, not written.';
COMMENT ON COLUMN mesteri.conversations.archived_by_client IS 'Out of the client''s list until somebody writes.';
COMMENT ON COLUMN mesteri.conversations.archived_by_craftsman IS 'Out of the craftsman''s list until somebody writes.';
COMMENT ON COLUMN mesteri.conversations.last_message_at IS 'Lists go by it, newest first; null: nothing was said yet.';
COMMENT ON COLUMN mesteri.conversations.last_message_preview
    IS 'Beginning of what was said last, at most 200 characters; null: deleted, or nothing yet.';
COMMENT ON COLUMN mesteri.conversations.client_read_up_to
    IS 'Message up to which the client has read, over all devices; null: nothing.';
COMMENT ON COLUMN mesteri.conversations.craftsman_read_up_to
    IS 'Message up to which the craftsman has read, over all devices; null: nothing.';
COMMENT ON COLUMN mesteri.conversations.unread_count_client IS 'Messages of the other side behind that; always equal to a recount.';
COMMENT ON COLUMN mesteri.conversations.unread_count_craftsman
    IS 'Messages of the other side behind that; always equal to a recount.';
COMMENT ON COLUMN mesteri.conversations.created_at IS 'When one of them pressed the button.';
CREATE INDEX conversations_client ON mesteri.conversations (client_id, last_message_at DESC);
CREATE INDEX conversations_craftsman ON mesteri.conversations (craftsman_id, last_message_at DESC);
CREATE INDEX conversations_project ON mesteri.conversations (project_id) WHERE project_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.conversations', '');

CREATE TABLE mesteri.messages (
    id                uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    conversation_id   uuid NOT NULL REFERENCES mesteri.conversations ON DELETE CASCADE,
    sender_id         uuid NOT NULL REFERENCES mesteri.users,
    type              mesteri.message_type NOT NULL DEFAULT 'text',
    content           text,
    media_urls        mesteri.json_array NOT NULL DEFAULT '[]',
    quote_amount      mesteri.money_amount,
    quote_valid_until date,
    quote_accepted_at timestamptz,
    quote_withdrawn_at timestamptz,
    is_read           boolean NOT NULL DEFAULT false,
    read_at           timestamptz,
    is_edited         boolean NOT NULL DEFAULT false,
    edited_at         timestamptz,
    masked            boolean NOT NULL DEFAULT false,
    client_id         text,
    hidden_at         timestamptz,
    deleted_at        timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT messages_client_id_unique UNIQUE (conversation_id, sender_id, client_id),
    CONSTRAINT messages_client_id_length CHECK (char_length(client_id) BETWEEN 1 AND 64),
    CONSTRAINT messages_media_count CHECK (jsonb_array_length(media_urls) <= 10),
    CONSTRAINT messages_text_has_content CHECK (type NOT IN ('text', 'system') OR content IS NOT NULL OR deleted_at IS NOT NULL),
    CONSTRAINT messages_media_has_some CHECK
        (type NOT IN ('image', 'video', 'document') OR media_urls <> '[]' OR deleted_at IS NOT NULL),
    CONSTRAINT messages_quote_has_amount CHECK ((type = 'quote' AND deleted_at IS NULL) = (quote_amount IS NOT NULL)),
    CONSTRAINT messages_quote_positive CHECK (quote_amount > 0),
    CONSTRAINT messages_only_quotes_quote CHECK
        (type = 'quote' OR num_nonnulls(quote_valid_until, quote_accepted_at, quote_withdrawn_at) = 0),
    CONSTRAINT messages_quote_one_end CHECK (num_nonnulls(quote_accepted_at, quote_withdrawn_at) <= 1),
    CONSTRAINT messages_accepted_quote_stays CHECK (quote_accepted_at IS NULL OR deleted_at IS NULL),
    CONSTRAINT messages_read_at CHECK (is_read = (read_at IS NOT NULL)),
    CONSTRAINT messages_edited_at CHECK (is_edited = (edited_at IS NOT NULL)),
    CONSTRAINT messages_tombstone_is_empty CHECK
        (deleted_at IS NULL OR content IS NULL AND media_urls = '[]' AND quote_valid_until IS NULL)
);
COMMENT ON TABLE mesteri.messages IS 'What was said; a deleted message stays as a tombstone without content.';
COMMENT ON COLUMN mesteri.messages.id IS 'Ascends with time, so before and read-up-to compare it.';
COMMENT ON COLUMN mesteri.messages.conversation_id IS 'Where it was said.';
COMMENT ON COLUMN mesteri.messages.sender_id IS 'Account that said it, one of the two; of a system message, whose deed it tells.';
COMMENT ON COLUMN mesteri.messages.type IS 'What it carries.';
COMMENT ON COLUMN mesteri.messages.content IS 'At most 5000 characters as typed; null for media alone, and once deleted.';
COMMENT ON COLUMN mesteri.messages.media_urls IS 'Links, at most 10, for these two alone.';
COMMENT ON COLUMN mesteri.messages.quote_amount IS 'Lei offered; for quotes alone, null once deleted.';
COMMENT ON COLUMN mesteri.messages.quote_valid_until IS 'Last day the offer stands, in Romania; null: no end said.';
COMMENT ON COLUMN mesteri.messages.quote_accepted_at
    IS 'When the client took the offer; from then on it cannot be deleted. Null: not taken.';
COMMENT ON COLUMN mesteri.messages.quote_withdrawn_at
    IS 'When the craftsman took the offer back, or made another; null: it stands.';
COMMENT ON COLUMN mesteri.messages.is_read IS 'The other side has seen it.';
COMMENT ON COLUMN mesteri.messages.read_at IS 'When the other side first saw it; null: not yet.';
COMMENT ON COLUMN mesteri.messages.is_edited IS 'The content differs from what was first said.';
COMMENT ON COLUMN mesteri.messages.edited_at IS 'Last edit; null: never.';
COMMENT ON COLUMN mesteri.messages.masked IS 'Phone numbers or addresses in it are hidden until there is a contract.';
COMMENT ON COLUMN mesteri.messages.client_id
    IS 'The sender''s device''s own name of it, at most 64 characters: sent again, it is the same message.';
COMMENT ON COLUMN mesteri.messages.hidden_at IS 'When staff took it out of sight; null: in sight.';
COMMENT ON COLUMN mesteri.messages.deleted_at IS 'When the sender deleted it; null: it stands.';
COMMENT ON COLUMN mesteri.messages.created_at IS 'When it was said, by the server.';
CREATE INDEX messages_conversation ON mesteri.messages (conversation_id, id DESC);
CREATE INDEX messages_unread ON mesteri.messages (conversation_id, sender_id) WHERE NOT is_read;
CREATE INDEX messages_quotes ON mesteri.messages (conversation_id, id DESC) WHERE type = 'quote';
CREATE INDEX messages_sender ON mesteri.messages (sender_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.messages', '');

CREATE TABLE mesteri.message_edits (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    message_id   uuid NOT NULL REFERENCES mesteri.messages ON DELETE CASCADE,
    old_content  text NOT NULL,
    edited_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mesteri.message_edits IS 'What messages said before they were edited; for staff who judge a report or a dispute.';
COMMENT ON COLUMN mesteri.message_edits.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.message_edits.message_id IS 'What was edited, within 15 minutes of being sent.';
COMMENT ON COLUMN mesteri.message_edits.old_content IS 'What it had said until then.';
COMMENT ON COLUMN mesteri.message_edits.edited_at IS 'When that was replaced.';
CREATE INDEX message_edits_message ON mesteri.message_edits (message_id, id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.message_edits', '');

CREATE TABLE mesteri.blocks (
    user_id         uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    blocked_user_id uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, blocked_user_id),
    CONSTRAINT blocks_not_oneself CHECK (user_id <> blocked_user_id)
);
COMMENT ON TABLE mesteri.blocks IS 'Who wants nothing to do with whom: neither side can write, comment or ask for work.';
COMMENT ON COLUMN mesteri.blocks.user_id IS 'Who blocks.';
COMMENT ON COLUMN mesteri.blocks.blocked_user_id IS 'Who is kept away, and isn''t told so in words.';
COMMENT ON COLUMN mesteri.blocks.created_at IS 'Since when.';
CREATE INDEX blocks_blocked ON mesteri.blocks (blocked_user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.blocks', '');
