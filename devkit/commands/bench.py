"""./dev bench: the benchmarks, a table of medians, and their rows as JSON."""

import importlib.util
import json
from pathlib import Path

from devkit import prepare
from devkit.console import Stop, say
from devkit.measure import Context
from devkit.paths import ROOT

FOLDER = ROOT / "benchmarks"
COLUMNS = ("name", "ours", "peer", "unit", "ratio", "budget", "holds")


def main(options):
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise Stop(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known) or 'none yet'}.")
    target = Path(options.json) if options.json else None
    if target and not target.parent.is_dir():
        raise Stop(f"No such folder: {target.parent}")
    context = Context(prepare.databases())
    rows = []
    for name in options.names or known:
        say(f"Benchmark {name}")
        rows += _load(name).run(context)
    if target:
        target.write_text(json.dumps(rows, indent=2) + "\n")
    _print(rows)
    return 1 if any(row["holds"] is False for row in rows) else 0


def _load(name):
    spec = importlib.util.spec_from_file_location(f"benchmarks.{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _print(rows):
    table = [COLUMNS, *(tuple(_text(row[column]) for column in COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
