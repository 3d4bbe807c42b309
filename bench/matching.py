"""Craftsmen by match score: what a page costs, against the plain SQL, and whether it is right."""
import os
import time
from datetime import date

import results
import searches
from backend import Backend, mean, middle
from instance import Instance
from searches import PAGE, TOLD, Draw, count_work, told

CRAFTSMEN = int(os.environ.get("BENCH_ENGINE_CRAFTSMEN", "200000"))
POSTS = 100000          # beside them
QUERIES = 100
REFERENCES = 20
REPETITIONS = 5
EXACT_SEARCHES = 60
EXACT_PAGES = 3

# place, radius, trades, least rating, highest price, available only, count, skip
PREPARE = """PREPARE {name} (float8, float8, float8, uuid[], float8, numeric, boolean, integer, bigint) AS
             SELECT m.* FROM mesteri.match_weights w,
                    mesteri.{function}(w, mesteri.point($1, $2), $3, $4, $5, $6, $7, {words} $8, $9) AS m WHERE w.version = 1"""
EXECUTE = "EXECUTE {} (%s, %s, %s, %s::uuid[], %s, %s, %s, %s, %s)"
ENGINE = EXECUTE.format("matching")
REFERENCE = EXECUTE.format("matching_reference")
# The reference as the planner would have it: with few neighbours nested loops are the better plan, with many they are not.
FREE = EXECUTE.format("matching_free")

# radius in km, trades, least rating, highest price, available only; bar of the ratio
SHAPES = {
    "50 km": (lambda draw: (50, None, None, None, False), ">= 60 x, 600 µs"),
    "50 km, a trade": (lambda draw: (50, draw.trade(), None, None, False), ">= 20 x, 600 µs"),
    "50 km, a branch of trades, available": (lambda draw: (50, draw.branch(), None, None, True), ">= 20 x, 600 µs"),
    "50 km, a trade, rating >= 4.5, price <= 100": (lambda draw: (50, draw.trade(), 4.5, 100, False), ">= 20 x, 600 µs"),
    "25 km, rating >= 4.5": (lambda draw: (25, None, 4.5, None, False), ">= 20 x, 600 µs"),
}


def values(draw, shape, count=PAGE, skip=0):
    radius_km, *filters = SHAPES[shape][0](draw)
    return [*draw.place(), radius_km * 1000, *filters, count, skip]


ABOUT = """\
Places are drawn by population, seven in ten in town; a trade is one of the leaves of the tree, a branch those below one of its roots. CPU
time is the backend's for one prepared statement, its round trip and twenty rows of text included. Plain SQL is the cheaper plan of
`mesteri.match_reference()`, with nested loops or without."""


def run():
    started, load = time.monotonic(), os.getloadavg()
    with Instance(settings=searches.CACHED) as instance:
        instance.load(POSTS, craftsmen=CRAFTSMEN)
        with Backend(instance) as backend:
            prepare(backend)
            lines = [*measure_pages(backend), "", *ABOUT.splitlines(), "", measure_exactness(backend)]
            head = results.environment(instance, load, f"{CRAFTSMEN} craftsmen of demo data, all cached")
    results.write("Matching", [f"Written by `make bench-matching` on {date.today()}; medians of {REPETITIONS} runs of each search.", "",
                               *head, *lines, "", f"The run took {time.monotonic() - started:.0f} s."])


def prepare(backend):
    backend.run(PREPARE.format(name="matching", function="match_top", words=""))
    backend.run(PREPARE.format(name="matching_reference", function="match_reference", words="NULL,"))
    definition = backend.row("SELECT pg_get_functiondef('mesteri.match_reference'::regproc)")[0]
    free = definition.replace("SET enable_nestloop TO 'off'", "")
    assert free != definition
    backend.run(free.replace("mesteri.match_reference(", "mesteri.bench_free(").replace("match_reference.", "bench_free."))
    backend.run(PREPARE.format(name="matching_free", function="bench_free", words="NULL,"))


def measure_pages(backend):
    lines = [f"| 20 of {CRAFTSMEN} craftsmen | {TOLD} | plain SQL, p50 | mean | ratio | bar |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"]
    for name, (_, bar) in SHAPES.items():
        draw = Draw(backend, name)
        asked = [values(draw, name) for _ in range(QUERIES)]
        work = count_work(backend, ENGINE, asked)
        runs = [backend.costs(ENGINE, asked) for _ in range(REPETITIONS)]
        both = [(middle(backend.costs(ENGINE, [one] * 3)), min(backend.cost(REFERENCE, one), backend.cost(FREE, one)))
                for one in asked[:REFERENCES]]
        ours, plain = zip(*both)
        lines.append(f"| {name} | {told(work, runs)} | {middle(plain):.0f} | {mean(plain):.0f} | {sum(plain) / sum(ours):.1f} | {bar} |")
    return lines


def measure_exactness(backend):
    draw = Draw(backend, "exactness")
    same = 0
    for _ in range(EXACT_SEARCHES):
        asked = values(draw, draw.chance.choice(list(SHAPES)))
        wanted = backend.run(REFERENCE, [*asked[:7], EXACT_PAGES * PAGE, 0])
        given = [row for page in range(EXACT_PAGES) for row in backend.run(ENGINE, [*asked[:7], PAGE, page * PAGE])]
        same += given == wanted
    return f"Of {EXACT_SEARCHES} random searches {EXACT_PAGES} pages deep, {same} were the plain SQL's in every bit."
