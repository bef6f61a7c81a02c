from odoo.tests import HttpCase, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestTour(AftersaleCase, HttpCase):
    def test_supervisor_works_on_the_board(self):
        """Refused drags, guarded buttons and the written waiver, as a supervisor without Sales rights."""
        issue = self._issue()
        self.start_tour("/odoo/aftersale-issues", "aftersale_followup_board", login=self.supervisor.login)
        self.env.invalidate_all()
        self.assertEqual(issue.state, "closed")
        self.assertEqual(issue.user_id, self.supervisor)
        self.assertEqual(issue.root_cause, "Worn seal")
        self.assertEqual(issue.waiver_reason, "unreachable")
        self.assertEqual(issue.waiver_note, "Called three times")
        self.assertFalse(issue._is_verified())

    def test_supervisor_assigns_by_dragging_and_merges(self):
        """On the triage board everybody of the team is a column; what is one problem becomes one issue."""
        issue, double = self._issue(), self._issue(title="Lid not tight")
        self.start_tour("/odoo/aftersale-triage", "aftersale_followup_triage", login=self.supervisor.login)
        self.env.invalidate_all()
        self.assertEqual(issue.user_id, self.agent)
        self.assertEqual((double.state, double.merged_into_id), ("cancelled", issue))
