-- Contract numbers.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT decode(string_agg(lpad(to_hex(n), 2, '0'), '' ORDER BY n), 'hex') AS key FROM generate_series(0, 31) AS g (n) \gset
SELECT month, n, mesteri.contract_number(:'key', month, n) AS number, mesteri.contract_number(:'key', month, n) = 'CTR-' || month || '-' || expected AS as_expected
  FROM (VALUES ('202611', 0, 'J01NUO'), ('202611', 1, 'GL9705'), ('202611', 2, 'OPF4XG'), ('202611', 3, 'NXRQXQ'), ('202611', 1000000, 'CA8GOA'),
               ('202611', 2176782335, 'YW82FS'), ('202612', 0, 'K77ZAE'), ('202612', 1, 'U12QK3'), ('202612', 2, 'XRTP1K'),
               ('202612', 3, '5QDXVE'), ('202612', 1000000, 'CA3VFR'), ('202612', 2176782335, '99G88B')) AS t (month, n, expected);

-- No two of a month meet, and another key gives others; past 36^6 they begin again.
SELECT count(DISTINCT mesteri.contract_number(:'key', '202611', n)) AS different,
       count(*) FILTER (WHERE mesteri.contract_number(:'key', '202611', n) !~ '^CTR-202611-[0-9A-Z]{6}$') AS malformed,
       count(*) FILTER (WHERE mesteri.contract_number(:'key', '202611', n) = mesteri.contract_number(sha256(:'key'), '202611', n)) AS same_under_another_key
  FROM generate_series(0, 99999) AS g (n);
SELECT mesteri.contract_number(:'key', '202611', 2176782336 + 3) = mesteri.contract_number(:'key', '202611', 3) AS goes_round,
       mesteri.contract_number(:'key', '202611', 9223372036854775807) AS last;

-- The month in Romania, whatever the session's time zone.
SET TimeZone = 'Pacific/Auckland';
SELECT at AS moment, mesteri.contract_month(at::timestamptz) AS month
  FROM unnest(ARRAY['2026-11-30T21:59:59Z', '2026-11-30T22:00:00Z', '2026-06-30T20:59:59Z', '2026-06-30T21:00:00Z', '2026-12-31T22:00:00Z']) AS t (at);

SELECT mesteri.contract_number(substr(:'key'::bytea, 2), '202611', 0);
SELECT mesteri.contract_number(:'key', '202600', 0);
SELECT mesteri.contract_number(:'key', '202613', 0);
SELECT mesteri.contract_number(:'key', '20261', 0);
SELECT mesteri.contract_number(:'key', '2026-1', 0);
SELECT mesteri.contract_number(:'key', '202611', -1);
SELECT mesteri.contract_number(NULL, '202611', 1) IS NULL AS null_of_null;
