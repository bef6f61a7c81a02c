"""./dev test: the add-ons' own tests (inside an Odoo, through pytest-odoo) and the tests of the running product.

A process each, because pytest-odoo turns its process into an Odoo with a database; one summary line at the end.
"""

import json
import os
import time

from devkit import odoo, prepare, process, system
from devkit.console import Stop, say
from devkit.paths import ADDONS, BRIDGES, DEV, LOG, ROOT
from devkit.python import PYTHON

OUTSIDE = "tests"
NOTHING_COLLECTED = 5
PREFIX = "aftersale_test_"


def main(options):
    inside, outside = _targets(options.arguments)
    started = time.monotonic()
    system.ready(["chromium", "wkhtmltopdf", "fonts-noto-cjk"], required=True)
    databases = prepare.databases()
    _drop_left_over(databases)
    runs = []
    (LOG / "test-odoo.log").unlink(missing_ok=True)
    for addon, arguments in inside.items():
        if not any(map(_interrupted, runs)) and any((ROOT / addon / "tests").glob("test_*.py")):
            runs.append(_inside(databases, addon, arguments))
    if outside and not any(map(_interrupted, runs)) and any((ROOT / OUTSIDE).glob("test_*.py")):
        runs.append(_pytest("outside", ["-p", "no:odoo", *outside], _plain_environment()))
    return _summary(runs, time.monotonic() - started)


def _targets(arguments):
    """{add-on: arguments} of the runs inside Odoo, and arguments of the one outside, None where no path asks for it."""
    paths = [argument for argument in arguments if _is_path(argument)]
    rest = [argument for argument in arguments if argument not in paths]
    if not paths:
        return {addon: [*rest, f"{addon}/tests"] for addon in ADDONS}, [*rest, OUTSIDE]
    inside = {addon: [path for path in paths if _file(path).is_relative_to(ROOT / addon)] for addon in ADDONS}
    outside = [path for path in paths if path not in sum(inside.values(), [])]
    return (
        {addon: [*rest, *chosen] for addon, chosen in inside.items() if chosen},
        [*rest, *outside] if outside else None,
    )


def _file(argument):
    return (ROOT / argument.split("::")[0]).resolve()


def _is_path(argument):
    return not argument.startswith("-") and _file(argument).exists()


def _inside(databases, addon, arguments):
    """The tests of one add-on, in a database of their own without demo data."""
    name = f"{PREFIX}{os.getpid()}"
    conf = DEV / f"{name}.conf"
    databases.create(name, demo=False, bridges=addon in BRIDGES)
    try:
        more = {"db_name": name, "dbfilter": f"^{name}$", "logfile": LOG / "test-odoo.log", "log_level": "info"}
        environment = odoo.configure(databases.odoo, databases.server, conf, **more)
        # Odoo's records go to its log file; pytest would repeat them below every failure.
        options = ["--odoo-http", "--odoo-log-level=info", "-p", "no:logging"]
        return _pytest("inside", [*options, *arguments], environment)
    finally:
        databases.drop(name)
        conf.unlink(missing_ok=True)


def _plain_environment():
    return {key: value for key, value in os.environ.items() if key != "ODOO_RC"}


def _pytest(name, arguments, environment):
    """Run pytest; its exit code and counts."""
    counts = LOG / f"test-{name}-{os.getpid()}.json"
    counts.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pytest", "-p", "devkit.strict", *arguments]
    code = process.run(command, env={**environment, "DEV_TEST_COUNTS": str(counts)}, cwd=ROOT)
    known = json.loads(counts.read_text()) if counts.exists() else {"passed": 0, "failed": 0}
    counts.unlink(missing_ok=True)
    if code not in (0, 1, NOTHING_COLLECTED) and not known["failed"]:
        known["failed"] = 1  # pytest itself broke down, or was interrupted
    return code, known


def _interrupted(run):
    return run[0] == 2 or run[0] >= 128


def _summary(runs, seconds):
    codes = [code for code, _counts in runs]
    if not runs or all(code == NOTHING_COLLECTED for code in codes):
        raise Stop("No test matches.", code=NOTHING_COLLECTED)
    passed = sum(counts["passed"] for _code, counts in runs)
    failed = sum(counts["failed"] for _code, counts in runs)
    say(f"\nAll tests took {seconds:.0f} s; Odoo's log: {LOG / 'test-odoo.log'}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return next((code for code in codes if code not in (0, NOTHING_COLLECTED)), 0)


def _drop_left_over(databases):
    """Databases and files of test runs that were killed."""
    query = "SELECT datname FROM pg_database WHERE datname LIKE %s"
    for (name,) in databases.server.sql(query, [PREFIX.replace("_", r"\_") + "%"]):
        owner = name.removeprefix(PREFIX)
        if not (owner.isdigit() and os.path.exists(f"/proc/{owner}")):
            databases.drop(name)
            (DEV / f"{name}.conf").unlink(missing_ok=True)
