"""./dev pot: the terms of each add-on, exported to its i18n folder."""

from devkit import prepare, terms
from devkit.console import say
from devkit.paths import ADDONS, ROOT


def main(options):
    databases = prepare.databases()
    for addon in ADDONS:
        content, pot = terms.export(databases, addon), terms.pot(addon)
        pot.parent.mkdir(exist_ok=True)
        changed = not pot.exists() or terms.without_dates(pot.read_text()) != terms.without_dates(content)
        if changed:
            pot.write_text(content)
        say(f"{pot.relative_to(ROOT)}: {'written' if changed else 'up to date'}")
