from odoo.fields import Command

from odoo.addons.aftersale_followup.tests.anonymous_common import AnonymousCase


class RewardCase(AnonymousCase):
    """A company that gives a coupon for each answer, within a budget of ten of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_reward_budget = 100
        cls.program = cls.env["loyalty.program"].create(
            {
                "name": "Thank you",
                "program_type": "coupons",
                "applies_on": "current",
                "trigger": "with_code",
                "company_id": False,
                "currency_id": cls.company.currency_id.id,
                "reward_ids": [Command.clear(), Command.create({"required_points": 2, "discount": 10})],
            }
        )
        cls.Rule = cls.env["aftersale.reward.rule"]
        cls.Reward = cls.env["aftersale.reward"]
        cls.rule = cls._rule(name="a coupon of 10 %", kind="coupon", program_id=cls.program.id)

    @classmethod
    def _rule(cls, **values):
        return cls.Rule.create({"company_id": cls.company.id, "occasion": "answer", "value": 10, **values})

    def _given(self, number, score=5, **values):
        """Let a customer of its own answer; return the reward."""
        followup = self._followup(partner=self._customer(number), **values)
        return self._record(followup, score)

    def _record(self, followup, score=5):
        followup._record_answers(self._read(self._form(score)), "customer")
        return self.Reward.search([("followup_id", "=", followup.id)])

    def _mails(self, rewards):
        domain = [("model", "=", "aftersale.reward"), ("res_id", "in", rewards.ids)]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    @property
    def budget_row(self):
        return self.env["aftersale.reward.budget"].search([("company_id", "=", self.company.id)], order="month desc")[
            :1
        ]
