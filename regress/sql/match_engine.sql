-- Matching's engine against its reference: same craftsmen, same order, same numbers to the last bit; and keys that stay true.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- A key in words, and back.
SELECT key::mesteri.match_key FROM unnest('{"467700000,235900000 1a2b3c4d -50 12 10 50 485 1 3 180","- 00000000 -2147483648 0 0 1 0 0 0 0","* 00000000 0 0 0 300 500 0 1 2","-467700000,-1 00000000 0 0 0 300 500 0 1 2"}'::text[]) AS t (key);
\set VERBOSITY terse
SELECT 'box'::mesteri.match_key;
SELECT '* 00000000 0 0 0 300 500 0 1'::mesteri.match_key;
SELECT '* 00000000 0 0 0 300 500 0 1 2 x'::mesteri.match_key;
\set VERBOSITY default

BEGIN;
SELECT coalesce(current_setting('mesteri_test.seed', true), (random() * 2 - 1)::text) AS seed \gset
SELECT setseed(:seed) \g /dev/null

-- A town, one on the antimeridian, one at the pole; few values of everything, so that scores tie.
CREATE FUNCTION pg_temp.town(draw integer) RETURNS geography LANGUAGE sql VOLATILE AS $$
    SELECT mesteri.point(least(90, (ARRAY[46.77, 46.77, 46.77, -17, 89.95])[at] + floor(random() * 5) * 0.1),
                         CASE WHEN lon > 180 THEN lon - 360 ELSE lon END)
      FROM (SELECT at, (ARRAY[23.59, 23.59, 23.59, 179.8, 10])[at] + floor(random() * 5) * 0.1 AS lon
              FROM (SELECT 1 + floor(random() * 5)::integer AS at) AS a) AS l $$;
CREATE FUNCTION pg_temp.pick(list anyarray, draw integer) RETURNS anyelement LANGUAGE sql VOLATILE AS $$ SELECT list[1 + floor(random() * cardinality(list))::integer] $$;
SELECT count(pg_temp.account('c' || n)) FROM generate_series(1, 600) AS g (n) \g /dev/null
UPDATE mesteri.user_profiles SET location = pg_temp.town(1) WHERE random() < 0.9;
INSERT INTO mesteri.craftsman_profiles (user_id, rating_sum, total_reviews, tier, response_time_minutes, completion_rate, available_radius_km,
                                        hourly_rate_min, availability_status)
SELECT id, n * floor(1 + random() * 5), n, pg_temp.pick(enum_range(NULL::mesteri.craftsman_tier), n), CASE WHEN random() < 0.8 THEN pg_temp.pick('{0,60,720,2000}'::integer[], n) END,
       pg_temp.pick('{0,33.33,50,100}'::numeric[], n), pg_temp.pick('{1,10,12,50,300}'::integer[], n),
       CASE WHEN random() < 0.8 THEN pg_temp.pick('{0,49.99,50,50.01,9999999999.99,NaN}'::numeric[], n) END, pg_temp.pick(enum_range(NULL::mesteri.availability_status), n)
  FROM (SELECT id, floor(random() * random() * 40)::integer AS n FROM mesteri.users) AS u;
INSERT INTO mesteri.craftsman_crafts (craftsman_id, category_id)
SELECT c.id, mesteri.category_id(slug) FROM mesteri.craftsman_profiles c, unnest('{electrician,electrice,zidar,zugrav,panouri-fotovoltaice}'::text[]) AS s (slug) WHERE random() < 0.3;
UPDATE mesteri.users SET is_active = false WHERE random() < 0.05;
-- The last two have the prior as shipped, by which entries know what they are worth.
INSERT INTO mesteri.match_weights VALUES (2, 0.1, 0.5, 0.2, 0.2, 3.0, 50), (3, 0, 1, 0, 0, 5, 1), (4, 0.25, 0.25, 0.25, 0.25, 0, 1), (5, 0, 0, 1, 0, 2.5, 10),
       (6, 0, 0.5, 0.25, 0.25, 4, 5), (7, 0.1, 0.5, 0.1, 0.3, 4, 5);

