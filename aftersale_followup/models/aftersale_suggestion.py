from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .aftersale_followup_message import LINK

# A decision is told to the customer, so it is not taken back silently.
TRANSITIONS = {
    "none": set(),
    "new": {"accepted", "adopted", "rejected"},
    "accepted": {"adopted", "rejected"},
    "rejected": {"accepted", "adopted"},
    "adopted": set(),
}
MESSAGE_LENGTH = 200


class AftersaleFeedback(models.Model):
    """What becomes of a customer's suggestion: decided with an answer, and told to its author."""

    _name = "aftersale.feedback"
    _inherit = ["aftersale.feedback", "aftersale.message.mixin"]

    suggestion_state = fields.Selection(group_expand="_group_expand_suggestion_state")
    suggestion_answer = fields.Text(
        "Answer to the Customer", help="Told to the author; needed to decline a suggestion."
    )
    suggestion_date = fields.Datetime("First Decided On", readonly=True, copy=False)
    # Empty where it was adopted from the first, or before this was noted; it is final either way.
    suggestion_adopted_date = fields.Datetime("Put into Practice On", readonly=True, copy=False)
    action_ids = fields.Many2many(
        "aftersale.action",
        "aftersale_action_suggestion_rel",
        "feedback_id",
        "action_id",
        "Improvement Measures",
        help="Measures that put the suggestion into practice.",
    )
    is_typical = fields.Boolean(
        "Typical Suggestion", help="Printed, without the customer's name, in the next analysis of its period."
    )

    _rejection_answered = models.Constraint(
        "CHECK(suggestion_state <> 'rejected' OR COALESCE(suggestion_answer, '') <> '')",
        "A suggestion is declined with an answer to its author.",
    )

    @api.model
    def _group_expand_suggestion_state(self, states, domain):
        """Show every decision, in its order; what holds no suggestion only where it is asked for."""
        return [state for state, _label in self._fields["suggestion_state"].selection if state != "none"]

    def write(self, vals):
        """Check the decision with the values of this very write, then tell the authors."""
        decided = self.filtered(lambda f: f.suggestion_state != vals.get("suggestion_state", f.suggestion_state))
        if {"suggestion_state", "suggestion_answer"} & vals.keys():
            for feedback in self:
                feedback._check_decision(vals)
        result = super().write(vals)
        # sudo: the moment is noted by the system, not by whoever decides
        now, noted = fields.Datetime.now(), decided.sudo()
        if first := noted.filtered(lambda f: not f.suggestion_date):
            super(AftersaleFeedback, first).write({"suggestion_date": now})
        if adopted := noted.filtered(lambda f: f.suggestion_state == "adopted"):
            super(AftersaleFeedback, adopted).write({"suggestion_adopted_date": now})
        decided._tell_author()
        return result

    def _check_decision(self, vals):
        """Raise what is wrong with the decision that ``vals`` make on one suggestion."""
        labels = dict(self._fields["suggestion_state"]._description_selection(self.env))
        state = vals.get("suggestion_state", self.suggestion_state)
        if state != self.suggestion_state and state not in TRANSITIONS[self.suggestion_state]:
            raise UserError(
                self.env._(
                    "The suggestion of %(name)s is “%(from)s” and cannot become “%(to)s”.",
                    **{"name": self.display_name, "from": labels[self.suggestion_state], "to": labels[state]},
                )
            )
        answer = vals.get("suggestion_answer", self.suggestion_answer)
        if state == "rejected" and not (answer or "").strip():
            raise ValidationError(
                self.env._(
                    "%s: write why the suggestion is not adopted. Its author will read the answer.", self.display_name
                )
            )

    def _tell_author(self):
        """Queue the message about the decision to each author who has an address and did not opt out."""
        if not self:
            return
        templates = {
            state: self.env.ref(f"aftersale_followup.mail_template_idea_{code}", raise_if_not_found=False)
            for state, code in (("accepted", "accepted"), ("adopted", "adopted"), ("rejected", "declined"))
        }
        # sudo: opt-outs, blacklists and the personal link are read for the supervisor who decides
        reachable = self.sudo().with_context(aftersale_link=LINK)._filter_reachable()
        for state, feedback in reachable.grouped("suggestion_state").items():
            if templates.get(state):
                feedback._queue_mails(templates[state])

    def _get_unwanted_scenarios(self):
        return {self.scenario}

    def _get_asked_followup(self):
        return self.followup_id

    def _get_idea_placeholders(self):
        """Return the texts that stand in the messages about a suggestion."""
        self.ensure_one()
        feedback = self.sudo()
        company, followup = feedback.company_id, feedback.followup_id
        words = (feedback.suggestion or "").strip()
        return {
            "customer": feedback.contact_name or feedback.partner_id.name or "",
            "company": company.name,
            "suggestion": words if len(words) <= MESSAGE_LENGTH else f"{words[:MESSAGE_LENGTH]}…",
            "answer": (feedback.suggestion_answer or "").strip(),
            "phone": company.aftersale_phone or company.phone or "",
            "optout": followup._get_optout_link() if followup else "",
        }
