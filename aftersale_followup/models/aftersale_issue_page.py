from odoo import api, models
from odoo.tools import format_date

from .aftersale_followup_message import LINK
from .link_token import find_by_token, get_pattern, make_token

ISSUE_TOKEN = get_pattern("i")


class AftersaleIssue(models.Model):
    """What the customer sees of an issue: where it stands, in plain words, and nothing of ours."""

    _inherit = "aftersale.issue"

    def _get_issue_token(self):
        """Return the token of the customer's page; it dies with another customer, or with none.

        Nothing is stored, so that nobody reads it: whoever holds it can confirm a solution. Odoo's own portal tokens
        are fields that every reader of a record reads, and open its messages.
        """
        return make_token(self, "i", "aftersale_followup.issue", self.sudo().partner_id.id)

    def _get_link(self):
        """Return the address of the customer's page while a message is being sent, else one that leads nowhere."""
        self.ensure_one()
        sending = self.env.context.get("aftersale_link") is LINK
        token = self._get_issue_token() if sending else "preview"
        page = "/a" if self.env.context.get("aftersale_short") else "/aftersale/issue"
        return f"{self.get_base_url()}{page}/{token}"

    @api.model
    def _find_by_issue_token(self, token):
        """Return the issue (in sudo) that ``token`` opens, or the one it was merged into; empty when there is none."""
        # sudo: the token is the customer's only right
        issue = find_by_token(self.sudo(), ISSUE_TOKEN, token, lambda i: i._get_issue_token())
        return issue._get_present() if issue.partner_id else self.sudo()

    def _get_present(self):
        """Return the issue that goes on for this one."""
        issue = self
        while issue.merged_into_id:
            issue = issue.merged_into_id
        return issue

    def _aftersale_describe(self):
        """Return what the customer may see of these issues (in sudo): no cause, no names, no clocks of ours."""
        return [
            {
                "id": issue.id,
                "name": issue.name,
                "title": issue.title,
                "state": issue.state,
                "status": issue._get_plain_status(),
                "date": issue._get_day("create_date"),
                "promised": issue.state in ("new", "processing") and format_date(self.env, issue.promised_date),
                "solution": issue.state in ("done", "closed") and issue.solution,
            }
            for issue in self
        ]

    def _aftersale_describe_page(self):
        """Return what the customer's own page shows of one issue: the same, its days, and where to confirm it."""
        self.ensure_one()
        days = [
            (self.env._("Received"), self._get_day("create_date")),
            (self.env._("A supervisor spoke to you"), self._get_day("date_contacted")),
            (self.env._("Done"), self._get_day("date_done")),
            (self.env._("Closed"), self._get_day("date_closed")),
        ]
        check = self._get_open_checks().filtered(lambda f: f.state == "ready")[-1:]
        return {
            **self._aftersale_describe()[0],
            "product": self.product_id.name,
            "days": [(label, day) for label, day in days if day],
            "link": check and check.with_context(aftersale_link=LINK, aftersale_short=False)._get_link(),
        }

    def _get_plain_status(self):
        """Return in the customer's words where the issue stands."""
        self.ensure_one()
        if self.waiting_date and self.state == "processing":
            return self.env._("We wait for your answer")
        return {
            "new": self.env._("Received"),
            "processing": self.env._("Being worked on"),
            "done": self.env._("Done – please confirm"),
            "closed": self.env._("Closed"),
            "cancelled": self.env._("Ended"),
        }[self.state]

    def _get_day(self, name):
        """Return the day of a moment of the issue, in the company's zone and as the reader writes it."""
        return self[name] and format_date(self.env, self.company_id._aftersale_date(self[name]))