CREATE FUNCTION pg_temp.differences(n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    w         mesteri.match_weights;
    place     geography;
    radius    float8;
    trades    uuid[];
    rating    float8;
    price     numeric;
    available boolean;
    count     integer;
    skip      bigint;
    given     text[];
    wanted    text[];
    different integer := 0;
BEGIN
    FOR i IN 1 .. n LOOP
        SELECT * INTO w FROM mesteri.match_weights ORDER BY random() LIMIT 1;
        place := CASE WHEN random() < 0.85 THEN pg_temp.town(i) END;
        radius := pg_temp.pick('{1000,12000,50000,300000}'::integer[], i);
        trades := CASE WHEN random() < 0.5 THEN mesteri.category_tree(ARRAY[mesteri.category_id(pg_temp.pick('{electrice,zidar,constructii,nothing}'::text[], i))]) END;
        rating := CASE WHEN random() < 0.3 THEN pg_temp.pick('{0,0.01,1,1.1,3.33,4.5,5,NaN}'::float8[], i) END;
        price := CASE WHEN random() < 0.3 THEN pg_temp.pick('{0,49.99,50,50.005,9999999999.99,NaN}'::numeric[], i) END;
        available := random() < 0.3;
        count := 1 + floor(random() * 30);
        skip := floor(random() * 2) * floor(random() * 60);
        SELECT array_agg(m::text) INTO given FROM mesteri.match_top(w, place, radius, trades, rating, price, available, count, skip) AS m;
        SELECT array_agg(m::text) INTO wanted FROM mesteri.match_reference(w, place, radius, trades, rating, price, available, NULL, count, skip) AS m;
        different := different + (given IS DISTINCT FROM wanted)::integer;
    END LOOP;
    RETURN different;
END;
$$;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(150) AS d (different) WHERE different > 0;

-- Whatever is written: a key made anew is the key that was there.
UPDATE mesteri.craftsman_profiles SET total_reviews = total_reviews + 1, rating_sum = rating_sum + 1 + floor(random() * 5) WHERE random() < 0.3;
UPDATE mesteri.craftsman_profiles SET tier = 'master', hourly_rate_min = 1.5, available_radius_km = 11, response_time_minutes = NULL WHERE random() < 0.1;
UPDATE mesteri.craftsman_profiles SET availability_status = 'busy', match_key = NULL WHERE random() < 0.1;
UPDATE mesteri.craftsman_profiles SET match_key = '* 00000000 0 0 0 1 1 0 0 0' WHERE random() < 0.1;
UPDATE mesteri.craftsman_profiles SET match_facts = NULL WHERE random() < 0.1;
UPDATE mesteri.craftsman_profiles SET match_facts = ROW(300, 5, 1, 3, 0, 100, true, 1, mesteri.point(46.77, 23.59)) WHERE random() < 0.1;
UPDATE mesteri.craftsman_crafts SET match_facts = NULL WHERE random() < 0.1;
UPDATE mesteri.user_profiles SET location = CASE WHEN random() < 0.8 THEN pg_temp.town(1) END WHERE random() < 0.2;
UPDATE mesteri.users SET is_active = true WHERE random() < 0.5 AND NOT is_active;
UPDATE mesteri.users SET is_active = false WHERE random() < 0.05;
UPDATE mesteri.users SET is_active = false, deleted_at = now() WHERE random() < 0.02;
UPDATE mesteri.craftsman_crafts SET category_id = mesteri.category_id('faiantar') WHERE random() < 0.05 AND category_id = mesteri.category_id('zidar');
DELETE FROM mesteri.craftsman_crafts WHERE random() < 0.05;
DELETE FROM mesteri.users WHERE random() < 0.02;
DELETE FROM mesteri.user_profiles WHERE random() < 0.02;
-- A profile that comes late, and one that comes back elsewhere.
INSERT INTO mesteri.user_profiles (user_id, first_name, last_name, location)
SELECT id, 'Ana', 'Pop', pg_temp.town(1) FROM mesteri.users u WHERE NOT EXISTS (SELECT FROM mesteri.user_profiles p WHERE p.user_id = u.id) AND random() < 0.5;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(150) AS d (different) WHERE different > 0;
CREATE TEMP TABLE keys AS SELECT c.id, c.match_key, c.match_facts,
       (SELECT string_agg(concat_ws(' ', k.category_id, k.match_key, k.match_facts), ',' ORDER BY k.category_id) FROM mesteri.craftsman_crafts k WHERE k.craftsman_id = c.id) AS crafts
  FROM mesteri.craftsman_profiles c;
UPDATE mesteri.craftsman_profiles SET match_key = NULL;
UPDATE mesteri.craftsman_crafts SET match_key = NULL;
SELECT 'seed ' || :'seed' AS seed, k.*, c.match_key, c.match_facts
  FROM keys k JOIN mesteri.craftsman_profiles c USING (id)
 WHERE ((k.match_key::text, k.match_facts::text) IS DISTINCT FROM (c.match_key::text, c.match_facts::text)
        -- The place of a profile that came late is known from now on.
        AND k.match_key::text NOT LIKE '*%')
    OR (k.crafts IS DISTINCT FROM (SELECT string_agg(concat_ws(' ', x.category_id, x.match_key, x.match_facts), ',' ORDER BY x.category_id) FROM mesteri.craftsman_crafts x WHERE x.craftsman_id = c.id)
        AND k.match_key::text NOT LIKE '*%')
 LIMIT 3;

-- Written past the triggers: repaired.
SET LOCAL session_replication_role = replica;
UPDATE mesteri.craftsman_profiles SET match_facts = ROW(300, 5, 1, 3, 0, 100, true, 1, mesteri.point(46.77, 23.59)) WHERE random() < 0.5 AND match_key IS NOT NULL;
UPDATE mesteri.craftsman_crafts SET match_facts = NULL WHERE random() < 0.5;
SET LOCAL session_replication_role = origin;
UPDATE mesteri.craftsman_profiles SET match_facts = NULL;
UPDATE mesteri.craftsman_crafts SET match_facts = NULL;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(100) AS d (different) WHERE different > 0;

-- Facts that do not agree with the key are not believed, neither by an update of something else nor with a row that comes in.
SELECT c.id AS somebody, c.match_key AS his_key FROM mesteri.craftsman_profiles c WHERE c.match_key::text ~ '^[0-9]' ORDER BY c.id LIMIT 1 \gset
SET LOCAL session_replication_role = replica;
UPDATE mesteri.craftsman_profiles SET match_facts = ROW(50, 0, 0, 0, NULL, 0, true, NULL, NULL) WHERE id = :'somebody';
SET LOCAL session_replication_role = origin;
UPDATE mesteri.craftsman_profiles SET response_time_minutes = response_time_minutes WHERE id = :'somebody';
SELECT match_key::text = :'his_key' AS same_key, (match_facts).place IS NOT NULL AS has_place FROM mesteri.craftsman_profiles WHERE id = :'somebody';
SET LOCAL session_replication_role = replica;
UPDATE mesteri.craftsman_profiles SET match_facts.place = mesteri.point(0, 0) WHERE id = :'somebody';
SET LOCAL session_replication_role = origin;
UPDATE mesteri.craftsman_profiles SET response_time_minutes = response_time_minutes WHERE id = :'somebody';
SELECT match_key::text = :'his_key' AS same_key, mesteri.within_m((match_facts).place, mesteri.point(0, 0), 1) AS at_0_0 FROM mesteri.craftsman_profiles WHERE id = :'somebody';
INSERT INTO mesteri.users (email, phone_number, password_hash, user_type) VALUES ('late@example.ro', '+40719999999', '!', 'craftsman') RETURNING id AS late \gset
INSERT INTO mesteri.craftsman_profiles (user_id, match_key, match_facts) SELECT :'late', match_key, ROW(50, 0, 0, 0, NULL, 0, true, NULL, mesteri.point(0, 0))::mesteri.match_facts FROM mesteri.craftsman_profiles WHERE id = :'somebody';
SELECT split_part(match_key::text, ' ', 1) AS place, (match_facts).place FROM mesteri.craftsman_profiles WHERE user_id = :'late';
-- His profile comes later, and is found with row_security off as well.
INSERT INTO mesteri.user_profiles (user_id, first_name, last_name, location) VALUES (:'late', 'A', 'B', mesteri.point(0, 0));
SET LOCAL row_security = off;
SELECT c.user_id = :'late' AS found FROM mesteri.match_weights w, mesteri.match_top(w, mesteri.point(0, 0), 1000, NULL, NULL, NULL, false, 5, 0) m JOIN mesteri.craftsman_profiles c ON c.id = m.craftsman_id WHERE w.version = 1;
SET LOCAL row_security = on;

-- Built at once.
REINDEX TABLE mesteri.craftsman_profiles;
REINDEX TABLE mesteri.craftsman_crafts;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(100) AS d (different) WHERE different > 0;

-- What it costs.
SELECT count(*) > 0 AS some FROM mesteri.match_weights w, mesteri.match_top(w, mesteri.point(46.97, 23.79), 50000, NULL, NULL, NULL, false, 5, 0) WHERE w.version = 1;
SELECT index_pages > 0 AND heap_tuples BETWEEN 5 AND 300 AS walked FROM mesteri.engine_work();

-- Columns are found by name, again after they have moved: with the two swapped, an average is one star at most.
SAVEPOINT whole;
SELECT max(split_part(match_key::text, ' ', 7)::integer) > 105 AS more FROM mesteri.craftsman_profiles;
ALTER TABLE mesteri.craftsman_profiles RENAME rating_sum TO swapped;
ALTER TABLE mesteri.craftsman_profiles RENAME total_reviews TO rating_sum;
ALTER TABLE mesteri.craftsman_profiles RENAME swapped TO total_reviews;
UPDATE mesteri.craftsman_profiles SET match_key = NULL;
SELECT max(split_part(match_key::text, ' ', 7)::integer) > 105 AS more FROM mesteri.craftsman_profiles;
SELECT count(*), count(*) FILTER (WHERE m.rating <> w.rating * (w.prior_count * w.prior_rating + c.rating_sum) / (w.prior_count + c.total_reviews) / 5) AS different
  FROM mesteri.match_weights w, mesteri.match_top(w, NULL, NULL, NULL, NULL, NULL, false, 50, 0) AS m JOIN mesteri.craftsman_profiles c ON c.id = m.craftsman_id WHERE w.version = 3;
ROLLBACK TO whole;

-- Without an index: the same, by the reference.
DROP INDEX mesteri.craftsman_profiles_match;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(20) AS d (different) WHERE different > 0;
SELECT severity, finding, evidence FROM ops.doctor_engines();
ROLLBACK TO whole;
DROP INDEX mesteri.craftsman_crafts_match;
SELECT 'seed ' || :'seed' AS seed, different FROM pg_temp.differences(20) AS d (different) WHERE different > 0;
ROLLBACK TO whole;

-- Far behind, by the reference too; what must not be null.
SELECT count(*) FROM mesteri.match_weights w, mesteri.match_top(w, NULL, NULL, NULL, NULL, NULL, false, 20, 4980) WHERE w.version = 1;
SELECT count(*) FROM mesteri.match_weights w, mesteri.match_top(w, NULL, NULL, NULL, NULL, NULL, false, 20, 4981) WHERE w.version = 1;
SELECT count(*) FROM mesteri.match_weights w, mesteri.match_top(w, NULL, NULL, NULL, NULL, NULL, false, 100, 214748364700) WHERE w.version = 1;
\set VERBOSITY terse
SELECT count(*) FROM mesteri.match_weights w, mesteri.match_top(w, NULL, NULL, NULL, NULL, NULL, NULL, 1, 0) WHERE w.version = 1;
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.match_top(NULL, NULL, NULL, NULL, NULL, NULL, false, 1, 0);
ROLLBACK TO whole;
SELECT count(*) FROM mesteri.match_weights w, mesteri.match_top(w, mesteri.point(0, 0), NULL, NULL, NULL, NULL, false, 1, 0) WHERE w.version = 1;
ROLLBACK;
