from odoo import api, fields, models
from odoo.tools import format_date


class AftersaleIssue(models.Model):
    """The texts that messages about an issue are filled with."""

    _inherit = "aftersale.issue"

    progress_script = fields.Text(
        compute="_compute_progress_script", compute_sudo=True, export_string_translation=False
    )

    @api.depends("title", "department_id", "promised_date", "resolution_deadline", "partner_id")
    @api.depends_context("uid")
    def _compute_progress_script(self):
        """Say what the supervisor says in the call about the progress, in the customer's language."""
        installed = dict(self.env["res.lang"].get_installed())
        for issue in self:
            lang = issue.partner_id.lang
            spoken = issue.with_context(lang=lang if lang in installed else self.env.lang)
            words = spoken._get_placeholders() | {"supervisor": self.env.user.name}
            issue.progress_script = spoken.env._(
                "I am %(supervisor)s, head of service. About “%(issue)s”: %(department)s is on it and plans to finish "
                "by %(promised)s; I will tell you the result at once. Is there anything to add?",
                **{name: words[name] for name in ("supervisor", "issue", "department", "promised")},
            )

    def _get_placeholders(self):
        """Return the texts that stand for the ``[words]`` of messages, in the environment's language."""
        self.ensure_one()
        issue = self.sudo()  # recipients are customers, or users who may not read the feedback
        company = issue.company_id
        clock, deadline = issue._get_next_clock()
        asked = issue._get_asked_followup()
        scores = [score for score in issue.feedback_ids.mapped("score") if score]
        return {
            "customer": issue.partner_id.name or "",
            "company": company.name,
            "agent": issue.user_id.name or company.name,
            "supervisor": issue._get_supervisor().name or "",
            "product": issue.product_id.name or "",
            "order": issue.order_id.name or "",
            # Both stand inside sentences, which bring their own full stop.
            "issue": (issue.title or "").strip().rstrip(".。"),
            "number": issue.name,
            "solution": (issue.solution or "").strip().rstrip(".。"),
            "department": issue.department_id.name or company.name,
            "promised": format_date(self.env, issue.promised_date or issue.resolution_deadline),
            "is_promised": issue.state in ("new", "processing") and issue.promised_date,
            "call": "" if issue.date_contacted else format_date(self.env, issue.contact_deadline),
            "link": self._get_link(),
            "score": str(min(scores)) if scores else "–",
            "reasons": issue.priority_reasons or "",
            "clock": clock,
            "deadline": format_date(self.env, deadline),
            "phone": company.aftersale_phone or company.phone or "",
            "optout": asked._get_optout_link() if asked else "",
        }
