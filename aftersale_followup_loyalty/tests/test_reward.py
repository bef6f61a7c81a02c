from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RewardCase

RULE = "odoo.addons.aftersale_followup_loyalty.models.aftersale_reward_rule"


@tagged("post_install", "-at_install")
class TestReward(RewardCase):
    def test_every_score_brings_the_same(self):
        rewards = self.Reward.union(*(self._given(score, score=score) for score in (1, 2, 3, 4, 5)))
        self.assertEqual(rewards.mapped("state"), ["given"] * 5)
        seen = {(r.value, r.rule_id, r.kind, r.date_valid, r.card_id.points, r.card_id.program_id) for r in rewards}
        self.assertEqual(len(seen), 1)
        self.assertEqual(rewards.card_id.mapped("points"), [2] * 5, "enough for one use")
        self.assertEqual(len(set(rewards.mapped("code"))), 5)
        self.assertEqual(sorted(rewards.feedback_id.mapped("score")), [1, 2, 3, 4, 5])

    def test_it_is_issued_before_there_is_an_answer_to_read(self):
        issue, seen = type(self.Rule)._issue, []

        def watched(rule, records):
            seen.append(
                (records._name, rule.env["aftersale.feedback"].search_count([("followup_id", "in", records.ids)]))
            )
            return issue(rule, records)

        with patch.object(type(self.Rule), "_issue", watched):
            self._given(1, score=1)
        self.assertEqual(seen, [("aftersale.followup", 0)])

    def test_code_buys_something(self):
        product = self._product("Filter")
        code = self._given(1).code
        order = self._order(partner=self._customer(2), products=product, confirm=False)
        found = order._try_apply_code(code)
        self.assertNotIn("error", found)
        [(coupon, rewards)] = found.items()
        self.assertEqual(coupon.code, code)
        self.assertNotIn("error", order._apply_program_reward(rewards[:1], coupon))
        self.assertLess(order.amount_untaxed, 10)

    def test_one_per_customer_and_period(self):
        first = self._given(1)
        partner = first.partner_id
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": partner.id})
        second = self._record(self._followup(partner=colleague))
        self.assertEqual((second.state, second.reason, second.value), ("withheld", "cap", 0))
        self.assertFalse(second.card_id or second.code)
        first.date -= timedelta(days=90)
        third = self._record(self._followup(partner=partner))
        self.assertEqual(third.state, "given")

    def test_budget_of_the_month_is_never_exceeded(self):
        self.company.aftersale_reward_budget = 25
        rewards = self.Reward.union(*(self._given(number) for number in range(4)))
        self.assertEqual(rewards.sorted("id").mapped("state"), ["given", "given", "withheld", "withheld"])
        self.assertEqual(rewards.sorted("id").mapped("reason"), [False, False, "budget", "budget"])
        self.assertEqual((self.budget_row.spent, self.budget_row.left), (20, 5))
        self.budget_row.sudo().month -= timedelta(days=31)
        self.assertEqual(self._given(9).state, "given", "A new month, a new budget")

    def test_one_batch_counts_itself(self):
        self.company.aftersale_reward_budget = 25
        partner = self._customer(1)
        followups = self.followup.union(*(self._followup(partner=p) for p in (partner, partner, self._customer(2))))
        followups |= self._followup(partner=self._customer(3))
        vals = [{"followup_id": f.id, "source": "customer", "score": 3} for f in followups - self.followup]
        self.env["aftersale.feedback"].create(vals)
        rewards = self.Reward.search([("followup_id", "in", followups.ids)], order="id")
        self.assertEqual([r.reason for r in rewards], [False, "cap", False, "budget"])

    def test_no_budget_no_reward(self):
        self.company.aftersale_reward_budget = 0
        self.assertFalse(self._given(1))
        self.assertFalse(self.budget_row)

    def test_another_company_has_its_own_rule(self):
        self.rule.company_id = self.env["res.company"].create({"name": "Elsewhere", "aftersale_reward_budget": 100})
        self.assertFalse(self._given(1))

    @mute_logger("odoo.sql_db")
    def test_once_for_each_occasion(self):
        reward = self._given(1)
        self.assertFalse(self.rule._issue(reward.followup_id), "asked again, nothing more is given")
        vals = self.rule._prepare_reward() | {"followup_id": reward.followup_id.id, "partner_id": reward.partner_id.id}
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.Reward.create(vals)
        self.env["aftersale.feedback"].create(
            {
                "followup_id": reward.followup_id.id,
                "correction_of_id": reward.feedback_id.id,
                "correction_reason": "Misheard",
                "score": 1,
            }
        )
        self.assertEqual(self.Reward.search_count([("followup_id", "=", reward.followup_id.id)]), 1)
        with self.assertRaisesRegex(UserError, "kept"):
            reward.unlink()

    def test_a_broken_rule_stops_no_answer(self):
        with patch.object(type(self.Reward), "_make_cards", side_effect=ValueError("no such card")), mute_logger(RULE):
            self.assertFalse(self._given(1))
        self.assertTrue(self.env["aftersale.feedback"].search([("contact_name", "=", "Customer 1")]))
        self.assertEqual(self.rule.error_message, "no such card")
        self.assertFalse(self.budget_row.spent, "what was not given was not spent")

    def test_coupon_goes_by_mail_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.rule.with_context(lang="zh_CN").name = "九折优惠券"
        template = self.env.ref("aftersale_followup_loyalty.mail_template_coupon_answer")
        template.with_context(lang="zh_CN").subject = "感谢您参与回访"
        reward = self._given(1, score=1, lang="zh_CN")
        mail = self._mails(reward)
        self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", reward.partner_id))
        self.assertEqual(mail.subject, "感谢您参与回访")
        self.assertIn("九折优惠券", mail.body_html)
        self.assertIn(reward.code, mail.body_html)
        self.assertIn(reward.followup_id._get_optout_link(), mail.headers)
        self.assertFalse(reward.activity_ids)
        self.assertNotIn(reward.followup_id.sudo().access_token, mail.body_html)
        uncounted = mail._aftersale_find_uncounted(fields.Datetime.now())
        self.assertEqual(uncounted, {reward.company_id: mail}, "It counts in the mail budget.")

    def test_without_an_address_an_agent_tells_the_code(self):
        partner = self.env["res.partner"].create({"name": "By Phone", "phone": "+8613800005678"})
        reward = self._record(self._followup(partner=partner))
        self.assertFalse(self._mails(reward))
        todo = reward.activity_ids
        self.assertEqual((todo.user_id, todo.summary), (self.agent, "Hand over a reward"))
        self.assertEqual(todo.date_deadline, self.company._aftersale_add_workdays(reward.date, 5))
        self.assertIn(reward.code, todo.note)
        self.assertIn("to this customer alone", todo.note, "whoever knows a code can use it")
        self.assertEqual(todo.with_user(self.agent).read(["note"])[0]["note"], todo.note)

    def test_to_do_goes_to_somebody_who_sees_the_reward(self):
        """An agent who left, or a leader of what is not theirs any more, would let it lie."""
        partner = self.env["res.partner"].create({"name": "By Phone", "phone": "+8613800005678"})
        reward = self._record(self._followup(partner=partner))
        self.agent.active = False
        self.assertEqual(reward._get_agent(), self.supervisor, "who leads the team")
        self.supervisor.group_ids = self.env.ref("base.group_user")
        managers = self.company._aftersale_managers()
        self.assertIn(self.manager, managers)
        self.assertIn(reward._get_agent(), managers)

    def test_who_opted_out_is_not_written_to(self):
        followup = self._followup(partner=self._customer(1))
        self.env["aftersale.optout"].sudo().create(
            {"key": "customer1@example.com", "partner_id": followup.partner_id.id, "source": "staff"}
        )
        reward = self._record(followup)
        self.assertEqual(reward.state, "given")
        self.assertFalse(self._mails(reward) or reward.activity_ids)

    def test_gift_is_handed_over(self):
        self.rule.write({"kind": "gift", "name": "a tea towel", "program_id": False})
        reward = self._given(1)
        self.assertEqual((reward.state, reward.card_id.id), ("open", False))
        self.assertEqual(reward.activity_ids.user_id, self.agent)
        self.assertIn("a tea towel", reward.activity_ids.note)
        reward.with_user(self.agent).action_hand_over()
        self.assertEqual((reward.state, reward.handed_by_id), ("given", self.agent))
        self.assertFalse(reward.activity_ids)
        with self.assertRaisesRegex(UserError, "still to be handed over"):
            reward.action_hand_over()

    def test_accepted_suggestion_is_rewarded_once(self):
        self.rule.active = False
        self._rule(name="a tea towel", kind="gift", occasion="suggestion")
        wish = self._feedback(
            followup=self._followup(partner=self._customer(1)), score=1, suggestion="A faster courier"
        )
        self.assertFalse(self.Reward.search([]), "only said, not accepted")
        wish.with_user(self.supervisor).suggestion_state = "accepted"
        reward = self.Reward.search([])
        self.assertEqual((reward.feedback_id, reward.occasion, reward.state), (wish, "suggestion", "open"))
        wish.with_user(self.supervisor).suggestion_state = "adopted"
        self.assertEqual(self.Reward.search([]), reward)

    def test_correction_of_a_suggestion_brings_no_second_reward(self):
        self.rule.active = False
        self._rule(name="a tea towel", kind="gift", occasion="suggestion")
        wish = self._feedback(
            followup=self._followup(partner=self._customer(1)), score=4, suggestion="A faster courier"
        )
        wish.suggestion_state = "accepted"
        self.Reward.search([]).date -= timedelta(days=400)
        better = self._feedback(
            followup=wish.followup_id, correction_of_id=wish.id, score=4, suggestion="A faster courier in summer"
        )
        better.suggestion_state = "accepted"
        self.assertEqual(self.Reward.search([]).feedback_id, wish)

    def test_declined_suggestion_that_is_accepted_later(self):
        self.rule.active = False
        self._rule(name="a tea towel", kind="gift", occasion="suggestion")
        wish = self._feedback(
            followup=self._followup(partner=self._customer(1)), score=4, suggestion="A faster courier"
        )
        wish.write({"suggestion_state": "rejected", "suggestion_answer": "None serves your area"})
        self.assertFalse(self.Reward.search([]))
        wish.suggestion_state = "adopted"
        self.assertEqual(self.Reward.search([]).feedback_id, wish)

    @mute_logger("odoo.sql_db")
    def test_rules_that_make_no_sense_are_refused(self):
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self._rule(name="another one", kind="gift")
        for wrong in ({"value": 0}, {"program_id": False}, {"valid_days": 0}):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.rule.write(wrong)
                self.rule.flush_recordset()
        promotion = self.env["loyalty.program"].create(
            {
                "name": "Summer",
                "program_type": "promotion",
                "currency_id": self.company.currency_id.id,
                "company_id": False,
            }
        )
        with self.assertRaisesRegex(ValidationError, "single coupons"):
            self.rule.program_id = promotion
        with self.assertRaisesRegex(ValidationError, "would buy nothing"):
            self.rule.program_id = self.env["loyalty.program"].create(
                {
                    "name": "Empty",
                    "program_type": "coupons",
                    "currency_id": self.company.currency_id.id,
                    "company_id": False,
                }
            )
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.company.aftersale_reward_days = 0
            self.company.flush_recordset()
