from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestConstraints(AftersaleCase):
    """What the database itself refuses, whatever code, import or other add-on writes."""

    def _refused(self, table, assignments, record, constraint):
        """Update past the ORM; the database must name its constraint."""
        self.env.flush_all()
        query = SQL("UPDATE %s SET %s WHERE id = %s", SQL.identifier(table), SQL(assignments), record.id)
        with self.subTest(constraint=constraint), mute_logger("odoo.sql_db"):
            with self.assertRaises(IntegrityError) as caught, self.env.cr.savepoint(flush=False):
                self.env.cr.execute(query)
            self.assertEqual(caught.exception.diag.constraint_name, constraint)

    def test_follow_up(self):
        first, second = self._planned(), self._planned()
        table = "aftersale_followup"
        self._refused(table, f"origin = '{first.origin}'", second, "aftersale_followup_origin_unique")
        token = first.sudo().access_token
        self._refused(table, f"access_token = '{token}'", second, "aftersale_followup_token_unique")
        self._refused(table, "access_token = NULL", first, "aftersale_followup_token_given")
        self._refused(table, "state = 'skipped'", first, "aftersale_followup_skip_reason_given")
        self._refused(table, "skip_reason = 'staff'", first, "aftersale_followup_skip_reason_given")
        self._refused(table, "date_planned = NULL", first, "aftersale_followup_window_given")

    def test_feedback(self):
        first = self._feedback(self._ready(), score=3)
        other = self.env["res.partner"].create({"name": "Li", "email": "li@example.com"})
        second = self._feedback(self._ready(partner=other), score=3)
        table = "aftersale_feedback"
        once = f"followup_id = {first.followup_id.id}"
        self._refused(table, once, second, "aftersale_feedback_followup_once")
        self._refused(table, "score = 6", first, "aftersale_feedback_score_range")
        self._refused(table, "score_raw = 11", first, "aftersale_feedback_raw_range")
        self._refused(table, "score_max = 0", first, "aftersale_feedback_raw_range")
        own = "correction_of_id = id, correction_reason = 'Misheard'"
        self._refused(table, own, first, "aftersale_feedback_correction_of_other")
        self._refused(table, "evidence = 'suspicious'", first, "aftersale_feedback_suspicion_explained")
        values = {"correction_of_id": first.id, "correction_reason": "Misheard", "followup_id": first.followup_id.id}
        correction = first.copy(values)
        self._refused(table, "correction_reason = ' '", correction, "aftersale_feedback_correction_explained")
        self.env.flush_all()
        self.assertEqual(correction.followup_id, first.followup_id, "A correction is no second answer.")

    def test_issue(self):
        issue = self._issue()
        table = "aftersale_issue"
        self._refused(table, "state = 'processing'", issue, "aftersale_issue_processing_has_user")
        self._refused(table, "state = 'cancelled'", issue, "aftersale_issue_cancelled_explained")
        done = self._solved_issue()
        self._refused(table, "solution = ''", done, "aftersale_issue_closed_documented")
        self._refused(table, "state = 'closed'", done, "aftersale_issue_closed_confirmed")
        waived = "state = 'closed', waiver_reason = 'no_reply'"
        self._refused(table, waived, done, "aftersale_issue_closed_confirmed")

    def test_closed_issues_name_their_confirmation(self):
        """A passed verification is kept with the issue; reopening drops it; a waiver needs none."""
        issue = self._solved_issue()
        check = issue.verification_followup_ids
        check._contact()
        answer = self._feedback(check, resolved="fully", score=4)
        self.env.flush_all()
        self.assertEqual((issue.state, issue.confirmed_by_id), ("closed", answer))
        issue.action_reopen()
        self.env.flush_all()
        self.assertFalse(issue.confirmed_by_id)
        issue.write({"root_cause": "Seal", "solution": "New seal", "state": "done"})
        issue.with_user(self.supervisor).write(
            {"waiver_reason": "no_reply", "waiver_note": "Called three times", "state": "closed"}
        )
        self.env.flush_all()
        self.assertEqual((issue.state, issue.confirmed_by_id), ("closed", self.env["aftersale.feedback"]))

    def test_attempt_plan_settings(self):
        followup = self._ready()
        attempt = followup._log_attempt("no_answer", note="Nobody there")
        self._refused("aftersale_attempt", "outcome = 'call_back'", attempt, "aftersale_attempt_call_back_dated")
        plan = self.plan_new
        periodic = "trigger = 'periodic', interval_months = 0"
        self._refused("aftersale_plan", periodic, plan, "aftersale_plan_interval_given")
        self._refused("aftersale_plan", "sampling_rate = 101", plan, "aftersale_plan_sampling_range")
        self._refused("aftersale_plan", "delay_min = 9, delay_max = 3", plan, "aftersale_plan_delay_order")
        self._refused("aftersale_plan", "reminder_count = 3", plan, "aftersale_plan_reminder_range")
        negative = "aftersale_resolution_days = -1"
        self._refused("res_company", negative, self.company, "res_company_aftersale_not_negative")
        negative = "aftersale_seconds_per_question = -5"
        self._refused("res_company", negative, self.company, "res_company_aftersale_not_negative")

    def test_messages_say_what_to_do(self):
        followup = self._ready()
        values = {"followup_id": followup.id, "outcome": "call_back"}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught:
            self.env["aftersale.attempt"].create(values)
        model = self.env["aftersale.attempt"]
        message = model._sql_error_to_message(caught.exception)
        self.assertEqual(message, "Enter when the customer wants to be called.")

    def test_one_issued_analysis_per_period(self):
        values = {"period": "month", "date_from": "2026-02-01", "date_to": "2026-02-28", "company_id": self.company.id}
        first, second = self.env["aftersale.analysis"].create([values, values])
        self.env.flush_all()
        query = SQL("UPDATE aftersale_analysis SET state = 'issued', version = 1 WHERE id IN %s", (first | second)._ids)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint(flush=False):
            self.env.cr.execute(query)

    def test_one_working_day_per_date(self):
        day = {"date": "2026-10-10", "company_id": self.company.id}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["aftersale.workday"].create([day, day])

    def test_customers_and_plans_with_follow_ups_stay(self):
        """What follow-ups and feedback are about cannot be deleted under them; the user's own orders can."""
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids
        feedback = self._feedback(followup._contact(), score=2, tag_ids=[Command.set(self.tag().ids)])
        self.env.flush_all()
        for record in (self.partner, followup.plan_id, self.tag(), feedback.channel_id, followup.plan_id.survey_id):
            with self.subTest(record=record), mute_logger("odoo.sql_db"):
                with self.assertRaises(IntegrityError), self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(SQL("DELETE FROM %s WHERE id = %s", SQL.identifier(record._table), record.id))
        self.env.cr.execute(SQL("UPDATE aftersale_followup SET order_id = NULL WHERE id = %s", followup.id))
        followup.invalidate_recordset()
        self.assertTrue(followup.origin.startswith(f"order:{order.id}:"))

    def tag(self):
        return self.env.ref("aftersale_followup.tag_logistics_delay")
