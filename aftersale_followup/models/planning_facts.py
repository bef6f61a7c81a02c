from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from .agent_load import AgentLoad
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
        rules = [rule for plan in self.plans for rule in plan.touchpoint_ids or plan]
        self.windows = PlanningWindows(self.company, rules, [occasion["moment"] for occasion in self.occasions])
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
        """Read what is known about the customers: first order, products had before, opt-outs, open issues, staff."""
        partners, customers = self.partners, self.customers
        self.staff = partners.filtered(lambda p: any(not user.share for user in p.user_ids))
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
        self._read_orders()

    def _read_orders(self):
        """Remember per customer the first confirmed order, and the first one that delivered each product template."""
        rows = self.env.execute_query(
            SQL(
                """SELECT p.commercial_partner_id, o.id, o.date_order, t.product_tmpl_id, l.qty_delivered > 0
                     FROM sale_order o
                     JOIN res_partner p ON p.id = o.partner_id
                LEFT JOIN sale_order_line l ON l.order_id = o.id
                LEFT JOIN product_product t ON t.id = l.product_id
                    WHERE o.state = 'sale' AND o.company_id = %s AND p.commercial_partner_id IN %s
                 ORDER BY o.date_order, o.id""",
                self.company.id,
                tuple(self.customers.ids),
            )
        )
        self._first_order = {}
        self._had = defaultdict(dict)
        for customer_id, order_id, date, template_id, delivered in rows:
            self._first_order.setdefault(customer_id, date)
            if delivered and template_id:
                self._had[customer_id].setdefault(template_id, order_id)

    def customer_type(self, occasion):
        """Return `existing` when the first confirmed order is older than the setting (3 months), else `new`."""
        first = self._first_order.get(occasion["partner"].commercial_partner_id.id)
        limit = occasion["moment"] - relativedelta(months=self.company.aftersale_new_months)
        return "existing" if first and first < limit else "new"

    def asked_before(self, plan, occasion):
        """Return whether the plan's ``occurrence`` leaves this delivery out, or a measure's customer was just asked."""
        if occasion["action"]:
            return occasion["asked"]
        if plan.occurrence == "every" or not occasion["order"]:
            return False
        had = self._had[occasion["partner"].commercial_partner_id.id]
        if plan.occurrence == "first_of_customer":
            return bool(had) and occasion["order"].id not in had.values()
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
        planned = self.ledger.planned_records(self.env["aftersale.followup"])
        self._joinable = planned.try_lock_for_update(allow_referencing=True) if planned else planned
        self.agents = AgentLoad(self.company, [day for row in rows for day in row["window"][0]])

    def mergeable(self, row):
        """Return the not yet contacted follow-up of the same customer that can take this row's products, or None."""
        for contact in self.ledger.contacts(row):
            if contact.state != "planned" or contact.plan_id != row["plan_id"]:
                continue
            if isinstance(contact.ref, dict):
                if contact.ref["company_id"] == row["company_id"]:
                    return contact.ref
            elif contact.ref in self._joinable and contact.ref.company_id.id == row["company_id"]:
                return contact.ref
        return None

    def describe_window(self, plan, row):
        """Return in words where the window comes from."""
        days, last, _time = row["window"]
        return self.env._(
            "Plan “%(plan)s”, %(origin)s of %(received)s: window from %(first)s to %(last)s.",
            plan=plan.name,
            origin=row["occasion"]["label"],
            received=row["date_received"],
            first=days[0],
            last=last,
        )
