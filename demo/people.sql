/*
 * people.sql
 *		Who there is: a name, a home and ids for every craftsman and client.
 *
 * A person's number is what chance is asked about: 2n for craftsman n, 2n + 1
 * for client n.
 */

-- The only people who can sign in; tests and docs know these ids.
CREATE TEMPORARY TABLE demo_named AS
SELECT person, first_name, last_name, man, hungarian, county, email, phone, trade, posts,
       format('019a0000-0000-7000-8000-0000000000%s1', person)::uuid AS user_id,
       format('019a0000-0000-7000-8000-0000000000%s2', person)::uuid AS user_profile_id,
       format('019a0000-0000-7000-8000-0000000000%s3', person)::uuid AS craftsman_id
  FROM (VALUES (2, 'Ion',   'Mureșan', true,  false, 'CJ', 'ion.muresan@example.ro',   '+40722000002', 'faiantar',    36),
               (3, 'Ana',   'Popescu', false, false, 'CJ', 'ana.popescu@example.ro',   '+40722000001', NULL,          NULL),
               (4, 'Maria', 'Ionescu', false, false, 'B',  'maria.ionescu@example.ro', '+40722000004', 'electrician', 24),
               (5, 'Éva',   'Kovács',  false, true,  'MS', 'eva.kovacs@example.ro',    '+40722000003', NULL,          NULL)
  ) AS named (person, first_name, last_name, man, hungarian, county, email, phone, trade, posts);

-- from_share and to_share cut the numbers from 0 to 1 into pieces as large as the populations.
CREATE TEMPORARY TABLE demo_counties AS
SELECT code, c.seat, coalesce(h.seat, c.seat) AS seat_hu, h.at_seat, coalesce(h.part, 0) AS hungarian_part,
       mesteri.latitude(location) AS seat_lat, mesteri.longitude(location) AS seat_lon, r.number AS register_number,
       (sum(population) OVER running - population)::float8 / sum(population) OVER () AS from_share,
       (sum(population) OVER running)::float8 / sum(population) OVER ()              AS to_share
  FROM mesteri.counties c
  LEFT JOIN demo_hungarian h ON h.county = c.code
  LEFT JOIN demo_register r ON r.county = c.code
WINDOW running AS (ORDER BY code COLLATE "C");

/*
 * 70 % live in or near the seat (deviation 4 km, in Bucharest 7 km), the others
 * in the country around it (20 km), nobody beyond three deviations.  Every fifth craftsman
 * came within the last year.
 */
CREATE TEMPORARY TABLE demo_people AS
WITH everybody AS (
    SELECT 2::bigint * n AS person, n AS no, true AS craftsman FROM demo_settings, generate_series(1, craftsmen) n
     UNION ALL
    SELECT 2::bigint * n + 1, n, false FROM demo_settings, generate_series(1, clients) n
), drawn AS MATERIALIZED (
    SELECT everybody.*, named.user_id IS NOT NULL AS named,
           coalesce((SELECT (from_share + to_share) / 2 FROM demo_counties WHERE code = named.county), pg_temp.u('county', person)) AS in_share,
           coalesce(named.man, pg_temp.u('man', person) < CASE WHEN craftsman THEN 0.93 ELSE 0.5 END) AS man,
           CASE WHEN named.hungarian THEN 0 WHEN NOT named.hungarian THEN 1 ELSE pg_temp.u('hungarian', person) END AS in_hungarian_part,
           CASE WHEN named.user_id IS NOT NULL THEN 0.3
                ELSE sqrt(-2 * ln(1 - 0.98889 * pg_temp.u('distance', person))) END AS deviations,
           named.user_id IS NULL AND pg_temp.u('rural', person) < 0.3 AS rural,
           2 * pi() * pg_temp.u('turn', person) AS turn,
           CASE WHEN named.user_id IS NOT NULL THEN 730
                WHEN craftsman AND pg_temp.u('new', person) < 0.2 THEN 10 + 355 * pg_temp.u('joined', person)
                WHEN craftsman THEN 365 + 1135 * pg_temp.u('joined', person)
                ELSE 1 + 1199 * pg_temp.u('joined', person) END AS joined_days
      FROM everybody
      LEFT JOIN demo_named named USING (person)
), placed AS MATERIALIZED (
    SELECT drawn.*, code AS county, in_hungarian_part < hungarian_part AS hungarian, now - joined_days * interval '1 day' AS joined_at,
           pg_temp.around(seat_lat, seat_lon, deviations * CASE WHEN code = 'B' AND NOT rural THEN 7 WHEN rural THEN 20 ELSE 4 END, turn) AS home
      FROM drawn
      JOIN demo_counties ON in_share >= from_share AND in_share < to_share, demo_settings
), called AS MATERIALIZED (
    SELECT placed.*,
           pg_temp.pick(CASE WHEN man AND hungarian THEN man_hu
                             WHEN man               THEN man_ro
                             WHEN hungarian         THEN woman_hu
                             ELSE woman_ro END, pg_temp.u('first name', person)) AS first_name,
           pg_temp.pick(CASE WHEN hungarian THEN family_hu ELSE family_ro END, pg_temp.u('last name', person)) AS last_name
      FROM placed, demo_words
)
SELECT person, no, craftsman, named, called.county, called.man, called.hungarian, home, joined_days, joined_at,
       coalesce(n.first_name, called.first_name) AS first_name,
       coalesce(n.last_name, called.last_name)   AS last_name,
       coalesce(n.email, mesteri.fold(called.first_name || '.' || called.last_name) || '.' || person || '@example.ro') AS email,
       coalesce(n.phone, '+40700' || lpad(((person * 618033 + abs(:seed)) % 1000000)::text, 6, '0')) AS phone,
       coalesce(n.user_id, pg_temp.id(joined_at, pg_temp.bits('user high', person), pg_temp.bits('user low', person))) AS user_id,
       coalesce(n.user_profile_id, pg_temp.id(joined_at, pg_temp.bits('profile high', person), pg_temp.bits('profile low', person)))
           AS user_profile_id,
       CASE WHEN craftsman THEN
           coalesce(n.craftsman_id, pg_temp.id(joined_at, pg_temp.bits('craftsman high', person), pg_temp.bits('craftsman low', person)))
       END AS craftsman_id
  FROM called
  LEFT JOIN demo_named n USING (person);
