"""GET /feed through the proxy, by many readers in many places, what they were shown written down as well."""
from urllib.parse import urlencode

from backend import middle
from feed_reads import NEAR
from load import CONNECTIONS, REPETITIONS, wrk_random
from searches import ENGINE, Draw

READERS = 1000
PLACES = 1000
TOKENS = """SELECT mesteri.open_session(u, '127.0.0.1', 'bench', 'android') ->> 'access_token'
              FROM (SELECT * FROM mesteri.users WHERE user_type = 'client' ORDER BY md5(id::text) LIMIT %s) AS u"""


def measure(size):
    instance = size.instance
    instance.serve()
    draw = Draw(size.backend, "endpoint")
    tokens = [row[0] for row in size.backend.run(TOKENS, [READERS])]
    paths = ["/v1/feed?" + urlencode({"lat": f"{lat:.5f}", "lon": f"{lon:.5f}", "radius_km": 50})
             for lat, lon in (draw.place() for _ in range(PLACES))]
    engine, anonymous, signed_in, own = [], [], [], []
    wrk_random(instance, paths, tokens)
    for _ in range(REPETITIONS):
        costs = size.backend.costs(ENGINE, size.searches[NEAR])
        engine.append(sum(costs) / len(costs))
        anonymous.append(sum(wrk_random(instance, paths)))
        server, proxy = wrk_random(instance, paths, tokens)
        signed_in.append(server + proxy)
        own.append(proxy)
    beside = [whole - part - alone for whole, part, alone in zip(signed_in, own, engine)]
    return [(f"engine alone, {NEAR}, {size.posts} posts, backend", middle(engine), None, None),
            (f"`GET /v1/feed`, anonymous, wrk -c {CONNECTIONS}, backend + proxy", middle(anonymous),
             middle(b / a for a, b in zip(engine, anonymous)), None),
            ("**the same by {} readers signed in, what they were shown written down**".format(len(tokens)), middle(signed_in),
             middle(b / a for a, b in zip(engine, signed_in)), "<= 3 x (gate), <= 1200 µs (record)"),
            ("of that the proxy", middle(own), None, None),
            ("of that beside engine and proxy: the rest of `handle()`, what goes over the socket, and the notes",
             middle(beside), None, None)]
