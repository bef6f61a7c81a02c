from odoo import models


# The steps of a measure are counted from its deadline.
class MailActivitySchedule(models.TransientModel):
    _inherit = "mail.activity.schedule"

    def _compute_plan_date(self):
        result = super()._compute_plan_date()
        for scheduler in self.filtered(lambda scheduler: scheduler.res_model == "aftersale.action"):
            deadlines = [action.date_deadline for action in scheduler._get_applied_on_records() if action.date_deadline]
            if deadlines:
                scheduler.plan_date = min(deadlines)
        return result
