from odoo import fields, models


class AftersaleHolidayLine(models.TransientModel):
    _name = "aftersale.holiday.line"
    _description = "Day to Enter"
    _order = "date, id"

    wizard_id = fields.Many2one("aftersale.holiday", required=True, ondelete="cascade")
    date = fields.Date(required=True)
    name = fields.Char("Reason")
    kind = fields.Selection(
        [("holiday", "Public holiday"), ("workday", "Make-up working day")], required=True, default="holiday"
    )
    is_new = fields.Boolean("To Be Entered", help="What is entered already stays as it is.")
