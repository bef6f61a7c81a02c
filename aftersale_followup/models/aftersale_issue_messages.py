from odoo import models
from odoo.tools import format_date


class AftersaleIssue(models.Model):
    """The texts that messages about an issue are filled with."""

    _inherit = "aftersale.issue"

    def _get_placeholders(self):
        """Return the texts that stand for the ``[words]`` of messages, in the environment's language."""
        self.ensure_one()
        issue = self.sudo()  # recipients are customers, or users who may not read the feedback
        company = issue.company_id
        clock, deadline = issue._get_next_clock()
        asked = issue.feedback_ids.followup_id.sorted("id")[-1:]
        scores = [score for score in issue.feedback_ids.mapped("score") if score]
        return {
            "customer": issue.partner_id.name or "",
            "company": company.name,
            "agent": issue.user_id.name or company.name,
            "supervisor": issue._get_supervisor().name or "",
            "product": issue.product_id.name or "",
            "order": issue.order_id.name or "",
            # Both stand inside sentences, which bring their own full stop.
            "issue": issue.title.strip().rstrip(".。"),
            "number": issue.name,
            "solution": (issue.solution or "").strip().rstrip(".。"),
            "department": issue.department_id.name or company.name,
            "promised": format_date(self.env, issue.promised_date or issue.resolution_deadline),
            "score": str(min(scores)) if scores else "–",
            "reasons": issue.priority_reasons or "",
            "clock": clock,
            "deadline": format_date(self.env, deadline),
            "phone": company.aftersale_phone or company.phone or "",
            "optout": asked._get_optout_link() if asked else "",
        }
