"""The ranked feed: what a page costs, whether it grows, and whether it is right; what its index costs those who write."""
import os
import time
from contextlib import ExitStack
from datetime import date

import endpoint
import feed_reads
import feed_writes
import impressions
import pure
import results
import searches
from backend import Backend
from feed_reads import Size
from instance import Instance

POSTS = sorted(int(posts) for posts in os.environ.get("BENCH_ENGINE_POSTS", "100000 1000000").split())

HEAD = ["| what | CPU µs | ratio | bar |", "|---|---:|---:|---|"]

ABOUT = """\
Places are drawn by population, seven in ten in town, the same in each database; a trade is one of the leaves of the tree, a branch those
below one of its roots. CPU time is the backend's for one prepared statement, its round trip and twenty rows of text included; its ratio
is to the smallest database, taken in turn. The indexes have grown row by row, as the demo inserts. Plain SQL is
`mesteri.feed_reference()`, kept from nesting loops, which would make it slower yet."""


def table(rows):
    return HEAD + [f"| {name} | {rounded(figure, 1)} | {rounded(ratio, 2)} | {bar or ''} |" for name, figure, ratio, bar in rows]


def rounded(figure, digits):
    return "" if figure is None else f"{figure:.{digits}f}"


def run():
    started, load = time.monotonic(), os.getloadavg()
    with ExitStack() as stack:
        sizes = [make(stack, posts) for posts in POSTS]
        largest = sizes[-1]
        pages = feed_reads.measure_pages(sizes)
        ratios = feed_reads.measure_alone(sizes) + feed_reads.measure_reference(sizes) + feed_reads.measure_exactness(sizes)
        for part in (endpoint.measure, pure.measure, feed_writes.measure_inserts, feed_writes.measure_updates):
            ratios += part(largest)
        shown = impressions.measure(largest)
        build = feed_writes.measure_build(largest)
        head = results.environment(largest.instance, load, f"{' and '.join(map(str, POSTS))} posts of demo data, all cached")
    lines = [f"Written by `make bench-engines` on {date.today()}; medians of {feed_reads.REPETITIONS} runs of each search.", "",
             *head, *pages, "", *ABOUT.splitlines(), "", *table(ratios), "", *shown, "", *build, "",
             f"The run took {time.monotonic() - started:.0f} s."]
    results.write("Engines", lines)


def make(stack, posts):
    instance = stack.enter_context(Instance(settings=searches.CACHED))
    instance.load(posts)
    backend = stack.enter_context(Backend(instance))
    searches.prepare(backend)
    return Size(posts, instance, backend)
