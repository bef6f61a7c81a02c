from odoo import models
from odoo.tools.misc import clean_context


class AftersalePlan(models.Model):
    """What the plans are going to do: the same planner on what is expected, without keeping its rows."""

    _inherit = "aftersale.plan"

    def _preview_rows(self, company, until):
        """Return the rows that planning would make until ``until`` of what is expected in ``company``.

        Expected are deliveries that are scheduled, contacts at regular intervals that fall due, and issues whose
        solution is promised. Nothing is stored; a caller that changes settings to try them out rolls back by itself.
        """
        env = self.env(su=True, context=clean_context(self.env.context))
        plans = self.with_env(env).with_company(company)
        plans = plans.filtered(lambda plan: not plan.company_id or plan.company_id == company)
        return plans._prepare_rows(plans._get_expected_occasions(plans.env.company, until))

    def _get_expected_occasions(self, company, until):
        occasions = []
        for trigger, model in (("delivery", "sale.order"), ("resolution", "aftersale.issue")):
            if trigger in self.mapped("trigger"):
                expected = self.env[model]._aftersale_expected_occasions(company, until)
                occasions += [{**occasion, "trigger": trigger} for occasion in expected]
        for plan in self.filtered(lambda plan: plan.trigger == "periodic"):
            cycles = plan._get_cycles(company)
            days = {customer: day for customer, day in cycles.days().items() if day <= until}
            numbers = plan._get_cycle_numbers(self.env["res.partner"].browse(days))
            occasions += plan._prepare_cycle_occasions(cycles, days, numbers)
        return occasions
