"""Writes docs/feed-plans.md: what the database does for each kind of ranked search, as EXPLAIN and the engine's own count tell it."""
import os
from datetime import date

import searches
from backend import Backend
from instance import ROOT, Instance
from searches import ENGINE, PAGE, WORK, behind, first_page

POSTS = int(os.environ.get("BENCH_PLANS_POSTS", "1000000"))
CRAFTSMEN = int(os.environ.get("BENCH_PLANS_CRAFTSMEN", "200000"))
PATH = ROOT / "docs" / "feed-plans.md"

CLUJ = (46.77, 23.59)
BUCHAREST = (44.43, 26.10)
BLACK_SEA = (43.4, 32.5)

SEARCH = """SELECT f.* FROM mesteri.feed_weights w,
     mesteri.{function}({clock}, w, {place}, {radius_m}, {categories}, {authors}, {hidden}, {after}, {served}, {count}, {skip}) AS f
 WHERE w.version = 1"""

MATCH = """SELECT m.* FROM mesteri.match_weights w,
     mesteri.{function}(w, {place}, {radius_m}, {categories}, {rating}, {price}, {available},{words} {count}, {skip}) AS m
 WHERE w.version = 1"""

TRADE = "ARRAY[mesteri.category_id('faiantar')]"
BRANCH = "mesteri.category_tree(ARRAY[(SELECT k.parent_id FROM mesteri.craft_categories k WHERE k.slug = 'faiantar')])"
FOLLOWED = """ARRAY(SELECT s.craftsman_id FROM mesteri.saved_craftsmen s
                                             WHERE s.user_id = '019a0000-0000-7000-8000-000000000031')"""
MANY = "ARRAY(SELECT c.id FROM mesteri.craftsman_profiles c ORDER BY c.id LIMIT {})"

ABOUT = """\
# The plans of feed and matching

Every kind of search that `GET /v1/feed` and `GET /v1/craftsmen` make, and what the database does for it. `make bench-plans` writes this
page; see [feed.md](feed.md) and [matching.md](matching.md) for how it works, and [bench/RESULTS.md](../bench/RESULTS.md) for what it
costs in time.

To the planner an engine is a function, so its plan is one line, and the same for everybody. Below the buffers it stands what
`mesteri.engine_work()` said right after: pages and entries of the index that were looked at, rows fetched from the table, and distances
computed on the spheroid. Each search was run before, so that nothing is read from disk and no cache of the session is filled.
"""


class Search:
    """A search of the feed."""
    template = SEARCH

    def __init__(self, title, note="", **parts):
        self.title = title
        self.note = note
        self.parts = {**self.usual(), **parts}

    @staticmethod
    def usual():
        return {"function": "feed_top", "clock": "now()", "radius_m": 50000, "categories": "NULL", "authors": "NULL",
                "hidden": "NULL", "after": "NULL, NULL", "served": "''", "count": PAGE + 1, "skip": 0}

    def statement(self):
        place = self.parts["place"]
        return self.template.format(**{**self.parts, "place": "NULL" if place is None else "mesteri.point({}, {})".format(*place)})


class Match(Search):
    """A search for craftsmen."""
    template = MATCH

    @staticmethod
    def usual():
        return {"function": "match_top", "place": CLUJ, "radius_m": 50000, "categories": "NULL", "rating": "NULL", "price": "NULL",
                "available": "false", "words": "", "count": PAGE + 1, "skip": 0}


def craftsman_searches():
    return [
        Match("Craftsmen within 50 km"),
        Match("Craftsmen within 50 km, in the capital", place=BUCHAREST),
        Match("Craftsmen of a trade", "By the index of crafts.", categories=TRADE),
        Match("Craftsmen of a branch, available now", "Somebody with several of the trades comes once for each.", categories=BRANCH,
              available="true"),
        Match("Craftsmen of a trade, well rated, not dear", categories=TRADE, rating="4.5", price="100"),
        Match("Well rated craftsmen within 25 km", radius_m=25000, rating="4.5"),
        Match("Craftsmen, no position", place=None),
        Match("No craftsmen within reach", place=BLACK_SEA),
        Match("Tenth page of craftsmen", "What is skipped is ranked too.", skip=9 * PAGE),
        Match("Craftsmen by words", "Words have no index that ranks: the plain SQL answers.", function="match_reference",
              words=" 'zugrav',"),
    ]


