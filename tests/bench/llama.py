"""llama.cpp for comparison: prebuilt libraries from an npm package, and peer.c built against that package's own headers.
Everything lies in a scratch folder and none of it is part of the product."""
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "3.22.1"  # of node-llama-cpp; carries libllama v0.5.0
SCRATCH = Path(os.environ.get("BRIEFD_BENCH_SCRATCH", Path.home() / ".cache/briefd-bench"))
MACHINES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


class Missing(Exception):
    """llama.cpp is not to be had; the message says why."""


def command(arguments, folder):
    try:
        p = subprocess.run(list(map(str, arguments)), cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Missing(f"{arguments[0]}: {e}") from e
    if p.returncode:
        raise Missing(f"{' '.join(map(str, arguments[:3]))}: exit {p.returncode}: {p.stderr.strip()[-300:]}")


def compile_c(source, program, *options):
    """Compile if the program is older than its source."""
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        command([os.environ.get("CC", "cc"), "-O3", "-march=native", "-Wno-psabi", "-o", program, source, *options], HERE)
    return program


class Peer:
    """Fetched and built on first use; raises Missing."""

    def __init__(self):
        machine = MACHINES.get(platform.machine())
        if not machine:
            raise Missing(f"no prebuilt llama.cpp for {platform.machine()}")
        if not shutil.which("npm") or not shutil.which("git"):
            raise Missing("npm and git are needed to fetch it")
        folder = SCRATCH / f"llama-{VERSION}"
        modules = folder / "node_modules"
        self.libraries = modules / "@node-llama-cpp" / machine / "bins" / machine
        if not self.libraries.exists():
            print(f"fetching llama.cpp (node-llama-cpp {VERSION}) into {folder}", file=sys.stderr, flush=True)
            folder.mkdir(parents=True, exist_ok=True)
            command(["npm", "init", "-y"], folder)
            command(["npm", "install", "--ignore-scripts", f"node-llama-cpp@{VERSION}", f"@node-llama-cpp/{machine}@{VERSION}"],
                    folder)
        headers = folder / "headers"
        if not (headers / "include/llama.h").exists():
            bare = folder / "source.git"
            if not bare.exists():
                command(["git", "clone", "-q", "--bare", modules / "node-llama-cpp/llama/gitRelease.bundle", bare], folder)
            headers.mkdir(exist_ok=True)
            command(["git", f"--git-dir={bare}", "archive", "-o", folder / "headers.tar", "HEAD", "include", "ggml/include"], folder)
            command(["tar", "-xf", folder / "headers.tar", "-C", headers], folder)
        linked = [*self.libraries.glob("libllama.v*.so"), *self.libraries.glob("libggml.v*.so"), self.libraries / "libggml-base.so"]
        self.program = compile_c(HERE / "peer.c", folder / "peer", f"-I{headers}/include", f"-I{headers}/ggml/include", *linked,
                                 f"-Wl,-rpath,{self.libraries}", "-lm")

    def run(self, what, model, stdin=None, **keys):
        """(figures, peak resident bytes)."""
        return measured([self.program, what, model, *(f"{k}={v}" for k, v in keys.items())], stdin,
                        {**os.environ, "PEER_LIBRARIES": str(self.libraries)})


class Failed(Exception):
    """A program that is measured did not end well; the message is its own."""


def measured(arguments, stdin=None, env=None):
    """The JSON object that a program prints, and the most memory that it had resident."""
    with subprocess.Popen(list(map(str, arguments)), stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as p:
        if stdin:
            p.stdin.write(stdin)
            p.stdin.close()
        out = p.stdout.read()
        complaint = p.stderr.read().decode(errors="replace").strip()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise Failed(complaint[-300:] or f"exit {p.returncode}")
    return json.loads(out) if out.strip() else {}, usage.ru_maxrss * 1024
