from collections import namedtuple
from datetime import date, timedelta
from math import ceil

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_segments import CustomerSegments

# Contacts are planned this many days before they are due, so that agents see their week.
DAYS_AHEAD = 7
# Steps of the golden ratio fall evenly into any interval: a share of 0.1 a day becomes one on about each tenth day.
GOLDEN = 0.6180339887

# day: when the contact is due; since: last contact or first order, from which it counts; waiting: due since before the
# plan was switched on, or overdue, so it is spread; months: the interval used; complaint: whether a complaint shortened
# it; overdue: by more than the window
Cycle = namedtuple("Cycle", "day since waiting months complaint overdue")


class CustomerCycles:
    """When the customers of a company are due under a periodic plan; read in a fixed number of queries.

    A customer is a commercial entity with confirmed orders in the company. Customers whom a matching plan with a
    shorter interval asks are that plan's, those without an order for long (setting) are nobody's.

    :param plan: a periodic plan in the environment (sudo) of ``company``
    :param customers: ids of commercial entities; None: all of the company
    :param date_start: day the plan is or would be switched on; None: as the plan says
    """

    def __init__(self, plan, company, customers=None, date_start=None):
        self.plan, self.company, self.env = plan, company, plan.env
        self.now, self.today = fields.Datetime.now(), company._aftersale_today()
        self.date_start = date_start or plan.date_start
        self.segments = CustomerSegments(company, customers)
        months = company.aftersale_inactive_months
        self.active_since = self.now - relativedelta(months=months) if months else self.now - relativedelta(years=100)
        purchases = self.segments.purchases
        self.active = {customer for customer, bought in purchases.items() if bought.last >= self.active_since}
        self.inactive = self._filter(plan, purchases.keys() - self.active)
        self.members = self._filter(plan, self.active)
        for other in self._shorter_plans():
            if self.members:
                self.members -= self._filter(other, self.members)
        self._read_contacts()
        self._read_complaints()
        self._in_time = self._get_first_in_time()
        self.cycles = {customer: self._cycle(customer) for customer in self.members}

    # ------------------------------------------------------------
    # Who
    # ------------------------------------------------------------

    def _shorter_plans(self):
        """Return the live periodic plans of the company that go before this one: by interval, then by sequence."""
        plans = self.plan._get_live_plans("periodic").with_env(self.env)
        own = (self.plan.interval_months, self.plan.sequence, self.plan.id)
        return plans.filtered(
            lambda p: (
                p.company_id in (p.company_id.browse(), self.company) and (p.interval_months, p.sequence, p.id) < own
            )
        )

    def _filter(self, plan, customers):
        """Return the set of those ``customers`` that ``plan`` is about."""
        teams, products, categories = plan._get_criteria()
        kept = {customer for customer in customers if self._fits(plan, customer, teams)}
        if kept and (products or categories):
            kept &= self._buyers(kept, products, categories)
        if kept and not plan._get_partner_domain().is_true():
            contacts = {self.segments.purchases[customer].partner_id: customer for customer in kept}
            chosen = plan._filter_partners(self.env["res.partner"].browse(contacts))
            kept = {contacts[partner_id] for partner_id in chosen.ids}
        return kept

    def _fits(self, plan, customer, teams):
        bought = self.segments.purchases[customer]
        return (
            plan.customer_type in ("any", self.segments.customer_type(customer, self.now))
            and plan.customer_value in ("any", self.segments.customer_value(customer))
            and (not teams or bought.team_id in teams)
            and bought.amount >= plan.amount_min
        )

    def _buyers(self, customers, products, categories):
        """Return the ``customers`` that bought one of the products, or one of a category or below it, while active."""
        return self.bought(customers, products, categories).keys()

    def bought(self, customers, products, categories):
        """Return {customer: products} of what was bought within the active months, as far as a plan asks for it."""
        domain = (
            Domain("state", "=", "sale")
            & Domain("company_id", "=", self.company.id)
            & Domain("order_partner_id.commercial_partner_id", "in", list(customers))
            & Domain("order_id.date_order", ">=", self.active_since)
            & Domain("product_id", "!=", False)
        )
        if products:
            domain &= Domain("product_id", "in", list(products))
        if categories:
            domain &= Domain("product_id.categ_id", "child_of", list(categories))
        groups = self.env["sale.order.line"]._read_group(domain, ["order_partner_id"], ["product_id:recordset"])
        found = {}
        for contact, bought in groups:
            customer = contact.commercial_partner_id.id
            found[customer] = found.get(customer, bought) | bought
        return found

    # ------------------------------------------------------------
    # When
    # ------------------------------------------------------------

    def _read_contacts(self):
        """Remember per customer the day of the last contact under any plan, and the planned day of the last cycle.

        Whoever was written to was contacted, even if the follow-up was cancelled afterwards.
        A cycle that was not held counts from its planned day, whatever the reason: nobody is tried again every day.
        One that was not held because its plan was paused is as if it had not been.
        """
        self._contacted, self._cycled = {}, {}
        if not self.members:
            return
        self.env["aftersale.followup"].flush_model()
        # One look into an index for each customer and maximum: the cost does not grow with what is stored.
        rows = self.env.execute_query(
            SQL(
                """SELECT c.id,
                          GREATEST(
                              (SELECT MAX(date_sent) FROM aftersale_followup
                                WHERE commercial_partner_id = c.id AND company_id = %(company)s
                                  AND date_sent IS NOT NULL
                              ) AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s,
                              (SELECT MAX(date_planned) FROM aftersale_followup
                                WHERE commercial_partner_id = c.id AND company_id = %(company)s
                                  AND state NOT IN ('skipped', 'cancelled') AND date_sent IS NULL)
                          )::date,
                          (SELECT MAX(date_planned) FROM aftersale_followup
                            WHERE commercial_partner_id = c.id AND company_id = %(company)s
                              AND starts_with(origin, 'cycle:') AND skip_reason IS DISTINCT FROM 'plan_paused')
                     FROM unnest(%(customers)s) c (id)""",
                zone=self.company._aftersale_tz(),
                company=self.company.id,
                customers=list(self.members),
            )
        )
        for customer, contacted, cycled in rows:
            self._contacted[customer], self._cycled[customer] = contacted, cycled

    def _read_complaints(self):
        """Remember per customer when the last complaint was closed."""
        groups = self.env["aftersale.issue"]._read_group(
            [
                ("kind", "=", "complaint"),
                ("state", "=", "closed"),
                ("company_id", "=", self.company.id),
                ("commercial_partner_id", "in", list(self.members)),
            ],
            ["commercial_partner_id"],
            ["date_closed:max"],
        )
        self._closed = {customer.id: self.company._aftersale_date(closed) for customer, closed in groups if closed}

    def _cycle(self, customer):
        contacted, cycled = self._contacted.get(customer), self._cycled.get(customer)
        counted = [day for day in (contacted, cycled) if day]
        since = max(counted) if counted else self.company._aftersale_date(self.segments.purchases[customer].first)
        months, short = self.plan.interval_months, self.company.aftersale_complaint_months
        closed = self._closed.get(customer)
        complaint = bool(short and closed) and short < months and closed >= (contacted or date.min)
        if complaint:
            months = short
        day = since + relativedelta(months=months)
        # Never asked: an order older than the plan waits, whatever the interval. Asked: what was due before it, waits.
        before = (day if counted else since) < self.date_start
        # After a downtime or a change of the plan many are overdue at once. Complaints come one by one and do not wait.
        overdue = not before and not complaint and day < self._in_time
        waiting = before or overdue
        return Cycle(self.today if waiting else max(day, self.today), since, waiting, months, complaint, overdue)

    def _get_first_in_time(self):
        """Return the earliest due day whose window still holds today."""
        length = max(self.plan.delay_max, 1)
        if self.plan.delay_unit != "working_days":
            return self.today - timedelta(days=length if self.plan.delay_unit == "days" else ceil(length / 24))
        first = self.today - timedelta(days=length * 2 + 21)
        days = self.company._aftersale_workdays(first, self.today - timedelta(days=1))
        return days[-length] if len(days) >= length else first

    def is_due(self, customer):
        """Return whether the customer may be planned now; of those that wait, `due` says whose turn it is."""
        cycle = self.cycles.get(customer)
        return bool(cycle) and cycle.day <= self.today + timedelta(days=DAYS_AHEAD)

    def due(self, spread=True):
        """Return {customer: day} of whom to plan now, the longest waiting first.

        That is who is due within the next days, or was within the window, and today's share of those that wait: since
        before the plan was switched on, or overdue by more.
        """
        due = {c: cycle.day for c, cycle in self.cycles.items() if not cycle.waiting and self.is_due(c)}
        if spread:
            due |= {customer: day for customer, day in self.spread().items() if day == self.today}
        return dict(sorted(due.items(), key=lambda item: (item[1], self.cycles[item[0]].since, item[0])))

    def spread(self):
        """Return {customer: working day} for those that wait since before the plan was switched on, or are overdue.

        They are spread evenly over what is left of the interval, the oldest first; what was planned already no longer
        waits. So each run takes its share of the rest, and days of downtime are made up for by all days that follow.
        """
        waiting = sorted((c for c, cycle in self.cycles.items() if cycle.waiting), key=self._waiting_order)
        days = self._spread_days()
        passed = sum(day < self.today for day in days)
        plan, left = {}, waiting
        for number, day in enumerate(days[passed:], passed):
            share = ceil(len(left) / (len(days) - number) - number * GOLDEN % 1)
            plan |= dict.fromkeys(left[:share], day)
            left = left[share:]
        return plan

    def days(self):
        """Return {customer: day} on which each is due or, having waited, has its turn."""
        return {customer: cycle.day for customer, cycle in self.cycles.items()} | self.spread()

    def describe(self, customer):
        """Return in words why the contact is due on its day."""
        cycle = self.cycles[customer]
        if cycle.complaint:
            return self.env._(
                "%(months)s months after %(since)s, sooner than usual: a complaint was closed since the last contact.",
                months=cycle.months,
                since=cycle.since,
            )
        if cycle.overdue:
            return self.env._(
                "%(months)s months after %(since)s, overdue by more than the window: these customers are spread over "
                "one interval, the oldest first.",
                months=cycle.months,
                since=cycle.since,
            )
        if cycle.waiting:
            return self.env._(
                "Due since before the plan was switched on on %(start)s (counted from %(since)s): these customers are "
                "spread over one interval, the oldest first.",
                start=self.date_start,
                since=cycle.since,
            )
        return self.env._("%(months)s months after %(since)s.", months=cycle.months, since=cycle.since)

    def _waiting_order(self, customer):
        return self.cycles[customer].since, customer

    def _spread_days(self):
        """Return the working days of the interval that counts from the switch-on or the last change of the plan.

        Else of a later one that holds today.
        A later one is for whom the plan came to be about afterwards; it must leave a fortnight, to bunch nobody.
        """
        interval = relativedelta(months=self.plan.interval_months)
        start = max(self.date_start, self.plan.spread_start or self.date_start)
        end = start + interval
        while end <= self.today:
            start, end = end, end + interval
            if self.today < end < self.today + timedelta(days=14):
                end += interval
        return self.company._aftersale_workdays(start, end - timedelta(days=1))
