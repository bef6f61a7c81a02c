"""Every screen the menus lead to, opened in the language and with the rights of a person."""

from contextlib import contextmanager

from loop_screens import WHOLE

PATIENCE = 30_000  # milliseconds
# Dialogs that tell of an error; those a screen opens with on purpose are none.
ERRORS = (
    ".o_error_dialog, .o_technical_modal:not(:has(.o_form_view)), .modal .o_error_detail, .o_notification.border-danger"
)
SERVICES = "odoo.__WOWL_DEBUG__.root.env.services"
SELECT = f"menu => {SERVICES}.menu.selectMenu({SERVICES}.menu.getMenu(menu))"
SWITCH = f"([view, record]) => {SERVICES}.action.switchView(view, record ? {{resId: record}} : {{}})"
# What stands in a view when it has its data
CONTENT = {
    "activity": ".o_activity_view_table",
    "calendar": ".o_calendar_view .fc-view",
    "console": ".o_aftersale_console .o_aftersale_queue",
    "figures": ".o_aftersale_overview .o_aftersale_tile",
    "form": ".o_form_renderer",
    "graph": ".o_graph_canvas_container canvas, .o_view_nocontent",
    "kanban": ".o_kanban_renderer",
    "list": ".o_list_renderer",
    "paper": ".o_aftersale_paper #paper_code",
    "pivot": ".o_pivot table, .o_view_nocontent",
}
# Until a chart has grown to its height
GROWING = 1200  # milliseconds


class Menu:
    """A leaf of the menus: where it stands, what it opens, and which views that offers."""

    def __init__(self, number, path, action):
        self.id = number
        self.name = " / ".join(path)
        self.title = action["name"]
        self.model = action.get("res_model")
        self.views = [view for _id, view in action.get("views", [])]
        self.lists = len(self.views) > 1  # records, which a form shows one of; not settings, called by their company


class Visitor:
    """One signed-in user in one language, and what went wrong on the way."""

    def __init__(self, page, client, admin, url, folder):
        self.page = page
        self.client = client  # RPC as the same user
        self.admin = admin  # RPC as one who may read actions
        self.url = url
        self.folder = folder
        self.complaints = []
        self.here = "signing in"
        page.on("pageerror", lambda error: self.complain(f"script: {error}"))
        page.on("console", lambda message: message.type == "error" and self.complain(f"console: {message.text}"))
        page.on(
            "response", lambda response: response.status >= 400 and self.complain(f"{response.status} {response.url}")
        )

    def complain(self, what):
        self.complaints.append(f"{self.here}: {what}")

    def sign_in(self, login, password):
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_web_client .o_main_navbar")

    def menus(self, root, language):
        """The leaves below a menu that this user sees."""
        menus = self.client.execute("ir.ui.menu", "load_menus", False)
        menus = {int(key): menu for key, menu in menus.items() if key != "root"}

        def leaves(number, path):
            menu = menus[number]
            path = [*path, menu["name"]]
            if menu["children"]:
                for child in menu["children"]:
                    yield from leaves(child, path)
            elif menu["action_id"]:
                options = {"context": {"lang": language}}
                if menu["action_model"] == "ir.actions.server":
                    action = self.client.execute_kw(menu["action_model"], "run", [[menu["action_id"]]], options)
                else:
                    [action] = self.admin.execute_kw(menu["action_model"], "read", [[menu["action_id"]]], options)
                yield Menu(number, path[1:], action)

        return list(leaves(root, []))

    @contextmanager
    def at(self, where):
        """What goes wrong in here is told with where it was."""
        self.here = where
        yield
        for text in self.page.locator(ERRORS).all_inner_texts():
            self.complain(f"dialog: {text[:300]}")

    def visit(self, menu, views=CONTENT):
        """Select a menu, switch to each of these views it offers, open the form of the first record; with pictures."""
        with self.at(menu.name):
            self.page.evaluate(SELECT, menu.id)
            self.wait_for_content(*CONTENT)
            if menu.lists and self.page.title() != menu.title:
                self.complain(f"the page is called {self.page.title()!r}, not {menu.title!r}")
        for view in sorted({*menu.views} & {*views}, key=lambda view: (view == "form", view)):
            record = None
            if view == "form" and menu.lists:
                [record] = self.client.execute(menu.model, "search", [], 0, 1) or [None]
                if not record:
                    continue
            with self.at(f"{menu.name} [{view}]"):
                self.page.evaluate(SWITCH, [view, record])
                self.wait_for_content(view)
                self.picture(f"{menu.name}-{view}")

    def wait_for_content(self, *views):
        self.page.wait_for_selector(f".o_action_manager :is({', '.join(CONTENT[view] for view in views)})")
        if views == ("graph",):
            self.page.wait_for_timeout(GROWING)

    def picture(self, name):
        self.page.wait_for_function(WHOLE)
        name = "".join(letter if letter.isalnum() else "_" for letter in name)
        self.page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
