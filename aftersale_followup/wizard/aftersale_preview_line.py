from odoo import fields, models


class AftersalePreviewLine(models.TransientModel):
    """One contact of a preview: planned already, or what the planner would make of something expected."""

    _name = "aftersale.preview.line"
    _description = "Line of a Preview"
    _order = "date, plan_id, id"
    _rec_name = "partner_id"

    preview_id = fields.Many2one("aftersale.preview", required=True, index=True, ondelete="cascade")
    date = fields.Date(readonly=True)
    source = fields.Selection([("planned", "Planned"), ("expected", "Expected")], readonly=True)
    state = fields.Selection([("planned", "Will be contacted"), ("skipped", "Will not be asked")], readonly=True)
    skip_reason = fields.Selection(
        lambda self: self.env["aftersale.followup"]._fields["skip_reason"]._description_selection(self.env),
        "Why Not",
        readonly=True,
    )
    plan_id = fields.Many2one("aftersale.plan", readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", "Agent", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, ondelete="cascade")
    channel_id = fields.Many2one("aftersale.channel", "Likely Channel", readonly=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", readonly=True, ondelete="cascade")
    followup_id = fields.Many2one("aftersale.followup", readonly=True, ondelete="cascade")
    explanation = fields.Text("Why", readonly=True)
