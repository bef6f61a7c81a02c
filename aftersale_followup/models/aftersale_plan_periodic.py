from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_cycles import CustomerCycles
from .erased_key import find_hidden
from .planning_occasion import prepare_occasion

# Whoever writes one of these may make many customers due at once.
SPREAD_FIELDS = {
    *("interval_months", "customer_type", "customer_value", "partner_domain", "amount_min", "team_ids"),
    *("product_ids", "product_category_ids"),
}


class AftersalePlan(models.Model):
    """Plans at regular intervals: each customer counts for itself, from the last contact under any plan."""

    _inherit = "aftersale.plan"

    spread_start = fields.Date(
        copy=False,
        export_string_translation=False,
        help="Day since which those that wait are spread: whoever becomes due by a change is spread from that day on.",
    )

    def write(self, vals):
        """Whoever falls due because a running plan is changed is spread over one interval, as at the switch-on."""
        if SPREAD_FIELDS & vals.keys() and "spread_start" not in vals:
            vals = {**vals, "spread_start": self._default_date_start()}
        return super().write(vals)

    @api.model
    def _cron_periodic(self):
        """Plan whose contact falls due; each plan on its own, as in the sweep."""
        self._sweep_plans(["periodic"])

    def _get_missed(self):
        """At regular intervals: the customers (commercial entities) to plan now, the longest overdue first."""
        if self.trigger != "periodic":
            return super()._get_missed()
        due = {}
        for company in self._get_companies():
            cycles = self._get_cycles(company)
            # Once a day: a second run on the same day must not take the share of tomorrow.
            swept = self.sweep_date and company._aftersale_date(self.sweep_date) >= cycles.today
            for customer, day in cycles.due(spread=not swept).items():
                due[customer] = min(day, due.get(customer, day))
        return self.env["res.partner"].browse(sorted(due, key=due.get))

    def _get_shares(self):
        """At regular intervals company by company: whose turn it is in one may still have to wait in another."""
        if self.trigger != "periodic":
            return super()._get_shares()
        plans = [self.with_context(aftersale_company_id=company.id) for company in self._get_companies()]
        return [(plan, plan._get_missed()) for plan in plans]

    def _get_companies(self):
        """Return the companies this plan serves, in sudo; while it is swept, the one whose customers are at hand."""
        self.ensure_one()
        Company = self.env["res.company"].sudo()
        if company_id := self.env.context.get("aftersale_company_id"):
            return Company.browse(company_id)
        return self.company_id.sudo() or Company.search([("active", "=", True)])

    def _get_cycles(self, company, customers=None, **options):
        """Return the `CustomerCycles` of this plan in ``company``."""
        company = company.with_env(self.env(su=True)).with_company(company)
        return CustomerCycles(self.with_env(company.env), company, customers, **options)

    def _get_occasions(self, trigger, records):
        """At regular intervals an occasion is the matter of one plan: ``records`` are customers, some of them due."""
        if trigger != "periodic":
            return super()._get_occasions(trigger, records)
        customers = records.commercial_partner_id
        numbers = self._get_cycle_numbers(customers)
        return [
            occasion
            for plan in self
            for company in plan._get_companies()
            for occasion in plan._get_cycle_occasions(company, customers, numbers)
        ]

    def _get_cycle_occasions(self, company, customers, numbers):
        """Return the occasions of those ``customers`` that are due in ``company``; ``numbers`` are counted on."""
        cycles = self._get_cycles(company, customers.ids)
        days = {c: cycles.cycles[c].day for c in customers.ids if cycles.is_due(c)}
        return self._prepare_cycle_occasions(cycles, days, numbers)

    def _prepare_cycle_occasions(self, cycles, days, numbers):
        """Return the occasions of customers of ``cycles``, given as {id: day}; ``numbers`` are counted on."""
        if not days:
            return []
        env = cycles.env
        _teams, products, categories = self._get_criteria()
        bought = cycles.bought(days, products, categories)
        occasions = []
        for customer in env["res.partner"].browse(days):
            last = cycles.segments.purchases[customer.id]
            numbers[customer.id] += 1
            contact = env["res.partner"].browse(last.partner_id)
            occasions.append(
                prepare_occasion(
                    cycles.company,
                    contact if contact.active else customer,
                    f"cycle:{customer.id}:{numbers[customer.id]}",
                    env._("regular contact"),
                    cycles.company._aftersale_moment(days[customer.id], 12.0),
                    plan=self.with_env(env),
                    products=bought.get(customer.id, env["product.product"]),
                    amount=last.amount,
                    team=env["crm.team"].browse(last.team_id or ()),
                    sales_user=env["res.users"].browse(last.user_id or ()) or customer.user_id,
                    note=cycles.describe(customer.id),
                )
            )
        return occasions

    def _get_cycle_numbers(self, customers):
        """Return {customer id: number of the last cycle} under any plan and company.

        Two workers that plan the same cycle give it the same number, and the database takes it once. By the origin,
        not by the customer of the row: rows change hands when contacts are merged or moved to another company.
        """
        Followup = self.env["aftersale.followup"].sudo()
        Followup.flush_model(["origin"])
        numbers = dict.fromkeys(customers.ids, 0)
        rows = self.env.execute_query(
            SQL(
                """SELECT split_part(origin, ':', 2), MAX(split_part(origin, ':', 3)::int)
                     FROM aftersale_followup
                    WHERE starts_with(origin, 'cycle:') AND split_part(origin, ':', 2) = ANY(%s)
                 GROUP BY 1""",
                [str(customer_id) for customer_id in numbers],
            )
        )
        numbers |= {int(customer_id): number for customer_id, number in rows}
        # Rows of erased customers keep their origin in a one-way form only.
        left = numbers.keys()
        while hidden := find_hidden(self.env, [f"cycle:{c}:{numbers[c] + 1}" for c in left]):
            found = Followup.search(Domain("origin", "in", list(hidden))).mapped("origin")
            left = {int(hidden[origin].split(":")[1]) for origin in found}
            numbers |= {customer_id: numbers[customer_id] + 1 for customer_id in left}
        return numbers
