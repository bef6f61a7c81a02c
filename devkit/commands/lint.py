"""./dev lint: ruff, pylint-odoo, well-formed XML, languages that parse."""

import subprocess
import sys

from devkit.console import say
from devkit.paths import ADDON_PATH, ADDONS, ROOT


def main(options):
    checks = {
        "ruff check": _tool("ruff", "check", "--quiet", "--output-format=concise", "."),
        "ruff format": _tool("ruff", "format", "--check", "--quiet", "--output-format=concise", "."),
        "XML": _xml,
    }
    if (ADDON_PATH / "__manifest__.py").exists():
        # One model in several files, by concern, is what we want.
        unwanted = "--disable=consider-merging-classes-inherited"
        checks["pylint-odoo"] = _tool("pylint", "--rcfile=.pylintrc", unwanted, "--score=n", *ADDONS)
    failed = [name for name, check in checks.items() if not check()]
    for name in checks:
        say(f"  {name}: {'FAILED' if name in failed else 'ok'}")
    return 1 if failed else 0


def _tool(name, *arguments):
    command = [sys.executable, "-m", name, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _xml():
    from lxml import etree

    broken = []
    for path in sorted(path for addon in ADDONS for path in (ROOT / addon).rglob("*.xml")):
        try:
            etree.parse(path)
        except etree.XMLSyntaxError as error:
            broken.append(f"{path.relative_to(ROOT)}: {error}")
    for line in broken:
        print(line)
    return not broken
