/*
 * 29-notifications.sql
 *		What people are told, over which device, and what the outside world is asked to do.
 */
CREATE TABLE mesteri.notifications (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    type         mesteri.notification_type NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    related_id   uuid,
    related_type text,
    is_read      boolean NOT NULL DEFAULT false,
    read_at      timestamptz,
    push_sent    boolean NOT NULL DEFAULT false,
    push_sent_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notifications_title_length CHECK (char_length(title) BETWEEN 1 AND 255),
    CONSTRAINT notifications_related_whole CHECK ((related_id IS NULL) = (related_type IS NULL)),
    CONSTRAINT notifications_related_known CHECK
        (related_type IN ('project', 'milestone', 'contract', 'payment', 'conversation', 'message', 'review', 'post', 'user',
                          'ticket')),
    CONSTRAINT notifications_read_at CHECK (is_read = (read_at IS NOT NULL)),
    CONSTRAINT notifications_push_sent_at CHECK (push_sent = (push_sent_at IS NOT NULL))
);
COMMENT ON TABLE mesteri.notifications IS 'The list behind the bell of each person.';
COMMENT ON COLUMN mesteri.notifications.id IS 'Ascends with time, so lists and cursors go by it.';
COMMENT ON COLUMN mesteri.notifications.user_id IS 'Who is told.';
COMMENT ON COLUMN mesteri.notifications.type IS 'Which switches of the person apply.';
COMMENT ON COLUMN mesteri.notifications.title IS 'In the person''s language at that moment.';
COMMENT ON COLUMN mesteri.notifications.body IS 'In the person''s language at that moment.';
COMMENT ON COLUMN mesteri.notifications.related_id
    IS 'What a tap opens; no foreign key, since it is of many kinds and may be gone.';
COMMENT ON COLUMN mesteri.notifications.related_type IS 'Of which kind that is; null: a tap opens nothing.';
COMMENT ON COLUMN mesteri.notifications.is_read IS 'The person has marked it.';
COMMENT ON COLUMN mesteri.notifications.read_at IS 'When; null: not yet.';
COMMENT ON COLUMN mesteri.notifications.push_sent IS 'Went to a device too, because no socket was open.';
COMMENT ON COLUMN mesteri.notifications.push_sent_at IS 'When the push service took it; null: it was not sent there.';
COMMENT ON COLUMN mesteri.notifications.created_at IS 'When it happened.';
CREATE INDEX notifications_user ON mesteri.notifications (user_id, id DESC);
CREATE INDEX notifications_unread ON mesteri.notifications (user_id, id DESC) WHERE NOT is_read;
SELECT pg_catalog.pg_extension_config_dump('mesteri.notifications', '');

CREATE TABLE mesteri.devices (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    token        text NOT NULL,
    token_hash   mesteri.sha256 NOT NULL,
    platform     mesteri.platform NOT NULL,
    app_version  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT devices_token_unique UNIQUE (token_hash),
    CONSTRAINT devices_token_length CHECK (char_length(token) BETWEEN 1 AND 4096),
    CONSTRAINT devices_platform_pushes CHECK (platform IN ('ios', 'android')),
    CONSTRAINT devices_app_version_length CHECK (char_length(app_version) <= 20)
);
COMMENT ON TABLE mesteri.devices
    IS 'Phones that push messages can reach; one that the push service no longer knows is deleted at once.';
COMMENT ON COLUMN mesteri.devices.id IS 'What clients may name instead of the token.';
COMMENT ON COLUMN mesteri.devices.user_id IS 'Who holds it now; a token moves with who signs in on it.';
COMMENT ON COLUMN mesteri.devices.token IS 'The push service''s name of it; never sent back to anybody.';
COMMENT ON COLUMN mesteri.devices.token_hash IS 'SHA-256 of that, for a token is too long for an index.';
COMMENT ON COLUMN mesteri.devices.platform IS 'ios or android, which decides the push service.';
COMMENT ON COLUMN mesteri.devices.app_version IS 'As the app said; null: it didn''t.';
COMMENT ON COLUMN mesteri.devices.created_at IS 'When this person first signed in on it.';
COMMENT ON COLUMN mesteri.devices.last_seen_at IS 'Last time the app registered; long ago: it is probably gone.';
CREATE INDEX devices_user ON mesteri.devices (user_id);
SELECT pg_catalog.pg_extension_config_dump('mesteri.devices', '');

