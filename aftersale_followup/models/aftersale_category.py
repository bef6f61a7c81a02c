from odoo import fields, models


class AftersaleCategory(models.Model):
    _name = "aftersale.category"
    _description = "Problem Category"
    _inherit = ["aftersale.export.mixin", "aftersale.configuration.mixin"]
    _order = "sequence, id"
    # Tags stand in the order of their categories, also where their keywords are kept in the cache.
    _cached_fields = frozenset({"sequence"})

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Technical code that reports and imports refer to.")
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    tag_ids = fields.One2many("aftersale.tag", "category_id", string="Tags")

    _code_unique = models.UniqueIndex("(code)", "Two categories cannot share one code.")
