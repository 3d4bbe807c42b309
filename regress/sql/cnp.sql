-- Numbers of persons; born in the 19th century, so nobody's.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT typed, mesteri.normalise_cnp(typed) AS cnp
  FROM unnest(ARRAY['3180501120016', '4320229401233', '3501231400468', '3490630517778', '4000101010011', '3431010220428', '3500101120021',
                    '318 0501 12 0016']) AS t (typed);
SELECT left(typed, 20) AS typed, fault, mesteri.normalise_cnp(typed) AS cnp
  FROM (VALUES ('3180501120017', 'check digit'), ('3180230120019', '30 February'), ('3181301120011', 'month 13'), ('0180501120010', 'no such sex'),
               ('3180501990013', 'county 99'), ('3180501120008', 'number 000'), ('318050112001', 'short'), ('31805011200166', 'long'),
               ('318050112001x', 'letter'), ('', 'empty'), ('3180501 20016', 'short'), (repeat('3', 100000), 'long')) AS t (typed, fault);
SELECT mesteri.normalise_cnp(NULL) IS NULL AS null_of_null;

CREATE FUNCTION pg_temp.with_check(digits text) RETURNS text LANGUAGE sql AS $$
    SELECT digits || CASE sum % 11 WHEN 10 THEN 1 ELSE sum % 11 END
      FROM (SELECT sum(substr(digits, n, 1)::integer * substr('279146358279', n, 1)::integer) FROM generate_series(1, 12) AS g (n)) AS s (sum) $$;
-- Every county there is, and no other.
SELECT string_agg(lpad(county::text, 2, '0'), ' ' ORDER BY county) FILTER (WHERE cnp IS NULL) AS no_county
  FROM generate_series(0, 99) AS g (county), mesteri.normalise_cnp(pg_temp.with_check('3180501' || lpad(county::text, 2, '0') || '001')) AS n (cnp);
-- Every first digit and day of a leap year that is none in another century: of foreigners the century is not told.
SELECT sex, mesteri.normalise_cnp(pg_temp.with_check(sex || '000229' || '12' || '001')) IS NOT NULL AS on_29_february_of_00
  FROM generate_series(0, 9) AS g (sex);
-- The days of a year, by the calendar.
SELECT count(*) AS days, count(*) FILTER (WHERE (cnp IS NULL) = EXISTS (SELECT FROM generate_series(date '1899-01-01', '1899-12-31', '1 day') AS c (day)
                                                                         WHERE to_char(c.day, 'YYMMDD') = d.typed)) AS wrong
  FROM (SELECT '99' || lpad(m::text, 2, '0') || lpad(n::text, 2, '0') FROM generate_series(0, 99) AS m (m), generate_series(0, 99) AS n (n)) AS d (typed),
       mesteri.normalise_cnp(pg_temp.with_check('3' || typed || '12' || '001')) AS c (cnp);
