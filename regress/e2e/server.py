"""Clusters and proxies of their own for the tests: started, watched, always stopped."""

import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg2
import psycopg2.extras

from client import Client

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DEPLOY = os.path.join(ROOT, "deploy")

# Lanes of the proxy, and how many connections a worker has in each by default.
LANES = {"read": 2, "write": 4, "auth": 1, "slow": 1}

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}

# Everything that the server can be told to log, parameters too: what must not be there is not there even then.
LOG_EVERYTHING = """
log_statement = 'all'
log_min_duration_statement = 0
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_min_messages = 'info'
log_connections = on
"""

# Cheap hashes; nothing that is committed needs to survive this machine.
QUICK = """
mesteri.bcrypt_cost = 4
fsync = off
shared_buffers = '64MB'
max_connections = 200
"""


def wait_until(condition, seconds, what):
    """Returns the first true value of condition()."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


def folder_make(prefix):
    """A folder that the service user can enter, with a path short enough for sockets."""
    folder = tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("MESTERI_STATE") or "/tmp")
    os.chmod(folder, 0o755)
    return folder


class Cluster:
    def __init__(self, folder, settings=QUICK + LOG_EVERYTHING):
        self.folder = folder
        self.settings = settings
        self.log = os.path.join(folder, "log", "postgresql.log")

    def control(self, command, *arguments):
        done = subprocess.run([os.path.join(DEPLOY, "cluster.sh"), command, self.folder, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150)
        assert done.returncode == 0, f"cluster.sh {command}: {done.stdout}"

    def start(self):
        conf = os.path.join(self.folder, "e2e.conf")
        with open(conf, "w") as file:
            file.write(self.settings)
        self.control("init")
        self.control("start", conf)
        return self

    def start_again(self):
        self.control("start")

    def stop(self):
        self.control("stop")

    def kill(self):
        """What pg_ctl stop -m immediate does: sessions are cut, the next start recovers."""
        with open(os.path.join(self.folder, "data", "postmaster.pid")) as file:
            pid = int(file.readline())
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20, "the server ends")

    def database(self, name):
        self.control("database", name)
        return Database(self, name)


class Database:
    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    def connect(self):
        """A superuser's session, one transaction a statement.  It does not log its own statements: they hold secrets."""
        connection = psycopg2.connect(
            host=os.path.join(self.cluster.folder, "run"), user="postgres", dbname=self.name,
            options="-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic")
        connection.autocommit = True
        return connection

    def run(self, sql, *values):
        """All rows of a statement, as dicts; None where there are none."""
        connection = self.connect()
        try:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, sql, *values):
        return next(iter(self.run(sql, *values)[0].values()))

    def load_demo(self, posts, seed, now):
        self.cluster.control("psql", "-d", self.name, "-X", "-q", "-v", f"posts={posts}", "-v", f"seed={seed}", "-v",
                             f"now={now}", "-f", os.path.join(ROOT, "demo", "demo.sql"))

    def for_proxy(self):
        return f"host={self.cluster.folder}/run user=mesteri_proxy dbname={self.name}"


class Proxy:
    """A proxy process.  Its logs stay in its folder; stop() fails when a sanitizer said something in them."""

    def __init__(self, binary, database, folder, name="proxy", settings=None):
        self.binary = binary
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.access_log = os.path.join(self.folder, "access.log")
        self.error_log = os.path.join(self.folder, "error.log")
        self.port_file = os.path.join(self.folder, "port")
        self.conf = os.path.join(self.folder, "proxy.conf")
        self.settings = {"listen_port": 0, "port_file": self.port_file, "database": database, "workers": 2,
                         "access_log": self.access_log, **(settings or {})}
        self.process = None
        self.port = None

    def configure(self, **settings):
        self.settings.update(settings)
        with open(self.conf, "w") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())

    def launch(self):
        self.configure()
        with open(self.error_log, "a") as errors:
            self.process = subprocess.Popen([self.binary, "-c", self.conf], stdin=subprocess.DEVNULL, stdout=errors,
                                            stderr=errors, env={**os.environ, **SANITIZER_OPTIONS},
                                            start_new_session=True)

    def start(self, is_ready=True):
        self.launch()

        def port():
            assert self.process.poll() is None, f"the proxy ended: {self.errors()}"
            return os.path.exists(self.port_file) and open(self.port_file).read().strip()

        self.port = int(wait_until(port, 20, "the proxy's port"))
        if is_ready:
            self.wait_ready()
        return self

    def client(self, token=None, language=None):
        return Client(self.port, token, language)

    def is_ready(self):
        """Every connection of every worker is up; /ready speaks for one worker only."""
        try:
            if self.client().get("/ready").status != 200:
                return False
            page = self.client().get("/metrics").body.decode()
        except OSError:
            return False
        workers = self.settings["workers"]
        lanes = {name: workers * int(self.settings.get(f"lane_{name}_connections", count)) for name, count in LANES.items()}
        found = {name: int(value) for name, value in re.findall(r'_lane_connections\{lane="(.*)"\} (\d+)', page)}
        return found == lanes and f"mesteri_proxy_workers {workers}\n" in page

    def wait_ready(self, seconds=20):
        wait_until(self.is_ready, seconds, f"the proxy is ready; it says {self.errors()}")

    def workers(self):
        """Process ids of the supervisor's children."""
        try:
            return [int(pid) for pid in open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()]
        except FileNotFoundError:
            return []

    def errors(self):
        return open(self.error_log).read() if os.path.exists(self.error_log) else ""

    def signal(self, number):
        self.process.send_signal(number)

    def terminate(self, seconds=30):
        """A graceful end; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def check_sanitizers(self):
        assert not SANITIZER.search(self.errors()), self.errors()

    def stop(self):
        """Ends it and whatever it left; once more does nothing."""
        if self.process is None:
            return
        try:
            if self.process.poll() is None:
                code = self.terminate()
                assert code == 0, f"the proxy ended with {code}: {self.errors()}"
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process = None
        self.check_sanitizers()


def binary(variable, folder):
    path = os.environ.get(variable) or os.path.join(ROOT, "build", folder, "mesteri-proxy")
    assert os.access(path, os.X_OK), f"{path} is not there; make -C proxy all asan builds it"
    return path


class World:
    """Everything that one run starts."""

    def __init__(self):
        self.folder = folder_make("e2e-")
        self.plain = binary("MESTERI_PROXY", "proxy")
        self.sanitized = binary("MESTERI_PROXY_ASAN", "proxy-asan")
        self.proxies = []
        self.clusters = []

    def cluster(self, name, settings=QUICK + LOG_EVERYTHING):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        cluster = Cluster(folder, settings)
        self.clusters.append(cluster)
        return cluster.start()

    def proxy(self, database, plain=False, name=None, binary=None, is_ready=True, **settings):
        proxy = self.unstarted_proxy(database, plain, name, **settings)
        return proxy.start(is_ready)

    def unstarted_proxy(self, database, plain=False, name=None, **settings):
        where = database if isinstance(database, str) else database.for_proxy()
        proxy = Proxy(self.plain if plain else self.sanitized, where, self.folder,
                      f"{name or 'proxy'}-{len(self.proxies)}", settings)
        self.proxies.append(proxy)
        return proxy

    def logs(self):
        """Every log of this run."""
        return [cluster.log for cluster in self.clusters] + sorted(glob.glob(f"{self.folder}/*/*.log"))

    def close(self):
        """Stops all; returns what went wrong."""
        faults = []
        for ended in [*self.proxies, *self.clusters]:
            try:
                ended.stop()
            except Exception as fault:  # the others must be stopped all the same
                faults.append(fault)
        return faults

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
