"""Random searches of the feed, and the statements that ask them of the engine and of its reference."""
import math
import random

from backend import mean, middle, percentile
from instance import SETTINGS

# All that is read is in memory; nobody tidies up while something is measured.
CACHED = SETTINGS + "shared_buffers = '8GB'\nautovacuum = off\n"

SEED = 2026
PAGE = 20
DEPTHS = (1, 2, 3, 10)

COLUMNS = "f.post_id, f.distance_m, f.score, f.geo, f.engagement, f.rating, f.recency"
# Both with the same arguments: clock, place, radius, categories, cursor, count, skip.
PREPARE = """PREPARE {name} (timestamptz, float8, float8, float8, uuid[], float8, uuid, bytea, integer, integer) AS
             SELECT {columns} FROM mesteri.feed_weights w,
                    mesteri.{function}($1, w, mesteri.point($2, $3), $4, $5, NULL, NULL, $6, $7, $8, $9, $10) AS f WHERE w.version = 1"""
EXECUTE = "EXECUTE {} (%s, %s, %s, %s, %s::uuid[], %s, %s, %s, %s, %s)"
ENGINE = EXECUTE.format("engine")
REFERENCE = EXECUTE.format("reference")

WORK = "SELECT index_pages, index_entries, heap_tuples, distances, buffers FROM mesteri.engine_work()"

COUNTIES = "SELECT code, mesteri.latitude(location), mesteri.longitude(location), population FROM mesteri.counties ORDER BY code"
TRADES = """SELECT k.id::text FROM mesteri.craft_categories k
             WHERE k.is_active AND NOT EXISTS (SELECT FROM mesteri.craft_categories c WHERE c.parent_id = k.id) ORDER BY k.id"""
BRANCHES = """SELECT array_agg(k.id)::text[] FROM mesteri.craft_categories k WHERE k.parent_id IS NOT NULL
               GROUP BY k.parent_id ORDER BY k.parent_id"""


def prepare(backend):
    backend.run(PREPARE.format(name="engine", function="feed_top", columns=COLUMNS))
    backend.run(PREPARE.format(name="reference", function="feed_reference", columns=COLUMNS))


def count_work(backend, statement, list_of_values):
    """What each search took: lists of index pages and entries, tuples, distances, buffers."""
    work = []
    for values in list_of_values:
        backend.run(statement, values)
        work.append(backend.row(WORK))
    return list(zip(*work))


TOLD = "buffers p50 / p95 | index pages | entries | tuples | CPU µs p50 / p95 | mean"


def told(work, runs):
    """Columns TOLD: the work of some searches, and what each of them took, run by run."""
    pages, entries, tuples, _, buffers = work
    costs = [cost for run in runs for cost in run]
    return " | ".join([f"{middle(buffers):.0f} / {percentile(buffers, 0.95)}", f"{middle(pages):.0f}", f"{middle(entries):.0f}",
                       f"{middle(tuples):.0f}", f"{middle(costs):.0f} / {percentile(costs, 0.95):.0f}", f"{middle(map(mean, runs)):.0f}"])


class Draw:
    """The same places and trades in every database: by population, seven in ten in town."""

    def __init__(self, backend, purpose):
        self.chance = random.Random(f"{SEED} {purpose}")
        self.counties = backend.run(COUNTIES)
        self.weights = [row[3] for row in self.counties]
        self.trades = [row[0] for row in backend.run(TRADES)]
        self.branches = [row[0] for row in backend.run(BRANCHES)]

    def place(self):
        code, lat, lon, _ = self.chance.choices(self.counties, self.weights)[0]
        spread = 20 if self.chance.random() < 0.3 else 7 if code == "B" else 4
        north, east = self.chance.gauss(0, spread), self.chance.gauss(0, spread)
        return lat + north / 111.2, lon + east / (111.2 * math.cos(math.radians(lat)))

    def trade(self):
        return [self.chance.choice(self.trades)]

    def branch(self):
        return self.chance.choice(self.branches)


def first_page(clock, place, radius_km, categories=None, count=PAGE, skip=0):
    return [clock, *place, radius_km * 1000, categories, None, None, b"", count, skip]


def behind(backend, first, posts):
    """The values of the page that a reader asks for who has been given these posts."""
    served = backend.row("SELECT mesteri.feed_served_add('', %s::uuid[])", [[post[0] for post in posts]])[0]
    return [*first[:5], posts[-1][2], posts[-1][0], bytes(served), PAGE, 0]


def later_page(backend, first, page):
    """The values of the page behind page - 1 others; none when there are not so many."""
    posts = backend.run(ENGINE, [*first[:8], (page - 1) * PAGE, 0])
    return behind(backend, first, posts) if len(posts) == (page - 1) * PAGE else None
