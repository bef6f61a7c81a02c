"""The terms to translate, as Odoo itself exports them."""

import os
import re

from devkit.paths import BRIDGES, DEV, ROOT


def pot(addon):
    """Path of the add-on's template of translations."""
    return ROOT / addon / "i18n" / f"{addon}.pot"


def export(databases, addon):
    """Content of a fresh .pot: from a database without demo data, which is nothing to translate."""
    name = f"aftersale_pot_{os.getpid()}"
    file = DEV / f"{name}.pot"
    databases.create(name, demo=False, bridges=addon in BRIDGES)
    try:
        databases.odoo_command("exporting the terms", "i18n", "export", "-d", name, "-o", file, addon)
        return file.read_text()
    finally:
        databases.drop(name)
        file.unlink(missing_ok=True)


def without_dates(content):
    """For comparing: the export writes the time it was made."""
    return re.sub(r'(?m)^"(POT-Creation|PO-Revision)-Date:.*\n', "", content)
