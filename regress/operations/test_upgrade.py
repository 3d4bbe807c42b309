"""Every version that can be upgraded from ends as a fresh install: the same objects, owners, grants, labels, comments, seeds.

One such version is made here, from the present one, so that there always is one: 0.0.9 lacks some objects of every kind, and
its upgrade script brings them.  Those of releases are in sql/upgrade (docs/operations.md).
"""

import os
import re
import shutil
import subprocess

import pytest

from conftest import PREFIX, program
from server import ROOT, Database

VERSION = re.search(r"default_version = '(.*)'", open(os.path.join(ROOT, "control", "mesteri.control")).read())[1]
OLD = "0.0.9"

# What the made-up previous version lacks, in an order in which it can go ...
LACKS = """
ALTER TABLE mesteri.search_history DROP COLUMN searched_at CASCADE;
DROP INDEX mesteri.devices_user;
DROP FUNCTION mesteri.instance_check();
DROP VIEW analytics.registrations;
DROP POLICY reporter_read ON mesteri.users;
ALTER TABLE mesteri.users DROP CONSTRAINT users_deleted_not_active;
SECURITY LABEL FOR mesteri ON COLUMN mesteri.users.email IS NULL;
DELETE FROM mesteri.error_rules WHERE rule = (SELECT min(rule) FROM mesteri.error_rules);
SELECT mesteri.shipped_objects_record();
"""

OBJECTS = r"""
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('mesteri', 'api', 'analytics', 'ops')),
         relations AS (SELECT c.*, c.oid::regclass::text AS name FROM pg_class c JOIN ours ON ours.oid = c.relnamespace WHERE c.relkind <> 'c')
    SELECT 'schema ' || n.nspname || ' ' || n.nspowner::regrole || ' ' || coalesce(array(SELECT a::text FROM unnest(n.nspacl) a ORDER BY 1)::text, '') AS line
      FROM pg_namespace n JOIN ours USING (oid)
     UNION ALL
    SELECT concat_ws(' ', 'relation', r.name, r.relkind, r.relowner::regrole, r.relrowsecurity, r.relforcerowsecurity, r.reloptions,
                     array(SELECT a::text FROM unnest(r.relacl) a ORDER BY 1), pg_get_expr(r.relpartbound, r.oid),
                     CASE WHEN r.relkind = 'v' THEN pg_get_viewdef(r.oid) END) FROM relations r WHERE relkind NOT IN ('i', 'I')
     UNION ALL
    SELECT concat_ws(' ', 'column', r.name, row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
                     a.attnotnull, a.attgenerated, a.attidentity, pg_get_expr(d.adbin, d.adrelid),
                     array(SELECT x::text FROM unnest(a.attacl) x ORDER BY 1), col_description(r.oid, a.attnum))
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'v')
      LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
     UNION ALL
    SELECT concat_ws(' ', kind, relation, name, ddl) FROM mesteri.table_objects()
     UNION ALL
    SELECT concat_ws(' ', 'local', kind, relation, name) FROM ops.local_objects
     UNION ALL
    SELECT concat_ws(' ', 'function', p.oid::regprocedure, p.proowner::regrole, array(SELECT a::text FROM unnest(p.proacl) a ORDER BY 1),
                     pg_get_functiondef(p.oid)) FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace WHERE p.prokind = 'f'
     UNION ALL
    SELECT concat_ws(' ', 'type', t.oid::regtype, t.typtype, t.typowner::regrole, array(SELECT a::text FROM unnest(t.typacl) a ORDER BY 1),
                     format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
                     array(SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
                     array(SELECT conname || pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.contypid = t.oid ORDER BY conname))
      FROM pg_type t JOIN ours ON ours.oid = t.typnamespace
     UNION ALL
    SELECT concat_ws(' ', 'comment', o.type, o.identity, d.description)
      FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
     WHERE o.schema IN (SELECT nspname FROM ours) OR o.identity IN (SELECT nspname FROM ours)
     UNION ALL
    SELECT concat_ws(' ', 'label', table_name, column_name, class, owner_path) FROM mesteri.labels
     UNION ALL
    SELECT concat_ws(' ', 'member', o.type, o.identity)
      FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e',
           pg_identify_object(d.classid, d.objid, d.objsubid) o
     WHERE e.extname = 'mesteri'
     UNION ALL
    SELECT concat_ws(' ', 'dumped', c.oid::regclass, c.condition)
      FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS c (oid, condition) WHERE e.extname = 'mesteri'
     ORDER BY 1"""
