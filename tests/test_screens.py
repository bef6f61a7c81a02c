"""Every menu, every view and a record of each kind, in a real browser, as manager and as agent, in both languages.

The pictures are kept as artefacts: they are there to be looked at.
"""

import pytest
from loop_company import connect, ref
from screens_tour import PATIENCE, Visitor

SIZES = {"desktop": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
LOGINS = ("manager", "agent")  # of the demo data; the password is the login
CHINESE = "zh_CN"


@pytest.fixture(scope="module")
def site(databases, database, server):
    served = server(database(demo=True, lang=CHINESE), "--max-cron-threads=0")
    admin = connect(served)
    # Odoo installed in another language switches English off.
    [english] = admin.env["res.lang"].with_context(active_test=False).search([("code", "=", "en_US")])
    admin.execute("res.lang", "write", [english], {"active": True})
    return served, admin


@pytest.fixture
def visitor(site, browser, artefacts):
    """Factory: visitor(login, language, size) has signed in."""
    served, admin = site
    contexts = []

    def enter(login, language, size):
        users = admin.execute("res.users", "search", [["login", "=", login]])
        # OdooBot introduces itself to whoever is new, on a phone over the whole screen.
        admin.execute("res.users", "write", users, {"lang": language, "odoobot_state": "disabled"})
        contexts.append(browser.new_context(viewport=SIZES[size], is_mobile=size == "phone", has_touch=size == "phone"))
        contexts[-1].set_default_timeout(PATIENCE)
        client = connect(served, login, login)
        one = Visitor(contexts[-1].new_page(), client, admin, served.url, artefacts)
        one.sign_in(login, login)
        return one

    yield enter
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["en_US", CHINESE])
@pytest.mark.parametrize("login", LOGINS)
def test_every_view_opens(site, visitor, login, language):
    served, admin = site
    one = visitor(login, language, "desktop")
    menus = one.menus(ref(admin, "menu_root"), language)
    for menu in menus:
        one.visit(menu)
    assert one.complaints == []
    assert served.errors() == []


@pytest.mark.parametrize("login", LOGINS)
def test_cards_and_forms_fit_on_a_phone(site, visitor, login):
    _served, admin = site
    one = visitor(login, "en_US", "phone")
    for menu in one.menus(ref(admin, "menu_root"), "en_US"):
        one.visit(menu, ("kanban", "form"))
    assert one.complaints == []
