"""Bad input over HTTP and RPC against a real server: refused in plain words, nothing recorded, never a 500."""

from concurrent.futures import ThreadPoolExecutor

import odoorpc
import pytest
import requests
from conftest import wait_for
from loop_clock import Clock, company_date, company_today, working_day
from loop_company import Company
from loop_page import Page
from loop_screens import Screens

MARKUP = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>{{7*7}} =cmd|' /C calc'!A0"
# What one test breaks on purpose must be in the log; nothing else may.
BROKEN_FILTER = "Invalid field res.partner.gone"
MEGABYTE = "漏" * (1024 * 1024 // 3)


class World:
    """A served company with a product; each test asks for customers of its own."""

    def __init__(self, databases, server):
        self.databases = databases
        self.server = server
        self.clock = Clock(databases, server)
        self.company = Company(server).set_up()
        self.call, self.ref = self.company.call, self.company.ref
        self.product = self.company.product("Drip coffee machine", "滴滤咖啡机")
        # All these calls come from one address; what a flood is gets its own test.
        self.limit_calls(100_000)
        self.score = f"q{self.ref('survey_new_satisfaction')}"
        self.detail = f"q{self.ref('survey_new_detail')}"
        self.customers = 0

    def limit_calls(self, number):
        self.call("ir.config_parameter", "set_param", "aftersale_followup.page_rate", str(number))

    def customer(self, **values):
        self.customers += 1
        values = {"email": f"customer{self.customers}@example.com", **values}
        return self.company.customer(f"Customer {self.customers}", **values)

    def planned(self, customer=None, **values):
        """A follow-up that is due now."""
        customer = customer or self.customer()
        partner = self.call("res.partner", "read", [customer], ["email_normalized", "phone_sanitized"])[0]
        values = {
            "origin": f"target:0:{customer}:0",
            "plan_id": self.ref("plan_new"),
            "scenario": "new_customer",
            "contact_class": "new",
            "partner_id": customer,
            "product_ids": [(6, 0, [self.product])],
            "team_id": self.company.team,
            "company_id": self.company.id,
            "lang": "en_US",
            "email_key": partner["email_normalized"],
            "date_planned": str(company_today()),
            "date_deadline": str(company_today()),
            "date_next": "2020-01-01 00:00:00",
            **values,
        }
        return self.call("aftersale.followup", "create", values)

    def ready(self, customer=None, **values):
        """A follow-up whose customer holds the link, and its page."""
        followup = self.planned(customer, **values)
        self.call("aftersale.followup", "action_contact", [followup])
        return followup, self.page(followup)

    def page(self, followup):
        return Page(self.server, self.company.tokens(self.databases, [followup])[followup])

    def feedback(self, followup):
        return self.company.find("aftersale.feedback", ["followup_id", "=", followup])

    def state(self, followup):
        return self.company.read("aftersale.followup", followup, "state")

    def attempts(self, followup, *outcomes):
        return self.company.find("aftersale.attempt", ["followup_id", "=", followup], ["outcome", "in", outcomes])


@pytest.fixture(scope="module")
def world(databases, database, server, smtp):
    # Fifty answers at once are more than the connections a development server may open.
    served = server(database(demo=False, lang="zh_CN"), "--db_maxconn", "90", smtp_port=smtp.port)
    yield World(databases, served)
    assert served.errors(expected=[BROKEN_FILTER]) == []


# ------------------------------------------------------------
# Links
# ------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["A" * 22, "short", "x" * 5000, "%00" * 22, "..%2f..%2fetc%2fpasswd", "' OR 1=1 --", "漏水" * 11]
)
@pytest.mark.parametrize("way", ["get", "head", "post", "optout"])
def test_unknown_and_malformed_links_are_not_found(world, token, way):
    url = f"{world.server.url}/aftersale/{token}"
    if way == "optout":
        response = requests.post(f"{url}/optout", data={"level": "all"}, timeout=60)
    else:
        response = requests.request(way, url, timeout=60)
    assert response.status_code == 404
    assert "Traceback" not in response.text


