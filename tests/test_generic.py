"""What Odoo asks of each of its own modules, and what it logs while it installs ours."""

import json
import os
from pathlib import Path

import pytest
from conftest import dev

from devkit.database import manifest
from devkit.paths import ADDON, ADDONS, BRIDGES, LOG
from devkit.python import PYTHON

SUITE = Path(__file__).with_name("generic_suite.py")


@pytest.fixture(scope="module")
def demo(database):
    return database(demo=True, bridges=True)


def test_generic_tests_of_odoo(demo):
    # pylint is looked for on the path
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ADDONS": ",".join(ADDONS)}
    log = LOG / "test-generic.log"
    result = dev("odoo", "shell", "-d", demo, "--no-http", "--logfile", log, input=SUITE.read_text(), env=environment)
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout.splitlines()[-1])
    assert outcome["problems"] == []
    assert outcome["failed"] == 0
    assert outcome["skipped"] == 0
    assert outcome["run"] >= 24


def test_installing_logs_no_complaint(databases):
    """Odoo warns of what will break one day: deprecated attributes, fields that do not fit together."""
    name = f"aftersale_generic_{os.getpid()}"
    log = LOG / "test-install.log"
    log.unlink(missing_ok=True)
    databases.create(name, demo=True, addon=False)
    try:
        options = ["--with-demo", "--no-http", "--stop-after-init", "--logfile", log]
        assert dev("odoo", "server", "-d", name, "-i", ADDON, *options).returncode == 0
        joined = ",".join({name for addon in BRIDGES for name in manifest(addon)["depends"]})
        assert dev("odoo", "server", "-d", name, "-u", ADDON, "-i", joined, *options).returncode == 0
    finally:
        databases.drop(name)
    # Odoo reads the "False" that ./dev writes for a missing password as text, and says so.
    lines = [line for line in log.read_text().splitlines() if " db_password " not in line]
    assert [line for line in lines if {"WARNING", "ERROR", "CRITICAL"} & set(line.split()[3:4])] == []
    # The bridges come by themselves with what they join.
    assert all(any(f"Module {addon} loaded" in line for line in lines) for addon in ADDONS)
