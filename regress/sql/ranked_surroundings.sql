-- Ranking in a session that somebody has prepared: names planted in its search_path, settings that change what is printed, planned or fired.  Bit for bit the same answers.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;
SELECT setseed(0.5) \g /dev/null
SELECT count(pg_temp.account('c' || n, 'craftsman')) FROM generate_series(1, 40) AS g (n) \g /dev/null
UPDATE mesteri.user_profiles SET location = mesteri.point(46.77 + random() * 0.4, 23.59 + random() * 0.4);
UPDATE mesteri.craftsman_profiles SET total_reviews = 7, rating_sum = 7 + floor(random() * 29), completion_rate = 33.33, response_time_minutes = floor(random() * 2000),
       hourly_rate_min = 50 + floor(random() * 20), tier = (enum_range(NULL::mesteri.craftsman_tier))[1 + floor(random() * 4)::integer];
INSERT INTO mesteri.craftsman_crafts (craftsman_id, category_id)
SELECT c.id, mesteri.category_id(slug) FROM mesteri.craftsman_profiles c, unnest('{electrician,zidar}'::text[]) AS s (slug) WHERE random() < 0.6;
INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, location, published_at, likes_count, views_count, saves_count, category_id)
SELECT (SELECT array_agg(id) FROM mesteri.craftsman_profiles)[1 + n % 40], 'image', '[]', mesteri.point(46.77 + random() * 0.4, 23.59 + random() * 0.4),
       now() - random() * interval '12 days', floor(random() * 3), floor(random() * 9), floor(random() * 2), mesteri.category_id((ARRAY['electrician', 'zidar'])[1 + n % 2])
  FROM generate_series(1, 500) AS g (n);

-- What is asked, with nothing left to look up but the function itself; rows as they are sent, so that nothing is rounded.
CREATE TEMP TABLE searches AS
WITH given AS (
    SELECT now()::text AS clock, (SELECT w::text FROM mesteri.feed_weights w WHERE version = 1) AS feed, (SELECT w::text FROM mesteri.match_weights w WHERE version = 1) AS match,
           mesteri.point(46.97, 23.79)::text AS place, ARRAY[mesteri.category_id('zidar')]::text AS trade,
           ARRAY(SELECT id FROM mesteri.craftsman_profiles ORDER BY id LIMIT 9)::text AS chosen, ARRAY(SELECT id FROM mesteri.craftsman_profiles ORDER BY id OFFSET 5 LIMIT 9)::text AS others,
           (SELECT substr(uuid_send(id), 11) FROM mesteri.content_posts ORDER BY id LIMIT 1)::text AS served, mesteri.uuid7()::text AS id)