def test_links_that_are_over_are_gone(world):
    expired, expired_page = world.ready()
    expired_page.open()
    world.clock.sql("UPDATE aftersale_followup SET date_expiry = '2020-01-01' WHERE id = %s", expired)
    cancelled, cancelled_page = world.ready()
    cancelled_page.open()
    world.call("aftersale.followup", "action_cancel", [cancelled])
    early = world.planned()
    for followup, page in ((expired, expired_page), (cancelled, cancelled_page), (early, world.page(early))):
        assert page.get().status_code == 410
        assert page.post({world.score: "5"}).status_code == 410
        assert world.feedback(followup) == []


def test_an_expired_link_is_closed_by_the_cron(world):
    followup, page = world.ready()
    past = "(now() AT TIME ZONE 'UTC') - interval '1 minute'"
    world.clock.sql(f"UPDATE aftersale_followup SET date_expiry = {past}, date_next = {past} WHERE id = %s", followup)
    world.clock.run("ir_cron_contact")
    assert world.state(followup) == "expired"
    assert page.get().status_code == 410


def test_opening_a_link_records_nothing(world):
    followup, page = world.ready()
    before = world.call("aftersale.followup", "read", [followup])
    for _again in range(3):
        assert page.get().status_code == 200
        assert page.get(score="5").status_code == 200
        assert requests.head(page.url, timeout=60).status_code == 200
        assert requests.get(f"{page.url}/optout", timeout=60).status_code == 200
    assert world.feedback(followup) == []
    assert world.call("aftersale.followup", "read", [followup]) == before
    assert not world.company.find("aftersale.optout", ["followup_id", "=", followup])


def test_a_flood_is_slowed_down(world):
    followup, page = world.ready()
    world.limit_calls(60)
    try:
        codes = {page.get().status_code for _call in range(130)}  # more than two minutes' worth, whenever it starts
    finally:
        world.limit_calls(100_000)
    assert codes == {200, 429}
    assert page.get().status_code == 200


# ------------------------------------------------------------
# Answers
# ------------------------------------------------------------


@pytest.mark.parametrize("score", ["0", "6", "abc", "-1", "2.5", "", "1e3", "５0", "2\x00", "9" * 400, None])
def test_scores_that_are_none_are_refused_in_words(world, score):
    followup, page = world.ready()
    page.open()
    response = page.post({world.score: score, world.detail: "漏水"})
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert "漏水" in response.text  # what was typed is still there
    assert world.feedback(followup) == []
    assert world.state(followup) == "ready"


def test_two_scores_at_once_are_refused(world):
    followup, page = world.ready()
    page.open()
    assert page.post({world.score: ["1", "5"]}).status_code == 422
    assert world.feedback(followup) == []


def test_a_megabyte_of_text_is_refused_and_kept(world):
    followup, page = world.ready()
    page.open().read(2)
    response = page.post({world.score: "2", world.detail: MEGABYTE})
    assert response.status_code == 422
    assert f"{len(MEGABYTE)} characters" in response.text
    assert MEGABYTE in response.text
    assert world.feedback(followup) == []
    assert page.post({world.score: "2", world.detail: MEGABYTE[:10_000]}).status_code == 200
    [feedback] = world.feedback(followup)
    assert world.company.read("aftersale.feedback", feedback, "detail") == MEGABYTE[:10_000]


def test_more_than_the_page_takes_is_refused_unread(world):
    followup, page = world.ready()
    page.open()
    response = page.post({world.score: "2", world.detail: "x" * (9 * 1024 * 1024)})
    assert response.status_code == 413
    assert world.feedback(followup) == []


