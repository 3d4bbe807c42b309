-- If-Match and If-None-Match: lists of entity tags, RFC 9110.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- Versions: each tag counts up to its dash, weak or not; a list that is written otherwise anywhere names none.
SELECT list, mesteri.names_version(list, 7) AS named
  FROM unnest(ARRAY['"7"', '"7-0123456789abcdef"', 'W/"7"', 'W/"7-x"', '*', ' * ', '"6", "7"', '"7","8"', ', ,"7",,', E'\t"6"\t,\t"7"\t',
                    '"7-"', '"7-a-b"', '"ă", "7"',
                    '', ' ', ',', '7', '"07"', '"77"', '"-7"', '"+7"', '""', '"7', '7"', '"6"', '"8-7"', 'w/"7"', 'W/ "7"', 'W"7"', '"7" "8"', '"7"x',
                    '"7", x', 'x, "7"', '"6" "7"', '"a "7""', '"a, "7""', '*, "7"', '"7", *', '**', '"*"', '''7''', '"7 "', E'"7\n"', E'"7"\n'])
         WITH ORDINALITY AS l (list, place) ORDER BY place;
SELECT mesteri.names_version('"2147483647"', 2147483647) AS highest, mesteri.names_version(NULL, 1) AS unknown, mesteri.names_version('*', NULL) AS no_version;

-- The whole of a tag, for a read: 304 has the tag and no body.
SELECT pg_temp.account('ana') AS ana \gset
SELECT headers[2] AS tag FROM mesteri.request('GET', '/v1/users/me', :'ana') \gset
SELECT :'tag' ~ '^"1-[0-9a-f]{16}"$' AS looks_right, right(:'tag', -1) AS rest \gset
SELECT replace(replace(list, right(rtrim(:'tag', '"'), 16), 'DIGEST'), '"1-DIGEST"', 'TAG') AS list, status, body IS NULL AS empty, headers = ARRAY['ETag', :'tag'] AS has_tag
  FROM unnest(ARRAY[:'tag', 'W/' || :'tag', '*', '"x", ' || :'tag', :'tag' || ',"x"', ' ' || :'tag' || ' ',
                    '"1"', 'W/"1"', '"x"', '', rtrim(:'tag', '"'), trim(:'tag', '"'), :'tag' || ' "x"', 'x' || :'tag', '"x' || :'rest', :'tag' || ', x', '*, ' || :'tag'])
         WITH ORDINALITY AS l (list, place), mesteri.request('GET', '/v1/users/me', :'ana', headers => ARRAY['If-None-Match', list]) ORDER BY place;

-- Two lines are one list, a list of nothing is no condition, and only reads ask If-None-Match.
SELECT status FROM mesteri.request('GET', '/v1/users/me', :'ana', headers => ARRAY['If-None-Match', '"x"', 'if-none-match', :'tag']);
SELECT status FROM mesteri.request('GET', '/v1/users/me', :'ana', headers => ARRAY['If-None-Match', '"x"', 'if-none-match', '*']);
SELECT status FROM mesteri.request('PUT', '/v1/users/me', :'ana', '{}', ARRAY['If-Match', '"9"', 'If-Match', '"1"', 'If-None-Match', '*']);
SELECT status, body ->> 'error' AS error, headers FROM mesteri.request('PUT', '/v1/users/me', :'ana', '{}', ARRAY['If-Match', '"1"']);
SELECT status, body ->> 'error' AS error FROM mesteri.request('PUT', '/v1/users/me', :'ana', '{}', ARRAY['If-Match', '']);
SELECT status, body ->> 'error' AS error FROM mesteri.request('PUT', '/v1/users/me', :'ana', '{}');
-- Nor is a write let through where there is nothing.
SELECT mesteri.check_if_match('*', NULL);
-- What has no version has no tag, whatever is asked.
SELECT status, headers FROM mesteri.request('GET', '/v1/categories', headers => ARRAY['If-None-Match', '*']);
DELETE FROM mesteri.users;
