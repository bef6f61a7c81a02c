"""Two answers at the same moment, against a real server: what a row lock and an index promise shows only there."""

import re
import subprocess
import sys
import threading

import pytest
import requests

from devkit.paths import ROOT

MAKE = """
from datetime import timedelta
plan = env.ref("aftersale_followup.plan_new")
partner = env["res.partner"].create({"name": "Wang Fang", "email": "wang.fang@example.com"})
today = plan.env.company._aftersale_today()
for number in range(4):
    followup = env["aftersale.followup"].create({
        "origin": f"concurrent:{number}", "plan_id": plan.id, "scenario": plan.scenario,
        "contact_class": plan.contact_class, "partner_id": partner.id, "state": "ready", "lang": "en_US",
        "date_planned": today, "date_deadline": today,
        "date_expiry": plan.create_date + timedelta(days=3650),
    })
    print("TOKEN", followup.access_token)
env.cr.commit()
"""


@pytest.fixture(scope="module")
def site(database, server):
    """A served database with follow-ups that wait for their answer: the server and their tokens."""
    name = database(demo=False)
    made = subprocess.run(
        [sys.executable, str(ROOT / "dev"), "odoo", "shell", "-d", name, "--no-http", "--log-level=error"],
        input=MAKE,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    tokens = re.findall(r"TOKEN (\S+)", made.stdout)
    assert len(tokens) == 4, made.stderr
    return server(name), tokens


def send_at_once(url, scores):
    """Open the page, then send one answer per score at the same moment; return the responses."""
    page = requests.get(url, timeout=60).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)[1]
    field = re.search(r'name="(q\d+)" value="1"', page)[1]
    start, responses = threading.Barrier(len(scores)), []

    def send(score):
        start.wait()
        responses.append(requests.post(url, data={"nonce": nonce, field: score}, timeout=120))

    threads = [threading.Thread(target=send, args=(score,)) for score in scores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return responses


def count(databases, served, token):
    """Return the number of feedback and of contested attempts of a follow-up."""
    query = """
        SELECT (SELECT count(*) FROM aftersale_feedback WHERE followup_id = f.id),
               (SELECT count(*) FROM aftersale_attempt WHERE followup_id = f.id AND outcome = 'contested')
          FROM aftersale_followup f
         WHERE access_token = %s
    """
    return tuple(databases.server.sql(query, [token], database=served.database)[0])


@pytest.mark.parametrize("number", [0, 1])
def test_same_answer_twice_at_once_is_one_answer(site, databases, number):
    served, tokens = site
    responses = send_at_once(f"{served.url}/aftersale/{tokens[number]}", [5, 5])
    assert [response.status_code for response in responses] == [200, 200]
    assert len({response.text for response in responses}) == 1
    assert count(databases, served, tokens[number]) == (1, 0)


@pytest.mark.parametrize("number", [2, 3])
def test_different_answers_at_once_leave_one_feedback_and_one_contested_attempt(site, databases, number):
    served, tokens = site
    responses = send_at_once(f"{served.url}/aftersale/{tokens[number]}", [5, 1])
    assert [response.status_code for response in responses] == [200, 200]
    assert count(databases, served, tokens[number]) == (1, 1)
    assert " ERROR " not in served.log.read_text(), "Two answers at once are no error"
