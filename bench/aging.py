"""Pages of the feed while posts are written for an hour, autovacuum as it comes: how far the index ages, and what makes it young again."""
import os
import time
from datetime import date

import results
import searches
from backend import Backend, middle, percentile
from feed_reads import NEAR, QUERIES, SHAPES
from feed_writes import COPIED
from instance import Instance

POSTS = 100000
SECONDS = int(os.environ.get("BENCH_AGING_S", "3600"))
LEGS = 4                # what a page takes is counted after each
RATE = 150              # statements a second
CLIENTS = 4
BAR = "<= 2 x"
TRADE = "50 km, a trade"

# The most liked posts come first.
NUMBERED = {"bench_posts": "SELECT row_number() OVER (ORDER BY likes_count DESC, id) AS n, id FROM mesteri.content_posts",
            "bench_craftsmen": "SELECT row_number() OVER (ORDER BY id) AS n, id FROM mesteri.craftsman_profiles"}
ANY = "\\set n random(1, :posts)\n"
POST = "(SELECT id FROM bench_posts WHERE n = :n)"
# Each with its share, %; the most liked posts are viewed most.
WRITES = {
    "view": (90, f"""\\set n random_zipfian(1, :posts, 1.05)
        UPDATE mesteri.content_posts SET views_count = views_count + 1, likes_count = likes_count + (random() < 0.1)::integer
         WHERE id = {POST};"""),
    "publish": (4, ANY + f"""INSERT INTO mesteri.content_posts (published_at, {COPIED})
        SELECT now(), {COPIED} FROM mesteri.content_posts WHERE id = {POST} AND status = 'published';"""),
    "hide or show": (2, ANY + f"""UPDATE mesteri.content_posts
        SET status = CASE status WHEN 'published' THEN 'hidden' ELSE 'published' END::mesteri.content_status
         WHERE id = {POST} AND status IN ('published', 'hidden');"""),
    "delete": (2, ANY + f"DELETE FROM mesteri.content_posts WHERE id = {POST};"),
    "rate": (2, """\\set n random(1, :craftsmen)
        UPDATE mesteri.craftsman_profiles SET total_reviews = total_reviews + 1, rating_sum = rating_sum + 4 + (random() < 0.5)::integer
         WHERE id = (SELECT id FROM bench_craftsmen WHERE n = :n);"""),
}

INDEX = "mesteri.content_posts_feed"
SIZE = f"SELECT pg_relation_size('{INDEX}') / 1e6"
ROWS = """SELECT n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del, autovacuum_count FROM pg_stat_user_tables
           WHERE relid = 'mesteri.content_posts'::regclass"""

ABOUT = """\
Written by `make bench-aging` on {date}: {statements} statements of pgbench in {seconds} s, {rate} a second, with autovacuum as it comes:
{mix}. With what ratings carry over to the authors' posts,
{ins} posts were inserted, {upd} times one was updated ({hot:.0f} % HOT), {deleted} deleted; autovacuum came {vacuums} times.
Buffers of a page of 20, p50 / p95 over {queries} places, with their ratios to before. Nobody else reads meanwhile, who would mark the dead
entries that he comes upon."""


def draw(backend, name):
    """The places of the section Engines."""
    chance = searches.Draw(backend, name)
    return [(chance.place(), *SHAPES[name](chance)) for _ in range(QUERIES)]


def count(backend, places):
    """Buffers of a page now, at the median and at the 95th percentile."""
    clock = backend.row("SELECT now()")[0]
    buffers = searches.count_work(backend, searches.ENGINE, [searches.first_page(clock, *place) for place in places])[4]
    return middle(buffers), percentile(buffers, 0.95)


def number(backend):
    """The tables that statements choose from; rows of each."""
    counts = {}
    for table, rows in NUMBERED.items():
        backend.run(f"CREATE TABLE {table} AS {rows}")
        backend.run(f"ALTER TABLE {table} ADD PRIMARY KEY (n)")
        counts[table.removeprefix("bench_")] = backend.row(f"SELECT count(*) FROM {table}")[0]
    return counts


def write(instance, seconds, seed, counts):
    """How many statements there were."""
    words = [word for name, rows in counts.items() for word in ("-D", f"{name}={rows}")]
    for name, (weight, script) in WRITES.items():
        path = instance.state / f"{name}.sql"
        path.write_text(script)
        words += ["-f", f"{path}@{weight}"]
    output = instance.program("pgbench", "postgres", "-n", "-M", "prepared", "-c", str(CLIENTS), "-R", str(RATE), "-T", str(seconds),
                              f"--random-seed={seed}", *words, "mesteri")
    return int(output.split("actually processed: ")[1].split()[0])


class Table:
    """A line each time it is counted."""

    def __init__(self, backend):
        self.backend = backend
        self.places = {name: draw(backend, name) for name in (NEAR, TRADE)}
        self.before = None
        self.lines = [f"| when | {NEAR} | ratio | {TRADE} | ratio | index, MB | bar |", "|---|---:|---:|---:|---:|---:|---|"]

    def count(self, when, bar=""):
        now = [count(self.backend, places) for places in self.places.values()]
        self.before = self.before or now
        shown = [f"{p50:.0f} / {p95} | {p50 / old50:.2f} / {p95 / old95:.2f}" for (p50, p95), (old50, old95) in zip(now, self.before)]
        self.lines.append(f"| {when} | {' | '.join(shown)} | {self.backend.row(SIZE)[0]:.1f} | {bar} |")
        print(self.lines[-1], flush=True)


def run():
    started, load = time.monotonic(), os.getloadavg()
    with Instance() as instance:
        instance.load(POSTS)
        with Backend(instance) as backend:
            counts = number(backend)
            backend.run("VACUUM ANALYZE")
            searches.prepare(backend)
            table, old, statements = Table(backend), backend.row(ROWS), 0
            table.count("before")
            for leg in range(1, LEGS + 1):
                statements += write(instance, SECONDS // LEGS, searches.SEED + leg, counts)
                table.count(f"after {SECONDS // LEGS * leg} s", BAR if leg == LEGS else "")
            ins, upd, hot, deleted, vacuums = (new - before for new, before in zip(backend.row(ROWS), old))
            backend.run("VACUUM mesteri.content_posts")
            table.count("after `VACUUM`")
            backend.run(f"REINDEX INDEX CONCURRENTLY {INDEX}")
            table.count("after `REINDEX INDEX CONCURRENTLY`")
            mix = ", ".join(f"{weight} % {name}" for name, (weight, _) in WRITES.items())
            about = ABOUT.format(date=date.today(), statements=statements, seconds=SECONDS, rate=RATE, mix=mix, ins=ins, upd=upd,
                                 hot=100 * hot / upd, deleted=deleted, vacuums=vacuums, queries=QUERIES)
            head = results.environment(instance, load, f"{POSTS} posts of demo data at first")
    results.write("Aging", [*about.splitlines(), "", *head, *table.lines, "", f"The run took {time.monotonic() - started:.0f} s."])
