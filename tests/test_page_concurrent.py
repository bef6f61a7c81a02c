"""Two answers at the same moment, against a real server: what a row lock and an index promise shows only there."""

import pytest
from loop_page import Page, burst, make_ready

MAKE = """
# Several of these answers join one issue: the job that tells customers about it would be a third at the same moment.
env.company.aftersale_tell_customers = False
partner = env["res.partner"].create({"name": "Wang Fang", "email": "wang.fang@example.com"})
for number in range(6):
    ready(partner)
"""
MANY = 24
LIMIT = 10  # later answers that are kept


@pytest.fixture(scope="module")
def site(database, server):
    """A served database with follow-ups that wait for their answer: the server and their tokens."""
    name = database(demo=False)
    tokens = make_ready(name, MAKE)
    # As many connections as Odoo opens unless told otherwise.
    return server(name, "--proxy-mode", "--db_maxconn=64"), tokens


def send_at_once(served, token, scores):
    """Open the page, then send one answer per score at the same moment; return the responses."""
    page = Page(served, token).open()
    return burst(len(scores), lambda number: page.post({page.score: scores[number]}))


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
    responses = send_at_once(served, tokens[number], [5, 5])
    assert [response.status_code for response in responses] == [200, 200]
    assert len({response.text for response in responses}) == 1
    assert count(databases, served, tokens[number]) == (1, 0)


@pytest.mark.parametrize("number", [2, 3])
def test_different_answers_at_once_leave_one_feedback_and_one_contested_attempt(site, databases, number):
    served, tokens = site
    responses = send_at_once(served, tokens[number], [5, 1])
    assert [response.status_code for response in responses] == [200, 200]
    assert count(databases, served, tokens[number]) == (1, 1)
    assert " ERROR " not in served.log.read_text(), "Two answers at once are no error"


def test_later_answers_at_once_are_kept_up_to_their_limit(site, databases):
    """Nobody fills the database by sending many at the same moment; who sends is thanked all the same."""
    served, tokens = site
    page = Page(served, tokens[4], address="93.184.220.1").open()
    assert page.post({page.score: "5"}).ok
    responses = burst(MANY, lambda number: page.post({page.score: "1", page.words: f"Another word, number {number}"}))
    assert {response.status_code for response in responses} == {200}
    assert count(databases, served, tokens[4]) == (1, LIMIT)
    assert " ERROR " not in served.log.read_text(), "Later answers at once are no error"


def test_an_answer_that_finds_no_connection_can_be_sent_again(site, server, databases):
    """Odoo lets nobody wait for a connection: it refuses before the page is asked, in plain words."""
    site, tokens = site
    served = server(site.database, "--db_maxconn=3", "--max-cron-threads=0")
    page = Page(served, tokens[5]).open()
    responses = burst(MANY, lambda _number: page.post({page.score: "4"}))
    refused = [response for response in responses if response.status_code != 200]
    assert {response.status_code for response in refused} == {500}
    assert not [response.text for response in refused if "Traceback" in response.text or len(response.text) > 500]
    assert page.post({page.score: "4"}).ok
    assert count(databases, served, tokens[5]) == (1, 0)
