from odoo import fields, models


class AftersaleWhyLine(models.TransientModel):
    """What one plan says about a customer."""

    _name = "aftersale.why.line"
    _description = "Answer of a Plan"
    _rec_name = "plan_id"

    why_id = fields.Many2one("aftersale.why", "Wizard", required=True, index=True, ondelete="cascade")
    plan_id = fields.Many2one("aftersale.plan", readonly=True, ondelete="cascade")
    is_live = fields.Boolean(readonly=True)
    followup_id = fields.Many2one("aftersale.followup", readonly=True, ondelete="cascade")
    state = fields.Selection(related="followup_id.state")
    skip_reason = fields.Selection(related="followup_id.skip_reason")
    date_planned = fields.Date(related="followup_id.date_planned")
    explanation = fields.Text("Why", readonly=True)
