"""A small company, made over RPC as its administrator would: people, a team, settings, goods and customers."""

import odoorpc
from loop_clock import ZONE, whole_day

PASSWORD = "Follow-Up-2026"
DOMAIN = "huashan-kitchen.example"
STAFF = {
    "sales": ("Chen Jie", ["sales_team.group_sale_salesman"]),
    "stock": ("Sun Lei", ["stock.group_stock_user"]),
    "agent": ("Lin Yue", ["aftersale_followup.group_agent"]),
    "technician": ("Zhao Ming", ["aftersale_followup.group_agent"]),
    "supervisor": ("Gao Min", ["aftersale_followup.group_supervisor"]),
    "manager": ("He Qing", ["aftersale_followup.group_manager"]),
}


def connect(server, login="admin", password=None):
    """An RPC client of one user."""
    client = odoorpc.ODOO("127.0.0.1", port=server.port, timeout=120)
    client.login(server.database, login, password or (login if login == "admin" else PASSWORD))
    client.config["auto_commit"] = True
    return client


def ref(client, xmlid):
    """Id of a record of the add-on (`plan_new`) or of any module (`base.main_company`)."""
    name = xmlid if "." in xmlid else f"aftersale_followup.{xmlid}"
    return client.execute("ir.model.data", "check_object_reference", *name.split("."))[1]


class Company:
    """The first company of a served database."""

    def __init__(self, server):
        self.server = server
        self.admin = connect(server)
        self.id = 1
        self.users = {}

    def call(self, model, method, *arguments, **options):
        return self.admin.execute_kw(model, method, list(arguments), options)

    def ref(self, xmlid):
        return ref(self.admin, xmlid)

    def read(self, model, ids, *names):
        """One record's value, or its values as a tuple; many2one as id."""
        [row] = self.call(model, "read", [ids], list(names), load="")
        values = tuple(row[name] for name in names)
        return values if len(names) > 1 else values[0]

    def find(self, model, *domain, order="id"):
        return self.call(model, "search", list(domain), order=order)

    def set_up(self):
        """People, team, calendar and settings."""
        self._prepare_administrator()
        self.users = {login: self._user(login, *facts) for login, facts in STAFF.items()}
        self.calendar = self.call(
            "resource.calendar", "create", {"name": "Monday to Friday", "tz": ZONE.key, "company_id": self.id}
        )
        self.team = self.call(
            "crm.team",
            "create",
            {
                "name": "After-sales",
                "user_id": self.users["supervisor"],
                "member_ids": [(6, 0, [self.users["agent"], self.users["technician"]])],
            },
        )
        manager_partner = self.read("res.users", self.users["manager"], "partner_id")
        self.call(
            "res.company",
            "write",
            [self.id],
            {
                "name": "Huashan Kitchen",
                "email": f"service@{DOMAIN}",
                "phone": "+86 21 5555 0100",
                "stock_text_confirmation": False,  # else Odoo asks first whether it shall text every delivery
                "resource_calendar_id": self.calendar,
                "aftersale_team_id": self.team,
                "aftersale_phone": "400 800 1234",
                # As many mails as the tests need; what a budget does has tests of its own.
                "aftersale_mail_day": 0,
                "aftersale_mail_hour": 0,
                "aftersale_report_recipient_ids": [(6, 0, [manager_partner])],
            },
        )
        return self

    def _prepare_administrator(self):
        """Staff read English, customers Chinese: the language that is not there yet is switched on.

        The administrator gets an address: mail without a sender is not sent.
        """
        languages = self.call("res.lang", "search", [["code", "=", "en_US"]], context={"active_test": False})
        self.call("res.lang", "write", languages, {"active": True})
        self.call("res.users", "write", [self.admin.env.uid], {"lang": "en_US", "email": f"admin@{DOMAIN}"})
        self.admin = connect(self.server)

    def _user(self, login, name, groups):
        values = {
            "name": name,
            "login": login,
            "password": PASSWORD,
            "email": f"{login}@{DOMAIN}",
            "lang": "en_US",
            "tz": ZONE.key,
            "group_ids": [(6, 0, [self.ref("base.group_user"), *map(self.ref, groups)])],
        }
        return self.call("res.users", "create", values, context={"no_reset_password": True})

    def close_on(self, day, name="Public holiday"):
        """Nobody works on this day."""
        start, end = whole_day(day)
        values = {"name": name, "date_from": start, "date_to": end, "company_id": self.id, "calendar_id": self.calendar}
        return self.call("resource.calendar.leaves", "create", values)

    def product(self, name, chinese, quantity=50):
        """Goods on stock, with a name in both languages."""
        values = {"name": name, "is_storable": True, "list_price": 129.0}
        product = self.call("product.product", "create", values, context={"lang": "en_US"})
        self.call("product.product", "write", [product], {"name": chinese}, context={"lang": "zh_CN"})
        warehouse = self.find("stock.warehouse", ["company_id", "=", self.id])[0]
        location = self.read("stock.warehouse", warehouse, "lot_stock_id")
        quant = {"product_id": product, "location_id": location, "inventory_quantity": quantity}
        quant = self.call("stock.quant", "create", quant, context={"inventory_mode": True})
        self.call("stock.quant", "action_apply_inventory", [quant])
        return product

    def customer(self, name, email=None, phone=None, lang="zh_CN"):
        return self.call("res.partner", "create", {"name": name, "email": email, "phone": phone, "lang": lang})

    def order(self, customer, product, seller="sales", confirm=False):
        """A quotation of one piece, confirmed when told to."""
        line = (0, 0, {"product_id": product, "product_uom_qty": 1})
        values = {"partner_id": customer, "user_id": self.users.get(seller), "order_line": [line]}
        order = self.call("sale.order", "create", values)
        if confirm:
            self.call("sale.order", "action_confirm", [order])
        return order

    def deliveries(self, *orders):
        return self.find("stock.picking", ["sale_id", "in", list(orders)])

    def followups(self, *domain):
        return self.find("aftersale.followup", *domain)

    def tokens(self, databases, followups):
        """{follow-up: token} as the database has them: no user may read them over RPC."""
        rows = databases.server.sql(
            "SELECT id, access_token FROM aftersale_followup WHERE id = ANY(%s)",
            [list(followups)],
            database=self.server.database,
        )
        return dict(rows)
