"""Odoo 19.0: the user's, or Debian's unpacked into .dev/; its configuration and its environment."""

import os
import runpy
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devkit import debian, locks
from devkit.console import Stop, say
from devkit.paths import ADDON_PATH, DATA, DEV, ODOO_SERIES, ROOT
from devkit.python import PYTHON

UNPACKED = DEV / "odoo"
# A folder with nothing but a link to the `odoo` package and a start script: whatever lies beside
# the package (a system's other Python modules) stays out of the import path.
IMPORTS = DEV / "odoo-path"
SCRIPT = IMPORTS / "odoo-bin"
CONF = DEV / "odoo.conf"


@dataclass
class Odoo:
    package: Path  # the folder `odoo` with release.py
    version: str
    origin: str

    @property
    def core_addons(self):
        """Add-ons folders of Odoo itself: inside the package, and beside it in a source checkout."""
        return [path for path in (self.package / "addons", self.package.parent / "addons") if path.is_dir()]


def ready():
    odoo = _from_home() or _from_path() or _from_debian()
    _link(odoo.package)
    return odoo


def _release(package):
    file = package / "release.py"
    if not file.is_file():
        return None
    return runpy.run_path(str(file))


def _from_home():
    home = os.environ.get("ODOO_HOME")
    if not home:
        return None
    for package in (Path(home) / "odoo", Path(home), Path(home) / "usr/lib/python3/dist-packages/odoo"):
        release = _release(package)
        if release:
            if release["series"] != ODOO_SERIES:
                raise Stop(f"ODOO_HOME={home} is Odoo {release['version']}; {ODOO_SERIES} is needed.")
            return Odoo(package.resolve(), release["version"], f"ODOO_HOME={home}")
    raise Stop(f"ODOO_HOME={home} holds no Odoo (no odoo/release.py in it).")


def _from_path():
    for name in ("odoo", "odoo-bin"):
        script = shutil.which(name)
        package = script and _package_of(Path(script).resolve())
        release = package and _release(package)
        if not release:
            continue
        if release["series"] == ODOO_SERIES:
            return Odoo(package, release["version"], script)
        say(f"  {script} is Odoo {release['version']}, {ODOO_SERIES} is needed: not used.")
    return None


def _package_of(script):
    """The package a start script runs: beside it in a source checkout, else where its interpreter finds it."""
    if _release(script.parent / "odoo"):
        return script.parent / "odoo"
    with script.open("rb") as handle:
        shebang = handle.readline(300).decode(errors="replace").strip()
    if not shebang.startswith("#!"):
        return None
    code = "import importlib.util as u; print(u.find_spec('odoo.release').origin)"
    command = [*shebang[2:].split(), "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return Path(found.stdout.strip()).parent if found.returncode == 0 else None


def _from_debian():
    package = UNPACKED / "usr/lib/python3/dist-packages/odoo"
    if not (UNPACKED / "version").exists():
        with locks.exclusive("odoo"):
            if not (UNPACKED / "version").exists():
                debian.fetch(UNPACKED)
    version = (UNPACKED / "version").read_text()
    release = _release(package)
    if not release or release["series"] != ODOO_SERIES:
        shutil.rmtree(UNPACKED)
        raise Stop(f"Debian's package is now {version}; {ODOO_SERIES} is needed.\n{debian.HELP}")
    return Odoo(package, version, "Debian's package")


def _link(package):
    IMPORTS.mkdir(parents=True, exist_ok=True)
    link = IMPORTS / "odoo"
    if not link.is_symlink() or link.resolve() != package.resolve():
        temporary = IMPORTS / f"odoo.{os.getpid()}"
        temporary.symlink_to(package)
        temporary.replace(link)
    if not SCRIPT.exists():
        write(SCRIPT, "from odoo.cli.command import main\n\nmain()\n")


def write(path, content):
    """Write a file at once, and only when it changes: other commands may be reading it."""
    if not path.exists() or path.read_text() != content:
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(content)
        temporary.chmod(0o600)
        temporary.replace(path)


def addons_path(odoo, given=""):
    """Folders of a user's --addons-path first, then this checkout and Odoo's own."""
    own = [ROOT] if (ADDON_PATH / "__manifest__.py").exists() else []
    return ",".join(dict.fromkeys([*filter(None, given.split(",")), *map(str, [*own, *odoo.core_addons])]))


def configure(odoo, server, path=CONF, **more):
    """Write the configuration and return the environment to start Odoo in."""
    options = {
        "addons_path": addons_path(odoo),
        "data_dir": DATA,
        "db_host": server.host,
        "db_port": server.port or "False",
        "db_user": server.user,
        "db_password": server.password or "False",
        "db_maxconn": 32,
        "pg_path": server.bin or "",
        "http_interface": "127.0.0.1",
        "list_db": False,
        "workers": 0,
        "max_cron_threads": 2,
        # One threaded process for development: no recycling in the middle of a long import or report.
        "limit_time_real": 3600,
        "limit_memory_soft": 0,
        "limit_memory_hard": 0,
        **more,
    }
    lines = [f"{key} = {value}" for key, value in options.items() if value != ""]
    write(path, "[options]\n" + "\n".join(lines) + "\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    inherited = os.environ.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(IMPORTS), inherited]))
    environment["ODOO_RC"] = str(path)
    return environment


def command(*arguments):
    return [str(PYTHON), str(SCRIPT), *map(str, arguments)]


def with_addons_path(odoo, arguments):
    """The user's arguments, with his --addons-path extended, never replacing Odoo's own folders."""
    result, pending = [], False
    for argument in arguments:
        if pending:
            argument, pending = addons_path(odoo, argument), False
        elif argument == "--addons-path":
            pending = True
        elif argument.startswith("--addons-path="):
            argument = "--addons-path=" + addons_path(odoo, argument.split("=", 1)[1])
        result.append(argument)
    return result
