from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.aftersale_followup import OPEN_STATES
from ..models.aftersale_issue import OPEN_STATES as OPEN_ISSUE_STATES


class AftersaleErasure(models.TransientModel):
    """Erases what this add-on knows about customers who ask for it; orders, deliveries and contacts are not ours.

    All or nothing, and for good. Scores stay in the figures, without a customer.
    """

    _name = "aftersale.erasure"
    _description = "Erase After-Sales Data"

    partner_ids = fields.Many2many("res.partner", string="Customers", required=True, readonly=True)
    reason = fields.Text(help="Who asked for it, when and how; kept in the access log.")
    never_ask = fields.Boolean(
        "Never Ask Again",
        default=True,
        help="Remembers address and number in a form that only tells whether somebody is not to be asked. "
        "Opt-outs that exist already are remembered in any case.",
    )
    followup_count = fields.Integer("Follow-ups", compute="_compute_counts")
    open_followup_count = fields.Integer("Open Follow-ups", compute="_compute_counts")
    attempt_count = fields.Integer("Remarks of Attempts", compute="_compute_counts")
    feedback_count = fields.Integer("Answers", compute="_compute_counts")
    issue_count = fields.Integer("Issues", compute="_compute_counts")
    open_issue_count = fields.Integer("Open Issues", compute="_compute_counts")
    optout_count = fields.Integer("Opt-outs", compute="_compute_counts")
    target_count = fields.Integer("Lines of Target Lists", compute="_compute_counts")
    is_elsewhere = fields.Boolean(compute="_compute_counts")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "res.partner":
            values["partner_ids"] = [Command.set(self.env.context.get("active_ids") or [])]
        return values

    @api.depends("partner_ids")
    def _compute_counts(self):
        for erasure in self:
            partners = erasure.partner_ids._origin._aftersale_family()
            followups, feedback, issues = partners._aftersale_records()
            erasure.followup_count = len(followups)
            erasure.open_followup_count = len(followups.filtered(lambda f: f.state in OPEN_STATES))
            erasure.attempt_count = len(followups.attempt_ids.filtered("note"))
            erasure.feedback_count = len(feedback)
            erasure.issue_count = len(issues)
            erasure.open_issue_count = len(issues.filtered(lambda i: i.state in OPEN_ISSUE_STATES))
            erasure.optout_count = len(partners._aftersale_optouts())
            erasure.target_count = len(partners._aftersale_target_lines())
            erasure.is_elsewhere = partners._aftersale_is_elsewhere()

    def action_erase(self):
        """Erase the data of the customers in the companies selected, and note who did it and why."""
        self.ensure_one()
        self.check_access("write")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Write down who asked for it, when and how: it is kept in the access log."))
        partners = self.partner_ids._aftersale_family()
        followups, feedback, issues = partners._aftersale_records()
        self._end(followups, issues)
        issues._anonymise()
        feedback._anonymise()
        followups._anonymise()
        partners._aftersale_target_lines().unlink()
        partners.sudo()._aftersale_forget(self.never_ask)
        self.env["aftersale.access.log"]._note_strictly("erasure", self.partner_ids, self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Erased. Follow-ups: %(followups)s, answers: %(answers)s, issues: %(issues)s.",
                    followups=len(followups),
                    answers=len(feedback),
                    issues=len(issues),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _end(self, followups, issues):
        """Cancel what is still open: nobody is left to ask, to call or to confirm a solution."""
        open_issues = issues.filtered(lambda issue: issue.state in OPEN_ISSUE_STATES)
        open_followups = followups.filtered(lambda followup: followup.state in OPEN_STATES)
        # Who is being contacted or answers at this moment is not erased half-way: try again.
        open_followups.lock_for_update(allow_referencing=True)
        # Cancelling is a supervisor's; here it follows from the customer's wish, whoever carries it out.
        open_issues.with_user(SUPERUSER_ID).with_context(tracking_disable=True).write(
            {"state": "cancelled", "cancel_reason": self.env._("The customer's data was erased.")}
        )
        still_open = open_followups.filtered(lambda followup: followup.state in OPEN_STATES)
        still_open._set_state("cancelled", cancel_cause="erasure")
