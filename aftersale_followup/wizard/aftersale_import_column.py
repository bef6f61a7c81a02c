from odoo import api, fields, models


class AftersaleImportColumn(models.TransientModel):
    """One column of the table at hand."""

    _name = "aftersale.import.column"
    _description = "Column of an Import"
    _inherit = ["aftersale.import.column.mixin"]
    _order = "place, id"

    import_id = fields.Many2one("aftersale.import", required=True, index=True, ondelete="cascade")
    place = fields.Integer(export_string_translation=False)
    sample = fields.Char(readonly=True)

    @api.depends("import_id.survey_id")
    def _compute_survey_id(self):
        for column in self:
            column.survey_id = column.import_id.survey_id
