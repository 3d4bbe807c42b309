-- From what a client sends to an endpoint's arguments: what is taken, what is refused, and how the refusal reads.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

BEGIN;

-- An endpoint that gives back what it got, with an argument of every kind of type.
CREATE FUNCTION api.probe(
        _given text[], bool boolean DEFAULT NULL, small smallint DEFAULT NULL, whole integer DEFAULT 7, big bigint DEFAULT NULL,
        approx float8 DEFAULT NULL, exact numeric DEFAULT NULL, verbatim text DEFAULT NULL, line api.line DEFAULT NULL,
        paragraph api.paragraph DEFAULT NULL, choice mesteri.language DEFAULT NULL, id uuid DEFAULT NULL, day date DEFAULT NULL,
        moment timestamptz DEFAULT NULL, doc json DEFAULT NULL, docb jsonb DEFAULT NULL, ids uuid[] DEFAULT NULL,
        wholes integer[] DEFAULT NULL, choices mesteri.language[] DEFAULT NULL, lines api.line[] DEFAULT NULL,
        place api.location DEFAULT NULL, places api.location[] DEFAULT NULL, prefs api.preferences DEFAULT NULL)
    RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_strip_nulls(json_build_object(
        'given', _given, 'bool', bool, 'small', small, 'whole', whole, 'big', big, 'approx', approx, 'exact', exact,
        'verbatim', verbatim, 'line', line, 'paragraph', paragraph, 'choice', choice, 'id', id, 'day', day, 'moment', moment,
        'doc', doc, 'docb', docb, 'ids', ids, 'wholes', wholes, 'choices', choices, 'lines', lines, 'place', place,
        'places', places, 'prefs', prefs)), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
CREATE FUNCTION api.probe_needs(needed integer, tail text DEFAULT 'tail') RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('needed', needed, 'tail', tail), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
CREATE FUNCTION api.probe_path(id uuid, "name" api.line) RETURNS mesteri.answer LANGUAGE sql AS $$
    SELECT ROW(200, json_build_object('id', id, 'name', "name"), NULL, NULL, NULL, NULL, NULL)::mesteri.answer $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO mesteri_user;

CREATE FUNCTION pg_temp.add_route(method text, path text, function text) RETURNS text LANGUAGE sql AS $$
    INSERT INTO mesteri.routes (id, method, path, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms,
                                body_limit, source)
    VALUES (mesteri.route_id(method, path), method, path, function, '{anonymous}', 'api', 'test', 'no', false, 'write', 10000,
            CASE method WHEN 'GET' THEN 0 ELSE 65536 END, 'test')
    RETURNING method || ' ' || path $$;
SELECT pg_temp.add_route(method, '/v1/probe', 'probe') FROM unnest('{GET,POST,PUT}'::text[]) AS m (method);
SELECT pg_temp.add_route('POST', '/v1/probe-needs', 'probe_needs'), pg_temp.add_route('GET', '/v1/probe-needs', 'probe_needs'),
       pg_temp.add_route('GET', '/v1/probe/{id}/of/{name}', 'probe_path');

