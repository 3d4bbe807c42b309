-- Codes, links and the limits on sending them; what the outbox keeps of them.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- Three bytes make a code: each of them out of sixteen values, and what would be left over out of none.
SELECT bytes, mesteri.code_digits(bytes) AS code
  FROM unnest('{"\\x000000","\\x000001","\\x0f423f","\\x0f4240","\\xf423ff","\\xf42400","\\xffffff"}'::bytea[]) WITH ORDINALITY AS b (bytes, place)
 ORDER BY place;
-- Sixteen ways to each, by a sample of codes.
SELECT DISTINCT count(*) AS ways FROM generate_series(0, 999999, 9973) AS g (n), generate_series(0, 16) AS h (times)
 WHERE times * 1000000 + n < 1 << 24 AND mesteri.code_digits(substr(int4send(times * 1000000 + n), 2)) = lpad(n::text, 6, '0') GROUP BY n;
-- New ones are six digits, and hardly ever the same.
SELECT bool_and(code ~ '^[0-9]{6}$') AS digits, count(DISTINCT code) > 950 AS differ FROM (SELECT mesteri.new_code() FROM generate_series(1, 1000)) AS c (code);

CREATE FUNCTION pg_temp.post(path text, body json, token text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(pg_temp.ask('POST', '/v1/auth/' || path, body::text, token)) $$;
CREATE FUNCTION pg_temp.verify(address text, code text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.post('verify-email', json_build_object('email', address, 'code', code)) $$;
CREATE FUNCTION pg_temp.sent(address text, what text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT parameters ->> what FROM ops.sandbox_messages() WHERE recipient = address AND parameters ? what $$;
-- A wrong code: each digit is another.
CREATE FUNCTION pg_temp.wrong(code text) RETURNS text LANGUAGE sql AS $$ SELECT translate(code, '0123456789', '1234567890') $$;

BEGIN;
SELECT substr(pg_temp.ask('POST', '/v1/auth/register', '{"email":"Ana@example.ro","phone_number":"0712345678","password":"correct horse","user_type":"client","first_name":"Ana","last_name":"Pop","language":"hu"}'), 5)::json
       #>> '{tokens,access_token}' AS ana \gset
SELECT kind, recipient, language, template, (SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_object_keys(parameters) AS key) AS parameters FROM ops.sandbox_messages() ORDER BY kind;
SELECT pg_temp.sent('ana@example.ro', 'code') AS code, pg_temp.sent('+40712345678', 'code') AS phone_code \gset

-- Nothing that is stored shows a code; a secret is read for its own row and no other.
SELECT count(*) AS shown FROM mesteri.outbox o, unnest(ARRAY[:'code', :'phone_code']) AS c (code)
 WHERE strpos(payload::text || idempotency_key, code) > 0 OR position(convert_to(code, 'UTF8') IN secret_encrypted) > 0;
SELECT count(*) AS shown FROM mesteri.verification_codes v, unnest(ARRAY[:'code', :'phone_code']) AS c (code) WHERE code_hash = sha256(code::bytea);
SAVEPOINT swap;
UPDATE mesteri.outbox SET secret_encrypted = (SELECT secret_encrypted FROM mesteri.outbox WHERE kind = 'sms.send') WHERE kind = 'mail.send';
\set VERBOSITY sqlstate
SELECT * FROM ops.sandbox_messages();
ROLLBACK TO swap;
\set VERBOSITY default

-- Right once; the letter case of an address does not matter, the channel does.
SELECT pg_temp.verify('ana@example.ro', pg_temp.wrong(:'code')) AS wrong, pg_temp.verify('nobody@example.ro', :'code') AS other_address,
       pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', :'code')) AS other_channel,
       pg_temp.verify('ANA@Example.ro', :'code') AS "right", pg_temp.verify('ana@example.ro', :'code') AS again;
SELECT email_verified, phone_verified FROM mesteri.users;
-- As digits and nothing else.
SELECT code, pg_temp.verify('ana@example.ro', code) AS verdict FROM unnest('{12345,1234567,12345a,"",１２３４５６," 123456 "}'::text[]) AS c (code);
SELECT pg_temp.post('verify-email', json_build_object('email', 'ana@example.ro', 'code', 123456)) AS a_number;

-- Time passes.
CREATE FUNCTION pg_temp.age(span interval) RETURNS void LANGUAGE sql AS $$
    UPDATE mesteri.verification_codes SET created_at = created_at - span, expires_at = expires_at - span WHERE used_at IS NULL $$;
-- The fifth wrong one kills it, the fourth does not.
SAVEPOINT guesses;
SELECT pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', pg_temp.wrong(:'phone_code'))) AS wrong FROM generate_series(1, 3);
SELECT tries FROM mesteri.verification_codes WHERE channel = 'phone';
SELECT pg_temp.post('verify-phone', json_build_object('phone_number', '+40 712 345 678', 'code', :'phone_code')) AS after_four;
ROLLBACK TO guesses;
SELECT pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', pg_temp.wrong(:'phone_code'))) AS wrong FROM generate_series(1, 4);
SELECT tries FROM mesteri.verification_codes WHERE channel = 'phone';
SELECT pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', :'phone_code')) AS after_five;
ROLLBACK TO guesses;

-- Ten minutes.
SELECT pg_temp.age('9 minutes 59 seconds'), pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', :'phone_code')) AS in_time;
ROLLBACK TO guesses;
SELECT pg_temp.age('10 minutes'), pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', :'phone_code')) AS late;
ROLLBACK TO guesses;

/*
 * Another code: one changes to the number one has.  The newest counts; five an hour, ten a day, to one place and for one account.
 */
CREATE FUNCTION pg_temp.change_phone(number text, token text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.post('change-phone', json_build_object('phone_number', number, 'password_confirmation', 'correct horse'), token) $$;
CREATE FUNCTION pg_temp.later(span interval) RETURNS void LANGUAGE sql AS $$ UPDATE mesteri.secrets_sent SET sent_at = sent_at - span $$;
SELECT pg_temp.change_phone('0712345678', :'ana') AS again;
SELECT pg_temp.post('verify-phone', json_build_object('phone_number', '0712345678', 'code', :'phone_code')) AS the_old_one;
SELECT count(*) AS codes, max(tries) AS tries FROM mesteri.verification_codes WHERE channel = 'phone';
SELECT pending_phone_number FROM mesteri.users;
SELECT pg_temp.change_phone('0712345678', :'ana') AS sent FROM generate_series(1, 4);
SELECT pg_temp.later('59 minutes'), pg_temp.change_phone('0712345678', :'ana') AS within_the_hour;
SELECT pg_temp.later('1 minute') \g /dev/null
SELECT pg_temp.change_phone('0712345678', :'ana') AS sent FROM generate_series(1, 6);
SELECT pg_temp.later('1 hour'), pg_temp.change_phone('0712345678', :'ana') AS within_the_day;
SELECT count(*) AS to_the_number FROM ops.sandbox_messages() WHERE recipient = '+40712345678';
SELECT pg_temp.later('22 hours') \g /dev/null
SELECT pg_temp.change_phone('0712345678', :'ana') AS a_day_later;
-- What is older than a day is forgotten.
SELECT count(*) FILTER (WHERE sent_at < now() - interval '24 hours 1 minute') AS old FROM mesteri.secrets_sent;
SELECT pg_temp.later('25 hours') \g /dev/null
SELECT pg_temp.change_phone('07123456' || n, :'ana') AS to_strangers FROM generate_series(80, 85) AS g (n);
SELECT pg_temp.change_phone('0712345678', :'ana') AS to_oneself;
-- Addresses have a count of their own.
SELECT pg_temp.post('change-email', '{"email":"ana2@example.ro","password_confirmation":"correct horse"}', :'ana') AS address;
-- Somebody else cannot send any more there either, and an account made anew doesn't begin anew.
SELECT pg_temp.later('25 hours') \g /dev/null
SELECT pg_temp.change_phone('0799999999', :'ana') AS sent FROM generate_series(1, 5);
DELETE FROM mesteri.users;
SELECT split_part(pg_temp.ask('POST', '/v1/auth/register', '{"email":"eva@example.ro","phone_number":"0799999999","password":"correct horse","user_type":"client","first_name":"Eva","last_name":"Pop"}'), ' ', 1) AS registered;
SELECT kind, recipient FROM ops.sandbox_messages();
ROLLBACK;

/*
 * Links.
 */
BEGIN;
SELECT pg_temp.account('ana') AS ana \gset
CREATE FUNCTION pg_temp.forgot(who text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.post('forgot-password', json_build_object('email_or_phone', who)) $$;
CREATE FUNCTION pg_temp.reset(token text, password text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.post('reset-password', json_build_object('token', token, 'new_password', password)) $$;
SELECT pg_temp.forgot('nobody@example.ro') AS nobody, pg_temp.forgot('not an address') AS nothing, pg_temp.forgot('0799999999') AS nobodys_number, pg_temp.forgot('ANA@example.ro') AS somebody;
SELECT count(*) AS resets, (SELECT count(*) FROM mesteri.outbox) AS messages FROM mesteri.password_resets;
SELECT pg_temp.sent('ana@example.ro', 'token') AS token \gset
SELECT length(:'token') AS length, (SELECT token_hash FROM mesteri.password_resets) = sha256(:'token') AS hashed,
       (SELECT count(*) FROM mesteri.outbox WHERE strpos(payload::text || idempotency_key, :'token') > 0) AS shown;
-- A weak password leaves the token as it was; an hour; once.
SELECT pg_temp.reset(:'token', 'short') AS weak, pg_temp.reset(:'token', repeat('x', 73)) AS long, pg_temp.reset(:'token', 'Parola123456') AS common, pg_temp.reset(:'token' || 'x', 'another horse') AS another_token;
SAVEPOINT hour;
UPDATE mesteri.password_resets SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour';
SELECT pg_temp.reset(:'token', 'another horse') AS late;
ROLLBACK TO hour;
UPDATE mesteri.users SET is_active = false;
SELECT pg_temp.reset(:'token', 'another horse') AS suspended, pg_temp.forgot('ana@example.ro'), (SELECT count(*) FROM mesteri.outbox) AS messages;
ROLLBACK TO hour;
-- By number a text message is sent; setting the password kills the other link, ends the sessions and unlocks the account.
SELECT pg_temp.forgot(phone_number) FROM mesteri.users;
SELECT parameters ->> 'token' AS other FROM ops.sandbox_messages() WHERE kind = 'sms.send' \gset
SELECT pg_temp.post('login', '{"email_or_phone":"ana@example.ro","password":"wrong"}') AS login FROM generate_series(1, 6);
SELECT pg_temp.reset(:'token', 'another horse') AS reset;
SELECT pg_temp.reset(:'token', 'another horse') AS again, pg_temp.reset(:'other', 'another horse') AS the_other;
SELECT revoke_reason FROM mesteri.token_families;
SELECT pg_temp.post('login', '{"email_or_phone":"ana@example.ro","password":"correct horse ana"}') AS old_password, pg_temp.post('login', '{"email_or_phone":"ana@example.ro","password":"another horse"}') AS new_password;
SELECT template, recipient FROM ops.sandbox_messages() WHERE template = 'password_changed';
-- Five an hour.
SELECT pg_temp.forgot('ana@example.ro') FROM generate_series(1, 6);
SELECT count(*) AS links FROM ops.sandbox_messages() WHERE template = 'reset_password' AND kind = 'mail.send';
ROLLBACK;

/*
 * The outbox: once for each kind and key; whoever asks again gets the same row.
 */
BEGIN;
SELECT mesteri.outbox_add('mail.send', 'k', '{"n": 1}') = mesteri.outbox_add('mail.send', 'k', '{"n": 2}', secret => '{"a": 1}') AS same,
       mesteri.outbox_add('mail.send', 'k', '{"n": 1}') = mesteri.outbox_add('sms.send', 'k', '{"n": 1}') AS same_of_another_kind;
SELECT kind, payload, secret_encrypted IS NULL AS no_secret FROM mesteri.outbox ORDER BY kind;
ROLLBACK;

-- In production nobody reads them this way.  The setting is read between two statements, a moment later.
ALTER SYSTEM SET mesteri.environment = 'production';
SELECT pg_reload_conf() AS production;
\set ECHO none
\o /dev/null
SELECT 'SELECT pg_sleep(0.05) WHERE current_setting(''mesteri.environment'') <> ''production''' FROM generate_series(1, 100) \gexec
\o
\set ECHO all
SELECT * FROM ops.sandbox_messages();
ALTER SYSTEM RESET mesteri.environment;
SELECT pg_reload_conf() AS as_usual;
\set ECHO none
\o /dev/null
SELECT 'SELECT pg_sleep(0.05) WHERE current_setting(''mesteri.environment'') = ''production''' FROM generate_series(1, 100) \gexec
\o
\set ECHO all
SELECT count(*) AS messages FROM ops.sandbox_messages();
