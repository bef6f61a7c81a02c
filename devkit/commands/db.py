"""./dev db: a database with the add-on, in seconds once its template exists."""

from devkit import prepare
from devkit.console import say


def main(options):
    databases = prepare.databases()
    databases.create(options.name, demo=not options.no_demo, lang=options.lang, bridges=options.bridges)
    say(f"Database {options.name} is ready.")
