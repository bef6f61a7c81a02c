from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RewardCase


@tagged("post_install", "-at_install")
class TestCompensationCoupon(RewardCase):
    """A compensation of the kind coupon is a coupon of the program in the settings, once, told to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gift_cards = cls.env["loyalty.program"].create(
            {
                "name": "Making up",
                "program_type": "gift_card",
                "applies_on": "future",
                "trigger": "auto",
                "company_id": False,
                "currency_id": cls.company.currency_id.id,
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount_mode": "per_point",
                            "discount": 1,
                            "discount_applicability": "order",
                            "required_points": 1,
                        }
                    ),
                ],
            }
        )
        cls.company.aftersale_compensation_program_id = cls.gift_cards

    def _granted(self, amount=40, user=None, **values):
        issue = self._issue(user_id=self.agent.id, **values)
        issue.with_user(user or self.agent).write({"compensation": amount, "compensation_kind": "coupon"})
        return issue

    def _told(self, cards):
        domain = [("model", "=", "loyalty.card"), ("res_id", "in", cards.ids)]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def test_granted_coupon_is_worth_its_amount(self):
        issue = self._granted(40)
        card = issue._get_coupons()
        self.assertEqual((card.program_id, card.points, card.partner_id), (self.gift_cards, 40, self.partner))
        self.assertEqual(card.history_ids.mapped("issued"), [40])
        self.assertEqual((card.expiration_date - self.company._aftersale_today()).days, 180)
        self.assertEqual(issue.with_user(self.agent).coupon_code, card.code)
        order = self._order(products=self._product("Boiler"), quantity=10, confirm=False)
        order.order_line.tax_ids = False
        [(coupon, rewards)] = order._try_apply_code(card.code).items()
        order._apply_program_reward(rewards[:1], coupon)
        self.assertEqual(order.amount_total, 60)

    def test_single_coupon_is_good_for_one_use(self):
        self.company.aftersale_compensation_program_id = self.program
        self.assertEqual(self._granted(40)._get_coupons().points, 2)

    def test_only_what_is_granted_and_a_coupon(self):
        issue = self._granted(500)
        self.assertEqual(issue.compensation_state, "requested")
        self.assertFalse(issue._get_coupons())
        issue.with_user(self.supervisor).action_approve()
        self.assertEqual(issue._get_coupons().points, 500)
        declined = self._granted(500)
        declined.with_user(self.supervisor).action_decline()
        other = self._issue(user_id=self.agent.id)
        other.with_user(self.agent).write({"compensation": 10, "compensation_kind": "discount"})
        self.assertFalse((declined | other)._get_coupons())
        other.with_user(self.agent).compensation_kind = "coupon"
        self.assertEqual(other._get_coupons().points, 10, "The kind may be chosen last.")

    def test_never_twice(self):
        issue = self._granted(40)
        card = issue._get_coupons()
        issue.sudo()._decide_compensation("granted")
        self.assertEqual(issue._get_coupons(), card)
        self.assertEqual(len(self._told(card)), 1)
        for values in ({"compensation": 60}, {"compensation_kind": "discount"}, {"compensation": 0}):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, "stays as it is"):
                issue.with_user(self.manager).write(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            card.copy({"aftersale_issue_id": issue.id, "code": "another"})

    def test_merged_issue_gave_its_coupon_already(self):
        one, other = self._granted(40), self._granted(30)
        target = self._issue(user_id=self.agent.id)
        one._merge_into(target)
        self.assertEqual((target.compensation, target.compensation_kind), (40, "coupon"))
        self.assertFalse(target._get_coupons())
        other._merge_into(target)
        self.assertEqual(target.compensation, 70)
        self.assertFalse(target._get_coupons())

    def test_coupon_asked_for_is_decided_before_the_merge(self):
        """Else it would be lost: the issue that goes on gave its one coupon already."""
        given, asked = self._granted(40), self._granted(500)
        self.assertEqual(asked.compensation_state, "requested")
        for merged, target in ((asked, given), (given, asked)):
            with self.assertRaisesRegex(UserError, "before merging"):
                merged.with_user(self.supervisor)._merge_into(target)
        asked.with_user(self.supervisor).action_approve()
        asked.with_user(self.supervisor)._merge_into(given)
        self.assertEqual(given.compensation, 540)
        self.assertEqual((given | asked)._get_coupons().mapped("points"), [40, 500])

    def test_what_merged_issues_gave_is_not_given_again_nor_changed(self):
        """Through every merge on the way."""
        first, second, last = self._granted(40), self._issue(user_id=self.agent.id), self._issue(user_id=self.agent.id)
        first._merge_into(second)
        second._merge_into(last)
        self.assertEqual((last.compensation, last.compensation_state), (40, "granted"))
        self.assertFalse((second | last)._get_coupons())
        with self.assertRaisesRegex(UserError, "stays as it is"):
            last.with_user(self.agent).compensation = 60

    def test_no_program_is_said(self):
        self.company.aftersale_compensation_program_id = False
        with self.assertRaisesRegex(UserError, "chooses the program"):
            self._granted(40)
        requested = self._granted(500)
        with self.assertRaisesRegex(UserError, "chooses the program"):
            requested.with_user(self.supervisor).action_approve()

    def test_program_has_to_fit(self):
        promotion = self.program.copy({"name": "Summer", "program_type": "promotion"})
        with self.assertRaisesRegex(ValidationError, "does not fit"):
            self.company.aftersale_compensation_program_id = promotion
        foreign = self.gift_cards.copy(
            {"company_id": self.env["res.company"].create({"name": "Elsewhere"}).id, "name": "Foreign"}
        )
        with self.assertRaisesRegex(ValidationError, "does not fit"):
            self.company.aftersale_compensation_program_id = foreign
        empty = self.env["loyalty.program"].create(
            {
                "name": "Empty",
                "program_type": "coupons",
                "currency_id": self.company.currency_id.id,
                "company_id": False,
            }
        )
        with self.assertRaisesRegex(ValidationError, "would buy nothing"):
            self.company.aftersale_compensation_program_id = empty

    def test_manager_sets_it(self):
        company = self.company.with_user(self.manager)
        company.write({"aftersale_compensation_days": 30})
        self.assertEqual(self.company.aftersale_compensation_days, 30)
        with self.assertRaises(AccessError):
            self.company.with_user(self.supervisor).aftersale_compensation_days = 1

    # -- telling -------------------------------------------------------------------

    def test_customer_is_told_by_mail(self):
        issue = self._granted(40)
        mail = self._told(issue._get_coupons())
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.recipient_ids, self.partner)
        for words in (issue._get_coupons().code, "The lid leaks", issue.name, self.company.name):
            self.assertIn(words, mail.body_html)
        self.assertFalse(issue.message_ids.filtered(lambda m: issue.coupon_code in m.body), "not for every reader")

    def test_mail_of_the_coupon_counts_in_the_mail_budget(self):
        """Never more mails in an hour than the company's budget: a coupon waits like any message to customers."""
        self.company.aftersale_mail_hour = 1
        mails = self._told(self._granted(40)._get_coupons()) | self._told(self._granted(30)._get_coupons())
        mails.send()
        self.assertEqual(len(mails.filtered("scheduled_date")), 1, "One waits for the next hour.")

    def test_agent_tells_who_may_not_be_written_to(self):
        self.env["aftersale.optout"].sudo().create(
            {"key": self.partner.email_normalized, "partner_id": self.partner.id, "source": "staff"}
        )
        issue = self._granted(40)
        self.assertTrue(issue._get_coupons())
        self.assertFalse(self._told(issue._get_coupons()))
        self.assertIn("code of the coupon", issue.activity_ids.summary)
        self.assertEqual(issue.activity_ids.user_id, self.agent)
        silent = self._granted(40, partner_id=self.env["res.partner"].create({"name": "No address"}).id)
        self.assertTrue(silent.activity_ids)

    def test_departments_do_not_see_the_code(self):
        issue = self._granted(40)
        employee = self._user("asf_employee", "base.group_user")
        with self.assertRaises(AccessError):
            issue.with_user(employee).read(["coupon_code"])
        self.assertNotIn("coupon_code", issue.with_user(employee).get_view(False, "form")["arch"])

    def test_erasure_leaves_a_coupon_of_nobody(self):
        issue = self._granted(40)
        card, code = issue._get_coupons(), issue.coupon_code
        mails = self._told(card)
        issue._anonymise()
        self.assertFalse(card.partner_id or card.aftersale_issue_id or mails.exists())
        self.assertEqual((card.code, card.points), (code, 40))
