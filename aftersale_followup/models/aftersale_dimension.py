from odoo import fields, models


class AftersaleDimension(models.Model):
    _name = "aftersale.dimension"
    _description = "Area of Satisfaction"
    _inherit = ["aftersale.export.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.UniqueIndex("(code)", "Two areas cannot share one code.")
