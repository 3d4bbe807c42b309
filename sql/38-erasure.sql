/*
 * 38-erasure.sql
 *		What becomes of a person's data when the account is erased, and what is exported on request, as rows.
 *
 * The rows themselves are data/erasure.csv and data/exports.csv.  They speak of
 * classes, tables and columns; which rows are somebody's the labels say.
 * mesteri.erase() and mesteri.export_json() (89-erasure.sql, 91-export.sql)
 * walk the two and know no table by name.
 */
CREATE TABLE mesteri.erasure_rules (
    id          uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    class       text,
    table_name  text,
    column_name text,
    action      text NOT NULL,
    path        text,
    found_by    text,
    condition   text,
    value       text,
    keep_until  text,
    afterwards  text,
    ground      text NOT NULL,
    seeded      boolean NOT NULL DEFAULT false,
    CONSTRAINT erasure_rules_once UNIQUE NULLS NOT DISTINCT (class, table_name, column_name, found_by, seeded),
    CONSTRAINT erasure_rules_class_or_table CHECK ((class IS NULL) <> (table_name IS NULL)),
    CONSTRAINT erasure_rules_column_of_table CHECK (column_name IS NULL OR table_name IS NOT NULL),
    CONSTRAINT erasure_rules_action_known CHECK (action IN ('keep', 'erase', 'pseudonymise', 'delete', 'archive', 'retain')),
    CONSTRAINT erasure_rules_delete_is_whole CHECK (action <> 'delete' OR column_name IS NULL AND table_name IS NOT NULL),
    CONSTRAINT erasure_rules_pseudonym_given CHECK (action <> 'pseudonymise' OR value IS NOT NULL AND column_name IS NOT NULL),
    CONSTRAINT erasure_rules_period_given CHECK ((action IN ('archive', 'retain')) = (keep_until IS NOT NULL)),
    CONSTRAINT erasure_rules_condition_of_period CHECK (condition IS NULL OR keep_until IS NOT NULL),
    CONSTRAINT erasure_rules_end_given CHECK ((action = 'retain') = (afterwards IS NOT NULL)),
    CONSTRAINT erasure_rules_afterwards_known CHECK (afterwards IN ('erase', 'delete'))
);
COMMENT ON TABLE mesteri.erasure_rules
    IS 'What erasure does to the values of an erased person: by class, or for one table, or for one column; the most special rule holds.';
COMMENT ON COLUMN mesteri.erasure_rules.id IS 'Names the rule; no meaning.';
COMMENT ON COLUMN mesteri.erasure_rules.class IS 'Privacy class whose columns it rules where no rule of theirs does; null: it names a table.';
COMMENT ON COLUMN mesteri.erasure_rules.table_name IS 'In schema mesteri; without column: all its private columns, or with delete its rows.';
COMMENT ON COLUMN mesteri.erasure_rules.column_name IS 'The only column it rules; null: see table_name.';
COMMENT ON COLUMN mesteri.erasure_rules.action
    IS 'keep; erase: null, or empty where it must not be; pseudonymise: value; delete the row; archive: erased, and a copy kept '
       'encrypted; retain: stays where it is until keep_until.';
COMMENT ON COLUMN mesteri.erasure_rules.path
    IS 'Whose the value is where a row has several owners, written as in a label, as sender_id; null: all of them.';
COMMENT ON COLUMN mesteri.erasure_rules.found_by
    IS 'SQL condition that finds copies in rows of others or of nobody, instead of the label. In all SQL of a rule $1 is the person, $2 when '
       'the account was erased, $3 its id, addresses and numbers, $4 its names.';
COMMENT ON COLUMN mesteri.erasure_rules.condition
    IS 'SQL condition of rows for which archive or retain has its ground; the others are erased at once. Null: all.';
COMMENT ON COLUMN mesteri.erasure_rules.value
    IS 'SQL of what stands there afterwards, over the row; null: null, or the column''s default, or empty. Of delete: no meaning.';
COMMENT ON COLUMN mesteri.erasure_rules.keep_until IS 'SQL of the moment when the period ends, over the row; null: no period.';
COMMENT ON COLUMN mesteri.erasure_rules.afterwards IS 'erase: the values then; delete: the row; null: no period.';
COMMENT ON COLUMN mesteri.erasure_rules.ground IS 'Why: what the law says, or what the value still serves.';
COMMENT ON COLUMN mesteri.erasure_rules.seeded IS 'Ships with mesteri, so dumps leave it out; never edited. A row of one''s own for the same beats it.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.erasure_rules', 'WHERE NOT seeded');

