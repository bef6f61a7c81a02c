from collections import namedtuple

from odoo import models

# What marks a follow-up that exists for a pre-test only. An object of this module: no caller from outside can send one
# along in a context.
Trial = namedtuple("Trial", ("token", "survey_id"))


class AftersaleFollowup(models.Model):
    """Pre-tests show page and messages for a follow-up of nobody: it asks what is to be tested and leads there."""

    _inherit = "aftersale.followup"

    def _get_trial(self):
        """Return the mark of the pre-test this is for, None in earnest."""
        trial = self.env.context.get("aftersale_trial")
        return trial if isinstance(trial, Trial) else None

    def _get_survey(self):
        trial = self._get_trial()
        return self.env["survey.survey"].sudo().browse(trial.survey_id) if trial else super()._get_survey()

    def _get_link_token(self):
        trial = self._get_trial()
        return f"test/{trial.token}" if trial else super()._get_link_token()

    def _get_optout_token(self):
        # Whoever tries a questionnaire does not opt out by it: this link leads nowhere.
        return "preview" if self._get_trial() else super()._get_optout_token()

    def _read_products(self):
        # What is not in the database refers to its products through copies.
        return self.product_ids._origin if self._get_trial() else super()._read_products()
