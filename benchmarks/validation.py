"""What a delivery validation costs more with the add-on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker  # noqa: E402

from devkit.measure import row  # noqa: E402

COUNT = 100
# The add-on may ask this many questions more for a whole batch, and one more for each hundred rows it plans.
QUERIES = 20
ROWS_A_QUERY = 100


# Medians of nine runs differ by a twentieth on a machine that others use, too: as much as is measured.
RUNS = 25


def run(context):
    """Validate 100 deliveries of one line with three plans live, against the same batch without the add-on.

    Once where each delivery fits one of the plans, as they are delivered, and once where it fits all three: 300 rows,
    200 of which are merged with the first of their customer. The peer is Odoo alone: a database of the same
    dependencies, the same orders, the same call. The same batch is validated each time and rolled back, so that no run
    meets more data than the one before.
    """
    context.runs = max(context.runs, RUNS)
    sides = {"bench_validation_one": 1, "bench_validation_all": 3, "bench_validation_bare": 0}
    workers = []
    try:
        works = {}
        for name, fitting in sides.items():
            context.databases.create(name, demo=False, addon=bool(fitting))
            workers.append(Worker(context.databases, name, "_validation_work.py"))
            orders = workers[-1].call("prepare", COUNT, fitting)
            works[fitting] = lambda worker=workers[-1], orders=orders: worker.call("validate", orders)
        *ours, bare = context.medians(*(lambda work=work: work()["seconds"] for work in works.values()))
        rows = []
        for fitting, seconds in zip((1, 3), ours, strict=True):
            label = f"validation, {fitting} of 3 plans fit" if fitting < 3 else "validation, all 3 plans fit"
            rows.append(row(label, seconds, bare, budget=1.15))
        with_plans, without = works[3](), works[0]()
        assert with_plans["rows"] == 3 * COUNT and works[1]()["rows"] == COUNT
        budget = QUERIES + with_plans["rows"] / ROWS_A_QUERY
        added = with_plans["queries"] - without["queries"]
        return [*rows, row(f"validation: queries added, {with_plans['rows']} rows", added, unit="", budget=budget)]
    finally:
        for worker in workers:
            worker.end()
        for name in sides:
            context.databases.drop(name)
