"""What it costs to compute, print and explore a month of answers where very many are stored."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker, served  # noqa: E402
from _visitor import Visitor  # noqa: E402

from devkit.measure import row  # noqa: E402

NAME = "bench_analysis"
COUNT = int(os.environ.get("BENCH_ANALYSIS", "1000000"))
OURS = ("aftersale.feedback.report", "action-aftersale_followup.aftersale_feedback_report_action", "pivot")
PEER = ("rating.rating", "action-rating.rating_rating_action", "pivot")
REPORT = "aftersale_followup.report_analysis"
PDF_SECONDS = 10


def run(context):
    """Compute the figures of the last of twelve months with 1,000,000 answers, print them, open the pivot on all.

    The peers of the figures are the aggregates they need, asked in plain SQL on the same cursor; of the pivot, the same
    groups in plain SQL, and the pivot of as many of Odoo's own ratings. What a browser asks the server for a pivot is
    asked again over HTTP, in turn.
    """
    databases = context.databases
    databases.create(NAME, demo=False)
    try:
        databases.odoo_step("installing project", NAME, "-i", "project")
        worker = Worker(databases, NAME, "_analysis_work.py")
        analysis = worker.call("prepare", COUNT)
        rows = [
            context.compare(
                f"analysis: figures, {COUNT} answers / bare SQL",
                lambda: worker.call("figures"),
                peer=lambda: worker.call("bare"),
                budget=2,
            )
        ]
        with served(databases, NAME) as url:
            visitor = Visitor(url, [OURS, PEER])
            rows.append(context.compare("analysis: PDF", lambda: visitor.print(REPORT, analysis), budget=PDF_SECONDS))
            ours, bare, ratings = context.medians(
                lambda: visitor.ask(OURS),
                lambda: worker.call("pivot"),
                lambda: visitor.ask(PEER),
            )
            rows.append(row("analysis: pivot / bare SQL", ours, bare))
            rows.append(row("analysis: pivot / pivot of Odoo's ratings", ours, ratings))
        worker.end()
        return rows
    finally:
        databases.drop(NAME)
