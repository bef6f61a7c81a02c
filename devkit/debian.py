"""Debian's package of Odoo 19.0, unpacked without root and without touching the system's apt.

The mirror is the one the machine's own apt uses; the archive keyring signs what comes from it.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from devkit.console import Stop, say, step
from devkit.paths import DEV

SOURCES = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Odoo's package links fonts and scripts of these; the icon font must be the old one, its web fonts left it later.
PACKAGES = (
    "odoo-19/sid",
    "libjs-jquery/sid",
    "libjs-jquery-form/sid",
    "libjs-underscore/sid",
    "fonts-roboto-unhinted/sid",
    "fonts-montserrat/sid",
    "fonts-ocr-b/sid",
    "fonts-inconsolata/sid",
    "fonts-glyphicons-halflings/sid",
    "fonts-font-awesome/bookworm",
)
# Not in any package; an empty file keeps the browser console (and so every browser test) quiet.
MISSING = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
HELP = (
    "Odoo 19.0 is needed. Either get its source (branch 19.0 of github's odoo/odoo) and set ODOO_HOME to that folder, "
    "or run this on Debian, where its package can be fetched."
)


def mirrors(folder=SOURCES):
    """URIs of the Debian archive in the machine's apt sources (both formats), in order, without the security ones."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found = []
    for file in files:
        if file.suffix not in (".list", ".sources") or not file.is_file():
            continue
        parse = _deb822 if file.suffix == ".sources" else _one_line
        for uri, suites in parse(file.read_text(errors="replace")):
            archive = uri.rstrip("/").rsplit("/", 1)[-1]
            if archive == "debian" and not any("security" in suite for suite in suites):
                found.append(uri.rstrip("/"))
    return list(dict.fromkeys(found))


def _one_line(text):
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], [match[2]]


def _deb822(text):
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^\s*#.*\n?", "", text)):
        fields = {}
        for line in stanza.splitlines():
            if line[:1].isspace() and fields:  # a continuation belongs to the field above
                fields[list(fields)[-1]] += " " + line.strip()
            elif ":" in line:
                key, value = line.split(":", 1)
                fields[key.strip().lower()] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in ("no", "false"):
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").split()


def fetch(target):
    """Put the unpacked packages at target, whole or not at all. A broken download is fetched once more."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Stop(f"{HELP}\nThis system has no apt.")
    uris = mirrors()
    if not uris:
        raise Stop(f"{HELP}\nThe apt sources of this machine name no Debian archive.")
    if not KEYRING.exists():
        raise Stop(
            f"Needed to verify Debian's packages: apt-get install debian-archive-keyring   (as root; no {KEYRING})"
        )
    say("Odoo 19.0 (Debian's package, unpacked into .dev/, the system stays as it is)")
    work = DEV / "fetch"
    for attempt in (1, 2):
        shutil.rmtree(work, ignore_errors=True)
        try:
            _download(work, uris[0])
            _unpack(work)
            break
        except Stop as stop:
            if attempt == 2:
                raise Stop(f"{stop}\n{HELP}", code=2) from stop
            say(f"  The download is broken, once more: {str(stop).splitlines()[0]}")
    shutil.rmtree(target, ignore_errors=True)
    (work / "root").rename(target)
    shutil.rmtree(work)


def _download(work, uri):
    for folder in ("lists/partial", "cache/archives/partial", "debs", "root"):
        (work / folder).mkdir(parents=True)
    line = f"deb [signed-by={KEYRING} target=Packages lang=none] {uri}"
    (work / "sources.list").write_text(f"{line} sid main\n{line} bookworm main\n")
    (work / "status").touch()
    settings = {
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Sandbox::User": "",
        "APT::Update::Post-Invoke-Success::": "",
        "Acquire::Retries": 3,
    }
    apt = ["apt-get", "-q"]
    for key, value in settings.items():
        apt += ["-o", f"{key}={value}"]
    update = [*apt, "update", "-o", "APT::Update::Error-Mode=any"]
    step("reading the package lists", update, "odoo-apt-update", cwd=work)
    step(
        "downloading Odoo and its fonts (130 MB)", [*apt, "download", *PACKAGES], "odoo-apt-download", cwd=work / "debs"
    )


def _unpack(work):
    debs = sorted((work / "debs").glob("*.deb"))
    names = {deb.name.split("_")[0] for deb in debs}
    absent = [name for name in (package.split("/")[0] for package in PACKAGES) if name not in names]
    if absent:
        raise Stop(f"not downloaded: {', '.join(absent)}")
    script = "; ".join(f"dpkg-deb -x {shlex.quote(str(deb))} {shlex.quote(str(work / 'root'))}" for deb in debs)
    step("unpacking", ["sh", "-e", "-c", script], "odoo-unpack")
    package = work / "root" / "usr/lib/python3/dist-packages/odoo"
    missing = package / MISSING
    missing.parent.mkdir(parents=True, exist_ok=True)
    missing.touch()
    deb = next(deb for deb in debs if deb.name.startswith("odoo-19_"))
    fields = subprocess.run(["dpkg-deb", "-f", str(deb), "Version"], capture_output=True, text=True, check=True)
    (work / "root" / "version").write_text(fields.stdout.strip())
