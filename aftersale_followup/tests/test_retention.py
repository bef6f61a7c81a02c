from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import date_utils, mute_logger

from .common import AftersaleCase

NOW = fields.Datetime.to_datetime("2026-03-02 10:00:00")


@tagged("post_install", "-at_install")
class TestRetention(AftersaleCase):
    """Nothing is kept longer than the settings say, nothing goes earlier, and no figure changes by it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frozen = cls.enterClassContext(freeze_time(NOW))
        cls.company.write(
            {"aftersale_answer_months": 24, "aftersale_log_months": 12, "aftersale_notice_date": "2027-01-01"}
        )

    def _answered(self, months, score=5, **values):
        """Return feedback of a follow-up that was answered so many months ago."""
        partner = self.env["res.partner"].create({"name": "Li Na", "email": "li.na@example.com"})
        followup = self._ready(partner=partner)
        feedback = self._feedback(followup, score=score, date=NOW - relativedelta(months=months), **values)
        followup.date_planned = feedback.date.date()
        self.env.flush_all()
        return feedback

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_retention").method_direct_trigger()
        self.env.invalidate_all()

    # -- answers ---------------------------------------------------------------

    def test_answers_become_anonymous_after_24_months(self):
        old = self._answered(25, detail="Too loud")
        young = self._answered(23, detail="Too loud")
        self._run()
        self.assertFalse(old.partner_id or old.detail or old.followup_id.partner_id or old.followup_id.email_key)
        self.assertEqual(old.score, 5)
        self.assertTrue(young.partner_id and young.detail and young.followup_id.partner_id)

    def test_target_lists_forget_their_customers(self):
        target = self.env["aftersale.target"].create(
            {"name": "Autumn", "plan_id": self.plan_new.copy({"trigger": "manual"}).id}
        )
        lines = self.env["aftersale.target.line"].create(
            [
                {"target_id": target.id, "partner_id": self.partner.id},
                {"target_id": target.id, "partner_id": self.partner.id},
            ]
        )
        old, young = lines
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE aftersale_target_line SET create_date = %s WHERE id = %s", (NOW - relativedelta(months=25), old.id)
        )
        self.env.invalidate_all()
        self._run()
        self.assertEqual(lines.exists(), young)

    def test_follow_ups_without_an_answer_become_anonymous_too(self):
        followup = self._ready()
        followup._set_state("expired")
        followup.date_planned = NOW - relativedelta(months=25)
        self._run()
        self.assertFalse(followup.partner_id)

    def test_what_is_open_is_not_touched(self):
        planned = self._planned(date_planned=NOW.date() - relativedelta(months=25))
        feedback = self._answered(25, score=1, detail="Broken")
        issue = feedback.issue_ids
        self.assertEqual(issue.state, "new")
        self._run()
        self.assertTrue(planned.partner_id and feedback.partner_id and issue.partner_id)
        self.assertTrue(feedback.followup_id.partner_id)

    def test_an_answer_waits_for_its_issue(self):
        feedback = self._answered(25, score=1, detail="Broken")
        issue = feedback.issue_ids
        issue.write({"user_id": self.agent.id, "state": "processing"})
        issue.write({"root_cause": "Seal", "solution": "Replaced", "state": "done"})
        issue.with_user(self.supervisor).write(
            {"waiver_reason": "no_reply", "waiver_note": "Silent", "state": "closed"}
        )
        check = issue.verification_followup_ids
        self._run()
        self.assertTrue(feedback.partner_id, "The issue was closed today and leads to the customer.")
        issue.date_closed = NOW - relativedelta(months=25)
        check.date_planned = NOW - relativedelta(months=25)
        self._run()
        self.assertFalse(feedback.partner_id or issue.partner_id or feedback.followup_id.partner_id)
        self.assertFalse(check.partner_id)
        self.assertEqual(issue.state, "closed")

    def _draft(self, day, **values):
        first, last = date_utils.get_month(day)
        return self.env["aftersale.analysis"].create({"date_from": first, "date_to": last, **values})

    def test_drafts_forget_whom_they_quote(self):
        """What a draft quotes, lists or says of somebody goes, too; issued analyses and other drafts stay."""
        old = self._answered(25, score=1, suggestion="Louder bell", is_typical=True, contact_name="Li Na")
        issue = old.issue_ids
        issue.write({"user_id": self.agent.id, "state": "processing"})
        issue.write({"root_cause": "Bell", "solution": "Replaced", "state": "done"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE aftersale_issue SET create_date = %s WHERE id = %s", (old.date, issue.id))
        self.env.invalidate_all()
        (old.followup_id | issue.verification_followup_ids).date_planned = NOW - relativedelta(months=25)
        quoting, issued, chosen = (
            self._draft(day, summary="Li Na wants a bell; so do others")
            for day in (old.date.date(), old.date.date(), NOW.date())
        )
        chosen.suggestion_ids = old
        listing = self._draft(NOW.date())  # as the issue is still open
        other = self._draft(NOW.date() - relativedelta(months=1), summary="Li Na again")
        issued._issue()
        praise = self._answered(26, suggestion="Blue lid", is_typical=True)
        unchosen = self._draft(praise.date.date())
        (quoting | chosen | listing | unchosen).action_preview()
        unchosen.suggestion_ids = False  # the figures still quote it
        self.assertIn("Blue lid", str(unchosen.figures))
        self.assertIn("Louder bell", str(quoting.figures))
        self.assertIn("Louder bell", str(chosen.figures))
        self.assertIn(issue.name, str(listing.figures))
        closed = {"waiver_reason": "no_reply", "waiver_note": "Silent", "state": "closed"}
        issue.with_user(self.supervisor).write(closed)
        issue.date_closed = NOW - relativedelta(months=25)
        other.action_preview()
        before = issued.figures, other.figures
        self._run()
        self.assertFalse(old.partner_id or issue.partner_id)
        self.assertFalse(any(draft.figures or draft.cutoff for draft in quoting | chosen | listing | unchosen))
        self.assertFalse(chosen.suggestion_ids)
        self.assertEqual(quoting.summary, "*** wants a bell; so do others")
        self.assertEqual((issued.figures, other.figures), before)
        self.assertEqual((issued.summary, other.summary), ("Li Na wants a bell; so do others", "Li Na again"))
        quoting.action_preview()
        self.assertFalse(quoting.suggestion_ids, "There is no text left to quote.")
        self.assertNotIn("suggestions", quoting.figures)

    def test_zero_keeps_for_ever(self):
        self.company.write({"aftersale_answer_months": 0, "aftersale_log_months": 0})
        feedback = self._answered(200)
        attempts = feedback.followup_id.attempt_ids
        attempts.date = NOW - relativedelta(months=200)
        self._run()
        self.assertTrue(feedback.partner_id and attempts.exists())

    def test_each_company_has_its_own_time(self):
        other = self.env["res.company"].create({"name": "Other", "aftersale_answer_months": 48})
        partner = self.env["res.partner"].create({"name": "Zhao"})
        feedback = self.env["aftersale.feedback"].create(
            {"partner_id": partner.id, "score": 4, "date": NOW - relativedelta(months=25), "company_id": other.id}
        )
        own = self.env["aftersale.feedback"].create(
            {"partner_id": partner.id, "score": 4, "date": NOW - relativedelta(months=25)}
        )
        self._run()
        self.assertEqual(feedback.partner_id, partner)
        self.assertFalse(own.partner_id)

    def test_less_than_a_year_would_blind_the_contact_cap(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.company.aftersale_answer_months = 6
            self.env.flush_all()

    def test_one_bad_record_stops_no_other(self):
        bad, good = self._answered(25), self._answered(26)
        values = type(bad)._get_anonymous_values

        def fail(record):
            if record == bad:
                raise ValueError("bad record")
            return values(record)

        with (
            patch.object(type(bad), "_get_anonymous_values", fail),
            mute_logger("odoo.addons.aftersale_followup.models.aftersale_retention"),
        ):
            self._run()
        self.assertFalse(good.partner_id)
        self.assertTrue(bad.partner_id and bad.followup_id.partner_id)
        self._run()
        self.assertFalse(bad.partner_id)

    def test_batches_reach_everything(self):
        old = [self._answered(25) for _number in range(3)]
        with patch("odoo.addons.aftersale_followup.models.aftersale_retention.BATCH", 2):
            self._run()
        self.assertFalse(any(feedback.partner_id for feedback in old))

    # -- attempts and log ------------------------------------------------------

    def test_attempts_go_after_12_months_and_figures_stay(self):
        feedback = self._answered(13)
        followup = feedback.followup_id
        reached = followup.attempt_ids.copy({"outcome": "reached", "note": "Nice talk"})
        attempts = followup.attempt_ids
        day = feedback.date.date()
        attempts.date = feedback.date
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE aftersale_attempt SET create_date = %s WHERE id IN %s", (feedback.date, tuple(attempts.ids))
        )
        self.env.cr.execute(
            "UPDATE aftersale_followup SET create_date = %s WHERE id = %s",
            (feedback.date - timedelta(days=1), followup.id),
        )
        self.env.invalidate_all()
        period = (self.company, day.replace(day=1), day.replace(day=1) + relativedelta(months=1, days=-1))
        keys = ("followup_rate", "response_rate", "funnel")

        def figures(**options):
            all_figures = self.env["aftersale.figures"]._get(*period, **options)
            return {key: all_figures.get(key) for key in keys}

        before = figures()
        self.assertEqual(before["funnel"]["reached"], 1)
        earlier = feedback.date - timedelta(hours=1)
        before_cutoff = figures(cutoff=earlier)
        self.assertEqual((before_cutoff["funnel"]["due"], before_cutoff["funnel"]["contacted"]), (1, 0))
        self._run()
        self.assertFalse((attempts | reached).exists())
        self.assertEqual(followup.attempt_count, 2)
        self.assertEqual(figures(), before)
        self.assertEqual(figures(cutoff=earlier), before_cutoff)

    def test_attempts_of_open_follow_ups_stay(self):
        followup = self._ready()
        followup.attempt_ids.date = NOW - relativedelta(months=13)
        self._run()
        self.assertEqual(len(followup.attempt_ids), 1)

    def test_later_answers_do_not_count_as_contact(self):
        followup = self._answered(13).followup_id
        followup.attempt_ids.unlink()
        self.env["aftersale.attempt"].create(
            {"followup_id": followup.id, "outcome": "contested", "date": NOW - relativedelta(months=13)}
        )
        self._run()
        self.assertFalse(followup.attempt_ids or followup.dropped_contact_date)
        self.assertEqual(followup.attempt_count, 1)

    def test_the_access_log_goes_after_12_months(self):
        log = self.env["aftersale.access.log"]
        old, young = (log._note_strictly("call", self._planned()) for _number in range(2))
        old.date, young.date = NOW - relativedelta(months=13), NOW - relativedelta(months=11)
        self._run()
        self.assertFalse(old.exists())
        self.assertTrue(young.exists())

    # -- review of the notice --------------------------------------------------

    def _reminders(self):
        kind = self.env.ref("aftersale_followup.activity_type_notice")
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id), ("user_id", "=", self.manager.id)])

    def test_managers_are_reminded_once_when_the_review_is_due(self):
        self._run()
        self.assertFalse(self._reminders())
        self.company.aftersale_notice_date = "2026-02-20"
        self._run()
        self._run()
        self.assertEqual(len(self._reminders()), 1)
        self.assertEqual(self.company.aftersale_notice_date, fields.Date.to_date("2027-03-02"))

    def test_no_review_where_none_is_wished_for(self):
        self.company.write({"aftersale_notice_months": 0, "aftersale_notice_date": "2026-02-20"})
        self._run()
        self.assertFalse(self._reminders())
