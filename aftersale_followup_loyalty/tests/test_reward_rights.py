from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestRewardRights(RewardCase):
    MODELS = ("aftersale.reward", "aftersale.reward.rule", "aftersale.reward.budget", "aftersale.reward.draw")

    def test_who_may_do_what(self):
        self._given(1)
        rows = {
            "aftersale.reward": self.Reward.search([]),
            "aftersale.reward.rule": self.rule,
            "aftersale.reward.budget": self.budget_row,
            "aftersale.reward.draw": self.env["aftersale.reward.draw"],
        }
        employee = self._user("asf_employee", "base.group_user")
        allowed = {
            (self.agent, "aftersale.reward"): {"read"},
            (self.agent, "aftersale.reward.rule"): {"read"},
            (self.supervisor, "aftersale.reward"): {"read"},
            (self.supervisor, "aftersale.reward.rule"): {"read"},
            (self.supervisor, "aftersale.reward.draw"): {"read"},
            (self.manager, "aftersale.reward"): {"read"},
            (self.manager, "aftersale.reward.rule"): {"read", "write", "create", "unlink"},
            (self.manager, "aftersale.reward.budget"): {"read"},
            (self.manager, "aftersale.reward.draw"): {"read", "write", "create", "unlink"},
        }
        for user in (employee, self.agent, self.supervisor, self.manager):
            for model in self.MODELS:
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(user=user.login, model=model, operation=operation):
                        may = rows[model].with_user(user).has_access(operation)
                        self.assertEqual(may, operation in allowed.get((user, model), set()))

    def test_rewards_stand_in_the_customer_s_timeline(self):
        mine, other = self._given(1), self._given(2, user_id=self.agent_2.id)
        self._answer(3)
        rows = self.env["aftersale.timeline"].with_user(self.agent).search([("kind", "=", "reward")])
        self.assertEqual([row._get_record()[1] for row in rows], [mine], "Neither another's nor an anonymous one")
        rows = self.env["aftersale.timeline"].with_user(self.manager).search([("kind", "=", "reward")])
        self.assertEqual({row._get_record()[1] for row in rows}, set(mine | other))
        self.assertEqual(rows[0].action_open()["res_model"], "aftersale.reward")

    def test_agents_see_their_own_and_codes_of_nobody(self):
        mine, other = self._given(1), self._given(2, user_id=self.agent_2.id)
        self._answer(3)
        anonymous = self.Reward.search([("is_anonymous", "=", True)])
        self.assertEqual(self.Reward.with_user(self.agent).search([]), mine | anonymous)
        with self.assertRaises(AccessError):
            other.with_user(self.agent).action_hand_over()
        self.assertEqual(self.Reward.with_user(self.supervisor).search([]), mine | other | anonymous)

    def test_accepting_needs_no_right_to_issue(self):
        self.rule.write({"occasion": "suggestion"})
        wish = self._feedback(
            followup=self._followup(partner=self._customer(1)), score=2, suggestion="A faster courier"
        )
        self.supervisor.group_ids -= self.env.ref("sales_team.group_sale_manager")
        wish.with_user(self.supervisor).suggestion_state = "accepted"
        self.assertTrue(self.Reward.search([]).card_id)

    def test_managers_set_the_budget_without_being_administrators(self):
        company = self.company.with_user(self.manager)
        company.write({"aftersale_reward_budget": 42, "aftersale_reward_days": 30})
        self.assertEqual((self.company.aftersale_reward_budget, self.company.aftersale_reward_days), (42, 30))
        with self.assertRaises(AccessError):
            self.company.with_user(self.supervisor).aftersale_reward_budget = 1
