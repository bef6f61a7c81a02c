"""What it costs to answer: our page beside Odoo's rating page and Odoo's surveys."""

import re
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker, served  # noqa: E402

from devkit.measure import row  # noqa: E402

NAME = "bench_page"
ANSWERS_A_RUN = 5
KILOBYTES = 30


class Customers:
    """Answer one questionnaire after the other, each as a visitor who was never there; a run takes several answers."""

    def __init__(self, url, work):
        self.url = url
        self.work = work
        self.followups = iter(work["followups"])
        self.ratings = iter(work["ratings"])

    def times(self, answer):
        """Seconds one answer takes."""
        started = time.perf_counter()
        for _number in range(ANSWERS_A_RUN):
            with requests.Session() as session:
                answer(session)
        return (time.perf_counter() - started) / ANSWERS_A_RUN

    def page(self, session):
        """The link, six answers."""
        address = f"{self.url}/aftersale/{next(self.followups)}"
        page = session.get(address)
        nonce = re.search(r'name="nonce" value="([^"]+)"', page.text)[1]
        assert session.post(address, data=[("nonce", nonce), *self.work["form"]]).ok
        return page

    def rating(self, session):
        """The smiley in the mail, one answer."""
        token = next(self.ratings)
        page = session.get(f"{self.url}/rate/{token}/5").text
        csrf = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)[1]
        form = {"csrf_token": csrf, "rate": "5", "feedback": "Thank you."}
        assert session.post(f"{self.url}/rate/{token}/submit_feedback", data=form).ok

    def survey(self, session):
        """The link, the start, the same six answers."""
        token, answers = self.work["survey"]["token"], self.work["survey"]["answers"]
        entered = session.get(f"{self.url}/survey/start/{token}")
        answer = entered.url.split("?")[0].rsplit("/", 1)[1]
        for step, values in (("begin", {}), ("submit", answers)):
            reply = session.post(f"{self.url}/survey/{step}/{token}/{answer}", json={"params": values})
            assert "error" not in reply.json(), reply.text[:500]

    def weight(self):
        """Kilobytes of the page with its own style and script; a logo is the company's."""
        page = self.page(requests.Session())
        own = re.findall(r'(?:href|src)="(/aftersale_followup/static/[^"]+)"', page.text)
        assert len(own) == 2, own
        files = [requests.get(self.url + path) for path in own]
        return sum(len(reply.content) for reply in [page, *files]) / 1000


def run(context):
    """Answer our page, a rating of a project task and a survey, all from one server and database.

    The peers are what an Odoo user has for it: the rating page takes one answer where ours takes six, the survey takes
    the same six. Each is done over HTTP as a browser does it, with everything that is needed until it is answered.
    """
    databases = context.databases
    databases.create(NAME, demo=False)
    try:
        # Ratings come with what is rated
        databases.odoo_step("installing project", NAME, "-i", "project")
        worker = Worker(databases, NAME, "_page_work.py")
        answers = ANSWERS_A_RUN * (context.runs + 1)
        work = worker.call("prepare", answers + 1)
        with served(databases, NAME) as url:
            customers = Customers(url, work)
            ours, rating, survey = context.medians(
                lambda: customers.times(customers.page),
                lambda: customers.times(customers.rating),
                lambda: customers.times(customers.survey),
            )
            assert worker.call("count") == [answers] * 3, "Every answer counts, and is kept."
            weight = customers.weight()
        worker.end()
    finally:
        databases.drop(NAME)
    return [
        row("page / rating page", ours, rating, budget=0.9),
        row("page / survey", ours, survey, budget=0.5),
        row("page: weight", weight, unit="kB", budget=KILOBYTES),
    ]
