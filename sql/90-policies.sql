/*
 * 90-policies.sql
 *		Row security on every table, forced on its owner too.
 *
 * mesteri_owner reads rows inside commands and a caller's own reads, which
 * check the identity first; mesteri_catalogue inside reads of what is public.
 * mesteri_user, which endpoints start as and which somebody would be who
 * broke out of one, sees the caller's own rows of the tables that it is
 * granted, by the tables' labels (87-privacy.sql).
 */
DO $policies$
DECLARE
    target regclass;
BEGIN
    FOR target IN
        SELECT c.oid FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY owner_all ON %s TO %s USING (true) WITH CHECK (true)', target,
                       (SELECT CASE relowner WHEN 'mesteri_ledger'::regrole THEN relowner::regrole::text ELSE 'mesteri_owner' END
                          FROM pg_catalog.pg_class WHERE oid = target));
    END LOOP;

    -- The journal: rows are added and read, never changed.
    FOR target IN
        SELECT c.oid FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'r' AND c.relowner = 'mesteri_ledger'::regrole
    LOOP
        EXECUTE format('CREATE POLICY journal_read ON %s FOR SELECT TO mesteri_owner USING (true)', target);
        EXECUTE format('CREATE POLICY journal_add ON %s FOR INSERT TO mesteri_owner WITH CHECK (true)', target);
    END LOOP;

    FOREACH target IN ARRAY ARRAY[
        'mesteri.users', 'mesteri.user_profiles', 'mesteri.craftsman_profiles', 'mesteri.craft_categories',
        'mesteri.content_posts']::regclass[]
    LOOP
        EXECUTE format('CREATE POLICY reporter_read ON %s FOR SELECT TO mesteri_reporter USING (true)', target);
    END LOOP;

    FOREACH target IN ARRAY ARRAY[
        'mesteri.users', 'mesteri.user_profiles', 'mesteri.craftsman_profiles', 'mesteri.craftsman_certifications',
        'mesteri.craft_categories', 'mesteri.craftsman_crafts', 'mesteri.saved_craftsmen', 'mesteri.content_posts',
        'mesteri.content_interactions', 'mesteri.post_comments', 'mesteri.reviews', 'mesteri.blocks', 'mesteri.feed_weights',
        'mesteri.match_weights', 'mesteri.error_codes']::regclass[]
    LOOP
        EXECUTE format('CREATE POLICY catalogue_read ON %s FOR SELECT TO mesteri_catalogue USING (true)', target);
    END LOOP;
END;
$policies$;

/*
 * The caller's own rows.  A row that leads to its owner through other tables
 * asks is_own(), since mesteri_user may not read those tables.
 */
CREATE FUNCTION mesteri.create_owner_policy(target regclass) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, mesteri, pg_temp
    AS $$
DECLARE
    condition text;
BEGIN
    SELECT string_agg(CASE WHEN source IS NULL THEN format('%I = (SELECT mesteri.current_user_id())', column_name)
                           ELSE format('mesteri.is_own(%I, (SELECT mesteri.current_user_id()), %L, %L)', column_name, target, path) END, ' OR ')
      INTO condition
      FROM mesteri.owner_paths(target);

    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = target AND polname = 'owner_reads') THEN
        EXECUTE format('DROP POLICY owner_reads ON %s', target);
    END IF;
    IF condition IS NOT NULL THEN
        EXECUTE format('CREATE POLICY owner_reads ON %s FOR SELECT TO mesteri_user USING (%s)', target, condition);
    END IF;
END;
$$;
COMMENT ON FUNCTION mesteri.create_owner_policy(regclass)
    IS 'Makes the policy by which callers see their own rows, from the table''s label; upgrade scripts call it for new tables and labels.';

SELECT mesteri.create_owner_policy(relation)
  FROM mesteri.labels WHERE column_name IS NULL AND owner_path IS NOT NULL ORDER BY table_name;
