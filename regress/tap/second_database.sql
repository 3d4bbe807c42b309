-- A second database of the same cluster: its own people, the same roles and keys.
\set QUIET on
SELECT current_database() AS first \gset
SELECT mesteri.jwt_sign(json_build_object('iss', 'mesteri', 'sub', mesteri.uuid7(), 'user_type', 'client', 'iat', 1, 'exp', 9999999999, 'jti', 'x',
                                          'refresh_token_id', mesteri.uuid7())) AS token \gset
SET client_min_messages = warning;
DROP DATABASE IF EXISTS mesteri_second;
CREATE DATABASE mesteri_second;
\c mesteri_second
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION mesteri CASCADE;
BEGIN;
SELECT no_plan();
SELECT is((SELECT status FROM mesteri.request('GET', '/v1/feed')), 200, 'a second database serves');
SELECT is((SELECT status FROM mesteri.request('POST', '/v1/auth/register', body => '{"email":"ana@example.ro","phone_number":"0712345678","password":"correct horse","user_type":"client",
    "first_name":"Ana","last_name":"Pop"}')), 201, 'and takes people in');
SELECT is((SELECT body ->> 'error' FROM mesteri.request('GET', '/v1/users/me', :'token')), 'token_revoked', 'a session of elsewhere does not stand here');
SELECT is((SELECT count(*) FROM mesteri.counties), 42::bigint, 'its lists are full');
SELECT finish();
ROLLBACK;
\c :first
DROP DATABASE mesteri_second;
