"""What the feed's index costs those who write, and how it compares with PostGIS's on the same points."""
from itertools import permutations

from backend import middle
from load import pgbench_script

ROUNDS = 3
UPDATES = 20000         # a round; one in twenty is a like, the others are views
POSTS_INSERTED = 20000  # a round

INDEX = "CREATE INDEX content_posts_feed ON mesteri.content_posts USING gist (feed_key) WHERE feed_key IS NOT NULL"
DROP = "DROP INDEX mesteri.content_posts_feed"
TRIGGER = "ALTER TABLE mesteri.content_posts {} TRIGGER content_posts_feed"

UPDATE = """\\set n random(1, :posts)
UPDATE mesteri.content_posts SET {0} = {0} + 1 WHERE id = (SELECT id FROM bench_posts WHERE n = :n);
"""

# A process maps each page of the server's memory when it first touches it; whoever comes first would pay for that.
TOUCH = """SELECT pgstattuple(c.oid) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
            WHERE c.relnamespace = 'mesteri'::regnamespace AND c.relkind IN ('r', 'i') AND a.amname IN ('heap', 'btree', 'gist')"""

HOT = """SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'mesteri.content_posts'::regclass"""

# New posts where and by whom others were made, published in the last day; others each round, for what one has widened stays wide.
NEW = f"""CREATE TEMPORARY TABLE bench_new AS
    SELECT * FROM mesteri.content_posts TABLESAMPLE BERNOULLI (LEAST(100, {POSTS_INSERTED} * 150.0 / {{posts}})) REPEATABLE ({{seed}})
     WHERE status = 'published' ORDER BY md5(id::text) LIMIT {POSTS_INSERTED}"""
COPIED = """craftsman_id, title, description, media_type, media_urls, thumbnail_url, before_media_url, after_media_url, duration_seconds,
            video_quality, category_id, tags, location, location_name, status, author_rating, author_active"""
INSERT = f"""INSERT INTO mesteri.content_posts (id, published_at, {COPIED})
             SELECT mesteri.uuid7(), now() - random() * interval '1 day', {COPIED} FROM bench_new"""


def measure_updates(size):
    """Counter updates with the feed's index and trigger and without, in turn."""
    size.backend.run("CREATE TABLE bench_posts AS SELECT row_number() OVER (ORDER BY md5(id::text)) AS n, id FROM mesteri.content_posts")
    size.backend.run("ALTER TABLE bench_posts ADD PRIMARY KEY (n)")
    size.backend.run("VACUUM ANALYZE bench_posts")
    update_counters(size)   # pages are opened up
    ours, bare, hot = [], [], []
    for _ in range(ROUNDS):
        before = size.backend.row(HOT)
        ours.append(update_counters(size))
        after = size.backend.row(HOT)
        hot.append((after[1] - before[1]) / (after[0] - before[0]))
        size.backend.run(DROP)
        size.backend.run(TRIGGER.format("DISABLE"))
        bare.append(update_counters(size))
        size.backend.run(TRIGGER.format("ENABLE"))
        size.backend.run(INDEX)
    size.backend.run("DROP TABLE bench_posts")
    return [(f"counter update, {size.posts} posts, without the feed's index and trigger", middle(bare), None, None),
            ("the same with them; ratio of the rates", middle(ours), middle(b / a for a, b in zip(ours, bare)), ">= 0.8 x"),
            ("of them HOT, %", None, 100 * middle(hot), ">= 90")]


def update_counters(size):
    """CPU microseconds of the server for an update."""
    return pgbench_script(size.instance, [(UPDATE.format("views_count"), 19), (UPDATE.format("likes_count"), 1)], UPDATES,
                          posts=size.backend.row("SELECT count(*) FROM bench_posts")[0])


def measure_inserts(size):
    """Posts inserted and rolled back: with all indexes, without the feed's, and without its trigger too."""
    size.backend.run("CREATE EXTENSION pgstattuple")
    size.backend.run(TOUCH)
    bare, index, both = insert_costs(size, "off", 0)
    _, _, both_whole = insert_costs(size, "on", 100)
    size.backend.reset_whole_pages()
    size.backend.run("DROP EXTENSION pgstattuple")
    return [(f"a post inserted, {size.posts} posts, without the feed's index and trigger", middle(bare), None, None),
            ("**added by them**, no page whole in the WAL", middle(both), None, "<= 30 µs"),
            ("of that by the index", middle(index), None, None),
            ("added by them, each page whole, after a checkpoint", middle(both_whole), None, None)]


def insert_costs(size, whole_pages, seed):
    """CPU microseconds of a post, by round: without index and trigger, added by the index, added by both."""
    ways = {"bare": [DROP, TRIGGER.format("DISABLE")], "no index": [DROP], "all": []}
    rounds = []
    for number, order in enumerate(permutations(ways), seed):
        size.backend.run("DROP TABLE IF EXISTS bench_new")
        size.backend.run(NEW.format(posts=size.posts, seed=number))
        count = size.backend.row("SELECT count(*) FROM bench_new")[0]
        costs = {}
        for way in order:
            size.backend.set_whole_pages(whole_pages)
            size.backend.run("BEGIN")
            for statement in ways[way]:
                size.backend.run(statement)
            costs[way] = size.backend.cost(INSERT) / count
            size.backend.run("ROLLBACK")
        size.backend.run("VACUUM mesteri.content_posts")
        rounds.append((costs["bare"], costs["all"] - costs["no index"], costs["all"] - costs["bare"]))
    return zip(*rounds)


def measure_build(size):
    """REINDEX of the feed's index and of PostGIS's on the same posts' places, in turn."""
    rows, figures = [], {"content_posts_feed": [], "content_posts_location": []}
    for _ in range(ROUNDS):
        for index, runs in figures.items():
            cost, wall = size.backend.cost_and_wall(f"REINDEX INDEX mesteri.{index}")
            runs.append((cost / 1e6, wall, size.backend.row(f"SELECT pg_relation_size('mesteri.{index}') / 1e6")[0]))
    ours, theirs = figures.values()
    cpu, wall, megabytes = (middle(a[i] / b[i] for a, b in zip(ours, theirs)) for i in range(3))
    rows = [[middle(run[i] for run in runs) for i in range(3)] for runs in (ours, theirs)]
    return ["| index of the published | posts | CPU s | wall s | MB |", "|---|---:|---:|---:|---:|",
            f"| feed | {size.posts} | {rows[0][0]:.2f} | {rows[0][1]:.2f} | {rows[0][2]:.1f} |",
            f"| places, PostGIS's GiST | {size.posts} | {rows[1][0]:.2f} | {rows[1][1]:.2f} | {rows[1][2]:.1f} |",
            f"| ratio, bar < 1 | | {cpu:.2f} | {wall:.2f} | {megabytes:.2f} |"]
