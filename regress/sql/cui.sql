-- Fiscal codes of businesses.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT left(typed, 20) AS typed, mesteri.normalise_cui(typed) AS cui
  FROM unnest(ARRAY['19', '124', '1235', '45673', '987654', '1000009', '12345674', '123456789', '1234567897', '9999999994', '2000007',
                    '50403026', '3000030', '1000050', 'RO12345674', 'ro 1234 5674', '14399840']) AS t (typed);
SELECT left(typed, 20) AS typed, mesteri.normalise_cui(typed) AS cui
  FROM unnest(ARRAY['12345678', '123456780', '1000051', '9999999990', '0', 'RO', '12345O74', '12345678901', '', ' ', '00', '019', '0000000019',
                    'RO19RO', 'RORO19', 'R19', '-19', '1 9' || chr(160), E'19\n', '١٩', repeat('1', 100000)]) AS t (typed);
SELECT mesteri.normalise_cui(NULL) IS NULL AS null_of_null;

-- Of ten codes that differ in the last digit one is right.
SELECT count(*) AS bodies, count(*) FILTER (WHERE fine = 1) AS one_each
  FROM (SELECT body, count(mesteri.normalise_cui(body::text || digit)) AS fine
          FROM generate_series(1, 99999, 7) AS b (body), generate_series(0, 9) AS d (digit) GROUP BY body) AS counted;