-- Each JSON kind for each kind of argument: only the fitting one is taken.
WITH fields (field, fitting) AS (VALUES
    ('bool', 'true'), ('small', '1'), ('whole', '1'), ('big', '1'), ('approx', '1'), ('exact', '1'), ('verbatim', '"a"'), ('line', '"a"'),
    ('paragraph', '"a"'), ('choice', '"ro"'), ('id', '"01234567-89ab-cdef-0123-456789abcdef"'), ('day', '"2026-02-28"'),
    ('moment', '"2026-02-28T12:00:00Z"'), ('doc', '{}'), ('docb', '{}'), ('ids', '[]'), ('wholes', '[1]'), ('choices', '["hu"]'),
    ('lines', '["a"]'), ('place', '{"lat":1,"lon":2}'), ('places', '[{"lat":1,"lon":2}]'), ('prefs', '{"push":true}')
), kinds (kind, sample) AS (VALUES
    ('string', '"?"'), ('number', '1'), ('bool', 'true'), ('null', 'null'), ('array', '[]'), ('object', '{}')
)
SELECT field, pg_temp.ask('POST', '/v1/probe', format('{"%s":%s}', field, fitting)) LIKE '%"' || field || '":%' AS takes_its_own,
       string_agg(kind || ': ' || pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', format('{"%s":%s}', field, sample))), ', ') AS others
  FROM fields, kinds
 WHERE json_typeof(fitting::json) <> replace(kind, 'bool', 'boolean')
 GROUP BY field, fitting ORDER BY field;

-- The whole text of the errors, once each.
SELECT name, pg_temp.ask(method, target, body) AS answer
  FROM (VALUES
    (1, 'unknown in the body', 'POST', '/v1/probe', '{"nobody":1}'),
    (2, 'unknown in the query', 'GET', '/v1/probe?nobody=1', NULL),
    (3, 'known, but in the query of a POST', 'POST', '/v1/probe?whole=1', NULL),
    (4, 'unknown, nested', 'POST', '/v1/probe', '{"place":{"lat":1,"lon":2,"alt":3}}'),
    (5, 'unknown, in a row of an array', 'POST', '/v1/probe', '{"places":[{"lat":1,"lon":2},{"lat":1,"lon":2,"alt":3}]}'),
    (6, 'an argument that is not the client''s', 'POST', '/v1/probe', '{"_given":["x"]}'),
    (7, 'letter case', 'POST', '/v1/probe', '{"Whole":1}'),
    (8, 'twice', 'POST', '/v1/probe', '{"whole":1,"line":"a","whole":1}'),
    (9, 'twice, once escaped', 'POST', '/v1/probe', '{"whole":1,"wh\u006fle":2}'),
    (10, 'twice, nested', 'POST', '/v1/probe', '{"place":{"lat":1,"lon":2,"lat":1}}'),
    (11, 'twice, deep in a document', 'POST', '/v1/probe', '{"doc":{"a":[{"b":1,"c":2,"b":3}]}}'),
    (12, 'twice, unknown as well', 'POST', '/v1/probe', '{"nobody":1,"nobody":1}'),
    (13, 'the same name in two objects', 'POST', '/v1/probe', '{"places":[{"lat":1,"lon":2},{"lat":3,"lon":4}]}'),
    (14, 'missing in the body', 'POST', '/v1/probe-needs', '{"tail":"x"}'),
    (15, 'missing, no body at all', 'POST', '/v1/probe-needs', NULL),
    (16, 'missing in the query', 'GET', '/v1/probe-needs', NULL),
    (17, 'missing, nested', 'POST', '/v1/probe', '{"place":{"lat":1}}'),
    (18, 'null', 'POST', '/v1/probe', '{"whole":null}'),
    (19, 'null, required', 'POST', '/v1/probe-needs', '{"needed":null}'),
    (20, 'null, nested', 'POST', '/v1/probe', '{"place":{"lat":1,"lon":null}}'),
    (21, 'null, nested and optional', 'POST', '/v1/probe', '{"prefs":{"types":{"new_message":{"push":null}}}}'),
    (22, 'null in an array', 'POST', '/v1/probe', '{"wholes":[1,null]}'),
    (23, 'null in a PUT clears', 'PUT', '/v1/probe', '{"whole":null,"line":null}'),
    (24, 'absent in a PUT', 'PUT', '/v1/probe', '{}'),
    (25, 'null in a PUT, nested', 'PUT', '/v1/probe', '{"place":{"lat":1,"lon":null}}'),
    (26, 'wrong type', 'POST', '/v1/probe', '{"whole":"1"}'),
    (27, 'wrong type, nested', 'POST', '/v1/probe', '{"prefs":{"types":{"new_message":{"push":"yes"}}}}'),
    (28, 'wrong type in an array', 'POST', '/v1/probe', '{"wholes":[1,2,"3"]}'),
    (29, 'no choice', 'POST', '/v1/probe', '{"choice":"de"}'),
    (30, 'no choice: letter case', 'POST', '/v1/probe', '{"choice":"RO"}'),
    (31, 'no choice: blanks', 'POST', '/v1/probe', '{"choice":" ro"}'),
    (32, 'no choice in an array', 'POST', '/v1/probe', '{"choices":["ro","de"]}'),
    (33, 'no choice in the query', 'GET', '/v1/probe?choice=de', NULL),
    (34, 'a default stays', 'POST', '/v1/probe-needs', '{"needed":1}'),
    (35, 'a body where there is none', 'GET', '/v1/probe', '{}')
  ) AS c (number, name, method, target, body)
 ORDER BY number;

-- What may be registered as is less than what there is: the list of choices must not name what is refused.
SELECT kind, pg_temp.ask('POST', '/v1/auth/register', format('{"email":"a@b.ro","phone_number":"0712345678","password":"correct horse",
    "first_name":"a","last_name":"b","user_type":"%s"}', kind)) LIKE '%["client", "craftsman"%"staff"%' AS names_staff
  FROM unnest('{staff,nobody}'::text[]) AS k (kind);

-- Bodies.
SELECT name, pg_temp.ask_bytes('POST', '/v1/probe', body) AS answer
  FROM (VALUES
    (1, 'none', NULL), (2, 'empty', ''::bytea), (3, 'an empty object', '{}'), (4, 'blanks around', E' \\012{ "whole" : 1 }\\011'),
    (5, 'blanks alone', ' '), (6, 'an array', '[]'), (7, 'a string', '"x"'), (8, 'a number', '1'), (9, 'null', 'null'),
    (10, 'not closed', '{"whole":1'), (11, 'a comma too many', '{"whole":1,}'), (12, 'something behind', '{} x'), (13, 'two', '{}{}'),
    (14, 'no quotes', '{whole:1}'), (15, 'single quotes', '{''whole'':1}'), (16, 'a comment', '{/**/}'), (17, 'NaN', '{"approx":NaN}'),
    (18, 'a leading zero', '{"whole":01}'), (19, 'a plus', '{"whole":+1}'), (20, 'no digit before the point', '{"approx":.5}'),
    (21, 'a byte order mark', E'\\357\\273\\277{}'), (22, 'not UTF-8', E'{"line":"\\377"}'), (23, 'overlong UTF-8', E'{"line":"\\300\\200"}'),
    (24, 'a surrogate in UTF-8', E'{"line":"\\355\\240\\200"}'), (25, 'UTF-16', convert_to('{', 'UTF8') || '\x00'), (26, 'NUL', E'{"line":"a\\000b"}'),
    (27, 'NUL, escaped', E'{"line":"a\\\\u0000b"}'), (28, 'half a pair', E'{"line":"\\\\ud83d"}'), (29, 'the other half', E'{"line":"\\\\ude00"}'),
    (30, 'a whole pair', E'{"line":"\\\\ud83d\\\\ude00"}'), (31, 'a bad escape', E'{"line":"\\\\x41"}'), (32, 'a raw line break', E'{"line":"a\\012b"}')
  ) AS c (number, name, body)
 ORDER BY number;

-- Depth: 32 levels and not one more, of either bracket; brackets in strings are none.
SELECT depth, pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', '{"doc":' || repeat('{"a":', depth - 1) || '1' || repeat('}', depth)))
                AS objects,
       pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', '{"doc":{"a":' || repeat('[', depth - 2) || repeat(']', depth - 2) || '}}')) AS arrays
  FROM unnest('{31,32,33,34,10000}'::integer[]) AS d (depth);
SELECT pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', '{"line":"' || repeat('[{\"', 1000) || '"}')) AS brackets_in_a_string;

-- A large object with all names different, and with the last one twice.
SELECT pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', '{"doc":{' || string_agg('"' || n || '":1', ',') || '}}')) AS different,
       pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', '{"doc":{' || string_agg('"' || n || '":1', ',') || ',"1":1}}')) AS one_twice
  FROM generate_series(1, 10000) AS g (n);

-- Documents arrive as they were written.
SELECT pg_temp.ask('POST', '/v1/probe', '{"doc":{"b":[1, 2.50, {"x":"\u0103"}],"a":null,"e":1e2},"docb":{"b":1,"a":2.50}}') AS documents;

-- Numbers: in JSON, and in a query, where only digits, point, sign and exponent count.
SELECT written,
       string_agg(field || ': ' || CASE WHEN answer LIKE 'MS%' THEN pg_temp.outcome(answer) ELSE left(answer::json ->> field, 24) END, ', '
                  ORDER BY field COLLATE "C") AS answers
  FROM unnest('{0,-0,-1,1.0,1.5,1e2,1E+2,1e400,-1e400,1e-400,32767,32768,2147483647,2147483648,-2147483648,-2147483649,
                9223372036854775807,9223372036854775808,0.1,1e131073}'::text[]) WITH ORDINALITY AS w (written, place),
       unnest('{small,whole,big,approx,exact}'::text[]) AS f (field),
       pg_temp.ask('POST', '/v1/probe', format('{"%s":%s}', field, written)) AS answer
 GROUP BY written, place ORDER BY place;
SELECT field, pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', format('{"%s":%s}', field, repeat('9', 20000)))) AS twenty_thousand_digits
  FROM unnest('{small,whole,big,approx,exact}'::text[]) AS f (field);
SELECT written, pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?whole=' || written)) AS whole,
       pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?approx=' || written)) AS approx,
       pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?exact=' || written)) AS exact
  FROM unnest('{12,-12,1.5,1e3,NaN,nan,Infinity,-inf,0x10,1e400,%201,1%20,+1,1_000,1;2,--1,1e,.,-,e5,%D9%A1,one}'::text[] || '{""}')
       WITH ORDINALITY AS w (written, place)
 ORDER BY place;

-- Ids.
SELECT written, pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', json_build_object('id', written)::text)) AS body,
       pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?id=' || replace(replace(written, '{', '%7b'), ' ', '%20'))) AS query,
       pg_temp.ask_bytes('GET', '/v1/probe/' || replace(written, ' ', '%20') || '/of/x', NULL) AS path
  FROM unnest(ARRAY['01234567-89ab-cdef-0123-456789abcdef', '01234567-89AB-CDEF-0123-456789ABCDEF',
                    '00000000-0000-0000-0000-000000000000', '0123456789abcdef0123456789abcdef', '{01234567-89ab-cdef-0123-456789abcdef}',
                    '01234567-89ab-cdef-0123-456789abcde', '01234567-89ab-cdef-0123-456789abcdef0', '01234567-89ab-cdef-0123-456789abcdeg',
                    ' 01234567-89ab-cdef-0123-456789abcdef', '01234567_89ab_cdef_0123_456789abcdef', '1'])
       WITH ORDINALITY AS w (written, place)
 ORDER BY place;

-- Days and moments: one spelling.
SELECT written, pg_temp.outcome(pg_temp.ask('POST', '/v1/probe', json_build_object('day', written)::text)) AS day
  FROM unnest('{2026-02-28,2026-02-29,2024-02-29,2026-02-30,2026-13-01,2026-00-10,2026-01-00,0001-01-01,0000-01-01,9999-12-31,10000-01-01,
                2026-1-1,20260101,01/02/2026,today,now,infinity,epoch,2026-01-01T00:00:00Z,2026-01-01 BC}'::text[]
              || ARRAY['', ' 2026-01-01', '2026-01-01 ', '２０２６-01-01'])
       WITH ORDINALITY AS w (written, place)
 ORDER BY place;
SELECT written, CASE WHEN answer LIKE 'MS%' THEN pg_temp.outcome(answer) ELSE (answer::json ->> 'moment')::timestamptz::text END AS moment
  FROM unnest('{2026-01-02T03:04:05Z,2026-01-02T03:04:05.678Z,2026-01-02T03:04:05+02:00,2026-01-02T03:04:05-02:00,2026-01-02T03:04:05,
                2026-01-02 03:04:05Z,2026-01-02T03:04:05z,2026-01-02T03:04Z,2026-01-02T25:04:05Z,2026-02-30T03:04:05Z,
                2026-01-02T03:04:05+99:99,now,infinity}'::text[]
              || ARRAY['', '2026-01-02T03:04:05 Europe/Bucharest', '2026-01-02T03:04:05 BC Z'])
       WITH ORDINALITY AS w (written, place),
       pg_temp.ask('POST', '/v1/probe', json_build_object('moment', written)::text) AS answer
 ORDER BY place;

-- Truth.
SELECT written, pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?bool=' || written)) AS bool
  FROM unnest('{true,false,TRUE,t,1,yes,on,"null"}'::text[] || '{""}') WITH ORDINALITY AS w (written, place)
 ORDER BY place;

-- Lists in a query, in both spellings.
SELECT query, pg_temp.ask('GET', '/v1/probe?' || query) AS answer
  FROM unnest('{wholes[]=1&wholes[]=2,"wholes=1,2","wholes=1%2C2",wholes%5B%5D=1,wholes[]=1,wholes=1,wholes=,wholes[]=,"wholes=1,,2","wholes=,1",
                "wholes[]=1,2",wholes=1&wholes=2,wholes[0]=1,lines[]=a+b&lines[]=a%2Cb,choices[]=ro&choices[]=de,whole[]=1}'::text[])
       WITH ORDINALITY AS q (query, place)
 ORDER BY place;

-- Order and repetition of lists are kept; 20 ids and not 21 (a domain over an array).
SELECT pg_temp.ask('POST', '/v1/probe', '{"wholes":[3,1,3,2]}') AS body, pg_temp.ask('GET', '/v1/probe?wholes=3,1,3,2') AS query;

-- Queries.
SELECT query, pg_temp.ask('GET', '/v1/probe' || query) AS answer
  FROM unnest(ARRAY['', '?', '?&', '?&whole=1&', '?whole=1&whole=2', '?whole', '?=1', '?line=a=b', '?line=a+b', '?line=a%2Bb', '?line=%C4%83',
                    '?%6Cine=a', '?line=a%26whole%3D2', '?line=%', '?line=%4', '?line=%4g', '?line=a%', '?line=%00', '?line=a%00b',
                    '?line=%ff', '?line=%c0%80', '?line=%ed%a0%80', '?line=%c4', '?%ff=1', '?line=a%0Ab', '?line=a%01b', '?line=a#b',
                    '?line=a?b', '?LINE=a'])
       WITH ORDINALITY AS q (query, place)
 ORDER BY place;
SELECT count, pg_temp.outcome(pg_temp.ask('GET', '/v1/probe?' || (SELECT string_agg(format('p%s=1', n), '&') FROM generate_series(1, count) g (n))))
         AS parameters
  FROM unnest('{100,101,5000}'::integer[]) AS c (count);

-- Text: one spelling for what looks alike; nothing that cannot be seen.
SELECT name, pg_temp.ask('POST', '/v1/probe', format('{"line":"%s"}', text)) AS line,
       pg_temp.ask('POST', '/v1/probe', format('{"paragraph":"%s"}', text)) AS paragraph,
       pg_temp.ask('POST', '/v1/probe', format('{"verbatim":"%s"}', text)) AS verbatim
  FROM (VALUES
    (1, 'cedilla becomes comma', 'Şaşe ţări, Ţară'), (2, 'comma stays', 'Șase țări'), (3, 'decomposed becomes composed', 'a\u0306 i\u0302 s\u0326 t\u0327 o\u030b'),
    (4, 'blanks around', '  a  b  '), (5, 'blanks alone', '   '), (6, 'line break', 'a\nb'), (7, 'line break behind', 'a\n'), (8, 'tab', 'a\tb'),
    (9, 'carriage return', 'a\r\nb'), (10, 'U+0001', 'a\u0001b'), (11, 'escape', 'a\u001bb'), (12, 'delete', 'a\u007fb'), (13, 'C1', 'a\u0085b'),
    (14, 'last of C1', 'a\u009fb'), (15, 'no-break space is no C1', 'a\u00a0b'), (16, 'markup', '<b>&amp;</b>'), (17, 'quotes', 'O\u0027Neill \"x\" \\ ; --'),
    (18, 'beyond the base plane', '\ud83d\udd28'), (19, 'right to left', '\u05d0\u05d1')
  ) AS c (number, name, text)
 ORDER BY number;

-- What is in a segment of the path is text like any other; too few segments name nothing.
SELECT pg_temp.ask_bytes('GET', '/v1/probe/01234567-89ab-cdef-0123-456789abcdef/of/' || name, NULL) AS answer
  FROM unnest(ARRAY['x', 'Ţ', '%20', E'a\u0001b']) WITH ORDINALITY AS n (name, place)
 ORDER BY place;
SELECT * FROM pg_temp.ask_bytes('GET', '/v1/probe-needs?needed=1&tail=x', NULL) AS answer;

-- The fields that were sent, in the order they came, null ones too.
SELECT pg_temp.ask('PUT', '/v1/probe', '{"line":"a","whole":null,"bool":false}') AS given;

/*
 * The limits of each domain, on both sides: an endpoint for every domain of schema api, whose argument has that
 * type, and pairs of values: one that just fits, one that just does not, and the rule it breaks.
 */
DO $$
DECLARE
    domain text;
BEGIN
    FOR domain IN SELECT typname FROM pg_type WHERE typnamespace = 'api'::regnamespace AND typtype = 'd'
    LOOP
        EXECUTE format('CREATE FUNCTION api.probe_%s(value api.%1$I) RETURNS mesteri.answer LANGUAGE sql AS '
                       '''SELECT ROW(200, json_build_object(''''value'''', value), NULL, NULL, NULL, NULL, NULL)::mesteri.answer''', domain);
        PERFORM pg_temp.add_route('POST', format('/v1/probe-%s', replace(domain, '_', '-')), 'probe_' || domain);
    END LOOP;
END;
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO mesteri_user;

CREATE TEMP TABLE limits (domain text, fits json, breaks json, rule text);
-- Text of so many letters, none of which is one byte long.
CREATE FUNCTION pg_temp.letters(count integer) RETURNS json LANGUAGE sql AS $$ SELECT to_json(repeat('ș', count)) $$;
-- An e-mail address of so many characters, with 63 in each label at most.
CREATE FUNCTION pg_temp.mail(count integer) RETURNS json LANGUAGE sql AS $$
    SELECT to_json(repeat('a', 64) || '@' || left(repeat(repeat('b', 62) || '.', 4), count - 68) || '.ro') $$;
INSERT INTO limits VALUES
    ('line', '""', '"a\nb"', 'control_character'),
    ('paragraph', '"a\nb"', '"a\u0000"', 'malformed_body'),
    ('email', pg_temp.mail(255), pg_temp.mail(256), 'length'),
    ('email', '"a@b.ro"', '"a@b"', 'format'),
    ('email', to_json(repeat('a', 64) || '@b.ro'), to_json(repeat('a', 65) || '@b.ro'), 'format'),
    ('email', to_json('a@' || repeat('b', 63) || '.ro'), to_json('a@' || repeat('b', 64) || '.ro'), 'format'),
    ('email', '"o''neill+x@b-c.co.uk"', '"a b@c.ro"', 'format'),
    ('email', '" a@b.ro "', '"a@b..ro"', 'format'),
    ('email', '"a@b.ro"', '"a@b.ro\n"', 'control_character'),
    ('email', '"a@b.ro"', '"ă@b.ro"', 'format'),
    ('phone', '"0"', '""', 'format'),
    ('phone', to_json('0' || repeat(' ', 30) || '1'), to_json('0' || repeat(' ', 31) || '1'), 'format'),
    ('phone', '"+40 (712) 345-678"', '"+40a"', 'format'),
    ('phone', '"0040712345678"', '"++40712345678"', 'format'),
    ('identifier', '"a"', '" "', 'length'),
    ('identifier', pg_temp.letters(255), pg_temp.letters(256), 'length'),
    ('secret', '"a"', '""', 'length'),
    ('secret', pg_temp.letters(512), pg_temp.letters(513), 'length'),
    ('secret', '" "', '"\u0007"', 'control_character'),
    ('person_name', '"a"', '"  "', 'length'),
    ('person_name', pg_temp.letters(100), pg_temp.letters(101), 'length'),
    ('person_name', to_json(repeat(' ', 50) || repeat('a', 100) || repeat(' ', 50)), to_json(repeat('a', 101)), 'length'),
    ('display_name', pg_temp.letters(200), pg_temp.letters(201), 'length'),
    ('bio', pg_temp.letters(2000), pg_temp.letters(2001), 'length'),
    ('city', pg_temp.letters(100), pg_temp.letters(101), 'length'),
    ('address', pg_temp.letters(500), pg_temp.letters(501), 'length'),
    ('county', '"B"', '""', 'format'),
    ('county', '"CJ"', '"CJX"', 'format'),
    ('county', '" CJ "', '"cj"', 'format'),
    ('postal_code', '"010015"', '"01001"', 'format'),
    ('postal_code', '"999999"', '"9999999"', 'format'),
    ('postal_code', '"010015"', '"٠١٠٠١٥"', 'format'),
    ('birth_date', '"1900-01-01"', '"1899-12-31"', 'range'),
    ('birth_date', '"2999-12-31"', '"3000-01-01"', 'range'),
    ('birth_date', '"2000-02-29"', '"1900-02-29"', 'format'),
    ('search_radius_km', '1', '0', 'range'),
    ('search_radius_km', '300', '301', 'range'),
    ('latitude', '90', '90.000001', 'range'),
    ('latitude', '-90', '-90.000001', 'range'),
    ('longitude', '180', '180.00001', 'range'),
    ('longitude', '-180', '-180.00001', 'range'),
    ('required_latitude', '90', '91', 'range'),
    ('required_latitude', '-90', 'null', 'null'),
    ('required_longitude', '180', '181', 'range'),
    ('required_longitude', '-180', 'null', 'null'),
    ('radius_km', '0.001', '0', 'range'),
    ('radius_km', '300', '300.001', 'range'),
    ('rating', '0', '-0.01', 'range'),
    ('rating', '5', '5.01', 'range'),
    ('price', '0', '-0.01', 'range'),
    ('price', '9999999999.99', '10000000000', 'range'),
    ('search_text', '"a"', '""', 'length'),
    ('search_text', pg_temp.letters(200), pg_temp.letters(201), 'length'),
    ('page', '1', '0', 'range'),
    ('page', '2147483647', '2147483648', 'range'),
    ('feed_page', '1', '0', 'range'),
    ('feed_page', '25', '26', 'range'),
    ('page_limit', '1', '0', 'range'),
    ('page_limit', '100', '101', 'range'),
    ('feed_cursor', '"a"', '""', 'length'),
    ('feed_cursor', to_json(repeat('a', 6000)), to_json(repeat('a', 6001)), 'length'),
    ('category_set', (SELECT json_agg(mesteri.category_id(n::text)) FROM generate_series(1, 20) n),
                     (SELECT json_agg(mesteri.category_id(n::text)) FROM generate_series(1, 21) n), 'count'),
    ('category_set', '[]', '["x"]', 'format'),
    ('registered_type', '"client"', '"staff"', 'enum'),
    ('registered_type', '"craftsman"', '"nobody"', 'enum');

SELECT count(*) > 60 AS many, count(*) FILTER (WHERE fitting <> 'ok') AS refused_though_fitting,
       count(*) FILTER (WHERE breaking <> rule) AS not_refused_for_its_rule
  FROM (SELECT rule, pg_temp.outcome(pg_temp.ask('POST', path, format('{"value":%s}', fits))) AS fitting,
               regexp_replace(pg_temp.outcome(pg_temp.ask('POST', path, format('{"value":%s}', breaks))), '^value(\[\d+\])? ', '') AS breaking
          FROM limits, replace('/v1/probe-' || domain, '_', '-') AS path) AS l;

-- Which are not: none.
SELECT domain, left(fits::text, 60) AS fits, fitting, left(breaks::text, 60) AS breaks, breaking, rule
  FROM (SELECT l.*, pg_temp.outcome(pg_temp.ask('POST', path, format('{"value":%s}', fits))) AS fitting,
               regexp_replace(pg_temp.outcome(pg_temp.ask('POST', path, format('{"value":%s}', breaks))), '^value(\[\d+\])? ', '') AS breaking
          FROM limits l, replace('/v1/probe-' || domain, '_', '-') AS path) AS l
 WHERE fitting <> 'ok' OR breaking <> rule;

-- Domains without a pair, and constraints that no pair breaks: none.
SELECT t.typname AS domain, c.conname AS "constraint"
  FROM pg_type t
  LEFT JOIN pg_constraint c ON c.contypid = t.oid
 WHERE t.typnamespace = 'api'::regnamespace AND t.typtype = 'd'
   AND NOT EXISTS (SELECT FROM limits l WHERE l.domain = t.typname AND l.rule = coalesce(c.conname, l.rule));

ROLLBACK;
