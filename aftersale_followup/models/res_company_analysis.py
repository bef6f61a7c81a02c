from odoo import fields, models


# Which analyses come by themselves, to whom, and who looks at them first.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_report_week = fields.Boolean("Weekly Analysis", default=True)
    aftersale_report_month = fields.Boolean("Monthly Analysis", default=True)
    aftersale_report_quarter = fields.Boolean("Quarterly Analysis")
    aftersale_report_team_ids = fields.Many2many(
        "crm.team",
        "aftersale_report_team_rel",
        "company_id",
        "team_id",
        "Teams with Their Own Analysis",
        check_company=True,
    )
    aftersale_report_managers = fields.Boolean("Analyses to Managers", default=True)
    aftersale_report_leaders = fields.Boolean("Analyses to Team Leaders", default=True)
    aftersale_report_heads = fields.Boolean("Analyses to Heads of Departments", default=True)
    aftersale_report_review = fields.Boolean("Review Analyses before Issuing")
    aftersale_report_review_days = fields.Integer("Issued after a Review of (working days)", default=2)

    _aftersale_report_review_days = models.Constraint(
        "CHECK(aftersale_report_review_days >= 0)", "The working days for the review cannot be negative."
    )

    def _aftersale_report_periods(self):
        """Return the periods of which this company wants analyses."""
        return [period for period in ("quarter", "month", "week") if self[f"aftersale_report_{period}"]]
