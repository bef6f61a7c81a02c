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


def run(context):
    """Validate 100 deliveries of one line with three plans live, against the same batch without the add-on.

    The peer is Odoo alone: a database of the same dependencies, the same orders, the same call. The same batch is
    validated each time and rolled back, so that no run meets more data than the one before.
    """
    sides = {"bench_validation_ours": True, "bench_validation_bare": False}
    workers = []
    try:
        works = []
        for name, addon in sides.items():
            context.databases.create(name, demo=False, addon=addon)
            workers.append(Worker(context.databases, name, "_validation_work.py"))
            orders = workers[-1].call("prepare", COUNT, addon)
            works.append(lambda worker=workers[-1], orders=orders: worker.call("validate", orders))
        ours, bare = works
        seconds = context.compare(
            "validation", lambda: ours()["seconds"], peer=lambda: bare()["seconds"], unit="s", budget=1.15
        )
        with_plans, without = ours(), bare()
        assert with_plans["rows"] >= COUNT, with_plans
        budget = QUERIES + with_plans["rows"] / ROWS_A_QUERY
        added = with_plans["queries"] - without["queries"]
        return [seconds, row(f"validation: queries added, {with_plans['rows']} rows", added, unit="", budget=budget)]
    finally:
        for worker in workers:
            worker.end()
        for name in sides:
            context.databases.drop(name)
