"""What it costs to write down what readers were shown: the database's side of a batch, as the proxy sends it."""
from backend import middle
from searches import PAGE, Draw

BATCH = 100      # reads; a proxy sends at most 200 at once, and what it has ten times a second
BATCHES = 20
READERS = "SELECT array_agg(id) FROM (SELECT id FROM mesteri.users WHERE user_type = 'client' ORDER BY md5(id::text) LIMIT %s) AS readers"

# Each of a number of readers is shown a page where he is.
EFFECTS = f"""
    SELECT mesteri.view_effects(%s, ARRAY(
        SELECT f.post_id FROM mesteri.feed_weights w,
               mesteri.feed_top(now(), w, mesteri.point(%s, %s), 50000, NULL, NULL, NULL, NULL, NULL, '', {PAGE}, 0) AS f WHERE w.version = 1))"""

WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'"


def measure(size):
    draw = Draw(size.backend, "impressions")
    readers = size.backend.row(READERS, [BATCH * BATCHES])[0].strip("{}").split(",")
    rows = []
    for name, pages, place in (("no page of it whole in the WAL", "off", 0), ("all pages whole, right after a checkpoint", "on", 1)):
        size.backend.run(f"ALTER SYSTEM SET full_page_writes = {pages}")
        size.backend.run("SELECT pg_reload_conf()")
        size.backend.run("CHECKPOINT")
        costs, wal = [], []
        for _ in range(BATCHES // 2):
            batch = [effect(size, readers[draw.chance.randrange(len(readers))], draw) for _ in range(BATCH)]
            before = size.backend.row(WAL)[0]
            costs.append(size.backend.cost("SELECT mesteri.effects_apply(%s)", [batch]) / BATCH)
            wal.append(float(size.backend.row(WAL)[0] - before) / BATCH)
        rows.append((f"impressions of a read, {size.posts} posts, {BATCH} reads a batch; ratio: kB of WAL, {name}",
                     middle(costs), sum(wal) / len(wal) / 1000, None if place else "<= 100 µs, <= 0.6 kB"))
    size.backend.run("ALTER SYSTEM RESET full_page_writes")
    size.backend.run("SELECT pg_reload_conf()")
    return rows


def effect(size, reader, draw):
    """The sealed effect of one read; out at sea there is nothing to read."""
    while True:
        effects = size.backend.row(EFFECTS, [reader, *draw.place()])[0]
        if effects:
            return effects[0]
