"""Paper, in a running product: forms are printed and decoded, a stack is typed in by keyboard, a table is imported.

The pictures and documents are kept as artefacts: they are there to be looked at.
"""

import io
import json
import unicodedata
import urllib.request
from datetime import date, timedelta
from http.cookiejar import CookieJar

import pytest
import qrcode
from loop_company import PASSWORD, Company, connect
from loop_screens import PATIENCE, Desk
from playwright.sync_api import expect
from pypdf import PdfReader

SIZES = {"desktop": {"width": 1366, "height": 900}, "phone": {"width": 390, "height": 844}}
DARK = 128


@pytest.fixture(scope="module")
def company(database, server):
    served = server(database(demo=False, lang="zh_CN"), "--max-cron-threads=0")
    company = Company(served).set_up()
    company.kettle = company.product("Kettle", "电热水壶")
    company.survey = company.ref("survey_new")
    return company


def make_stack(company, tag, names):
    """Customers whose forms came back; {name: number of the form}."""
    today = date.today()
    stack = {}
    for number, name in enumerate(names):
        values = {"name": name, "email": f"{tag}.{number}@example.com", "lang": "zh_CN"}
        followup = company.call(
            "aftersale.followup",
            "create",
            {
                "origin": f"test:paper:{tag}:{number}",
                "plan_id": company.ref("plan_new"),
                "scenario": "new_customer",
                "contact_class": "new",
                "partner_id": company.call("res.partner", "create", values),
                "product_ids": [(6, 0, [company.kettle])],
                "user_id": company.users["agent"],
                "team_id": company.team,
                "channel_id": company.ref("channel_paper"),
                "state": "ready",
                "lang": "zh_CN",
                "date_planned": str(today - timedelta(days=6)),
                "date_deadline": str(today + timedelta(days=3)),
                "date_sent": f"{today - timedelta(days=6)} 08:00:00",
                "date_expiry": f"{today + timedelta(days=20)} 08:00:00",
            },
        )
        stack[name] = followup
    return stack


@pytest.fixture
def desk(company, browser, artefacts, request):
    """A person's screen in a language and a size, and what went wrong on it."""
    login, language, size = request.param
    users = [company.users[login]]
    company.call("res.users", "write", users, {"lang": language, "odoobot_state": "disabled"})
    phone = size == "phone"
    context = browser.new_context(viewport=SIZES[size], is_mobile=phone, has_touch=phone, timezone_id="Asia/Shanghai")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    desk = Desk(page, company.server, artefacts)
    desk.complaints = []
    page.on("pageerror", lambda error: desk.complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and desk.complaints.append(message.text))
    desk.sign_in(login)
    yield desk
    context.close()


# ------------------------------------------------------------
# Printing
# ------------------------------------------------------------


def fetch(company, login, path):
    """What a signed-in user gets from an address."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    credentials = {"db": company.server.database, "login": login, "password": PASSWORD}
    request = urllib.request.Request(
        f"{company.server.url}/web/session/authenticate",
        json.dumps({"jsonrpc": "2.0", "params": credentials}).encode(),
        {"Content-Type": "application/json"},
    )
    opener.open(request, timeout=60).read()
    return opener.open(company.server.url + path, timeout=120).read()


def dots_of(image):
    """The dots of a QR code in a picture, without the white around it."""
    grey = image.convert("L")
    dark = grey.point(lambda shade: 255 if shade < DARK else 0)
    left, top, right, bottom = dark.getbbox()
    # The corner of every code is a dark line of seven dots.
    line = next(x for x in range(left, right) if not dark.getpixel((x, top)))
    size = (line - left) / 7
    count = round((right - left) / size)
    assert abs(bottom - top - (right - left)) <= size
    middle = [round(size * (place + 0.5)) for place in range(count)]
    return [[bool(dark.getpixel((left + x, top + y))) for x in middle] for y in middle]


def plain(text):
    """The text of a page without its blanks; fonts draw some characters by the code of the radical they look like."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def test_printed_forms_hold_the_questions_and_a_code_that_leads_to_the_page(company, artefacts):
    stack = make_stack(company, "print", ["王芳", "李娜"])
    ids = ",".join(map(str, stack.values()))
    content = fetch(company, "agent", f"/report/pdf/aftersale_followup.report_paper_form/{ids}")
    (artefacts / "forms.pdf").write_bytes(content)
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) == len(stack)
    questions = company.call("survey.question", "search_read", [["survey_id", "=", company.survey]], ["title"])
    for (name, number), page in zip(stack.items(), pages, strict=True):
        text = plain(page.extract_text())
        assert name in text
        assert f"FU/{number:06d}" in text
        assert "综合来看" in text
        assert "非常满意" in text
        assert len(questions) >= 6
        [picture] = [image for image in page.images if image.image.width > 100]
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
        token = company.read("aftersale.followup", number, "access_token")
        code.add_data(f"{company.server.url}/aftersale/{token}")
        assert dots_of(picture.image) == code.get_matrix()
    assert company.server.errors() == []


