"""What a call costs: CPU time per call, and ratios of two figures taken in turn in the same run."""
import os
import statistics
import time
from datetime import date
from pathlib import Path

import results
import storm
from instance import Instance
from load import CONNECTIONS, REPETITIONS, SECONDS, pgbench, wrk

POSTS = int(os.environ.get("BENCH_POSTS", "100000"))
CLIENTS = 8            # of pgbench, the baseline of the proxy
NODE_USER_ME = 690     # CPU microseconds of GET /users/me, done the Node way, on the reference machine
READER = "019a0000-0000-7000-8000-000000000031"    # whose token it is

# What measure_row_security() reads: a list by the caller's id, and one that leads to the caller through another table.
# {reader} and {conversation} stand for what the bare statement says in so many words.
PAGE = "json_agg(json_build_object('id', id, 'type', type, 'text', {text}, 'is_read', is_read, 'created_at', created_at) ORDER BY id DESC)"
NOTIFICATIONS = (f"SELECT {PAGE.format(text='body')} FROM (SELECT * FROM mesteri.notifications WHERE user_id = {{reader}} "
                 "ORDER BY id DESC LIMIT 20) page")
MESSAGES = (f"SELECT {PAGE.format(text='content')} FROM (SELECT * FROM mesteri.messages WHERE conversation_id = {{conversation}} "
            "ORDER BY id DESC LIMIT 20) page")

ABOUT_ROW_SECURITY = """\
Row security is measured against the bare statement above it, which is prepared and takes one round trip too. Its ratio holds all that
`handle()` does, token, deadline and answer included, for nothing else can say who calls and become him; the row between them is
the same with `handle()` and the switch, by a function of a superuser that reads past policies. Notifications name their owner.
Messages lead to him through their conversation: `mesteri.is_own()` looks it up, once a statement."""


def handle(instance, method, path, token):
    route = instance.sql(f"SELECT id FROM mesteri.routes WHERE method = '{method}' AND path = '{path}'")
    return (f"SELECT status, headers, body, error, effects, generation FROM mesteri.handle({route}, '{token}', '{{}}', NULL, "
            "NULL, NULL, 2000, '127.0.0.1', '00000000-0000-4000-8000-000000000000', 'bench', 'ro')")


def measure_dispatch(instance, token):
    """What handle() adds to the endpoint function it calls, the token being cached.  A cheap endpoint shows it best."""
    direct, through = [], []
    for _ in range(REPETITIONS):
        direct.append(pgbench(instance, "SELECT api.jwks()", 1)[0])
        through.append(pgbench(instance, handle(instance, "GET", "/.well-known/jwks.json", token), 1)[0])
    added = [b - a for a, b in zip(direct, through)]
    return [("`api.jwks()` called directly, backend", statistics.median(direct), None, None),
            ("the same through `handle()`, backend", statistics.median(through),
             statistics.median(b / a for a, b in zip(direct, through)), None),
            ("**added by `handle()`**", statistics.median(added), None, "<= 40 µs")]


def measure_row_security(instance, token):
    """A bare statement, the same in handle() past row security, and under it.

    Only handle() can say who is calling and become him, so the last figure holds all that it does: the ratio
    to the bare statement is more than the price of role switch and row security.
    """
    conversation = load_row_security(instance)
    rows = []
    for name, what, statement in (("notifications", "20 of 100 notifications of one's own", NOTIFICATIONS),
                                  ("messages", "20 of 100 messages of a conversation of one's own", MESSAGES)):
        bare = statement.format(reader=f"'{READER}'", conversation=f"'{conversation}'")
        forms = [bare] + [handle(instance, "GET", f"/bench_{name}_{way}", token) for way in ("past", "under")]
        check_same(instance, forms)
        taken = [[pgbench(instance, form, 1)[0] for form in forms] for _ in range(REPETITIONS)]
        for place, (way, bar) in enumerate(((f"{what}, bare statement of a superuser, backend", None),
                                            ("the same in `handle()`, without row security", None),
                                            ("**the same in `handle()`, role switched, under row security**", "<= 1.7 x"))):
            rows.append((way, statistics.median(run[place] for run in taken),
                         statistics.median(run[place] / run[0] for run in taken) if place else None, bar))
    return rows


