"""The phone console in a real browser: an agent works a queue of three, at a desk and on a phone, in both languages.

The pictures are kept as artefacts: they are there to be looked at.
"""

import re
from datetime import date, timedelta
from itertools import count

import pytest
from loop_company import PASSWORD, Company, connect
from loop_screens import PATIENCE, Desk
from playwright.sync_api import expect

from devkit import axe

SIZES = {"desktop": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
ZONE = "Asia/Shanghai"
NAMES = ("Wang Fang", "Li Na", "Zhao Lei")
TAGS = count(1000)  # one a queue: its customers have numbers and addresses of their own
# Clicks of the hand that are no answer: a key that presses a button is none, and the complaint is extra work.
COUNT = """addEventListener("click", (event) => {
    const extra = ".o_aftersale_questionnaire, .o_aftersale_panel, .o_aftersale_complaint, .o_login_auth, form";
    if (event.isTrusted && event.detail && !event.target.closest(extra)) {
        sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
    }
}, true)"""

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is serious on the console itself; the frame around it is Odoo's.
FOUND = """async tags => (await axe.run(".o_aftersale_console", {runOnly: tags})).violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => [v.id, v.help, v.nodes.map(n => [n.html, n.failureSummary])])"""


@pytest.fixture(scope="module")
def company(database, server):
    served = server(database(demo=False, lang="zh_CN"), "--max-cron-threads=0")
    company = Company(served).set_up()
    company.kettle = company.product("Kettle", "电热水壶")
    return company


def make_queue(company):
    """Three customers to be called today, in the order of their days; {name: follow-up}."""
    plan, today, tag = company.ref("plan_new"), date.today(), next(TAGS)
    left = company.followups(["origin", "like", "test:console:"], ["state", "=", "ready"])
    company.call("aftersale.followup", "action_cancel", left)
    queue = {}
    for number, name in enumerate(NAMES):
        values = {
            "name": name,
            "phone": f"+86138{tag}{number:04}",
            "lang": "zh_CN",
            "email": f"{tag}.{number}@example.com",
        }
        customer = company.call("res.partner", "create", values)
        queue[name] = company.call(
            "aftersale.followup",
            "create",
            {
                "origin": f"test:console:{tag}:{number}",
                "plan_id": plan,
                "scenario": "new_customer",
                "contact_class": "new",
                "partner_id": customer,
                "product_ids": [(6, 0, [company.kettle])],
                "user_id": company.users["agent"],
                "sales_user_id": company.users["sales"],
                "team_id": company.team,
                "channel_id": company.ref("channel_phone"),
                "state": "ready",
                "lang": "zh_CN",
                "date_planned": str(today - timedelta(days=4 - number)),
                "date_deadline": str(today + timedelta(days=3)),
                "date_expiry": f"{today + timedelta(days=20)} 08:00:00",
            },
        )
    return queue


@pytest.fixture
def desk(company, browser, artefacts, request):
    """The agent's screen in a language and a size, and what went wrong on it."""
    language, size = request.param
    users = [company.users["agent"]]
    company.call("res.users", "write", users, {"lang": language, "odoobot_state": "disabled"})
    phone = size == "phone"
    context = browser.new_context(viewport=SIZES[size], is_mobile=phone, has_touch=phone, timezone_id=ZONE)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(COUNT)
    page = context.new_page()
    desk = Desk(page, company.server, artefacts)
    desk.phone, desk.complaints = phone, []
    page.on("pageerror", lambda error: desk.complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and desk.complaints.append(message.text))
    desk.sign_in("agent")
    yield desk
    context.close()


def open_console(desk, name):
    """The console, once the call of this customer is on the screen."""
    desk.open("aftersale-console", ".o_aftersale_console")
    expect(desk.page.locator(".o_aftersale_call h2")).to_contain_text(name)


def check(desk, name):
    """Keep a picture; nobody is kept out of what it shows."""
    desk.picture(name)
    desk.page.evaluate(axe.source())
    found = desk.page.evaluate(FOUND, STANDARD)
    assert not found, f"{name}: {found}"


def question(desk, company, name):
    """The block of one question of the shipped questionnaire."""
    return desk.page.locator(f"[data-question='{company.ref(f'survey_new_{name}')}']")


def answer_by_hand(desk, company):
    desk.page.locator(".o_aftersale_agrees").click()
    question(desk, company, "satisfaction").locator("label", has=desk.page.locator("input[value='2']")).click()
    question(desk, company, "category").locator("label").nth(1).click()


def answer_by_keyboard(desk, company):
    """After the consent the first question waits: digits choose, Enter goes on."""
    desk.page.locator(".o_aftersale_agrees").click()
    expect(question(desk, company, "satisfaction").locator("input").first).to_be_focused()
    desk.page.keyboard.press("2")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("2")
    desk.page.keyboard.press("Enter")
    expect(question(desk, company, "detail").locator("textarea")).to_be_focused()


def reached_with_a_complaint(desk, company):
    """Score 2, a fault heard, a reload in the middle, the complaint, and the answers saved."""
    page = desk.page
    expect(page.locator(".o_aftersale_dial")).to_have_attribute("href", re.compile(r"^tel:\+86138\d{8}$"))
    expect(page.locator(".o_aftersale_script")).to_contain_text("Wang Fang您好")  # the customer's language
    (answer_by_hand if desk.phone else answer_by_keyboard)(desk, company)
    detail = question(desk, company, "detail").locator("textarea")
    detail.fill("水壶坏了")
    page.reload()
    expect(detail).to_have_value("水壶坏了")
    expect(question(desk, company, "satisfaction").locator("input[value='2']")).to_be_checked()
    expect(question(desk, company, "detail").locator(".o_aftersale_probe")).to_be_visible()
    expect(page.locator(".o_aftersale_closing")).to_contain_text("3个工作日内")
    check(desk, "2-heard")
    page.locator(".o_aftersale_complaint").click()
    steps = page.locator(".o_aftersale_issue input[type=checkbox]")
    expect(steps).to_have_count(7)
    steps.first.check()
    expect(steps.first).to_be_checked()
    check(desk, "3-complaint")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), "wider than the screen"
    assert page.evaluate("document.querySelector('.o_main_navbar').getBoundingClientRect().top") == 0, "moved off"
    page.locator(".o_aftersale_save").click()


