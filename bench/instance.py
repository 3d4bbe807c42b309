"""A private cluster with demo data, and a proxy before it where one is wanted."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import cpu

ROOT = Path(__file__).resolve().parent.parent
PGBIN = ROOT / "var" / "pg" / "lib" / "postgresql" / "15" / "bin"
LOGIN = ("SELECT body #>> '{tokens,access_token}' FROM mesteri.request('POST', '/v1/auth/login', body => "
         "'{\"email_or_phone\": \"ana.popescu@example.ro\", \"password\": \"mesteri-demo-2026\"}')")
# Timed work would be counted as that of calls, and change rows while they are compared: none in the database mesteri.
SETTINGS = "mesteri.databases = 'postgres'\n"


def deploy(script, *arguments):
    return subprocess.run([ROOT / "deploy" / script, *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


class Instance:
    """A running cluster in a folder of its own; close() leaves nothing of it."""

    def __init__(self, keys_of=None, settings=SETTINGS):
        self.state = Path(tempfile.mkdtemp(prefix="mesteri-bench."))
        self.state.chmod(0o755)
        try:
            deploy("cluster.sh", "init", self.state)
            if keys_of is not None:
                shutil.rmtree(self.state / "data" / "mesteri_keys")
                subprocess.run(["cp", "-a", keys_of.state / "data" / "mesteri_keys", self.state / "data"], check=True)
            (self.state / "bench.conf").write_text(settings)
            deploy("cluster.sh", "start", self.state, self.state / "bench.conf")
            self.postmaster = int((self.state / "data" / "postmaster.pid").read_text().split()[0])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        deploy("proxy.sh", "stop", self.state)
        deploy("cluster.sh", "stop", self.state)
        shutil.rmtree(self.state)

    def load(self, posts, **more):
        """The database mesteri with demo data."""
        deploy("cluster.sh", "database", self.state)
        self.sql_file(ROOT / "demo" / "demo.sql", f"posts={posts}", "seed=2026", *(f"{name}={value}" for name, value in more.items()))

    def serve(self):
        """The proxy; from now on its CPU time can be asked for too."""
        deploy("proxy.sh", "start", self.state, "0")
        self.address = deploy("proxy.sh", "status", self.state).strip()
        self.supervisor = int((self.state / "run" / "proxy.pid").read_text())

    def sql(self, query):
        return deploy("cluster.sh", "psql", self.state, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", query).strip()

    def sql_file(self, path, *variables):
        settings = [word for pair in variables for word in ("-v", pair)]
        deploy("cluster.sh", "psql", self.state, "-X", "-q", "-v", "ON_ERROR_STOP=1", *settings, "-f", path)

    def program(self, name, user, *arguments):
        """Runs one of PostgreSQL's programs as a role of the cluster; returns what it printed, raises when it fails."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return subprocess.run([PGBIN / name, "-h", self.state / "run", "-U", user, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE, env=environment).stdout

    def token(self):
        return self.sql(LOGIN)

    def server_cpu(self):
        return cpu.of_tree(self.postmaster)

    def proxy_cpu(self):
        return cpu.of_tree(self.supervisor)
