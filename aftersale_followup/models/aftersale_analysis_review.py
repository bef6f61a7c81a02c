from odoo import fields, models

from .aftersale_analysis_schedule import ISSUE_HOUR

REVIEW = "aftersale_followup.activity_type_review"


class AftersaleAnalysis(models.Model):
    """Drafts that people look at before they are issued."""

    _inherit = "aftersale.analysis"

    in_review = fields.Boolean("To Review", readonly=True, copy=False)
    date_issue = fields.Date("Issued by Itself On", readonly=True, copy=False)

    def _issue_or_review(self):
        """What the scheduled action does with a draft that is due: managers see it first where the company says so."""
        self.ensure_one()
        if self._is_settled():  # by another worker, meanwhile
            return
        if self.company_id.aftersale_report_review and not self.in_review:
            self.sudo()._isolate(self.sudo()._start_review)
        else:
            self._issue()

    def _start_review(self):
        """Compute the draft and have the managers look at it; it waits for them, or some working days at most."""
        company = self.company_id
        today, days = company._aftersale_today(), company.aftersale_report_review_days
        self._compute_figures()
        self.write({"in_review": True, "date_issue": company._aftersale_add_workdays(today, days) if days else False})
        for manager in company._aftersale_managers():
            self.activity_schedule(REVIEW, date_deadline=self.date_issue or today, user_id=manager.id)

    def _is_settled(self):
        """A draft in review waits for its day, as long as the company wants reviews."""
        company = self.company_id
        if not super()._is_settled() and self.in_review and company.aftersale_report_review:
            return not self.date_issue or fields.Datetime.now() < company._aftersale_moment(self.date_issue, ISSUE_HOUR)
        return super()._is_settled()

    def _issue_one(self):
        """Once issued, nothing is left to review."""
        if self.in_review:
            self.write({"in_review": False, "date_issue": False})
        result = super()._issue_one()
        self.activity_unlink([REVIEW])
        return result
