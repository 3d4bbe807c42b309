"""docs/quickstart.md does what it says, command by command, in a checkout of its own.

Every ```sh block is run by bash in the checkout's root, every ```sql block by psql as `make psql` opens it, in the order
of the page; a command that fails fails the test, and so does a refusal that the page does not mean to show.  As for
somebody who types them into one terminal, variables and functions of bash live on from block to block, and so does the
session of psql.  A line that begins with `make run` is started and stays, as in a second terminal; 8080 becomes a free
port, and there are few demo posts.  What is not meant to be typed bears another language; nothing is skipped.
"""

import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from server import ROOT

PAGE = os.path.join(ROOT, "docs", "quickstart.md")
RUN = re.compile(r"^make run\b.*$", re.MULTILINE)
RUNNABLE = ("sh", "sql")
SHOWN = ("text", "json", "http", "console")

# What a refusal looks like: a problem that curl prints, or a status in psql's first column.
REFUSAL = re.compile(r'"error": ?"(\w+)"|^ +([45]\d\d)(?: \||$)', re.MULTILINE)
REFUSALS = ["invalid_field", "token_revoked", "invalid_credentials", "401", "401"]

# Somebody else's settings have no business in a fresh checkout.
FOREIGN = re.compile(r"^(PG|MESTERI_|DEMO_|MAKE|MFLAGS)")


def blocks(page):
    """(language, text, line number) of every fenced block."""
    found, language, lines, start = [], None, [], 0
    for number, line in enumerate(page.splitlines(), 1):
        if not line.strip().startswith("```"):
            lines.append(line.strip() if language is None else line)
        elif language is None:
            language, lines, start = line.strip()[3:].strip(), [], number
        else:
            found.append((language, "\n".join(lines) + "\n", start))
            language = None
    assert language is None, "a block is not closed"
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Terminal:
    """A copy of the checkout, and what runs in it."""

    def __init__(self, root):
        self.root = root
        self.port = free_port()
        self.variables = os.path.join(root, ".variables")
        self.server = None
        self.psql = None
        self.refusals = []
        self.output = os.path.join(root, ".run-output")
        self.environment = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
        self.environment.update(MESTERI_PORT=str(self.port), DEMO_POSTS="1000")

    def here(self, text):
        return re.sub(r"\b8080\b", str(self.port), text)

    def check(self, output, what):
        self.refusals += [slug or status for slug, status in REFUSAL.findall(output)]
        assert self.refusals == REFUSALS[:len(self.refusals)], f"{what}\n{output}"

    def sh(self, text, what):
        for line in RUN.findall(text):
            self.start(line)
        rest = self.here(RUN.sub("", text))
        if not rest.strip():
            return
        script = (f"set -a\n[ ! -f {self.variables} ] || . {self.variables}\nset -e\n{rest}\n"
                  f"{{ export -p; declare -f; }} > {self.variables}\n")
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, cwd=self.root, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode == 0, f"{what} ended with {done.returncode}\n{rest}\n{done.stdout}"
        self.check(done.stdout, what)

    def sql(self, text, what):
        """psql ends at the first error, and then there is no line that says END."""
        if self.psql is None:
            self.psql = subprocess.Popen(["deploy/cluster.sh", "psql", "var", "-X", "-v", "ON_ERROR_STOP=1"], cwd=self.root,
                                         env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        self.psql.stdin.write(f"{text}\n\\echo END\n")
        self.psql.stdin.flush()
        output = []
        for line in self.psql.stdout:
            if line == "END\n":
                break
            output.append(line)
        else:
            raise AssertionError(f"{what}\n{text}\n{''.join(output)}")
        self.check("".join(output), what)

    def start(self, line):
        assert self.server is None, "make run is there twice"
        with open(self.output, "w") as output:
            self.server = subprocess.Popen(["bash", "-c", f"exec {self.here(line)}"], cwd=self.root, env=self.environment,
                                           stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        end = time.monotonic() + 150
        while "Mesteri answers on http" not in open(self.output).read():
            assert self.server.poll() is None and time.monotonic() < end, f"{line}: {open(self.output).read()}"
            time.sleep(0.2)

    def end(self):
        """Ctrl-C, unless the page itself has ended it; returns what `make run` said."""
        if self.psql is not None:
            self.psql.stdin.close()
            self.psql.wait(10)
        if self.server is not None and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGINT)
            self.server.wait(60)
        return open(self.output).read()

    def close(self):
        self.end()
        subprocess.run([os.path.join(self.root, "deploy", "remove.sh")], env=self.environment, cwd=self.root, timeout=90)


@pytest.fixture
def terminal(world):
    root = os.path.join(world.folder, "checkout")
    shutil.copytree(ROOT, root, symlinks=True, ignore=lambda folder, names: {
        name for name in names if folder == ROOT and name in ("var", ".git") or name == "__pycache__"})
    terminal = Terminal(root)
    yield terminal
    terminal.close()


@pytest.mark.parametrize("door", ["curl", "psql"])
def test_whole_life_by(door):
    """Both halves of the page use every route of accounts."""
    halves = open(PAGE, encoding="utf-8").read().split("\n## With psql alone\n")
    with open(os.path.join(ROOT, "data", "routes.csv"), encoding="utf-8", newline="") as file:
        paths = [route["path"] for route in csv.DictReader(file) if route["area"] in ("auth", "users") and route["path"][1] != "."]
    assert len(paths) >= 20
    for path in paths:
        assert re.search("/v1" + re.sub(r"\{\w+\}", ".{1,30}?", path) + r"(?![\w/-])", halves[door == "psql"]), f"{door}: {path}"


def test_quickstart(terminal):
    page = blocks(open(PAGE, encoding="utf-8").read())
    unknown = [(language, line) for language, _, line in page if language not in RUNNABLE + SHOWN]
    assert not unknown, f"say for each block what it is, {RUNNABLE} or {SHOWN}: {unknown}"
    assert any(RUN.search(text) for language, text, _ in page if language == "sh"), "the page does not say `make run`"
    for language, text, line in page:
        if language in RUNNABLE:
            getattr(terminal, language)(text, f"quickstart.md, line {line}:")
    assert terminal.refusals == REFUSALS
    said = terminal.end()
    assert "Mesteri has stopped." in said, said
