from odoo import api, fields, models
from odoo.exceptions import UserError

ROLES = [
    ("satisfaction", "Satisfaction"),
    ("nps", "Recommendation (NPS)"),
    ("resolved", "Is it solved?"),
    ("category", "What was wrong"),
    ("dimension", "Areas"),
    ("detail", "What the customer experienced"),
    ("suggestion", "What the customer suggests"),
    ("stability", "Better or worse than before"),
    ("loyalty", "Will buy again"),
    ("opportunity", "Plans a purchase"),
]
# What an answer means depends on these: once somebody has answered, they stay.
MEANING = {
    "title",
    "question_type",
    "survey_id",
    "scale_min",
    "scale_max",
    "scale_min_label",
    "scale_mid_label",
    "scale_max_label",
    "aftersale_point_labels",
    "aftersale_role",
    "suggested_answer_ids",
    "matrix_row_ids",
    "triggering_answer_ids",
    "constr_mandatory",
    "matrix_subtype",
}


class SurveyQuestion(models.Model):
    _inherit = "survey.question"

    aftersale_role = fields.Selection(
        ROLES,
        "Meaning",
        help="What the answer stands for in the feedback. Answers to questions without a meaning are kept with the "
        "questionnaire only.",
    )

    aftersale_point_labels = fields.Text(
        "Names of the Points",
        translate=True,
        help="One line for each point, from the lowest to the highest. Customers understand a scale whose points are "
        "all named in the same way. Empty: the usual names of satisfaction, else those of the ends and the middle.",
    )
    aftersale_survey_type = fields.Selection(related="survey_id.survey_type", string="Type of Questionnaire")

    @api.model_create_multi
    def create(self, vals_list):
        questions = super().create(vals_list)
        questions.survey_id._aftersale_check_unused()
        questions.survey_id._aftersale_note_change()
        return questions

    def write(self, vals):
        if MEANING & vals.keys():
            self._aftersale_check_unanswered()
            self.survey_id._aftersale_check_unused()
        surveys = self.survey_id
        result = super().write(vals)
        (surveys | self.survey_id)._aftersale_note_change()
        return result

    def unlink(self):
        surveys = self.survey_id
        result = super().unlink()
        surveys.exists()._aftersale_note_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_aftersale_answered(self):
        self._aftersale_check_unanswered()
        self.survey_id._aftersale_check_unused()

    @api.constrains("question_type", "comments_allowed", "is_time_limited")
    def _check_aftersale_usable(self):
        self.survey_id._check_aftersale_usable()

    def _aftersale_check_unanswered(self):
        """Refuse to change what customers have already answered: old figures would change their meaning."""
        questions = self.filtered(lambda question: question.survey_id.survey_type == "aftersale")
        if not questions:
            return
        # sudo: whoever edits questionnaires need not be allowed to read the answers
        line = self.env["survey.user_input.line"].sudo().search([("question_id", "in", questions.ids)], limit=1)
        if line:
            raise UserError(
                self.env._(
                    "“%s” has been answered by customers and cannot be changed any more. Press “New Version” in the "
                    "questionnaire and change the copy.",
                    line.question_id.title,
                )
            )


class SurveyQuestionAnswer(models.Model):
    _inherit = "survey.question.answer"

    aftersale_tag_id = fields.Many2one(
        "aftersale.tag",
        "Tag",
        index="btree_not_null",
        ondelete="restrict",
        help="Tag given to who chooses this answer.",
    )
    aftersale_dimension_id = fields.Many2one(
        "aftersale.dimension", "Area", index="btree_not_null", ondelete="restrict", help="Area this row asks about."
    )
    aftersale_value = fields.Char(
        "Code",
        help="Coded answer. Is it solved: fully, partly, no, came_back. Columns of areas: 1 to 5. "
        "Better or worse: better, same, worse, unknown. Plans a purchase: yes, later, no.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        answers = super().create(vals_list)
        answers._aftersale_survey()._aftersale_check_unused()
        answers._aftersale_survey()._aftersale_note_change()
        return answers

    def write(self, vals):
        if {"value", "aftersale_value", "aftersale_dimension_id", "aftersale_tag_id"} & vals.keys():
            (self.question_id | self.matrix_question_id)._aftersale_check_unanswered()
            self._aftersale_survey()._aftersale_check_unused()
        result = super().write(vals)
        self._aftersale_survey()._aftersale_note_change()
        return result

    def unlink(self):
        surveys = self._aftersale_survey()
        result = super().unlink()
        surveys.exists()._aftersale_note_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_aftersale_answered(self):
        (self.question_id | self.matrix_question_id)._aftersale_check_unanswered()
        self._aftersale_survey()._aftersale_check_unused()

    def _aftersale_survey(self):
        return (self.question_id | self.matrix_question_id).survey_id