def test_markup_is_text_and_never_runs(world, browser, artefacts):
    followup, page = world.ready()
    page.open().read(3)
    suggestion = f"q{world.ref('survey_new_suggestion')}"
    answers = {world.score: "1", world.detail: MARKUP, suggestion: MARKUP, "call_back": "1", "call_back_note": MARKUP}
    shown = page.post({**answers, world.score: "6"})
    assert shown.status_code == 422
    assert MARKUP not in shown.text
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;{{7*7}}" in shown.text
    assert page.post(answers).status_code == 200
    [feedback] = world.feedback(followup)
    assert world.company.read("aftersale.feedback", feedback, "detail", "suggestion") == (MARKUP, MARKUP)
    [issue] = world.company.read("aftersale.feedback", feedback, "issue_ids")
    screens = Screens(browser, world.server, artefacts)
    with screens.desk("supervisor") as desk:
        for path, ready in (
            (f"aftersale-feedback/{feedback}", ".o_form_view"),
            (f"aftersale-issues/{issue}", ".o_form_view .o-mail-Chatter"),
            ("aftersale-issues", ".o_kanban_record"),
            (f"aftersale-followups/{followup}", ".o_form_view"),
        ):
            desk.open(path, ready)
            desk.picture(path.replace("/", "-"))
            assert desk.page.evaluate("window.hacked") is None
            assert desk.page.locator("img[src=x]").count() == 0
        desk.open(f"aftersale-feedback/{feedback}", ".o_form_view")
        assert "window.hacked=1</script>{{7*7}}" in desk.page.locator(".o_form_view").inner_text() + str(
            desk.page.locator("textarea").evaluate_all("all => all.map((one) => one.value)")
        )
    assert screens.script_errors == []


def test_an_answer_needs_the_page_that_was_shown(world):
    followup, page = world.ready()
    other, foreign = world.ready()
    page.open()
    nonces = (None, "", "x", "0-0-" + "0" * 64, page.fields["nonce"][:-1] + "x", foreign.open().fields["nonce"])
    for nonce in nonces:
        response = page.post({world.score: "2", world.detail: "漏水"}, nonce=nonce)
        assert response.status_code == 400
        assert "漏水" in response.text  # nothing is lost: the page comes again with a new proof
    assert world.feedback(followup) == []
    assert world.feedback(other) == []


def test_a_hasty_answer_counts_as_suspicious(world):
    followup, page = world.ready()
    assert page.open().post({world.score: "5"}).status_code == 200
    [feedback] = world.feedback(followup)
    assert world.company.read("aftersale.feedback", feedback, "evidence", "is_valid") == ("suspicious", False)


def test_a_replay_changes_nothing_and_another_answer_is_kept_apart(world):
    followup, page = world.ready()
    page.open().read(2)
    answers = {world.score: "4", world.detail: "很好"}
    for _again in range(3):
        response = page.post(answers)
        assert response.status_code == 200
        assert not response.is_redirect
    [feedback] = world.feedback(followup)
    assert world.attempts(followup, "contested") == []
    assert page.post({world.score: "1", world.detail: "改变主意了"}).status_code == 200
    assert world.feedback(followup) == [feedback]
    assert world.company.read("aftersale.feedback", feedback, "score", "detail") == (4, "很好")
    [contested] = world.attempts(followup, "contested")
    assert "改变主意了" in world.company.read("aftersale.attempt", contested, "note")


@pytest.mark.parametrize("number", [2, 50])
def test_answers_at_the_same_moment_leave_one_feedback(world, number):
    followup, page = world.ready()
    page.open().read(1)
    with ThreadPoolExecutor(number) as crowd:
        sent = [crowd.submit(page.post, {world.score: "2"}) for _one in range(number)]
        codes = [answer.result().status_code for answer in sent]
    assert codes == [200] * number
    assert len(world.feedback(followup)) == 1
    assert len(world.company.find("aftersale.issue", ["feedback_ids.followup_id", "=", followup])) == 1
    assert world.attempts(followup, "contested") == []  # all said the same


# ------------------------------------------------------------
# Bad records
# ------------------------------------------------------------


def test_a_customer_without_mail_and_phone_is_not_asked(world):
    unreachable = world.planned(world.customer(email=False), email_key=False)
    reachable = world.planned()
    world.clock.run("ir_cron_contact")
    assert world.company.read("aftersale.followup", unreachable, "state", "skip_reason") == ("skipped", "no_contact")
    assert world.company.read("aftersale.followup", unreachable, "explanation")
    assert world.state(reachable) == "ready"


