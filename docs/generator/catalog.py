"""What the server knows of a freshly installed database: each question is one query, each answer in a fixed order."""
from collections import defaultdict

import psycopg2.extras

SCHEMAS = "('mesteri', 'api', 'analytics', 'ops')"
ROLE = "CASE {0} WHEN 0 THEN 'PUBLIC' ELSE {0}::regrole::text END"

RELATIONS = f"""
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, obj_description(c.oid, 'pg_class') AS comment,
           pg_get_partkeydef(c.oid) AS partitioned_by, c.relowner::regrole::text AS owner,
           e.condition AS dumped_where,
           (SELECT label FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = c.oid AND l.objsubid = 0
                                              AND l.provider = 'mesteri') AS rows_of
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN (SELECT u.relation, u.condition FROM pg_extension x, unnest(x.extconfig, x.extcondition) AS u (relation, condition)
                  WHERE x.extname = 'mesteri') e ON e.relation = c.oid
     WHERE n.nspname IN {SCHEMAS} AND c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
     ORDER BY n.nspname, c.relname COLLATE "C" """

COLUMNS = f"""
    SELECT a.attrelid AS relation, a.attname AS name, a.attnum AS number, format_type(a.atttypid, a.atttypmod) AS type,
           a.attnotnull AS required, a.attgenerated = 's' AS generated, pg_get_expr(d.adbin, d.adrelid) AS default,
           col_description(a.attrelid, a.attnum) AS comment, l.label AS class
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_seclabel l ON l.classoid = 'pg_class'::regclass AND l.objoid = a.attrelid AND l.objsubid = a.attnum
                                 AND l.provider = 'mesteri'
     WHERE c.relnamespace::regnamespace::text IN {SCHEMAS} AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attrelid, a.attnum"""

CONSTRAINTS = f"""
    SELECT k.conrelid AS relation, k.contypid AS type, k.conname AS name, k.contype AS kind, k.confrelid AS target,
           pg_get_constraintdef(k.oid) AS definition, k.confdeltype AS on_delete, k.condeferrable AS deferrable,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
                   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY place) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
                   JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY place) AS target_columns
      FROM pg_constraint k
     WHERE k.connamespace::regnamespace::text IN {SCHEMAS} AND k.conparentid = 0
     ORDER BY array_position('{{p,u,x,f,c,t}}'::"char"[], k.contype), k.conname COLLATE "C", k.conrelid"""

INDEXES = f"""
    SELECT i.indrelid AS relation, c.relname AS name, i.indisunique AS unique, am.amname AS method,
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false) ||
                        CASE WHEN n <= i.indnkeyatts AND i.indoption[n - 1] & 1 = 1 THEN ' DESC' ELSE '' END
                   FROM generate_series(1, i.indnkeyatts) n ORDER BY n) AS keys,
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false)
                   FROM generate_series(i.indnkeyatts + 1, i.indnatts) n ORDER BY n) AS included,
           pg_get_expr(i.indpred, i.indrelid) AS predicate
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_am am ON am.oid = c.relam
     WHERE c.relnamespace::regnamespace::text IN {SCHEMAS} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
     ORDER BY c.relname COLLATE "C" """

TRIGGERS = """
    SELECT t.tgrelid AS relation, t.tgname AS name, n.nspname || '.' || p.proname AS function, obj_description(p.oid, 'pg_proc') AS comment
      FROM pg_trigger t
      JOIN pg_proc p ON p.oid = t.tgfoid
      JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE NOT t.tgisinternal AND t.tgparentid = 0
     ORDER BY t.tgname COLLATE "C", t.tgrelid"""

# What a role may do with all of a relation, or (columns) with some of its columns.
GRANTS = f"""
    SELECT c.oid AS relation, {ROLE.format("g.grantee")} AS role, g.privilege_type AS privilege, NULL::text[] AS columns
      FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
     WHERE c.relnamespace::regnamespace::text IN {SCHEMAS} AND c.relkind IN ('r', 'p', 'v')
       AND g.grantee NOT IN (SELECT oid FROM pg_roles WHERE rolsuper)
     UNION ALL
    SELECT c.oid, {ROLE.format("g.grantee")}, g.privilege_type, array_agg(a.attname::text ORDER BY a.attnum)
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
     WHERE c.relnamespace::regnamespace::text IN {SCHEMAS}
     GROUP BY c.oid, g.grantee, g.privilege_type
     ORDER BY role, privilege"""

