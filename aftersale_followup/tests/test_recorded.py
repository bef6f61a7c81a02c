from datetime import datetime

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestRecorded(AftersaleCase):
    """Answers that staff record: whose they may be, what may be entered, from when, and how they are corrected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._user("asf_stranger", "aftersale_followup.group_supervisor")
        cls.elsewhere = cls.env["crm.team"].create(
            {"name": "Elsewhere", "user_id": cls.stranger.id, "company_id": cls.company.id}
        )
        cls.other_company = cls.env["res.company"].create({"name": "Other company"})
        cls.other = cls.env["res.partner"].create({"name": "Li", "email": "li@example.com"})

    def _record(self, user=None, **values):
        return self.env["aftersale.feedback"].with_user(user or self.supervisor).create(values)

    # -- whose ---------------------------------------------------------------------

    def test_supervisor_of_another_team_answers_nothing(self):
        issue = self._solved_issue()
        followup = issue.verification_followup_ids
        followup._contact()
        forged = {"followup_id": followup.id, "team_id": self.elsewhere.id, "score": 5, "resolved": "fully"}
        with self.assertRaises(AccessError):
            self._record(self.stranger, **forged)
        self.assertEqual((issue.state, followup.state), ("done", "ready"))

    def test_supervisor_of_another_team_corrects_nothing(self):
        low = self._feedback(score=1)
        forged = {"correction_of_id": low.id, "correction_reason": "Joke", "score": 5, "team_id": self.elsewhere.id}
        for followup in (low.followup_id.id, False):
            with self.subTest(followup=followup), self.assertRaises(AccessError):
                self._record(self.stranger, followup_id=followup, **forged)
        self.assertTrue(low.is_valid)

    def test_the_follow_up_says_whom_and_what_it_is_about(self):
        followup = self._ready(customer_type="existing")
        feedback = self._record(
            followup_id=followup.id,
            score=4,
            partner_id=self.other.id,
            team_id=self.elsewhere.id,
            company_id=self.other_company.id,
            product_ids=[Command.clear()],
            user_id=self.agent.id,
            source="customer",
        )
        self.assertEqual((feedback.partner_id, feedback.team_id), (self.partner, self.team))
        self.assertEqual((feedback.company_id, feedback.product_ids), (self.company, self.product))
        self.assertEqual((feedback.customer_type, feedback.plan_id), ("existing", self.plan_new))
        self.assertEqual((feedback.user_id, feedback.source), (self.supervisor, "staff"))

    def test_companies_are_not_mixed(self):
        followup, issue = self._ready(), self._issue(company_id=self.other_company.id, team_id=False)
        with self.assertRaises(UserError):
            self.env["aftersale.feedback"].create({"followup_id": followup.id, "company_id": self.other_company.id})
        feedback = self._feedback(followup, score=5)
        with self.assertRaises(UserError):
            feedback.issue_ids = issue
        with self.assertRaises(UserError):
            issue.feedback_ids = feedback
        with self.assertRaises(UserError):
            self.env["aftersale.feedback"].create({"company_id": self.other_company.id, "order_id": self._order().id})

    # -- what ----------------------------------------------------------------------

    def test_paper_is_entered_without_a_follow_up(self):
        feedback = self._record(
            partner_id=self.partner.id, contact_name="Li Lei", score=2, nps="3", detail="Broken", team_id=self.team.id
        )
        self.assertEqual((feedback.partner_id, feedback.score, feedback.team_id), (self.partner, 2, self.team))
        self.assertEqual(feedback.date, datetime(2026, 3, 2, 10))
        self.assertEqual(feedback.issue_ids.state, "new")

    def test_what_follows_from_the_answer_is_not_entered(self):
        for values in (
            {"priority": "1"},
            {"plan_id": self.plan_new.id},
            {"scenario": "pilot"},
            {"is_anonymous": True},
            {"is_valid": False},
            {"issue_ids": [Command.set(self._issue().ids)]},
            {"suggestion_state": "adopted"},
            {"screened_by_id": self.manager.id},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self._record(partner_id=self.partner.id, score=5, **values)
        defaults = {"default_plan_id": self.plan_new.id, "default_date": "2025-10-01 00:00:00"}
        Feedback = self.env["aftersale.feedback"].with_user(self.supervisor).with_context(**defaults)
        feedback = Feedback.create({"partner_id": self.partner.id, "score": 5})
        self.assertFalse(feedback.plan_id)
        self.assertEqual(feedback.date, datetime(2026, 3, 2, 10))

    def test_dates_reach_neither_into_reported_months_nor_ahead(self):
        values = {"partner_id": self.partner.id, "score": 5}
        for date in ("2025-10-01 00:00:00", "2026-01-30 09:59:59", "2026-03-02 10:00:01"):
            with self.subTest(date=date), self.assertRaisesRegex(UserError, "31 days"):
                self._record(**values, date=date)
        self.assertEqual(self._record(**values, date="2026-02-01 10:00:00").date, datetime(2026, 2, 1, 10))
        followup = self._ready()
        followup.date_sent = "2026-02-20 10:00:00"
        with self.assertRaisesRegex(UserError, "between the contact and now"):
            self._record(followup_id=followup.id, score=5, date="2026-02-20 09:00:00")
        self.assertTrue(self._record(followup_id=followup.id, score=5, date="2026-02-20 11:00:00"))
        self.assertTrue(self.env["aftersale.feedback"].create({**values, "date": "2025-10-01 00:00:00"}))

    # -- corrections and screening ---------------------------------------------------

    def test_correction_needs_its_reason(self):
        low = self._feedback(score=1)
        values = {"followup_id": low.followup_id.id, "correction_of_id": low.id, "score": 5}
        for reason in (False, " "):
            with self.subTest(reason=reason), self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self._record(**values, correction_reason=reason)
        correction = self._record(**values, correction_reason="She said five, not one")
        self.assertEqual((low.is_valid, correction.is_valid), (False, True))
        self.assertIn("She said five", correction.note, "The record sheet tells why.")
        with self.assertRaises(UserError):
            correction.correction_reason = "Forget it"

    def test_correction_of_an_answer_without_follow_up_keeps_its_customer(self):
        paper = self._record(partner_id=self.partner.id, score=1, team_id=self.team.id)
        correction = self._record(
            correction_of_id=paper.id, correction_reason="Typing error", score=4, partner_id=self.other.id
        )
        self.assertEqual((correction.partner_id, correction.team_id), (self.partner, self.team))
        self.assertFalse(paper.is_valid)

    def test_suspicion_names_its_reason_and_who_decided(self):
        low = self._feedback(score=1).with_user(self.supervisor)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            low.evidence = "suspicious"
            low.flush_recordset()
        low.invalidate_recordset()
        low.write({"evidence": "suspicious", "suspicious_reason": "A competitor's address"})
        self.assertEqual((low.screened_by_id, low.screened_date), (self.supervisor, datetime(2026, 3, 2, 10)))
        low.with_user(self.manager).evidence = "confirmed"
        self.assertEqual(low.screened_by_id, self.manager)
        low.note = "Called"
        self.assertEqual(low.screened_by_id, self.manager, "A remark is no decision.")
        with self.assertRaises(UserError):
            low.screened_by_id = self.supervisor
