/*
 * 80-analytics.sql
 *		What analysts see: groups of at least ten people, and nothing that names one.
 *
 * The groups are counted in functions of mesteri_reporter, which may read just
 * the columns that they use (95-grants.sql).  A view over the tables
 * themselves would not do: EXPLAIN ANALYZE of a query on it says how many
 * rows each step has seen, of groups too small to be shown, and estimates say
 * nearly as much.  Of a function it knows what the function gives.
 *
 * Numbers are rounded down to a multiple of five: whoever asks before and
 * after somebody comes or goes does not see by the difference who it was.
 */
CREATE FUNCTION analytics.rounded(number bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN number / 5 * 5;
COMMENT ON FUNCTION analytics.rounded(bigint) IS 'A count as analysts see it: rounded down to a multiple of five.';

CREATE FUNCTION analytics.count_posts()
    RETURNS TABLE (month date, county text, category text, posts_count bigint, craftsmen_count bigint)
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    BEGIN ATOMIC
    SELECT date_trunc('month', p.published_at AT TIME ZONE 'Europe/Bucharest')::date,
           u.county, c.slug, analytics.rounded(count(*)), analytics.rounded(count(DISTINCT p.craftsman_id))
      FROM mesteri.content_posts p
      JOIN mesteri.craftsman_profiles f ON f.id = p.craftsman_id
      JOIN mesteri.user_profiles u ON u.user_id = f.user_id
      LEFT JOIN mesteri.craft_categories c ON c.id = p.category_id
     WHERE p.status = 'published'
     GROUP BY 1, 2, 3
    HAVING count(DISTINCT p.craftsman_id) >= 10;
    END;
COMMENT ON FUNCTION analytics.count_posts() IS 'The rows of analytics.posts.';

CREATE FUNCTION analytics.count_craftsmen() RETURNS TABLE (county text, tier text, craftsmen_count bigint)
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    BEGIN ATOMIC
    SELECT u.county, f.tier::text, analytics.rounded(count(*))
      FROM mesteri.craftsman_profiles f
      JOIN mesteri.user_profiles u ON u.user_id = f.user_id
     GROUP BY 1, 2
    HAVING count(*) >= 10;
    END;
COMMENT ON FUNCTION analytics.count_craftsmen() IS 'The rows of analytics.craftsmen.';

CREATE FUNCTION analytics.count_registrations() RETURNS TABLE (week date, user_type text, accounts_count bigint)
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, mesteri, pg_temp
    BEGIN ATOMIC
    SELECT date_trunc('week', a.created_at AT TIME ZONE 'Europe/Bucharest')::date, a.user_type::text, analytics.rounded(count(*))
      FROM mesteri.users a
     WHERE a.user_type <> 'staff'
     GROUP BY 1, 2
    HAVING count(*) >= 10;
    END;
COMMENT ON FUNCTION analytics.count_registrations() IS 'The rows of analytics.registrations.';

CREATE VIEW analytics.posts WITH (security_barrier) AS
    SELECT month, county, category, posts_count, craftsmen_count FROM analytics.count_posts();
COMMENT ON VIEW analytics.posts
    IS 'Published posts by month of publication, county of the craftsman and category, where ten craftsmen or more posted; '
       'counts are rounded down to a multiple of five.';

CREATE VIEW analytics.craftsmen WITH (security_barrier) AS
    SELECT county, tier, craftsmen_count FROM analytics.count_craftsmen();
COMMENT ON VIEW analytics.craftsmen
    IS 'Craftsmen by county and tier, where there are ten or more; counts are rounded down to a multiple of five.';

CREATE VIEW analytics.registrations WITH (security_barrier) AS
    SELECT week, user_type, accounts_count FROM analytics.count_registrations();
COMMENT ON VIEW analytics.registrations
    IS 'Accounts opened, by the Monday of the week and kind, where there were ten or more; '
       'counts are rounded down to a multiple of five.';
