from odoo import fields, models


# How many mails about follow-ups leave in an hour and on a day: see `MailBudget`.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_mail_day = fields.Integer("Mails a Day", default=200)
    aftersale_mail_hour = fields.Integer("Mails an Hour", default=50)

    _aftersale_mail_budget = models.Constraint(
        "CHECK(aftersale_mail_day >= 0 AND aftersale_mail_hour >= 0)", "The number of mails cannot be negative."
    )
