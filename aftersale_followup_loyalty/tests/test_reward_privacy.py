from odoo.tests import tagged

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestRewardPrivacy(RewardCase):
    def test_reward_forgets_its_customer_with_the_answer(self):
        reward = self._given(1)
        mails, card, code = self._mails(reward), reward.card_id, reward.code
        partner = reward.partner_id
        self.assertTrue(mails)
        erasure = self.env["aftersale.erasure"].sudo().create({"partner_ids": partner.ids, "reason": "Asked by phone"})
        erasure.action_erase()
        self.assertFalse(reward.partner_id or reward.feedback_id or reward.followup_id or reward.card_id or reward.code)
        self.assertFalse(mails.exists(), "the mail names the customer")
        self.assertEqual((card.code, card.partner_id.id), (code, False), "the coupon is good for whoever holds it")
        self.assertEqual((reward.state, reward.value), ("given", 10), "what was spent stays spent")

    def test_merged_contacts_share_one_reward(self):
        first, second = self._given(1), self._given(2)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((first.partner_id | second.partner_id).ids, first.partner_id)
        self.assertEqual(second.partner_id, first.partner_id)
        self.assertEqual(self._record(self._followup(partner=first.partner_id)).reason, "cap")
