"""Everything at once, for long: what holds for one request still holds after a million of them.

Feed walks, lives of accounts, direct writes to the database and reloads of a proxy run beside each other, in threads that
each have random numbers of their own; the tests then judge what was seen.

    make check           a slice of a few seconds
    make soak            MESTERI_SOAK_MINUTES minutes, 20 by default

E2E_SEED repeats what each thread asks for; how the threads meet is left to the machine.  pytest -rP shows what was measured.
"""

import base64
import datetime
import hashlib
import itertools
import json
import os
import random
import re
import signal
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg2.extras
import pytest

from client import Client, check, head
from conftest import SEED
from server import QUICK, Cluster, wait_until

SLICE_SECONDS = 8
SOAK_MINUTES = 20

WALKERS = 4
WRITERS = 2
LIVES = 2

POSTS = 1500
QUIET_POSTS = 80
WALK_POSTS = 500  # a walk ends there

# Resident memory, without what is shared, of all processes of a kind together.  It may grow by the noise once, and by the
# slope in each minute after the warm-up.  A slice is hardly more than a warm-up: there only an open tap shows.
WARM_UP = 0.2
SLOPE_KIB_PER_MINUTE = {"workers": 64, "backends": 256}
NOISE_KIB = {"workers": 1024, "backends": 8192}
SLICE_NOISE_KIB = {"workers": 4096, "backends": 49152}

# A backend opens the files of what it reads when it first does so.
BACKEND_FILES_NOISE = 6
SLICE_BACKEND_FILES_NOISE = 24

# A cache that is full early, so that the slope is not that of its filling.
SETTINGS = QUICK + "mesteri.token_cache_kb = 64\n"

PLACES = [(46.77, 23.59), (44.43, 26.10), (47.16, 27.59), (45.75, 21.23), (46.36, 25.80), (44.18, 28.63)]

GRACE = 60
GRACE_MARGIN = 5
LOCKED_AFTER = 5


def is_soak():
    return bool(os.environ.get("MESTERI_SOAK"))


def duration():
    """Seconds of load."""
    if is_soak():
        return 60 * float(os.environ.get("MESTERI_SOAK_MINUTES") or SOAK_MINUTES)
    return SLICE_SECONDS


def ask(proxy, method, target, body=None, token=None):
    """As Client does, but the tokens are not kept for the search of the logs: here they are too many."""
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    data = b""
    if body is not None:
        data = json.dumps(body, ensure_ascii=False).encode()
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    return check(Client(proxy.port).raw(head(method, target, fields.items()) + data))


def outcome(answer):
    return (answer.status, answer.error if answer.status >= 400 else None)


PEOPLE = itertools.count(1)


def sign_up(proxy, chance):
    """A person and his tokens."""
    number = next(PEOPLE)
    fields = {"email": f"rezistenta{number}@example.ro", "phone_number": f"0744{number:06d}",
              "password": f"parola de rezistenta {number}", "first_name": "Ana", "last_name": "Țuțuianu",
              "user_type": chance.choice(["client", "craftsman"])}
    answer = ask(proxy, "POST", "/v1/auth/register", fields)
    assert answer.status == 201, answer
    body = answer.json()
    return {**fields, "id": body["user"]["id"]}, body["tokens"]


