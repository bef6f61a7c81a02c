"""What a browser asks the server for a view, asked again as often as needed."""

import time

import requests
from playwright.sync_api import sync_playwright

from devkit import system

# Seen when a view shows its records.
SHOWN = {"kanban": ".o_kanban_record:not(.o_kanban_ghost)", "list": ".o_data_row", "pivot": ".o_pivot table"}


class Visitor:
    """Opens each of ``views``, as (model, path, kind of view), once in a browser; asks the same again over HTTP."""

    def __init__(self, url, views):
        self.url = url
        self.session = requests.Session()
        self.asked = {}  # view: [(address, payload)]
        self._look(views)

    def _look(self, views):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=system.browser(), args=["--no-sandbox"])
            page = browser.new_page()
            page.set_default_timeout(180_000)
            page.goto(f"{self.url}/web/login")
            page.fill("#login", "admin")
            page.fill("#password", "admin")
            page.press("#password", "Enter")
            page.wait_for_selector(".o_main_navbar")
            for view in views:
                self.asked[view] = self._open(page, *view)
            for cookie in page.context.cookies():
                self.session.cookies.set(cookie["name"], cookie["value"])
            browser.close()

    def _open(self, page, model, path, kind):
        """Return what opening a view asks about records, in order."""
        asked = []

        def note(request):
            if f"/call_kw/{model}/" in request.url and "get_views" not in request.url:
                asked.append((request.url, request.post_data_json))

        page.on("request", note)
        page.goto(f"{self.url}/odoo/{path}?view_type={kind}")
        page.wait_for_selector(SHOWN[kind])
        page.wait_for_timeout(3_000)
        page.remove_listener("request", note)
        assert asked, f"{path} asked nothing."
        return asked

    def ask(self, view):
        """Seconds the server takes for what the view asks."""
        started = time.perf_counter()
        for address, payload in self.asked[view]:
            reply = self.session.post(address, json=payload)
            assert "error" not in reply.json(), reply.text[:500]
        return time.perf_counter() - started

    def print(self, report, record):
        """Seconds until the PDF of a report is there."""
        started = time.perf_counter()
        reply = self.session.get(f"{self.url}/report/pdf/{report}/{record}")
        assert reply.content.startswith(b"%PDF"), reply.text[:500]
        return time.perf_counter() - started
