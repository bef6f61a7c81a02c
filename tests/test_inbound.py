"""Customers who come to us, on the running product: the public form, the portal, a complaint by mail."""

import re
import time
import xmlrpc.client
from email.message import EmailMessage

import pytest
import requests
from loop_page import Page, burst, make_ready

MAKE = """
from odoo.tests import new_test_user
company = env.company
company.write({"name": "Haier Service", "aftersale_form_hourly": 3})
domain = env["mail.alias.domain"].create({"name": "inbound.example.com", "company_ids": [(6, 0, company.ids)]})
env["aftersale.mailbox"].create({"alias_name": "complaints", "alias_domain_id": domain.id})
for login in ("wang", "li"):
    new_test_user(env, f"{login}@example.com", groups="base.group_portal", password=f"{login}-password",
                  name=login.title(), email=f"{login}@example.com")
product = env["product.product"].create({"name": "Kettle", "list_price": 10})
order = env["sale.order"].create({
    "partner_id": env["res.partner"].search([("email", "=", "wang@example.com")]).id,
    "order_line": [(0, 0, {"product_id": product.id})],
})
order.action_confirm()
env["aftersale.followup"].search([]).unlink()
for number in range(3):
    ready(order.partner_id)
env.ref("base.user_admin").password = "admin"
"""
# Public addresses, by the headers of a proxy: from private ones no burst is seen.
HOME, OFFICE, SHOP = "93.184.216.34", "93.184.217.1", "93.184.218.1"


@pytest.fixture(scope="module")
def site(database, server):
    """A served database behind a proxy, with a complaint address and two portal customers: the server and tokens."""
    name = database(demo=False)
    tokens = make_ready(name, MAKE)
    # Fifty requests at once want a connection each, and Odoo does not let them wait for one.
    return server(name, "--proxy-mode", "--db_maxconn=70"), tokens


def call(served, path, address, data=None, session=requests):
    headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "127.0.0.1"}
    url = f"{served.url}{path}"
    if data is None:
        return session.get(url, headers=headers, timeout=60)
    return session.post(url, headers=headers, data=data, timeout=120)


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def rows(databases, served, query, *parameters):
    return databases.server.sql(query, list(parameters), database=served.database)


def count_forms(databases, served):
    return rows(databases, served, "SELECT count(*) FROM aftersale_feedback WHERE inbound_source = 'form'")[0][0]


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [1280, 320])
def test_form_in_a_browser(site, databases, browser, artefacts, javascript, width):
    served, _tokens = site
    before = count_forms(databases, served)
    # Each visitor has an address of their own, as the limit counts them.
    address = f"93.184.219.{width % 200 + javascript}"
    context = browser.new_context(
        java_script_enabled=javascript,
        viewport={"width": width, "height": 900},
        extra_http_headers={"X-Forwarded-For": address, "X-Forwarded-Host": f"127.0.0.1:{served.port}"},
    )
    page = context.new_page()
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(f"{served.url}/aftersale/feedback")
    page.screenshot(path=artefacts / "form.png", full_page=True)
    if javascript:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator(".unseen").bounding_box()["x"] < 0, "People do not see the field for programs."
    page.get_by_text("A complaint").click()
    page.get_by_text("Very dissatisfied").click()
    page.get_by_label("Please tell us").fill(f"The lid leaks. 漏水了 {width} {javascript}")
    page.get_by_label("Your name").fill("Li Lei")
    time.sleep(2.1)  # nobody types faster
    page.get_by_role("button", name="Send").click()
    page.get_by_text("is recorded").wait_for()
    page.screenshot(path=artefacts / "thanks.png", full_page=True)
    assert count_forms(databases, served) == before + 1
    assert not problems
    context.close()


def test_programs_and_floods_are_stopped(site, databases):
    served, _tokens = site
    before = count_forms(databases, served)
    shown = call(served, "/aftersale/feedback", HOME)
    assert shown.status_code == 200
    at_once = call(served, "/aftersale/feedback", HOME, {**hidden(shown), "detail": "Buy now"})
    assert at_once.status_code == 422
    time.sleep(2.1)
    trapped = call(served, "/aftersale/feedback", HOME, {**hidden(shown), "detail": "Buy now", "website": "x"})
    assert trapped.status_code == 422
    assert "Buy now" in trapped.text
    assert count_forms(databases, served) == before
    for number in range(3):
        sent = call(served, "/aftersale/feedback", HOME, {**hidden(shown), "detail": f"Number {number}"})
        assert sent.status_code == 200
    refused = call(served, "/aftersale/feedback", HOME, {**hidden(shown), "detail": "Number 4"})
    assert refused.status_code == 429
    assert "Number 4" in refused.text
    assert call(served, "/aftersale/feedback", OFFICE, {**hidden(shown), "detail": "Number 5"}).status_code == 200
    assert count_forms(databases, served) == before + 4
    marked = rows(databases, served, "SELECT evidence FROM aftersale_feedback WHERE detail LIKE 'Number _'")
    assert sorted(evidence for (evidence,) in marked) == ["recorded", *["suspicious"] * 3], "A burst from one device"
    assert HOME not in str(rows(databases, served, "SELECT f::text FROM aftersale_feedback f"))


