/*
 * attack.sql
 *		Everything that somebody might try who has got at the database, a line each.
 *
 * Run by `regress/run attack`.  He has the proxy's own connection, and with Ana's token a hole in an endpoint that
 * executes what he says: SQL as mesteri_user with Ana's identity.  Whatever he sees is searched for what belongs to a
 * stranger; in the end a superuser looks whether anything has changed.  The traps are numbered as in the list that the
 * project was begun with: forged rows (11), background work (22), events (23-25), revocation (26), listeners (27),
 * tickets (28), logs (29), locks and lanes (30), repeated requests (31).
 *
 * Sockets (27, the lanes of 30) are the end-to-end tests'.
 *
 * What does not exist yet has a line that says so, and fails on the day it is there.
 */
\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY terse
-- Beside one for each endpoint and role.
\set lines 284
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

SELECT '1..' || :lines + 2 * count(*) FROM pg_proc WHERE pronamespace = 'api'::regnamespace;
\ir setup.sql
\ir proxy.sql
\ir user.sql
\ir sessions.sql
\ir others.sql
