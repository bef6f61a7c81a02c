"""Arguments of ./dev, and the order in which a command gets what it needs."""

import argparse
import importlib
import signal
import sys

from devkit import python
from devkit.console import Stop, say
from devkit.paths import make_folders

# Everything after these words belongs to another program.
PASSED_ON = ("odoo", "test")


def parser():
    main = argparse.ArgumentParser(
        prog="./dev",
        description="Try, test and measure this repository. All state lives in .dev/; delete it to start over.",
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="serve Odoo with demo data and the add-on; Ctrl-C ends it")
    run.add_argument("--port", type=int, default=8069)
    run.add_argument("--fresh", action="store_true", help="start with a new database")
    run.add_argument("--lang", metavar="CODE", help="load this language and give it to the demo users, e.g. zh_CN")

    commands.add_parser("test", help="run the tests; arguments go to pytest", add_help=False)

    database = commands.add_parser("db", help="(re)create a database with the add-on installed")
    database.add_argument("name")
    database.add_argument("--no-demo", action="store_true", help="without demo data")
    database.add_argument("--lang", metavar="CODE", help="load this language, e.g. zh_CN")
    database.add_argument("--bridges", action="store_true", help="with the bridge add-ons and what they join")

    commands.add_parser("odoo", help="Odoo with everything prepared; arguments and input go to it", add_help=False)

    bench = commands.add_parser("bench", help="run benchmarks")
    bench.add_argument("names", nargs="*", metavar="NAME", help="files of benchmarks/, all of them by default")
    bench.add_argument("--json", metavar="FILE", help="write the rows to this file as well")

    commands.add_parser("lint", help="formatting, style and well-formedness")
    commands.add_parser("pot", help="export the add-ons' terms to their i18n folders")
    return main


def _end(number, _frame):
    """Told to end: by an exception, so that what runs below is ended and what is half made is cleared."""
    sys.exit(128 + number)


def main(argv):
    if argv[:1] and argv[0] in PASSED_ON:
        options = argparse.Namespace(command=argv[0], arguments=argv[1:])
    else:
        options = parser().parse_args(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        make_folders()
        python.ready()
        python.enter()
        return importlib.import_module(f"devkit.commands.{options.command}").main(options) or 0
    except Stop as stop:
        say(str(stop))
        return stop.code
    except KeyboardInterrupt:
        say("")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