def feed_searches(backend):
    return [
        Search("First page, 50 km", "Twenty posts, and one that tells whether there is more.", place=CLUJ),
        Search("First page, 50 km, in the capital", "A tenth of all posts are within reach.", place=BUCHAREST),
        Search("10 km", place=CLUJ, radius_m=10000),
        Search("A trade", "One of the leaves of the tree.", place=CLUJ, categories=TRADE),
        Search("A branch of trades", "The endpoint puts in what is below what was asked for.", place=CLUJ, categories=BRANCH),
        Search("No position", "Nearness counts for nobody and no radius holds.", place=None),
        Search("Whom a reader follows", "By the index of authors.", place=CLUJ, authors=FOLLOWED),
        Search("Many authors", "More than 500: by falling bound, and each post's author is looked up in the set.", place=CLUJ,
               authors=MANY.format(5000)),
        Search("Blocked authors", place=CLUJ, hidden=MANY.format(100)),
        Search("Nothing within reach", place=BLACK_SEA),
        after(backend, "Second page, by cursor", 2),
        after(backend, "Tenth page, by cursor", 10),
        Search("Tenth page, by number", "What is skipped is ranked too.", place=CLUJ, skip=9 * PAGE),
        Search("The deepest page", "A hundred behind 2400: all that may be asked for.", place=CLUJ, count=101, skip=2400),
    ]


def after(backend, title, page):
    """The search for a page behind those that a cursor names."""
    clock = backend.row("SELECT now()")[0]
    first = first_page(clock, CLUJ, 50)
    values = behind(backend, first, backend.run(ENGINE, [*first[:8], (page - 1) * PAGE, 0]))
    served = bytes(values[7]).hex()
    return Search(title, f"The cursor names {(page - 1) * PAGE} posts that were served.", place=CLUJ, clock=f"'{clock}'",
                  after=f"{values[5]!r}, '{values[6]}'", served=f"'\\x{served}'")


def shortened(text):
    """Without what makes a line of the page too long to read."""
    return "\n".join(line if len(line) <= 160 else line[:157] + "..." for line in text.splitlines())


def explain(backend, statement):
    return "\n".join(row[0] for row in backend.run(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) {statement}"))


def show(backend, search):
    statement = search.statement()
    for _ in range(2):
        backend.run(statement)
    plan = explain(backend, statement)
    work = backend.row(WORK)
    return [f"## {search.title}", "", *([search.note, ""] if search.note else []), "```sql", shortened(statement), "```", "",
            "```", shortened(plan), "```", "",
            "{} pages of the index, {} entries, {} rows, {} distances: {} buffers.".format(*work), ""]


def show_plain(backend, search):
    backend.run(search.statement())
    return [f"## {search.title}", "", search.note, "", "```sql", search.statement(), "```", "", "```",
            explain(backend, search.statement()), "```", ""]


def write(backend):
    posts, craftsmen = backend.row("SELECT (SELECT count(*) FROM mesteri.content_posts), (SELECT count(*) FROM mesteri.craftsman_profiles)")
    lines = [ABOUT, f"{posts} posts and {craftsmen} craftsmen of demo data, PostgreSQL {backend.row('SHOW server_version')[0].split()[0]}, "
             f"{date.today()}.", ""]
    for search in feed_searches(backend):
        lines += show(backend, search)
    lines += show_plain(backend, Search("The feed in plain SQL", "The meaning of the ranking and the oracle of its tests; what answers when "
                                        "the index is missing.", function="feed_reference", place=CLUJ))
    for search in craftsman_searches():
        lines += show(backend, search) if search.parts["function"] == "match_top" else show_plain(backend, search)
    lines += show_plain(backend, Match("Craftsmen in plain SQL", "The same for matching.", function="match_reference", words=" NULL,"))
    PATH.write_text("\n".join(lines).rstrip() + "\n")


def run():
    with Instance() as instance:
        instance.load(POSTS, craftsmen=CRAFTSMEN)
        with Backend(instance) as backend:
            searches.prepare(backend)
            write(backend)
