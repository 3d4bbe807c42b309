"""The page of settings: those of the library, as the server describes them, and those of the proxy, as its --help does."""
import re
import subprocess

HEAD = """# Settings

Written by `make docs`: from `pg_settings`, and from `mesteri-proxy --help`. A value that is not allowed ends the start, or is refused at the reload.
"""
CONTEXTS = {"sighup": "reload", "postmaster": "restart", "superuser": "session, superusers only", "user": "session"}
PROXY_SETTING = re.compile(r"^  (?P<name>\w+) = (?P<initial>.*?)(?:   \((?P<range>.*)\))?\n      (?P<meaning>.*)$", re.M)


def page(connection, proxy):
    return "\n".join([HEAD, "## Of the database", "", *library(connection), "", *production(), "", "## Of the proxy", "", *of_proxy(proxy)]) + "\n"


def library(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT mesteri.loaded_version()")
        cursor.execute("""SELECT name, boot_val, unit, min_val, max_val, enumvals, context, short_desc, extra_desc FROM pg_settings
                           WHERE name LIKE 'mesteri.%' ORDER BY name COLLATE "C" """)
        rows = cursor.fetchall()
    yield "In `postgresql.conf`, or by `ALTER SYSTEM SET ...` and a reload."
    yield ""
    yield "| setting | initially | allowed | takes effect at | meaning |"
    yield "|---|---|---|---|---|"
    for name, initial, unit, least, most, choices, context, short, long in rows:
        allowed = ", ".join(f"`{choice}`" for choice in choices) if choices else f"{least} to {most}{' ' + unit if unit else ''}" if least else "text"
        yield f"| `{name}` | {code(initial)} | {allowed} | {CONTEXTS[context]} | {short} {long or ''} |".replace("  |", " |")


def production():
    yield "For production: `mesteri` in `shared_preload_libraries`; `mesteri.environment = production`; a slot of `max_worker_processes` for the launcher and"
    yield "one for each database; `log_parameter_max_length = 0` and `log_parameter_max_length_on_error = 0`, since parameters hold passwords and tokens (the roles"
    yield "of the proxy and the worker have them by themselves). `SELECT * FROM ops.doctor()` names what is missing."


def of_proxy(proxy):
    text = subprocess.run([proxy, "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout
    yield "In the file of `-c`, as `name = value`, or by `-s name=value`, which wins. SIGHUP reads the file again."
    yield ""
    yield "| setting | initially | range | meaning |"
    yield "|---|---|---|---|"
    for match in PROXY_SETTING.finditer(text):
        yield f"| `{match['name']}` | {code(match['initial'])} | {match['range'] or 'text'} | {match['meaning'].replace('|', chr(92) + '|')} |"


def code(value):
    return f"`{value}`" if value else "empty"
