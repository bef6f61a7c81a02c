from odoo import models


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    def _compute_scoring_values(self):
        """After-sales questionnaires are no quiz: skip the queries that would sum up zeros for every answer."""
        feedback = self.filtered(lambda user_input: user_input.survey_id.survey_type == "aftersale")
        feedback.scoring_percentage = feedback.scoring_total = 0
        return super(SurveyUserInput, self - feedback)._compute_scoring_values()
