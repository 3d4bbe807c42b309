-- Accounts at banks in Romania.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT left(typed, 20) AS typed, mesteri.normalise_iban(typed) AS iban
  FROM unnest(ARRAY['RO49AAAA1B31007593840000', 'RO38AAAA0000000000000001', 'RO67AAAA9999999999999999', 'RO72AAAAZZZZZZZZZZZZZZZZ',
                    'RO87AAAA0000RON000000001', 'RO72AAAA123456789012ABCD', 'ro49 aaaa 1b31 0075 9384 0000']) AS t (typed);
SELECT left(typed, 20) AS typed, mesteri.normalise_iban(typed) AS iban
  FROM unnest(ARRAY['RO48AAAA1B31007593840000', 'RO49AAAA1B3100759384000', 'RO49AAA11B31007593840000', 'DE89370400440532013000',
                    'GB33BUKB20201555555555', '', 'RO', 'RO49AAAA1B310075938400001', 'RO49-AAAA-1B31-0075-9384-0000', 'ROXXAAAA1B31007593840000',
                    'RO49AAAĂ1B31007593840000', repeat('A', 100000)]) AS t (typed);
SELECT mesteri.normalise_iban(NULL) IS NULL AS null_of_null;

-- One wrong character is always found; of two neighbours exchanged only what reads the same as digits passes: 1B and B1 are both 111.
SELECT count(*) AS wrong_characters, count(mesteri.normalise_iban(overlay('RO49AAAA1B31007593840000' PLACING c FROM p FOR 1))) AS taken
  FROM generate_series(3, 24) AS g (p), regexp_split_to_table('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', '') AS c (c)
 WHERE substr('RO49AAAA1B31007593840000', p, 1) <> c;
SELECT count(*) AS exchanges, count(mesteri.normalise_iban(typed)) AS taken
  FROM generate_series(3, 23) AS g (p),
       LATERAL (SELECT overlay('RO49AAAA1B31007593840000' PLACING reverse(substr('RO49AAAA1B31007593840000', p, 2)) FROM p FOR 2)) AS t (typed)
 WHERE typed <> 'RO49AAAA1B31007593840000';
