-- What every table and function must be, whoever adds the next one.
BEGIN;
SELECT no_plan();

CREATE TEMP VIEW our_tables AS
    SELECT c.oid, c.oid::regclass::text AS name, relname, relowner, relrowsecurity, relforcerowsecurity FROM pg_class c WHERE relnamespace = 'mesteri'::regnamespace AND relkind IN ('r', 'p');
CREATE TEMP VIEW our_functions AS
    SELECT p.oid::regprocedure::text AS name, l.lanname, p.oid, p.proname, p.pronamespace, p.prosecdef, p.proconfig, p.proowner, p.proacl, p.provolatile,
           p.proparallel, p.proargnames, p.proargmodes, CASE WHEN p.prokind = 'f' THEN pg_get_functiondef(p.oid) END AS definition
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
     WHERE p.pronamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace, 'analytics'::regnamespace);

-- Tables.
SELECT cmp_ok(count(*), '>=', 20::bigint, 'there are tables to look at') FROM our_tables;
SELECT ok(relrowsecurity AND relforcerowsecurity, name || ': row security is on, for its owner too') FROM our_tables ORDER BY name;
SELECT is(relowner::regrole::text, CASE WHEN relname ~ '^journal_' OR relname IN ('posted_commands', 'provider_facts') THEN 'mesteri_ledger' ELSE 'mesteri_owner' END,
          name || ': its owner') FROM our_tables ORDER BY name;
SELECT isnt(obj_description(oid, 'pg_class'), NULL, name || ': has a comment') FROM our_tables ORDER BY name;
SELECT is_empty('SELECT polrelid::regclass, polname, r::regrole FROM pg_policy, unnest(polroles) AS r
                  WHERE polrelid IN (SELECT oid FROM our_tables) AND r NOT IN (''mesteri_owner''::regrole, ''mesteri_catalogue''::regrole)
                    AND (r <> ''mesteri_ledger''::regrole OR polrelid NOT IN (SELECT oid FROM our_tables WHERE relowner = ''mesteri_ledger''::regrole))
                    AND (r <> ''mesteri_reporter''::regrole OR polname <> ''reporter_read'' OR polcmd <> ''r'')
                    AND (r <> ''mesteri_user''::regrole OR polname <> ''owner_reads'')',
                'policies are for the owner, the catalogue, the reporter, and callers who read what is theirs');