def deliver(world, customer):
    """Sell and deliver; the follow-ups this leads to."""
    order = world.company.order(customer, world.product, confirm=True)
    result = world.call("stock.picking", "button_validate", world.company.deliveries(order))
    assert result is True
    [picking] = world.company.deliveries(order)
    assert world.company.read("stock.picking", picking, "state") == "done"
    return picking, world.company.followups(["order_id", "=", order])


def test_a_company_without_a_calendar_works_from_monday_to_friday(world):
    world.call("res.company", "write", [world.company.id], {"resource_calendar_id": False})
    try:
        picking, [followup] = deliver(world, world.customer())
    finally:
        world.call("res.company", "write", [world.company.id], {"resource_calendar_id": world.company.calendar})
    # Without a calendar the company's zone is its partner's, else UTC: either may already have the next day.
    done = company_date(world.company.read("stock.picking", picking, "date_done"))
    received = world.company.read("aftersale.followup", followup, "date_received")
    assert abs((done - done.fromisoformat(received)).days) <= 1
    window = [str(working_day(done.fromisoformat(received), number)) for number in range(3, 8)]
    assert world.company.read("aftersale.followup", followup, "date_planned") in window
    assert world.company.read("aftersale.followup", followup, "date_deadline") == window[-1]


def test_a_plan_needs_a_questionnaire(world):
    plan = world.ref("plan_new")
    with pytest.raises(odoorpc.error.RPCError, match="has no questionnaire"):
        world.call("aftersale.plan", "write", [plan], {"survey_id": False})
    with pytest.raises(odoorpc.error.RPCError, match="has no questionnaire"):
        world.call("aftersale.plan", "create", {"name": "No questions"})
    # One that lost it by another way: its open links are closed, the sale and the delivery go on.
    followup, page = world.ready()
    survey = world.company.read("aftersale.plan", plan, "survey_id")
    world.clock.sql("UPDATE aftersale_plan SET survey_id = NULL WHERE id = %s", plan)
    try:
        assert page.get().status_code == 410
        assert page.post({world.score: "5"}).status_code == 410
        deliver(world, world.customer())
    finally:
        world.clock.sql("UPDATE aftersale_plan SET survey_id = %s WHERE id = %s", survey, plan)
    assert page.get().status_code == 200


@pytest.mark.parametrize(
    "domain",
    [
        "[('no_such_field', '=', 1)]",
        "[(",
        "__import__('os').system('true')",
        "[('name', 'no such operator', 1)]",
        "42",
        "{}",
    ],
)
def test_a_broken_customer_filter_is_refused(world, domain):
    with pytest.raises(odoorpc.error.RPCError, match="customer filter"):
        world.call("aftersale.plan", "write", [world.ref("plan_new")], {"partner_domain": domain})


def test_a_filter_that_broke_later_stops_no_delivery_and_is_shown(world):
    """As when an update removes the field a filter names: the delivery goes on, the plan says what is wrong."""
    plan = world.ref("plan_new")
    world.clock.sql('UPDATE aftersale_plan SET partner_domain = \'[("gone", "=", 1)]\' WHERE id = %s', plan)
    picking, followups = deliver(world, world.customer())
    assert followups == []
    world.clock.run("ir_cron_sweep")
    count, message = world.company.read("aftersale.plan", plan, "error_count", "error_message")
    assert count == 1
    assert BROKEN_FILTER in message
    assert world.server.errors()[-1].count(BROKEN_FILTER)  # and the log does as well
    # Mended, the next sweep asks the customer after all.
    world.call("aftersale.plan", "write", [plan], {"partner_domain": "[]"})
    order = world.company.read("stock.picking", picking, "sale_id")
    world.clock.run("ir_cron_sweep")
    wait_for(lambda: world.company.followups(["order_id", "=", order]), 30, "the missed delivery to be planned")