def end_by_button(desk, name, outcome, following):
    """Log how the call of `name` ended; the next customer is there without another click."""
    page = desk.page
    expect(page.locator(".o_aftersale_call h2")).to_contain_text(name)
    page.locator(f"[data-outcome={outcome}]").click()
    if following:
        expect(page.locator(".o_aftersale_call h2")).to_contain_text(following)


@pytest.mark.parametrize(
    "desk", [(lang, size) for lang in ("en_US", "zh_CN") for size in SIZES], indirect=True, ids=lambda p: "-".join(p)
)
def test_agent_works_the_queue(company, desk):
    queue = make_queue(company)
    page = desk.page
    desk.open("aftersale-console", ".o_aftersale_row")
    expect(page.locator(".o_aftersale_row b")).to_have_text(list(NAMES))
    check(desk, "1-queue")
    page.locator(".o_aftersale_next").click() if desk.phone else page.keyboard.press("Alt+n")
    expect(page.locator(".o_aftersale_call h2")).to_contain_text("Wang Fang")
    page.evaluate("sessionStorage.clicks = 0")
    reached_with_a_complaint(desk, company)
    expect(page.locator(".o_aftersale_call h2")).to_contain_text("Li Na")
    clicks = int(page.evaluate("sessionStorage.clicks"))
    assert clicks + 1 <= 3, f"{clicks} clicks and the one that dials"
    end_by_button(desk, "Li Na", "no_answer", "Zhao Lei")
    end_by_button(desk, "Zhao Lei", "wrong_contact", None)
    expect(page.locator(".o_aftersale_empty")).to_be_visible()
    check(desk, "4-empty")
    assert desk.complaints == []
    check_records(company, queue)
    assert company.server.errors() == []


@pytest.mark.parametrize("desk", [("en_US", "desktop")], indirect=True)
def test_message_for_a_chat_is_copied_and_noted_as_sent(company, desk):
    queue, page = make_queue(company), desk.page
    chat = queue["Wang Fang"]
    company.call("aftersale.followup", "write", [chat], {"channel_id": company.ref("channel_im")})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.open("aftersale-console", ".o_aftersale_row")
    page.locator(".o_aftersale_next").click()
    page.locator(".o_aftersale_copy").click()
    expect(page.locator(".o_aftersale_sent")).to_be_focused()
    text = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"/a/[\w-]{22}\b", text), text
    assert "Wang Fang" in text
    check(desk, "5-chat")
    page.keyboard.press("Enter")
    expect(page.locator(".o_aftersale_call h2")).to_contain_text("Li Na")
    expect(page.locator(".o_aftersale_chat")).to_have_count(0)
    attempts = company.find("aftersale.attempt", ["followup_id", "=", chat])
    facts = company.read("aftersale.attempt", attempts[0], "outcome", "channel_id", "user_id")
    assert facts == ("sent", company.ref("channel_im"), company.users["agent"])
    expect(page.locator(f".o_aftersale_row[data-followup='{chat}']")).to_have_count(0)
    assert desk.complaints == []
    assert company.server.errors() == []


