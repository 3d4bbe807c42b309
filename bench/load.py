"""The two that make load, pgbench and wrk, and what a call costs under it."""
import os
import subprocess
import sys
import tempfile

import cpu

REPETITIONS = int(os.environ.get("BENCH_REPETITIONS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
CONNECTIONS = 32       # of wrk


def pgbench(instance, statement, clients):
    """CPU microseconds of server and client for one execution of a statement."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir=instance.state) as script:
        script.write(statement + ";\n")
        script.flush()
        server, client = instance.server_cpu(), cpu.of_children()
        output = instance.program("pgbench", "postgres", "-n", "-M", "prepared", "-c", str(clients), "-T", str(SECONDS),
                                  "-f", script.name, "mesteri")
        server, client = instance.server_cpu() - server, cpu.of_children() - client
    calls = int(output.split("actually processed: ")[1].split()[0].split("/")[0])
    return server / calls * 1e6, client / calls * 1e6


def wrk(instance, path, token, connections=CONNECTIONS):
    """CPU microseconds of server and proxy for one request."""
    server, proxy = instance.server_cpu(), instance.proxy_cpu()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {token}",
         f"http://{instance.address}{path}"], check=True, text=True, capture_output=True).stdout
    server, proxy = instance.server_cpu() - server, instance.proxy_cpu() - proxy
    if "Non-2xx" in output:
        sys.exit(f"{path} was refused:\n{output}")
    requests = int(output.split(" requests in ")[0].split()[-1])
    return server / requests * 1e6, proxy / requests * 1e6
