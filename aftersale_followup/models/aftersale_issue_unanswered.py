from odoo import models
from odoo.exceptions import UserError

NORMAL = "0"


class AftersaleFollowup(models.Model):
    """A verification that ends without an answer is for the supervisor to decide about."""

    _inherit = "aftersale.followup"

    def _set_state(self, state, **values):
        result = super()._set_state(state, **values)
        if state not in ("planned", "ready", "done"):
            checks = self.sudo().filtered(lambda f: f.issue_id.state == "done" and f.scenario == "resolution_check")
            checks.issue_id._tell_unanswered()
        return result


class AftersaleIssue(models.Model):
    """No issue waits for ever for a customer who does not answer."""

    _inherit = "aftersale.issue"

    def _tell_unanswered(self):
        """Put the issues, done and with no verification left to be held, on their supervisors' lists."""
        for issue in self.filtered(lambda i: i.state == "done" and not i._get_open_checks() and not i._is_verified()):
            issue._tell_supervisor(
                self.env._(
                    "No answer to the second follow-up of %s. Close it with a reason, or reopen it.", issue.display_name
                )
            )

    def _filter_waivable(self):
        """Return those of normal priority that are done and can no longer be answered."""
        return self.filtered(lambda i: i.state == "done" and i.priority == NORMAL and not i._get_open_checks())

    def _waive(self, reason, note):
        """Close these issues, all waivable, without the customer's answer, for a written ``reason``."""
        if wrong := self - self._filter_waivable():
            raise UserError(
                self.env._(
                    "%s is decided about in its own form: it is of high priority, or can still be answered.",
                    wrong[0].display_name,
                )
            )
        self.write({"waiver_reason": reason, "waiver_note": note, "state": "closed"})
