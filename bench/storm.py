"""What a storm of log-ins costs those who only read: the feed's and an account's p99 with and without it.

Log-ins hash at the full cost on connections of their own, the lane `auth`, of which there are at most half as many as
processors; what is more queues, and then is told to come back.  Readers and storm share the machine, and so does wrk.

    storm.py HOST:PORT CLIENTS    the storm alone, until it is ended
"""
import http.client
import json
import re
import statistics
import subprocess
import sys
import threading
import time

CLIENTS = 50
READERS = 2          # one for each processor of the reference machine
WARM_UP = 1          # seconds until the storm stands
PAUSE = 0.1          # seconds that a client waits when it was told to come back
LOG_IN = json.dumps({"email_or_phone": "ana.popescu@example.ro", "password": "mesteri-demo-2026"})
UNITS = {"us": 1, "ms": 1e3, "s": 1e6}


def log_in_forever(host, port):
    connection = http.client.HTTPConnection(host, port, timeout=60)
    while True:
        connection.request("POST", "/v1/auth/login", LOG_IN, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 503):
            sys.exit(f"log-in was answered {answer.status}")
        if answer.status == 503:
            time.sleep(PAUSE)


class Storm:
    """In a process of its own, so that it does not wait for us nor we for it."""

    def __init__(self, address):
        self.command = [sys.executable, __file__, address, str(CLIENTS)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command)
        time.sleep(WARM_UP)

    def __exit__(self, *_):
        is_over = self.process.poll() is not None
        self.process.kill()
        self.process.wait()
        if is_over:
            sys.exit("the storm ended by itself")


def p99(address, path, token, seconds):
    """Microseconds by the wall clock."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{READERS}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {token}", f"http://{address}{path}"],
        check=True, text=True, capture_output=True).stdout
    if "Non-2xx" in output:
        sys.exit(f"{path} was refused:\n{output}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\n", output).groups()
    return float(number) * UNITS[unit]


def measure(address, token, repetitions, seconds):
    """Rows for the table of results; quiet and storm are taken in turn."""
    rows = []
    for name, path, bar in (("feed", "/v1/feed?lat=46.77&lon=23.59", "<= 2 x"), ("`GET /users/me`", "/v1/users/me", None)):
        quiet, storm = [], []
        for _ in range(repetitions):
            quiet.append(p99(address, path, token, seconds))
            with Storm(address):
                storm.append(p99(address, path, token, seconds))
        rows.append((f"p99 of {name}, wrk -c {READERS}, wall clock", statistics.median(quiet), None, None))
        rows.append((f"the same while {CLIENTS} clients log in", statistics.median(storm),
                     statistics.median(b / a for a, b in zip(quiet, storm)), bar))
    return rows


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    clients = [threading.Thread(target=log_in_forever, args=(host, int(port))) for _ in range(int(sys.argv[2]))]
    for client in clients:
        client.start()


if __name__ == "__main__":
    main()