SELECT is_empty('SELECT polrelid::regclass, polname FROM pg_policy JOIN our_tables t ON t.oid = polrelid WHERE t.relowner = ''mesteri_ledger''::regrole
                   AND ''mesteri_owner''::regrole = ANY (polroles) AND polcmd NOT IN (''r'', ''a'')', 'the journal is read and added to');
SELECT is_empty('SELECT polrelid::regclass, polname FROM pg_policy WHERE polrelid IN (SELECT oid FROM our_tables)
                   AND ''mesteri_catalogue''::regrole = ANY (polroles) AND polcmd <> ''r''', 'the catalogue only reads');
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace = ''analytics''::regnamespace AND (relkind <> ''v'' OR relowner <> ''mesteri_reporter''::regrole
                   OR NOT coalesce(reloptions @> ''{security_barrier=true}'', false))', 'analysts have views of the reporter, all of them barriers');
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace IN (''mesteri''::regnamespace, ''ops''::regnamespace) AND relkind = ''v''
                   AND relowner NOT IN (''mesteri_owner''::regrole, ''mesteri_catalogue''::regrole)', 'no view has a superuser''s rights');
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace IN (''mesteri''::regnamespace, ''ops''::regnamespace, ''analytics''::regnamespace) AND relkind IN (''v'', ''m'')
                   AND obj_description(oid, ''pg_class'') IS NULL', 'every view has a comment');
SELECT is_empty('SELECT typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid WHERE typnamespace IN (''mesteri''::regnamespace, ''api''::regnamespace, ''ops''::regnamespace)
                   AND typcategory <> ''A'' AND (c.oid IS NULL OR c.relkind = ''c'') AND obj_description(t.oid, ''pg_type'') IS NULL', 'every type has a comment');
SELECT is_empty('SELECT nspname FROM pg_namespace WHERE nspname IN (''mesteri'', ''api'', ''analytics'', ''ops'')
                   AND (obj_description(oid, ''pg_namespace'') IS NULL OR nspowner <> ''mesteri_owner''::regrole)', 'all schemas have an owner and a comment');
SELECT is_empty('SELECT conname, conrelid::regclass FROM pg_constraint WHERE conrelid IN (SELECT oid FROM our_tables) AND NOT convalidated', 'every constraint holds');
SELECT is_empty('SELECT conrelid::regclass, conname FROM pg_constraint c WHERE contype = ''f'' AND confdeltype = ''c'' AND conrelid IN (SELECT oid FROM our_tables)
                   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0] = c.conkey[1])
                ', 'behind every foreign key that deletes run through is an index');

-- Foreign keys have no circle but from a table to itself: a dump restores in order.
SELECT is_empty($$
    WITH RECURSIVE edges AS (
        SELECT DISTINCT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM our_tables) AND conrelid <> confrelid
    ), reached (origin, table_oid) AS (
        SELECT conrelid, confrelid FROM edges UNION SELECT origin, confrelid FROM reached JOIN edges ON conrelid = table_oid
    )
    SELECT origin::regclass FROM reached WHERE origin = table_oid $$, 'foreign keys make no circle');

-- Dumps hold every table's rows, but those of the install script.
SELECT set_eq('SELECT unnest(extconfig)::regclass FROM pg_extension WHERE extname = ''mesteri''',
              'SELECT oid::regclass FROM our_tables WHERE relname <> ''revocation_signal''
               UNION ALL SELECT oid::regclass FROM pg_class WHERE relnamespace = ''mesteri''::regnamespace AND relkind = ''S''',
              'dumps hold every sequence, and every table but the signal');
SELECT is_empty($$
    SELECT t.name FROM our_tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'seeded', pg_extension e
     WHERE e.extname = 'mesteri' AND e.extcondition[array_position(e.extconfig, t.oid)] <> 'WHERE NOT seeded' $$, 'seeded rows stay out of dumps');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('mesteri'::regnamespace, 'api'::regnamespace, 'analytics'::regnamespace, 'ops'::regnamespace) AND relkind IN ('r', 'v', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') $$, 'all of it belongs to the extension');

-- Functions.
SELECT cmp_ok(count(*), '>=', 60::bigint, 'there are functions to look at') FROM our_functions;
SELECT is_empty('SELECT name FROM our_functions WHERE obj_description(oid, ''pg_proc'') IS NULL', 'every function has a comment');
SELECT is_empty('SELECT name FROM our_functions WHERE proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)', 'no function is PUBLIC''s');
SELECT is_empty('SELECT name FROM our_functions WHERE lanname NOT IN (''c'', ''sql'', ''plpgsql'')', 'no other language');
SELECT is_empty('SELECT name, proowner::regrole FROM our_functions WHERE lanname = ''c'' AND prosecdef', 'no function in C has a superuser''s rights');
SELECT is_empty('SELECT name, proowner::regrole FROM our_functions WHERE lanname <> ''c''
                   AND CASE WHEN pronamespace = ''analytics''::regnamespace THEN proowner <> ''mesteri_reporter''::regrole
                            ELSE proowner NOT IN (''mesteri_owner''::regrole, ''mesteri_catalogue''::regrole) END',
                'functions in SQL belong to the owner or the catalogue, those that count to the reporter');
SELECT is_empty('SELECT c.oid::regclass, a.refobjid::regclass FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
                   JOIN pg_depend a ON a.classid = ''pg_rewrite''::regclass AND a.objid = r.oid AND a.refclassid = ''pg_class''::regclass AND a.refobjid <> c.oid
                  WHERE c.relnamespace = ''analytics''::regnamespace', 'no view of analysts is over a table: EXPLAIN ANALYZE would count its rows');
SELECT is_empty('SELECT name, rolname FROM our_functions JOIN pg_roles r ON r.oid = proowner WHERE prosecdef AND (rolsuper OR rolbypassrls)', 'definers are no superusers');
SELECT is_empty('SELECT name FROM our_functions WHERE prosecdef AND NOT coalesce(proconfig @> ''{"search_path=pg_catalog, mesteri, pg_temp"}'', false)',
                'definers have a fixed search_path, temporary objects last');
SELECT is_empty('SELECT name FROM our_functions WHERE prosecdef AND pronamespace = ''mesteri''::regnamespace AND proname NOT IN (''effects_apply'', ''create_partitions'')',
                'beside endpoints two functions alone lend their rights');
SELECT is_empty('SELECT name FROM our_functions WHERE pronamespace = ''api''::regnamespace AND prosecdef AND proowner = ''mesteri_catalogue''::regrole
                   AND definition ~* ''\m(insert|update|delete)\M''', 'what belongs to the catalogue writes nothing');

-- Who calls must not be asked in a parallel worker, which has no caller; what writes must not run there, nor in a read.
SELECT is(proparallel, 'r', name || ' is restricted') FROM our_functions WHERE proname ~ '^current_(user|session)';
SELECT is_empty('SELECT name FROM our_functions WHERE definition ~ ''mesteri\.current_(user|session)'' AND proname !~ ''^current_'' AND proparallel = ''s''',
                'nothing that asks who calls is parallel safe');
SELECT is_empty('SELECT name FROM our_functions WHERE lanname <> ''c'' AND definition ~* ''\m(insert into|update mesteri|delete from|for update|advisory)\M''
                   AND (provolatile <> ''v'' OR proparallel <> ''u'')', 'what writes or locks is volatile and not parallel');
-- A function may promise no more than those it calls, as far as their names tell.
SELECT is_empty($$
    SELECT f.name, g.name FROM our_functions f JOIN our_functions g ON f.definition ~ ('mesteri\.' || g.proname || '\M\s*\(') AND f.oid <> g.oid
     WHERE f.lanname <> 'c' AND position(f.provolatile::text in 'vsi') > position(g.provolatile::text in 'vsi') $$, 'no function promises to be more constant than what it calls');
SELECT is_empty($$
    SELECT f.name, g.name FROM our_functions f JOIN our_functions g ON f.definition ~ ('mesteri\.' || g.proname || '\M\s*\(') AND f.oid <> g.oid
     WHERE f.lanname <> 'c' AND position(f.proparallel::text in 'urs') > position(g.proparallel::text in 'urs') $$, 'nor to be safer in parallel');

SELECT finish();
ROLLBACK;
