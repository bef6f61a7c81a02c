from odoo import models


class AftersaleFollowup(models.Model):
    _inherit = "aftersale.followup"

    def _seal_answers(self, answers, **options):
        result = super()._seal_answers(answers, **options)
        self.env["aftersale.reward"]._issue_anonymous(self)
        return result

    def _get_reward_values(self):
        """Return what the thank-you page shows of the reward for answering this follow-up (`_get_page_values`)."""
        self.ensure_one()
        Reward = self.env["aftersale.reward"].sudo()
        if self.is_anonymous:
            return Reward._get_shown().with_env(self.env)._get_page_values()
        found = Reward.search([("followup_id", "=", self.id), ("occasion", "=", "answer")], limit=1)
        return found.with_env(self.env)._get_page_values()

    def _anonymise(self):
        self.env["aftersale.reward"].sudo().search([("followup_id", "in", self.ids)])._anonymise()
        return super()._anonymise()
