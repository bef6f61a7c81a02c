from odoo import fields, models


class AftersaleFollowup(models.Model):
    """Which version of the questionnaire this customer is asked with."""

    _inherit = "aftersale.followup"

    survey_id = fields.Many2one(
        "survey.survey",
        "Questionnaire",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        readonly=True,
        help="Empty: that of the plan. Filled in when the plan got another one while this follow-up was open.",
    )

    def _get_survey(self):
        return self.sudo().survey_id or super()._get_survey()
