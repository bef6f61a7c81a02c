from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .capture_common import CaptureCase


class RightsCase(CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._user("asf_stranger", "aftersale_followup.group_supervisor")
        cls.env["crm.team"].create({"name": "Elsewhere", "user_id": cls.stranger.id, "company_id": cls.company.id})
        cls.employee = cls._user("asf_employee", "base.group_user")
        cls.hazard = cls.env.ref("aftersale_followup.tag_safety_hazard")


@tagged("post_install", "-at_install")
class TestAnswerRights(RightsCase):
    def _seen(self, user):
        """Return how many of the answers the user finds, and the words among them."""
        answers = self.followup.user_input_id
        inputs = self.env["survey.user_input"].with_user(user).search_count([("id", "in", answers.ids)])
        texts = [("user_input_id", "in", answers.ids), ("value_text_box", "!=", False)]
        return [inputs, self.env["survey.user_input.line"].with_user(user).search(texts).mapped("value_text_box")]

    def test_answers_are_as_visible_as_their_follow_up(self):
        company = self.env["res.company"].create({"name": "Other company"})
        outside = self._user("asf_outside", "aftersale_followup.group_manager")
        outside.write({"company_ids": [Command.set(company.ids)], "company_id": company.id})
        self.followup._record_answers(self._read(self._form(2, detail="It burned")), "customer")
        seen, nothing = [1, ["It burned"]], [0, []]
        for user, expected in (
            (self.supervisor, seen),
            (self.manager, seen),
            (self.stranger, nothing),
            (outside, nothing),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(self._seen(user), expected)
        line = self.followup.user_input_id.user_input_line_ids
        self.assertFalse(line.with_user(outside).has_access("read"))
        self.company.aftersale_all_teams = True
        self.assertEqual(self._seen(self.stranger), seen)
        self.assertEqual(self._seen(outside), nothing)
        self.company.aftersale_all_teams = False
        self.followup.team_id = False
        self.assertEqual(self._seen(self.stranger), seen)

    def test_messages_are_for_the_supervisors_who_see_the_follow_up(self):
        message = self.followup.message_post(body="https://example.com/aftersale/link")
        readers = self.supervisor | self.manager
        for user in readers | self.stranger | self.agent:
            with self.subTest(user=user.login):
                self.assertEqual(message.with_user(user).has_access("read"), user in readers)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIssueRights(RightsCase):
    def test_nobody_deletes_issues_or_measures(self):
        issue = self._feedback(self.followup, score=1).issue_ids
        measure = self.env["aftersale.action"].create({"name": "Test each lid"})
        for record in (issue, measure):
            with self.subTest(model=record._name):
                with self.assertRaises(AccessError):
                    record.with_user(self.manager).unlink()
                with self.assertRaisesRegex(UserError, "Cancel it with a reason"):
                    record.unlink()

    def test_each_role_writes_its_part_of_an_issue(self):
        supervisors = {
            "kind": "problem",
            "title": "Nothing",
            "department_id": False,
            "order_id": False,
            "product_id": False,
            "lot_ids": [Command.clear()],
            "action_ids": [Command.clear()],
            "priority": "0",
            "team_id": False,
            "resolution_deadline": "2026-04-01",
            "cancel_reason": "No time",
        }
        agents = {"promised_date": "2026-03-05", "compensation": 5, "tag_ids": [Command.clear()]}
        own = {"root_cause": "Worn seal", "solution": "Seal replaced"}
        allowed = {
            self.employee: own,
            self.agent: own | agents,
            self.supervisor: own | agents | supervisors,
        }
        # who may read lots at all
        self.supervisor.group_ids = [Command.link(self.env.ref("stock.group_stock_user").id)]
        for user, mine in allowed.items():
            issue = self._issue(user_id=user.id).with_user(user)
            for name, value in (own | agents | supervisors).items():
                with self.subTest(user=user.login, field=name):
                    if name in mine:
                        issue.write({name: value})
                    else:
                        with self.assertRaises(AccessError):
                            issue.write({name: value})

    def test_only_a_supervisor_says_that_it_is_no_hazard(self):
        fault = self.env.ref("aftersale_followup.tag_functional_defect")
        issue = self._issue(user_id=self.agent.id, tag_ids=[Command.set((fault | self.hazard).ids)])
        mine = issue.with_user(self.agent)
        for commands in (
            [Command.clear()],
            [Command.set(fault.ids)],
            [Command.unlink(self.hazard.id)],
            [Command.link(fault.id), Command.unlink(self.hazard.id)],
        ):
            with self.subTest(commands=commands), self.assertRaisesRegex(AccessError, "safety hazard"):
                mine.write({"tag_ids": commands})
        mine.write({"tag_ids": [Command.unlink(fault.id)]})
        self.assertEqual(issue.tag_ids, self.hazard)
        issue.with_user(self.supervisor).tag_ids = fault
        self.assertEqual(issue.tag_ids, fault)

    def test_only_a_supervisor_takes_an_issue_up_again(self):
        for user in (self.employee, self.agent):
            issue = self._issue(user_id=user.id).with_user(user)
            issue.action_process()
            issue.write({"root_cause": "Worn seal", "solution": "Seal replaced"})
            issue.action_done()
            issue.write({"state": "done", "solution": "Seal and lid replaced"})
            issue.sudo().with_user(self.supervisor).write({"waiver_reason": "no_reply", "waiver_note": "Called"})
            for state in ("done", "closed"):
                issue.with_user(self.supervisor).state = state
                with self.subTest(user=user.login, state=state):
                    with self.assertRaises(AccessError):
                        issue.action_reopen()
                    with self.assertRaises(AccessError):
                        issue.write({"state": "processing"})
            issue.with_user(self.supervisor).action_reopen()
            self.assertEqual((issue.state, issue.reopen_count), ("processing", 1))

    def test_contact_clock_stops_with_a_logged_call(self):
        feedback = self._feedback(self.followup, score=1)
        issue, followup = feedback.issue_ids, feedback.followup_id
        before = followup.attempt_ids
        issue.with_user(self.supervisor).action_contacted()
        attempt = followup.attempt_ids - before
        self.assertEqual((attempt.outcome, attempt.channel_id.code), ("reached", "phone"))
        self.assertEqual(attempt.user_id, self.supervisor)
        self.assertEqual(issue.date_contacted, attempt.date)
        issue.with_user(self.supervisor).action_contacted()
        self.assertEqual(followup.attempt_ids - before, attempt, "Contacted once.")

    def test_call_about_an_issue_without_follow_up_is_noted(self):
        issue = self._issue(user_id=self.agent.id, priority="1")
        with self.assertRaises(UserError):
            issue.with_user(self.agent).action_contacted()
        issue.with_user(self.supervisor).action_contacted()
        self.assertEqual(issue.date_contacted, datetime(2026, 3, 2, 10))
        self.assertIn("reached the customer", issue.message_ids[:1].body)
        self.assertEqual(issue.message_ids[:1].author_id, self.supervisor.partner_id)


@tagged("post_install", "-at_install")
class TestMeasureRights(RightsCase):
    def _measure(self, **values):
        day = self.company._aftersale_today() + timedelta(days=7)
        values = {"name": "Test each lid", "user_id": self.agent.id, "date_deadline": day, **values}
        return self.env["aftersale.action"].create(values)

    def test_owner_keeps_the_evidence(self):
        feedback = self._feedback(self.followup, score=2, suggestion="A better lid")
        links = {"issue_ids": [Command.set(feedback.issue_ids.ids)], "suggestion_ids": [Command.set(feedback.ids)]}
        measure = self._measure(team_id=self.team.id, **links)
        for name in links:
            with self.subTest(field=name), self.assertRaises(AccessError):
                measure.with_user(self.agent).write({name: [Command.clear()]})
        measure.with_user(self.supervisor).write({"suggestion_ids": [Command.clear()]})
        self.assertFalse(measure.suggestion_ids)

    def test_done_is_when_it_is_marked_as_done(self):
        measure = self._measure(team_id=self.team.id)
        measure.action_start()
        past = "2026-01-01 00:00:00"
        for user in (self.agent, self.supervisor, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                measure.with_user(user).write({"state": "done", "date_done": past})
        Action = self.env["aftersale.action"].with_user(self.supervisor)
        values = {"name": "x", "user_id": self.agent.id, "date_deadline": fields.Date.today()}
        with self.assertRaises(AccessError):
            Action.create({**values, "state": "done", "date_done": past})
        with self.assertRaises(AccessError):
            Action.with_context(default_state="done", default_date_done=past).create(values)
        with self.assertRaisesRegex(UserError, "an owner"):
            Action.with_context(default_state="done").create({"name": "x"})
        start = fields.Datetime.now()
        measure.with_user(self.agent).action_done()
        self.assertGreaterEqual(measure.date_done, start)
