from odoo import fields, models


class AftersaleImportLine(models.TransientModel):
    """What became of one line of the table."""

    _name = "aftersale.import.line"
    _description = "Line of an Import"
    _order = "number, id"

    import_id = fields.Many2one("aftersale.import", required=True, index=True, ondelete="cascade")
    number = fields.Integer("Line", readonly=True)
    state = fields.Selection(
        [("done", "Good"), ("known", "Known already"), ("error", "Not taken over")],
        "Result",
        required=True,
        readonly=True,
    )
    message = fields.Text("Remark", readonly=True)
    content = fields.Char(readonly=True, help="The beginning of the line, to find it again.")
    feedback_id = fields.Many2one("aftersale.feedback", readonly=True, ondelete="cascade")
