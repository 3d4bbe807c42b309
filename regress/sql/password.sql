-- Which passwords are good enough, and how they are kept.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

CREATE FUNCTION pg_temp.verdict(password text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM mesteri.check_password(password, 'password');
    RETURN 'fine';
EXCEPTION WHEN SQLSTATE 'MSV02' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail::json -> 0 ->> 'rule';
END;
$$;

-- Ten characters, whatever their bytes; 72 bytes, whatever their characters; what everybody takes.
SELECT name, pg_temp.verdict(password) AS verdict
  FROM (VALUES
    (1, '9 letters', 'korrekt ș'), (2, '10 letters', 'korrekt pș'), (3, '9 letters of two bytes', repeat('ș', 9)),
    (4, '10 letters of two bytes', repeat('ș', 10)), (5, '72 bytes', repeat('x', 72)), (6, '73 bytes', repeat('x', 73)),
    (7, '36 letters, 72 bytes', repeat('ș', 36)), (8, '37 letters, 74 bytes', repeat('ș', 37)), (9, '18 of four bytes', repeat('🔨', 18)),
    (10, '19 of four bytes', repeat('🔨', 19)), (11, 'blanks', repeat(' ', 10)), (12, 'empty', '')
  ) AS c (number, name, password)
 ORDER BY number;

-- Common: each stem that is long enough, and each stem with each ending, in any letter case; not with something more.
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE pg_temp.verdict(password) <> 'common') AS not_refused,
       count(*) FILTER (WHERE pg_temp.verdict(upper(password)) <> 'common') AS not_refused_in_upper_case,
       count(*) FILTER (WHERE pg_temp.verdict(password || '~q') <> 'fine') AS refused_with_two_more
  FROM (SELECT DISTINCT s.part || coalesce(e.part, '') AS password
          FROM mesteri.common_password_parts s
          LEFT JOIN (SELECT part FROM mesteri.common_password_parts WHERE position = 'ending' UNION ALL SELECT NULL) AS e ON true
         WHERE s.position = 'stem') AS p
 WHERE char_length(password) >= 10 AND hashtext(password) % 300 = 0;
SELECT password, pg_temp.verdict(password) AS verdict
  FROM unnest('{1234567890,password123,Password2024,parola123456,qwertyuiop,iloveyou1234,DragonDragon,dragondragon1}'::text[]) AS p (password);

-- bcrypt, with a new salt each time, at the cost that is set.
SELECT hash ~ '^\$2a\$[0-9]{2}\$[./A-Za-z0-9]{53}$' AS bcrypt,
       substr(hash, 5, 2)::integer = current_setting('mesteri.bcrypt_cost')::integer AS at_the_cost,
       hash <> mesteri.password_hash('correct horse') AS salted,
       mesteri.password_matches('correct horse', hash) AS right_one,
       mesteri.password_matches('correct horsf', hash) AS wrong_one,
       mesteri.password_matches('', hash) AS empty,
       mesteri.password_matches(NULL, hash) IS TRUE AS nothing
  FROM mesteri.password_hash('correct horse') AS h (hash);
SELECT count(*) FILTER (WHERE mesteri.password_matches(password, '!')) AS matches_no_password,
       count(*) FILTER (WHERE mesteri.password_matches(password, NULL)) AS matches_no_account,
       count(*) FILTER (WHERE mesteri.password_matches(password, '')) AS matches_empty_hash
  FROM unnest('{"",!,x,*0}'::text[]) AS p (password);

-- A password whose first 72 bytes are right is not right: bcrypt would not see the rest.
SELECT mesteri.password_matches(repeat('x', 73), mesteri.password_hash(repeat('x', 72))) AS cut;
SELECT mesteri.password_matches(password, mesteri.password_hash(repeat('x', 72))) AS matches
  FROM unnest(ARRAY[repeat('x', 72), repeat('x', 71) || 'ș', repeat('x', 500)]) WITH ORDINALITY AS p (password, place)
 ORDER BY place;

