from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# A plan about events is judged by what happened in these days before.
LOOK_BACK = 30
# A form must open at once: with more orders than this in those days, the newest ones stand for all.
COUNTED_ORDERS = 500


class AftersalePlan(models.Model):
    """Switching plans on, and whom a periodic one is about."""

    _inherit = "aftersale.plan"

    customer_count = fields.Integer(
        "Matching Customers",
        compute="_compute_customer_counts",
        help="Customers this plan asks at its interval, as of now.",
    )
    inactive_count = fields.Integer(
        "Inactive Customers",
        compute="_compute_customer_counts",
        help="Customers who fit but are left out, because they have not ordered for the time named in the settings.",
    )

    event_count = fields.Integer(
        "Contacts in the Last 30 Days",
        compute="_compute_event_count",
        help="What this plan would have led to in the last 30 days; estimated where there were many orders.",
    )

    @api.depends_context("allowed_company_ids")
    @api.depends("trigger", "interval_months", "customer_type", "customer_value", "partner_domain", "active")
    def _compute_customer_counts(self):
        for plan in self:
            found = plan._get_start_cycles() if plan.trigger == "periodic" and plan._origin else []
            plan.customer_count = sum(len(cycles.members) for cycles in found)
            plan.inactive_count = sum(len(cycles.inactive) for cycles in found)

    @api.depends_context("allowed_company_ids")
    @api.depends("trigger", "active")
    def _compute_event_count(self):
        for plan in self:
            companies = plan._origin._get_companies() & self.env.companies if plan._origin else ()
            plan.event_count = sum(plan._origin._count_events(company, COUNTED_ORDERS) for company in companies)

    def _count_events(self, company, limit=None):
        """Return how many contacts the orders of the last days would have led to under this plan in ``company``.

        :param limit: look at the newest orders only, up to so many, and conclude from them on the rest
        """
        plan = self.sudo().with_company(company)
        if plan.trigger not in ("delivery", "sale"):
            return 0
        since = fields.Datetime.now() - timedelta(days=LOOK_BACK)
        recent = (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "sale")
            & (Domain("date_order", ">=", since) | Domain("effective_date", ">=", since))
        )
        orders = plan.env["sale.order"].search(recent, limit=limit)
        occasions = [o for o in orders._aftersale_occasions(plan.trigger) if o["moment"] >= since]
        count = len(plan._filter_matching(occasions)) * (len(plan.touchpoint_ids) or 1)
        if limit and len(orders) == limit:
            count = round(count * plan.env["sale.order"].search_count(recent) / limit)
        return count

    def _get_start_cycles(self):
        """Return the `CustomerCycles`, as if the plan were switched on today, of those companies that the user sees."""
        self.ensure_one()
        return [
            self._origin._get_cycles(company, date_start=company._aftersale_today())
            for company in self._get_companies() & self.env.companies
        ]

    def write(self, vals):
        """A plan that is switched on looks at what happens from now on, not at what happened while it was paused."""
        started = self.browse()
        if vals.get("active") and "date_start" not in vals:
            started = self.filtered(lambda plan: not plan.active)
        result = super(AftersalePlan, self - started).write(vals) if self - started else True
        if started:
            super(AftersalePlan, started).write({**vals, "date_start": self._default_date_start()})
        if vals.get("active") and "periodic" in self.mapped("trigger"):
            cron = self.env.ref("aftersale_followup.ir_cron_periodic", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger()
        return result

    def action_start(self):
        """Open the assistant that shows what switching this plan on leads to."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_plan_start_action")
        action["context"] = {"default_plan_id": self.id}
        return action

    def _get_agents_of_plan(self, company):
        """Return the users among whom this plan's follow-ups are shared in ``company``."""
        if self.assign_method == "user" and self.user_id.active:
            return self.user_id
        team = self.team_id or company.aftersale_team_id
        members = team.sudo().member_ids.filtered(lambda user: user.active and company in user.company_ids)
        return members or team.sudo().user_id

    def _get_rivals(self):
        """Return the running plans that ask the same customers about the same event."""
        self.ensure_one()
        if self.trigger not in ("delivery", "sale"):
            return self.browse()
        return self.search(
            Domain("trigger", "=", self.trigger)
            & Domain("scenario", "=", self.scenario)
            & Domain("contact_class", "=", self.contact_class)
            & Domain("counts_from", "=", self.counts_from)
            & Domain("company_id", "in", [False, self.company_id.id] if self.company_id else [False])
            & Domain("id", "!=", self.id)
        )
