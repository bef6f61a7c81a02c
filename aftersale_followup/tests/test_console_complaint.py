from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .console_common import ConsoleCase


@tagged("post_install", "-at_install")
class TestConsoleComplaint(ConsoleCase):
    """The Complaint button: the issue is open before the call is over."""

    def _complain(self, followup=None, **values):
        return self._console(followup).console_complaint(values)

    def _issue_of(self, followup=None):
        return (followup or self.followup).complaint_issue_id

    def test_issue_is_open_at_once_with_its_checklist(self):
        detail = str(self._question("detail")["id"])
        self._console().console_save({"answers": {detail: "It is broken\nand loud"}})
        shown = self._complain()
        issue = self._issue_of()
        self.assertEqual((issue.kind, issue.state, issue.title), ("complaint", "new", "It is broken"))
        self.assertEqual((issue.partner_id, issue.product_id, issue.team_id), (self.partner, self.product, self.team))
        self.assertEqual(issue.tag_ids, self.env.ref("aftersale_followup.tag_functional_defect"))
        self.assertEqual(len(shown["steps"]), 7)
        self.assertTrue(issue.activity_ids.filtered(lambda a: a.user_id == self.supervisor))

    def test_pressed_twice_it_stays_one_issue(self):
        first, second = self._complain(), self._complain()
        self.assertEqual(first["id"], second["id"])

    def test_words_steps_and_promise_are_kept_on_the_issue(self):
        steps = self._complain()["steps"]
        shown = self._complain(title="The lid leaks", steps=[steps[0]["id"], 999999], promised_date="2030-01-15")
        issue = self._issue_of()
        self.assertEqual((issue.title, issue.promised_date), ("The lid leaks", fields.Date.to_date("2030-01-15")))
        self.assertEqual(issue.complaint_step_ids.ids, [steps[0]["id"]])
        self.assertEqual([step["done"] for step in shown["steps"]], [True] + [False] * 6)
        with self.assertRaises(UserError):
            self._complain(promised_date="soon")

    def test_steps_are_dated_on_the_day_they_are_ticked(self):
        """In the company's zone; what is no longer done has no day, what is done again that of the last time."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        first, second = (step["id"] for step in self._complain()["steps"][:2])
        issue = self._issue_of()
        with freeze_time("2026-03-02 20:00:00"):
            self._complain(steps=[first])
        with freeze_time("2026-03-05 10:00:00"):
            self._complain(steps=[first, second])
            self.assertEqual(issue.complaint_step_dates, {str(first): "2026-03-03", str(second): "2026-03-05"})
            issue.with_user(self.supervisor).complaint_step_ids = [Command.unlink(first)]
            self.assertEqual(issue.complaint_step_dates, {str(second): "2026-03-05"})
        with freeze_time("2026-03-09 10:00:00"):
            self._complain(steps=[first, second])
            self.assertEqual(issue.complaint_step_dates, {str(first): "2026-03-09", str(second): "2026-03-05"})
        with self.assertRaises(AccessError):
            issue.with_user(self.supervisor).complaint_step_dates = {str(first): "2026-03-01"}

    def test_merged_complaints_keep_the_first_day_of_a_step(self):
        steps = self.env["aftersale.complaint.step"].search([], limit=3)
        first, second, third = map(str, steps.ids)
        with freeze_time("2026-03-03 10:00:00"):
            target = self._issue(
                kind="complaint", user_id=self.agent.id, complaint_step_ids=[Command.set(steps[1].ids)]
            )
        with freeze_time("2026-03-02 10:00:00"):
            other = self._issue(kind="complaint", complaint_step_ids=[Command.set(steps[:2].ids)])
        with freeze_time("2026-03-04 10:00:00"):
            other.complaint_step_ids += steps[2]
        with freeze_time("2026-03-06 10:00:00"):
            other.with_user(self.supervisor)._merge_into(target)
        self.assertEqual(target.complaint_step_ids, steps)
        self.assertEqual(target.complaint_step_dates, {first: "2026-03-02", second: "2026-03-02", third: "2026-03-04"})

    def test_answers_of_the_call_join_its_complaint(self):
        for score in (2, 5):
            with self.subTest(score=score):
                followup = self._followup(channel_id=self.phone.id)
                self._complain(followup, title="Rude technician")
                self._save(followup, score)
                self.assertEqual(followup.feedback_ids.issue_ids, self._issue_of(followup))

    def test_low_score_raises_the_priority_of_the_complaint(self):
        self._complain()
        self._save(score=1)
        self.assertEqual(self._issue_of().priority, "1")
        self.assertTrue(self._issue_of().contact_deadline)

    def test_safety_is_urgent_before_the_call_is_over(self):
        self._complain(title="Smoke came out of it")
        self.assertEqual(self._issue_of().priority, "2")

    def test_complaint_in_a_verification_reopens_its_issue_and_the_call_goes_on(self):
        issue = self._solved_issue()
        check = self._followup(self.plan_verify, issue_id=issue.id, user_id=self.agent_2.id, channel_id=self.phone.id)
        other = self._followup(self.plan_verify, issue_id=issue.id, user_id=self.agent_2.id)
        shown = check.with_user(self.agent_2).console_complaint({"title": "Leaks again"})
        self.assertEqual((shown["id"], issue.state, issue.reopen_count), (issue.id, "processing", 1))
        self.assertEqual((check.state, other.state), ("ready", "cancelled"))
        self.assertEqual(issue.title, "The lid leaks", "Said at the first call.")
        survey = self.plan_verify.survey_id
        answers = {
            str(self._question("satisfaction", survey)["id"]): 1,
            str(self._question("resolved", survey)["id"]): self._question("resolved", survey)["choices"][2]["id"],
        }
        draft = {"answers": answers, "consent": True}
        check.with_user(self.agent_2).console_finish("reached", {"draft": draft})
        self.assertEqual((check.state, issue.state), ("done", "processing"))
        self.assertIn(check.feedback_ids, issue.feedback_ids)
