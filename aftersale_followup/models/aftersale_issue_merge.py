from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .aftersale_issue import OPEN_STATES


class AftersaleIssue(models.Model):
    """One problem entered twice, or two problems in one: issues are merged and split, and no answer is lost."""

    _inherit = "aftersale.issue"

    merged_into_id = fields.Many2one(
        "aftersale.issue", index="btree_not_null", ondelete="set null", copy=False, readonly=True
    )

    feedback_count = fields.Integer(
        compute="_compute_feedback_count", compute_sudo=True, export_string_translation=False
    )

    @api.depends("feedback_ids")
    def _compute_feedback_count(self):
        for issue in self:
            issue.feedback_count = len(issue.feedback_ids)

    def _merge_into(self, target):
        """Have ``target`` go on for these issues: it takes what was said, granted, promised and begun over.

        The most urgent one gives priority and clocks. Those merged are cancelled, and say where they went.
        """
        (self | target).check_access("write")
        self._check_mergeable(target)
        # sudo: supervisors may see issues, but not the lots they name, and nobody sets clocks by hand
        merged, target = (self - target).sudo(), target.sudo()
        values = merged._prepare_merge(target) | merged._get_nearest_clocks(target)
        merged._move_followups(target)
        for issue in merged:
            reason = self.env._("Merged into %s", target.name)
            # What was granted is granted by the one that goes on: once.
            issue.write({"state": "cancelled", "cancel_reason": reason, "merged_into_id": target.id, "compensation": 0})
            issue.message_post(body=self.env._("Merged into %s.", target._get_html_link()))
        target.write(values)
        target.message_post(body=self.env._("Took over: %s.", ", ".join(merged.mapped("display_name"))))

    def _check_mergeable(self, target):
        """Raise unless these issues are open, of one customer, and ``target`` is still being worked on."""
        issues = self | target
        if len(issues) < 2:
            raise UserError(self.env._("Choose at least two issues to merge."))
        if len(issues.commercial_partner_id) > 1 or len(issues.company_id) > 1:
            raise UserError(
                self.env._(
                    "An issue is about one customer. What several customers report is connected by an improvement "
                    "measure: plan one for the selected issues."
                )
            )
        ended = issues.filtered(lambda issue: issue.state not in OPEN_STATES)
        if ended:
            raise UserError(self.env._("%s has ended. Reopen it first, or leave it as it is.", ended[0].display_name))
        if target.state == "done":
            raise UserError(
                self.env._(
                    "The customer is being asked about %s. Merge into an issue that is still in work, or reopen it.",
                    target.display_name,
                )
            )

    def _prepare_merge(self, target):
        """Return the values that ``target`` takes over from these issues."""
        both = self | target
        values = {
            "feedback_ids": [Command.link(feedback.id) for feedback in self.feedback_ids],
            "tag_ids": [Command.link(tag.id) for tag in self.tag_ids],
            "action_ids": [Command.link(action.id) for action in self.action_ids],
            "complaint_step_ids": [Command.link(step.id) for step in self.complaint_step_ids],
            "complaint_step_dates": both._get_first_step_dates(),
            "lot_ids": [Command.link(lot.id) for lot in self.lot_ids],
            "priority": max(both.mapped("priority")),
            "kind": "complaint" if "complaint" in both.mapped("kind") else "problem",
            "promised_date": min(filter(None, both.mapped("promised_date")), default=False),
        }
        if granted := self.filtered(lambda issue: issue.compensation and issue.compensation_state != "declined"):
            values["compensation"] = sum((target | granted).mapped("compensation"))
            values["compensation_kind"] = target.compensation_kind or granted[:1].compensation_kind
        for name in ("product_id", "order_id", "user_id", "department_id", "team_id"):
            if not target[name]:
                values[name] = self[name][:1].id
        for name in ("root_cause", "solution", "heard", "agreement"):
            texts = [text for text in (target[name], *self.mapped(name)) if text]
            values[name] = "\n".join(dict.fromkeys(texts))
        return values

    def _get_nearest_clocks(self, target):
        """Return the clocks that end first; whoever was not called yet is called, whatever ``target`` says."""
        both = self | target
        values = {}
        waiting = both.filtered(lambda issue: issue.contact_deadline and not issue.date_contacted)
        for name, issues in (("contact", waiting), ("resolution", both.filtered("resolution_deadline"))):
            if first := issues.sorted(f"{name}_deadline")[:1]:
                values.update({f"{name}_{part}": first[f"{name}_{part}"] for part in ("deadline", "from", "days")})
        if waiting:
            values["date_contacted"] = False
        return values

    def _move_followups(self, target):
        """Let what hangs on these issues hang on ``target``: the call in which they were opened, checks of others."""
        calls = self.env["aftersale.followup"].search([("complaint_issue_id", "in", self.ids)])
        calls.complaint_issue_id = target
        self.ripple_followup_ids.ripple_issue_id = target

    def _split(self, feedback, title):
        """Open an issue of its own for ``feedback``, some of what this one is about; return it."""
        self.ensure_one()
        rest = self.feedback_ids - feedback
        if self.state not in OPEN_STATES:
            raise UserError(self.env._("%s has ended. Reopen it first.", self.display_name))
        if not feedback or feedback - self.feedback_ids or not rest:
            raise UserError(self.env._("Choose what goes to the new issue; at least one answer stays with this one."))
        values = self._prepare_opening(feedback) | {
            "title": title,
            "partner_id": self.partner_id.id,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
        }
        issue = self.create(values)
        self.write({"feedback_ids": [Command.unlink(one.id) for one in feedback]})
        self.message_post(body=self.env._("Split off: %s.", issue._get_html_link()))
        issue.message_post(body=self.env._("Split from %s.", self._get_html_link()))
        return issue
