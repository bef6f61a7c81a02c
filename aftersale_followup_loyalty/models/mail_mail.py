from odoo import api, models
from odoo.tools import SQL


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def _aftersale_get_senders(self):
        # A card has no company of its own where its programme is for all: the one that granted it counts.
        return super()._aftersale_get_senders() | {
            "aftersale.reward": SQL("SELECT id, company_id FROM aftersale_reward"),
            "loyalty.card": SQL(
                """SELECT c.id, i.company_id FROM loyalty_card c
                     JOIN aftersale_issue i ON i.id = c.aftersale_issue_id"""
            ),
        }
