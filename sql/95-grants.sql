/*
 * 95-grants.sql
 *		Who owns what, and who may do what.  Nobody may do anything that is not granted here.
 */
DO $owners$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT format('ALTER %s %s OWNER TO mesteri_owner',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass) AS command
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace IN ('mesteri'::regnamespace, 'ops'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'S')
           AND c.relowner <> 'mesteri_ledger'::regrole
        UNION ALL
        -- Functions in C stay with the superuser who installed them: their code is not SQL's to change.
        SELECT format('ALTER ROUTINE %s OWNER TO mesteri_owner', p.oid::regprocedure)
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE p.pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace) AND l.lanname <> 'c'
        UNION ALL
        SELECT format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', p.oid::regprocedure)
          FROM pg_catalog.pg_proc p
         WHERE p.pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace)
        UNION ALL
        SELECT format('ALTER %s %s OWNER TO mesteri_owner',
                      CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype)
          FROM pg_catalog.pg_type t
          LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
         WHERE t.typnamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace)
           AND t.typcategory <> 'A' AND (c.oid IS NULL OR c.relkind = 'c')
    LOOP
        EXECUTE object.command;
    END LOOP;
END;
$owners$;

REVOKE ALL ON SCHEMA mesteri, api, analytics, ops FROM PUBLIC;

/* The owner's own functions in C. */
GRANT EXECUTE ON FUNCTION mesteri.uuid7(), mesteri.jwt_sign(json), mesteri.jwks(), mesteri.keyed_hash(text, bytea), mesteri.login_lock(bytea),
    mesteri.seal(text, bytea), mesteri.unseal(text, bytea), mesteri.encrypt(text, bytea), mesteri.decrypt(text, bytea),
    mesteri.reencrypt(text, bytea), mesteri.cipher_key_id(bytea), mesteri.encryption_key_id(),
    mesteri.names_version(text, integer), mesteri.sanitize(text), mesteri.loaded_version(), mesteri.owner_condition(regclass, text),
    mesteri.owner_condition(regclass, text, text), mesteri.owner_paths(regclass),
    mesteri.current_user_id(), mesteri.current_session_id(), mesteri.current_user_type(),
    mesteri.handle(integer, text, text[], text, text[], bytea, integer, inet, uuid, text, text)
    TO mesteri_owner;
GRANT EXECUTE ON FUNCTION mesteri.fee_split(bigint, integer, integer, integer), mesteri.contract_number(bytea, text, bigint),
    mesteri.normalise_phone(text), mesteri.normalise_cui(text), mesteri.normalise_cnp(text), mesteri.normalise_iban(text)
    TO mesteri_owner;
GRANT EXECUTE ON FUNCTION mesteri.engine_work(), mesteri.json_build(VARIADIC "any"),
    mesteri.feed_key_bound(mesteri.feed_key, timestamptz, mesteri.feed_weights, float8, float8, float8, boolean),
    mesteri.feed_top(timestamptz, mesteri.feed_weights, geography, float8, uuid[], uuid[], uuid[], float8, uuid, bytea, integer, integer),
    mesteri.match_top(mesteri.match_weights, geography, float8, uuid[], float8, numeric, boolean, integer, bigint),
    mesteri.view_effects(uuid, uuid[]), mesteri.blocked_craftsmen(uuid)
    TO mesteri_owner;

/*
 * The proxy: six names.
 */
GRANT USAGE ON SCHEMA mesteri TO mesteri_proxy;
GRANT EXECUTE ON FUNCTION mesteri.handle(integer, text, text[], text, text[], bytea, integer, inet, uuid, text, text),
    mesteri.effects_apply(bytea[]), mesteri.cancel(uuid[]) TO mesteri_proxy;
GRANT SELECT ON mesteri.proxy_routes, mesteri.proxy_errors, mesteri.proxy_rules TO mesteri_proxy;

/*
 * The caller: endpoints, and the types of their arguments.
 */
GRANT USAGE ON SCHEMA api, mesteri TO mesteri_user;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO mesteri_user;
-- What its policies ask.
GRANT EXECUTE ON FUNCTION mesteri.current_user_id(), mesteri.is_own(uuid, uuid, regclass, text), mesteri.own_ids(uuid, regclass, text)
    TO mesteri_user;

/*
 * The catalogue: the functions that read what is public, and the columns they read.
 */
