"""The page of routes: who may call what, and what it answers when it refuses."""
import re
from collections import defaultdict

from areas import Areas
from pages import Pages, cell, rows

HEAD = """# Routes

Written by `make docs` from the routes in the database (`data/routes.csv`), the comments of the functions that answer them, and what
these functions refuse. How to call them, with real requests and answers: [api.md](api.md).

- **Route** leads to the fields of path, query and body, with their types and limits. What begins with `_` there is no field: the server
  takes it from headers and connection.
- **Who**: *anybody* needs no token, but a token that is sent must be good. Other kinds of account get [`forbidden_role`](errors.md#forbidden_role).
- **Key**: with *yes* a request that bears an [`Idempotency-Key`](api.md#the-same-request-twice) has one effect however often it is sent.
  Other routes ignore the header.
- **Own errors**: what the route's function, or one that it calls, may refuse. Any route may also answer {common}; those of HTTP itself
  ([errors.md](errors.md#all-of-them), 405 and 411 to 431); and, where it needs a token or is given one, {token}.
"""

# Errors that the dispatcher and the proxy answer, whatever the route.
COMMON = ("malformed_body", "unknown_field", "duplicate_field", "invalid_field", "not_found", "conflict", "internal_error", "overloaded",
          "deadline_exceeded")
TOKEN = ("unauthenticated", "token_expired", "token_revoked", "account_suspended", "forbidden_role")

ROUTES = """SELECT r.area, r.method, r.path, r.function, r.access, r.idempotent, obj_description(p.oid, 'pg_proc')
              FROM mesteri.routes r JOIN pg_proc p ON p.pronamespace = 'api'::regnamespace AND p.proname = r.function
             ORDER BY r.area COLLATE "C", r.path COLLATE "C", r.method COLLATE "C" """
BODIES = """SELECT p.pronamespace::regnamespace || '.' || p.proname, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
              FROM pg_proc p WHERE p.pronamespace IN ('api'::regnamespace, 'mesteri'::regnamespace)"""

REFUSED = re.compile(r"\bmesteri\.(?:refuse|refusal)\(\s*'([a-z_]+)'")
CALLED = re.compile(r"\b((?:api|mesteri)\.[a-z0-9_]+)\(")


def page(connection):
    with connection.cursor() as cursor:
        cursor.execute(BODIES)
        bodies = defaultdict(str)
        for name, body in cursor.fetchall():
            bodies[name] += body + "\n"
        cursor.execute(ROUTES)
        by_area = defaultdict(list)
        for area, *route in cursor.fetchall():
            by_area[area].append(line(*route, bodies))
    lines = [HEAD.format(common=listed(COMMON), token=listed(TOKEN))]
    for area, routes in by_area.items():
        lines += [f"## {area}", "", *rows(("Route", "Who", "Key", "Own errors", "What it does"), routes)]
    return "\n".join(lines).rstrip() + "\n"


def line(method, path, function, access, idempotent, comment, bodies):
    common = COMMON if "anonymous" in access else COMMON + TOKEN
    own = sorted(refused(f"api.{function}", bodies, set()) - set(common))
    return (f"[`{method} {path}`](schema/{Areas().find('function', f'api.{function}').page}#api{function})",
            Pages.callers({"access": access}), "yes" if idempotent == "yes" else "", listed(own), cell(comment))


def refused(function, bodies, seen):
    """Slugs in the bodies of a function and of those that it calls."""
    seen.add(function)
    slugs = set(REFUSED.findall(bodies[function]))
    for called in CALLED.findall(bodies[function]):
        if called in bodies and called not in seen:
            slugs |= refused(called, bodies, seen)
    return slugs


def listed(slugs):
    return ", ".join(f"[`{slug}`](errors.md#{slug})" for slug in slugs)
