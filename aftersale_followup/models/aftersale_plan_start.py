from odoo import api, fields, models
from odoo.fields import Domain


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

    @api.depends_context("allowed_company_ids")
    @api.depends("trigger", "interval_months", "customer_type", "customer_value", "partner_domain", "active")
    def _compute_customer_counts(self):
        for plan in self:
            found = plan._get_start_cycles() if plan.trigger == "periodic" and plan._origin else []
            plan.customer_count = sum(len(cycles.members) for cycles in found)
            plan.inactive_count = sum(len(cycles.inactive) for cycles in found)

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
        if self.assign_method == "user":
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
