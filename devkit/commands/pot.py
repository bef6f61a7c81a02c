"""./dev pot: the terms of the add-on, exported to its i18n folder."""

from devkit import prepare, terms
from devkit.console import say
from devkit.paths import ROOT


def main(options):
    content = terms.export(prepare.databases())
    terms.POT.parent.mkdir(exist_ok=True)
    changed = not terms.POT.exists() or terms.without_dates(terms.POT.read_text()) != terms.without_dates(content)
    if changed:
        terms.POT.write_text(content)
    say(f"{terms.POT.relative_to(ROOT)}: {'written' if changed else 'up to date'}")
