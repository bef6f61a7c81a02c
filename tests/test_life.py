"""The add-on's life in a database that sells already: it comes, is used, goes without a trace, comes again.

Installed, updated and removed as in the Apps menu, on a server that goes on serving. Each snapshot is the whole
database: its schema and every row.
"""

import os

import life_catalogue
import pytest
from life_edits import Edits
from life_usage import ADDON, Usage, deliver, sell
from loop_company import Company

# Signs of life of a server and its users: rows of these come and go with every call.
TRAFFIC = {"bus_bus", "ir_cron_trigger", "res_device_log", "res_users_log"}
TRAFFIC |= {
    f"orm_signaling_{cache}" for cache in ("registry", "default", "assets", "stable", "routing", "groups", "templates")
}
# Odoo knows every add-on on its path, installed or not.
KNOWN = {"ir_module_module", "ir_module_module_dependency"}
# The add-on's own screens are written anew by every update.
SCREENS = {"ir_module_module", "ir_ui_view", "ir_act_window_view"}
# What the goods of the demo data have been through cannot be undone: Odoo keeps products and deliveries that are done.
DEMO_STOCK = {
    *("product_product", "product_template", "product_value", "product_supplier_taxes_rel", "product_taxes_rel"),
    *("stock_move", "stock_move_line", "stock_picking", "stock_quant", "stock_reference", "stock_reference_move_rel"),
    "stock_location",  # the day of its last inventory
    *("mail_message", "mail_tracking_value"),
}


class Life:
    """One database and what is done to its add-ons."""

    def __init__(self, databases, server, **options):
        self.databases = databases
        self.name = f"aftersale_life_{os.getpid()}_{id(self)}"
        databases.create(self.name, **options)
        self.server = server(self.name, "--max-cron-threads=0")
        self.company = Company(self.server)
        # Else Odoo asks first whether it shall text every delivery
        self.company.call("res.company", "write", [self.company.id], {"stock_text_confirmation": False})

    def snapshot(self):
        return life_catalogue.read(self.databases.server, self.name)

    def apps(self, button, addon=ADDON):
        """Press a button of an add-on's card in the Apps menu."""
        self.company.call("ir.module.module", "update_list")
        [module] = self.company.find("ir.module.module", ["name", "=", addon])
        self.company.call("ir.module.module", button, [module])
        # Old clients keep working: the server has a new registry.
        state = "uninstalled" if button.endswith("uninstall") else "installed"
        assert self.company.read("ir.module.module", module, "state") == state

    def install(self):
        self.apps("button_immediate_install")

    def uninstall(self):
        self.apps("button_immediate_uninstall")

    def run(self, cron):
        self.company.call("ir.cron", "method_direct_trigger", [self.company.ref(cron)])

    def sell_as_before(self):
        """Sales and deliveries work, and no follow-up comes of them."""
        order = sell(self.company, "New Customer")
        deliver(self.company, order)
        assert self.company.read("sale.order", order, "delivery_status") == "full"


@pytest.fixture
def life(databases, server):
    lives = []

    def start(**options):
        lives.append(Life(databases, server, **options))
        return lives[-1]

    yield start
    for one in lives:
        one.server.stop()
        databases.drop(one.name)


def has_history(life):
    """Two deliveries of the days before and an order that is still open."""
    delivered = [sell(life.company, f"Old Customer {number}") for number in range(2)]
    deliver(life.company, *delivered)
    for table, columns in {
        "stock_picking": ["date_done"],
        "stock_move": ["date"],
        "sale_order": ["date_order"],
    }.items():
        shift = ", ".join(f"{column} = {column} - interval '2 days'" for column in columns)
        life.databases.server.sql(f"UPDATE {table} SET {shift}", database=life.name)
    return delivered, sell(life.company, "Waiting Customer")


def is_left_alone(life, orders):
    """What was sold and delivered before the installation plans nothing, not even hours later."""
    for cron in ("ir_cron_sweep", "ir_cron_contact", "ir_cron_sweep"):
        life.run(cron)
    assert life.company.find("aftersale.followup", ["order_id", "in", orders]) == []


def is_nothing(found):
    """Fails with the first rows of each table that should have none."""
    assert not found, "\n".join(f"{name}: {len(rows)}\n  " + "\n  ".join(rows[:3]) for name, rows in found.items())


def without_known(found):
    """Without the names of what Odoo keeps: the add-on, which is on its path, and the demo data's products."""
    data = [row for row in found.pop("ir_model_data", []) if f"module_{ADDON}" not in row and "_demo" not in row]
    return {**found, **({"ir_model_data": data} if data else {})}


def test_comes_and_goes_without_a_trace(life):
    life = life(demo=False, addon=False)
    delivered, waiting = has_history(life)
    before = life.snapshot()

    life.install()
    is_left_alone(life, [*delivered, waiting])
    life.uninstall()
    after = life.snapshot()
    is_nothing(without_known(after.beyond(before, TRAFFIC | KNOWN)))
    is_nothing(before.beyond(after, TRAFFIC | KNOWN))

    life.install()
    is_left_alone(life, [*delivered, waiting])
    usage = Usage(life.company, life.databases)
    usage.everything(waiting)
    used = life.snapshot()
    life.uninstall()
    after = life.snapshot()
    is_nothing(without_known(after.naming("aftersale", TRAFFIC | KNOWN)))
    # What use has changed of what was there before stays so; nothing else is lost or changed by going. Odoo's digest
    # is what it was: the figures chosen in it went with their columns.
    assert before.beyond(after, TRAFFIC | KNOWN) == before.beyond(used, TRAFFIC | KNOWN | {"digest_digest"})
    is_nothing(without_known(after.beyond(used, TRAFFIC | KNOWN | {"survey_survey", "digest_digest"})))
    # Users' own questionnaires and what was answered stay, as ordinary surveys.
    assert life.company.read("survey.survey", usage.survey, "title", "survey_type") == ("Our own", "custom")
    assert usage.answers() == ["Green"]

    life.sell_as_before()
    life.install()
    order = sell(life.company, "Next Customer")
    deliver(life.company, order)
    assert len(life.company.find("aftersale.followup", ["order_id", "=", order])) == 1
    assert life.server.errors() == []


def test_comes_and_goes_with_demo_data(life):
    life = life(demo=True, addon=False)
    delivered, waiting = has_history(life)
    before = life.snapshot()

    life.install()
    is_left_alone(life, [*delivered, waiting])
    assert life.company.find("aftersale.issue")  # the demo data is there
    life.uninstall()
    after = life.snapshot()
    is_nothing(without_known(after.beyond(before, TRAFFIC | KNOWN | DEMO_STOCK)))
    is_nothing(without_known(after.naming("aftersale", TRAFFIC | KNOWN)))
    is_nothing(before.beyond(after, TRAFFIC | KNOWN | {"stock_location"}))

    life.sell_as_before()
    life.install()
    assert life.company.find("aftersale.issue")


def test_an_update_undoes_nothing(life):
    life = life(demo=False, lang="zh_CN")
    Edits(life.company).everything()
    before = life.snapshot()

    life.apps("button_immediate_upgrade")
    after = life.snapshot()
    is_nothing(after.beyond(before, TRAFFIC | SCREENS))
    is_nothing(before.beyond(after, TRAFFIC | SCREENS))
    assert life.server.errors() == []
