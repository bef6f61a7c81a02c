from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Command, Domain


class AftersaleFeedback(models.Model):
    """What an answer is about, how urgent it is, and the issue it leads to."""

    _inherit = "aftersale.feedback"

    @api.model
    def _classify(self, vals):
        """Return ``vals`` of a new answer with the tags its words suggest beside those the customer chose."""
        found = (
            self.env["aftersale.tag"]
            .sudo()
            ._match_keywords(f"{vals.get('detail') or ''}\n{vals.get('suggestion') or ''}")
        )
        commands = vals.get("tag_ids") or []
        chosen = self.new({"tag_ids": commands}).tag_ids._origin.sudo() if commands else found.browse()
        if chosen:
            # The customer's own choice stands; only a safety word is added to it.
            found = found.filtered("is_safety")
        first = (chosen.filtered("is_problem") | found.filtered("is_problem") | chosen | found)[:1]
        links = [Command.link(tag.id) for tag in found]
        return {**vals, "tag_ids": [*commands, *links], "category_id": first.category_id.id}

    def _prioritise(self):
        """High priority: low score, safety hazard, recurring problem, second complaint of one customer."""
        recurring = self._filter_recurring()
        repeated = self._filter_repeated()
        for feedback in self:
            low = 0 < feedback.score <= feedback.company_id.aftersale_low_score
            safety = any(feedback.tag_ids.mapped("is_safety"))
            high = low or safety or feedback in recurring or feedback in repeated
            feedback.write(
                {
                    "is_low_score": low,
                    "is_safety": safety,
                    "is_recurring": feedback in recurring,
                    "is_repeat": feedback in repeated,
                    "priority": "1" if high else "0",
                }
            )

    def _get_issue_priority(self):
        """Return the priority of an issue about this feedback: a safety hazard is urgent."""
        self.ensure_one()
        return "2" if self.is_safety else self.priority

    def _get_priority_reasons(self):
        """Return the list of what makes one of these answers urgent, in words."""
        names = ("is_low_score", "is_recurring", "is_safety", "is_repeat")
        return [self._fields[name]._description_string(self.env) for name in names if any(self.mapped(name))]

    def _filter_repeated(self):
        """Return the complaints (low score, or said so) of who complained before within the setting (3 months)."""
        complaints = self.filtered(
            lambda f: f.partner_id and (f.is_complaint or 0 < f.score <= f.company_id.aftersale_low_score)
        )
        repeated = self.browse()
        if not complaints:
            return repeated
        months = max(complaints.company_id.mapped("aftersale_repeat_months"))
        earlier = self.search(
            Domain("commercial_partner_id", "in", complaints.commercial_partner_id.ids)
            & (Domain("is_low_score", "=", True) | Domain("is_complaint", "=", True))
            & Domain("date", ">=", min(complaints.mapped("date")) - relativedelta(months=months))
        )
        for complaint in complaints:
            since = complaint.date - relativedelta(months=complaint.company_id.aftersale_repeat_months)
            if earlier.filtered(
                lambda e, c=complaint, since=since: (
                    e != c
                    and e.commercial_partner_id == c.commercial_partner_id
                    and e.company_id == c.company_id
                    and since <= e.date <= c.date
                )
            ):
                repeated |= complaint
        return repeated

    # ------------------------------------------------------------
    # Issues
    # ------------------------------------------------------------

    def _needs_issue(self):
        """Return the feedback that leads to an issue now.

        Every low score and every problem tag; high ones at once, normal ones when the customer chose the tag or staff
        accepted it. With the policy "high" only high priority does. Who complains gets one in any case.
        """

        def needed(feedback):
            if not feedback.partner_id or feedback.issue_ids:
                return False
            if feedback.is_complaint:
                return True
            if not feedback.is_low_score and not any(feedback.tag_ids.mapped("is_problem")):
                return False
            if feedback.priority == "1":
                return True
            return feedback.company_id.aftersale_issue_policy == "problems" and feedback.is_tag_confirmed

        return self.filtered(needed)

    def _open_issues(self):
        """Open an issue for each feedback that needs one, or join the customer's open one; return the issues."""
        issues = self.env["aftersale.issue"].sudo()
        for feedback in self._needs_issue().sudo():
            issues |= issues._join(feedback) or issues._open(feedback)
        return issues