def load_row_security(instance):
    """Makes rows and endpoints; returns the conversation that is read."""
    # The endpoint finds its conversation as a request would name it: by a constant.
    conversation = instance.sql("SELECT mesteri.uuid7()")
    as_caller = {"reader": "mesteri.current_user_id()", "conversation": f"'{conversation}'"}
    instance.sql_file(Path(__file__).resolve().parent / "row_security.sql", f"reader={READER}", f"conversation={conversation}",
                      f"notifications={NOTIFICATIONS.format(**as_caller)}", f"messages={MESSAGES.format(**as_caller)}")
    return conversation


def check_same(instance, forms):
    """Each form finds the same twenty rows."""
    bare, *answers = (instance.sql(f"SELECT {column} FROM ({form}) AS f" if place else form)
                      for place, (form, column) in enumerate(zip(forms, ("", *["convert_from(body, 'UTF8')"] * 2))))
    assert bare.count('"created_at"') == 20 and all(answer == bare for answer in answers), answers


def measure_proxy(instance, token):
    """GET /users/me through the proxy against pgbench calling the same handle()."""
    statement = handle(instance, "GET", "/v1/users/me", token)
    baseline, total, own, ratios = [], [], [], []
    for _ in range(REPETITIONS):
        bench = sum(pgbench(instance, statement, CLIENTS))
        server, proxy = wrk(instance, "/v1/users/me", token)
        baseline.append(bench)
        total.append(server + proxy)
        own.append(proxy)
        ratios.append((server + proxy) / bench)
    return [(f"`handle()` of `GET /users/me` by pgbench -M prepared -c {CLIENTS}, backend + pgbench",
             statistics.median(baseline), None, None),
            (f"`GET /v1/users/me` by wrk -c {CONNECTIONS}, backend + proxy", statistics.median(total),
             statistics.median(ratios), "<= 1.6 x (stretch 1.35)"),
            (f"the same against the Node way's {NODE_USER_ME} µs", statistics.median(total),
             statistics.median(total) / NODE_USER_ME, "<= 0.20 x"),
            ("**of that the proxy**", statistics.median(own), None, "<= 25 µs")]


def measure_ranking(instance, token):
    """Feed and matching through the proxy, at the places where most and few people live."""
    rows = []
    for name, path in (("feed, 50 km around Cluj-Napoca", "/v1/feed?lat=46.77&lon=23.59"),
                       ("feed, 50 km around Bucharest", "/v1/feed?lat=44.43&lon=26.10"),
                       ("craftsmen, 50 km around Bucharest", "/v1/craftsmen?lat=44.43&lon=26.10")):
        figures = [sum(wrk(instance, path, token, 2)) for _ in range(max(1, REPETITIONS // 2))]
        rows.append((f"{name}, backend + proxy", statistics.median(figures), None, None))
    return rows


def measure_storm(instance, token):
    return storm.measure(instance.address, token, REPETITIONS, SECONDS)


def run():
    started, load = time.monotonic(), os.getloadavg()
    with Instance() as instance:
        instance.load(POSTS)
        instance.serve()
        rows = []
        for part in (measure_dispatch, measure_proxy, measure_row_security, measure_ranking, measure_storm):
            rows += part(instance, instance.token())
        lines = [f"Written by `make bench` on {date.today()}; median of {REPETITIONS} runs of {SECONDS} s, taken in turn.", "",
                 *results.environment(instance, load, f"{POSTS} posts of demo data, all cached"),
                 "| what | CPU µs a call | ratio | bar |", "|---|---:|---:|---|"]
    for name, figure, ratio, bar in rows:
        lines.append(f"| {name} | {figure:.1f} | {'' if ratio is None else f'{ratio:.2f}'} | {bar or ''} |")
    lines += ["", *ABOUT_ROW_SECURITY.splitlines(), "", f"The run took {time.monotonic() - started:.0f} s."]
    results.write("Calls", lines)
