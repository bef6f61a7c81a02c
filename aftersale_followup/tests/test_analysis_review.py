from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_analysis import IssueCase

REVIEW = "aftersale_followup.activity_type_review"


@tagged("post_install", "-at_install")
class TestAnalysisReview(IssueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_report_review = True

    def _run_cron(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_analysis").method_direct_trigger()

    def _found(self):
        return self.env["aftersale.analysis"].search([("company_id", "=", self.company.id), ("period", "=", "month")])

    def _todos(self, analysis):
        return analysis.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(REVIEW))

    def test_due_analysis_is_a_draft_first_and_a_to_do_of_the_managers(self):
        self._scores(1, [5, 4])
        self._backdate_feedback()
        self._run_cron("2026-02-02 01:00:00")
        draft = self._found()
        self.assertEqual((draft.state, draft.in_review, draft.date_issue), ("draft", True, date(2026, 2, 4)))
        self.assertEqual(draft.figures["satisfaction"]["n"], 2, "there is something to look at")
        self.assertFalse(self._mails(draft).attachment_ids, "a to-do was mailed, no report")
        todos = self._todos(draft)
        self.assertEqual(todos.user_id, self.company._aftersale_managers())
        self.assertIn(self.manager, todos.user_id)
        self._run_cron("2026-02-02 02:00:00")
        self.assertEqual((self._found(), self._todos(draft)), (draft, todos), "asked for once")
        with freeze_time("2026-02-02 02:00:00"):
            draft._issue_or_review()  # as a worker does who found it due before the other one began the review
        self.assertEqual(draft.state, "draft")

    def test_draft_nobody_looked_at_is_issued_by_itself_once(self):
        self._scores(1, [5])
        self._run_cron("2026-02-02 01:00:00")
        self._run_cron("2026-02-03 23:59:00")  # Wednesday, 4 February, 07:59 in Shanghai
        self.assertEqual(self._found().state, "draft")
        self._run_cron("2026-02-04 00:00:00")
        self._run_cron("2026-02-04 01:00:00")
        analysis = self._found()
        self.assertEqual((analysis.state, analysis.in_review, analysis.date_issue), ("issued", False, False))
        self.assertFalse(self._todos(analysis), "nothing left to do")

    def test_without_days_the_draft_waits_for_people(self):
        self.company.aftersale_report_review_days = 0
        self._scores(1, [5])
        self._run_cron("2026-02-02 01:00:00")
        self._run_cron("2026-05-04 01:00:00")
        draft = self._found().filtered(lambda analysis: analysis.date_from == date(2026, 1, 1))
        self.assertEqual((draft.state, draft.date_issue), ("draft", False))
        draft.with_user(self.manager).summary = "Better than it looks"
        draft.with_user(self.manager).action_issue()
        self.assertEqual((draft.state, draft.summary), ("issued", "Better than it looks"))
        self.assertFalse(self._todos(draft))

    def test_review_switched_off_holds_no_draft_back(self):
        self.company.aftersale_report_review_days = 0
        self._scores(1, [5])
        self._run_cron("2026-02-02 01:00:00")
        self.assertEqual(self._found().state, "draft")
        self.company.aftersale_report_review = False
        self._run_cron("2026-02-02 02:00:00")
        analysis = self._found()
        self.assertEqual((analysis.state, analysis.in_review), ("issued", False))
        self.assertFalse(self._todos(analysis))

    def test_review_is_nobody_s_to_write(self):
        draft = self._analysis().with_user(self.manager)
        with self.assertRaises(AccessError):
            draft.in_review = True

    def test_issued_analysis_can_be_talked_about(self):
        analysis = self._issued()
        message = analysis.with_user(self.supervisor).message_post(body="What about the carriers?")
        self.assertEqual(message.res_id, analysis.id)
