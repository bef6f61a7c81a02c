from odoo import fields, models


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
    heard = fields.Text("What Was Heard", help="What the customer told, repeated back to be sure it was understood.")
    agreement = fields.Text(
        "Agreed with the Customer", tracking=True, help="The solution and the date that the customer agreed to."
    )