def check_records(company, queue):
    """What the three calls left: an answer with its complaint, another try, a number to correct."""
    answered, tried, wrong = (queue[name] for name in NAMES)
    feedback, issue = company.read("aftersale.followup", answered, "feedback_id", "complaint_issue_id")
    assert company.read("aftersale.followup", answered, "consent") == "asked"
    facts = company.read("aftersale.feedback", feedback, "score", "detail", "user_id", "source")
    assert facts == (2, "水壶坏了", company.users["agent"], "staff")
    assert company.read("aftersale.feedback", feedback, "issue_ids") == [issue]
    assert company.read("aftersale.issue", issue, "kind", "title", "priority") == ("complaint", "水壶坏了", "1")
    assert len(company.read("aftersale.issue", issue, "complaint_step_ids")) == 1
    assert company.read("aftersale.followup", tried, "state") == "ready"
    assert company.read("aftersale.followup", tried, "date_call") > f"{date.today()}"
    outcomes = company.call("aftersale.attempt", "search_read", [["followup_id", "in", [tried, wrong]]], ["outcome"])
    # The mail that follows the wrong number leaves within the contact hours.
    assert {row["outcome"] for row in outcomes} - {"sent"} == {"no_answer", "wrong_contact"}
    customer = company.read("aftersale.followup", wrong, "partner_id")
    activities = company.find("mail.activity", ["res_model", "=", "res.partner"], ["res_id", "=", customer])
    assert company.read("mail.activity", activities[0], "user_id") == company.users["sales"]
    assert company.read("aftersale.followup", wrong, "channel_id") == company.ref("channel_email")


@pytest.mark.parametrize("desk", [("en_US", "desktop")], indirect=True, ids=["en_US-desktop"])
def test_leaving_a_call_loses_nothing_and_holds_nobody(company, desk):
    """What was typed last is kept when the next customer is opened at once; a call that is over can be left."""
    queue = make_queue(company)
    page = desk.page
    row = ".o_aftersale_row[data-followup='{}']".format
    note, heading = page.locator(".o_aftersale_note"), page.locator(".o_aftersale_call h2")
    desk.open("aftersale-console", ".o_aftersale_row")
    page.locator(row(queue["Wang Fang"])).click()
    note.fill("Rings at the neighbour's")
    page.evaluate("selector => document.querySelector(selector).click()", row(queue["Li Na"]))
    expect(heading).to_contain_text("Li Na")
    page.evaluate("sessionStorage.clear()")
    page.locator(row(queue["Wang Fang"])).click()
    expect(note).to_have_value("Rings at the neighbour's")
    assert desk.complaints == []
    company.call("aftersale.followup", "action_cancel", [queue["Wang Fang"]])
    note.fill("Too late")
    page.locator("[data-outcome=busy]").click()
    expect(page.locator(".modal")).to_contain_text("cannot be answered")
    page.locator(".modal .btn-primary").click()
    expect(page.locator("[data-outcome=busy]")).to_be_enabled()


@pytest.mark.parametrize("desk", [("en_US", "desktop")], indirect=True, ids=["en_US-desktop"])
def test_what_a_lost_connection_held_up_overwrites_nothing_typed_later(company, desk):
    """Two windows on one call, the first of them cut off: the later words stand in both, the earlier are told."""
    queue = make_queue(company)
    page, save = desk.page, "**/console_save"
    row = f".o_aftersale_row[data-followup='{queue['Wang Fang']}']"
    desk.open("aftersale-console", ".o_aftersale_row")
    page.locator(row).click()
    note, answer = ".o_aftersale_note", ".o_aftersale_questionnaire textarea >> nth=0"
    page.locator(".o_aftersale_agrees").click()
    expect(page.locator(".o_aftersale_console")).to_contain_text("Draft saved")
    page.route(save, lambda route: route.abort())
    page.locator(note).fill("Typed first")
    page.locator(answer).fill("Only here")
    expect(page.locator(".o_aftersale_console")).to_contain_text("Not saved: no connection")
    # Left and taken up again, it is still this one that has to be sent, and only once.
    page.locator(f".o_aftersale_row[data-followup='{queue['Li Na']}']").click()
    page.locator(row).click()
    expect(page.locator(note)).to_have_value("Typed first")
    other = page.context.new_page()
    other.goto(page.url)
    other.locator(row).click()
    with other.expect_response(save):
        other.locator(note).fill("Typed later")
    page.unroute(save)
    expect(page.locator(".o_notification")).to_contain_text("Replaced: Typed first")
    expect(page.locator(note)).to_have_value("Typed later")
    expect(page.locator(answer)).to_have_value("Only here")
    page.screenshot(path=desk.artefacts / "typed-later.png")
    other.reload()
    expect(other.locator(note)).to_have_value("Typed later")
    expect(other.locator(answer)).to_have_value("Only here")
    # What was saved before says so still: only the answer of the server tells that this is.
    with page.expect_response(save):
        page.locator(note).fill("Typed last")
    other.reload()
    expect(other.locator(note)).to_have_value("Typed last")


def test_console_of_another_agent_stays_closed(company):
    """Over RPC, past the screen."""
    queue = make_queue(company)
    technician = connect(company.server, "technician", PASSWORD)
    for method, arguments in (("console_open", []), ("console_save", [{}]), ("console_finish", ["busy"])):
        with pytest.raises(Exception, match="access|Access"):
            technician.execute("aftersale.followup", method, [queue["Wang Fang"]], *arguments)
    rows = technician.execute("aftersale.followup", "console_queue")["rows"]
    assert queue["Wang Fang"] not in [row["id"] for row in rows]
