"""What it costs to open the board and the list of very many issues, beside Odoo's own tasks."""

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

NAME = "bench_board"
COUNT = int(os.environ.get("BENCH_BOARD", "100000"))
OURS, PEER = "action-aftersale_followup.aftersale_issue_action", "action-project.action_view_all_task"
VIEWS = ("kanban", "list")
MODELS = ("aftersale.issue", "project.task")


class Visitor:
    """Opens each view once in a browser, to see what it asks the server; asks the same again as often as needed."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.asked = {}  # (path, view): [(address, payload)]

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
            for path in (OURS, PEER):
                for view in VIEWS:
                    self.asked[path, view] = self._open(page, path, view)
            for cookie in page.context.cookies():
                self.session.cookies.set(cookie["name"], cookie["value"])
            browser.close()

    def _open(self, page, path, view):
        """Return what opening a view asks about records, in order."""
        asked = []

        def note(request):
            if any(f"/call_kw/{model}/" in request.url for model in MODELS) and "get_views" not in request.url:
                asked.append((request.url, request.post_data_json))

        page.on("request", note)
        page.goto(f"{self.url}/odoo/{path}?view_type={view}")
        page.wait_for_selector({"kanban": ".o_kanban_record:not(.o_kanban_ghost)", "list": ".o_data_row"}[view])
        page.wait_for_timeout(3_000)
        page.remove_listener("request", note)
        assert asked, f"{path} asked nothing."
        return asked

    def ask(self, path, view):
        """Seconds the server takes for what the view asks."""
        started = time.perf_counter()
        for address, payload in self.asked[path, view]:
            reply = self.session.post(address, json=payload)
            assert "error" not in reply.json(), reply.text[:500]
        return time.perf_counter() - started


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
            visitor = Visitor(url)
            visitor.look()
            rows = []
            for view in VIEWS:
                medians = context.medians(*(lambda p=path, v=view: visitor.ask(p, v) for path in (OURS, PEER)))
                rows.append(row(f"board: {view} of {COUNT} / project's tasks", *medians, budget=1.2))
            return rows
    finally:
        databases.drop(NAME)
