"""Every screen the menus lead to, opened in the language and with the rights of a person."""

from contextlib import contextmanager

from loop_screens import WHOLE

PATIENCE = 30_000  # milliseconds
# Dialogs that tell of an error; those a screen opens with on purpose are none.
ERRORS = ".o_error_dialog, .o_technical_modal, .modal .o_error_detail, .o_notification.border-danger"
OPEN = """([action, view, record]) => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(action, {
    clearBreadcrumbs: true, viewType: view || undefined, props: record ? {resId: record} : {},
})"""


class Menu:
    """A leaf of the menus: where it stands, what it opens, and which views that offers."""

    def __init__(self, path, action):
        self.name = " / ".join(path)
        self.title = action["name"]
        self.action = action["id"]
        self.model = action.get("res_model")
        self.views = [view for _id, view in action.get("views", [])]
        self.lists = len(self.views) > 1  # records, which a form shows one of; not settings


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
                [action] = self.admin.execute_kw(menu["action_model"], "read", [[menu["action_id"]]], options)
                yield Menu(path[1:], action)

        return list(leaves(root, []))

    @contextmanager
    def at(self, where):
        """What goes wrong in here is told with where it was."""
        self.here = where
        yield
        for text in self.page.locator(ERRORS).all_inner_texts():
            self.complain(f"dialog: {text[:300]}")

    def visit(self, menu):
        """Open each view of a menu and the form of the first record; a picture of each."""
        for view in menu.views:
            if view == "form" and menu.lists:
                found = self.client.execute(menu.model, "search", [], 0, 1)
                if not found:
                    continue
                self.open(menu, view, found[0])
            else:
                self.open(menu, view)

    def open(self, menu, view, record=None):
        with self.at(f"{menu.name} [{view}]"):
            self.page.evaluate(OPEN, [menu.action, view, record])
            self.page.wait_for_selector(f".o_action_manager .o_{view}_view")
            self.picture(f"{menu.name}-{view}")
            title = self.page.title()
            wanted = menu.title if record is None else ""
            if wanted not in title or not title.replace("Odoo", "").strip(" -"):
                self.complain(f"the page is called {title!r}, not {menu.title!r}")

    def picture(self, name):
        self.page.wait_for_function(WHOLE)
        name = "".join(letter if letter.isalnum() else "_" for letter in name)
        self.page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