class Load:
    """What the threads share: where to ask, what they saw, when to end."""

    def __init__(self, database, steady, renewed, processes):
        self.database = database
        self.proxies = [steady, renewed]
        self.steady = steady
        self.renewed = renewed
        self.processes = processes
        self.stop = threading.Event()
        self.faults = {}
        self.initial_views = {}  # of each post, those since deleted too
        self.shown = {}  # reader: ids of the posts he was shown
        self.counts = dict.fromkeys(("walks", "pages", "whole", "lives", "answers", "writes", "reloads"), 0)
        self.counting = threading.Lock()
        self.prepare()

    def count(self, name, amount=1):
        with self.counting:
            self.counts[name] += amount

    def prepare(self):
        """Some posts keep their score whatever is viewed: all of their engagement is views.  Their craftsmen are left alone."""
        rows = self.database.run("""
            WITH ranked AS (
                SELECT p.id, p.craftsman_id, row_number() OVER (ORDER BY p.craftsman_id, p.id) AS place
                  FROM mesteri.content_posts p WHERE p.status = 'published' AND p.location IS NOT NULL
                 ORDER BY place LIMIT %s)
            UPDATE mesteri.content_posts p
               SET likes_count = 0, saves_count = 0, shares_count = 0, views_count = 1,
                   published_at = now() - r.place * interval '97 minutes'
              FROM ranked r WHERE p.id = r.id RETURNING p.id, p.craftsman_id""", QUIET_POSTS)
        self.quiet = [str(row["id"]) for row in rows]
        left_alone = [str(row["craftsman_id"]) for row in rows]
        self.writable = [str(row["id"]) for row in self.database.run(
            "SELECT id FROM mesteri.content_posts WHERE craftsman_id <> ALL (%s::uuid[]) ORDER BY id", left_alone)]
        self.authors = [(str(row["id"]), str(row["user_id"])) for row in self.database.run(
            "SELECT id, user_id FROM mesteri.craftsman_profiles WHERE id <> ALL (%s::uuid[]) ORDER BY id", left_alone)]
        self.categories = [str(row["id"]) for row in self.database.run("SELECT id FROM mesteri.craft_categories ORDER BY slug")]
        self.initial_views = {str(row["id"]): row["views_count"] for row in self.database.run(
            "SELECT id, views_count FROM mesteri.content_posts")}

    def thread(self, kind, number):
        """Repeats one kind of work until the end, or until it finds a fault."""
        name = f"{kind.__name__} {number}"
        connection = self.database.connect()
        try:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                worker = kind(self, random.Random(f"{SEED} {name}"), cursor)
                while not self.stop.is_set():
                    worker.step()
        except BaseException as fault:
            self.faults.setdefault(kind, (name, fault))
            self.stop.set()
        finally:
            connection.close()

    def judge(self, *kinds):
        """Fails with what threads of these kinds found, and in short when others ended the load too early to judge it."""
        for kind in kinds:
            if kind in self.faults:
                name, fault = self.faults[kind]
                raise AssertionError(f"{name} of E2E_SEED={SEED}: {fault!r}") from fault
        names = [name for name, _ in self.faults.values()]
        assert not names, f"the load was cut short: {names} found a fault"


# Walks of the feed.


