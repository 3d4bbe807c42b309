"""Pages of the feed: what the engine alone takes, against the size of the database and against the plain SQL."""
import os

from backend import mean, middle
from searches import DEPTHS, ENGINE, PAGE, REFERENCE, TOLD, Draw, behind, count_work, first_page, later_page, told

QUERIES = int(os.environ.get("BENCH_ENGINE_QUERIES", "300"))
REPETITIONS = 5
# CPU seconds that the plain SQL may take at each size: for ratios, and for exactness.
REFERENCE_CPU_S = 30
EXACT_CPU_S = int(os.environ.get("BENCH_ENGINE_EXACT_S", "150"))
EXACT_SEARCHES = 500
EXACT_PAGES = 3

NEAR = "50 km"
SHAPES = {
    NEAR: lambda draw: (50, None),
    "10 km": lambda draw: (10, None),
    "50 km, a trade": lambda draw: (50, draw.trade()),
    "10 km, a trade": lambda draw: (10, draw.trade()),
    "50 km, a branch of trades": lambda draw: (50, draw.branch()),
}
ALONE = f"""SELECT sum(f.score) FROM mesteri.feed_weights w, unnest(%s::float8[], %s::float8[]) AS p (lat, lon),
             mesteri.feed_top(%s, w, mesteri.point(p.lat, p.lon), 50000, NULL, NULL, NULL, NULL, NULL, '', {PAGE}, 0) AS f
             WHERE w.version = 1"""
BARS = {NEAR: "<= 50 buffers, 600 µs, 1.3 x", "50 km, a trade": "<= 120 buffers"}


class Size:
    """A database, a session in it and the searches that are timed there."""

    def __init__(self, posts, instance, backend):
        self.posts = posts
        self.instance = instance
        self.backend = backend
        self.clock = backend.row("SELECT now()")[0]
        self.searches = {name: self.draw(name, shape) for name, shape in SHAPES.items()}
        for page in DEPTHS[1:]:
            pages = (later_page(backend, first, page) for first in self.searches[NEAR])
            self.searches[f"{NEAR}, page {page}"] = [values for values in pages if values]
        self.searches[f"{NEAR}, page 10 by number"] = [[*first[:9], 9 * PAGE] for first in self.searches[NEAR]]

    def draw(self, name, shape):
        draw = Draw(self.backend, name)
        return [first_page(self.clock, draw.place(), *shape(draw)) for _ in range(QUERIES)]


def measure_pages(sizes):
    """Lines of a table; sizes are timed in turn, and the ratio is to the smallest."""
    lines = [f"| page of 20 | posts | {TOLD} | ratio | bar |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"]
    for name in sizes[0].searches:
        work = [count_work(size.backend, ENGINE, size.searches[name]) for size in sizes]
        runs = [[size.backend.costs(ENGINE, size.searches[name]) for size in sizes] for _ in range(REPETITIONS)]
        means = [[mean(costs) for costs in run] for run in runs]
        for place, size in enumerate(sizes):
            ratio = f"{middle(run[place] / run[0] for run in means):.2f}" if place else ""
            lines.append(f"| {name} | {size.posts} | {told(work[place], [run[place] for run in runs])} | {ratio} | {BARS.get(name, '')} |")
    return lines


def measure_alone(sizes):
    """The function by itself, called for all places in one statement: without its round trip, its parsing and its result as text."""
    runs = [[size.backend.cost(ALONE, [*map(list, list(zip(*size.searches[NEAR]))[1:3]), size.clock]) / QUERIES for size in sizes]
            for _ in range(REPETITIONS)]
    return [(f"`feed_top()` alone, {NEAR}, {size.posts} posts", middle(run[place] for run in runs),
             middle(run[place] / run[0] for run in runs) if place else None, None) for place, size in enumerate(sizes)]


def measure_reference(sizes):
    """The same searches by both, in turn, as many as the time allows; rows of the table of ratios."""
    rows = []
    bars = {100000: ">= 50 x", 1000000: ">= 500 x"}
    for size in sizes:
        engine, reference = [], []
        for values in size.searches[NEAR]:
            engine.append(middle(size.backend.costs(ENGINE, [values] * 3)))
            reference.append(size.backend.cost(REFERENCE, values))
            if sum(reference) > REFERENCE_CPU_S * 1e6:
                break
        rows.append((f"{NEAR}, plain SQL, {size.posts} posts, {len(reference)} searches: CPU µs p50 {middle(reference):.0f}, mean",
                     sum(reference) / len(reference), sum(reference) / sum(engine), bars.get(size.posts)))
    return rows


def measure_exactness(sizes):
    """Searches whose three pages are the reference's, to the last bit or up to ties; rows."""
    rows = []
    for size in sizes:
        same, tied, searches, spent = 0, 0, 0, 0.0
        draw = Draw(size.backend, "exactness")
        while searches < EXACT_SEARCHES and spent < EXACT_CPU_S * 1e6:
            categories = draw.chance.choice((None, None, draw.trade(), draw.branch()))
            first = first_page(size.clock, draw.place(), draw.chance.choice((2, 10, 50, 50)), categories)
            before = size.backend.cpu()
            wanted = size.backend.run(REFERENCE, [*first[:8], EXACT_PAGES * PAGE, 0])
            spent += size.backend.cpu() - before
            given = walk(size.backend, first)
            same += given == wanted
            tied += given != wanted and are_tied(given, wanted)
            searches += 1
        what = f"{size.posts} posts: searches {EXACT_PAGES} pages deep of {searches} that are the plain SQL's in every bit"
        rows.append((what + (f" ({tied} more up to ties)" if tied else ""), same, same / searches, "1.00"))
    return rows


def walk(backend, first):
    """The posts of three pages, each asked for behind the ones before."""
    posts = backend.run(ENGINE, first)
    for page in range(2, EXACT_PAGES + 1):
        if len(posts) == (page - 1) * PAGE:
            posts += backend.run(ENGINE, behind(backend, first, posts))
    return posts


def are_tied(given, wanted):
    """Equal scores in each place, and the same posts with each score but the last, whose rest is cut off."""
    if [round(post[2], 9) for post in given] != [round(post[2], 9) for post in wanted]:
        return False
    last = round(wanted[-1][2], 9) if wanted else None
    return ({post[0] for post in given if round(post[2], 9) != last} == {post[0] for post in wanted if round(post[2], 9) != last})
