from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .aftersale_answers import clean_text

MAX_TITLE = 120
MAX_STEPS = 50


class AftersaleFollowup(models.Model):
    """A complaint heard during a call: its issue is open before the call is over, whatever becomes of the call."""

    _inherit = "aftersale.followup"

    complaint_issue_id = fields.Many2one(
        "aftersale.issue",
        "Complaint",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Opened during the call; the answers join it.",
    )

    def console_complaint(self, values=None):
        """Open the issue of a complaint at once, or go on with the one that is open; return it with its checklist.

        :param dict values: ``title`` in the customer's words, ``steps`` done (ids), ``promised_date`` (text)
        """
        self._check_call()
        values = values if isinstance(values, dict) else {}
        followup = self.sudo().with_context(lang=self.env.lang)
        issue = followup.complaint_issue_id or followup._open_complaint(values)
        changes = followup._read_complaint(values)
        if changes:
            issue.write(changes)
        return followup._describe_complaint(issue)

    def _open_complaint(self, values):
        """Open the issue, or reopen the one whose solution this call was to verify; the supervisor is told."""
        draft = self.call_draft or {}
        answers, _errors = self._get_survey()._aftersale_check(draft.get("answers"))
        said = self._prepare_feedback(self._get_survey()._aftersale_form(), answers)
        words = clean_text(values.get("title") or said.get("detail") or "").split("\n")[0][:MAX_TITLE]
        issue = self.issue_id
        if issue.state == "done":
            # This very call goes on: reopening ends only the other verifications.
            issue.with_context(aftersale_calling=self.id).write({"state": "processing"})
            if words:
                issue.message_post(body=words)
        else:
            issue = self._create_complaint(words, said.get("detail") or words)
        self.complaint_issue_id = issue
        note = self.env._(
            "%(user)s took a complaint on the phone: %(issue)s", user=self.env.user.name, issue=issue.name
        )
        issue._tell_supervisor(note)
        return issue

    def _create_complaint(self, words, text):
        tags = self.env["aftersale.tag"]._match_keywords(text).filtered("is_problem")
        departments = tags.department_id.filtered(lambda d: d.company_id in (d.company_id.browse(), self.company_id))
        return (
            self.env["aftersale.issue"]
            .with_company(self.company_id)
            .create(
                {
                    "title": words or self.env._("Complaint on the phone (%s)", self.name),
                    "kind": "complaint",
                    "partner_id": self.partner_id.id,
                    "tag_ids": [Command.set(tags.ids)],
                    "product_id": self.product_ids.id if len(self.product_ids) == 1 else False,
                    "order_id": self.order_id.id,
                    "priority": "2" if any(tags.mapped("is_safety")) else "0",
                    "department_id": departments[:1].id,
                    "team_id": self.team_id.id,
                    "company_id": self.company_id.id,
                }
            )
        )

    def _read_complaint(self, values):
        """Return the values of the issue that the agent enters during the call."""
        changes = {}
        if title := clean_text(values.get("title") or "")[:MAX_TITLE]:
            # What the customer said stays in the words of the first call; a verification does not rename it.
            if self.complaint_issue_id != self.issue_id:
                changes["title"] = title
        if isinstance(values.get("steps"), list):
            known = self.env["aftersale.complaint.step"].search([], limit=MAX_STEPS)
            changes["complaint_step_ids"] = [Command.set([step.id for step in known if step.id in values["steps"]])]
        if "promised_date" in values:
            try:
                changes["promised_date"] = fields.Date.to_date(values["promised_date"] or False) or False
            except (ValueError, TypeError) as error:
                raise UserError(self.env._("Please enter a date.")) from error
        return changes

    def _describe_complaint(self, issue):
        """Return the issue as the console shows it, or False."""
        if not issue:
            return False
        steps = self.env["aftersale.complaint.step"].search([], limit=MAX_STEPS) | issue.complaint_step_ids
        return {
            "id": issue.id,
            "name": issue.name,
            "title": issue.title,
            "promised_date": fields.Date.to_string(issue.promised_date) or "",
            "steps": [{"id": s.id, "name": s.name, "done": s in issue.complaint_step_ids} for s in steps],
        }


class AftersaleIssue(models.Model):
    _inherit = "aftersale.issue"

    def _get_open_checks(self):
        """Leave out the verification that is being held by phone right now."""
        return super()._get_open_checks().filtered(lambda f: f.id != self.env.context.get("aftersale_calling"))
