"""The same requests without HTTP: mesteri.request(), as somebody at psql calls it."""

import json

from client import Answer


def request(connection, method, path, body=None, token=None, headers=None, language="ro"):
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    pairs = [part for name, value in (headers or {}).items() for part in (name.lower(), value)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, body::text, headers FROM mesteri.request(%s, %s, %s, %s::json, %s::text[], %s)",
                       (method, path, token, text, pairs or None, language))
        status, answer, names_and_values = cursor.fetchone()
    given = names_and_values or []
    return Answer(status, [(name.lower(), value) for name, value in zip(given[::2], given[1::2])],
                  (answer or "").encode(), "psql")
