"""The virtual environment with everything requirements.txt pins."""

import hashlib
import importlib.util
import os
import shutil
import sys

from devkit import locks, system
from devkit.console import Stop, say, step
from devkit.paths import DEV, ROOT, VENV

PYTHON = VENV / "bin" / "python"
MARKER = VENV / "made-from"  # written last: without it the environment counts as half made
SUPPORTED = ((3, 10), (3, 13))


def _fingerprint():
    return hashlib.sha256((ROOT / "requirements.txt").read_bytes() + str(VENV).encode()).hexdigest()


def inside():
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def ready():
    """Make the environment if it is missing, stale or half made."""
    fingerprint = _fingerprint()
    if _is_made(fingerprint):
        return
    with locks.exclusive("python"):
        if not _is_made(fingerprint):
            _make(fingerprint)


def _is_made(fingerprint):
    # The last condition fails when the system's Python moved on under the environment's link to it.
    return (
        PYTHON.exists()
        and MARKER.exists()
        and MARKER.read_text() == fingerprint
        and any(path.name in PYTHON.resolve().name or "python3." not in PYTHON.resolve().name for path in _libraries())
    )


def _libraries():
    return (VENV / "lib").glob("python3.*")


def _make(fingerprint):
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        raise Stop(
            f"Odoo 19.0 runs on Python 3.10 to 3.13, this is {sys.version.split()[0]}. Start with: python3.11 dev …"
        )
    if not importlib.util.find_spec("ensurepip") or not importlib.util.find_spec("venv"):
        system.install(["python3-venv"], "Python's venv module")
    say("Python environment")
    shutil.rmtree(VENV, ignore_errors=True)
    DEV.mkdir(exist_ok=True)
    step("creating the virtual environment", [sys.executable, "-m", "venv", str(VENV)], "venv")
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--retries",
        "5",
        "-r",
        "requirements.txt",
    ]
    step("installing requirements.txt", pip, "pip", cwd=ROOT)
    MARKER.write_text(fingerprint)


def enter():
    """Go on under the environment's Python, with the same arguments."""
    if not inside():
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "dev"), *sys.argv[1:]])
