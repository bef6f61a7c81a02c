from odoo import fields, models

DELAY_UNITS = [("working_days", "Working days"), ("days", "Days"), ("hours", "Hours")]


class AftersaleTouchpoint(models.Model):
    _name = "aftersale.touchpoint"
    _description = "Touchpoint of a Plan"
    _inherit = ["aftersale.export.mixin", "aftersale.configuration.mixin"]
    _order = "plan_id, sequence, id"
    # Plans remember their touchpoints, in their order.
    _cached_fields = frozenset({"plan_id", "sequence"})

    plan_id = fields.Many2one("aftersale.plan", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    delay_min = fields.Integer("From", required=True, default=3)
    delay_max = fields.Integer("To", required=True, default=7)
    delay_unit = fields.Selection(DELAY_UNITS, "Unit", required=True, default="working_days")

    _delay_order = models.Constraint(
        "CHECK(delay_min >= 0 AND delay_max >= delay_min)", "The end of a window cannot lie before its start."
    )