SEEDED = """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'seeded'
             WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind = 'r' ORDER BY 1"""


def described(database):
    """A line for every object, and every seeded row."""
    lines = [row["line"] for row in database.run(OBJECTS)]
    for table in database.run(SEEDED):
        lines += sorted(f"seed {table['name']} {row['t']}" for row in database.run(f"SELECT t::text FROM {table['name']} t WHERE seeded"))
    return lines


@pytest.fixture(scope="module")
def folder(clusters):
    """The folder of extension scripts of a prefix that is this module's own."""
    prefix = os.path.join(clusters.folder, "prefix")
    shutil.copytree(PREFIX, prefix, symlinks=True)
    return os.path.join(prefix, "share", "postgresql", "15", "extension")


@pytest.fixture(scope="module")
def old_cluster(clusters, folder):
    """Its server knows version 0.0.9 too."""
    before = os.environ.get("MESTERI_PREFIX")
    os.environ["MESTERI_PREFIX"] = os.path.join(clusters.folder, "prefix")
    try:
        fresh = open(os.path.join(folder, f"mesteri--{VERSION}.sql")).read()
        with open(os.path.join(folder, f"mesteri--{OLD}.sql"), "w") as file:
            file.write(fresh + LACKS)
        yield clusters.make("upgrade")
    finally:
        if before is None:
            del os.environ["MESTERI_PREFIX"]
        else:
            os.environ["MESTERI_PREFIX"] = before


def install(cluster, name, version=VERSION):
    program("psql", cluster, "postgres", "-X", "-q", "-d", "postgres", "-c", f"CREATE DATABASE {name}")
    database = Database(cluster, name)
    database.run(f"CREATE EXTENSION mesteri VERSION '{version}' CASCADE")
    return database


@pytest.fixture(scope="module")
def fresh(old_cluster):
    database = install(old_cluster, "fresh")
    return described(database)


def upgrade_script(fresh_lines, folder):
    """The upgrade script to the present version, as somebody would write it."""
    def line(start):
        return next(line for line in fresh_lines if line.startswith(start))

    whole = open(os.path.join(folder, f"mesteri--{VERSION}.sql")).read()

    def statement(start):
        return whole[whole.index(start):].split(";\n", 1)[0] + ";\n"

    function = whole[whole.index("CREATE FUNCTION mesteri.instance_check()"):]
    function = function[:function.index("$$;\n") + 4]
    rule = re.search(r"^seed mesteri\.error_rules \((\w+),", line("seed mesteri.error_rules"))[1]
    seed = next(row for row in whole.splitlines() if row.lstrip().startswith(f"('{rule}',"))
    constraint = line("constraint mesteri.users users_deleted_not_active").split("users_deleted_not_active ", 1)[1]
    return f"""\\echo Use "ALTER EXTENSION mesteri UPDATE" to load this file. \\quit
LOAD 'MODULE_PATHNAME';
SELECT mesteri.upgrade_begin();
ALTER TABLE mesteri.search_history ADD COLUMN searched_at timestamptz NOT NULL DEFAULT now();
{statement("COMMENT ON COLUMN mesteri.search_history.searched_at")}
SECURITY LABEL FOR mesteri ON COLUMN mesteri.search_history.searched_at IS 'none';
{chr(10).join(l.split(" ", 3)[3] for l in fresh_lines if re.match("index mesteri.search_history search_history_", l))}
{statement("CREATE INDEX devices_user ON")}
{function}
{statement("COMMENT ON FUNCTION mesteri.instance_check()")}
ALTER FUNCTION mesteri.instance_check() OWNER TO mesteri_owner;
REVOKE ALL ON FUNCTION mesteri.instance_check() FROM PUBLIC;
{statement("CREATE VIEW analytics.registrations")}
{statement("COMMENT ON VIEW analytics.registrations")}
ALTER VIEW analytics.registrations OWNER TO mesteri_reporter;
GRANT SELECT ON analytics.registrations TO mesteri_analyst;
CREATE POLICY reporter_read ON mesteri.users FOR SELECT TO mesteri_reporter USING (true);
{constraint}
SECURITY LABEL FOR mesteri ON COLUMN mesteri.users.email IS 'contact';
INSERT INTO mesteri.error_rules (rule, message_ro, message_hu, message_en, seeded)
SELECT rule, ro, hu, en, true FROM (VALUES {seed.strip().rstrip(',')}) AS csv (rule, ro, hu, en, position);
SELECT mesteri.upgrade_end();
"""


