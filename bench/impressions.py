"""What it costs to write down what readers were shown: the database's side of a batch, as the proxy sends it, and the counting."""
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

WAL = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8"
JOB = "SELECT function FROM mesteri.jobs WHERE name = 'count_views'"


def measure(size):
    """Lines of a table: what is written at once, and what the job that counts it does later, where there is one."""
    readers = size.backend.row(READERS, [BATCH * BATCHES])[0].strip("{}").split(",")
    job = size.backend.run(JOB)
    lines = ["| impressions of a read, twenty posts | CPU µs | WAL kB | bar |", "|---|---:|---:|---|"]
    for name, whole, bar in (("no page whole in the WAL", "off", "<= 100 µs, <= 0.6 kB"),
                             ("each page whole, after a checkpoint", "on", "")):
        draw = Draw(size.backend, f"impressions {whole}")
        size.backend.set_whole_pages(whole)
        batches = [[effect(size, draw.chance.choice(readers), draw) for _ in range(BATCH)] for _ in range(BATCHES)]
        taken = [cost_and_wal(size, "SELECT mesteri.effects_apply(%s)", [batch]) for batch in batches]
        lines.append(line(f"written down, {BATCH} reads a batch, {name}", taken, BATCH, bar))
        if job:
            size.backend.set_whole_pages(whole)
            lines.append(line(f"counted by the job, {BATCH * BATCHES} reads at once, {name}",
                              [cost_and_wal(size, f"SELECT mesteri.{job[0][0]}()")], BATCH * BATCHES, ""))
    size.backend.reset_whole_pages()
    return lines


def cost_and_wal(size, statement, values=None):
    before = size.backend.row(WAL)[0]
    cost = size.backend.cost(statement, values)
    return cost, size.backend.row(WAL)[0] - before


def line(name, taken, reads, bar):
    costs, bytes_written = zip(*taken)
    return f"| {name} | {middle(costs) / reads:.1f} | {sum(bytes_written) / len(taken) / reads / 1000:.2f} | {bar} |"


def effect(size, reader, draw):
    """The sealed effect of one read; out at sea there is nothing to read."""
    while True:
        effects = size.backend.row(EFFECTS, [reader, *draw.place()])[0]
        if effects:
            return effects[0]