CREATE TABLE mesteri.erasure_counters (
    table_name   text NOT NULL,
    condition    text NOT NULL,
    refers_by    text NOT NULL,
    counted_in   text NOT NULL,
    counter_name text NOT NULL,
    seeded       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (counted_in, counter_name)
);
COMMENT ON TABLE mesteri.erasure_counters IS 'Which rows are counted in which column elsewhere: where they are deleted, the counter goes down.';
COMMENT ON COLUMN mesteri.erasure_counters.table_name IS 'Whose rows are counted.';
COMMENT ON COLUMN mesteri.erasure_counters.condition IS 'SQL condition of those that are.';
COMMENT ON COLUMN mesteri.erasure_counters.refers_by IS 'Its column with the id of the row that counts them.';
COMMENT ON COLUMN mesteri.erasure_counters.counted_in IS 'The table with the counter; its key is id.';
COMMENT ON COLUMN mesteri.erasure_counters.counter_name IS 'The column that always equals a recount.';
COMMENT ON COLUMN mesteri.erasure_counters.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.erasure_counters', 'WHERE NOT seeded');
INSERT INTO mesteri.erasure_counters VALUES
    ('content_interactions', 'interaction_type = ''view''', 'post_id', 'content_posts', 'views_count', true),
    ('content_interactions', 'interaction_type = ''like''', 'post_id', 'content_posts', 'likes_count', true),
    ('content_interactions', 'interaction_type = ''share''', 'post_id', 'content_posts', 'shares_count', true),
    ('content_interactions', 'interaction_type = ''save''', 'post_id', 'content_posts', 'saves_count', true),
    ('post_comments', 'hidden_at IS NULL AND deleted_at IS NULL', 'post_id', 'content_posts', 'comments_count', true),
    ('saved_craftsmen', 'true', 'craftsman_id', 'craftsman_profiles', 'followers_count', true),
    ('review_helpful_votes', 'true', 'review_id', 'reviews', 'helpful_count', true);

CREATE TABLE mesteri.erasures (
    id           uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id      uuid NOT NULL REFERENCES mesteri.users,
    erased_at    timestamptz NOT NULL DEFAULT now(),
    requested_by text NOT NULL,
    reference    text,
    touched      mesteri.json_object NOT NULL DEFAULT '{}',
    kept         mesteri.json_array NOT NULL DEFAULT '[]',
    walks        integer NOT NULL DEFAULT 0,
    next_walk_at timestamptz,
    CONSTRAINT erasures_once UNIQUE (user_id),
    CONSTRAINT erasures_reference_length CHECK (char_length(reference) BETWEEN 1 AND 100),
    CONSTRAINT erasures_walks_not_negative CHECK (walks >= 0)
);
COMMENT ON TABLE mesteri.erasures IS 'Proof that accounts were erased, without a word about who they were.';
COMMENT ON COLUMN mesteri.erasures.id IS 'Ascends with time.';
COMMENT ON COLUMN mesteri.erasures.user_id IS 'The tombstone.';
COMMENT ON COLUMN mesteri.erasures.erased_at IS 'When; periods that begin with the erasure count from here.';
COMMENT ON COLUMN mesteri.erasures.requested_by IS 'self: with the password, over the API; else the role of the database that did it.';
COMMENT ON COLUMN mesteri.erasures.reference IS 'Number of the letter that asked for it, never its text; null: over the API.';
COMMENT ON COLUMN mesteri.erasures.touched IS 'Rows that were changed or deleted, by table and action, all walks together.';
COMMENT ON COLUMN mesteri.erasures.kept IS 'What a period still keeps: table, columns, rows, until, ground; as of the last walk.';
COMMENT ON COLUMN mesteri.erasures.walks
    IS 'How often the rules were walked: when erased; once more when no request begun before can still run; when a period ends.';
COMMENT ON COLUMN mesteri.erasures.next_walk_at IS 'When they are walked next; null: nothing is kept any more.';
CREATE INDEX erasures_due ON mesteri.erasures (next_walk_at) WHERE next_walk_at IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('mesteri.erasures', '');

CREATE TABLE mesteri.archived_values (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id    uuid NOT NULL REFERENCES mesteri.users,
    table_name text NOT NULL,
    sealed     bytea NOT NULL,
    kept_until timestamptz NOT NULL,
    ground     text NOT NULL,
    CONSTRAINT archived_values_once UNIQUE (user_id, table_name)
);
COMMENT ON TABLE mesteri.archived_values
    IS 'What the law wants kept of an erased account and the marketplace must no longer see: encrypted, read by ops.archived() alone.';
COMMENT ON COLUMN mesteri.archived_values.id IS 'Part of the purpose that sealed is encrypted for.';
COMMENT ON COLUMN mesteri.archived_values.user_id IS 'The tombstone.';
COMMENT ON COLUMN mesteri.archived_values.table_name IS 'Where the values stood.';
COMMENT ON COLUMN mesteri.archived_values.sealed IS 'JSON of columns and values, under mesteri.encrypt().';
COMMENT ON COLUMN mesteri.archived_values.kept_until IS 'Then the row is deleted.';
COMMENT ON COLUMN mesteri.archived_values.ground IS 'As in the rule that kept it.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.archived_values', '');

