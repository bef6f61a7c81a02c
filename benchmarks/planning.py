"""What planning costs beside creating as many tickets."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker  # noqa: E402
from _peers import helpdesk  # noqa: E402

from devkit.console import say  # noqa: E402
from devkit.measure import row  # noqa: E402

NAME = "bench_planning"
COUNT = 10_000
TICKETS = 500  # as many a round; creating twenty times as many takes twenty times as long
BATCH = 1_000


def run(context):
    """Plan a follow-up for each of 10,000 delivered orders, against creating as many helpdesk tickets.

    The peer is what companies use for the same list of customers to call: a ticket for each, created in one call with
    the same customers, users and dates. Ours goes the whole way: cap, levelling, assignment, explanation. Both are
    rolled back each time, so that no round meets more data than the one before.
    """
    databases = context.databases
    helpdesk(databases)
    databases.create(NAME, demo=False)
    try:
        databases.odoo_step("installing helpdesk_mgmt", NAME, "-i", "helpdesk_mgmt")
        worker = Worker(databases, NAME, "_planning_work.py")
        worker.call("prepare", COUNT)
        facts = worker.call("plan", COUNT, BATCH)
        assert facts["planned"] == COUNT, facts
        ours, peer = context.medians(
            lambda: worker.call("plan", COUNT, BATCH)["seconds"],
            lambda: worker.call("tickets", TICKETS)["seconds"] * COUNT / TICKETS,
        )
        few, many = (worker.call("plan", count, count)["queries"] for count in (BATCH // 10, BATCH))
        worker.end()
    finally:
        databases.drop(NAME)
    say(f"  {COUNT / ours:.0f} follow-ups a second; queries a batch: {facts['queries']}")
    # Ten times the rows may cost one INSERT more for each hundred, and nothing else.
    return [
        row("planning / tickets, 10,000", ours, peer, budget=0.05),
        row(f"planning: queries of {BATCH} rows, over those of {BATCH // 10}", many - few, unit="", budget=BATCH / 100),
    ]
