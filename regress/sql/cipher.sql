-- Encrypted fields: what comes back, what is refused, and that the bytes are those of the published construction.
\set ECHO none
\getenv inputdir PG_ABS_SRCDIR
\set setup :inputdir '/lib/setup.sql'
\i :setup
\set ECHO all

-- The outcome in a word: the content, or the SQLSTATE.
CREATE FUNCTION pg_temp.opened(purpose text, sealed bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce(mesteri.decrypt(purpose, sealed)::text, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END;
$$;

-- Round trips.
SELECT name, mesteri.decrypt('test', mesteri.encrypt('test', plain)) = plain AS same,
       length(mesteri.encrypt('test', plain)) - length(plain) - length(mesteri.encryption_key_id()) AS overhead
  FROM (VALUES (1, 'empty', ''::bytea), (2, 'a zero byte', '\x00'), (3, 'a block', '\x000102030405060708090a0b0c0d0e0f'),
               (4, 'a block and a byte', '\x000102030405060708090a0b0c0d0e0f10'), (5, 'a CNP', '3180501120016'),
               (6, '1 MB', decode(repeat('5a', 1048576), 'hex'))) AS t (number, name, plain)
 ORDER BY number;
SELECT bool_and(mesteri.decrypt('test', mesteri.encrypt('test', p)) = p) AS every_length
  FROM generate_series(0, 300) AS n, LATERAL (SELECT decode(repeat('a7', n), 'hex')) AS d (p);
SELECT mesteri.decrypt_text('test', mesteri.encrypt_text('test', 'Ștefan Țăranu, Tîrgu Mureș 🏠')) AS text;
-- From compressed and from external TOAST.
CREATE TEMP TABLE kept (id integer, plain bytea, sealed bytea);
ALTER TABLE kept ALTER sealed SET STORAGE EXTENDED;
INSERT INTO kept SELECT n, decode(repeat(md5(n::text), 1000 * n), 'hex') FROM generate_series(1, 5) AS n;
UPDATE kept SET sealed = mesteri.encrypt('kept ' || id, plain);
SELECT count(*), bool_and(mesteri.decrypt('kept ' || id, sealed) = plain) AS same FROM kept;
SELECT DISTINCT pg_temp.opened('kept ' || a.id, b.sealed) AS of_another_row FROM kept a JOIN kept b ON a.id <> b.id;

-- NULL is NULL, but never for want of a purpose.
SELECT mesteri.encrypt('test', NULL), mesteri.decrypt('test', NULL), mesteri.reencrypt('test', NULL), mesteri.cipher_key_id(NULL);
SELECT mesteri.encrypt(NULL, 'x');
\set VERBOSITY sqlstate
SELECT mesteri.decrypt(NULL, mesteri.encrypt('test', 'x'));
SELECT mesteri.reencrypt(NULL, mesteri.encrypt('test', 'x'));
SELECT mesteri.encrypt('', 'x');
SELECT mesteri.encrypt(repeat('p', 256), 'x');
\set VERBOSITY default
SELECT mesteri.decrypt(repeat('p', 255), mesteri.encrypt(repeat('p', 255), '\x78')) AS longest_purpose;

-- The same content never looks the same.
SELECT count(DISTINCT mesteri.encrypt('test', 'x')) AS different, count(DISTINCT length(mesteri.encrypt('test', 'x'))) AS lengths FROM generate_series(1, 1000);

-- Another purpose.
SELECT mesteri.encrypt('test', '3180501120016') AS sealed \gset
SELECT mesteri.decrypt('tests', :'sealed'::bytea);
SELECT pg_temp.opened('test', :'sealed'::bytea) AS same, pg_temp.opened('tes', :'sealed'::bytea) AS shorter, pg_temp.opened('Test', :'sealed'::bytea) AS letter_case,
       pg_temp.opened('test ', :'sealed'::bytea) AS blank;

-- Every bit counts, and so does every length. A changed key id is that of another key, which is not there.
SELECT bit / 8 BETWEEN 1 AND 1 + length(mesteri.encryption_key_id()) AS names_another_key,
       bool_and(outcome = 'XX001') AS refused_alike, bool_and(outcome IN ('XX001', 'F0000')) AS refused, count(*) > 100 AS many
  FROM generate_series(0, length(:'sealed'::bytea) * 8 - 1) AS g (bit),
       pg_temp.opened('test', set_bit(:'sealed'::bytea, bit, 1 - get_bit(:'sealed'::bytea, bit))) AS o (outcome)
 GROUP BY 1 ORDER BY 1;
SELECT DISTINCT pg_temp.opened('test', substr(:'sealed'::bytea, 1, n)) AS cut FROM generate_series(0, length(:'sealed'::bytea) - 1) AS g (n);
SELECT pg_temp.opened('test', :'sealed'::bytea || '\x00') AS longer, pg_temp.opened('test', '\x01' || :'sealed'::bytea) AS shifted,
       pg_temp.opened('test', substr(:'sealed'::bytea, 2)) AS without_version, pg_temp.opened('test', mesteri.seal('test', 'x')) AS a_seal,
       pg_temp.opened('test', decode(repeat('01', 500), 'hex')) AS garbage, pg_temp.opened('test', decode(repeat('0100', 500), 'hex')) AS no_id;
-- The id cannot be a path, and what is not there is said to be not there.
SELECT mesteri.decrypt('test', '\x010b'::bytea || '../secret.k' || substr(:'sealed'::bytea, 20));
SELECT mesteri.decrypt('test', '\x0107'::bytea || 'missing' || substr(:'sealed'::bytea, 20));
-- Two values that were cut and joined; where the bytes around the cut are equal by chance, it is still one of the two.
SELECT mesteri.encrypt('test', '4320229401233') AS other \gset
SELECT pg_temp.opened('test', joined) AS joined, count(*) > 40 AS many
  FROM generate_series(2 + length(mesteri.encryption_key_id()) + 1, length(:'sealed'::bytea) - 1) AS g (n),
       LATERAL (SELECT substr(:'sealed'::bytea, 1, n) || substr(:'other'::bytea, n + 1)) AS j (joined)
 WHERE joined NOT IN (:'sealed', :'other') GROUP BY 1;

-- Keys: named in the value; a value under the newest stays as it is.
SELECT mesteri.cipher_key_id(:'sealed'::bytea) = mesteri.encryption_key_id() AS newest, mesteri.reencrypt('test', :'sealed'::bytea) = :'sealed'::bytea AS unchanged;
SELECT mesteri.reencrypt('tests', :'sealed'::bytea);
SELECT mesteri.cipher_key_id('\x02');

-- XAES-256-GCM (c2sp.org), in SQL: the message's key, then the key stream. First against the published vectors.
CREATE FUNCTION pg_temp.block(key bytea, data bit(128)) RETURNS bit(128) LANGUAGE sql AS $$
    SELECT ('x' || encode(public.encrypt(decode(string_agg(lpad(to_hex(substring(data from n * 8 + 1 for 8)::integer), 2, '0'), '' ORDER BY n), 'hex'),
                                         key, 'aes-ecb/pad:none'), 'hex'))::bit(128)
      FROM generate_series(0, 15) AS n $$;
CREATE FUNCTION pg_temp.bits(data bytea) RETURNS bit(128) LANGUAGE sql AS $$ SELECT ('x' || encode(data, 'hex'))::bit(128) $$;
CREATE FUNCTION pg_temp.bytes(data bit varying) RETURNS bytea LANGUAGE sql AS $$
    SELECT decode(string_agg(lpad(to_hex(substring(data from n * 8 + 1 for 8)::bit(8)::integer), 2, '0'), '' ORDER BY n), 'hex')
      FROM generate_series(0, length(data) / 8 - 1) AS n $$;
CREATE FUNCTION pg_temp.message_key(key bytea, nonce bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT pg_temp.bytes(pg_temp.block(key, pg_temp.bits('\x00015800' || substr(nonce, 1, 12)) # k1)
                         || pg_temp.block(key, pg_temp.bits('\x00025800' || substr(nonce, 1, 12)) # k1))
      FROM pg_temp.block(key, repeat('0', 128)::bit(128)) AS l,
           LATERAL (SELECT (l << 1) # CASE WHEN get_bit(l, 0) = 1 THEN 135 ELSE 0 END::bit(128)) AS k (k1) $$;
CREATE FUNCTION pg_temp.crypted(key bytea, nonce bytea, data bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT substr(string_agg(pg_temp.bytes(pg_temp.block(pg_temp.message_key(key, nonce), pg_temp.bits(substr(nonce, 13) || int4send(n + 2)))
                             # pg_temp.bits(substr(data, n * 16 + 1, 16))), '' ORDER BY n), 1, length(data))
      FROM generate_series(0, (length(data) - 1) / 16) AS n $$;
SELECT pg_temp.crypted(decode(repeat('01', 32), 'hex'), 'ABCDEFGHIJKLMNOPQRSTUVWX', 'XAES-256-GCM') AS vector_1,
       pg_temp.crypted(decode(repeat('03', 32), 'hex'), 'ABCDEFGHIJKLMNOPQRSTUVWX', 'XAES-256-GCM') AS vector_2;
SELECT pg_read_binary_file(current_setting('mesteri.key_directory') || '/' || mesteri.encryption_key_id() || '.aes') AS key,
       3 + length(mesteri.encryption_key_id()) AS start \gset
SELECT bool_and(pg_temp.crypted(:'key', substr(sealed, :start, 24), substr(sealed, :start + 24, length(plain))) = plain) AS ours_is_the_same
  FROM generate_series(1, 40) AS n, LATERAL (SELECT decode(repeat(to_hex(n + 15), n), 'hex')) AS p (plain),
       LATERAL (SELECT mesteri.encrypt('test ' || n, plain)) AS s (sealed);

-- Whoever is not trusted with it cannot call it.
SELECT proname, array_agg(rolname::text ORDER BY rolname) FILTER (WHERE has_function_privilege(rolname, p.oid, 'EXECUTE')) AS may
  FROM pg_proc p, (VALUES ('mesteri_owner'), ('mesteri_catalogue'), ('mesteri_user'), ('mesteri_proxy')) AS r (rolname)
 WHERE pronamespace = 'mesteri'::regnamespace AND proname ~ 'crypt|cipher' GROUP BY p.oid, proname ORDER BY proname COLLATE "C";