POLICIES = f"""
    SELECT p.polrelid AS relation, p.polname AS name, p.polcmd AS command, {ROLE.format("r.role")} AS role,
           pg_get_expr(p.polqual, p.polrelid) AS condition, pg_get_expr(p.polwithcheck, p.polrelid) AS checked
      FROM pg_policy p, unnest(p.polroles) AS r (role)
     ORDER BY p.polname COLLATE "C", role"""

READS_PAST = "SELECT rolname FROM pg_roles WHERE rolbypassrls AND NOT rolsuper ORDER BY rolname"

TYPES = f"""
    SELECT t.oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind, obj_description(t.oid, 'pg_type') AS comment,
           format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull AS required, t.typrelid AS relation,
           ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels
      FROM pg_type t
      JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE n.nspname IN {SCHEMAS} AND t.typtype IN ('e', 'd', 'c') AND (c.oid IS NULL OR c.relkind = 'c')
     ORDER BY n.nspname, t.typname COLLATE "C" """

FUNCTIONS = f"""
    SELECT p.oid, n.nspname AS schema, p.proname AS name, obj_description(p.oid, 'pg_proc') AS comment,
           pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result,
           CASE WHEN p.prosecdef THEN p.proowner::regrole::text END AS runs_as, l.lanname AS language,
           ARRAY(SELECT {ROLE.format("g.grantee")} FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
                  WHERE g.grantee <> p.proowner AND g.privilege_type = 'EXECUTE' ORDER BY 1) AS callers,
           p.pronargs - p.pronargdefaults AS needed,
           ARRAY(SELECT format_type(u.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (type, place) ORDER BY place) AS types,
           coalesce(p.proargnames, '{{}}')::text[] AS names, coalesce(p.proargmodes, '{{}}')::text[] AS modes,
           ARRAY(SELECT pg_get_function_arg_default(p.oid, n) FROM generate_series(1, p.pronargs) n ORDER BY n) AS defaults
      FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_language l ON l.oid = p.prolang
     WHERE n.nspname IN {SCHEMAS}
     ORDER BY n.nspname, p.proname COLLATE "C", pg_get_function_identity_arguments(p.oid) COLLATE "C" """

ROUTES = """SELECT method, path, function, access, lane, deadline_ms, body_limit FROM mesteri.routes
             ORDER BY path COLLATE "C", method COLLATE "C" """


class Catalog:
    """All answers, with ours named in full."""

    def __init__(self, connection):
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            # Types of other extensions by their bare names: where they lie is the DBA's choice.
            cursor.execute("SET search_path = public, pg_catalog")

            def ask(query):
                cursor.execute(query)
                return cursor.fetchall()

            self.relations = {row["oid"]: row for row in ask(RELATIONS)}
            self.types = ask(TYPES)
            self.functions = ask(FUNCTIONS)
            self.routes = ask(ROUTES)
            self.reads_past = [row["rolname"] for row in ask(READS_PAST)]
            self.columns = by_relation(ask(COLUMNS))
            self.indexes = by_relation(ask(INDEXES))
            self.triggers = by_relation(ask(TRIGGERS))
            self.grants = by_relation(ask(GRANTS))
            self.policies = by_relation(ask(POLICIES))
            constraints = ask(CONSTRAINTS)
            self.constraints = by_relation(constraints)
            self.type_constraints = by_relation(constraints, "type")
            self.references = by_relation([row for row in constraints if row["kind"] == "f"], "target")

    def tables(self):
        return [relation for relation in self.relations.values() if relation["kind"] in "rp"]


def by_relation(rows, key="relation"):
    grouped = defaultdict(list)
    for row in rows:
        grouped[row[key]].append(row)
    return grouped
