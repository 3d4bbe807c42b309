/*
 * 80-analytics.sql
 *		What analysts see: groups of at least ten people, and nothing that names one.
 *
 * The views belong to mesteri_reporter, which may read just the columns that
 * they use (95-grants.sql).  They are security barriers: no function in a
 * query on them sees a row that they leave out.
 */
CREATE VIEW analytics.posts WITH (security_barrier) AS
    SELECT date_trunc('month', p.published_at AT TIME ZONE 'Europe/Bucharest')::date AS month,
           u.county, c.slug AS category, count(*) AS posts_count, count(DISTINCT p.craftsman_id) AS craftsmen_count
      FROM mesteri.content_posts p
      JOIN mesteri.craftsman_profiles f ON f.id = p.craftsman_id
      JOIN mesteri.user_profiles u ON u.user_id = f.user_id
      LEFT JOIN mesteri.craft_categories c ON c.id = p.category_id
     WHERE p.status = 'published'
     GROUP BY 1, 2, 3
    HAVING count(DISTINCT p.craftsman_id) >= 10;
COMMENT ON VIEW analytics.posts
    IS 'Published posts by month of publication, county of the craftsman and category, where ten craftsmen or more posted.';

CREATE VIEW analytics.craftsmen WITH (security_barrier) AS
    SELECT u.county, f.tier::text AS tier, count(*) AS craftsmen_count
      FROM mesteri.craftsman_profiles f
      JOIN mesteri.user_profiles u ON u.user_id = f.user_id
     GROUP BY 1, 2
    HAVING count(*) >= 10;
COMMENT ON VIEW analytics.craftsmen IS 'Craftsmen by county and tier, where there are ten or more.';

CREATE VIEW analytics.registrations WITH (security_barrier) AS
    SELECT date_trunc('week', a.created_at AT TIME ZONE 'Europe/Bucharest')::date AS week,
           a.user_type::text AS user_type, count(*) AS accounts_count
      FROM mesteri.users a
     WHERE a.user_type <> 'staff'
     GROUP BY 1, 2
    HAVING count(*) >= 10;
COMMENT ON VIEW analytics.registrations IS 'Accounts opened, by the Monday of the week and kind, where there were ten or more.';
