from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestAnonymousReward(RewardCase):
    """Who answers without a name gets a code on the page, and nothing in the database leads from one to the other."""

    def _rewards(self):
        return self.Reward.search([("is_anonymous", "=", True)])

    def test_the_code_is_shown_to_this_page_only(self):
        followup = self._answer(1)
        shown = followup._get_reward_values()
        self.assertEqual(shown["code"], self._rewards().code)
        self.assertEqual(self._rewards().card_id.code, shown["code"])
        self.env.cr.postcommit.clear()  # what the end of the request does
        self.assertEqual(followup._get_reward_values(), {}, "opened again, nobody knows which code it was")

    def test_nothing_leads_to_the_customer(self):
        self._answer(8)  # the budget of the month, which is written with every reward, is there already
        places = self._places()
        followup = self._answer(1)
        reward = self._rewards()[:1]
        self.assertFalse(reward.followup_id or reward.feedback_id or reward.partner_id or reward.card_id.partner_id)
        written = [row for table, row in self._written_since(places) if "loyalty" in table or "reward" in table]
        self.assertGreaterEqual(len(written), 4, "reward, coupon, its history, budget")
        identity = {followup.partner_id.email, followup.access_token, followup.partner_id.name, followup.origin}
        for row in written:
            self.assertFalse([text for text in identity if text in str(row)])
        self.assertEqual(
            self.env["mail.message"].search_count([("model", "in", ("aftersale.reward", "loyalty.card"))]), 0
        )

    def test_no_time_is_finer_than_the_day_and_there_is_no_author(self):
        places = self._places()
        self._answer(1)
        system = self.env.ref("base.user_root").id
        for table, row in self._written_since(places):
            if "reward" not in table and "loyalty" not in table:
                continue
            for name in ("create_date", "write_date"):
                self.assertRegex(row.get(name) or "T00:00:00", r"T00:00:00$", f"{table}.{name}")
            self.assertIn(row.get("create_uid"), (system, None), table)

    def test_one_per_customer_holds_without_knowing_who_got_what(self):
        partner = self._customer(1)
        first = self._followup(partner=partner)
        first._seal_answers(self._read(self._form(5)))
        self.assertEqual(len(self._rewards()), 1)
        second = self._followup(partner=partner)
        second._seal_answers(self._read(self._form(5)))
        self.assertEqual(len(self._rewards()), 1)
        named = self._record(self._followup(partner=partner))
        self.assertEqual(named.reason, "cap")

    def test_an_anonymous_answer_of_before_the_rule_costs_nobody_a_reward(self):
        followup = self._answer(1)
        followup.date_done = fields.Datetime.now() - timedelta(days=20)
        self.assertEqual(self._record(self._followup(partner=followup.partner_id)).state, "given")

    def test_budget_holds_for_anonymous_answers(self):
        self.company.aftersale_reward_budget = 15
        self._answer(1)
        self.env.cr.postcommit.clear()
        second = self._answer(2)
        self.assertEqual(second._get_reward_values(), {})
        self.assertEqual((len(self._rewards()), self.budget_row.spent), (1, 10))

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_a_link(self):
        followup = self._answer(1)
        for link in ({"partner_id": followup.partner_id.id}, {"followup_id": followup.id}):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self._rewards().write(link)
                self.env.flush_all()

    def test_anonymous_gift_waits_for_whoever_shows_the_code(self):
        self.rule.write({"kind": "gift", "program_id": False})
        self._answer(1)
        reward = self._rewards()
        self.assertEqual(reward.state, "open")
        self.assertFalse(reward.activity_ids)
        reward.with_user(self.agent).action_hand_over()
        self.assertEqual(reward.state, "given")
