#!/usr/bin/python3
"""Writes docs/schema, errors.md, routes.md, config.md and the table in privacy.md; called by `make docs`.

    docs/generator/generate.py [DIR]    into DIR, docs by default

A freshly installed database tells most of it; its cluster is made for it and removed
after it.  regress/operations/test_generated_pages.py calls generate() and fails when the tracked pages are others.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

import errors
import privacy
import routes
import settings
from areas import ROOT
from catalog import Catalog
from pages import Pages


def generate(connection):
    """File name below docs/ -> text of every page."""
    pages = {f"schema/{name}": text for name, text in Pages(Catalog(connection)).all().items()}
    pages["errors.md"] = errors.page(connection)
    pages["routes.md"] = routes.page(connection)
    pages["privacy.md"] = privacy.page()
    pages["config.md"] = settings.page(connection, ROOT / "build" / "proxy" / "mesteri-proxy")
    return pages


def write(folder, pages):
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    for path in (folder / "schema").glob("*.md"):
        if f"schema/{path.name}" not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text)


def cluster(command, state):
    subprocess.run([ROOT / "deploy" / "cluster.sh", command, state], check=True)


def main():
    state = Path(tempfile.mkdtemp(prefix="mesteri-docs."))
    state.chmod(0o755)
    try:
        for command in ("init", "start", "database"):
            cluster(command, state)
        connection = psycopg2.connect(host=state / "run", user="postgres", dbname="mesteri")
        write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs", generate(connection))
        connection.close()
    finally:
        cluster("stop", state)
        shutil.rmtree(state)


if __name__ == "__main__":
    main()
