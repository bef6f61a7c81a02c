from odoo import api, models


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def _aftersale_get_models(self):
        return [*super()._aftersale_get_models(), "aftersale.reward"]
