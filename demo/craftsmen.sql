/*
 * craftsmen.sql
 *		Rows of craftsman_profiles, their crafts and papers, and who follows whom.
 */

-- Clients follow up to five craftsmen of their county, some craftsmen far more often than others.
CREATE TEMPORARY TABLE demo_follows AS
WITH ranked AS (
    SELECT craftsman_id, county, joined_days,
           row_number() OVER (PARTITION BY county ORDER BY person) - 1 AS place,
           count(*) OVER (PARTITION BY county) AS neighbours
      FROM demo_craftsmen
), wanted AS (
    SELECT person * 8 + k AS draw, user_id, county, joined_days
      FROM demo_people, generate_series(1, 5) k
     WHERE NOT craftsman AND k <= 6 * pg_temp.u('follows', person)
), placed AS MATERIALIZED (    -- or each draw meets every craftsman of the county
    SELECT draw, user_id, county, wanted.joined_days, floor(neighbours * pg_temp.u('whom', draw) ^ 2)::bigint AS place
      FROM wanted
      JOIN (SELECT DISTINCT county, neighbours FROM ranked) AS size USING (county)
), chosen AS (
    SELECT user_id, craftsman_id, least(placed.joined_days, ranked.joined_days) * pg_temp.u('followed', draw) AS days
      FROM placed
      JOIN ranked USING (county, place)
     UNION ALL
    SELECT client.user_id, craftsman.craftsman_id, 30
      FROM demo_named client, demo_named craftsman
     WHERE (client.person, craftsman.person) IN ((3, 2), (5, 2), (3, 4))
)
SELECT user_id, craftsman_id, max(days) AS days FROM chosen GROUP BY user_id, craftsman_id;

/*
 * The tier decides what must be true as well: whoever is more than basic has
 * proved his identity and his business.  CUIs have ten digits beginning with 9,
 * and order numbers in the trade register begin with 9 in six: their check
 * digits and forms are right, but no firm has them.
 */
INSERT INTO mesteri.craftsman_profiles
      (id, user_id, business_name, cui, business_type, trade_register_number, business_verification_status, business_verified_at,
       years_of_experience, insurance_details, tier, availability_status, available_radius_km, total_projects_completed, rating_sum,
       total_reviews, response_time_minutes, completion_rate, followers_count, hourly_rate_min, hourly_rate_max, accepts_installments,
       subscription_plan, subscription_expires_at, featured_until, created_at, updated_at)
WITH drawn AS MATERIALIZED (
    SELECT c.*, p.user_id,
           CASE person WHEN 2 THEN 'master'
                       WHEN 4 THEN 'pro'
                       ELSE CASE WHEN pg_temp.u('identity', person) >= 0.55 THEN 'basic'
                                 WHEN pg_temp.u('identity', person) >= 0.20 THEN 'verified'
                                 WHEN pg_temp.u('identity', person) >= 0.04 THEN 'pro'
                                 ELSE 'master' END END AS tier,
           CASE WHEN c.named THEN 'PFA'
                WHEN pg_temp.u('form', person) < 0.15 THEN CASE WHEN pg_temp.u('identity', person) < 0.55 THEN 'PFA' ELSE 'individual' END
                WHEN pg_temp.u('form', person) < 0.20 THEN 'IF'
                WHEN pg_temp.u('form', person) < 0.35 THEN 'II'
                WHEN pg_temp.u('form', person) < 0.65 THEN 'SRL'
                ELSE 'PFA' END AS form,
           pg_temp.u('business', person) AS business_chance,
           900000000 + (person * 7368787 + abs(:seed)) % 100000000 AS cui_body,
           900000 + floor(100000 * pg_temp.u('order', person))::integer AS register_order,
           5 * round((40 + 25 * pg_temp.u('rate', person) + 60 * pg_temp.u('dear', person) ^ 3) / 5) AS rate,
           pg_temp.u('available', person) AS available_chance
      FROM demo_craftsmen c
      JOIN demo_people p USING (person, craftsman_id)
), titled AS (
    SELECT drawn.*,
           CASE WHEN named THEN 48
                WHEN pg_temp.u('unrated', person) < 0.12 THEN 0
                ELSE least(900, round(CASE tier WHEN 'master' THEN 12 WHEN 'pro' THEN 6 ELSE 2 END
                                      / (1 - pg_temp.u('reviews', person)) ^ 0.7))::integer END AS reviews,
           CASE WHEN named THEN 4.9
                ELSE least(5, CASE tier WHEN 'master' THEN 4.85 WHEN 'pro' THEN 4.7 ELSE 4.5 END + 0.4 * pg_temp.bell('stars', person)) END AS stars,
           CASE WHEN form = 'SRL' THEN concat_ws(' ', CASE WHEN pg_temp.u('firm named', person) < 0.5 THEN last_name
                                                           ELSE pg_temp.pick(firm, pg_temp.u('firm', person)) END,
                                                 pg_temp.pick('{Construct,Lucrări,Servicii,Atelier,Grup,Total,Pro,Invest}',
                                                              pg_temp.u('firm kind', person)),
                                                 seat)
                WHEN form <> 'individual' THEN last_name || ' ' || first_name END AS firm_name,
           CASE WHEN tier <> 'basic' THEN 'verified'
                WHEN form = 'individual' OR business_chance < 0.6 THEN 'none'
                WHEN business_chance < 0.9 THEN 'pending'
                ELSE 'rejected' END AS business
      FROM drawn, demo_words
), numbered AS (
    SELECT titled.*, row_number() OVER (PARTITION BY firm_name, form ORDER BY person) AS namesake,
           -- ANAF: the nine digits times 7 5 3 2 1 7 5 3 2, ten times their sum modulo 11, 10 counts as 0.
           (SELECT sum(substr(cui_body::text, i, 1)::integer * substr('753217532', i, 1)::integer) * 10 % 11 % 10
              FROM generate_series(1, 9) i) AS cui_check
      FROM titled
)
SELECT craftsman_id, user_id,
       firm_name || CASE WHEN namesake > 1 THEN ' ' || namesake ELSE '' END || ' ' || form,
       CASE WHEN business <> 'none' THEN cui_body::text || cui_check END,
       form::mesteri.business_type,
       CASE WHEN business <> 'none' THEN format('%s%s/%s/%s', CASE form WHEN 'SRL' THEN 'J' ELSE 'F' END, register_number, register_order,
                                                2005 + floor(15 * pg_temp.u('founded', person))::integer) END,
       business::mesteri.verification_status,
       CASE WHEN business = 'verified' THEN joined_at + joined_days * 0.2 * interval '1 day' END,
       CASE WHEN named THEN 18 ELSE 1 + floor(30 * pg_temp.u('experience', person) ^ 1.5)::integer END,
       CASE WHEN tier IN ('pro', 'master') THEN jsonb_build_object('insurer', 'Asigurări Demo', 'covered_lei', 50000) END,
       tier::mesteri.craftsman_tier,
       CASE WHEN named OR available_chance < 0.80 THEN 'available'
            WHEN available_chance < 0.95 THEN 'busy'
            ELSE 'vacation' END::mesteri.availability_status,
       CASE WHEN named THEN 40 ELSE 5 + floor(96 * pg_temp.u('radius', person) ^ 1.3)::integer END,
       CASE WHEN reviews = 0 THEN floor(4 * pg_temp.u('projects', person)) ELSE ceil(reviews * (1 + pg_temp.u('projects', person))) END,
       least(5 * reviews, greatest(reviews, round(stars * reviews))),
       reviews,
       CASE WHEN named THEN 12 WHEN pg_temp.u('answers', person) < 0.9 THEN round(5 / (1 - 0.995 * pg_temp.u('answer', person)))::integer END,
       CASE WHEN reviews > 0 THEN round((100 - 25 * pg_temp.u('completion', person) ^ 2)::numeric, 2) ELSE 0 END,
       coalesce(followers, 0), rate, rate + 5 * floor(8 * pg_temp.u('rate spread', person)),
       pg_temp.u('installments', person) < 0.2,
       CASE tier WHEN 'master' THEN 'premium' WHEN 'pro' THEN 'pro' END,
       CASE WHEN tier IN ('pro', 'master') THEN now + 365 * pg_temp.u('plan', person) * interval '1 day' END,
       CASE WHEN tier IN ('pro', 'master') AND pg_temp.u('featured', person) < 0.1
            THEN now + 30 * pg_temp.u('featured until', person) * interval '1 day' END,
       joined_at, joined_at
  FROM demo_settings, numbered
  LEFT JOIN (SELECT craftsman_id, count(*)::integer AS followers FROM demo_follows GROUP BY craftsman_id) AS recount USING (craftsman_id)
 ORDER BY joined_at, person;

