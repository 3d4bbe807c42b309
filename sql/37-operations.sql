/*
 * 37-operations.sql
 *		What keeps the database itself honest: repeated requests, timed work, whose copy this is, who looked.
 */
CREATE TABLE mesteri.idempotency_keys (
    user_id      uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    route_id     integer NOT NULL,
    key          text NOT NULL,
    fingerprint  mesteri.sha256 NOT NULL,
    status       integer NOT NULL,
    headers      text[],
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (user_id, route_id, key),
    CONSTRAINT idempotency_keys_key_format CHECK (key ~ '^[ -~]+$'), -- a count in it would cost a tenth of the request
    CONSTRAINT idempotency_keys_key_length CHECK (octet_length(key) <= 255),
    CONSTRAINT idempotency_keys_successes_only CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT idempotency_keys_body_size CHECK (octet_length(body) <= 1048576),
    CONSTRAINT idempotency_keys_kept_a_day CHECK (expires_at - created_at = interval '24 hours')
);
COMMENT ON TABLE mesteri.idempotency_keys
    IS 'Answers to requests with an Idempotency-Key, stored with their effect; the same request again gets the same answer.';
COMMENT ON COLUMN mesteri.idempotency_keys.user_id IS 'Keys of different people never meet.';
COMMENT ON COLUMN mesteri.idempotency_keys.route_id IS 'As in routes; no foreign key, since a release may drop a route.';
COMMENT ON COLUMN mesteri.idempotency_keys.key IS 'As sent: 1 to 255 printable ASCII characters.';
COMMENT ON COLUMN mesteri.idempotency_keys.fingerprint
    IS 'Keyed hash of path, query and body as sent: another request under the same key is an error.';
COMMENT ON COLUMN mesteri.idempotency_keys.status IS 'Of the answer. While the first request runs there is a lock and no row that others see.';
COMMENT ON COLUMN mesteri.idempotency_keys.headers IS 'Of the answer, name and value in turn; null: none.';
COMMENT ON COLUMN mesteri.idempotency_keys.body IS 'Of the answer, at most 1 MiB; null: none.';
COMMENT ON COLUMN mesteri.idempotency_keys.created_at IS 'When the first request came.';
COMMENT ON COLUMN mesteri.idempotency_keys.expires_at IS '24 hours later; then the key is new again.';
CREATE INDEX idempotency_keys_expiring ON mesteri.idempotency_keys (expires_at);
SELECT pg_catalog.pg_extension_config_dump('mesteri.idempotency_keys', '');

CREATE TABLE mesteri.jobs (
    name         text PRIMARY KEY,
    function     text NOT NULL,
    every        interval NOT NULL,
    is_enabled   boolean NOT NULL DEFAULT true,
    lock_timeout interval NOT NULL DEFAULT interval '2 seconds',
    seeded       boolean NOT NULL DEFAULT false,
    CONSTRAINT jobs_name_format CHECK (name ~ '^[a-z][a-z_]*$'),
    CONSTRAINT jobs_every_positive CHECK (every >= interval '1 second')
);
COMMENT ON TABLE mesteri.jobs IS 'Work that time brings: holds and contracts that end, partitions, retention, counters.';
COMMENT ON COLUMN mesteri.jobs.name IS 'What logs and metrics call it.';
COMMENT ON COLUMN mesteri.jobs.function IS 'Name in schema mesteri; takes nothing, answers how many rows it dealt with.';
COMMENT ON COLUMN mesteri.jobs.every IS 'From the start of one run to the next.';
COMMENT ON COLUMN mesteri.jobs.is_enabled IS 'False: a DBA has stopped it.';
COMMENT ON COLUMN mesteri.jobs.lock_timeout IS 'How long a run waits for a lock before it leaves it to the next.';
COMMENT ON COLUMN mesteri.jobs.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.jobs', 'WHERE NOT seeded');

