"""Databases: made from cached templates, which are made under a temporary name and renamed when whole."""

import ast
import hashlib
import json
import os
import re
import shutil

from devkit import locks, odoo
from devkit.console import Stop, say, step
from devkit.paths import ADDON, ADDONS, BRIDGES, DEV, FILESTORE, LOG, ROOT

# Wanted by the tests and the demonstration beside what the manifest names.
EXTRA = ("sale_management", "stock_dropshipping", "calendar")
FALLBACK = ("sale_management", "sale_stock", "survey", "hr", "sms", "digest", "portal", "resource")
# Not part of what is installed; a change there needs no update.
UNINSTALLED = {"tests", "__pycache__", "readme"}


def manifest(addon=ADDON):
    file = ROOT / addon / "__manifest__.py"
    return ast.literal_eval(file.read_text()) if file.exists() else None


def dependencies():
    return sorted({*(manifest() or {}).get("depends", FALLBACK), *EXTRA})


def addon_hash(addons=(ADDON,)):
    """What tells one state of these add-ons from another."""
    digest = hashlib.sha256()
    for addon in addons:
        for path in sorted((ROOT / addon).rglob("*")):
            relative = path.relative_to(ROOT / addon)
            if path.is_file() and not UNINSTALLED & set(relative.parts):
                digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Databases:
    """What can be done with the databases of one PostgreSQL server."""

    def __init__(self, odoo_in_use, server, environment):
        self.odoo = odoo_in_use
        self.server = server
        self.environment = environment
        self.checkout = hashlib.sha256(str(DEV).encode()).hexdigest()[:6]

    def exists(self, name):
        return bool(self.server.sql("SELECT 1 FROM pg_database WHERE datname = %s", [name]))

    def drop(self, name):
        from psycopg2.errors import InsufficientPrivilege  # lives in the environment, which --help must not need

        try:
            self.server.sql(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
        except InsufficientPrivilege:
            # PostgreSQL's own vacuum is at work there and not ours to end; without force it is asked to go.
            self.server.sql(f"DROP DATABASE IF EXISTS {_quoted(name)}")
        shutil.rmtree(FILESTORE / name, ignore_errors=True)

    def copy(self, source, name):
        self.drop(name)
        # PostgreSQL 15 and later write copies into their log unless told otherwise; the embedded one is new enough.
        strategy = "STRATEGY file_copy" if self.server.bin else ""
        self.server.sql(f"CREATE DATABASE {_quoted(name)} TEMPLATE {_quoted(source)} {strategy}")
        if (FILESTORE / source).is_dir():
            # Files are named after their content and never change: links are as good as copies.
            shutil.copytree(FILESTORE / source, FILESTORE / name, copy_function=os.link)

    def rename(self, old, new):
        self.drop(new)
        if (FILESTORE / old).is_dir():
            (FILESTORE / old).rename(FILESTORE / new)
        self.server.sql(f"ALTER DATABASE {_quoted(old)} RENAME TO {_quoted(new)}")

    def create(self, name, demo=True, lang=None, addon=True, bridges=False):
        """(Re)create name with the add-on installed, also with its bridges, or with no more than its dependencies."""
        if name in ("postgres", "template0", "template1") or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            raise Stop(f"{name!r} is no name for a database: letters, digits, _ . - only.")
        self.check_lang(lang)
        make = self.bridged if bridges else self.template if addon else self.base
        self.copy(make(demo, lang), name)
        self.remember(name, addon=addon_hash(ADDONS) if addon else None, lang=lang)

    def check_lang(self, lang):
        """Stop for a language Odoo does not know; said before minutes of work, not after."""
        known = (self.odoo.package / "addons/base/data/res.lang.csv").read_text()
        if lang and not re.search(rf'(?m)^"base\.lang_[^"]*","[^"]*","{re.escape(lang)}",', known):
            raise Stop(f"Odoo knows no language {lang!r}; it is a code like zh_CN or de_DE.")

    def base(self, demo, lang):
        """Name of the template with the dependencies only, made if it is not there."""
        flavour, key = self._flavour(demo, lang)
        name = self._name("base", flavour, key)
        with locks.exclusive(f"base-{flavour}"):
            if not self.exists(name):
                self._make(
                    name, None, f"template database ({flavour}) with the dependencies", dependencies(), demo, lang
                )
        return name

    def template(self, demo, lang):
        """Name of the template with the add-on, made if it is not there; it stands on one without the add-on."""
        flavour, key = self._flavour(demo, lang)
        with locks.exclusive(f"template-{flavour}"):
            base = self.base(demo, lang)
            if not manifest():
                return base
            whole = self._name("addon", flavour, key + addon_hash())
            if not self.exists(whole):
                self._make(whole, base, f"template database ({flavour}) with the add-on", [ADDON], demo, lang)
            return whole

    def bridged(self, demo, lang):
        """Name of the template with the bridges and what they join, made if it is not there."""
        flavour, key = self._flavour(demo, lang)
        with locks.exclusive(f"bridged-{flavour}"):
            template = self.template(demo, lang)
            whole = self._name("bridged", flavour, key + addon_hash(ADDONS))
            if BRIDGES and not self.exists(whole):
                self._make(whole, template, f"template database ({flavour}) with the bridges", BRIDGES, demo, lang)
            return whole if BRIDGES else template

    def _flavour(self, demo, lang):
        """What tells templates apart: a word for people, and all that decides what is in them."""
        flavour = f"{'demo' if demo else 'bare'}_{(lang or 'en').lower()}"
        return flavour, json.dumps([self.odoo.version, str(self.odoo.package), dependencies(), demo, lang])

    def _name(self, kind, flavour, key):
        return f"tpl_{self.checkout}_{kind}_{flavour}_{hashlib.sha256(key.encode()).hexdigest()[:10]}"

    def _make(self, name, source, title, modules, demo, lang):
        half = f"{name}_half"
        self.drop(half)
        if source:
            self.copy(source, half)
        options = ["--with-demo"] if demo else []
        if lang and not source:
            options.append(f"--load-language={lang}")
        self.odoo_step(title, half, "-i", ",".join(modules), *options)
        if demo and self.server.sql("SELECT to_regclass('ir_demo_failure')", database=half)[0][0]:
            failed = self.server.sql("SELECT error FROM ir_demo_failure LIMIT 1", database=half)
            if failed:
                raise Stop(f"The demo data does not load:\n{failed[0][0]}", code=1)
        self.rename(half, name)
        self._forget_old(name)

    def _forget_old(self, name):
        """Templates of the same kind and flavour with another key are of no use any more."""
        family = name.rsplit("_", 1)[0] + "_"
        rows = self.server.sql(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [family.replace("_", r"\_") + "%"]
        )
        for (old,) in rows:
            if old != name:
                self.drop(old)

    def odoo_step(self, title, name, *arguments):
        """Odoo on one database, until its work is done; shows what it logged as errors."""
        log = re.sub(r"_[0-9a-f]{10}", "", name)
        self.odoo_command(title, "server", "-d", name, "--stop-after-init", "--no-http", *arguments, log=log)
        for line in self._errors(f"odoo-{log}"):
            say(f"    {line}")

    def odoo_command(self, title, *arguments, log="command"):
        step(title, odoo.command(*arguments), f"odoo-{log}", env=self.environment, cwd=DEV)

    @staticmethod
    def _errors(log):
        lines = (LOG / f"{log}.log").read_text(errors="replace").splitlines()
        # The embedded server has no such extensions; Odoo says so and goes on.
        serious = re.compile(r"[\d-]+ [\d:,]+ \d+ (ERROR|CRITICAL) (?!.*CREATE EXTENSION)")
        return [line for line in lines if serious.match(line)][:5]

    def remember(self, name, **facts):
        """Facts about a database live in its comment: they go and come with it."""
        known = {**self.facts(name), **facts}
        self.server.sql(f"COMMENT ON DATABASE {_quoted(name)} IS %s", [json.dumps(known)])

    def facts(self, name):
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        rows = self.server.sql(query, [name])
        try:
            return json.loads(rows[0][0]) if rows and rows[0][0] else {}
        except ValueError:
            return {}

    def set_url(self, name, url):
        """Links in mails and the address wkhtmltopdf loads styles from must be the served one."""
        for key in ("web.base.url", "report.url", "web.base.url.freeze"):
            value = "True" if key.endswith("freeze") else url
            self.server.sql(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
                [key, value],
                database=name,
            )


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'
