"""People in front of Odoo's client: signing in, finding things, dragging cards. Each step leaves a picture."""

from contextlib import contextmanager

from loop_company import PASSWORD
from playwright.sync_api import expect

DESKTOP = {"width": 1366, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 30_000  # milliseconds
WHOLE = """() => document.fonts.status === "loaded" && [...document.images].every((image) => image.complete)
    && !document.querySelector(".o_loading_indicator, .o_notification_fade-enter, .o_notification_fade-enter-active")"""


class Desk:
    """The screen of one signed-in user."""

    def __init__(self, page, server, artefacts):
        self.page = page
        self.server = server
        self.artefacts = artefacts

    def sign_in(self, login):
        self.page.goto(f"{self.server.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_web_client .o_main_navbar")

    def open(self, path, ready):
        """Open an address of the client and wait until a selector is there."""
        self.page.goto(f"{self.server.url}/odoo/{path}")
        self.page.wait_for_selector(ready)

    def picture(self, name):
        """Keep what is on the screen, when it is whole: fonts and pictures loaded, no message sliding in."""
        self.page.wait_for_function(WHOLE)
        self.page.screenshot(path=self.artefacts / f"{name}.png", animations="disabled")

    def status_is(self, state):
        """The status bar shows this state."""
        expect(
            self.page.locator(f".o_statusbar_status button.o_arrow_button_current[data-value={state}]")
        ).to_be_visible()

    def save(self):
        self.page.click(".o_form_button_save")
        expect(self.page.locator(".o_form_view .o_form_status_indicator_buttons.invisible")).to_have_count(1)

    def choose(self, field, text):
        """Type into a relation field and take the entry that is offered."""
        box = self.page.locator(f".o_field_widget[name={field}] input")
        box.fill(text)
        self.page.locator(".o-autocomplete--dropdown-item", has_text=text).first.click()

    # ------------------------------------------------------------
    # Board
    # ------------------------------------------------------------

    def column(self, title):
        return self.page.locator(".o_kanban_group", has=self.page.locator(".o_column_title", has_text=title))

    def card(self, column, text):
        return self.column(column).locator(".o_kanban_record", has_text=text)

    def counts(self, **expected):
        """The numbers above the columns: counts(New=3, Done=1)."""
        for title, count in expected.items():
            number = self.column(title.replace("_", " ")).locator(".o_animated_number, .o_kanban_header b").last
            expect(number).to_have_text(str(count))

    def drag(self, text, start, target):
        """Drag the card with this text from column to column, as a hand does."""
        card, column = self.card(start, text), self.column(target)
        card.scroll_into_view_if_needed()
        box, goal = card.bounding_box(), column.bounding_box()
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + 12)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2 + 20, box["y"] + 24, steps=4)
        expect(self.page.locator(".o_kanban_record.o_dragged")).to_have_count(1)
        mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + 120, steps=15)
        expect(self.page.locator(".o_kanban_group.o_kanban_hover .o_column_title")).to_contain_text(target)
        mouse.up()

    def refused(self, *words):
        """A message with these words came up; it is read and closed."""
        dialog = self.page.locator(".modal-dialog")
        expect(dialog).to_be_visible()
        for word in words:
            expect(dialog).to_contain_text(word)
        return dialog

    def close_message(self):
        self.page.locator(".modal-dialog .modal-footer button").first.click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)


class Screens:
    """Opens screens for people; every uncaught error of a page's scripts is remembered."""

    def __init__(self, browser, server, artefacts):
        self.browser = browser
        self.server = server
        self.artefacts = artefacts
        self.script_errors = []

    @contextmanager
    def desk(self, login):
        with self._page(viewport=DESKTOP, locale="en-US") as page:
            desk = Desk(page, self.server, self.artefacts)
            desk.sign_in(login)
            yield desk

    @contextmanager
    def phone(self):
        with self._page(viewport=PHONE, locale="zh-CN", is_mobile=True, has_touch=True, device_scale_factor=2) as page:
            yield page

    @contextmanager
    def _page(self, **options):
        context = self.browser.new_context(timezone_id="Asia/Shanghai", **options)
        context.set_default_timeout(PATIENCE)
        try:
            page = context.new_page()
            page.on("pageerror", lambda error: self.script_errors.append(str(error)))
            yield page
        finally:
            context.close()
