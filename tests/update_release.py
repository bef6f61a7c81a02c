"""A database of an earlier release, and what it holds row by row.

releases/ has the add-on as it was released, so that no history is needed, without its tests and translations:
git archive COMMIT aftersale_followup ':!aftersale_followup/tests' ':!aftersale_followup/i18n' | xz -9e
COMMIT of 19.0.1.0.0 is 32f2beb.
"""

import re
import tarfile
from pathlib import Path

from devkit.odoo import with_addons_path
from devkit.paths import ADDON, LOG

RELEASES = Path(__file__).parent / "releases"
# Of every update: definitions of what is loaded anew, and signs of life of a server.
TECHNICAL = re.compile(
    r"ir_(?!rule$|cron$|sequence|config_parameter$|attachment$|filters$|exports)|orm_|bus_|res_device"
)
STAMPS = ["write_date", "write_uid"]


class Release:
    """An add-on of the past: installed in databases, and served with them."""

    def __init__(self, version, folder):
        with tarfile.open(RELEASES / f"{version}.tar.xz") as archive:
            archive.extractall(folder)
        self.version = version
        self.option = f"--addons-path={folder}"

    def install(self, databases, name, demo=False, lang=None):
        databases.copy(databases.base(demo, lang), name)
        options = with_addons_path(databases.odoo, [self.option, *(["--with-demo"] if demo else [])])
        databases.odoo_step(f"{name} with {self.version}", name, "-i", ADDON, *options)
        assert installed(databases, name) == self.version


def installed(databases, name):
    """The version a database holds."""
    [(version,)] = databases.server.sql(
        "SELECT latest_version FROM ir_module_module WHERE name = %s AND state = 'installed'", [ADDON], database=name
    )
    return version


def complaints(name):
    """What Odoo warned of while its last step worked on the database, each with what follows it in the log."""
    log = (LOG / f"odoo-{name}.log").read_text(errors="replace")
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d [\d:,]+ \d+ [A-Z]+ )", log, flags=re.M)
    serious = re.compile(r"\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) |.*^Traceback ", re.M | re.S)
    # Of the machine and not of the add-on: its configuration, and extensions that its PostgreSQL lacks.
    return [
        entry for entry in entries if serious.match(entry) and not re.search("tools.config|CREATE EXTENSION", entry)
    ]


class Rows:
    """Every row of every table that users fill, by its id, or as a whole where it has none."""

    def __init__(self, databases, name):
        connection = databases.server.connect(name)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                tables = [table for (table,) in cursor.fetchall() if not TECHNICAL.match(table)]
                self.tables = {table: self._read(cursor, table) for table in tables}
        finally:
            connection.close()

    @staticmethod
    def _read(cursor, table):
        cursor.execute(f'SELECT to_jsonb(t) - %s, to_jsonb(t)::text FROM "{table}" t', [STAMPS])
        return {row.get("id", text): row for row, text in cursor.fetchall()}

    def lost(self, after):
        """What is gone or changed in the later rows: sorted ``table`` or ``table.column``, id, old and new value.

        Columns that are no more are not looked at; the structure tells of them. A text may have got translations.
        """
        found = []
        for table, rows in self.tables.items():
            later = after.tables.get(table, {})
            for key, row in rows.items():
                if key not in later:
                    found.append((table, key, row, None))
                    continue
                found += [
                    (f"{table}.{name}", key, value, later[key][name])
                    for name, value in row.items()
                    if name in later[key] and not _holds(later[key][name], value)
                ]
        return sorted(found, key=str)


def _holds(new, old):
    return new == old or (isinstance(old, dict) and isinstance(new, dict) and {**new, **old} == new)
