-- The catalogue of errors, and that whatever refuses a request names a row of it.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- Each slug has a text in each language, and none of them is another's.
SELECT slug FROM mesteri.error_codes
 WHERE '' IN (trim(title), trim(message_ro), trim(message_hu), trim(message_en)) OR message_ro IN (message_hu, message_en) OR message_hu = message_en;
SELECT rule FROM mesteri.error_rules
 WHERE '' IN (trim(message_ro), trim(message_hu), trim(message_en)) OR message_ro IN (message_hu, message_en) OR message_hu = message_en;

-- No SQLSTATE, and no class, stands for two slugs; our own come first and there is one for each.
SELECT state, array_agg(slug) FROM mesteri.error_codes, unnest(sqlstates) AS s (state) GROUP BY state HAVING count(*) > 1;
SELECT slug, sqlstates FROM mesteri.error_codes
 WHERE sqlstates[1] !~ '^MS[A-Z][0-9]{2}$'
    OR EXISTS (SELECT FROM unnest(sqlstates[2:]) AS s (state) WHERE state ~ '^MS' OR state !~ '^([0-9A-Z]{2}|[0-9A-Z]{5})$');
SELECT slug FROM mesteri.error_codes WHERE slug !~ '^[a-z]+(_[a-z]+)*$' OR status NOT BETWEEN 400 AND 599;

-- What may be tried again is what is over by then, or was our fault.
SELECT slug, status FROM mesteri.error_codes WHERE retryable ORDER BY slug COLLATE "C";

-- A constraint of a domain that clients fill in is a rule they can read about.
SELECT t.typname, c.conname
  FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid
 WHERE t.typnamespace = 'api'::regnamespace AND NOT EXISTS (SELECT FROM mesteri.error_rules r WHERE r.rule = c.conname);

-- Slugs and rules that SQL functions name literally.
CREATE TEMP VIEW named AS
    SELECT p.oid::regproc AS function, m[1] AS what, m[2] AS name
      FROM pg_proc p, regexp_matches(p.prosrc, 'mesteri\.(refuse|refusal|detail)\s*\(\s*(?:[^(),]*,\s*)??''([a-z_]+)''', 'g') AS m
     WHERE p.pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace);
SELECT what, count(*) > 3 AS found FROM named GROUP BY what ORDER BY what;
SELECT function, what, name FROM named WHERE what <> 'detail' AND name NOT IN (SELECT slug FROM mesteri.error_codes);
CREATE TEMP VIEW rules_named AS
    SELECT p.oid::regproc AS function, m[1] AS rule
      FROM pg_proc p, regexp_matches(p.prosrc, 'mesteri\.detail\(.*?, ''([a-z_]+)''\)', 'g') AS m
     WHERE p.pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace);
SELECT count(*) > 5 AS found FROM rules_named;
SELECT function, rule FROM rules_named WHERE rule NOT IN (SELECT rule FROM mesteri.error_rules);

-- The same of the library's sources: MSERR_NAME is a slug, the third argument of refuse_field a rule.
\set codes `grep -ohE 'MSERR_[A-Z_]+' "$PG_ABS_SRCDIR"/../extension/*.c "$PG_ABS_SRCDIR"/../extension/*.h | sort -u | tr '\n' ' '`
\set rules `grep -ohE 'refuse_field\(.*, "[a-z_]+"\)' "$PG_ABS_SRCDIR"/../extension/*.c | sed 's/.*"\([a-z_]*\)").*/\1/' | sort -u | tr '\n' ' '`
SELECT count(*) > 5 AS found FROM string_to_table(trim(:'codes'), ' ');
SELECT code FROM string_to_table(trim(:'codes'), ' ') AS c (code)
 WHERE lower(substr(code, 7)) NOT IN (SELECT slug FROM mesteri.error_codes);
SELECT count(*) > 5 AS found FROM string_to_table(trim(:'rules'), ' ');
SELECT rule FROM string_to_table(trim(:'rules'), ' ') AS r (rule) WHERE rule NOT IN (SELECT rule FROM mesteri.error_rules);

-- The proxy reads all of it.
SELECT count(*) = (SELECT count(*) FROM mesteri.error_codes) AS errors FROM mesteri.proxy_errors;
SELECT count(*) = (SELECT count(*) FROM mesteri.error_rules) AS rules FROM mesteri.proxy_rules;

-- An error as a person at psql sees it, in each language.
SELECT language, status, body ->> 'error' AS error, body ->> 'message' AS message, body -> 'details' AS details, body ->> 'path' AS path
  FROM unnest('{ro,hu,en}'::text[]) AS l (language), mesteri.request('GET', '/v1/feed?lat=91', language => language) AS r;

-- refuse() of a slug that is not in the catalogue is an error too, not silence.
SELECT mesteri.refuse('no_such_slug');
