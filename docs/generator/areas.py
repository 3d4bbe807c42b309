"""Which part of the install script makes what: an area is a file of sql/, its purpose the head of that file."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = re.compile(r"^CREATE (?:(?:UNLOGGED|OR REPLACE) )*(TABLE|VIEW|TYPE|DOMAIN|SEQUENCE|FUNCTION|PROCEDURE|AGGREGATE) "
                  r"([a-z_]+\.[a-z0-9_]+)", re.M)
HEAD = re.compile(r"/\*\n \* (?P<file>\S+)\n(?P<purpose>(?: \*\t\t.*\n)+)")
KINDS = {"VIEW": "relation", "TABLE": "relation", "SEQUENCE": "relation", "TYPE": "type", "DOMAIN": "type"}


class Area:
    """A part: its page, title and purpose, and what it makes."""

    def __init__(self, path):
        text = path.read_text()
        head = HEAD.search(text)
        self.page = path.stem + ".md"
        # With its number: a table of the page may be called like the area, and links go to headings.
        number, name = path.stem.split("-", 1)
        self.title = f"{number} {name.replace('-', ' ')}"
        self.purpose = " ".join(line[2:].strip() for line in head["purpose"].splitlines())
        self.makes = {(KINDS.get(kind, "function"), name) for kind, name in MADE.findall(text)}


class Areas:
    def __init__(self):
        self.all = [Area(path) for path in sorted((ROOT / "sql").glob("[0-9]*.sql")) if HEAD.search(path.read_text())]
        self.of = {made: area for area in self.all for made in area.makes}

    def find(self, kind, name):
        """The area that makes it; None: no part does so by name, but another function at run time."""
        return self.of.get((kind, name))
