"""The customer's page as a program sees it: opening it, filling its form in, sending it."""

import re
import time

import requests

READING = 2.1  # seconds a question: what the settings call the fastest believable answer, and a bit


class Page:
    """One personal link, visited without a browser."""

    def __init__(self, server, token):
        self.url = f"{server.url}/aftersale/{token}"
        self.opened = 0
        self.fields = {}

    def get(self, **params):
        return requests.get(self.url, params=params, timeout=60)

    def open(self):
        """Read the page; its hidden fields (nonce, language) go along with every later answer."""
        response = self.get()
        assert response.status_code == 200, response.text[:500]
        self.opened = time.monotonic()
        self.fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text))
        assert self.fields["nonce"]
        return self

    def read(self, questions):
        """Take the time a person takes for this many questions."""
        time.sleep(max(self.opened + questions * READING - time.monotonic(), 0))
        return self

    def post(self, answers=(), **fields):
        """Send the form: answers by field name, with the hidden fields unless given otherwise."""
        form = {**self.fields, **fields, **dict(answers)}
        form = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.url, data=form, timeout=60, allow_redirects=False)
