"""Rewards against a real server: the budget when everybody answers at once, and an uninstallation without a trace."""

import pytest
from loop_page import Page, burst, make_ready
from test_life import KNOWN, TRAFFIC, Life, is_nothing

BRIDGE = "aftersale_followup_loyalty"
CUSTOMERS = 12
MAKE = """
env.company.aftersale_reward_budget = 50
program = env["loyalty.program"].create({
    "name": "Thank you", "program_type": "coupons", "applies_on": "current", "trigger": "with_code",
    "reward_ids": [(5, 0, 0), (0, 0, {"required_points": 1, "discount": 10})],
    "currency_id": env.company.currency_id.id,
})
env["aftersale.reward.rule"].create(
    {"name": "a coupon of 10 %", "occasion": "answer", "kind": "coupon", "program_id": program.id, "value": 10}
)
env.ref("aftersale_followup.plan_new").allow_anonymous = True
for number in range(CUSTOMERS):
    # the last two are the same customer
    name = f"Customer {min(number, CUSTOMERS - 2)}"
    partner = env["res.partner"].search([("name", "=", name)]) or env["res.partner"].create(
        {"name": name, "email": name.lower().replace(" ", ".") + "@example.com"}
    )
    ready(partner)
"""


@pytest.fixture
def life(databases, server):
    """A served database without demo data that gives coupons."""
    one = Life(databases, server, demo=False, bridges=True)
    yield one
    one.server.stop()
    databases.drop(one.name)


def make(life):
    """Set up rewards and follow-ups to be answered; return their pages."""
    tokens = make_ready(life.name, MAKE.replace("CUSTOMERS", str(CUSTOMERS)))
    assert len(tokens) == CUSTOMERS
    return [Page(life.server, token) for token in tokens]


def answer_at_once(pages, anonymous=()):
    """Open every page, then send all answers, with all kinds of scores, at the same moment; return the responses."""
    for page in pages:
        page.open()

    def send(number):
        page = pages[number]
        return page.post({page.score: number % 5 + 1}, anonymous="1" if page in anonymous else None)

    return burst(len(pages), send)


def sql(life, query):
    return life.databases.server.sql(query, database=life.name)


def test_budget_holds_when_all_answer_at_once_and_going_leaves_no_trace(life):
    before = life.snapshot()
    *others, first, second = make(life)

    # the same customer twice at the same moment, and each link from two windows
    responses = answer_at_once([first, second, first, second])
    assert [response.status_code for response in responses] == [200] * 4
    assert sql(life, "SELECT state, reason FROM aftersale_reward ORDER BY state") == [
        ("given", None),
        ("withheld", "cap"),
    ]

    # three customers answer without a name, seven with theirs; four coupons are left
    responses = answer_at_once(others, anonymous=others[:3])
    assert [response.status_code for response in responses] == [200] * len(others), "no answer is lost"
    assert sql(life, "SELECT spent FROM aftersale_reward_budget") == [(50,)]
    assert sql(life, "SELECT count(*), sum(value) FROM aftersale_reward WHERE state = 'given'") == [(5, 50)]
    assert sql(life, "SELECT count(*), count(DISTINCT code) FROM loyalty_card") == [(5, 5)]
    shown = [code for (code,) in sql(life, "SELECT code FROM loyalty_card")]
    told = [code for code in shown if any(code in response.text for response in responses)]
    assert len(told) == 4, "each of them is on one page"
    assert sql(life, "SELECT count(*) FROM aftersale_feedback") == [(len(others) - 3 + 2,)]
    assert sql(life, "SELECT count(*) FROM aftersale_feedback_sealed") == [(3,)]

    life.company.call("ir.filters", "create", {"name": "Mine", "model_id": "aftersale.reward"})
    used = life.snapshot()
    life.apps("button_immediate_uninstall", BRIDGE)
    after = life.snapshot()
    named = after.naming("aftersale_reward", TRAFFIC | KNOWN) | after.naming("aftersale.reward", TRAFFIC | KNOWN)
    is_nothing(named)
    is_nothing(after.beyond(used, TRAFFIC | KNOWN))
    # The coupons are the customers'.
    assert sorted(code for (code,) in sql(life, "SELECT code FROM loyalty_card")) == sorted(shown)
    assert before.structure - after.structure, "columns, tables and constraints of the bridge were there and are gone"
    # And the follow-up goes on without it.
    assert first.get().status_code == 200
    # Odoo logs what collides and runs it again.
    assert life.server.errors(["could not serialize access"]) == []
