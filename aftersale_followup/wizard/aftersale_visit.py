from odoo import fields, models
from odoo.tools import plaintext2html


class AftersaleVisit(models.TransientModel):
    """When a customer is visited."""

    _name = "aftersale.visit"
    _description = "Plan a Visit"
    _rec_name = "followup_id"

    followup_id = fields.Many2one("aftersale.followup", "Follow-up", required=True, readonly=True, ondelete="cascade")
    start = fields.Datetime("When", required=True)
    hours = fields.Float("Duration", required=True, default=1.0, help="In hours.")
    note = fields.Text("Remark", help="What to bring, whom to ask for.")

    _hours_positive = models.Constraint(
        "CHECK(hours > 0 AND hours <= 24)", "A visit takes at most a day, and more than no time."
    )

    def action_plan(self):
        """Plan the visit: the follow-up waits for it, and it stands among the meetings of who goes there."""
        self.ensure_one()
        self.followup_id._plan_visit(self.start, self.hours, plaintext2html(self.note) if self.note else None)
        return {"type": "ir.actions.act_window_close"}
