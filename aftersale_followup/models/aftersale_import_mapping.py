from odoo import fields, models


class AftersaleImportMapping(models.Model):
    """What the columns of another tool's table mean, kept under a name: next month's export is read at once."""

    _name = "aftersale.import.mapping"
    _description = "Column Mapping"
    _inherit = ["aftersale.export.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    survey_id = fields.Many2one(
        "survey.survey",
        "Questionnaire",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("survey_type", "=", "aftersale")],
    )
    line_ids = fields.One2many("aftersale.import.mapping.line", "mapping_id", "Columns", copy=True)

    _name_unique = models.UniqueIndex(
        "(survey_id, name) WHERE active", "This questionnaire has a mapping of that name already."
    )

    def _get_personal(self):
        return self.browse()  # names of columns, nobody's data
