"""What DBAs do: dump, restore, upgrade, ask how things are.  On clusters of its own, one of which stays whole.

    regress/run operations            the runner's way
    cd regress/operations && pytest   by hand, after: make private

    MESTERI_STATE     folder below which clusters and logs are made; /tmp by default
    MESTERI_PREFIX    the PostgreSQL prefix; var/pg by default
"""

import os
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

from server import ROOT, Cluster, folder_make  # noqa: E402

PREFIX = os.environ.get("MESTERI_PREFIX") or os.path.realpath(os.path.join(ROOT, "var", "pg"))
BIN = os.path.join(PREFIX, "lib", "postgresql", "15", "bin")

SETTINGS = """
mesteri.bcrypt_cost = 4
fsync = off
shared_buffers = '64MB'
"""


def program(name, cluster, user, *arguments):
    """Runs one of PostgreSQL's programs as a role of the cluster; returns its output, fails when it does."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    done = subprocess.run([os.path.join(BIN, name), "-h", os.path.join(cluster.folder, "run"), "-U", user, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, env=environment)
    assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}"
    return done.stdout


class Clusters:
    def __init__(self):
        self.folder = folder_make("operations-")
        self.made = []

    def make(self, name, keys_of=None):
        """A running cluster; with the keys of another one, as after a restore."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        cluster = Cluster(folder, SETTINGS)
        self.made.append(cluster)
        if keys_of is not None:
            cluster.control("init")
            shutil.rmtree(f"{folder}/data/mesteri_keys")
            subprocess.run(["cp", "-a", f"{keys_of.folder}/data/mesteri_keys", f"{folder}/data/"], check=True)
        return cluster.start()

    def close(self):
        for cluster in self.made:
            cluster.stop()


@pytest.fixture(scope="session")
def clusters(request):
    clusters = Clusters()
    failed_before = request.session.testsfailed
    try:
        yield clusters
    finally:
        clusters.close()
        if request.session.testsfailed > failed_before:
            print(f"\nlogs: {clusters.folder}", file=sys.stderr)
        else:
            shutil.rmtree(clusters.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(clusters):
    """The one that stays whole."""
    return clusters.make("pg")
