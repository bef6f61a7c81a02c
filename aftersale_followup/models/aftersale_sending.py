from datetime import timedelta

from odoo import api, fields, models

KEPT_DAYS = 3


class AftersaleSending(models.Model):
    """How many mails about follow-ups left in the name of a company, and when: what the sending budget counts.

    One row for each batch. Rows are only added, so that workers never wait for, or collide over, each other's.
    """

    _name = "aftersale.sending"
    _description = "Mails That Left"
    _inherit = ["aftersale.export.mixin"]
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    number = fields.Integer("Mails", required=True)

    _recent = models.Index("(company_id, date)")

    @api.autovacuum
    def _gc_sendings(self):
        """Delete what no budget counts any more."""
        self.search([("date", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))]).unlink()
