from collections import defaultdict

from odoo.tools import SQL

from .aftersale_plan import RANK
from .agent_load import AgentLoad
from .customer_segments import CustomerSegments
from .erased_key import find_hidden
from .planning_occasion import origins_of
from .planning_window import PlanningWindows


class PlanningFacts:
    """What planning a batch must know, read in a fixed number of queries whatever the size of the batch.

    :param matching: list of (plan, occasion) of one company, the company of ``env``.
    """

    def __init__(self, env, matching):
        self.env = env
        self.company = env.company
        self.occasions = list({id(occasion): occasion for _plan, occasion in matching}.values())
        self.plans = env["aftersale.plan"].union(*{plan for plan, _occasion in matching})
        self.partners = env["res.partner"].union(*{occasion["partner"] for occasion in self.occasions})
        self.customers = self.partners.commercial_partner_id
        rules = [rule for plan in self.plans for rule in plan._get_touchpoints() or plan]
        self.windows = PlanningWindows(self.company, rules, [occasion["moment"] for occasion in self.occasions])
        self._values, self._sentences = {}, {}
        self._read_existing()
        self._read_customers()

    # ------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------

    def _read_existing(self):
        origins = {
            origin for occasion in self.occasions for plan in self.plans for origin in origins_of(occasion, plan)
        }
        # Rows of erased customers keep their origin in a one-way form.
        hidden = find_hidden(self.env, origins)
        rows = self.env["aftersale.followup"].search(
            [("plan_id", "in", self.plans.ids), ("origin", "in", [*origins, *hidden])]
        )
        self.existing = {(row.plan_id.id, hidden.get(row.origin, row.origin)): row for row in rows}

    def is_planned(self, plan, origin):
        """Return whether ``plan`` has a row for ``origin`` that stands; one cancelled with its order is revived."""
        row = self.existing.get((plan.id, origin))
        return bool(row) and (row.state, row.cancel_cause) != ("cancelled", "order")

    def _read_customers(self):
        """Read what is known about the customers: segments, products had before, opt-outs, open issues, staff."""
        partners, customers = self.partners, self.customers
        companies = self.env["res.company"].sudo().search([("partner_id", "in", (partners | customers).ids)])
        ours = companies.partner_id
        self.staff = partners.filtered(
            lambda p: (p | p.commercial_partner_id) & ours or any(not user.share for user in p.user_ids)
        )
        keys = set(filter(None, partners.mapped("email_normalized") + partners.mapped("phone_sanitized")))
        self.blocked = self.env["aftersale.optout"]._get_blocked(keys, partners)
        groups = self.env["aftersale.issue"]._read_group(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("company_id", "=", self.company.id),
                ("state", "in", ("new", "processing", "done")),
            ],
            ["commercial_partner_id"],
        )
        self.with_open_issue = {customer for (customer,) in groups}
        self.segments = CustomerSegments(self.company, customers.ids)
        self._read_orders()

    def _read_orders(self):
        """Remember which order first brought the customers anything, and which first brought them each product.

        By the day of the first delivery, since orders do not arrive in the order in which they were confirmed.
        """
        self._had = defaultdict(dict)
        rules = {plan.occurrence for plan in self.plans} - {"every"}
        orders = [occasion for occasion in self.occasions if occasion["order"]]
        if not rules or not orders:
            return
        templates = self.env["product.product"].union(*{occasion["products"] for occasion in orders}).product_tmpl_id
        self.env["sale.order"].flush_model(["state", "company_id", "partner_id", "date_order", "effective_date"])
        self.env["sale.order.line"].flush_model(["order_id", "product_id", "qty_delivered"])
        wanted = SQL("t.product_tmpl_id = ANY(%s)", templates.ids) if rules == {"first_of_product"} else SQL("TRUE")
        rows = self.env.execute_query(
            SQL(
                """SELECT customer_id, template_id, order_id
                     FROM (SELECT DISTINCT ON (p.commercial_partner_id, t.product_tmpl_id)
                                  p.commercial_partner_id AS customer_id, t.product_tmpl_id AS template_id,
                                  o.id AS order_id, COALESCE(o.effective_date, o.date_order) AS moment
                             FROM sale_order o
                             JOIN res_partner p ON p.id = o.partner_id
                             JOIN sale_order_line l ON l.order_id = o.id AND l.qty_delivered > 0
                             JOIN product_product t ON t.id = l.product_id
                            WHERE o.state = 'sale' AND o.company_id = %(company)s
                              AND p.commercial_partner_id = ANY(%(customers)s) AND %(wanted)s
                         ORDER BY p.commercial_partner_id, t.product_tmpl_id, moment, o.id) AS had
                 ORDER BY moment, order_id""",
                company=self.company.id,
                customers=self.customers.ids,
                wanted=wanted,
            )
        )
        for customer_id, template_id, order_id in rows:
            self._had[customer_id][template_id] = order_id

    def get_values(self, occasion):
        """Return the field values that the follow-ups of ``occasion`` have under any plan; read from it once."""
        if id(occasion) not in self._values:
            self._values[id(occasion)] = self._prepare_values(occasion)
        return self._values[id(occasion)]

    def _prepare_values(self, occasion):
        partner = occasion["partner"]
        customer_id = partner.commercial_partner_id.id
        return {
            "partner_id": partner.id,
            "commercial_partner_id": customer_id,
            "customer_type": self.segments.customer_type(customer_id, occasion["moment"]),
            "is_high_value": self.segments.is_high_value(customer_id),
            "product_line_id": occasion["products"]._aftersale_line(occasion["order"]).id,
            "order_id": occasion["order"].id,
            "picking_id": occasion["picking"].id,
            "date_received": self.windows.date(occasion["moment"]),
            "issue_id": occasion["issue"].id,
            "action_id": occasion["action"].id,
            "target_id": occasion["target"].id,
            "ripple_issue_id": occasion["ripple_issue"].id,
            "company_id": self.company.id,
            "lang": partner.lang or self.company.partner_id.lang,
            "email_key": partner.email_normalized,
            "phone_key": partner.phone_sanitized,
            "sales_user_id": occasion["sales_user"].id,
            "delivery_user_id": occasion["delivery_user"].id,
        }

    def asked_before(self, plan, occasion):
        """Return whether the plan's ``occurrence`` leaves this delivery out, or a measure's customer was just asked."""
        if occasion["action"]:
            return occasion["asked"]
        if plan.occurrence == "every" or not occasion["order"]:
            return False
        had = self._had[occasion["partner"].commercial_partner_id.id]
        if plan.occurrence == "first_of_customer":
            return bool(had) and next(iter(had.values())) != occasion["order"].id
        templates = occasion["products"].product_tmpl_id.ids
        return bool(templates) and all(
            had.get(tmpl, occasion["order"].id) != occasion["order"].id for tmpl in templates
        )

    # ------------------------------------------------------------
    # Load and cap
    # ------------------------------------------------------------

    def load(self, rows):
        """Read the contacts of these customers and the load of the agents in all windows."""
        self.ledger = self.plans._get_ledger(rows)
        # A hook never waits: what another worker holds at this moment takes no products of ours.
        planned = self.env["aftersale.followup"].browse(self.ledger.planned_ids())
        self._joinable = set(planned.try_lock_for_update(allow_referencing=True)._ids) if planned else set()
        self.agents = AgentLoad(self.company, [day for row in rows for day in row["window"][0]])

    def mergeable(self, row):
        """Return the customer's next follow-up that can take this row's products, or None: a record or a row.

        One call then covers several orders. It must be of the same kind, for the same company and still planned: the
        questions it asks fit. Nor may it come before the row's own window: nobody is asked about goods on their way.
        A pilot asks about one product, so only its own plan takes it. Where the only one is in the hands of another
        worker, the row is marked as held.
        """
        for contact in self.ledger.contacts(row):
            alike = all(getattr(contact, name) == row[name] for name in ("contact_class", "scenario", "company_id"))
            if contact.state != "planned" or not alike or contact.day < row["window"][0][0]:
                continue
            if row["contact_class"] == "pilot" and contact.plan_id != row["plan_id"]:
                continue
            if isinstance(contact.ref, dict):
                return contact.ref
            if contact.ref in self._joinable:
                return self.env["aftersale.followup"].browse(contact.ref)
            row["is_held"] = True
        return None

    def get_lower(self, row):
        """Return the planned follow-ups of the customer of ``row``, in its company, whose kind ranks lower."""
        ids = [
            contact.ref
            for contact in self.ledger.contacts(row)
            if not isinstance(contact.ref, dict)
            and RANK[contact.contact_class] > RANK[row["contact_class"]]
            and contact.company_id == row["company_id"]
        ]
        return self.env["aftersale.followup"].browse(ref for ref in ids if ref in self._joinable)

    def describe_window(self, plan, row):
        """Return in words where the window comes from."""
        days, last, _time = row["window"]
        key = (plan, row["occasion"]["label"], row["date_received"], days[0], last)
        if key not in self._sentences:
            self._sentences[key] = self.env._(
                "Plan “%(plan)s”, %(origin)s of %(received)s: window from %(first)s to %(last)s.",
                plan=plan.name,
                origin=row["occasion"]["label"],
                received=row["date_received"],
                first=days[0],
                last=last,
            )
        return "\n".join(filter(None, (self._sentences[key], row["occasion"]["note"])))
