from psycopg2.errors import CheckViolation

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestTagResponse(AftersaleCase):
    """A tag puts a to-do on its department at once and proposes a compensation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env.ref("aftersale_followup.tag_logistics_delay")
        cls.department = cls.env["hr.department"].create({"name": "Logistics", "company_id": cls.company.id})
        cls.head, cls.member = cls._employee("head"), cls._employee("member")
        cls.department.manager_id = cls.head.sudo().employee_id
        cls.tag.department_id = cls.department

    @classmethod
    def _employee(cls, name):
        user = cls._user(f"asf_{name}", "base.group_user")
        cls.env["hr.employee"].create(
            {"name": name, "user_id": user.id, "department_id": cls.department.id, "company_id": cls.company.id}
        )
        return user

    def _late(self, **values):
        return self._issue(
            **{"tag_ids": [Command.set(self.tag.ids)], "department_id": self.department.id, "title": "Late", **values}
        )

    def _told(self, issue):
        kind = self.env.ref("aftersale_followup.activity_type_department")
        return issue.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def test_as_delivered_late_goods_do_both(self):
        self.assertTrue(self.tag.tell_department)
        self.assertEqual((self.tag.proposal_kind, self.tag.proposal_amount), ("discount", 0))
        others = self.env["aftersale.tag"].search([("tell_department", "=", True), ("id", "!=", self.tag.id)])
        self.assertFalse(others)

    def test_answer_puts_it_on_the_department_at_once(self):
        chosen = {"tag_ids": [Command.set(self.tag.ids)], "is_tag_confirmed": True}
        issue = self._feedback(score=4, detail="Two days late", **chosen).issue_ids
        self.assertEqual(self._told(issue).user_id, self.head)
        self.assertIn("Two days late", self._told(issue).note)
        self.assertEqual(issue.department_id, self.department)
        self._feedback(self._planned(state="ready"), score=4, **chosen)
        self.assertEqual(len(self._told(issue)), 1, "Once for an issue.")

    def test_somebody_of_the_department_who_sees_it_else_the_supervisor(self):
        self.department.manager_id = False
        self.assertIn(self._told(self._late()).user_id, self.head | self.member)
        self.assertEqual(self._told(self._late(department_id=False)).user_id, self.supervisor, "They would not see it.")
        self.tag.department_id = False
        self.assertIn(self._told(self._late()).user_id, self.head | self.member, "Without one, the issue's.")
        self.assertEqual(self._told(self._late(department_id=False)).user_id, self.supervisor)

    def test_tag_that_comes_later_and_tags_that_tell_nobody(self):
        issue = self._issue(department_id=self.department.id)
        self.assertFalse(self._told(issue))
        issue.with_user(self.supervisor).tag_ids = [Command.link(self.tag.id)]
        self.assertEqual(self._told(issue).user_id, self.head)
        issue.with_user(self.supervisor).tag_ids = [Command.link(self.env.ref("aftersale_followup.tag_price").id)]
        self.assertEqual(len(self._told(issue)), 1)
        self.tag.tell_department = False
        self.assertFalse(self._told(self._late()))

    def test_ended_issue_waits_for_nobody(self):
        issue = self._late()
        issue.write({"cancel_reason": "Entered twice", "state": "cancelled"})
        self.assertFalse(self._told(issue))

    def test_proposal_is_taken_over_within_the_limits(self):
        issue = self._late(user_id=self.agent.id).with_user(self.agent)
        self.assertEqual(issue.compensation_proposal, "Discount")
        issue.action_take_proposal()
        self.assertEqual(
            (issue.compensation_kind, issue.compensation, issue.compensation_state), ("discount", 0, False)
        )
        self.assertFalse(issue.compensation_proposal)
        for amount, state in ((50, "granted"), (500, "requested")):
            self.tag.proposal_amount = amount
            partner = self.env["res.partner"].create({"name": "C"})
            issue = self._late(user_id=self.agent.id, partner_id=partner.id).with_user(self.agent)
            self.assertIn(f"{amount}.00", issue.compensation_proposal)
            self.assertFalse(issue.compensation_state, "Proposed is not granted.")
            issue.action_take_proposal()
            self.assertEqual((issue.compensation, issue.compensation_state), (amount, state))
            issue.action_take_proposal()
            self.assertEqual(issue.compensation, amount)

    def test_what_was_entered_stands_before_the_proposal(self):
        issue = self._late(compensation_kind="gift")
        issue.action_take_proposal()
        self.assertEqual(issue.compensation_kind, "gift")
        self.assertFalse(self._issue().compensation_proposal)

    @mute_logger("odoo.sql_db")
    def test_nothing_is_taken_from_the_customer(self):
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.tag.proposal_amount = -1
            self.tag.flush_recordset()
