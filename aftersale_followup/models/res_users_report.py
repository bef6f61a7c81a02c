from odoo import fields, models


# Users choose for themselves which analyses they get, among their preferences.
class ResUsers(models.Model):
    _inherit = "res.users"

    aftersale_report_frequency = fields.Selection(related="partner_id.aftersale_report_frequency", readonly=False)

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["aftersale_report_frequency"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ["aftersale_report_frequency"]