def test_the_same_form_many_times_at_once_is_one(site, databases):
    served, _tokens = site
    shown = call(served, "/aftersale/feedback", SHOP)
    time.sleep(2.1)
    form = {**hidden(shown), "detail": "All at once"}
    answers = burst(8, lambda _number: call(served, "/aftersale/feedback", SHOP, form))
    assert {answer.status_code for answer in answers} == {200}
    query = "SELECT count(*) FROM aftersale_feedback WHERE detail = 'All at once'"
    assert rows(databases, served, query) == [(1,)]


def complain(served, message_id="first", sender="Wang <wang@example.com>", text="It leaks", **headers):
    """Feed a mail to the gateway as a mail server does: over XML-RPC."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "complaints@inbound.example.com", "The kettle"
    mail["Message-ID"] = f"<{message_id}@example.com>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    mail.add_attachment(b"photo", maintype="image", subtype="png", filename="kettle.png")
    uid = xmlrpc.client.ServerProxy(f"{served.url}/xmlrpc/2/common").authenticate(served.database, "admin", "admin", {})
    models = xmlrpc.client.ServerProxy(f"{served.url}/xmlrpc/2/object", allow_none=True)
    arguments = [False, xmlrpc.client.Binary(mail.as_bytes())]
    models.execute_kw(served.database, uid, "admin", "mail.thread", "message_process", arguments)


def test_a_complaint_by_mail_opens_one_issue(site, databases):
    served, _tokens = site
    complain(served)
    complain(served)
    complain(served, message_id="reply", text="One thing more", In_Reply_To="<first@example.com>")
    complain(served, message_id="absent", Auto_Submitted="auto-replied", In_Reply_To="<first@example.com>")
    query = """
        SELECT f.detail, i.title, i.kind, p.email,
               (SELECT count(*) FROM mail_message m
                 WHERE m.model = 'aftersale.issue' AND m.res_id = i.id AND m.message_type = 'email'),
               (SELECT count(*) FROM ir_attachment a WHERE a.res_model = 'aftersale.issue' AND a.res_id = i.id)
          FROM aftersale_feedback f
          JOIN aftersale_issue_feedback_rel r ON r.feedback_id = f.id
          JOIN aftersale_issue i ON i.id = r.issue_id JOIN res_partner p ON p.id = i.partner_id
         WHERE f.inbound_source = 'mail'
    """
    expected = ("The kettle\nIt leaks", "The kettle", "complaint", "wang@example.com", 2, 2)
    assert rows(databases, served, query) == [expected]


def log_in(served, name):
    session = requests.Session()
    page = session.get(f"{served.url}/web/login", timeout=60)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    data = {"csrf_token": token, "login": f"{name}@example.com", "password": f"{name}-password"}
    assert "/web/login" not in session.post(f"{served.url}/web/login", data=data, timeout=60).url
    return session


def test_portal_shows_and_takes_ones_own(site, browser, artefacts):
    served, _tokens = site
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/web/login?redirect=/my")
    page.locator("#login").fill("wang@example.com")
    page.locator("#password").fill("wang-password")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="Feedback and Complaints").click()
    page.get_by_role("link", name="Write to us").click()
    assert not page.locator("input[name=kind]:checked").count(), "Nothing is a complaint unless the customer says so."
    page.get_by_label("A complaint").check()
    page.get_by_label("What is it about?").select_option(index=1)
    page.get_by_label("How satisfied are you with us?").select_option("2")
    page.get_by_label("Please tell us").fill("Portal words of Wang")
    page.screenshot(path=artefacts / "new.png", full_page=True)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("is recorded").wait_for()
    page.screenshot(path=artefacts / "list.png", full_page=True)
    text = page.content()
    assert text.count("Portal words of Wang") == 2, "The words, and the title of the issue they opened"
    assert "Kettle" in text
    context.close()
    other = log_in(served, "li").get(f"{served.url}/my/feedback", timeout=60)
    assert other.status_code == 200
    assert "Portal words of Wang" not in other.text


@pytest.mark.parametrize("number", [0, 1])
def test_fifty_answers_at_once_leave_one_feedback(site, databases, number):
    """The same answer from fifty tabs, or fifty different ones: one counts, and no request fails."""
    served, tokens = site
    page = Page(served, tokens[number], address=f"93.184.219.{number}").open()
    answers = burst(50, lambda index: page.post({page.score: "5" if number == 0 else index % 5 + 1}))
    assert {answer.status_code for answer in answers} == {200}
    query = """
        SELECT (SELECT count(*) FROM aftersale_feedback WHERE followup_id = f.id),
               (SELECT count(DISTINCT note) FROM aftersale_attempt WHERE followup_id = f.id AND outcome = 'contested')
          FROM aftersale_followup f WHERE access_token = %s
    """
    feedback, contested = rows(databases, served, query, tokens[number])[0]
    assert feedback == 1
    # What was said differently is kept beside it; the same answer is no news.
    assert contested == 0 if number == 0 else 1 <= contested <= 4