SELECT number, what, 'SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.record_send(f), NULL)) FROM mesteri.' || call || ' AS f' AS statement
  FROM given, LATERAL (VALUES
    (1, 'feed', format('feed_top(%L, %L, %L, 50000, NULL, NULL, %L, NULL, NULL, %L, 20, 5)', clock, feed, place, others, served)),
    (2, 'feed by trade, behind a score', format('feed_top(%L, %L, %L, 50000, %L, NULL, NULL, 0.5, %L, '''', 20, 0)', clock, feed, place, trade, id)),
    (3, 'feed by authors', format('feed_top(%L, %L, %L, 50000, NULL, %L, NULL, NULL, NULL, '''', 20, 0)', clock, feed, place, chosen)),
    (4, 'feed, its reference', format('feed_reference(%L, %L, %L, 50000, %L, %L, %L, 0.9, %L, '''', 20, 0)', clock, feed, place, trade, chosen, others, id)),
    (5, 'match', format('match_top(%L, %L, 50000, NULL, 2.5, 60, true, 20, 0)', match, place)),
    (6, 'match by trade', format('match_top(%L, %L, 50000, %L, NULL, NULL, false, 20, 0)', match, place, trade)),
    (7, 'match, far behind', format('match_top(%L, %L, 50000, %L, 2.5, 60, false, 5001, 1)', match, place, trade)),
    (8, 'match, its reference', format('match_reference(%L, %L, 50000, %L, 2.5, 60, false, ''c'', 5, 0)', match, place, trade)),
    (9, 'page of the feed', format('feed_answer(NULL, false, %L, 50000, %L, NULL, NULL, ''x'', NULL, 1, 20)', place, trade))) AS s (number, what, call);

-- Answers to all searches, under settings; what fails says so.  Nothing is looked up, and no operator used, while they hold.
CREATE FUNCTION pg_temp.answers(VARIADIC settings text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    statements text[] := ARRAY(SELECT statement FROM searches ORDER BY number);
    most       integer := cardinality(statements);
    names      text[] := ARRAY(SELECT split_part(s, '=', 1) FROM unnest(settings) AS s);
    given      text[] := ARRAY(SELECT substr(s, strpos(s, '=') + 1) FROM unnest(settings) AS s);
    before     text[] := ARRAY(SELECT current_setting(n) FROM unnest(names) AS n);
    count      integer := cardinality(names);
    answer     text;
    answers    text[];
BEGIN
    FOR i IN 1 .. count LOOP
        PERFORM pg_catalog.set_config(names[i], given[i], true);
    END LOOP;
    FOR i IN 1 .. most LOOP
        BEGIN
            EXECUTE statements[i] INTO answer;
        EXCEPTION WHEN OTHERS THEN
            answer := SQLERRM;
        END;
        answers[i] := answer;
    END LOOP;
    FOR i IN 1 .. count LOOP
        PERFORM pg_catalog.set_config(names[i], before[i], true);
    END LOOP;
    RETURN answers;
END $$;
CREATE TEMP TABLE clean AS SELECT pg_temp.answers(VARIADIC '{}') AS answers;
SELECT cardinality(answers) AS searches, count(DISTINCT a) AS different, bool_and(coalesce(a, '') ~ '^[0-9a-f]{32}$') AS answered FROM clean, unnest(answers) AS a GROUP BY 1;
CREATE FUNCTION pg_temp.differs(VARIADIC settings text[]) RETURNS TABLE (what text, answer text) LANGUAGE sql AS $$
    SELECT s.what, given.answers[s.number] FROM (SELECT pg_temp.answers(VARIADIC settings) AS answers OFFSET 0) AS given, clean, searches s
     WHERE given.answers[s.number] IS DISTINCT FROM clean.answers[s.number] ORDER BY s.number $$;

-- Operators, functions, types and tables that fit better than any; who takes one is found out.
CREATE SCHEMA lure;
DO $$
DECLARE
    l      regtype;
    r      regtype;
    symbol text;
BEGIN
    FOR l, r IN SELECT a, b FROM unnest('{smallint,integer,bigint,real,float8,numeric}'::regtype[]) AS a, unnest('{smallint,integer,bigint,real,float8,numeric}'::regtype[]) AS b
                 UNION SELECT t, t FROM unnest('{text,boolean,uuid,bytea,timestamptz,interval,date,uuid[],text[],geography,geometry,mesteri.content_status,mesteri.craftsman_tier,mesteri.availability_status}'::regtype[]) AS t
                 UNION VALUES ('timestamptz'::regtype, 'interval'::regtype), ('interval', 'float8') LOOP
        EXECUTE format('CREATE FUNCTION lure.caught(%s, %s) RETURNS %1$s LANGUAGE plpgsql AS $f$ BEGIN RAISE ''lured''; END $f$', l, r);
        EXECUTE format('CREATE FUNCTION lure.asked(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE ''lured''; END $f$', l, r);
        FOREACH symbol IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR lure.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = lure.asked)', symbol, l, r);
        END LOOP;
        FOREACH symbol IN ARRAY '{+,-,*,/,||,<->}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR lure.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = lure.caught)', symbol, l, r);
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION lure.st_distance(geography, geography, boolean) RETURNS float8 LANGUAGE sql RETURN 1;
CREATE FUNCTION lure.st_dwithin(geography, geography, float8, boolean) RETURNS boolean LANGUAGE sql RETURN false;
CREATE FUNCTION lure.st_x(geometry) RETURNS float8 LANGUAGE sql RETURN 0;
CREATE FUNCTION lure.strpos(text, text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'lured'; END $$;
CREATE FUNCTION lure.concat_ws(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'lured'; END $$;
CREATE DOMAIN lure.float8 AS text;
CREATE DOMAIN lure.uuid AS text;
CREATE DOMAIN lure.geography AS text;
CREATE TABLE lure.content_posts AS SELECT * FROM mesteri.content_posts WHERE false;
CREATE TABLE lure.craftsman_profiles AS SELECT * FROM mesteri.craftsman_profiles WHERE false;
CREATE FUNCTION lure.feed_reference() RETURNS integer LANGUAGE sql RETURN 1;
CREATE FUNCTION pg_temp.tempted() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL search_path = lure, pg_catalog;
    RETURN 1 + 0.5::double precision;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT pg_temp.tempted();
SELECT * FROM pg_temp.differs('search_path=lure,pg_catalog,public');
SELECT * FROM pg_temp.differs('search_path=lure,mesteri,public,pg_catalog');
SELECT * FROM pg_temp.differs('search_path=');
-- Temporary ones, which stand before all others.
CREATE TEMP TABLE content_posts AS SELECT * FROM mesteri.content_posts WHERE false;
CREATE TEMP TABLE craftsman_profiles AS SELECT * FROM mesteri.craftsman_profiles WHERE false;
CREATE TEMP TABLE users AS SELECT * FROM mesteri.users WHERE false;
CREATE INDEX content_posts_feed ON content_posts USING gist (feed_key);
CREATE INDEX craftsman_profiles_match ON craftsman_profiles USING gist (match_key);
SELECT * FROM pg_temp.differs('search_path=pg_temp,lure,mesteri,pg_catalog');
-- The same without indexes, where the references answer.
SAVEPOINT indexes;
DROP INDEX mesteri.content_posts_feed, mesteri.craftsman_profiles_match, mesteri.craftsman_crafts_match;
SELECT * FROM pg_temp.differs(VARIADIC '{}');
SELECT * FROM pg_temp.differs('search_path=lure,pg_catalog,public');
SELECT * FROM pg_temp.differs('search_path=pg_temp,lure,mesteri,pg_catalog');
ROLLBACK TO indexes;

-- Settings.
SELECT s.setting, d.* FROM unnest('{extra_float_digits=-15,bytea_output=escape,datestyle=german,intervalstyle=sql_standard,timezone=Asia/Tokyo,row_security=off,
                                    session_replication_role=replica,enable_indexscan=off,enable_seqscan=off,enable_sort=off,enable_hashjoin=off,enable_mergejoin=off,
                                    work_mem=64kB,force_parallel_mode=on,jit_above_cost=0,from_collapse_limit=1,join_collapse_limit=1,geqo_threshold=2,plan_cache_mode=force_generic_plan,
                                    plan_cache_mode=force_custom_plan,transform_null_equals=on,standard_conforming_strings=off,array_nulls=off,quote_all_identifiers=on,
                                    constraint_exclusion=on,plpgsql.variable_conflict=use_column}'::text[]) AS s (setting),
       LATERAL pg_temp.differs(btrim(s.setting)) AS d;
SELECT * FROM pg_temp.differs('search_path=pg_temp,lure,pg_catalog', 'extra_float_digits=0', 'timezone=Asia/Tokyo', 'datestyle=sql,dmy', 'row_security=off', 'session_replication_role=replica',
                              'enable_indexscan=off', 'enable_hashjoin=off', 'force_parallel_mode=regress', 'work_mem=64kB');
ROLLBACK;
