from odoo import api, fields, models
from odoo.exceptions import ValidationError

TARGETS = [
    ("ignore", "Leave out"),
    ("question", "Answer to a question"),
    ("followup", "Follow-up (number or link)"),
    ("date", "Date of the answer"),
    ("contact_name", "Who answered"),
    ("email", "E-mail Address"),
    ("phone", "Phone"),
    ("customer_ref", "Customer number"),
    ("order", "Order"),
    ("note", "Remark"),
    ("call_back", "Wishes to be called back"),
    ("line_key", "Number of the answer in the other tool"),
]


class AftersaleImportColumnMixin(models.AbstractModel):
    """What one column of a table stands for: the same in a mapping that is kept and in an import that runs."""

    _name = "aftersale.import.column.mixin"
    _description = "Column of a Table with Answers"

    name = fields.Char("Column", required=True)
    target = fields.Selection(TARGETS, "Means", required=True, default="ignore")
    survey_id = fields.Many2one("survey.survey", "Questionnaire", compute="_compute_survey_id")
    question_id = fields.Many2one(
        "survey.question", ondelete="cascade", domain="[('survey_id', '=', survey_id), ('is_page', '=', False)]"
    )
    answer_id = fields.Many2one(
        "survey.question.answer",
        "Row or Choice",
        ondelete="cascade",
        domain="['|', ('question_id', '=', question_id), ('matrix_question_id', '=', question_id)]",
        help="A row of a matrix; or the one choice of several that has a column of its own.",
    )
    translations = fields.Text(
        "Other Words", help="One per line: what stands in the table = what it means here, such as: delighted = 5."
    )

    def _compute_survey_id(self):
        raise NotImplementedError

    def _get_translations(self):
        """Return ``{text in the table: text here}``."""
        self.ensure_one()
        pairs = (line.partition("=") for line in (self.translations or "").splitlines())
        return {left.strip().casefold(): right.strip() for left, sign, right in pairs if sign}

    @api.constrains("target", "question_id", "answer_id")
    def _check_target(self):
        for column in self.filtered(lambda c: c.target == "question"):
            question, answer = column.question_id, column.answer_id
            if not question:
                raise ValidationError(self.env._("Choose the question that the column “%s” answers.", column.name))
            if answer and question not in (answer.question_id, answer.matrix_question_id):
                raise ValidationError(self.env._("Column “%s”: that answer belongs to another question.", column.name))
            if question.question_type == "matrix" and answer not in question.matrix_row_ids:
                raise ValidationError(
                    self.env._("Column “%s”: choose the row of the matrix that it answers.", column.name)
                )

    @api.onchange("target")
    def _onchange_target(self):
        if self.target != "question":
            self.question_id = self.answer_id = False

    @api.onchange("question_id")
    def _onchange_question_id(self):
        if self.question_id:
            self.target = "question"
        if self.question_id not in (self.answer_id.question_id, self.answer_id.matrix_question_id):
            self.answer_id = False
