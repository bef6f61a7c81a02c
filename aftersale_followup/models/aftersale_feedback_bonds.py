from odoo import fields, models

STABILITY = [("better", "Better"), ("same", "The same"), ("worse", "Worse"), ("unknown", "Cannot say")]


class AftersaleFeedback(models.Model):
    """How steady the service is to the customer, and whether they will come back."""

    _inherit = "aftersale.feedback"

    stability = fields.Selection(STABILITY, "Compared with Before")
    loyalty = fields.Integer("Will Buy Again", aggregator="avg", help="1 to 5; 0 = not asked.")

    _loyalty_range = models.Constraint("CHECK(loyalty BETWEEN 0 AND 5)", "Buying again is scored from 1 to 5.")
