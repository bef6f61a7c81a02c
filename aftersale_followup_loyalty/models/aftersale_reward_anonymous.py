from datetime import datetime, time

from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain

from .loyalty_card import QUIET_CARD

SHOWN = "aftersale_reward"


class AftersaleReward(models.Model):
    """The reward for an anonymous answer: a code on the page, and nothing that tells whose it is.

    No follow-up, answer or customer, no author, and no time finer than the day on reward, coupon and its history. Who
    answered anonymously on a day is known from the follow-ups; who uses the code later tells no more than that.
    """

    _inherit = "aftersale.reward"

    @api.model
    def _issue_anonymous(self, followup):
        """Make the reward for an anonymous answer to ``followup``, for its page alone."""
        rule = self.env["aftersale.reward.rule"].with_user(SUPERUSER_ID)._get_active(followup.company_id, "answer")
        if rule:
            self._show(rule.with_context(**QUIET_CARD)._issue_isolated("_issue_unseen", followup))

    def _show(self, reward):
        """Leave the reward for the page of this very request: kept with its transaction, and written nowhere."""
        self.env.cr.postcommit.data[SHOWN] = reward

    @api.model
    def _get_shown(self):
        """Return the reward that was made for this very request."""
        return self.env.cr.postcommit.data.get(SHOWN, self.browse())

    @api.model
    def _get_served_unseen(self, company, customers, since):
        """Return the ids of the commercial entities that answered anonymously while answers were rewarded.

        What they got is not known, so whoever answered like this had a reward.
        """
        rule = self.env["aftersale.reward.rule"]._get_active(company, "answer")
        if not rule:
            return set()
        start = max(company._aftersale_moment(since), rule.create_date.replace(hour=0, minute=0, second=0))
        answered = self.env["aftersale.followup"].search(
            Domain("is_anonymous", "=", True)
            & Domain("company_id", "=", company.id)
            & Domain("date_done", ">=", start)
            & Domain("commercial_partner_id", "in", customers.ids)
            & Domain("id", "!=", self.env.context.get("aftersale_answering", False))
        )
        return set(answered.commercial_partner_id.ids)


class AftersaleRewardRule(models.Model):
    _inherit = "aftersale.reward.rule"

    def _issue_unseen(self, followup):
        """Return the reward for an anonymous answer, none where a known customer would get none."""
        self.ensure_one()
        Reward = self.env["aftersale.reward"].with_context(aftersale_answering=followup.id)
        budget = self.env["aftersale.reward.budget"]._lock(self.company_id)
        customer = followup.partner_id.commercial_partner_id
        if self._get_cost() > budget._get_left() or Reward._get_served(self.company_id, customer):
            return Reward
        reward = Reward.create({**self._prepare_reward(), "is_anonymous": True})
        budget._spend(reward.value)
        reward._make_cards()
        self._blur_reward(reward)
        return reward

    def _blur_reward(self, reward):
        """Set the times Odoo notes by itself to the start of the day."""
        company = self.company_id
        day = company._aftersale_today()
        # As the follow-up is: the start of the day in UTC, or in the company's zone where that is later.
        moment = max(datetime.combine(day, time()), company._aftersale_moment(day))
        blur = self.env["aftersale.followup"]._blur
        for records in (reward, reward.card_id, reward.card_id.history_ids):
            if records:
                blur(records, ["create_date", "write_date"], moment)
