/*
 * 31-search.sql
 *		What people looked for.
 */
CREATE TABLE mesteri.search_history (
    id              uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    user_id         uuid NOT NULL REFERENCES mesteri.users ON DELETE CASCADE,
    query           text NOT NULL,
    filters         mesteri.json_object NOT NULL DEFAULT '{}',
    results_count   integer,
    clicked_results mesteri.json_array NOT NULL DEFAULT '[]',
    is_saved        boolean NOT NULL DEFAULT false,
    searched_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT search_history_query_length CHECK (char_length(query) BETWEEN 1 AND 200),
    CONSTRAINT search_history_results_not_negative CHECK (results_count >= 0)
);
COMMENT ON TABLE mesteri.search_history
    IS 'Searches of signed-in people, for their own list and, counted over many, for suggestions.';
COMMENT ON COLUMN mesteri.search_history.id IS 'What the list shows.';
COMMENT ON COLUMN mesteri.search_history.user_id IS 'Who searched; nobody else sees it.';
COMMENT ON COLUMN mesteri.search_history.query IS 'As typed, at most 200 characters.';
COMMENT ON COLUMN mesteri.search_history.filters IS 'The other parameters of the search, by their names.';
COMMENT ON COLUMN mesteri.search_history.results_count IS 'Hits in all; null where it was saved without searching.';
COMMENT ON COLUMN mesteri.search_history.clicked_results IS 'Ids of hits the person then opened, in order.';
COMMENT ON COLUMN mesteri.search_history.is_saved IS 'Kept on purpose: clearing the history leaves it.';
COMMENT ON COLUMN mesteri.search_history.searched_at IS 'When; lists are newest first by it.';
CREATE INDEX search_history_user ON mesteri.search_history (user_id, searched_at DESC);
CREATE INDEX search_history_saved ON mesteri.search_history (user_id, searched_at DESC) WHERE is_saved;
SELECT pg_catalog.pg_extension_config_dump('mesteri.search_history', '');
