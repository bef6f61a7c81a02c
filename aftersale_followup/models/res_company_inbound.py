from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .aftersale_retention import PRIVACY
from .sender import read_networks


# How customers reach us unasked, and what makes their answers believable.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_form = fields.Boolean("Public Feedback Form", default=True)
    aftersale_form_hourly = fields.Integer("Forms from One Address per Hour", default=10)
    aftersale_line_seconds = fields.Float("Straight Line (seconds a question)", default=4.0)
    aftersale_staff_networks = fields.Char("Staff Networks")
    aftersale_sender_days = fields.Integer("Fingerprints Deleted After (days)", default=30, groups=PRIVACY)
    aftersale_mailbox_ids = fields.One2many("aftersale.mailbox", "company_id", "Complaint Addresses", readonly=True)
    aftersale_form_url = fields.Char("Address of the Public Form", compute="_compute_aftersale_form_url")

    _aftersale_inbound_numbers = models.Constraint(
        "CHECK(aftersale_form_hourly > 0 AND aftersale_line_seconds >= 0 AND aftersale_sender_days > 0)",
        "At least one form an hour and one day of fingerprints; seconds cannot be negative.",
    )

    @api.depends("aftersale_form")
    def _compute_aftersale_form_url(self):
        for company in self:
            company.aftersale_form_url = (
                company.aftersale_form and f"{company.get_base_url()}/aftersale/feedback/{company.id}"
            )

    @api.constrains("aftersale_staff_networks")
    def _check_aftersale_staff_networks(self):
        for company in self:
            try:
                read_networks(company.aftersale_staff_networks)
            except ValueError as error:
                raise ValidationError(
                    self.env._("Enter addresses and networks such as 203.0.113.7 or 198.51.100.0/24: %s", error)
                ) from error

    def _aftersale_get_expired(self):
        """Fingerprints of senders go long before the answers they came with."""
        expired = super()._aftersale_get_expired()
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=self.aftersale_sender_days)
        old = Domain("company_id", "=", self.id) & Domain("date", "<", limit)
        return [*expired, ("aftersale.feedback", old & Domain("sender_key", "!=", False), "_forget_sender")]
