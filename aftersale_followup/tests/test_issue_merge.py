from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIssueMerge(AftersaleCase):
    def _said(self, detail):
        """Return an answer that opens no issue by itself."""
        return self.env["aftersale.feedback"].create(
            {"partner_id": self.partner.id, "inbound_source": "hotline", "score": 3, "detail": detail}
        )

    def _reported(self, *tags, **values):
        """Return an issue about an answer with ``tags``."""
        feedback = self._said("Something is wrong")
        return self._issue(
            feedback_ids=[Command.set(feedback.ids)],
            tag_ids=[Command.set([self.env.ref(f"aftersale_followup.tag_{tag}").id for tag in tags])],
            **values,
        )

    def _wizard(self, model, issues, **context):
        issues = issues.with_user(self.supervisor)
        chosen = {"active_ids": issues.ids, "default_issue_ids": issues.ids}
        return self.env[model].with_user(self.supervisor).with_context(**chosen, **context)

    # -- merging -----------------------------------------------------------------------

    def test_merging_keeps_all_that_was_said_and_granted(self):
        one = self._reported("functional_defect", compensation=20)
        two = self._reported("logistics_delay", compensation=5, promised_date="2026-03-09", priority="1")
        said = (one | two).feedback_ids
        one.user_id = self.agent
        one.state = "processing"
        form = Form(self._wizard("aftersale.issue.merge", one | two))
        self.assertEqual(form.target_id, one.with_user(self.supervisor), "Who is being worked on goes on.")
        form.save().action_merge()
        self.assertEqual(one.feedback_ids, said)
        self.assertEqual(len(one.tag_ids), 2)
        self.assertEqual((one.compensation, str(one.promised_date), one.priority), (25, "2026-03-09", "1"))
        self.assertEqual(one.contact_deadline, two.contact_deadline)
        self.assertEqual((two.state, two.merged_into_id), ("cancelled", one))
        self.assertIn(one.name, two.cancel_reason)

    def test_call_of_the_supervisor_is_still_due_after_merging(self):
        one, two = self._reported("functional_defect", priority="1"), self._reported("logistics_delay", priority="1")
        one.with_user(self.supervisor).action_contacted()
        two._merge_into(one)
        self.assertFalse(one.date_contacted)
        self.assertEqual(one.contact_deadline, two.contact_deadline)

    def test_merging_leaves_alone_what_does_not_belong_together(self):
        issue, other = self._reported("functional_defect"), self._issue()
        other.partner_id = self.env["res.partner"].create({"name": "Somebody else"})
        ended = self._issue()
        ended.with_user(self.supervisor).write({"cancel_reason": "Entered twice", "state": "cancelled"})
        for wrong, message in ((other, "one customer"), (ended, "has ended"), (issue, "at least two")):
            with self.subTest(message=message), self.assertRaisesRegex(UserError, message):
                (issue | wrong)._merge_into(issue)
        solved = self._solved_issue()
        with self.assertRaisesRegex(UserError, "being asked"):
            issue._merge_into(solved)

    def test_merging_a_solved_one_calls_its_verification_off(self):
        issue, solved = self._reported("functional_defect"), self._solved_issue()
        check = solved.verification_followup_ids
        solved.with_user(self.supervisor)._merge_into(issue.with_user(self.supervisor))
        self.assertEqual(check.state, "cancelled")
        self.assertIn("Seal replaced", issue.solution)

    def test_agents_do_not_merge(self):
        with self.assertRaises(AccessError):
            self.env["aftersale.issue.merge"].with_user(self.agent).create({})

    # -- splitting ---------------------------------------------------------------------

    def test_splitting_moves_what_was_said_to_an_issue_of_its_own(self):
        issue = self._reported("functional_defect", user_id=self.agent.id)
        first = issue.feedback_ids
        second = self._said("The driver did not greet")
        issue.feedback_ids = [Command.link(second.id)]
        Wizard = self.env["aftersale.issue.split"].with_user(self.supervisor)
        wizard = Wizard.create(
            {"issue_id": issue.id, "title": "Rude driver", "feedback_ids": [Command.set(second.ids)]}
        )
        new = self.env["aftersale.issue"].browse(wizard.action_split()["res_id"])
        self.assertEqual((issue.feedback_ids, new.feedback_ids), (first, second))
        self.assertEqual((new.title, new.state, new.user_id), ("Rude driver", "new", self.agent))
        self.assertTrue(new.resolution_deadline, "It has clocks of its own.")

    def test_splitting_leaves_an_answer_with_each(self):
        issue = self._reported("functional_defect")
        stranger = self._said("Unrelated")
        for chosen in (issue.feedback_ids, issue.feedback_ids.browse(), stranger):
            with self.subTest(chosen=chosen), self.assertRaisesRegex(UserError, "at least one"):
                issue._split(chosen, "Title")

    # -- similar ones ------------------------------------------------------------------

    def test_solution_is_applied_to_the_same_problem_of_others(self):
        solved = self._reported("functional_defect", user_id=self.agent.id)
        partner = self.env["res.partner"].create({"name": "Another customer", "email": "another@example.org"})
        same, different = self._reported("functional_defect"), self._reported("logistics_delay")
        (same | different).partner_id = partner
        self.assertEqual(solved.similar_count, 1)
        action = solved.action_view_similar_issues()
        self.assertEqual(self.env["aftersale.issue"].search(action["domain"]), same)
        solved.state = "processing"
        solved.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        wizard = Form(self._wizard("aftersale.issue.solution", same, **action["context"]))
        self.assertEqual((wizard.root_cause, wizard.solution), ("Worn seal", "Seal replaced"))
        wizard.is_done = True
        wizard.save().action_apply()
        self.assertEqual((same.state, same.solution), ("done", "Seal replaced"))
        self.assertEqual(same.verification_followup_ids.partner_id, partner, "Each customer is asked.")

    def test_solution_is_not_written_over_what_is_done(self):
        solved = self._solved_issue()
        with self.assertRaisesRegex(UserError, "nothing was changed"):
            solved._apply_solution("Other cause", "Other solution")
        self.assertEqual(solved.solution, "Seal replaced")

    # -- no answer ---------------------------------------------------------------------

    def test_unanswered_verification_is_for_the_supervisor_to_decide(self):
        for state in ("unreachable", "refused", "expired", "cancelled"):
            issue = self._solved_issue()
            check = issue.verification_followup_ids
            check._contact()
            check._set_state(state)
            with self.subTest(state=state):
                self.assertEqual(issue.activity_ids.user_id, self.supervisor)
                self.assertIn("No answer", issue.activity_ids.note)
        answered = self._solved_issue()
        answered.verification_followup_ids._contact()
        self._feedback(answered.verification_followup_ids, score=5, resolved="fully")
        self.assertFalse(answered.activity_ids)

    def test_unanswered_ones_are_closed_together_each_with_its_reason(self):
        issues = self._solved_issue() | self._solved_issue()
        for check in issues.verification_followup_ids:
            check._contact()
            check._set_state("expired")
        form = Form(self._wizard("aftersale.issue.waive", issues))
        for position, note in enumerate(("Mail and reminder without an answer", "")):
            with form.line_ids.edit(position) as line:
                line.reason = "no_reply"
                line.note = note
        wizard = form.save()
        with self.assertRaisesRegex(UserError, issues[1].name):
            wizard.action_waive()
        self.assertEqual(set(issues.mapped("state")), {"done"}, "All or none.")
        wizard.line_ids[1].note = "Moved away"
        wizard.action_waive()
        self.assertEqual(issues.mapped("waiver_note"), ["Mail and reminder without an answer", "Moved away"])
        self.assertEqual(set(issues.mapped("state")), {"closed"})

    def test_reasons_speak_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["aftersale_followup"], ["zh_CN"])

        def reasons(model, name):
            return self.env[model].with_context(lang="zh_CN").fields_get([name])[name]["selection"]

        self.assertIn(("unreachable", "联系不上"), reasons("aftersale.issue", "waiver_reason"))
        self.assertEqual(reasons("aftersale.issue.waive.line", "reason"), reasons("aftersale.issue", "waiver_reason"))

    def test_neither_high_ones_nor_open_questions_are_closed_together(self):
        high, asked = self._solved_issue(priority="1"), self._solved_issue()
        high.verification_followup_ids._set_state("cancelled")
        for issue in (high, asked):
            with self.subTest(issue=issue), self.assertRaisesRegex(UserError, "decided about in its own form"):
                issue.with_user(self.supervisor)._waive("no_reply", "Nothing heard")
        with self.assertRaisesRegex(UserError, "None of the chosen"):
            Form(self._wizard("aftersale.issue.waive", high | asked))
        waivable = self._solved_issue()
        waivable.verification_followup_ids._set_state("cancelled")
        form = Form(self._wizard("aftersale.issue.waive", high | asked | waivable))
        self.assertEqual(form.save().line_ids.issue_id, waivable)
