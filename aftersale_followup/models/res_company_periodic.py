from odoo import fields, models

from .customer_segments import CustomerSegments


# Segments of customers and contacts at regular intervals: what plans take from the settings.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_high_value = fields.Monetary("High-value From", default=50000.0, currency_field="currency_id")
    aftersale_top_fifth = fields.Monetary(
        "Top Fifth", compute="_compute_aftersale_top_fifth", currency_field="currency_id"
    )
    aftersale_inactive_months = fields.Integer("Inactive After (months)", default=24)
    aftersale_complaint_months = fields.Integer("After a Complaint (months)", default=3)
    aftersale_contact_minutes = fields.Integer("Minutes a Contact", default=5)

    _aftersale_periodic_not_negative = models.Constraint(
        "CHECK(LEAST(aftersale_high_value, aftersale_inactive_months, aftersale_complaint_months, "
        "aftersale_contact_minutes) >= 0)",
        "The numbers of the after-sales settings cannot be negative.",
    )

    def _compute_aftersale_top_fifth(self):
        """Sudo: managers of after-sales may set the threshold without seeing every order behind the proposal."""
        for company in self:
            company.aftersale_top_fifth = CustomerSegments(company.sudo()).top_fifth()

    def action_aftersale_top_fifth(self):
        """Take the proposal: the fifth of the customers that bought most in 12 months counts as high-value."""
        for company in self:
            company.aftersale_high_value = company.aftersale_top_fifth
