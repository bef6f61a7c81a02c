from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCompensation(AftersaleCase):
    """Limits as delivered: agents 100, supervisors 1,000, a customer 2,000 in a year."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("aftersale_followup.group_manager").user_ids = cls.manager

    def _ask(self, user, amount, **values):
        issue = self._issue(user_id=self.agent.id, **values)
        issue.with_user(user).write({"compensation": amount, "compensation_kind": "discount"})
        return issue

    def _list(self, issue):
        return issue.activity_ids.filtered(
            lambda a: a.activity_type_id == self.env.ref("aftersale_followup.activity_type_compensation")
        ).user_id

    def test_each_role_grants_up_to_its_limit_and_asks_the_next_beyond(self):
        cases = [
            (self.agent, 100, "granted", self.env["res.users"]),
            (self.agent, 101, "requested", self.supervisor),
            (self.agent, 1001, "requested", self.manager),
            (self.supervisor, 1000, "granted", self.env["res.users"]),
            (self.supervisor, 1001, "requested", self.manager),
            (self.manager, 5000, "granted", self.env["res.users"]),
        ]
        for user, amount, state, asked in cases:
            with self.subTest(user=user.login, amount=amount):
                issue = self._ask(user, amount, partner_id=self.env["res.partner"].create({"name": "C"}).id)
                self.assertEqual((issue.compensation_state, self._list(issue)), (state, asked))

    def test_customer_gets_so_much_in_a_year_whoever_grants_it(self):
        first = self._ask(self.supervisor, 1000)
        self._ask(self.supervisor, 950)
        third = self._ask(self.agent, 60)
        self.assertEqual((third.compensation_state, self._list(third)), ("requested", self.manager))
        first.compensation_date = "2025-03-01 10:00:00"
        self.assertEqual(self._ask(self.agent, 60).compensation_state, "granted", "That was longer than a year ago.")

    def test_who_may_grant_it_approves_or_declines(self):
        issue = self._ask(self.agent, 500)
        with self.assertRaisesRegex(UserError, "above what you may grant"):
            issue.with_user(self.agent).action_approve()
        self.assertFalse(issue.with_user(self.agent).may_approve)
        self.assertTrue(issue.with_user(self.supervisor).may_approve)
        issue.with_user(self.supervisor).action_approve()
        self.assertEqual((issue.compensation_state, issue.compensation_user_id), ("granted", self.supervisor))
        self.assertFalse(self._list(issue), "What is decided is on nobody's list.")
        with self.assertRaisesRegex(UserError, "Nothing is to be approved"):
            issue.with_user(self.supervisor).action_decline()
        other = self._ask(self.agent, 500)
        other.with_user(self.supervisor).action_decline()
        self.assertEqual((other.compensation_state, other._get_granted()), ("declined", 500))

    def test_a_higher_amount_is_judged_anew(self):
        issue = self._ask(self.agent, 100)
        issue.with_user(self.agent).compensation = 300
        self.assertEqual(issue.compensation_state, "requested")
        issue.with_user(self.agent).compensation = 0
        self.assertFalse(issue.compensation_state or self._list(issue))

    def test_approval_is_not_written_by_hand(self):
        issue = self._ask(self.agent, 500)
        for values in ({"compensation_state": "granted"}, {"compensation_date": "2020-01-01 00:00:00"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                issue.with_user(self.manager).write(values)

    def test_merged_issues_grant_what_both_granted_once(self):
        one, two = self._ask(self.supervisor, 400), self._ask(self.supervisor, 100)
        two.with_user(self.supervisor)._merge_into(one.with_user(self.supervisor))
        self.assertEqual((one.compensation, one.compensation_state), (500, "granted"))
        self.assertEqual(self._issue()._get_granted(), 500)

    def test_nothing_is_taken_from_the_customer(self):
        issue = self._issue()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            issue.compensation = -5
            issue.flush_recordset()
