from odoo import api, models
from odoo.fields import Domain

from ..models.aftersale_followup import OPEN_STATES
from ..models.mail_budget import MailBudget


class AftersaleHealth(models.TransientModel):
    """Mails: how many left today of those that may, and how many wait."""

    _inherit = "aftersale.health"

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), *(self._check_budget(company) for company in self.env.companies)]

    def _check_budget(self, company):
        """Return what was sent of the company's mail budget today; waiting beyond the window wants attention."""
        budget = MailBudget(company)
        # sudo: counted are those of other teams, too
        waiting = (
            self.env["aftersale.followup"]
            .sudo()
            .search(
                Domain("is_waiting_to_send", "=", True)
                & Domain("company_id", "=", company.id)
                & Domain("state", "in", OPEN_STATES)
            )
        )
        late = waiting.filtered(lambda f: f.date_next and company._aftersale_date(f.date_next) > f.date_deadline)
        sent = budget.count_sent()
        finding = self.env._("%(company)s: %(sent)s sent today, no limit.", company=company.name, sent=sent)
        if budget.is_limited:
            finding = self.env._(
                "%(company)s: %(sent)s of %(limit)s sent today, %(waiting)s wait.",
                company=company.name,
                sent=sent,
                limit=budget.per_day or self.env._("any number"),
                waiting=len(waiting),
            )
        return {
            "name": self.env._("Mails to Customers"),
            "status": "2_warning" if late else "3_ok",
            "finding": finding,
            "advice": late
            and self.env._(
                "%s wait beyond their window. Allow more mails in the settings, or let plans ask fewer customers.",
                len(late),
            ),
            "res_model": waiting._name if waiting else False,
            "res_domain": waiting.ids,
        }
