"""Programs that come from the system: found, or installed with apt when root, or asked for with one command."""

import os
import shutil
import subprocess
from pathlib import Path

from devkit import locks
from devkit.console import Stop, say, step

# The names Odoo's own browser tests look for, in their order.
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
CJK_FILES = ("*NotoSansCJK*", "*NotoSerifCJK*", "*SourceHanSans*", "wqy-*", "*DroidSansFallback*")


def browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _has_cjk_font():
    if shutil.which("fc-list"):
        return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    return any(next(folder.rglob(pattern), None) for folder in folders for pattern in CJK_FILES)


NEEDS = {
    "wkhtmltopdf": ("PDF reports", lambda: shutil.which("wkhtmltopdf")),
    "fonts-noto-cjk": ("Chinese in PDF reports and screenshots", _has_cjk_font),
    "chromium": ("browser tests", browser),
}


def ready(packages, required):
    """See that the packages are there; when they cannot be had, Stop if required, else say what will be missing."""
    missing = [name for name in packages if not NEEDS[name][1]()]
    if not missing:
        return
    with locks.exclusive("system"):
        missing = [name for name in missing if not NEEDS[name][1]()]
        if not missing:
            return
        what = ", ".join(NEEDS[name][0] for name in missing)
        try:
            install(missing, what)
        except Stop as stop:
            if required:
                raise
            say(f"  Going on without {', '.join(missing)} ({what}).\n  {stop}")


def install(packages, what):
    names = " ".join(packages)
    by_hand = f"Needed for {what}: apt-get install {names}   (as root)"
    if not shutil.which("apt-get"):
        raise Stop(f"Needed for {what}, and this system has no apt: install what your system calls {names}.")
    if os.geteuid() != 0:
        raise Stop(by_hand)
    say(f"System packages: {names}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        step("reading the package lists", ["apt-get", "update", "-q"], "apt-update", env=environment)
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        step(f"installing {names}", command, "apt-install", env=environment)
    except Stop as stop:
        raise Stop(f"{stop}\n{by_hand}") from stop
