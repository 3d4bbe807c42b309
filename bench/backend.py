"""A session whose CPU time is counted, by itself, in nanoseconds."""
import statistics
import time
from pathlib import Path

import psycopg2

# One backend does all: a second process's time would be nobody's.
SETTINGS = """SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0; SET jit = off;
              SET synchronous_commit = off"""


class Backend:
    def __init__(self, instance):
        self.connection = psycopg2.connect(host=str(instance.state / "run"), user="postgres", dbname="mesteri")
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(SETTINGS)
        self.schedstat = Path(f"/proc/{self.connection.get_backend_pid()}/schedstat")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def run(self, statement, values=None):
        """Rows, if it gives any."""
        self.cursor.execute(statement, values)
        return self.cursor.fetchall() if self.cursor.description else None

    def row(self, statement, values=None):
        return self.run(statement, values)[0]

    def cpu(self):
        return int(self.schedstat.read_text().split()[0]) / 1000

    def cost(self, statement, values=None):
        """CPU microseconds of one execution, its round trip included."""
        before = self.cpu()
        self.run(statement, values)
        return self.cpu() - before

    def set_whole_pages(self, setting):
        """Checkpoints; "on": from now a page that is changed for the first time goes to the WAL as a whole."""
        self.run(f"ALTER SYSTEM SET full_page_writes = {setting}")
        self.run("SELECT pg_reload_conf()")
        self.run("CHECKPOINT")

    def reset_whole_pages(self):
        self.run("ALTER SYSTEM RESET full_page_writes")
        self.run("SELECT pg_reload_conf()")

    def costs(self, statement, list_of_values):
        return [self.cost(statement, values) for values in list_of_values]

    def cost_and_wall(self, statement):
        """The same, and seconds by the wall clock."""
        started = time.monotonic()
        return self.cost(statement), time.monotonic() - started


def percentile(figures, part):
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def middle(figures):
    return statistics.median(figures)


def mean(figures):
    return statistics.mean(figures)
