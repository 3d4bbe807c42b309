-- What analysts see: groups of ten, and no way around them.
BEGIN;
SELECT no_plan();

-- Ten craftsmen of Cluj with a post each; nine of Sibiu with ten each; nine clients.
CREATE FUNCTION pg_temp.person(kind mesteri.user_type, number integer, county_code text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    account uuid;
    profile uuid;
BEGIN
    INSERT INTO mesteri.users (email, phone_number, password_hash, user_type, created_at)
        VALUES (format('%s%s@example.ro', kind, number), '+4071' || lpad((number + CASE kind WHEN 'client' THEN 1000 ELSE 0 END)::text, 7, '0'), '!', kind, '2030-01-09 12:00Z') RETURNING id INTO account;
    INSERT INTO mesteri.user_profiles (user_id, first_name, last_name, county) VALUES (account, 'Ana', 'Pop', county_code);
    IF kind = 'craftsman' THEN
        INSERT INTO mesteri.craftsman_profiles (user_id) VALUES (account) RETURNING id INTO profile;
    END IF;
    RETURN profile;
END;
$$;
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, published_at)
    SELECT p, 'image', '[]', '2030-01-31 23:30Z' FROM generate_series(1, 10) AS n, LATERAL pg_temp.person('craftsman', n, 'CJ') AS p;
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, published_at)
    SELECT p, 'image', '[]', '2030-01-31 12:00Z' FROM generate_series(11, 19) AS n, LATERAL pg_temp.person('craftsman', n, 'SB') AS p, generate_series(1, 10);
SELECT pg_temp.person('client', n, 'CJ') FROM generate_series(1, 9) AS n \g /dev/null

SET LOCAL ROLE mesteri_analyst;
SELECT results_eq('SELECT * FROM analytics.posts', $$ VALUES ('2030-02-01'::date, 'CJ', NULL::text, 10::bigint, 10::bigint) $$,
                  'ten craftsmen are a group, nine with ninety posts are not; months are Romania''s');
SELECT results_eq('SELECT * FROM analytics.craftsmen', $$ VALUES ('CJ', 'basic', 10::bigint) $$, 'craftsmen by county and tier');
SELECT results_eq('SELECT * FROM analytics.registrations', $$ VALUES ('2030-01-07'::date, 'craftsman', 15::bigint) $$, 'accounts by week, of nineteen in steps of five; nine clients are no group');
SELECT throws_ok('SELECT county FROM mesteri.user_profiles', '42501', NULL, 'the tables are not the analyst''s');

-- A function that tells what it is given, cheaper than anything.
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = $1; END; $$;
SELECT throws_ok('SELECT * FROM analytics.posts WHERE pg_temp.leak(county)', 'XX999', 'CJ', 'a function in a query sees what the view shows');
SELECT lives_ok($$ SELECT * FROM analytics.craftsmen WHERE county <> 'CJ' AND pg_temp.leak(county) $$, 'and nothing else');

-- A plan that was run tells how many rows each step saw.
CREATE FUNCTION pg_temp.explained(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line  text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, TIMING off, COSTS off, SUMMARY off) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END;
$$;
SELECT unalike(pg_temp.explained($$ SELECT * FROM analytics.craftsmen WHERE county = 'SB' $$), '%rows=9%', 'a plan does not count the nine of Sibiu');
SELECT unalike(pg_temp.explained('SELECT * FROM ' || view), '%mesteri.%', view || ': its plan shows no table')
  FROM unnest('{analytics.posts,analytics.craftsmen,analytics.registrations}'::text[]) AS v (view);
RESET ROLE;
SELECT is((SELECT count(*) FROM mesteri.user_profiles WHERE county IS NOT NULL), 28::bigint, 'there was more to be seen');

SELECT finish();
ROLLBACK;
