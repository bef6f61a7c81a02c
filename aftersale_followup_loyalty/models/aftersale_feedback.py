from odoo import SUPERUSER_ID, api, models

from .loyalty_card import QUIET_CARD

ACCEPTED = ("accepted", "adopted")


# Answering is rewarded at the gate, where every answer comes in; a suggestion when it is accepted.
class AftersaleFeedback(models.Model):
    _inherit = "aftersale.feedback"

    @api.model_create_multi
    def create(self, vals_list):
        """Issue the rewards of the follow-ups before there is an answer to look at, then name it on them."""
        answers = [vals for vals in vals_list if vals.get("followup_id") and not vals.get("correction_of_id")]
        followups = self.env["aftersale.followup"].browse(dict.fromkeys(vals["followup_id"] for vals in answers))
        rewards = self._reward("answer", followups)
        created = super().create(vals_list)
        if rewards:
            feedback = {f.followup_id.id: f.id for f in created.sudo() if f.followup_id and not f.correction_of_id}
            for reward in rewards:
                reward.feedback_id = feedback[reward.followup_id.id]
            rewards._tell()
        return created

    def write(self, vals):
        undecided = self.filtered(lambda f: f.suggestion_state not in ACCEPTED)
        result = super().write(vals)
        if vals.get("suggestion_state") in ACCEPTED and undecided:
            self._reward("suggestion", undecided._get_originals())._tell()
        return result

    @api.model
    def _reward(self, occasion, records):
        """Return new rewards for ``records``, follow-ups or feedback, by the rules of their companies.

        Made by the system: whoever answers, or accepts a suggestion, need not be allowed to issue a coupon.
        """
        records = records.with_user(SUPERUSER_ID).with_context(**QUIET_CARD)
        rewards = records.env["aftersale.reward"]
        for company, group in records.grouped("company_id").items():
            rule = records.env["aftersale.reward.rule"]._get_active(company, occasion)
            if rule:
                rewards |= rule._issue_isolated("_issue", group)
        return rewards

    def _anonymise(self):
        self.env["aftersale.reward"].sudo().search([("feedback_id", "in", self.ids)])._anonymise()
        return super()._anonymise()
