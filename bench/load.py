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
    return count_requests(instance, ["-H", f"Authorization: Bearer {token}"], path, connections)


def count_requests(instance, options, path, connections):
    server, proxy = instance.server_cpu(), instance.proxy_cpu()
    output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", *options, f"http://{instance.address}{path}"],
                            check=True, text=True, capture_output=True).stdout
    server, proxy = instance.server_cpu() - server, instance.proxy_cpu() - proxy
    if "Non-2xx" in output:
        sys.exit(f"{path} was refused:\n{output}")
    requests = int(output.split(" requests in ")[0].split()[-1])
    return server / requests * 1e6, proxy / requests * 1e6


def pgbench_script(instance, scripts, transactions, **variables):
    """CPU microseconds of the server for one run of a script, of several by weight, one after the other."""
    files = []
    try:
        for number, (script, weight) in enumerate(scripts):
            path = instance.state / f"bench-{number}.sql"
            path.write_text(script)
            files += ["-f", f"{path}@{weight}"]
        defined = [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
        before = instance.server_cpu()
        instance.program("pgbench", "postgres", "-n", "-M", "prepared", "-c", "1", "-t", str(transactions), *defined, *files, "mesteri")
        return (instance.server_cpu() - before) / transactions * 1e6
    finally:
        for number in range(len(scripts)):
            (instance.state / f"bench-{number}.sql").unlink(missing_ok=True)


LUA = """
local tokens, paths = {{{tokens}}}, {{{paths}}}
math.randomseed(2026)
request = function()
    local headers = #tokens > 0 and {{["Authorization"] = "Bearer " .. tokens[math.random(#tokens)]}} or {{}}
    return wrk.format("GET", paths[math.random(#paths)], headers)
end
"""


def wrk_random(instance, paths, tokens=()):
    """The same as wrk(), each request one of the paths with one of the tokens."""
    script = instance.state / "bench.lua"
    script.write_text(LUA.format(tokens=", ".join(f'"{token}"' for token in tokens), paths=", ".join(f'"{path}"' for path in paths)))
    return count_requests(instance, ["-s", str(script)], "", CONNECTIONS)
