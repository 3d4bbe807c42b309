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
  FROM unnest('{1234567890,password123,Password2024,parola123456,qwertyuiop,iloveyou1234}'::text[]) AS p (password);

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
