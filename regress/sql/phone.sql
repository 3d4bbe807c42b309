-- Phone numbers as people type them.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

SELECT typed, mesteri.normalise_phone(typed) AS e164
  FROM unnest(ARRAY[
    '0712345678', '+40712345678', '0040712345678', '40712345678', '0712 345 678', '0712.345.678', '0712-345-678', '(0712) 345678',
    '+40 (712) 345-678', '0712/345678', '+40 (0) 712345678', '0212345678', '0312345678', '0264123456', '0364123456',
    '071234567', '07123456789', '0112345678', '0412345678', '0912345678', '+400712345678', '+4071234567', '+407123456789',
    '+36301234567', '0036301234567', '+4915112345678', '+12025550123', '+1234567', '+123456', '+123456789012345', '+1234567890123456',
    '+0712345678', '+', '0', '00', '000', '', ' ', '712345678', '+40', 'abc', '+4o712345678', '٠٧١٢٣٤٥٦٧٨'])
       WITH ORDINALITY AS t (typed, place)
 ORDER BY place;
SELECT mesteri.normalise_phone(NULL) AS nothing;

-- What came out goes in again and stays, and the table takes it.
SELECT count(*) AS made, count(*) FILTER (WHERE mesteri.normalise_phone(e164) IS DISTINCT FROM e164) AS unstable,
       count(*) FILTER (WHERE e164 !~ '^\+[1-9][0-9]{6,14}$') AS refused
  FROM generate_series(0, 9999) AS g (n), mesteri.normalise_phone('07' || lpad((n * 9973)::text, 8, '0')) AS p (e164);

-- How somebody is looked up who signs in.
SELECT typed, mesteri.normalise_identifier(typed) AS looked_up
  FROM unnest(ARRAY['0712 345 678', '+40712345678', 'Ana@Example.RO', 'ana', '12', '0712345678@b.ro']) WITH ORDINALITY AS t (typed, place)
 ORDER BY place;