GRANT USAGE ON SCHEMA mesteri, api TO mesteri_catalogue;
ALTER FUNCTION api.craftsman_match(text, api.latitude, api.longitude, api.radius_km, uuid, api.rating, api.price, boolean,
                                   api.search_text, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.craftsman_get(text, uuid) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.feed(api.latitude, api.longitude, api.radius_km, api.category_set, boolean, api.feed_cursor, api.page_limit,
                        api.feed_page) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.post_get(uuid) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.category_list(text, uuid, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.post_comments(uuid, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.post_mine(mesteri.content_status, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.craftsman_portfolio(uuid, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.craftsman_reviews(uuid, api.page, api.page_limit, api.review_order) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.user_public(uuid) OWNER TO mesteri_catalogue;
ALTER FUNCTION api.user_saved(api.saved_type, api.page, api.page_limit) OWNER TO mesteri_catalogue;
ALTER VIEW mesteri.public_craftsmen OWNER TO mesteri_catalogue;

GRANT SELECT (id, user_type, created_at, is_active, identity_verification_status, deleted_at) ON mesteri.users TO mesteri_catalogue;
GRANT SELECT (user_id, first_name, last_name, display_name, avatar_url, bio, city, county, location, language, search_radius_km,
              version)
    ON mesteri.user_profiles TO mesteri_catalogue;
GRANT SELECT ON mesteri.craftsman_profiles, mesteri.craftsman_certifications, mesteri.craft_categories, mesteri.craftsman_crafts,
    mesteri.saved_craftsmen, mesteri.content_posts, mesteri.content_interactions, mesteri.blocks, mesteri.feed_weights, mesteri.match_weights,
    mesteri.error_codes, mesteri.post_comments, mesteri.reviews TO mesteri_catalogue;
GRANT SELECT ON mesteri.public_craftsmen TO mesteri_owner;

GRANT EXECUTE ON FUNCTION
    mesteri.current_user_id(), mesteri.current_user_type(), mesteri.point(float8, float8), mesteri.latitude(geography),
    mesteri.longitude(geography), mesteri.distance_m(geography, geography), mesteri.within_m(geography, geography, float8),
    mesteri.fold(text), mesteri.resembles(text, text), mesteri.seal(text, bytea),
    mesteri.feed_served_has(bytea, uuid),
    mesteri.ok(json, integer, bytea[], text[]), mesteri.detail(text, text), mesteri.refuse(text, json),
    mesteri.check_place(float8, float8), mesteri.json_time(timestamptz), mesteri.json_page(json, integer, integer, boolean), mesteri.json_concat(json, json),
    mesteri.shown_name(text, text, text), mesteri.location_json(geography), mesteri.craftsman_summary(mesteri.public_craftsmen),
    mesteri.category_name(mesteri.craft_categories, text), mesteri.crafts_json(uuid, text), mesteri.crafts_of(uuid, text),
    mesteri.certifications_json(uuid, boolean), mesteri.craftsman_json(uuid, text), mesteri.category_tree(uuid[]),
    mesteri.match_reference(mesteri.match_weights, geography, float8, uuid[], float8, numeric, boolean, text, integer, bigint),
    mesteri.match_top(mesteri.match_weights, geography, float8, uuid[], float8, numeric, boolean, integer, bigint),
    mesteri.json_build(VARIADIC "any"),
    mesteri.counters_json(mesteri.content_posts, uuid, boolean, boolean),
    mesteri.has_interacted(uuid, uuid, mesteri.interaction_type),
    mesteri.post_json(mesteri.content_posts, mesteri.public_craftsmen, uuid, boolean), mesteri.view_effects(uuid, uuid[]),
    mesteri.feed_reference(timestamptz, mesteri.feed_weights, geography, float8, uuid[], uuid[], uuid[], float8, uuid, bytea,
                           integer, integer),
    mesteri.feed_top(timestamptz, mesteri.feed_weights, geography, float8, uuid[], uuid[], uuid[], float8, uuid, bytea, integer,
                     integer),
    mesteri.feed_answer(uuid, boolean, geography, float8, uuid[], uuid[], uuid[], bytea, text, integer, integer),
    mesteri.blocked_craftsmen(uuid)
    TO mesteri_catalogue;

GRANT EXECUTE ON FUNCTION
    mesteri.person_json(uuid), mesteri.comment_json(mesteri.post_comments), mesteri.post_is_visible(uuid),
    mesteri.review_json(mesteri.reviews), mesteri.review_summary(uuid)
    TO mesteri_catalogue;

/*
 * The journal: its owner's name checks foreign keys, and that is all it does.
 */
GRANT USAGE ON SCHEMA mesteri TO mesteri_ledger;
GRANT SELECT, INSERT ON mesteri.journal_accounts, mesteri.posted_commands, mesteri.provider_facts, mesteri.journal_entries,
    mesteri.journal_lines, mesteri.journal_digests TO mesteri_owner;

/*
 * Analysts: the views and the functions behind them, whose owner reads the columns that they are made of.
 */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA analytics FROM PUBLIC;
ALTER FUNCTION analytics.rounded(bigint) OWNER TO mesteri_reporter;
ALTER FUNCTION analytics.count_posts() OWNER TO mesteri_reporter;
ALTER FUNCTION analytics.count_craftsmen() OWNER TO mesteri_reporter;
ALTER FUNCTION analytics.count_registrations() OWNER TO mesteri_reporter;
ALTER VIEW analytics.posts OWNER TO mesteri_reporter;
ALTER VIEW analytics.craftsmen OWNER TO mesteri_reporter;
ALTER VIEW analytics.registrations OWNER TO mesteri_reporter;
GRANT SELECT (created_at, user_type) ON mesteri.users TO mesteri_reporter;
GRANT SELECT (user_id, county) ON mesteri.user_profiles TO mesteri_reporter;
GRANT SELECT (id, user_id, tier) ON mesteri.craftsman_profiles TO mesteri_reporter;
GRANT SELECT (id, slug) ON mesteri.craft_categories TO mesteri_reporter;
GRANT SELECT (craftsman_id, category_id, status, published_at) ON mesteri.content_posts TO mesteri_reporter;
GRANT USAGE ON SCHEMA analytics TO mesteri_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO mesteri_analyst;
GRANT EXECUTE ON FUNCTION analytics.count_posts(), analytics.count_craftsmen(), analytics.count_registrations() TO mesteri_analyst;

/*
 * pg_dump: everything, and no more than to read it.  Partitions made later are granted as they are made.
 */
GRANT USAGE ON SCHEMA mesteri, api, analytics, ops TO mesteri_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA mesteri TO mesteri_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA mesteri TO mesteri_backup;

/*
 * mesteri_worker and mesteri_staff may do nothing until there is something for them to do.
 */
