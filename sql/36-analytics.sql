/*
 * 36-analytics.sql
 *		What apps report about their use.
 */
-- No foreign key: a partition made at run time is restored on its own, perhaps before the people.
CREATE TABLE mesteri.analytics_events (
    id               uuid NOT NULL DEFAULT mesteri.uuid7(),
    user_id          uuid,
    session_id       text,
    event_type       text NOT NULL,
    event_properties mesteri.json_object NOT NULL DEFAULT '{}',
    platform         mesteri.platform,
    app_version      text,
    device_info      mesteri.json_object,
    ip_address       inet,
    location         geography(Point, 4326),
    occurred_at      timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT analytics_events_type_length CHECK (char_length(event_type) BETWEEN 1 AND 50),
    CONSTRAINT analytics_events_session_length CHECK (char_length(session_id) <= 100),
    CONSTRAINT analytics_events_app_version_length CHECK (char_length(app_version) <= 20),
    CONSTRAINT analytics_events_properties_size CHECK (octet_length(event_properties::text) <= 8192),
    CONSTRAINT analytics_events_device_info_size CHECK (octet_length(device_info::text) <= 4096)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE mesteri.analytics_events
    IS 'Steps in the apps, for counting; only views over groups of people read it. Cut by month.';
COMMENT ON COLUMN mesteri.analytics_events.id IS 'Ascends with arrival.';
COMMENT ON COLUMN mesteri.analytics_events.user_id IS 'Who was signed in; null: nobody, or erased since.';
COMMENT ON COLUMN mesteri.analytics_events.session_id IS 'The app''s own name of one use of it, at most 100 characters.';
COMMENT ON COLUMN mesteri.analytics_events.event_type IS 'The app''s name of the step, at most 50 characters.';
COMMENT ON COLUMN mesteri.analytics_events.event_properties IS 'What goes with the step; 4 KiB as sent.';
COMMENT ON COLUMN mesteri.analytics_events.platform IS 'Which app; null: it didn''t say.';
COMMENT ON COLUMN mesteri.analytics_events.app_version IS 'As the app says.';
COMMENT ON COLUMN mesteri.analytics_events.device_info IS 'Model, system and the like; 2 KiB as sent.';
COMMENT ON COLUMN mesteri.analytics_events.ip_address IS 'Cut to its network before it is stored.';
COMMENT ON COLUMN mesteri.analytics_events.location IS 'Rounded to about a kilometre before it is stored; null: not given.';
COMMENT ON COLUMN mesteri.analytics_events.occurred_at IS 'When, by the phone''s clock.';
COMMENT ON COLUMN mesteri.analytics_events.created_at IS 'When it came here; decides the partition.';
CREATE TABLE mesteri.analytics_events_default PARTITION OF mesteri.analytics_events DEFAULT;
COMMENT ON TABLE mesteri.analytics_events_default
    IS 'Steps of months whose partition was not made in time; making it moves them there.';
ALTER TABLE mesteri.analytics_events_default ADD PRIMARY KEY (id);
CREATE INDEX analytics_events_default_user ON mesteri.analytics_events_default (user_id, created_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.analytics_events', '');
SELECT pg_catalog.pg_extension_config_dump('mesteri.analytics_events_default', '');