CREATE TABLE mesteri.export_tables (
    table_name   text PRIMARY KEY,
    member       text,
    parent_table text,
    reason       text,
    seeded       boolean NOT NULL DEFAULT false,
    CONSTRAINT export_tables_one_place CHECK (num_nonnulls(member, parent_table, reason) = 1)
);
COMMENT ON TABLE mesteri.export_tables IS 'Where in the export of one''s data the rows of each table stand, or why they do not.';
COMMENT ON COLUMN mesteri.export_tables.table_name IS 'In schema mesteri.';
COMMENT ON COLUMN mesteri.export_tables.member IS 'Member of the answer whose list they are.';
COMMENT ON COLUMN mesteri.export_tables.parent_table IS 'Table whose objects hold them, in a list named like the table; a foreign key leads there.';
COMMENT ON COLUMN mesteri.export_tables.reason IS 'Why they are left out.';
COMMENT ON COLUMN mesteri.export_tables.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.export_tables', 'WHERE NOT seeded');

CREATE TABLE mesteri.unexported_columns (
    table_name  text NOT NULL,
    column_name text NOT NULL,
    instead     text,
    reason      text NOT NULL,
    seeded      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (table_name, column_name)
);
COMMENT ON TABLE mesteri.unexported_columns IS 'Columns of exported tables that stay here, wholly or in part, although they are no secrets.';
COMMENT ON COLUMN mesteri.unexported_columns.table_name IS 'In schema mesteri.';
COMMENT ON COLUMN mesteri.unexported_columns.column_name IS 'Which of its columns.';
COMMENT ON COLUMN mesteri.unexported_columns.instead IS 'SQL of what is exported in its place, over the row, $1 being the person; null: nothing.';
COMMENT ON COLUMN mesteri.unexported_columns.reason IS 'Why: mostly that it is somebody else''s.';
COMMENT ON COLUMN mesteri.unexported_columns.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.unexported_columns', 'WHERE NOT seeded');
INSERT INTO mesteri.unexported_columns (table_name, column_name, reason, seeded)
SELECT split_part(c, '.', 1), split_part(c, '.', 2), reason, true
  FROM (VALUES ('who of the staff decided is nobody''s but theirs',
                'verifications.decided_by moderation_statements.decided_by disputes.resolved_by support_tickets.assigned_to '
                'ticket_replies.author_id reports.decided_by post_comments.deleted_by'),
               ('for staff alone', 'reports.snapshot transactions.metadata transactions.escrow_state users.identity_document_url '
                'craftsman_profiles.business_documents verifications.register_result'),
               ('a copy for searches of what the export has', 'craftsman_profiles.match_facts craftsman_crafts.match_facts'),
               ('stands on the invoice, which is the payee''s', 'transactions.invoice_number transactions.invoice_url'),
               ('the provider''s own', 'payment_sessions.payment_method_categories payment_sessions.session_id')) AS v (reason, columns),
       string_to_table(columns, ' ') AS c;
INSERT INTO mesteri.unexported_columns (table_name, column_name, instead, reason, seeded)
SELECT 'reviews', c, format('CASE WHEN reviewer_id = $1 OR visible_at IS NOT NULL THEN %I END', c),
       'nobody reads how he was rated before he has rated, or the time for it is over', true
  FROM string_to_table('overall_rating quality_rating punctuality_rating communication_rating price_value_rating', ' ') AS c;
INSERT INTO mesteri.unexported_columns VALUES
    ('contracts', 'terms_json',
     $$(SELECT terms_json #- ARRAY['parties', other, 'phone'] #- ARRAY['parties', other, 'email'] #- ARRAY['parties', other, 'address']
          FROM (SELECT CASE p.client_id WHEN $1 THEN 'craftsman' ELSE 'client' END FROM mesteri.projects p WHERE p.id = contracts.project_id) AS o (other))$$,
     'how to reach the other side is the other side''s', true);

CREATE TABLE mesteri.exports (
    user_id     uuid PRIMARY KEY REFERENCES mesteri.users ON DELETE CASCADE,
    exported_at timestamptz NOT NULL
);
COMMENT ON TABLE mesteri.exports IS 'When people last fetched their data; an effect of the read, since reads write nothing.';
COMMENT ON COLUMN mesteri.exports.user_id IS 'Who.';
COMMENT ON COLUMN mesteri.exports.exported_at IS 'Within an hour of it another export is refused.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.exports', '');

INSERT INTO mesteri.jobs (name, function, every, seeded) VALUES ('erasures', 'erasures_go_on', interval '1 minute', true);
