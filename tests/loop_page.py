"""The customer's page as a program sees it: opening it, filling its form in, sending it, or many at once."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from conftest import dev

READING = 2.1  # seconds a question: what the settings call the fastest believable answer, and a bit
MAKE = """
from datetime import timedelta

def ready(partner, name="plan_new", **values):
    plan, today = env.ref(f"aftersale_followup.{name}"), env.company._aftersale_today()
    followup = env["aftersale.followup"].create({
        "origin": f"ready:{env['aftersale.followup'].search_count([])}", "plan_id": plan.id, "scenario": plan.scenario,
        "contact_class": plan.contact_class, "partner_id": partner.id, "state": "ready", "lang": "en_US",
        "date_planned": today, "date_deadline": today, "date_expiry": plan.create_date + timedelta(days=3650), **values,
    })
    print("TOKEN", followup.access_token)
"""


def make_ready(name, script):
    """Run a script inside Odoo on the database; the tokens of those it called ``ready(partner, …)`` for, in order."""
    made = dev(
        "odoo", "shell", "-d", name, "--no-http", "--log-level=error", input=f"{MAKE}{script}\nenv.cr.commit()\n"
    )
    tokens = re.findall(r"TOKEN (\S+)", made.stdout)
    assert tokens, made.stderr
    return tokens


def burst(count, act):
    """What ``act(number)`` gives for each number, all of them called at the same moment."""
    start = threading.Barrier(count)

    def wait(number):
        start.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait, range(count)))


class Page:
    """One personal link, visited without a browser; from an ``address`` of its own where the server trusts a proxy.

    Each address has a limit of calls a minute, and many answers from one are a burst; private addresses show none.
    """

    def __init__(self, server, token, address=None):
        self.url = f"{server.url}/aftersale/{token}"
        self.headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "127.0.0.1"} if address else {}
        self.opened = 0
        self.fields = {}
        self.score = self.words = None  # fields of the first scale, and of the first long text

    def get(self, **params):
        return requests.get(self.url, params=params, headers=self.headers, timeout=60)

    def open(self):
        """Read the page; its hidden fields (nonce, language) go along with every later answer."""
        response = self.get()
        assert response.status_code == 200, response.text[:500]
        self.opened = time.monotonic()
        self.fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text))
        assert self.fields["nonce"]
        self.score = self._find(r'name="(q\d+)" value="1"', response.text)
        self.words = self._find(r'<textarea[^>]* name="(q\d+)"', response.text)
        return self

    @staticmethod
    def _find(name, text):
        found = re.search(name, text)
        return found and found[1]

    def read(self, questions):
        """Take the time a person takes for this many questions."""
        time.sleep(max(self.opened + questions * READING - time.monotonic(), 0))
        return self

    def post(self, answers=(), **fields):
        """Send the form: answers by field name, with the hidden fields unless given otherwise."""
        form = {**self.fields, **fields, **dict(answers)}
        form = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.url, data=form, headers=self.headers, timeout=180, allow_redirects=False)