/*
 * A user's events form one stream without gaps: whoever adds one holds the
 * row of the stream, so order of seq is order of commit.
 */
CREATE TABLE mesteri.event_streams (
    user_id    uuid PRIMARY KEY REFERENCES mesteri.users ON DELETE CASCADE,
    last_seq   bigint NOT NULL DEFAULT 0,
    oldest_seq bigint NOT NULL DEFAULT 1,
    CONSTRAINT event_streams_ordered CHECK (oldest_seq BETWEEN 1 AND last_seq + 1)
) WITH (fillfactor = 50);
COMMENT ON TABLE mesteri.event_streams IS 'How far the stream of each person goes.';
COMMENT ON COLUMN mesteri.event_streams.user_id IS 'Whose stream.';
COMMENT ON COLUMN mesteri.event_streams.last_seq IS 'Number of the newest event; 0: none yet.';
COMMENT ON COLUMN mesteri.event_streams.oldest_seq
    IS 'Number of the oldest event that is still kept; who missed an older one must reload.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.event_streams', '');

-- No foreign key: a partition made at run time is restored on its own, perhaps before the people.
CREATE TABLE mesteri.events (
    user_id    uuid NOT NULL,
    seq        bigint NOT NULL,
    type       text NOT NULL,
    payload    mesteri.json_object NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_seq_positive CHECK (seq > 0),
    CONSTRAINT events_type_format CHECK (type ~ '^[a-z]+:[a-z:_]+$')
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE mesteri.events IS 'What sockets deliver and phones that were away fetch, in order, for 30 days; cut by day.';
COMMENT ON COLUMN mesteri.events.user_id IS 'Whose stream; somebody erased takes them along.';
COMMENT ON COLUMN mesteri.events.seq IS 'Place in that stream, 1 more than the one before.';
COMMENT ON COLUMN mesteri.events.type IS 'Name of the frame, such as message:new.';
COMMENT ON COLUMN mesteri.events.payload IS 'data of the frame as the receiver sees it.';
COMMENT ON COLUMN mesteri.events.created_at IS 'When it was added, to within its transaction; decides the partition.';
CREATE TABLE mesteri.events_default PARTITION OF mesteri.events DEFAULT;
COMMENT ON TABLE mesteri.events_default IS 'Events of days whose partition was not made in time; making it moves them there.';
ALTER TABLE mesteri.events_default ADD PRIMARY KEY (user_id, seq);
SELECT pg_catalog.pg_extension_config_dump('mesteri.events', '');
SELECT pg_catalog.pg_extension_config_dump('mesteri.events_default', '');

CREATE TABLE mesteri.outbox (
    id               uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    kind             text NOT NULL,
    user_id          uuid REFERENCES mesteri.users ON DELETE CASCADE,
    payload          mesteri.json_object NOT NULL,
    secret_encrypted bytea,
    idempotency_key  text NOT NULL,
    order_key        text,
    status           mesteri.outbox_status NOT NULL DEFAULT 'pending',
    attempts         integer NOT NULL DEFAULT 0,
    max_attempts     integer NOT NULL DEFAULT 12,
    next_attempt_at  timestamptz DEFAULT now(),
    leased_by        text,
    leased_until     timestamptz,
    last_error       text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    done_at          timestamptz,
    CONSTRAINT outbox_key_unique UNIQUE (kind, idempotency_key),
    CONSTRAINT outbox_kind_format CHECK (kind ~ '^[a-z]+\.[a-z_]+$'),
    CONSTRAINT outbox_key_length CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT outbox_attempts_range CHECK (attempts BETWEEN 0 AND max_attempts),
    CONSTRAINT outbox_running_is_leased CHECK ((status = 'running') = (leased_by IS NOT NULL AND leased_until IS NOT NULL)),
    CONSTRAINT outbox_lease_whole CHECK ((leased_by IS NULL) = (leased_until IS NULL)),
    CONSTRAINT outbox_pending_has_time CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT outbox_done_at CHECK ((status = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT outbox_done_keeps_no_secret CHECK (status <> 'done' OR secret_encrypted IS NULL),
    CONSTRAINT outbox_dead_has_error CHECK (status <> 'dead' OR last_error IS NOT NULL)
);
COMMENT ON TABLE mesteri.outbox
    IS 'Calls to make outside: mails, texts, pushes, providers, documents; nothing in a transaction calls by itself.';
COMMENT ON COLUMN mesteri.outbox.id IS 'Stays the same over all attempts; receivers may tell repeats by it.';
COMMENT ON COLUMN mesteri.outbox.kind IS 'Service and what to do there, such as stripe.capture.';
COMMENT ON COLUMN mesteri.outbox.user_id IS 'Whom the call tells or is made for; null: nobody in particular.';
COMMENT ON COLUMN mesteri.outbox.payload
    IS 'What the call needs, without secrets; of a mail or text message: to, language, template, parameters. Erased people are taken out of it.';
COMMENT ON COLUMN mesteri.outbox.secret_encrypted
    IS 'Codes and tokens that join the parameters when it is sent, encrypted for this row; gone once it is done. Null: none.';
COMMENT ON COLUMN mesteri.outbox.idempotency_key IS 'Goes with the call, so that a repeat does nothing at the other end either.';
COMMENT ON COLUMN mesteri.outbox.order_key IS 'Rows with the same go out one after another, in order of id; null: in any order.';
COMMENT ON COLUMN mesteri.outbox.status IS 'pending waits for next_attempt_at, running is leased, dead waits for a person.';
COMMENT ON COLUMN mesteri.outbox.attempts IS 'How often it was tried.';
COMMENT ON COLUMN mesteri.outbox.max_attempts IS 'After so many it is dead.';
COMMENT ON COLUMN mesteri.outbox.next_attempt_at IS 'When to try; grows with each failure. Null unless pending.';
COMMENT ON COLUMN mesteri.outbox.leased_by IS 'Which worker has it; null unless running.';
COMMENT ON COLUMN mesteri.outbox.leased_until IS 'When somebody else may take it over; null unless running.';
COMMENT ON COLUMN mesteri.outbox.last_error IS 'What the last failure said; null: none failed.';
COMMENT ON COLUMN mesteri.outbox.created_at IS 'When it was asked for; committed with what asked.';
COMMENT ON COLUMN mesteri.outbox.done_at IS 'When the other end had it; null until then.';
CREATE INDEX outbox_due ON mesteri.outbox (next_attempt_at) WHERE status = 'pending';
CREATE INDEX outbox_leased ON mesteri.outbox (leased_until) WHERE status = 'running';
CREATE INDEX outbox_order ON mesteri.outbox (order_key, id) WHERE order_key IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX outbox_user ON mesteri.outbox (user_id);
CREATE INDEX outbox_dead ON mesteri.outbox (created_at) WHERE status = 'dead';
SELECT pg_catalog.pg_extension_config_dump('mesteri.outbox', '');

CREATE TABLE mesteri.outbox_attempts (
    outbox_id   uuid NOT NULL REFERENCES mesteri.outbox ON DELETE CASCADE,
    attempt     integer NOT NULL,
    worker      text NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz NOT NULL DEFAULT now(),
    http_status integer,
    error       text,
    PRIMARY KEY (outbox_id, attempt),
    CONSTRAINT outbox_attempts_attempt_positive CHECK (attempt > 0),
    CONSTRAINT outbox_attempts_times_ordered CHECK (ended_at >= started_at)
);
COMMENT ON TABLE mesteri.outbox_attempts IS 'Every try of a call outside, for whoever has to find out why it does not go through.';
COMMENT ON COLUMN mesteri.outbox_attempts.outbox_id IS 'The call.';
COMMENT ON COLUMN mesteri.outbox_attempts.attempt IS 'Counts from 1.';
COMMENT ON COLUMN mesteri.outbox_attempts.worker IS 'Who tried.';
COMMENT ON COLUMN mesteri.outbox_attempts.started_at IS 'When the call went out.';
COMMENT ON COLUMN mesteri.outbox_attempts.ended_at IS 'When the answer was there, or no longer waited for.';
COMMENT ON COLUMN mesteri.outbox_attempts.http_status IS 'Of the answer; null: none came, or it isn''t HTTP.';
COMMENT ON COLUMN mesteri.outbox_attempts.error IS 'Why it counts as failed; null: it succeeded.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.outbox_attempts', '');
