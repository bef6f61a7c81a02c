from odoo import fields, models


class AftersaleWorkday(models.Model):
    _name = "aftersale.workday"
    _description = "Make-up Working Day"
    _inherit = ["aftersale.export.mixin", "aftersale.calendar.mixin"]
    _order = "date desc"
    _rec_name = "date"

    date = fields.Date(required=True, help="A day of rest on which the company works to make up for a holiday.")
    name = fields.Char("Reason")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="cascade", default=lambda self: self.env.company
    )

    _date_unique = models.UniqueIndex("(company_id, date)", "This make-up working day is already entered.")
