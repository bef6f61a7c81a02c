from odoo import api, fields, models


class AftersaleImportMappingLine(models.Model):
    _name = "aftersale.import.mapping.line"
    _description = "Column of a Mapping"
    _inherit = ["aftersale.import.column.mixin", "aftersale.export.mixin"]
    _order = "sequence, id"

    mapping_id = fields.Many2one("aftersale.import.mapping", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)

    def _get_personal(self):
        return self.browse()  # names of columns, nobody's data

    @api.depends("mapping_id.survey_id")
    def _compute_survey_id(self):
        for line in self:
            line.survey_id = line.mapping_id.survey_id
