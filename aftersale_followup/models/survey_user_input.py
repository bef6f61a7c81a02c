from odoo import fields, models


class SurveyUserInput(models.Model):
    _name = "survey.user_input"
    _inherit = ["survey.user_input", "aftersale.export.mixin"]

    # For the rules: answers are as visible as the follow-up they belong to.
    aftersale_followup_ids = fields.One2many("aftersale.followup", "user_input_id", "Follow-ups")

    def _compute_scoring_values(self):
        """After-sales questionnaires are no quiz: skip the queries that would sum up zeros for every answer."""
        feedback = self.filtered(lambda user_input: user_input.survey_id._is_aftersale())
        feedback.scoring_percentage = feedback.scoring_total = 0
        return super(SurveyUserInput, self - feedback)._compute_scoring_values()

    def _compute_scoring_success(self):
        feedback = self.filtered(lambda user_input: user_input.survey_id._is_aftersale())
        feedback.scoring_success = False
        return super(SurveyUserInput, self - feedback)._compute_scoring_success()


class SurveyUserInputLine(models.Model):
    _name = "survey.user_input.line"
    _inherit = ["survey.user_input.line", "aftersale.export.mixin"]

    def _compute_answer_score(self):
        """No points either, and no look at each question to find out."""
        feedback = self.filtered(lambda line: line.user_input_id.survey_id._is_aftersale())
        feedback.answer_score, feedback.answer_is_correct = 0, False
        return super(SurveyUserInputLine, self - feedback)._compute_answer_score()
