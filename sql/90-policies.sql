/*
 * 90-policies.sql
 *		Row security on every table, forced on its owner too.
 *
 * Two roles read rows: mesteri_owner inside commands and a caller's own
 * reads, which check the identity first; mesteri_catalogue inside reads of
 * what is public.  mesteri_user has no table at all: it is what endpoints
 * start as, and what somebody would be who broke out of one.
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
        EXECUTE format('CREATE POLICY owner_all ON %s TO mesteri_owner USING (true) WITH CHECK (true)', target);
    END LOOP;

    FOREACH target IN ARRAY ARRAY[
        'mesteri.users', 'mesteri.user_profiles', 'mesteri.craftsman_profiles', 'mesteri.craftsman_certifications',
        'mesteri.craft_categories', 'mesteri.craftsman_crafts', 'mesteri.saved_craftsmen', 'mesteri.content_posts',
        'mesteri.content_interactions', 'mesteri.feed_weights', 'mesteri.match_weights', 'mesteri.error_codes']::regclass[]
    LOOP
        EXECUTE format('CREATE POLICY catalogue_read ON %s FOR SELECT TO mesteri_catalogue USING (true)', target);
    END LOOP;
END;
$policies$;