def test_from_a_version_that_lacks_much(old_cluster, fresh, folder):
    script = upgrade_script(fresh, folder)
    with open(os.path.join(folder, f"mesteri--{OLD}--{VERSION}.sql"), "w") as file:
        file.write(script)
    database = install(old_cluster, "old", OLD)
    assert set(fresh) - set(described(database)), "it lacks something"
    database.run("CREATE INDEX dba_users ON mesteri.users (created_at)")

    # A session that has served before goes on with the new version.
    connection = database.connect()
    with connection.cursor() as cursor:
        feed = "SELECT status FROM mesteri.request('GET', '/v1/feed')"
        with pytest.raises(Exception, match="serves a database of version 0.0.9"):
            cursor.execute("SELECT * FROM mesteri.handle(mesteri.route_id('GET', '/v1/feed'), NULL, NULL, NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL)")
        database.run("ALTER EXTENSION mesteri UPDATE")
        cursor.execute(feed)
        assert cursor.fetchone()[0] == 200
    connection.close()

    assert [row["name"] for row in database.run("SELECT name FROM ops.local_objects")] == ["dba_users"]
    database.run("DROP INDEX mesteri.dba_users")
    assert described(database) == fresh


def test_from_every_release(old_cluster, fresh):
    versions = [row["source"] for row in install(old_cluster, "versions").run(
        "SELECT source FROM pg_extension_update_paths('mesteri') WHERE target = %s AND path IS NOT NULL", VERSION)]
    assert OLD in versions
    for version in versions:
        database = install(old_cluster, "from_" + version.replace(".", "_"), version)
        database.run("ALTER EXTENSION mesteri UPDATE")
        assert described(database) == fresh, version


def test_what_a_script_forgets_is_found(old_cluster, fresh, folder):
    """Each line of the upgrade script matters to the comparison, or to the one after it."""
    script = upgrade_script(fresh, folder)
    path = os.path.join(folder, f"mesteri--{OLD}--{VERSION}.sql")
    forgotten = [line for line in script.splitlines()
                 if re.match(r"ALTER FUNCTION|REVOKE|ALTER VIEW|GRANT|CREATE POLICY|SECURITY LABEL|COMMENT ON COLUMN|CREATE INDEX|SELECT mesteri.upgrade_end", line)]
    assert len(forgotten) >= 8
    for number, line in enumerate(forgotten):
        with open(path, "w") as file:
            file.write(script.replace(line + "\n", "\n" if not line.startswith("COMMENT") else "", 1))
        try:
            database = install(old_cluster, f"forgot_{number}", OLD)
            database.run("ALTER EXTENSION mesteri UPDATE")
            assert described(database) != fresh, line
        finally:
            with open(path, "w") as file:
                file.write(script)