CREATE FUNCTION pg_temp.login(who text, password text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN answer ~ '^{' THEN 'in' ELSE substring(answer FROM '(?:committed )?(\S+)') END
      FROM pg_temp.ask('POST', '/v1/auth/login', json_build_object('email_or_phone', who, 'password', password)::text) AS answer $$;

/*
 * Signing in to an account whose hash is of a lower cost: who knows the password gets a hash of today's, and who
 * does not is not told by the clock that there is such an account.
 */
CREATE FUNCTION pg_temp.hash() RETURNS text LANGUAGE sql AS $$ SELECT password_hash FROM mesteri.users WHERE email = 'ana@example.ro' $$;
-- Of this backend, as the kernel counts it.
CREATE FUNCTION pg_temp.processor_seconds() RETURNS float8 LANGUAGE sql AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e9 $$;
CREATE FUNCTION pg_temp.seconds(who text, password text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    started float8 := pg_temp.processor_seconds();
BEGIN
    IF pg_temp.login(who, password) <> 'invalid_credentials' THEN
        RAISE 'not refused';
    END IF;
    DELETE FROM mesteri.login_failures;
    RETURN pg_temp.processor_seconds() - started;
END;
$$;
-- A changed setting is read between two statements, a moment later: silently asked for until it is there.
SELECT current_setting('mesteri.bcrypt_cost') AS usual \gset
ALTER SYSTEM SET mesteri.bcrypt_cost = 9;
BEGIN;
SELECT pg_temp.account('ana') \g /dev/null
SELECT pg_temp.hash() AS old \gset
SELECT substr(:'old', 5, 2)::integer = :usual AS of_the_usual_cost, pg_reload_conf() AS dearer;
\set ECHO none
\o /dev/null
SELECT 'SELECT pg_sleep(0.05) WHERE current_setting(''mesteri.bcrypt_cost'') <> ''9''' FROM generate_series(1, 100) \gexec
\o
\set ECHO all
SELECT pg_temp.login('ana@example.ro', 'wrong horse') AS wrong;
SELECT pg_temp.hash() = :'old' AS kept, mesteri.password_matches('correct horse ana', :'old') AS matches, mesteri.password_matches('wrong horse', :'old') AS wrong_one;

-- Processor time, the quickest of nine each, by turns: what else the machine does only adds.  All depend on n, or they run once.
CREATE TEMP TABLE clocked AS
    SELECT min(unknown) AS unknown, min(known) AS known, min(long) AS long, min(unknown_long) AS unknown_long
      FROM generate_series(1, 9) AS g (n), LATERAL (SELECT pg_temp.seconds('nobody' || n || '@example.ro', 'wrong horse')) AS u (unknown),
           LATERAL (SELECT pg_temp.seconds('ana@example.ro', 'wrong horse' || n)) AS k (known),
           LATERAL (SELECT pg_temp.seconds('ana@example.ro', repeat('x', 72) || n)) AS l (long),
           LATERAL (SELECT pg_temp.seconds('nobody' || n || '@example.ro', repeat('x', 73))) AS ul (unknown_long);
SELECT name, round(seconds::numeric, 4) AS seconds, round(unknown::numeric, 4) AS unknown
  FROM clocked, LATERAL (VALUES ('known', known), ('known and long', long), ('unknown and long', unknown_long)) AS t (name, seconds)
 WHERE abs(seconds - unknown) > 0.4 * unknown;

SELECT pg_temp.login('ana@example.ro', 'correct horse ana') AS "right";
SELECT pg_temp.hash() AS new \gset
SELECT substr(:'new', 5, 2)::integer AS cost, mesteri.password_matches('correct horse ana', :'new') AS matches, mesteri.password_matches('wrong horse', :'new') AS wrong_one;
SELECT pg_temp.login('ana@example.ro', 'correct horse ana') AS "right", pg_temp.hash() = :'new' AS kept;
COMMIT;
-- Never down again.
ALTER SYSTEM RESET mesteri.bcrypt_cost;
SELECT pg_reload_conf() AS as_usual;
\set ECHO none
\o /dev/null
SELECT format('SELECT pg_sleep(0.05) WHERE current_setting(''mesteri.bcrypt_cost'') <> %L', :'usual') FROM generate_series(1, 100) \gexec
\o
\set ECHO all
SELECT pg_temp.login('ana@example.ro', 'correct horse ana') AS "right", pg_temp.hash() = :'new' AS kept;
DELETE FROM mesteri.users;
DELETE FROM mesteri.login_failures;

/*
 * Failures that no longer count are cleared away by new ones, ten at a time and the oldest first; those that count stay.
 */
BEGIN;
DELETE FROM mesteri.login_failures;
INSERT INTO mesteri.login_failures SELECT mesteri.keyed_hash('login', convert_to('old' || n, 'UTF8')), clock_timestamp() - interval '16 minutes' - n * interval '1 hour'
                                     FROM generate_series(1, 30) AS g (n);
INSERT INTO mesteri.login_failures SELECT mesteri.keyed_hash('login', convert_to('young' || n, 'UTF8')), clock_timestamp() - interval '14 minutes' FROM generate_series(1, 3) AS g (n);
CREATE FUNCTION pg_temp.left_over() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s old ones, the oldest of %s hours; %s', count(*) FILTER (WHERE age > '15 min'), extract(hour FROM max(age)), count(*) FILTER (WHERE age <= '15 min'))
      FROM mesteri.login_failures, LATERAL (SELECT clock_timestamp() - failed_at) AS a (age) $$;
SELECT pg_temp.left_over() AS before;
SELECT pg_temp.login('nobody' || n || '@example.ro', 'wrong horse') AS login, pg_temp.left_over() FROM generate_series(1, 4) AS g (n);
ROLLBACK;
