"""What a day without work costs when very much is stored."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker  # noqa: E402

SMALL, LARGE = 10_000, 1_000_000


def run(context):
    """Run the scheduled actions that look for due follow-ups, with nothing due, over 1,000,000 stored and over 10,000.

    The peer is the same scan on the smaller number: what is due is found by an index, not by walking.
    """
    databases = context.databases
    names = {count: f"bench_scan_{count}" for count in (LARGE, SMALL)}
    workers = []
    try:
        for count, name in names.items():
            databases.create(name, demo=False)
            workers.append(Worker(databases, name, "_scan_work.py"))
            workers[-1].call("prepare", count)
        ours, peer = ((lambda worker=worker: worker.call("scan")) for worker in workers)
        return [context.compare("scan / scan of 10,000", ours, peer=peer, budget=2)]
    finally:
        for worker in workers:
            worker.end()
        for name in names.values():
            databases.drop(name)
