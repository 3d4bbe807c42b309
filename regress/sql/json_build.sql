-- JSON objects of lists: the same as json_build_object() makes, but compact, with moments as the API has them.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT mesteri.json_build('a', 1, 'b', NULL, 'c', true, 'd', 'text', 'e', 1.50, 'f', 'Ș "q" \ ' || chr(10) || chr(1), 'g', '{"x": [1, 2]}'::json, 'h', '{a,"b c"}'::text[]);
SELECT mesteri.json_build('at', timestamptz '2026-01-02 03:04:05.678999+02', 'early', timestamptz '0001-01-01 00:00:00+00', 'late', timestamptz '20000-12-31 23:59:59.9999+00');

-- Every kind of value is what json_build_object() makes of it.
CREATE FUNCTION pg_temp.same(made json, wanted json) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN made::jsonb = wanted::jsonb THEN 'same' ELSE made || ' / ' || wanted END $$;
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS smallint FROM unnest('{-32768,0,32767,NULL}'::smallint[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS integer FROM unnest('{-2147483648,0,2147483647,NULL}'::integer[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS bigint FROM unnest('{-9223372036854775808,0,9223372036854775807,NULL}'::bigint[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS float8 FROM unnest('{-1e308,0,-0,0.1,1e-300,NaN,Infinity,-Infinity,NULL}'::float8[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS numeric FROM unnest('{-1.50,0,12345678901234567890.123,NaN,Infinity,-Infinity,NULL}'::numeric[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS boolean FROM unnest('{t,f,NULL}'::boolean[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS uuid FROM unnest('{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,019a0000-1234-7abc-8def-000000000021}'::uuid[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS text FROM unnest(ARRAY['', 'ă', '"', '\', chr(127), chr(9), repeat('x', 5000), repeat('"', 5000), NULL]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS enum FROM unnest(enum_range(NULL::mesteri.craftsman_tier)) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS jsonb FROM unnest(ARRAY['{"a": [1, {"b": null}]}', '[]', '"x"', NULL]::jsonb[]) AS t (v);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', v), json_build_object('v', v)) AS domain FROM unnest('{1,300}'::api.search_radius_km[]) AS t (v);
SELECT pg_temp.same(mesteri.json_build('v', v, 'w', d), json_build_object('v', v, 'w', d)) AS array_and_date FROM (VALUES ('{{1,2},{3,4}}'::integer[], date '2026-02-28'), ('{}', NULL)) AS t (v, d);
SELECT DISTINCT pg_temp.same(mesteri.json_build('v', to_json(mesteri.json_time(v))), mesteri.json_build('v', v)) AS moment
  FROM generate_series(timestamptz '1999-12-31 23:59:59.9996Z', '2101-01-01Z', '97 days 3:07:11.123457') AS t (v);

\set VERBOSITY terse
SELECT mesteri.json_build('a');
SELECT mesteri.json_build('a', 1, 'b');
SELECT mesteri.json_build(NULL, 1);
SELECT mesteri.json_build(1, 1);
SELECT mesteri.json_build(v, 1) FROM unnest('{a,b}'::text[]) AS t (v);
SELECT mesteri.json_build(VARIADIC '{a,b}'::text[]);
SELECT mesteri.json_build('v', timestamptz 'infinity');
SELECT mesteri.json_build('v', timestamptz '0001-01-01 BC');
