/*
 * demo.sql
 *		People, posts and readers to look at, to test with and to measure on.
 *
 * psql -d mesteri -v ON_ERROR_STOP=1 -v posts=100000 -v seed=2026 -f demo/demo.sql
 *
 * Run by a superuser in a database that has the extension and nobody in it.
 * The same posts, seed and now give the same rows, except for the salt of the
 * password of the named accounts.  See README.md.
 */
\set ON_ERROR_STOP on
\if :{?posts}
\else
    \set posts 100000
\endif
\if :{?seed}
\else
    \set seed 2026
\endif

\if :{?craftsmen}
\else
    \set craftsmen greatest(50, :posts / 25)
\endif

SET client_encoding = 'UTF8';
SET client_min_messages = warning;
SET timezone = 'UTC';
SET synchronous_commit = off;
SET jit = off;
SET work_mem = '64MB';
\pset tuples_only on
\pset format unaligned

-- The only look at the clock: every time below counts back from it.
\if :{?now}
\else
    SELECT date_trunc('hour', now()) AS now \gset
\endif

BEGIN;
\ir checks.sql
\ir functions.sql
\ir names.sql
\ir trades.sql
\ir people.sql
\ir accounts.sql
\ir craftsmen.sql
\ir posts.sql
\ir media.sql
\ir readers.sql
SELECT mesteri.instance_record('first');   -- these accounts are the first: timed work may begin
COMMIT;

VACUUM (ANALYZE) mesteri.users, mesteri.user_profiles, mesteri.craftsman_profiles, mesteri.craftsman_certifications,
    mesteri.craftsman_crafts, mesteri.saved_craftsmen, mesteri.content_posts, mesteri.content_interactions, mesteri.media;

DISCARD TEMP;
RESET ALL;

SELECT format('%s craftsmen, %s clients, %s posts, %s interactions, %s follows',
              (SELECT count(*) FROM mesteri.craftsman_profiles),
              (SELECT count(*) FROM mesteri.users WHERE user_type = 'client'),
              (SELECT count(*) FROM mesteri.content_posts),
              (SELECT count(*) FROM mesteri.content_interactions),
              (SELECT count(*) FROM mesteri.saved_craftsmen));
