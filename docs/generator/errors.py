"""The page of errors: every slug and rule of the catalogue, in the three languages clients may ask for."""

HEAD = """# Errors

Written by `make docs` from the catalogue in the database: `data/errors.csv` and `data/rules.csv`.

Every answer of 4xx and 5xx has one shape, RFC 9457 with members of ours, as `application/problem+json`:

```json
{
    "type": "/docs/errors#invalid_field",
    "title": "Invalid field",
    "status": 400,
    "error": "invalid_field",
    "message": "A field is missing or has a value that is not allowed.",
    "details": [{"field": "lat", "rule": "range", "message": "The value is out of range."}],
    "path": "/v1/feed",
    "request_id": "0192f0c4-8d2e-7c3a-9b1f-2a6d1c5e7f90"
}
```

- `error` is what programs look at; it never changes its meaning. `message` is for people, in the language of `Accept-Language`: `ro` (without one), `hu` or `en`.
- `details` names each field at fault and the [rule](#rules) it broke; it may be empty. With `illegal_transition` it also has `allowed`.
- Retry "yes": the same request may succeed later without a change. Where the answer has `Retry-After`, not before that many seconds.
- `request_id` finds the request in our logs; it is also in the header `X-Request-Id`. No answer ever holds SQL, a stack or data of others.
- At psql, `mesteri.request()` answers with the same body, and functions called directly raise the SQLSTATE.
"""


def page(connection):
    with connection.cursor() as cursor:
        cursor.execute("""SELECT slug, status, title, retryable, sqlstates, message_ro, message_hu, message_en
                            FROM mesteri.error_codes ORDER BY status, slug COLLATE "C" """)
        errors = cursor.fetchall()
        cursor.execute("""SELECT rule, message_ro, message_hu, message_en FROM mesteri.error_rules ORDER BY rule COLLATE "C" """)
        rules = cursor.fetchall()
    return "\n".join([HEAD, "## All of them", "", *overview(errors), "", *sections(errors), *rule_table(rules)]) + "\n"


def overview(errors):
    yield "| error | status | title | retry |"
    yield "|---|---:|---|---|"
    for slug, status, title, retryable, *_ in errors:
        yield f"| [`{slug}`](#{slug}) | {status} | {title} | {'yes' if retryable else 'no'} |"


def sections(errors):
    for slug, status, title, retryable, sqlstates, ro, hu, en in errors:
        yield f"### {slug}"
        yield ""
        yield f"{status}, {title}. Retry: {'yes' if retryable else 'no'}. SQLSTATE {', '.join(f'`{state}`' for state in sqlstates)}."
        yield ""
        for language, text in (("ro", ro), ("hu", hu), ("en", en)):
            yield f"- {language}: {text}"
        yield ""


def rule_table(rules):
    yield "## Rules"
    yield ""
    yield "What `details[].rule` can be:"
    yield ""
    yield "| rule | ro | hu | en |"
    yield "|---|---|---|---|"
    for rule, ro, hu, en in rules:
        yield f"| `{rule}` | {ro} | {hu} | {en} |"