def test_copies_for_several_customers_are_printed_in_one_go(company, artefacts):
    """With an engine without a Qt of its own, too: each on pages of their own, and none lost."""
    stack = make_stack(company, "copy", ["王芳", "李娜"])
    first, last = (company.read("aftersale.followup", followup, "partner_id") for followup in stack.values())
    partners = [first, company.customer("Nobody Known", lang="en_US"), last]
    # More than fits on a page
    keys = [f"number{number}@example.com" for number in range(90)]
    company.call("aftersale.optout", "create", [{"key": key, "partner_id": first} for key in keys])
    values = {"group_ids": [(4, company.ref("group_privacy"))]}
    company.call("res.users", "write", [company.users["manager"]], values)
    path = f"/report/pdf/aftersale_followup.report_disclosure/{','.join(map(str, partners))}"
    content = fetch(company, "manager", path)
    (artefacts / "copies.pdf").write_bytes(content)
    pages = [plain(page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]
    heads = [number for number, page in enumerate(pages) if "您的售后资料" in page or "YourAfter-SalesData" in page]
    assert len(heads) == len(partners)
    assert heads[0] == 0
    assert heads[1] > 1
    for head, name in zip(heads, ("王芳", "NobodyKnown", "李娜"), strict=True):
        assert name in pages[head]
    whole = "".join(pages)
    assert all(key in whole for key in keys)
    log = connect(company.server, "manager").env["aftersale.access.log"]
    assert log.search_count([("purpose", "=", "disclosure"), ("partner_id", "in", partners)]) == len(partners)
    assert company.server.errors() == []


# ------------------------------------------------------------
# Typing in
# ------------------------------------------------------------


def answer_by_keyboard(page, score, words):
    """Digits choose, Enter goes on: satisfaction, category, detail, three areas, recommendation, suggestion."""
    expect(page.locator(".o_aftersale_question input").first).to_be_focused()
    for key in (str(score), "2"):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.keyboard.insert_text(words)
    page.keyboard.press("Enter")
    for key in "4359":
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # no suggestion
    expect(page.locator(".o_aftersale_paper_buttons .btn-primary")).to_be_focused()


@pytest.mark.parametrize(
    "desk", [("agent", "en_US", "desktop"), ("agent", "zh_CN", "phone")], indirect=True, ids=["en-desktop", "zh-phone"]
)
def test_a_stack_of_three_is_typed_in_without_the_mouse(company, desk, request):
    tag = request.node.callspec.id
    stack = make_stack(company, tag, ["王芳", "李娜", "赵磊"])
    page = desk.page
    desk.open("aftersale-paper", "#paper_code")
    desk.picture("empty")
    day = date.today() - timedelta(days=2)
    page.fill("#paper_date", day.isoformat())
    expect(page.locator("#paper_code")).to_be_visible()
    page.focus("#paper_code")
    codes = [f"FU/{stack['王芳']:06d}", str(stack["李娜"]), None]
    token = company.read("aftersale.followup", stack["赵磊"], "access_token")
    codes[2] = f"{company.server.url}/aftersale/{token}"  # as a scanner types it
    for count, (name, code) in enumerate(zip(stack, codes, strict=True), 1):
        page.keyboard.insert_text(code)
        page.keyboard.press("Enter")
        expect(page.locator(".o_aftersale_sheet .card-header")).to_contain_text(name)
        expect(page.locator(".o_aftersale_question input").first).to_be_focused()
        page.keyboard.press("Control+Enter")
        # Too early: the hands stay on the keyboard, where the first mistake is.
        expect(page.locator(".alert-danger")).to_be_visible()
        answer_by_keyboard(page, count + 2, "送货晚了两天")
        desk.picture(f"form_{count}")
        page.keyboard.press("Enter")
        expect(page.locator(".o_aftersale_count")).to_have_text(str(count))
        expect(page.locator("#paper_code")).to_be_focused()
    desk.picture("done")
    rows = company.call(
        "aftersale.feedback",
        "search_read",
        [["followup_id", "in", list(stack.values())]],
        ["score", "nps", "detail", "source", "channel_id", "user_id", "day", "dimension_ids"],
        order="followup_id",
    )
    assert [row["score"] for row in rows] == [3, 4, 5]
    assert {row["detail"] for row in rows} == {"送货晚了两天"}
    assert {row["nps"] for row in rows} == {"9"}
    assert {len(row["dimension_ids"]) for row in rows} == {3}
    assert {(row["source"], row["channel_id"][0], row["user_id"][0]) for row in rows} == {
        ("staff", company.ref("channel_paper"), company.users["agent"])
    }
    assert {row["day"] for row in rows} == {day.isoformat()}
    # The same form once more: refused, with who entered the first.
    page.keyboard.insert_text(codes[0])
    page.keyboard.press("Enter")
    expect(page.locator(".alert-danger")).to_contain_text("Lin Yue")
    desk.picture("refused")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert desk.complaints == []


# ------------------------------------------------------------
# Importing
# ------------------------------------------------------------


@pytest.mark.parametrize("desk", [("supervisor", "en_US", "desktop")], indirect=True, ids=["en-desktop"])
def test_a_table_is_tried_then_imported_and_its_bad_lines_come_back(company, desk, artefacts):
    stack = make_stack(company, "import", ["周杰", "吴敏"])
    first, second = stack.values()
    titles = {
        role: company.call("survey.question", "read", [company.ref(f"survey_new_{role}")], ["title"])[0]["title"]
        for role in ("satisfaction", "detail")
    }
    lines = [
        f"Follow-up (number or link);{titles['satisfaction']};{titles['detail']}",
        f"FU/{first:06d};4;很好",
        "FU/999999;4;谁的",
        f"FU/{second:06d};so-so;",
    ]
    table = artefacts / "table.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    page = desk.page
    desk.open("aftersale-import", ".o_form_view")
    name = company.call("survey.survey", "read", [company.survey], ["title"])[0]["title"]
    desk.choose("survey_id", name)
    page.locator(".o_field_widget[name=file] input[type=file]").set_input_files(str(table))
    page.click("button[name=action_try]")
    expect(page.locator(".o_form_view .alert-info")).to_be_visible()
    states = page.locator(".o_field_widget[name=line_ids] .o_data_row td[name=state]")
    expect(states).to_have_text(["Good", "Not taken over", "Not taken over"])
    desk.picture("tried")
    assert company.find("aftersale.feedback", ["followup_id", "in", [first, second]]) == []
    page.click("button[name=action_import]")
    expect(page.locator(".o_form_view .alert-success")).to_be_visible()
    expect(states).to_have_text(["Good", "Not taken over", "Not taken over"])
    desk.picture("imported")
    [feedback] = company.find("aftersale.feedback", ["followup_id", "in", [first, second]])
    assert company.read("aftersale.feedback", feedback, "score", "detail") == (4, "很好")
    with page.expect_download() as download:
        page.click("button[name=action_download_rest]")
    download.value.save_as(artefacts / "rest.xlsx")
    with page.expect_download() as download:
        page.click("button[name=action_download_template]")
    download.value.save_as(artefacts / "template.xlsx")
    assert (artefacts / "rest.xlsx").read_bytes()[:2] == (artefacts / "template.xlsx").read_bytes()[:2] == b"PK"
    assert desk.complaints == []
    assert company.server.errors() == []
