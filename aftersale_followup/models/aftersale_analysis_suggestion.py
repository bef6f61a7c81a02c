from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..report.anonymous import anonymise
from ..report.stop_words import is_telling
from .typical import Text, pick_typical
from .words import split_words

MAX_SUGGESTIONS = 5
# The newest are enough to see what is typical.
MAX_READ = 5000
# Letters of what is quoted.
SHORTEST, LONGEST = 4, 300


class AftersaleAnalysis(models.Model):
    """The typical suggestions of an analysis: proposed by the system, chosen by people, printed without names, frozen
    with the figures."""

    _inherit = "aftersale.analysis"

    suggestion_ids = fields.Many2many(
        "aftersale.feedback",
        "aftersale_analysis_suggestion_rel",
        "analysis_id",
        "feedback_id",
        "Typical Suggestions",
        ondelete="restrict",
        help="At most five. Empty: those marked as typical in the period, then what is said most often.",
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
        """Without a choice of its own, the analysis shows what was marked as typical, and what is said most."""
        self.ensure_one()
        if not self.suggestion_ids:
            self.suggestion_ids = self._propose_suggestions()
        return super()._compute_figures()

    def action_propose(self):
        """Replace the suggestions of drafts by those proposed as of now."""
        self.check_access("write")
        for analysis in self.filtered(lambda analysis: analysis.state == "draft"):
            # sudo: agents' feedback counts, too
            analysis.suggestion_ids = analysis.sudo()._propose_suggestions()
            analysis.sudo()._compute_figures()

    def _propose_suggestions(self):
        """Return what was marked as typical, then one suggestion for each of the biggest groups that are left.

        Proposed is only what can be quoted as it is: nothing had to be taken out of it.
        """
        domain = self._get_suggestion_domain()
        marked = self.env["aftersale.feedback"].search(domain & Domain("is_typical", "=", True), limit=MAX_SUGGESTIONS)
        others = self.env["aftersale.feedback"].search(domain, limit=MAX_READ) - marked
        texts = {feedback.id: feedback._get_suggestion_features() for feedback in others if feedback._is_quotable()}
        chosen = [feedback._get_suggestion_features() for feedback in marked]
        return marked + others.browse(pick_typical(texts, MAX_SUGGESTIONS - len(marked), chosen))

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


class AftersaleFeedback(models.Model):
    _inherit = "aftersale.feedback"

    def _get_suggestion_features(self):
        """Return what makes this suggestion like others."""
        self.ensure_one()
        words = frozenset(filter(is_telling, split_words(self.suggestion)))
        # who is unknown is taken for somebody else each time
        return Text(frozenset(self.tag_ids.ids), words, self.commercial_partner_id.id or f"unknown {self.id}")

    def _is_quotable(self):
        """Return whether the suggestion has a fitting length, and names nobody, no address, number or order."""
        self.ensure_one()
        text = (self.suggestion or "").strip()
        people = self.partner_id | self.commercial_partner_id | self.user_id.partner_id
        names = [self.contact_name, self.order_id.name, *people.mapped("name")]
        return SHORTEST <= len(text) <= LONGEST and anonymise(text, names) == text
