/*
 * accounts.sql
 *		Rows of users and user_profiles.
 *
 * One bcrypt serves all named accounts: it is slow on purpose.
 */
INSERT INTO mesteri.users (id, email, phone_number, password_hash, user_type, created_at, updated_at, last_login_at,
                           email_verified, phone_verified, identity_verification_status, identity_verified_at)
WITH password AS MATERIALIZED (
    SELECT mesteri.password_crypt('mesteri-demo-2026', mesteri.password_salt(current_setting('mesteri.bcrypt_cost')::integer)) AS hash
), drawn AS (
    SELECT p.*, CASE WHEN named THEN 0 ELSE pg_temp.u('identity', person) END AS identity
      FROM demo_people p
)
SELECT user_id, email, phone, CASE WHEN named THEN hash ELSE '!' END,
       CASE WHEN craftsman THEN 'craftsman' ELSE 'client' END::mesteri.user_type,
       joined_at, joined_at,
       now - least(joined_days, -20 * ln(1 - pg_temp.u('login', person))) * interval '1 day',
       named OR pg_temp.u('email verified', person) < 0.95, named OR pg_temp.u('phone verified', person) < 0.9,
       identity_status.value::mesteri.verification_status,
       CASE WHEN identity_status.value = 'verified' THEN joined_at + joined_days * 0.1 * interval '1 day' END
  FROM drawn, password, demo_settings,
       -- Clients need not prove who they are; the same draw decides a craftsman's tier.
       LATERAL (SELECT CASE WHEN NOT craftsman AND identity < 0.1 OR craftsman AND identity < 0.55 THEN 'verified'
                            WHEN craftsman AND identity < 0.65 THEN 'pending'
                            WHEN craftsman AND identity < 0.68 THEN 'rejected'
                            ELSE 'none' END) identity_status (value)
 ORDER BY joined_at, person;

INSERT INTO mesteri.user_profiles (id, user_id, first_name, last_name, display_name, avatar_url, bio, date_of_birth, location, city, county,
                                   address, postal_code, language, search_radius_km, created_at, updated_at)
SELECT user_profile_id, user_id, p.first_name, p.last_name,
       CASE WHEN p.hungarian THEN p.last_name || ' ' || p.first_name
            WHEN p.named OR pg_temp.u('display name', person) < 0.4 THEN p.first_name || ' ' || p.last_name END,
       CASE WHEN p.named OR pg_temp.u('avatar', person) < 0.6
            THEN format('/v1/media/demo/avatars/%s-%s.jpg', CASE WHEN p.man THEN 'm' ELSE 'f' END, 1 + person % 50) END,
       CASE WHEN NOT craftsman THEN NULL
            WHEN p.hungarian THEN format('Szakma: %s. %s és környékén dolgozom.', c.trade_name_hu, seat_hu)
            ELSE format('Lucrez în %s și în împrejurimi: %s. Serios, punctual, cu deviz înainte și curățenie după.', seat, c.trade_name) END,
       date '1958-01-01' + floor(16000 * pg_temp.u('birth', person))::integer,
       home, seat, p.county,
       format('Str. %s %s', pg_temp.pick(street, pg_temp.u('street', person)), 1 + floor(120 * pg_temp.u('house', person) ^ 2)::integer),
       CASE person WHEN 2 THEN '400015' WHEN 3 THEN '400001' WHEN 4 THEN '010015' WHEN 5 THEN '540001' END,
       CASE WHEN p.hungarian THEN 'hu' ELSE 'ro' END::mesteri.language,
       CASE WHEN p.named THEN 50 ELSE (ARRAY[10, 20, 30, 50, 50, 50, 75, 100])[1 + floor(8 * pg_temp.u('search radius', person))::integer] END,
       p.joined_at, p.joined_at
  FROM demo_words, demo_people p
  LEFT JOIN (SELECT person, trade_name, trade_name_hu FROM demo_craftsmen) c USING (person)
  JOIN (SELECT code, seat, seat_hu FROM demo_counties) county ON code = p.county
 ORDER BY p.joined_at, person;
