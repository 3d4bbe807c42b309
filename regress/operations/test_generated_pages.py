"""What `make docs` writes is what a freshly installed database, and data/, say."""

import os
import re
import sys

import pytest

from server import ROOT

sys.path.insert(0, os.path.join(ROOT, "docs", "generator"))

import words  # noqa: E402
from generate import generate  # noqa: E402

FOLDER = os.path.join(ROOT, "docs")

CONDITIONS = [
    ("((char_length(title) >= 1) AND (char_length(title) <= 255))", "`title` has 1 to 255 characters"),
    ("((VALUE > (0)::numeric) AND (VALUE <= (300)::numeric))", "0 < `value` ≤ 300"),
    ("(is_read = (read_at IS NOT NULL))", "`is_read` exactly when `read_at` is not null"),
    ("((a IS NULL) = (b IS NULL))", "`a` and `b` are null together"),
    ("((status <> 'done'::mesteri.outbox_status) OR (done_at IS NOT NULL))", "if `status` is `done`: `done_at` is not null"),
    ("((status <> ALL (ARRAY['a'::text, 'b'::text])) OR (NOT hidden))", "if `status` is one of `a`, `b`: not `hidden`"),
    ("(num_nonnulls(a, b) <= 1)", "at most 1 of `a`, `b` is not null"),
    ("(id ~ '^(a|b)$'::text)", "`id` matches `^(a\\|b)$`"),
    # What the grammar does not know is told as it is.
    ("(EXISTS ( SELECT 1))", "`(EXISTS ( SELECT 1))`"),
    ("(a = 'it''s'::text) AND", "`(a = 'it''s'::text) AND`"),
]

TABLES = "(SELECT oid FROM pg_class WHERE relnamespace = 'mesteri'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition)"
# Names in the catalog, and the form in which a page must show them.
TOLD = [
    (f"SELECT relname FROM pg_class WHERE oid IN {TABLES}", "### {}\n"),
    (f"SELECT DISTINCT attname FROM pg_attribute WHERE attrelid IN {TABLES} AND attnum > 0 AND NOT attisdropped", "| `{}` |"),
    (f"SELECT conname FROM pg_constraint WHERE conrelid IN {TABLES} AND contype IN ('c', 'u', 'x')", "`{}`"),
    ("SELECT typname FROM pg_type WHERE typnamespace = 'mesteri'::regnamespace AND typtype = 'e'", "</a>`{}` |"),
    (f"SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid IN {TABLES}"
     " AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)", "ndex `{}`"),
    ("SELECT method || ' ' || path FROM mesteri.routes", "**`{}`**"),
    ("SELECT method || ' ' || path FROM mesteri.routes", "| [`{}`]("),
]


@pytest.fixture(scope="module")
def pages(cluster):
    connection = cluster.database("pages").connect()
    yield generate(connection)
    connection.close()


def tracked():
    names = [f"schema/{name}" for name in os.listdir(os.path.join(FOLDER, "schema"))]
    names += ["errors.md", "routes.md", "config.md", "privacy.md"]
    return {name: open(os.path.join(FOLDER, name)).read() for name in names}


def anchors(text):
    """Where a link can lead: headings as GitHub names them, and ids."""
    headings = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)]
    return headings + re.findall(r'<a id="([^"]+)">', text)


def test_pages_are_those_of_this_schema(pages):
    found = tracked()
    differ = sorted(name for name in pages.keys() | found.keys() if pages.get(name) != found.get(name))
    assert not differ, f"run `make docs` and commit docs; not as the database says: {', '.join(differ)}"


def test_every_link_leads_somewhere(pages):
    """Of these pages and of those that people write."""
    written = {name: open(os.path.join(FOLDER, name)).read() for name in os.listdir(FOLDER) if name.endswith(".md")}
    for name, text in {**written, **pages}.items():
        # A pattern in a code span may look like a link; a link's text may be a code span.
        text = re.sub(r"(`+).*?(?<!`)\1(?!`)", "code", text)
        for page, anchor in re.findall(r"\]\((?!https:)([^)#]*)#([^)]+)\)", text):
            path = os.path.normpath(os.path.join(os.path.dirname(name), page)) if page else name
            target = pages[path] if path in pages else open(os.path.join(FOLDER, path)).read()
            assert anchors(target).count(anchor) == 1, f"{name}: {page}#{anchor}"
        for path in re.findall(r"\]\((?!https:)([^)#]+)\)", text):
            path = os.path.normpath(os.path.join(os.path.dirname(name), path))
            assert path in pages or os.path.exists(os.path.join(FOLDER, path)), f"{name}: {path}"


def test_everything_is_told(pages, cluster):
    """Each table, column, constraint, index, closed list and endpoint has its line."""
    connection = cluster.database("pages").connect()
    text = "\n".join(pages.values())
    with connection.cursor() as cursor:
        for query, form in TOLD:
            cursor.execute(query)
            names = [name for (name,) in cursor.fetchall()]
            assert names, query
            assert [name for name in names if form.format(name.removeprefix("mesteri.")) not in text] == [], query
    connection.close()


@pytest.mark.parametrize("sql, said", CONDITIONS)
def test_words(sql, said):
    assert words.of_condition(sql) == said