ANALYZE demo_people;

/*
 * How many posts each craftsman has: one in x^2 has x times the common share, so
 * that most have a few and some have hundreds.  Whole numbers, whose sum does not depend on the order of adding.
 */
CREATE TEMPORARY TABLE demo_post_counts AS
WITH weighed AS (
    SELECT person, posts AS fixed,
           CASE WHEN posts IS NULL THEN (1000 * least(25, 1 / sqrt(1 - pg_temp.u('posts', person)) - 0.9))::bigint ELSE 0 END AS weight
      FROM demo_people
      LEFT JOIN demo_named USING (person)
     WHERE craftsman
), running AS (
    SELECT person, fixed, weight,
           (SELECT posts FROM demo_settings) - (sum(fixed) OVER ())::bigint AS rest,
           (sum(weight) OVER (ORDER BY person))::bigint AS upto,
           (sum(weight) OVER ())::bigint AS total
      FROM weighed
)
SELECT person, coalesce(fixed, upto * rest / total - (upto - weight) * rest / total)::integer AS posts
  FROM running;

-- A craftsman's trade, and two others of its branch: so many places further on, going round.
CREATE TEMPORARY TABLE demo_craftsmen AS
WITH drawn AS (
    SELECT p.*, n.trade AS fixed_trade, pg_temp.u('trade', person) AS in_share,
           CASE WHEN p.named THEN 0 ELSE floor(3 * pg_temp.u('further crafts', person))::integer END AS further_crafts
      FROM demo_people p
      LEFT JOIN demo_named n USING (person)
     WHERE p.craftsman
), trained AS MATERIALIZED (
    SELECT drawn.*, trade.id AS trade, trade.slug, trade.name AS trade_name, trade.name_hu AS trade_name_hu, trade.parent_id, place, family,
           1 + floor((family - 1) * pg_temp.u('second', person))::integer AS steps
      FROM drawn
      JOIN demo_trades trade ON CASE WHEN fixed_trade IS NULL THEN in_share >= from_share AND in_share < to_share
                                     ELSE trade.slug = fixed_trade END
)
SELECT person, no, named, craftsman_id, county, hungarian, man, first_name, last_name, joined_days, joined_at,
       mesteri.latitude(home) AS lat, mesteri.longitude(home) AS lon, seat, seat_hu, at_seat, register_number,
       trade, trained.slug, trade_name, trade_name_hu, second.id AS second, third.id AS third, further_crafts, posts
  FROM trained
  JOIN demo_post_counts USING (person)
  JOIN demo_counties ON code = county
  JOIN demo_trades second ON second.parent_id = trained.parent_id AND second.place = (trained.place + steps) % trained.family
  JOIN demo_trades third ON third.parent_id = trained.parent_id AND third.place
       = (trained.place + 1 + (steps + floor((trained.family - 2) * pg_temp.u('third', person))::integer) % (trained.family - 1)) % trained.family;
ANALYZE demo_craftsmen;
