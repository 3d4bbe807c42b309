"""bench/RESULTS.md: a section for each job, of which a run writes its own."""
import os
import platform
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
SECTIONS = ("Calls", "Engines", "Matching", "Aging", "Dump and restore")


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024 // 1024
    return f"{os.cpu_count()} cores ({model}), {memory} GiB, Linux {platform.release()}"


def environment(instance, load, data):
    """Two lines on where figures come from; load is what os.getloadavg() was before."""
    return [f"- Machine: {machine()}; load average {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after",
            f"- {instance.sql('SELECT version()').split(' on ')[0]}; {data}", ""]


def write(section, lines):
    found = dict(re.findall(r"^## (.*?)\n+(.*?)\s*(?=^## |\Z)", PAGE.read_text(), re.S | re.M)) if PAGE.exists() else {}
    found[section] = "\n".join(lines).strip()
    PAGE.write_text("# Results\n\n" + "\n\n".join(f"## {name}\n\n{found[name]}" for name in SECTIONS if name in found) + "\n")
    print(found[section])
