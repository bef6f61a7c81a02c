from odoo import fields, models

# How often an analysis of each period comes, from the most to the least often.
PERIODS = ("week", "month", "quarter")


class ResPartner(models.Model):
    _inherit = "res.partner"

    aftersale_report_frequency = fields.Selection(
        [
            ("week", "All: weekly, monthly, quarterly"),
            ("month", "Monthly and quarterly"),
            ("quarter", "Quarterly only"),
            ("none", "None"),
        ],
        "After-Sales Analyses",
        help="Which of the analyses that the settings send to this contact are wanted. Empty = all.",
    )

    def _aftersale_wants_report(self, period):
        """Return whether this partner wants analyses as often as those of the period come."""
        wanted = self.aftersale_report_frequency or PERIODS[0]
        return wanted != "none" and PERIODS.index(period) >= PERIODS.index(wanted)
