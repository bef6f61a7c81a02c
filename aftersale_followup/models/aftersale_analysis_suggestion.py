from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

MAX_SUGGESTIONS = 5


class AftersaleAnalysis(models.Model):
    """The typical suggestions of an analysis: chosen by people, printed without names, frozen with the figures."""

    _inherit = "aftersale.analysis"

    suggestion_ids = fields.Many2many(
        "aftersale.feedback",
        "aftersale_analysis_suggestion_rel",
        "analysis_id",
        "feedback_id",
        "Typical Suggestions",
        ondelete="restrict",
        help="At most five. Empty: those marked as typical in the period.",
    )

    @api.constrains("suggestion_ids")
    def _check_suggestions(self):
        for analysis in self:
            if len(analysis.suggestion_ids) > MAX_SUGGESTIONS:
                raise ValidationError(
                    self.env._("An analysis shows at most %s typical suggestions. Remove the others.", MAX_SUGGESTIONS)
                )
            if analysis.suggestion_ids.filtered(lambda f, a=analysis: f.company_id != a.company_id):
                raise ValidationError(self.env._("The suggestions must belong to the company of the analysis."))

    def _compute_figures(self):
        """Without a choice of its own, the analysis shows what was marked as typical in its period."""
        self.ensure_one()
        if not self.suggestion_ids:
            self.suggestion_ids = self.env["aftersale.feedback"].search(
                self._get_suggestion_domain() & Domain("is_typical", "=", True), limit=MAX_SUGGESTIONS
            )
        return super()._compute_figures()

    def _get_suggestion_domain(self):
        """Domain of the valid suggestions of the period, in company time."""
        company = self.company_id
        domain = (
            Domain("company_id", "=", company.id)
            & Domain("suggestion_state", "!=", "none")
            # Once its author is anonymous, a suggestion counts, but has no text left to quote.
            & Domain("suggestion", "!=", False)
            & Domain("is_valid", "=", True)
            & Domain("date", ">=", company._aftersale_moment(self.date_from))
            & Domain("date", "<", company._aftersale_moment(self.date_to + timedelta(days=1)))
        )
        return domain & Domain("team_id", "=", self.team_id.id) if self.team_id else domain
