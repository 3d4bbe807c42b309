/*
 * 21-impressions.sql
 *		What signed-in readers were shown, until it is counted.
 *
 * A read of the feed shows twenty posts.  To note each of them at once would
 * cost as much as the ranking, so a read adds one row here and a job takes
 * the rows away again, into content_interactions and views_count.
 *
 * No foreign key: a partition made at run time is restored on its own,
 * perhaps before people and posts.  No key and no index: rows are read in
 * whatever order they lie, and each once.
 */
CREATE TABLE mesteri.impressions (
    viewer_id uuid NOT NULL,
    post_ids  uuid[] NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (seen_at);
COMMENT ON TABLE mesteri.impressions
    IS 'Reads whose posts have not been counted as viewed yet, a row each; mesteri.roll_up_impressions() takes them away. Cut by day.';
COMMENT ON COLUMN mesteri.impressions.viewer_id IS 'The reader; nobody is noted who has not signed in.';
COMMENT ON COLUMN mesteri.impressions.post_ids IS 'What one answer showed, at most a page of the feed.';
COMMENT ON COLUMN mesteri.impressions.seen_at IS 'When the proxy handed it on, within a second of the read; decides the partition.';
CREATE TABLE mesteri.impressions_default PARTITION OF mesteri.impressions DEFAULT;
COMMENT ON TABLE mesteri.impressions_default IS 'Reads of days whose partition was not made in time; making it moves them there.';
ALTER TABLE mesteri.impressions_default REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.impressions', '');
SELECT pg_catalog.pg_extension_config_dump('mesteri.impressions_default', '');

INSERT INTO mesteri.partition_plans VALUES
    ('impressions', 'day', 'seen_at', NULL, '{}', interval '7 days', interval '7 days', true);
