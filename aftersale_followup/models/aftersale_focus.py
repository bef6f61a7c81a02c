from odoo import fields, models


class AftersaleFocus(models.Model):
    _name = "aftersale.focus"
    _description = "Focus Area of a Plan"
    _inherit = ["aftersale.export.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.UniqueIndex("(code)", "Two focus areas cannot share one code.")
