"""What it costs to compute, print and explore a month of answers where very many are stored."""

import os
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker, served  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from devkit import system  # noqa: E402
from devkit.measure import row  # noqa: E402

NAME = "bench_analysis"
COUNT = int(os.environ.get("BENCH_ANALYSIS", "1000000"))
PIVOTS = {
    "aftersale.feedback.report": "action-aftersale_followup.aftersale_feedback_report_action",
    "rating.rating": "action-rating.rating_rating_action",
}
PDF_SECONDS = 10


class Visitor:
    """Opens each pivot once in a browser, to see what it asks the server; asks the same again as often as needed."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.asked = {}  # model: [(address, payload)]

    def look(self):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=system.browser(), args=["--no-sandbox"])
            page = browser.new_page()
            page.set_default_timeout(180_000)
            page.goto(f"{self.url}/web/login")
            page.fill("#login", "admin")
            page.fill("#password", "admin")
            page.press("#password", "Enter")
            page.wait_for_selector(".o_main_navbar")
            for model, path in PIVOTS.items():
                self.asked[model] = self._open(page, model, path)
            for cookie in page.context.cookies():
                self.session.cookies.set(cookie["name"], cookie["value"])
            browser.close()

    def _open(self, page, model, path):
        """Return what opening the pivot asks about records, in order."""
        asked = []

        def note(request):
            if f"/call_kw/{model}/" in request.url and "get_views" not in request.url:
                asked.append((request.url, request.post_data_json))

        page.on("request", note)
        page.goto(f"{self.url}/odoo/{path}?view_type=pivot")
        page.wait_for_selector(".o_pivot table")
        page.wait_for_timeout(3_000)
        page.remove_listener("request", note)
        assert asked, f"{path} asked nothing."
        return asked

    def ask(self, model):
        """Seconds the server takes for what the pivot asks."""
        started = time.perf_counter()
        for address, payload in self.asked[model]:
            reply = self.session.post(address, json=payload)
            assert "error" not in reply.json(), reply.text[:500]
        return time.perf_counter() - started

    def print(self, analysis):
        """Seconds until the PDF of an analysis is there."""
        started = time.perf_counter()
        reply = self.session.get(f"{self.url}/report/pdf/aftersale_followup.report_analysis/{analysis}")
        assert reply.content.startswith(b"%PDF"), reply.text[:500]
        return time.perf_counter() - started


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
            visitor = Visitor(url)
            visitor.look()
            rows.append(context.compare("analysis: PDF", lambda: visitor.print(analysis), budget=PDF_SECONDS))
            ours, bare, ratings = context.medians(
                lambda: visitor.ask("aftersale.feedback.report"),
                lambda: worker.call("pivot"),
                lambda: visitor.ask("rating.rating"),
            )
            rows.append(row("analysis: pivot / bare SQL", ours, bare))
            rows.append(row("analysis: pivot / pivot of Odoo's ratings", ours, ratings))
        worker.end()
        return rows
    finally:
        databases.drop(NAME)