INSERT INTO mesteri.saved_craftsmen (user_id, craftsman_id, saved_at)
SELECT user_id, craftsman_id, now - days * interval '1 day'
  FROM demo_follows, demo_settings
 ORDER BY days DESC, user_id, craftsman_id;

INSERT INTO mesteri.craftsman_crafts (craftsman_id, category_id, is_primary, years_experience)
SELECT c.craftsman_id, craft.id, craft.place = 0, floor(p.years_of_experience / (1.0 + craft.place))::integer
  FROM demo_craftsmen c
  JOIN mesteri.craftsman_profiles p ON p.id = c.craftsman_id,
       LATERAL (VALUES (0, trade), (1, second), (2, third)) craft (place, id)
 WHERE craft.place <= further_crafts
 ORDER BY person, craft.place;

-- Electricity and gas need ANRE, boilers ISCIR, refrigerants an F-gas certificate; 85 % of those who need a paper hold it.
INSERT INTO mesteri.craftsman_certifications
      (id, craftsman_id, name, issuer, number, issued_on, expires_on, verification_status, created_at)
WITH papers (slug, name, issuer, years) AS (
    VALUES ('electrician',            'Electrician autorizat gradul II A',             'ANRE',  5),
           ('panouri-fotovoltaice',   'Electrician autorizat gradul II A+B',           'ANRE',  5),
           ('instalator-gaze',        'Instalator autorizat gaze naturale, grad EGIU', 'ANRE',  5),
           ('instalator-incalzire',   'Autorizație ISCIR pentru centrale termice',     'ISCIR', 3),
           ('climatizare-ventilatie', 'Certificat F-gas categoria I',                  'AGFR',  5),
           ('pompe-de-caldura',       'Certificat F-gas categoria I',                  'AGFR',  5)
), held AS (
    SELECT person, c.craftsman_id, papers.*, floor(years * 365 * pg_temp.u('issued', person))::integer AS days_ago,
           c.joined_at, business_verification_status
      FROM demo_craftsmen c
      JOIN mesteri.craftsman_profiles p ON p.id = c.craftsman_id
      JOIN papers USING (slug)
     WHERE c.named OR pg_temp.u('paper', person) < 0.85
)
SELECT pg_temp.id(joined_at, pg_temp.bits('paper high', person), pg_temp.bits('paper low', person)),
       craftsman_id, name, issuer, 'DEMO-' || lpad(person::text, 7, '0'),
       now::date - days_ago, now::date - days_ago + 365 * years,
       CASE WHEN business_verification_status = 'verified' THEN 'verified' ELSE 'pending' END::mesteri.verification_status,
       joined_at
  FROM held, demo_settings
 ORDER BY person;
