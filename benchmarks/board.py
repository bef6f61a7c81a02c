"""What it costs to open the board and the list of very many issues, beside Odoo's own tasks."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker, served  # noqa: E402
from _visitor import Visitor  # noqa: E402

from devkit.measure import row  # noqa: E402

NAME = "bench_board"
COUNT = int(os.environ.get("BENCH_BOARD", "100000"))
OURS = ("aftersale.issue", "action-aftersale_followup.aftersale_issue_action")
PEER = ("project.task", "action-project.action_view_all_task")
VIEWS = ("kanban", "list")


def run(context):
    """Open the kanban board and the list of issues, and those of all tasks, as many in each.

    What a browser asks the server for these views is asked again over HTTP, in turn.
    """
    databases = context.databases
    databases.create(NAME, demo=False)
    try:
        databases.odoo_step("installing project", NAME, "-i", "project")
        worker = Worker(databases, NAME, "_board_work.py")
        worker.call("prepare", COUNT)
        worker.end()
        with served(databases, NAME) as url:
            visitor = Visitor(url, [(*which, view) for which in (OURS, PEER) for view in VIEWS])
            rows = []
            for view in VIEWS:
                medians = context.medians(*(lambda asked=(*which, view): visitor.ask(asked) for which in (OURS, PEER)))
                rows.append(row(f"board: {view} of {COUNT} / project's tasks", *medians, budget=1.2))
            return rows
    finally:
        databases.drop(NAME)
