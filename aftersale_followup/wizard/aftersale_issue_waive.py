from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class AftersaleIssueWaive(models.TransientModel):
    """Several issues whose customers did not answer are closed together, each with its reason."""

    _name = "aftersale.issue.waive"
    _description = "Close without Answer"

    line_ids = fields.One2many("aftersale.issue.waive.line", "waive_id", default=lambda self: self._default_line_ids())

    @api.model
    def _default_line_ids(self):
        """Propose those of the chosen issues whose customers did not answer; the others are left as they are."""
        chosen = self.env["aftersale.issue"].browse(self.env.context.get("active_ids") or [])
        issues = chosen._filter_waivable()
        if chosen and not issues:
            raise UserError(
                self.env._(
                    "None of the chosen issues can be closed like this: they are not done, can still be answered, or "
                    "are of high priority and decided about one by one. The filter “Verification Unanswered” finds "
                    "those to look at."
                )
            )
        return [Command.create({"issue_id": issue.id}) for issue in issues]

    def action_waive(self):
        """Close the issues; nothing is closed while a reason is missing."""
        self.ensure_one()
        for line in self.line_ids:
            if not line.reason or not (line.note or "").strip():
                raise UserError(self.env._("Say of each issue why it is closed: %s.", line.issue_id.display_name))
        for line in self.line_ids:
            line.issue_id._waive(line.reason, line.note)
        return {"type": "ir.actions.act_window_close"}


class AftersaleIssueWaiveLine(models.TransientModel):
    """Why one issue is closed without the customer's answer."""

    _name = "aftersale.issue.waive.line"
    _description = "Issue Closed without Answer"

    waive_id = fields.Many2one("aftersale.issue.waive", required=True, ondelete="cascade")
    issue_id = fields.Many2one("aftersale.issue", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(related="issue_id.partner_id")
    attempts = fields.Text("What Was Tried", compute="_compute_attempts")
    reason = fields.Selection(
        lambda self: self.env["aftersale.issue"]._fields["waiver_reason"]._description_selection(self.env)
    )
    note = fields.Char()

    @api.depends("issue_id")
    def _compute_attempts(self):
        """Show how the verification ended, so that the reason need not be looked up."""
        labels = dict(self.env["aftersale.followup"]._fields["state"]._description_selection(self.env))
        for line in self:
            checks = line.issue_id.verification_followup_ids
            line.attempts = ", ".join(f"{check.name}: {labels[check.state]}" for check in checks)