CREATE TABLE mesteri.job_runs (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    job        text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    rows_count bigint,
    error      text,
    CONSTRAINT job_runs_times_ordered CHECK (ended_at >= started_at),
    CONSTRAINT job_runs_ended_first CHECK (ended_at IS NOT NULL OR num_nonnulls(rows_count, error) = 0)
);
COMMENT ON TABLE mesteri.job_runs IS 'When timed work ran and what came of it; kept for some weeks.';
COMMENT ON COLUMN mesteri.job_runs.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.job_runs.job IS 'As in jobs; no foreign key, since a release may drop one.';
COMMENT ON COLUMN mesteri.job_runs.started_at IS 'By the clock.';
COMMENT ON COLUMN mesteri.job_runs.ended_at IS 'By the clock; null: it runs, or was cut off within the last minute.';
COMMENT ON COLUMN mesteri.job_runs.rows_count IS 'What its function answered; null: failed, or still runs.';
COMMENT ON COLUMN mesteri.job_runs.error IS 'What stopped it; null: nothing.';
CREATE INDEX job_runs_job ON mesteri.job_runs (job, started_at DESC);
SELECT pg_catalog.pg_extension_config_dump('mesteri.job_runs', '');

/*
 * Empty until the first act that reaches outside, which calls
 * instance_check() (85-ops.sql).  A row that came with a restore names another
 * cluster or database than the one it is in.  The install script makes none:
 * a dump would bring another one.
 */
CREATE TABLE mesteri.instance (
    is_only           boolean PRIMARY KEY DEFAULT true,
    system_identifier bigint NOT NULL,
    timeline          integer NOT NULL,
    database_oid      oid NOT NULL,
    environment       text NOT NULL,
    adopted_at        timestamptz NOT NULL DEFAULT now(),
    adopted_as        text NOT NULL,
    CONSTRAINT instance_one_row CHECK (is_only),
    CONSTRAINT instance_environment_known CHECK (environment IN ('development', 'test', 'production')),
    CONSTRAINT instance_adopted_as_known CHECK (adopted_as IN ('first', 'recover', 'clone'))
);
COMMENT ON TABLE mesteri.instance
    IS 'Which database may act outside under these data; in another one jobs and money stop until a DBA has said what it is.';
COMMENT ON COLUMN mesteri.instance.is_only IS 'Keeps the table to one row.';
COMMENT ON COLUMN mesteri.instance.system_identifier IS 'Of the cluster, as pg_control_system() says.';
COMMENT ON COLUMN mesteri.instance.timeline IS 'Of its WAL; a promoted or recovered cluster has a higher one.';
COMMENT ON COLUMN mesteri.instance.database_oid IS 'Of the database, which tells a copy within the same cluster.';
COMMENT ON COLUMN mesteri.instance.environment IS 'What mesteri.environment said then.';
COMMENT ON COLUMN mesteri.instance.adopted_at IS 'When these data became this database''s.';
COMMENT ON COLUMN mesteri.instance.adopted_as
    IS 'first: they began here; recover: they go on here; clone: they are a copy that must not act.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.instance', '');

CREATE TABLE mesteri.staff_reads (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    staff_id     uuid NOT NULL REFERENCES mesteri.users,
    route_id     integer NOT NULL,
    subject_type text NOT NULL,
    subject_id   uuid,
    user_id      uuid REFERENCES mesteri.users,
    request_id   uuid NOT NULL,
    ip_address   inet,
    read_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mesteri.staff_reads IS 'Every look of staff at what belongs to people; rows are only added.';
COMMENT ON COLUMN mesteri.staff_reads.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.staff_reads.staff_id IS 'Who looked.';
COMMENT ON COLUMN mesteri.staff_reads.route_id IS 'Through which endpoint, as in routes.';
COMMENT ON COLUMN mesteri.staff_reads.subject_type IS 'What was looked at, such as verification.';
COMMENT ON COLUMN mesteri.staff_reads.subject_id IS 'Which one; null: a list.';
COMMENT ON COLUMN mesteri.staff_reads.user_id IS 'Whom it is about; null: a list, or nobody.';
COMMENT ON COLUMN mesteri.staff_reads.request_id IS 'Finds the request in the logs.';
COMMENT ON COLUMN mesteri.staff_reads.ip_address IS 'Where the request came from.';
COMMENT ON COLUMN mesteri.staff_reads.read_at IS 'When the answer was made.';
CREATE INDEX staff_reads_staff ON mesteri.staff_reads (staff_id, read_at DESC);
CREATE INDEX staff_reads_user ON mesteri.staff_reads (user_id, read_at DESC) WHERE user_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.staff_reads', '');
