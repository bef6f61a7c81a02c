from odoo import api, fields, models


class AftersaleComplaintStep(models.Model):
    _name = "aftersale.complaint.step"
    _description = "Complaint Step"
    _inherit = ["aftersale.export.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, help="What to do when a customer complains, in one sentence.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)


class AftersaleIssue(models.Model):
    """Which steps of handling the complaint are done, what was heard and what was agreed."""

    _inherit = "aftersale.issue"

    # Followed in the chatter, which says who did which step, and when.
    complaint_step_ids = fields.Many2many(
        "aftersale.complaint.step", string="Complaint Steps", copy=False, ondelete="restrict", tracking=True
    )
    # {id of a step that is done: day}; what was ticked before days were kept has none.
    complaint_step_dates = fields.Json(copy=False, readonly=True, export_string_translation=False)
    heard = fields.Text("What Was Heard", help="What the customer told, repeated back to be sure it was understood.")
    agreement = fields.Text(
        "Agreed with the Customer", tracking=True, help="The solution and the date that the customer agreed to."
    )

    @api.model_create_multi
    def create(self, vals_list):
        issues = super().create(vals_list)
        for issue in issues.filtered("complaint_step_ids"):
            issue._date_steps(issue.complaint_step_ids)
        return issues

    def write(self, vals):
        before = {issue: issue.complaint_step_ids for issue in self} if "complaint_step_ids" in vals else {}
        result = super().write(vals)
        for issue, steps in before.items():
            if steps != issue.complaint_step_ids:
                issue._date_steps(issue.complaint_step_ids - steps)
        return result

    def _date_steps(self, ticked):
        """Note the day for the steps ``ticked`` just now, which merged issues bring along; forget what is not done."""
        self.ensure_one()
        today = fields.Date.to_string(self.company_id._aftersale_today())
        known = self.complaint_step_dates or {}
        dates = dict.fromkeys(map(str, ticked.ids), today) | known
        done = set(map(str, self.complaint_step_ids.ids))
        # sudo: the system dates, nobody else
        self.sudo().complaint_step_dates = {step: day for step, day in dates.items() if step in done}

    def _get_first_step_dates(self):
        """Return the days of the steps of all these issues, each by the first issue in which it was done."""
        days = sorted((day, step) for issue in self for step, day in (issue.complaint_step_dates or {}).items())
        return {step: day for day, step in reversed(days)}
