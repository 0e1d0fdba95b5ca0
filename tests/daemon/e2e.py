"""What the end-to-end checks share: a folder with a CRM, a configuration and a store of its own; the built programs."""
import atexit
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("BRIEFD_TEST_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("BRIEFD_TEST_BUILD", ROOT / "build/release"))
LONG = os.environ.get("BRIEFD_TEST_LONG") == "1"
SANITIZED = BUILD.name != "release"  # many times slower: fewer records
TODAY = "2026-11-20"  # of the sample CRM
TABLES = {"opportunity": "opportunity", "account": "account", "contact": "contact", "lead": "lead", "case": "support_case"}

failures = 0


def check(ok, what):
    """Count a failure and go on, so that one run tells all of them."""
    global failures
    if not ok:
        print(f"FAILED: {what}", flush=True)
        failures += 1
    return ok


def finish():
    print("all checks held" if not failures else f"{failures} checks failed")
    sys.exit(1 if failures else 0)


class Place:
    """A folder with crm.db, briefd.yaml, the store and the master key. data: what is loaded instead of the sample CRM;
    model: what runs instead of the shipped one."""

    def __init__(self, keep=None, write_back="off", source=None, jobs=None, policy=None, data=None, model=None, templates="etc/templates"):
        self.folder = Path(tempfile.mkdtemp(prefix="briefd-e2e-"))
        atexit.register(shutil.rmtree, self.folder, True)
        self.crm = self.folder / "crm.db"
        self.store = self.folder / "briefd.db"
        self.config = self.folder / "briefd.yaml"
        self.log = self.folder / "log"
        self.templates = ROOT / templates
        if source is None:
            db = sqlite3.connect(self.crm)
            db.executescript((ROOT / "etc/sample-crm/schema.sql").read_text(encoding="utf-8"))
            db.executescript(Path(data or ROOT / "etc/sample-crm/data.sql").read_text(encoding="utf-8"))
            for object_name, n in (keep or {}).items():
                db.execute(f"delete from {TABLES[object_name]} where id not in"
                           f" (select id from {TABLES[object_name]} order by id limit {n})")
            db.commit()
            db.close()
        self.write_config(write_back, source, jobs, policy, model)

    def write_config(self, write_back="off", source=None, jobs=None, policy=None, model=None):
        text = (ROOT / "etc/briefd.yaml").read_text(encoding="utf-8")
        text = text.replace("../build/demo", str(self.folder)).replace("policy: policy.yaml", f"policy: {policy or ROOT / 'etc/policy.yaml'}")
        text = text.replace("templates: templates", f"templates: {self.templates}")
        text = text.replace("path: models/", f"path: {ROOT / 'etc/models'}/").replace("write_back: off ", f"write_back: {write_back} ")
        if model:
            text = text.replace(str(ROOT / "etc/models/briefd-moe.gguf"), str(model))
        if source:
            text = text.replace("type: sqlite", "type: postgres").replace(f"dsn: {self.crm}", f"dsn: '{source}'")
        if jobs is not None:
            text = text[:text.index("\njobs:")] + "\njobs:\n" + "".join(f"  {line}\n" for line in jobs)
        self.config.write_text(text, encoding="utf-8")

    def sql(self, text, *values):
        with sqlite3.connect(self.crm, timeout=30) as db:
            return db.execute(text, values).fetchall()

    def stored(self, text, *values):
        """Of the store, read-only and behind its back."""
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30)
        try:
            return db.execute(text, values).fetchall()
        finally:
            db.close()

    def command(self, program, *arguments):
        return [str(BUILD / program), "-c", str(self.config), *map(str, arguments)]

    def run(self, program, *arguments, stdin=None):
        """Exit code, stdout, stderr; stderr is kept in the log as well."""
        p = subprocess.run(self.command(program, *arguments), input=stdin, capture_output=True, text=True, timeout=1700)
        with open(self.log, "a", encoding="utf-8") as f:
            f.write(p.stderr)
        if "Sanitizer" in p.stderr:
            check(False, f"{program} {arguments}: {p.stderr}")
        return p.returncode, p.stdout, p.stderr

    def once(self, *more):
        return self.run("briefd", "--once", "--as-of", TODAY, *more)

    def ctl(self, *arguments, stdin=None):
        return self.run("briefctl", *arguments, stdin=stdin)

    def brief(self, *arguments):
        """Exit code and the JSON of `briefctl brief`."""
        code, out, _ = self.ctl("brief", *arguments, "--as-of", TODAY, "--json")
        return code, json.loads(out) if out.strip() else None

    def current(self):
        """How many current briefs each record and kind has."""
        return dict(((o, i, k), n) for o, i, k, n in self.stored(
            "select object, record_id, kind, count(*) from brief where state not in ('superseded', 'expired') group by 1, 2, 3"))


def job(name, object_name, kinds="summary", more=""):
    return f"{name}: {{source: crm, object: {object_name}, kinds: [{kinds}]{more}}}"


def counts_of(out):
    """'cases  78 made, 0 unchanged, ...' of --once to {'cases': {'made': 78, ...}}."""
    result = {}
    for line in out.splitlines():
        name, _, rest = line.partition(" ")
        parts = [p.strip().split(" ", 1) for p in rest.split(",") if p.strip()[:1].isdigit()]
        if parts and name:
            result[name] = {what.split(" (")[0]: int(n) for n, what in parts}
    return result
