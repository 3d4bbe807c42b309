/*
 * sessions.sql
 *		Sessions that end while somebody goes on using their tokens, on a connection that has verified them.
 */
\c - mesteri_proxy
SET client_min_messages = warning;
\set who mesteri_proxy
-- Statements of somebody else, on another connection.
\setenv SUPER '-X -q -At -d mesteri_attack -U postgres'
SELECT :'ana_id' AS ana_id \gset
\setenv ANA :ana_id

SELECT attack.line('26', :'who', 'uses a session', attack.request('GET', '/v1/users/me', :'ana_revoked'), '^200 ');
\! "$PSQL" $SUPER -c "UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = 'logout' WHERE user_agent = 'ana''s phone' AND id = (SELECT min(id::text)::uuid FROM mesteri.token_families WHERE user_agent = 'ana''s phone' AND id::text > (SELECT min(id::text) FROM mesteri.token_families WHERE user_agent = 'ana''s phone'))"
SELECT attack.line('26', :'who', 'goes on with it when it was revoked', attack.request('GET', '/v1/users/me', :'ana_revoked'), '^MSA03');
SELECT attack.line('26', :'who', 'goes on with another of Ana''s', attack.request('GET', '/v1/users/me', :'ana'), '^200 ');

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT attack.line('26', :'who', 'keeps an old snapshot', attack.request('GET', '/v1/users/me', :'ana_snapshot'), '^200 ');
\! "$PSQL" $SUPER -c "UPDATE mesteri.token_families SET revoked_at = now(), revoke_reason = 'logout' WHERE user_agent = 'ana''s phone' AND id = (SELECT max(id::text)::uuid FROM mesteri.token_families WHERE user_agent = 'ana''s phone')"
SELECT attack.line('26', :'who', 'and goes on in it when the session was revoked', attack.request('GET', '/v1/users/me', :'ana_snapshot'), '^MSA03');
ROLLBACK;

SELECT attack.line('26', :'who', 'signs in', attack.request('GET', '/v1/users/me', :'ana'), '^200 ');
\! "$PSQL" $SUPER -c "UPDATE mesteri.users SET is_active = false WHERE id = '$ANA'"
SELECT attack.line('26', :'who', 'goes on when the account is suspended', attack.request('GET', '/v1/users/me', :'ana'), '^MSA05');
SELECT attack.line('26', 'mesteri_user', 'goes on when the account is suspended', attack.through_hole(:'ana', 'SELECT 1'), '^MSA05');
\! "$PSQL" $SUPER -c "UPDATE mesteri.users SET is_active = true WHERE id = '$ANA'"
\! "$PSQL" $SUPER -c "DELETE FROM mesteri.token_families WHERE user_agent = 'ana''s phone'"
SELECT attack.line('26', :'who', 'goes on when the session is gone', attack.request('GET', '/v1/users/me', :'ana'), '^MSA03');

-- A refresh token used again ends the session for everybody, and that stays.
SELECT attack.request('POST', '/v1/auth/login', NULL, '{"email_or_phone":"ana@example.ro","password":"correct horse ana"}') AS answer \gset
SELECT substr(:'answer', 5)::json #>> '{tokens,refresh_token}' AS first, substr(:'answer', 5)::json #>> '{tokens,access_token}' AS access \gset
SELECT substr(attack.request('POST', '/v1/auth/refresh', NULL, json_build_object('refresh_token', :'first')), 5)::json #>> '{tokens,refresh_token}' AS second \gset
SELECT substr(attack.request('POST', '/v1/auth/refresh', NULL, json_build_object('refresh_token', :'second')), 5)::json #>> '{tokens,refresh_token}' AS third \gset
SELECT attack.line('26', :'who', 'uses an old refresh token', attack.request('POST', '/v1/auth/refresh', NULL, json_build_object('refresh_token', :'first')), '^401 token_revoked');
SELECT attack.line('26', :'who', 'and then the newest', attack.request('POST', '/v1/auth/refresh', NULL, json_build_object('refresh_token', :'third')), '^MSA03');
SELECT attack.line('26', :'who', 'and the access token', attack.request('GET', '/v1/users/me', :'access'), '^MSA03');
SELECT attack.line('26', :'who', 'refreshes with a token of nobody''s', attack.request('POST', '/v1/auth/refresh', NULL, json_build_object('refresh_token', repeat('A', 43))), '^MSA01');
