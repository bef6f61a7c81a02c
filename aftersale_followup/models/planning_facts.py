from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Domain
from odoo.tools import SQL


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
        self._read_calendar()
        self._read_existing()
        self._read_customers()

    # ------------------------------------------------------------
    # Windows
    # ------------------------------------------------------------

    def _read_calendar(self):
        """Read the working days that any window can touch, once."""
        days = [self.company._aftersale_date(occasion["moment"]) for occasion in self.occasions]
        today = self.company._aftersale_today()
        reach = max([self._reach(rule) for plan in self.plans for rule in plan.touchpoint_ids or plan], default=0)
        self.today = today
        self.workdays = self.company._aftersale_workdays(min(days), max(days + [today]) + timedelta(days=reach))

    @staticmethod
    def _reach(rule):
        """Return a number of calendar days that surely holds the end of the window of ``rule``."""
        if rule.delay_unit == "working_days":
            return rule.delay_max * 2 + 21
        return (rule.delay_max if rule.delay_unit == "days" else rule.delay_max // 24 + 1) + 14

    def window(self, rule, moment):
        """Return (days to choose from, end of the window, moment in UTC or False) for ``rule``'s delay.

        ``rule`` is a plan or a touchpoint. Days before today are not offered: a late row is contacted today, as long
        as its window is open. Working day 1 is the first one after the company's date of ``moment``.
        """
        start = self.company._aftersale_date(moment)
        if rule.delay_unit == "hours":
            at = moment + timedelta(hours=rule.delay_min)
            first = self._workday_from(self.company._aftersale_date(at))
            last = max(first, self.company._aftersale_date(moment + timedelta(hours=rule.delay_max)))
            exact = at if first == self.company._aftersale_date(at) else False
            return self._offer(first, last) + (exact,)
        if rule.delay_unit == "days":
            first = self._workday_from(start + timedelta(days=rule.delay_min))
            last = max(first, start + timedelta(days=rule.delay_max))
        else:
            first, last = self._nth(start, rule.delay_min), self._nth(start, rule.delay_max)
        return self._offer(first, last) + (False,)

    def _nth(self, start, number):
        if not number:
            return self._workday_from(start)
        later = [day for day in self.workdays if day > start]
        return later[number - 1] if len(later) >= number else self.company._aftersale_add_workdays(start, number)

    def _workday_from(self, date):
        return next((day for day in self.workdays if day >= date), None) or self.company._aftersale_next_workday(date)

    def _offer(self, first, last):
        days = [day for day in self.workdays if max(first, self.today) <= day <= last]
        if days:
            return days, last
        # The window is over, or the rest of it is not worked: the next working day is the nearest thing.
        return [self._workday_from(max(first, self.today))], last

    # ------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------

    def _read_existing(self):
        origins = {occasion["origin"] for occasion in self.occasions}
        origins |= {
            f"{occasion['origin']}:{touchpoint_id}"
            for occasion in self.occasions
            if occasion["order"]
            for touchpoint_id in [0, *self.plans.touchpoint_ids.ids]
        }
        rows = self.env["aftersale.followup"].search(
            [("plan_id", "in", self.plans.ids), ("origin", "in", list(origins))]
        )
        self.existing = {(row.plan_id.id, row.origin): row for row in rows}

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
        days = [day for row in rows for day in row["window"][0]]
        self._load = defaultdict(int)
        if days:
            domain = (
                Domain("company_id", "=", self.company.id)
                & Domain("state", "in", ("planned", "ready"))
                & Domain("date_planned", ">=", min(days))
                & Domain("date_planned", "<=", max(days))
            )
            groups = self.env["aftersale.followup"]._read_group(domain, ["user_id", "date_planned:day"], ["__count"])
            for user, day, count in groups:
                self._load[user.id, day] += count

    def pick(self, days, agents):
        """Return (agent, day) with the least load, the earliest day first; counts the choice."""
        users = agents or [agents]
        day, user = min(
            ((day, user) for day in days for user in users), key=lambda pair: (self._load[pair[1].id, pair[0]], pair[0])
        )
        self._load[user.id, day] += 1
        return user, day

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
