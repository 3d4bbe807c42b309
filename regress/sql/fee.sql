-- Parts of a price.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- The table of docs/rules.md: VAT at 21 %, platform 5 %.
CREATE TEMP TABLE methods AS SELECT * FROM (VALUES ('card', 290), ('bank_transfer', 50), ('klarna', 390)) AS m (method, bps);
SELECT amount, method, platform_bani AS platform, revenue_bani AS rev, vat_bani AS vat, provider_bani AS prov, net_bani AS net
  FROM (VALUES (1, 'card'), (10, 'card'), (50, 'card'), (99, 'klarna'), (100, 'bank_transfer'), (300, 'bank_transfer'), (500, 'card'),
               (500, 'klarna'), (10001, 'card'), (33333, 'klarna'), (50000, 'bank_transfer'), (100000, 'card'), (123457, 'klarna'),
               (99999999, 'card'), (1000000000, 'klarna')) AS t (amount, method)
  JOIN methods USING (method), LATERAL mesteri.fee_split(amount, 500, bps, 2100)
 ORDER BY amount, method;

-- VAT within a gross amount alone: nearly half of the price is the platform's here, so that the platform's fee is the gross.
SELECT gross, (mesteri.fee_split(gross * 2, 5000, 0, 2100)).vat_bani AS at_21, (mesteri.fee_split(gross * 2, 5000, 0, 1900)).vat_bani AS at_19
  FROM unnest(ARRAY[1, 3, 6, 12, 100, 121, 1000, 5000]) AS t (gross);

-- Against the same rules in exact decimals, over amounts of every size and odd rates.
SELECT setseed(0.2026);
CREATE TEMP TABLE cases AS
SELECT floor(power(10, random() * 12))::bigint AS amount, (random() * 2500)::integer AS platform, (random() * 2500)::integer AS provider,
       (random() * 10000)::integer AS vat
  FROM generate_series(1, 20000);
INSERT INTO cases SELECT n, 500, bps, 2100 FROM generate_series(0, 2000) AS g (n), methods;
SELECT count(*) AS cases,
       count(*) FILTER (WHERE s.platform_bani <> round(amount * platform::numeric / 10000)) AS other_platform,
       count(*) FILTER (WHERE s.provider_bani <> round(amount * provider::numeric / 10000)) AS other_provider,
       count(*) FILTER (WHERE s.vat_bani <> round(s.platform_bani * vat::numeric / (10000 + vat))) AS other_vat,
       count(*) FILTER (WHERE s.platform_bani <> s.vat_bani + s.revenue_bani OR amount <> s.platform_bani + s.provider_bani + s.net_bani) AS lost,
       count(*) FILTER (WHERE least(s.platform_bani, s.vat_bani, s.revenue_bani, s.provider_bani, s.net_bani) < 0) AS negative
  FROM cases, mesteri.fee_split(amount, platform, provider, vat) AS s;

-- Cut as one likes, the parts of a release add up to the whole (example 2 of docs/rules.md), and only the net may take a step of -1.
SELECT part, after.net_bani - before.net_bani AS net, after.revenue_bani - before.revenue_bani AS rev,
       after.vat_bani - before.vat_bani AS vat, after.provider_bani - before.provider_bani AS prov
  FROM (VALUES (3333, 0), (3334, 3333), (3334, 6667)) AS t (part, released),
       LATERAL mesteri.fee_split(released, 500, 290, 2100) AS before, LATERAL mesteri.fee_split(released + part, 500, 290, 2100) AS after;
SELECT method, min(after.net_bani - before.net_bani) AS net, min(after.revenue_bani - before.revenue_bani) AS rev,
       min(after.vat_bani - before.vat_bani) AS vat, min(after.provider_bani - before.provider_bani) AS prov
  FROM generate_series(0, 20000) AS g (n), methods, LATERAL mesteri.fee_split(n, 500, bps, 2100) AS before,
       LATERAL mesteri.fee_split(n + 1, 500, bps, 2100) AS after
 GROUP BY method ORDER BY method;

-- Both sides of every limit.
SELECT mesteri.fee_split(0, 500, 290, 2100) AS nothing, mesteri.fee_split(999999999999, 2500, 2500, 10000) AS most;
SELECT mesteri.fee_split(-1, 500, 290, 2100);
SELECT mesteri.fee_split(1000000000000, 500, 290, 2100);
SELECT mesteri.fee_split(1, -1, 290, 2100);
SELECT mesteri.fee_split(1, 500, -1, 2100);
SELECT mesteri.fee_split(1, 4711, 290, 2100);
SELECT mesteri.fee_split(1, 2147483647, 2147483647, 2100);
SELECT mesteri.fee_split(1, 500, 290, -1);
SELECT mesteri.fee_split(1, 500, 290, 10001);
SELECT mesteri.fee_split(NULL, 500, 290, 2100) IS NULL AS null_of_null;
