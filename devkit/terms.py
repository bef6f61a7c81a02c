"""The terms to translate, as Odoo itself exports them."""

import os
import re

from devkit.paths import ADDON, ADDON_PATH, DEV

POT = ADDON_PATH / "i18n" / f"{ADDON}.pot"


def export(databases):
    """Content of a fresh .pot: from a database without demo data, which is nothing to translate."""
    name = f"aftersale_pot_{os.getpid()}"
    file = DEV / f"{name}.pot"
    databases.create(name, demo=False)
    try:
        databases.odoo_command("exporting the terms", "i18n", "export", "-d", name, "-o", file, ADDON)
        return file.read_text()
    finally:
        databases.drop(name)
        file.unlink(missing_ok=True)


def without_dates(content):
    """For comparing: the export writes the time it was made."""
    return re.sub(r'(?m)^"(POT-Creation|PO-Revision)-Date:.*\n', "", content)
