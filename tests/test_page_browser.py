"""The customer's page in a real browser: wide and narrow, English and Chinese, with and without JavaScript."""

import pytest
from loop_page import make_ready

from devkit import axe

SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 320, "height": 640}}
LANGUAGES = ("en_US", "zh_CN")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOUND = """async tags => (await axe.run({runOnly: tags})).violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => [v.id, v.help, v.nodes.map(n => n.html)])"""
COUNTS = {"plan_new": 14, "plan_verify": 6}
MAKE = f"""
env["res.lang"]._activate_lang("en_US")
partner = env["res.partner"].create({{"name": "Wang Fang", "email": "wang.fang@example.com"}})
product = env["product.product"].create({{"name": "Kettle with a rather long name that needs its room"}})
env.ref("aftersale_followup.plan_new").allow_anonymous = True
for name, count in {COUNTS}.items():
    for number in range(count):
        ready(partner, name, product_ids=[(6, 0, product.ids)])
"""


@pytest.fixture(scope="module")
def site(database, server):
    """The served database and its unused links by plan."""
    name = database(demo=False, lang="zh_CN")
    tokens = iter(make_ready(name, MAKE))
    links = {plan: [next(tokens) for _number in range(count)] for plan, count in COUNTS.items()}
    return server(name, "--max-cron-threads=0"), links


@pytest.fixture
def visit(site, browser):
    """Factory: visit(plan, size, language, …) opens an unused link as a visitor of its own."""
    served, links = site
    contexts = []

    def open_page(plan="plan_new", size="desktop", language="en_US", path="", javascript=True):
        context = browser.new_context(viewport=SIZES[size], is_mobile=size == "phone", java_script_enabled=javascript)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.link = f"{served.url}/aftersale/{links[plan].pop()}"
        page.goto(f"{page.link}{path}?lang={language}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert served.errors() == []


def check(page, artefacts, name):
    """Nobody is kept out: nothing serious found by axe-core, nothing to scroll sideways."""
    page.screenshot(path=artefacts / f"{name}.png", full_page=True)
    page.evaluate(axe.source())
    assert page.evaluate(FOUND, STANDARD) == [], name
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= window, f"{name} is {wide} px wide in a window of {window}"


def drafts(page):
    return page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('aftersale.'))")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_whole_way_is_open_to_everybody(visit, artefacts, size, language):
    page = visit(size=size, language=language)
    assert page.locator("html").get_attribute("lang") == language.replace("_", "-")
    check(page, artefacts, "questions")
    # What a browser without our script sends: the server says what is missing, beside the question.
    page.evaluate("document.querySelector('form').noValidate = true")
    page.locator("textarea").first.fill("It came late. 送货晚了")
    page.locator("[type=submit]").click()
    assert page.locator("[role=alert]").is_visible() and page.locator(".error").count() == 1
    assert page.locator("textarea").first.input_value() == "It came late. 送货晚了"
    check(page, artefacts, "missing")
    page.locator(".q").first.get_by_role("radio").nth(1).check()
    page.locator("[type=submit]").click()
    assert page.locator("form").count() == 0 and page.locator("[role=status]").is_visible()
    check(page, artefacts, "thanks")
    page.goto(page.link + "/optout")
    check(page, artefacts, "optout")
    assert page.problems == []


@pytest.mark.parametrize("size", SIZES)
def test_page_is_answered_with_the_keyboard_alone(visit, size):
    page = visit("plan_verify", size)
    radio = page.locator(".q").first.get_by_role("radio").first
    for _step in range(30):
        page.keyboard.press("Tab")
        if radio.evaluate("field => field === document.activeElement"):
            break
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.locator(".q").first.get_by_role("radio").nth(1).is_checked()


def test_conditional_question_comes_with_its_answer(visit):
    page = visit("plan_verify")
    conditional = page.locator("[data-triggers]")
    assert not conditional.is_visible()
    page.get_by_text("Partly", exact=True).click()
    assert conditional.is_visible() and not conditional.locator(".when").count()
    conditional.locator("textarea").fill("The lid")
    page.get_by_text("Fully", exact=True).click()
    assert not conditional.is_visible()
    assert conditional.locator("textarea").evaluate("field => field.matches(':disabled')"), "It would be sent"


def test_without_javascript_everything_is_there(visit, artefacts):
    page = visit("plan_verify", "phone", javascript=False)
    conditional = page.locator("[data-triggers]")
    assert conditional.is_visible()
    assert "Partly / Not solved / It came back" in conditional.locator(".when").inner_text()
    page.screenshot(path=artefacts / "without.png", full_page=True)
    page.get_by_text("Satisfied", exact=True).first.click()
    page.get_by_text("Fully", exact=True).click()
    page.locator("[type=submit]").click()
    assert page.locator("h1").inner_text() == "Thank you"


def test_draft_outlives_a_closed_tab_and_another_language_and_ends_with_the_answer(visit):
    page = visit()
    page.locator("textarea").first.fill("Half a sentence")
    page.locator(".q").first.get_by_role("radio").nth(3).check()
    [name] = drafts(page)
    assert name.removeprefix("aftersale.") not in page.link
    assert page.link.rsplit("/", 1)[1] not in page.evaluate("JSON.stringify(localStorage)"), "No link to find"
    page.goto("about:blank")
    page.goto(page.link + "?lang=zh_CN")
    assert page.locator("textarea").first.input_value() == "Half a sentence"
    assert page.locator(".q").first.get_by_role("radio").nth(3).is_checked()
    assert page.locator(".kept").is_visible()
    page.goto(page.link + "?score=1")
    assert page.locator(".q").first.get_by_role("radio").nth(0).is_checked(), "The star is newer than the draft"
    page.locator("[type=submit]").click()
    assert page.locator("form").count() == 0 and drafts(page) == []


def test_draft_is_removed_when_asked_and_never_kept_of_who_stays_anonymous(visit):
    page = visit()
    page.locator("textarea").first.fill("Not for my colleague")
    page.reload()
    page.locator(".kept button").click()
    assert drafts(page) == [] and page.locator("textarea").first.input_value() == ""
    page.locator("textarea").first.fill("Without my name")
    assert len(drafts(page)) == 1
    page.locator("[name=anonymous]").check()
    assert drafts(page) == []
    page.locator("textarea").first.fill("Without my name, longer")
    assert drafts(page) == []


def test_one_draft_is_nobody_elses(visit, site):
    page = visit()
    page.locator("textarea").first.fill("Mine")
    other = visit()
    page.goto(other.link)
    assert page.locator("textarea").first.input_value() == ""
