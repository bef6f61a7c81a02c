from odoo import fields, models


class ResCompany(models.Model):
    # What customers are told, what may be granted for a loss, in company currency, and when measures are reminded of.
    _inherit = "res.company"

    aftersale_tell_customers = fields.Boolean("Tell Customers about Their Issues", default=True)
    aftersale_compensation_agent = fields.Monetary("Compensation by Agents", default=100.0)
    aftersale_compensation_supervisor = fields.Monetary("Compensation by Supervisors", default=1000.0)
    aftersale_compensation_customer = fields.Monetary("Compensation of a Customer in a Year", default=2000.0)

    # How early the owner of an improvement measure is reminded of its deadline.
    aftersale_action_days = fields.Integer("Reminder of Measures (working days before)", default=3)

    _aftersale_action_days = models.Constraint(
        "CHECK(aftersale_action_days > 0)", "The owner of a measure is reminded at least one day before."
    )
    _aftersale_compensation = models.Constraint(
        "CHECK(LEAST(aftersale_compensation_agent, aftersale_compensation_supervisor, "
        "aftersale_compensation_customer) >= 0)",
        "The limits of compensations cannot be negative.",
    )

    def _aftersale_warning_day(self):
        """Return until which deadline measures are reminded of today."""
        self.ensure_one()
        return self._aftersale_add_workdays(self._aftersale_today(), self.sudo().aftersale_action_days)
