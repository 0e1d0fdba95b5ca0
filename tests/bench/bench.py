"""What the benchmarks share. Each of them measures one claim and prints one JSON line; none fails on time."""
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "daemon"))
from e2e import BUILD, ROOT, TODAY, Place, counts_of, job  # noqa: E402, F401

MODEL = ROOT / "etc/models/briefd-moe.gguf"


def need(*paths):
    """Skip aloud if something isn't there."""
    for path in paths:
        if not Path(path).exists():
            print(f"skipped: {path} is not there", file=sys.stderr)
            sys.exit(77)


def say(name, figures):
    print(json.dumps({"bench": name, **figures}), flush=True)


def median(values):
    ordered = sorted(values)
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def timed(command, stdin=None, core=None):
    """(stdout, wall seconds, processor seconds) of a program that must succeed; core: it may use only that one."""
    pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    p = subprocess.run(list(map(str, command)), input=stdin, capture_output=True, preexec_fn=pin, check=False)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if p.returncode:
        sys.exit(f"{command[0]}: exit {p.returncode}: {p.stderr.decode(errors='replace')[-500:]}")
    return p.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
