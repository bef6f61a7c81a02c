from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIssue(AftersaleCase):
    def _verification(self, issue):
        return issue.verification_followup_ids.filtered(lambda f: f.origin == issue._verification_origin())

    def _answer(self, issue, **values):
        followup = self._verification(issue)
        followup._contact()
        return self._feedback(followup, **values)

    # -- guards ----------------------------------------------------------------

    def test_each_step_says_what_is_missing(self):
        issue = self._issue()
        with self.assertRaisesRegex(UserError, "responsible user"):
            issue.state = "processing"
        issue.user_id = self.agent
        issue.state = "processing"
        with self.assertRaisesRegex(UserError, "root cause.*solution"):
            issue.state = "done"
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        with self.assertRaisesRegex(UserError, "second follow-up"):
            issue.state = "closed"

    def test_guards_see_the_values_of_the_same_write(self):
        issue = self._issue()
        issue.write({"state": "processing", "user_id": self.agent.id})
        self.assertEqual(issue.state, "processing")

    def test_blank_texts_are_missing(self):
        issue = self._issue(user_id=self.agent.id)
        issue.state = "processing"
        with self.assertRaises(UserError):
            issue.write({"root_cause": "  ", "solution": "\n", "state": "done"})

    def test_steps_cannot_be_jumped(self):
        issue = self._issue(user_id=self.agent.id)
        for state in ("done", "closed"):
            with self.subTest(state=state), self.assertRaises(UserError):
                issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": state})

    def test_creating_a_closed_issue_is_refused(self):
        texts = {"root_cause": "Worn seal", "solution": "Seal replaced"}
        for state in ("done", "closed", "cancelled"):
            with self.subTest(state=state), self.assertRaises(UserError):
                self._issue(state=state, user_id=self.agent.id, **texts)

    def test_refused_step_leaves_nothing_behind(self):
        issue = self._solved_issue()
        try:
            issue.state = "closed"
        except UserError:
            issue.flush_recordset()
        self.assertEqual(issue.state, "done")

    def test_superuser_is_guarded_too(self):
        issue = self._solved_issue()
        with self.assertRaises(UserError):
            issue.sudo().write({"state": "closed"})

    def test_database_refuses_done_without_cause(self):
        issue = self._issue(user_id=self.agent.id)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE aftersale_issue SET state = 'done' WHERE id = %s", (issue.id,))

    def test_import_is_guarded(self):
        issue = self._solved_issue()
        self.env["ir.model.data"].create(
            {"module": "__import__", "name": "issue_x", "model": issue._name, "res_id": issue.id}
        )
        result = self.env["aftersale.issue"].load(["id", "state"], [["__import__.issue_x", "closed"]])
        self.assertTrue(result["messages"])
        self.assertEqual(issue.state, "done")

    # -- roles -------------------------------------------------------------------

    def test_agent_works_but_does_not_assign_waive_or_close(self):
        issue = self._issue(user_id=self.agent.id).with_user(self.agent)
        issue.action_process()
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced"})
        issue.action_done()
        for vals in ({"user_id": self.agent_2.id}, {"waiver_reason": "no_reply"}, {"state": "closed"}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                issue.write(vals)

    def test_agent_takes_an_unassigned_issue_of_the_team(self):
        issue = self._issue().with_user(self.agent)
        issue.action_process()
        self.assertEqual(issue.user_id, self.agent)

    def test_waiver_needs_supervisor_reason_and_note(self):
        issue = self._solved_issue()
        with self.assertRaisesRegex(UserError, "note"):
            issue.with_user(self.supervisor).write({"waiver_reason": "no_reply", "state": "closed"})
        issue.with_user(self.supervisor).write(
            {"waiver_reason": "no_reply", "waiver_note": "Called three times", "state": "closed"}
        )
        self.assertEqual(issue.state, "closed")
        self.assertTrue(issue.date_closed)
        self.assertEqual(self._verification(issue).state, "cancelled", "Nobody asks what was waived.")

    def test_cancelling_needs_a_reason(self):
        issue = self._issue().with_user(self.supervisor)
        with self.assertRaisesRegex(UserError, "reason"):
            issue.state = "cancelled"
        issue.write({"state": "cancelled", "cancel_reason": "Entered twice"})
        self.assertEqual(issue.state, "cancelled")

    def test_contact_clock_is_stopped_by_a_supervisor_only(self):
        issue = self._issue(user_id=self.agent.id, priority="1")
        with self.assertRaisesRegex(UserError, "supervisor"):
            issue.with_user(self.agent).action_contacted()
        issue.with_user(self.supervisor).action_contacted()
        self.assertTrue(issue.date_contacted)

    # -- verification --------------------------------------------------------------

    def test_done_plans_the_verification_for_somebody_else(self):
        self.team.crm_team_member_ids = [Command.create({"user_id": self.agent_2.id})]
        issue = self._solved_issue()
        followup = self._verification(issue)
        self.assertEqual(followup.plan_id, self.plan_verify)
        self.assertEqual(followup.origin, f"issue:{issue.id}:0")
        self.assertEqual((followup.date_planned, followup.date_deadline), (date(2026, 3, 4), date(2026, 3, 5)))
        self.assertEqual(followup.user_id, self.agent_2, "The solver does not verify.")
        self.assertEqual(issue.verification_deadline, date(2026, 3, 9))

    def test_without_another_agent_the_supervisor_verifies(self):
        self.assertEqual(self._verification(self._solved_issue()).user_id, self.supervisor)

    def test_solver_cannot_record_the_verification(self):
        issue = self._solved_issue()
        followup = self._verification(issue)
        followup._contact()
        with self.assertRaisesRegex(ValidationError, "cannot verify"):
            self._feedback(followup, source="staff", user_id=self.agent.id, resolved="fully", score=5)

    def test_passed_verification_closes(self):
        for values in ({"resolved": "fully", "score": 5}, {"resolved": "fully", "score": 3}, {"score": 4}):
            with self.subTest(values=values):
                issue = self._solved_issue(
                    partner_id=self.env["res.partner"].create({"name": "P", "phone": "+8613800009999"}).id
                )
                feedback = self._answer(issue, **values)
                self.assertEqual(issue.state, "closed")
                self.assertTrue(issue.date_closed)
                self.assertIn(feedback, issue.feedback_ids)

    def test_failed_verification_reopens_and_escalates(self):
        for values in (
            {"resolved": "partly", "score": 5},
            {"resolved": "fully", "score": 2},
            {"resolved": "came_back"},
        ):
            with self.subTest(values=values):
                issue = self._solved_issue(
                    partner_id=self.env["res.partner"].create({"name": "P", "phone": "+8613800009999"}).id
                )
                self._answer(issue, **values)
                self.assertEqual((issue.state, issue.reopen_count, issue.priority), ("processing", 1, "2"))
                self.assertFalse(issue.date_done)
                self.assertIn(self.supervisor, issue.activity_ids.user_id)

    def test_failed_verification_opens_no_second_issue(self):
        issue = self._solved_issue()
        feedback = self._answer(issue, resolved="no", score=1, detail="Still broken")
        self.assertEqual(feedback.issue_ids, issue)

    def test_second_resolution_gets_its_own_verification(self):
        issue = self._solved_issue()
        self._answer(issue, resolved="no", score=1)
        issue.state = "done"
        followup = self._verification(issue)
        self.assertEqual(followup.origin, f"issue:{issue.id}:1")
        self.assertEqual(followup.state, "planned")
        with self.assertRaises(UserError, msg="The old answer does not close the new resolution."):
            issue.state = "closed"

    def test_suspicious_answer_never_closes(self):
        issue = self._solved_issue()
        self._answer(issue, resolved="fully", score=5, evidence="suspicious")
        self.assertEqual(issue.state, "done")
        self.assertIn(self.supervisor, issue.activity_ids.user_id)

    def test_high_priority_is_verified_by_phone_normal_by_mail(self):
        for priority, channel in (("0", "email"), ("1", "phone")):
            with self.subTest(priority=priority):
                issue = self._solved_issue(priority=priority)
                followup = self._verification(issue)
                followup._contact()
                self.assertEqual(followup.channel_id.code, channel)

    # -- clocks ------------------------------------------------------------------------

    def test_clocks_by_priority(self):
        hazard = self.env.ref("aftersale_followup.tag_safety_hazard")
        cases = [
            ({"priority": "0"}, None, 10),
            ({"priority": "1"}, 3, 5),
            ({"priority": "2", "tag_ids": [Command.set(hazard.ids)]}, 1, 5),
        ]
        for values, contact, resolution in cases:
            with self.subTest(values=values):
                issue = self._issue(**values)
                # The day of creation comes from the database's own clock, which no test can freeze.
                start = self.company._aftersale_date(issue.create_date)
                expected = self.company._aftersale_add_workdays(start, contact) if contact else False
                self.assertEqual(issue.contact_deadline, expected)
                self.assertEqual(issue.resolution_deadline, self.company._aftersale_add_workdays(start, resolution))

    def test_overdue_marks_and_finds(self):
        late, fine = self._issue(), self._issue()
        late.resolution_deadline = "2026-03-01"
        fine.resolution_deadline = "2026-03-02"
        self.assertEqual((late.is_overdue, fine.is_overdue), (True, False))
        found = self.env["aftersale.issue"].search([("is_overdue", "=", True), ("id", "in", (late | fine).ids)])
        self.assertEqual(found, late)
        fine.promised_date = "2026-02-27"
        self.assertTrue(fine.is_overdue, "A broken promise is overdue.")
        rest = self.env["aftersale.issue"].search([("is_overdue", "=", False), ("id", "in", (late | fine).ids)])
        self.assertFalse(rest)

    def test_batch_writes_keep_each_issue_apart(self):
        issues = self._issue(user_id=self.agent.id) | self._issue(user_id=self.agent.id)
        issues.write({"state": "processing"})
        issues.write({"root_cause": "Worn seal", "solution": "Seal replaced"})
        issues.action_done()
        self.assertEqual(len(issues.verification_followup_ids), 2)
        self.assertEqual(len(set(issues.mapped("name"))), 2)

    # -- no way round ---------------------------------------------------------------

    def test_closed_does_not_come_in_as_a_default(self):
        texts = {"title": "T", "partner_id": self.partner.id, "root_cause": "C", "solution": "S"}
        waived = {"waiver_reason": "no_reply", "waiver_note": "N", "user_id": self.supervisor.id}
        Issue = self.env["aftersale.issue"].with_user(self.supervisor)
        with self.assertRaises(UserError):
            Issue.with_context(default_state="closed").create(texts | waived)

    def test_history_of_an_issue_is_not_rewritten(self):
        issue = self._issue(user_id=self.agent.id, priority="1")
        for user in (self.agent, self.supervisor, self.manager):
            for vals in (
                {"solver_ids": [Command.clear()]},
                {"reopen_count": 0},
                {"date_contacted": "2026-03-01 10:00:00"},
                {"contact_deadline": "2027-01-01"},
                {"company_id": self.company.id},
            ):
                with self.subTest(user=user.login, vals=vals), self.assertRaises(AccessError):
                    issue.with_user(user).write(vals)

    def test_supervisor_who_solved_it_cannot_answer_for_the_customer(self):
        issue = self._issue(user_id=self.supervisor.id)
        issue.state = "processing"
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        followup = self._verification(issue)
        followup._contact()
        Feedback = self.env["aftersale.feedback"].with_user(self.supervisor)
        with self.assertRaisesRegex(ValidationError, "cannot verify"):
            Feedback.create({"followup_id": followup.id, "source": "customer", "score": 5, "resolved": "fully"})
        other = self._feedback(self._ready(partner=self.env["res.partner"].create({"name": "B", "email": "b@x.org"})))
        with self.assertRaises(UserError):
            other.with_user(self.supervisor).write({"followup_id": followup.id})
        self.assertEqual(issue.state, "done")

    def test_waiver_stays_as_it_was_written(self):
        issue = self._solved_issue()
        issue.with_user(self.supervisor).write(
            {"waiver_reason": "no_reply", "waiver_note": "Called three times", "state": "closed"}
        )
        with self.assertRaises(AccessError):
            issue.with_user(self.supervisor).write({"waiver_note": False})

    def test_negative_answer_reopens_even_when_suspicious(self):
        issue = self._solved_issue()
        self._answer(issue, resolved="no", score=1, evidence="suspicious")
        self.assertEqual(issue.state, "processing")

    def test_supervisor_confirms_a_suspicious_answer(self):
        issue = self._solved_issue()
        feedback = self._answer(issue, resolved="fully", score=5, evidence="suspicious")
        feedback.with_user(self.supervisor).evidence = "confirmed"
        self.assertEqual(issue.state, "closed")

    def test_second_reopening_is_told_to_a_manager(self):
        self.env.ref("aftersale_followup.group_manager").user_ids = [Command.set(self.manager.ids)]
        issue = self._solved_issue()
        self._answer(issue, resolved="no", score=1)
        self.assertNotIn(self.manager, issue.activity_ids.user_id)
        issue.state = "done"
        self._answer(issue, resolved="no", score=1)
        self.assertIn(self.manager, issue.activity_ids.user_id)

    def test_verification_nobody_may_hold_is_told_to_the_supervisor(self):
        issue = self._issue(user_id=self.supervisor.id)
        issue.state = "processing"
        issue.user_id = self.agent
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        self.assertFalse(self._verification(issue).user_id)
        self.assertIn("Nobody is free", "".join(issue.activity_ids.mapped("note")))

    def test_reopening_starts_the_clocks_again(self):
        issue = self._solved_issue(priority="1")
        issue.with_user(self.supervisor).action_contacted()
        self._answer(issue, resolved="no", score=1)
        self.assertFalse(issue.date_contacted)
        self.assertEqual(issue.contact_deadline, date(2026, 3, 5))
        self.assertEqual(issue.resolution_deadline, date(2026, 3, 9))

    def test_safety_answer_that_joins_makes_the_issue_urgent(self):
        issue = self._issue()
        issue.contact_deadline = "2026-02-10"
        feedback = self._feedback(self._planned(state="ready"), score=1, detail="It is broken and it caught fire")
        self.assertEqual(feedback.issue_ids, issue)
        self.assertEqual((issue.priority, issue.contact_deadline), ("2", date(2026, 3, 3)))