class Walker:
    """Reads the feed to its end, as a stranger or as somebody, each page from any of the proxies."""

    def __init__(self, load, chance, cursor):
        self.load, self.chance, self.cursor = load, chance, cursor
        self.reader = None

    def proxy(self):
        return self.chance.choice(self.load.proxies)

    def new_reader(self):
        person, tokens = sign_up(self.proxy(), self.chance)
        self.reader, self.token, self.until = person["id"], tokens["access_token"], time.monotonic() + 600
        self.seen = self.load.shown.setdefault(self.reader, set())

    def step(self):
        chance = self.chance
        signed_in = chance.random() < 0.6
        if signed_in and (self.reader is None or chance.random() < 0.15 or time.monotonic() > self.until):
            self.new_reader()
        lat, lon = chance.choice(PLACES) if chance.random() < 0.7 else (None, None)
        radius = chance.choice([None, 2, 15, 80, 300])
        categories = chance.sample(self.load.categories, chance.choice([1, 3, 8])) if chance.random() < 0.5 else None
        limit = chance.choice([1, 7, 20, 20, 33, 100])
        parts = [f"limit={limit}"]
        if lat is not None:
            parts += [f"lat={lat}", f"lon={lon}"]
        if radius is not None:
            parts += [f"radius_km={radius}"]
        if categories:
            parts += [f"categories={','.join(categories)}"]
        token = self.token if signed_in else None
        posts = self.walk("/v1/feed?" + "&".join(parts), limit, token)
        if posts is None:
            return
        self.check_posts(posts, lat, radius)
        if len(posts) + limit <= WALK_POSTS:
            self.check_whole(posts, lat, lon, radius, categories)
        if posts and chance.random() < 0.5:
            self.open_post(chance.choice(posts)["id"], token)
        self.load.count("walks")

    def walk(self, target, limit, token):
        """The posts of all pages; None when the time was up before the end."""
        posts, ids, cursor = [], set(), None
        for _ in range(WALK_POSTS // limit):
            answer = ask(self.proxy(), "GET", target + (f"&cursor={cursor}" if cursor else ""), token=token)
            assert answer.status == 200, answer
            page = answer.json()
            keys = [(post["relevance_score"], post["id"]) for post in page["posts"]]
            if token:
                self.seen.update(ident for _, ident in keys)
            assert keys == sorted(keys, reverse=True), f"a page is not sorted: {keys}"
            if posts and keys:
                before = (posts[-1]["relevance_score"], posts[-1]["id"])
                assert keys[0] < before, f"a page does not begin below its cursor: {keys[0]}, {before}"
            again = ids.intersection(ident for _, ident in keys)
            assert not again, f"shown twice in a walk: {again}"
            ids.update(ident for _, ident in keys)
            posts += page["posts"]
            self.load.count("pages")
            assert page["has_more"] == (page["next_cursor"] is not None)
            if not page["has_more"]:
                return posts
            assert len(keys) == limit, "a page that others follow is full"
            cursor = page["next_cursor"]
            if self.load.stop.is_set():
                return None
            if self.chance.random() < 0.1:
                self.load.stop.wait(self.chance.random() * 0.2)  # who reads slowly sees more change
        raise AssertionError(f"a walk does not end: {target}, {len(posts)} posts")

    def check_posts(self, posts, lat, radius):
        for post in posts:
            parts = post["score_parts"]
            assert abs(sum(parts.values()) - post["relevance_score"]) < 1e-9, post
            assert all(part >= 0 for part in parts.values()) and (lat is not None or parts["geo"] == 0), post
            assert post["status"] == "published", post
            if lat is not None:
                assert post["distance_km"] <= (radius or 50) + 0.05, post

    def check_whole(self, posts, lat, lon, radius, categories):
        """Every post whose score stood still is there."""
        self.cursor.execute("""
            SELECT id FROM mesteri.content_posts p
             WHERE id = ANY (%(quiet)s::uuid[])
               AND (%(lat)s IS NULL OR mesteri.within_m(location, mesteri.point(%(lat)s, %(lon)s), %(radius)s * 1000))
               AND (%(categories)s::uuid[] IS NULL OR category_id = ANY (mesteri.category_tree(%(categories)s::uuid[])))""",
                            {"quiet": self.load.quiet, "lat": lat, "lon": lon, "radius": radius or 50, "categories": categories})
        expected = {str(row["id"]) for row in self.cursor.fetchall()}
        left_out = expected.difference(post["id"] for post in posts)
        assert not left_out, f"left out of a walk: {left_out}"
        if expected:
            self.load.count("whole")

    def open_post(self, ident, token):
        answer = ask(self.proxy(), "GET", f"/v1/posts/{ident}", token=token)
        assert outcome(answer) in ((200, None), (404, "not_found")), answer
        if answer.status == 200 and token:
            self.seen.add(ident)


class Writer:
    """Changes what the ranking is made of, and which posts there are."""

    def __init__(self, load, chance, cursor):
        self.load, self.chance, self.cursor = load, chance, cursor
        self.works = [(self.counters, 12), (self.leap, 2), (self.rate, 4), (self.publish, 3), (self.hide, 2), (self.show, 2),
                      (self.delete, 3), (self.suspend, 1), (self.lift, 1)]

    def step(self):
        work, = self.chance.choices([work for work, _ in self.works], [weight for _, weight in self.works])
        work()
        self.load.count("writes")
        self.load.stop.wait(self.chance.random() * 0.01)

    def post(self):
        return self.chance.choice(self.load.writable)

    def counters(self):
        name = self.chance.choice(["likes_count", "saves_count", "shares_count"])
        self.cursor.execute(f"UPDATE mesteri.content_posts SET {name} = greatest(0, {name} + %s) WHERE id = %s",
                            (self.chance.randint(-3, 5), self.post()))

    def leap(self):
        """To the top, or to the bottom."""
        self.cursor.execute("UPDATE mesteri.content_posts SET likes_count = %s WHERE id = %s",
                            (self.chance.choice([0, 100000]), self.post()))

    def rate(self):
        self.cursor.execute("UPDATE mesteri.craftsman_profiles SET total_reviews = total_reviews + 1, rating_sum = rating_sum + %s"
                            " WHERE id = %s", (self.chance.randint(1, 5), self.chance.choice(self.load.authors)[0]))

    def publish(self):
        """A copy of another post, of now or of some days ago."""
        self.cursor.execute("""
            INSERT INTO mesteri.content_posts (craftsman_id, title, media_type, media_urls, views_count, likes_count, category_id,
                                               location, published_at)
            SELECT craftsman_id, title, media_type, media_urls, views_count, likes_count, category_id, location, now() - %s
              FROM mesteri.content_posts WHERE id = %s RETURNING id, views_count""",
                            (datetime.timedelta(hours=self.chance.choice([0, 0, 30, 400])), self.post()))
        for row in self.cursor.fetchall():
            self.load.initial_views[str(row["id"])] = row["views_count"]
            self.load.writable.append(str(row["id"]))

    def hide(self):
        self.cursor.execute("UPDATE mesteri.content_posts SET status = 'hidden' WHERE id = %s", (self.post(),))

    def show(self):
        self.cursor.execute("UPDATE mesteri.content_posts SET status = 'published', published_at = coalesce(published_at, now())"
                            " WHERE id = (SELECT id FROM mesteri.content_posts WHERE status = 'hidden' AND id <> ALL (%s::uuid[])"
                            " ORDER BY id LIMIT 1 OFFSET %s)", (self.load.quiet, self.chance.randrange(10)))

    def delete(self):
        self.cursor.execute("DELETE FROM mesteri.content_posts WHERE id = %s", (self.post(),))

    def suspend(self):
        self.cursor.execute("UPDATE mesteri.users SET is_active = false WHERE id = %s", (self.chance.choice(self.load.authors)[1],))

    def lift(self):
        self.cursor.execute("UPDATE mesteri.users SET is_active = true WHERE id = (SELECT user_id FROM mesteri.craftsman_profiles c"
                            " JOIN mesteri.users u ON u.id = c.user_id WHERE NOT u.is_active AND u.email NOT LIKE 'rezistenta%%'"
                            " ORDER BY c.id LIMIT 1)", ())


# Lives of accounts.


class Session:
    """A family of refresh tokens as the rules have it."""

    def __init__(self, tokens):
        claims = tokens["access_token"].split(".")[1]
        self.id = json.loads(base64.urlsafe_b64decode(claims + "=="))["refresh_token_id"]
        self.reason = None  # why it ended
        self.is_expired = False
        self.access = []
        self.refresh = {}  # token: [status, first used at, successor]
        self.add(tokens)

    def add(self, tokens):
        assert tokens["refresh_token"] not in self.refresh
        self.access.append(tokens["access_token"])
        self.refresh[tokens["refresh_token"]] = ["active", None, None]

    def is_in_grace(self, token):
        """Whether a used token may be used once more; None near the end of that time."""
        _, used_at, successor = self.refresh[token]
        left = used_at + GRACE - time.monotonic()
        if abs(left) < GRACE_MARGIN:
            return None
        return left > 0 and self.refresh[successor][0] == "active"

    def rotates(self, token):
        """Whether this token gives new ones; None where the clocks could disagree."""
        status = self.refresh[token][0]
        return self.is_in_grace(token) if status == "used" else status == "active"

    def rotate(self, token, tokens):
        _, used_at, successor = self.refresh[token]
        if successor:
            self.refresh[successor][0] = "killed"
        self.add(tokens)
        self.refresh[token] = ["used", used_at or time.monotonic(), tokens["refresh_token"]]


class Life:
    """One account, its devices, and everything that happens to them, beside a model that says what must be answered."""

    STEPS = 60

    def __init__(self, load, chance, cursor):
        self.load, self.chance, self.cursor = load, chance, cursor
        self.works = [(self.refresh_current, 14), (self.refresh_any, 6), (self.refresh_twins, 2), (self.refresh_unknown, 1),
                      (self.read, 10), (self.log_in, 8), (self.log_out, 3), (self.register_again, 2), (self.grace_passes, 2),
                      (self.lock_passes, 1), (self.session_expires, 1), (self.suspend, 1), (self.lift, 3)]

    def ask(self, *arguments, **options):
        answer = ask(self.chance.choice(self.load.proxies), *arguments, **options)
        self.load.count("answers")
        return answer

    def expect(self, answer, status, error=None):
        assert outcome(answer) == (status, error), (self.trace[-12:], (status, error), answer)
        return answer

    def step(self):
        """A whole life."""
        self.person, tokens = sign_up(self.chance.choice(self.load.proxies), self.chance)
        self.sessions = [Session(tokens)]
        self.failures = {"email": 0, "phone_number": 0}
        self.is_active = True
        self.trace = []
        for _ in range(self.STEPS):
            work, = self.chance.choices([work for work, _ in self.works], [weight for _, weight in self.works])
            self.trace.append(work.__name__)
            work()
            if self.load.stop.is_set():
                break
        self.check_rows()
        self.load.count("lives")

    def check_rows(self):
        """The tables say what the model says."""
        self.cursor.execute("""
            SELECT f.id::text, f.revoke_reason, array_agg(t.status::text ORDER BY t.status::text) AS statuses
              FROM mesteri.token_families f JOIN mesteri.refresh_tokens t ON t.family_id = f.id
             WHERE f.user_id = %s GROUP BY f.id""", (self.person["id"],))
        found = {row["id"]: (row["revoke_reason"], row["statuses"]) for row in self.cursor.fetchall()}
        expected = {session.id: (session.reason, sorted(status for status, _, _ in session.refresh.values()))
                    for session in self.sessions}
        assert found == expected, (self.trace, found, expected)

    def session(self):
        return self.chance.choice(self.sessions[-4:])

    def refusal(self, session):
        """What any token of a session is refused with; None when it is not."""
        if not self.is_active:
            return "account_suspended"
        return "token_revoked" if session.reason else None

    # Refresh tokens.

    def refresh(self, session, token):
        rotates = session.rotates(token)
        refusal = self.refusal(session) or ("token_revoked" if session.is_expired else None)
        if rotates is None and not refusal:
            return
        answer = self.ask("POST", "/v1/auth/refresh", {"refresh_token": token})
        if refusal:
            self.expect(answer, 401, refusal)
        elif rotates:
            session.rotate(token, self.tokens(self.expect(answer, 200), session))
        else:
            self.expect(answer, 401, "token_revoked")
            session.reason = "reuse"

    def tokens(self, answer, session):
        tokens = answer.json()["tokens"]
        assert Session(tokens).id == session.id, (self.trace[-12:], "the session changed")
        return tokens

    def refresh_current(self):
        session = self.session()
        self.refresh(session, next(reversed(session.refresh)))

    def refresh_any(self):
        """Lost answers, thieves and mistakes: mostly the token before."""
        session = self.session()
        given = list(session.refresh)
        self.refresh(session, given[-2] if len(given) > 1 and self.chance.random() < 0.6 else self.chance.choice(given))

    def refresh_twins(self):
        """One token twice at once: both get an answer, one answer lives, and the table tells which."""
        session = self.session()
        token = next(reversed(session.refresh))
        if self.refusal(session) or session.is_expired or session.rotates(token) is not True:
            return
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask, proxy, "POST", "/v1/auth/refresh", {"refresh_token": token})
                     for proxy in self.load.proxies]
            given = [self.tokens(self.expect(one.result(), 200), session) for one in asked]
        self.cursor.execute("SELECT token_hash FROM mesteri.refresh_tokens WHERE family_id = %s AND status = 'active'",
                            (session.id,))
        alive = [bytes(row["token_hash"]) for row in self.cursor.fetchall()]
        assert len(alive) == 1, self.trace[-12:]
        given.sort(key=lambda tokens: hashlib.sha256(tokens["refresh_token"].encode()).digest() == alive[0])
        for tokens in given:
            session.rotate(token, tokens)
        self.load.count("answers", 2)

    def refresh_unknown(self):
        token = "".join(self.chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", k=43))
        self.expect(self.ask("POST", "/v1/auth/refresh", {"refresh_token": token}), 401, "unauthenticated")

    def grace_passes(self):
        session = self.session()
        self.cursor.execute("UPDATE mesteri.refresh_tokens SET used_at = used_at - make_interval(secs => %s)"
                            " WHERE family_id = %s AND status = 'used'", (GRACE + GRACE_MARGIN + 1, session.id))
        for record in session.refresh.values():
            if record[1] is not None:
                record[1] -= GRACE + GRACE_MARGIN + 1

    def session_expires(self):
        session = self.session()
        self.cursor.execute("UPDATE mesteri.token_families SET expires_at = now() - interval '1 second' WHERE id = %s",
                            (session.id,))
        session.is_expired = True

    # Access tokens.

    def read(self):
        session = self.session()
        refusal = self.refusal(session)
        answer = self.ask("GET", "/v1/users/me", token=self.chance.choice(session.access))
        if refusal:
            self.expect(answer, 401, refusal)
        else:
            assert self.expect(answer, 200).json()["user"]["id"] == self.person["id"]

    def log_out(self):
        session = self.session()
        refusal = self.refusal(session)
        answer = self.ask("POST", "/v1/auth/logout", token=self.chance.choice(session.access))
        if refusal:
            self.expect(answer, 401, refusal)
        else:
            self.expect(answer, 200)
            session.reason = "logout"

    # Signing in and up.

    def spelled(self, name):
        value = self.person[name]
        if name == "email":
            return self.chance.choice([value, value.upper(), value.title()])
        return self.chance.choice([value, f"+4{value}", f"004{value}", f"{value[:4]} {value[4:7]}-{value[7:]}"])

    def log_in(self):
        name = self.chance.choice(list(self.failures))
        is_right = self.chance.random() < 0.5
        is_locked = self.failures[name] >= LOCKED_AFTER
        answer = self.ask("POST", "/v1/auth/login", {"email_or_phone": self.spelled(name), "password":
                                                     self.person["password"] if is_right else "nu e asta deloc"})
        if is_locked:
            assert 1 <= int(self.expect(answer, 429, "rate_limited").header("retry-after")) <= 900
        elif not is_right:
            self.failures[name] += 1
            self.expect(answer, 401, "invalid_credentials")
        else:
            self.failures[name] = 0
            if self.is_active:
                self.sessions.append(Session(self.expect(answer, 200).json()["tokens"]))
            else:
                self.expect(answer, 401, "account_suspended")

    def lock_passes(self):
        name = self.chance.choice(list(self.failures))
        self.cursor.execute("UPDATE mesteri.login_failures SET failed_at = failed_at - interval '15 minutes' WHERE identifier_hash ="
                            " mesteri.keyed_hash('login', convert_to(mesteri.normalise_identifier(%s), 'UTF8'))",
                            (self.person[name],))
        self.failures[name] = 0

    def register_again(self):
        """Somebody else with this address, or this number."""
        name = self.chance.choice(["email", "phone_number"])
        number = next(PEOPLE)
        fields = {"email": f"rezistenta{number}@example.ro", "phone_number": f"0744{number:06d}", "user_type": "client",
                  "password": "parola de rezistenta", "first_name": "Ion", "last_name": "Șerban", name: self.spelled(name)}
        answer = self.expect(self.ask("POST", "/v1/auth/register", fields), 409, "already_exists")
        assert [detail["field"] for detail in answer.json()["details"]] == [name], answer

    def suspend(self):
        self.set_active(False)

    def lift(self):
        self.set_active(True)

    def set_active(self, is_active):
        self.cursor.execute("UPDATE mesteri.users SET is_active = %s WHERE id = %s", (is_active, self.person["id"]))
        self.is_active = is_active


# Processes.


class Reloader:
    """New workers again and again, for one of the proxies."""

    def __init__(self, load, chance, cursor):
        self.load, self.chance = load, chance

    def step(self):
        if self.load.stop.wait(0.5 + 1.5 * self.chance.random()):
            return
        self.load.renewed.signal(signal.SIGHUP)
        self.load.count("reloads")


def resident(pid):
    """KiB of memory that only this process holds: neither shared buffers nor pages of files."""
    return int(re.search(r"^RssAnon:\s+(\d+) kB$", open(f"/proc/{pid}/status").read(), re.MULTILINE)[1])


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


class Processes:
    """Memory and open files of one proxy's workers, and of its backends, over the run."""

    def __init__(self, database, steady):
        """While no other proxy has sessions in the database."""
        self.database, self.steady = database, steady
        self.pids = self.find()
        self.files_before = descriptors(self.pids["workers"])
        self.samples = []  # (seconds, workers' KiB, backends' KiB, backends' files)

    def find(self):
        backends = {row["pid"] for row in self.database.run(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'mesteri_proxy'")}
        return {"workers": set(self.steady.workers()), "backends": backends}

    def sample(self, seconds):
        self.samples.append((seconds, sum(map(resident, self.pids["workers"])), sum(map(resident, self.pids["backends"])),
                             descriptors(self.pids["backends"])))

    def settled(self):
        """Samples after the warm-up."""
        return [sample for sample in self.samples if sample[0] >= WARM_UP * self.samples[-1][0]]

    def slope(self, column):
        """KiB a minute, and the minutes it was measured over.  The median of slopes: one burst does not bend it."""
        found = self.settled()[::max(1, len(self.settled()) // 120)]
        slopes = [(b[column] - a[column]) / (b[0] - a[0]) for a, b in itertools.combinations(found, 2)]
        return 60 * statistics.median(slopes), (found[-1][0] - found[0][0]) / 60


@pytest.fixture(scope="module")
def load(world):
    """The load, when it is over."""
    folder = os.path.join(world.folder, "soak-pg")
    os.mkdir(folder)
    cluster = Cluster(folder, SETTINGS)
    world.clusters.append(cluster)
    with ExitStack() as ending:
        ending.callback(cluster.stop)
        cluster.start()
        database = cluster.database("soak")
        database.load_demo(POSTS, SEED, datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d 00:00+00"))
        steady = world.proxy(database, plain=True, name="soak-steady")
        ending.callback(steady.stop)
        processes = Processes(database, steady)
        renewed = world.proxy(database, name="soak-renewed", workers=1)
        ending.callback(renewed.stop)

        load = Load(database, steady, renewed, processes)
        run(load, duration())
        yield load


def run(load, seconds):
    threads = [threading.Thread(target=load.thread, args=(kind, number))
               for kind, count in ((Walker, WALKERS), (Writer, WRITERS), (Life, LIVES), (Reloader, 1)) for number in range(count)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        pause = min(5, seconds / 100)
        while not load.stop.wait(pause) and time.monotonic() - started < seconds:
            load.processes.sample(time.monotonic() - started)
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    print(f"E2E_SEED={SEED}, {seconds:.0f} s: {load.counts}, {len(load.shown)} readers")


def test_walks(load):
    """Never a post twice, in the order of the scores, whatever is changed meanwhile; what stands still is not left out."""
    load.judge(Walker, Writer)
    assert load.counts["walks"] > 10 and load.counts["whole"] > 0 and load.counts["writes"] > 100, load.counts


def test_sessions(load):
    """Every answer is the one that the rules of sessions predict, on all proxies at once."""
    load.judge(Life)
    assert load.counts["lives"] >= LIVES and load.counts["answers"] > 50, load.counts


def test_views(load):
    """Each post has been viewed by exactly those signed in who were shown it, through all reloads."""
    load.judge(Reloader)
    assert load.counts["reloads"] > 0
    load.renewed.stop()  # writes what it has collected
    database = load.database
    there = set(load.initial_views).intersection(str(row["id"]) for row in database.run("SELECT id FROM mesteri.content_posts"))
    shown = {reader: posts & there for reader, posts in load.shown.items()}
    expected = sum(map(len, shown.values()))

    def counted():
        database.run("SELECT mesteri.roll_up_impressions()")
        return database.value("SELECT count(*) FROM mesteri.content_interactions WHERE interaction_type = 'view'"
                              " AND user_id = ANY (%s::uuid[])", list(shown))

    end = time.monotonic() + 5
    while counted() != expected and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(0.5)

    views = dict.fromkeys(there, 0)
    lost, invented = [], []
    for reader, posts in shown.items():
        found = {str(row["post_id"]) for row in database.run(
            "SELECT post_id FROM mesteri.content_interactions WHERE user_id = %s AND interaction_type = 'view'", reader)}
        lost += [(reader, post) for post in posts - found]
        invented += [(reader, post) for post in found - posts]
        for post in posts:
            views[post] += 1
    errors = "".join(proxy.errors()[-2000:] for proxy in load.proxies)
    assert not lost, f"{len(lost)} of {expected} views were lost, such as {lost[:3]}; the proxies say {errors}"
    assert not invented, f"{len(invented)} views of what was not shown, such as {invented[:3]}"
    wrong = [(str(row["id"]), row["views_count"], load.initial_views[str(row["id"])], views[str(row["id"])])
             for row in database.run("SELECT id, views_count FROM mesteri.content_posts")
             if row["views_count"] != load.initial_views[str(row["id"])] + views[str(row["id"])]]
    assert not wrong, f"{len(wrong)} posts with a wrong count, such as (post, count, before, readers) {wrong[:3]}"
    assert expected > 100


@pytest.mark.parametrize("kind, column", [("workers", 1), ("backends", 2)])
def test_memory(load, kind, column):
    """It may be held, not gathered."""
    load.judge()
    slope, minutes = load.processes.slope(column)
    allowed = SLOPE_KIB_PER_MINUTE[kind] + (NOISE_KIB if is_soak() else SLICE_NOISE_KIB)[kind] / minutes
    found = [sample[column] for sample in load.processes.settled()]
    print(f"{kind}: {slope:+.1f} KiB/min over {minutes:.1f} min, {allowed:.1f} allowed;"
          f" from {found[0]} to {found[-1]} KiB, at most {max(found)}")
    assert slope <= allowed, f"{kind} grow by {slope:.0f} KiB a minute, from {found[0]} to {found[-1]} KiB"


def test_processes_are_the_same(load):
    """The samples speak of processes that lived all the time."""
    load.judge()
    before, now = load.processes.pids, load.processes.find()
    assert now["workers"] == before["workers"] and now["backends"] >= before["backends"], (before, now)


def test_open_files(load):
    """When the clients have gone, the workers have as many as before; backends stop opening new ones."""
    load.judge()
    processes = load.processes
    wait_until(lambda: descriptors(processes.pids["workers"]) == processes.files_before, 5,
               f"the workers have {processes.files_before} open files again")
    files = [sample[3] for sample in processes.settled()]
    third = max(1, len(files) // 3)
    before, after = statistics.median(files[:third]), statistics.median(files[-third:])
    print(f"workers: {processes.files_before} files; backends: {before} to {after}")
    noise = BACKEND_FILES_NOISE if is_soak() else SLICE_BACKEND_FILES_NOISE
    assert after - before <= noise * len(processes.pids["backends"]), (before, after)
