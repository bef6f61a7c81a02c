from odoo import fields, models


class ResCompany(models.Model):
    # What customers are told, and what may be granted for a loss, in company currency.
    _inherit = "res.company"

    aftersale_tell_customers = fields.Boolean("Tell Customers about Their Issues", default=True)
    aftersale_compensation_agent = fields.Monetary("Compensation by Agents", default=100.0)
    aftersale_compensation_supervisor = fields.Monetary("Compensation by Supervisors", default=1000.0)
    aftersale_compensation_customer = fields.Monetary("Compensation of a Customer in a Year", default=2000.0)

    _aftersale_compensation = models.Constraint(
        "CHECK(LEAST(aftersale_compensation_agent, aftersale_compensation_supervisor, "
        "aftersale_compensation_customer) >= 0)",
        "The limits of compensations cannot be negative.",
    )
