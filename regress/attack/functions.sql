/*
 * functions.sql
 *		Every function, with arguments that make sense.  :who is whose they are called as, :own_functions which are his to call.
 */
-- Beyond NULLs, which regress/tap/reach.sql passes: a function might look at its arguments before it looks at its caller.
CREATE TEMP TABLE called AS
SELECT n.nspname, p.proname, p.oid::regprocedure::text AS name, pg_temp.try(attack.call(p.oid)) AS outcome
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 -- What takes internal is the index's own: in SQL nobody can spell an argument for it.
 WHERE (n.nspname IN ('mesteri', 'ops', 'analytics') OR n.nspname = 'api' AND p.proname NOT IN ('hole'))
   AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[]);
SELECT attack.line('11', :'who', format('calls all %s functions of schema %s', count(*), nspname),
                   coalesce('all but its own are refused' || nullif(concat(', not ', string_agg(name || ': ' || outcome, ', ') FILTER (
                       WHERE outcome !~ '^42501' AND NOT (proname ~ :'own_functions'))), ', not '), 'all but its own are refused'),
                   '^all but its own are refused$')
  FROM called WHERE nspname <> 'api' GROUP BY nspname HAVING count(*) > 2 ORDER BY nspname;
