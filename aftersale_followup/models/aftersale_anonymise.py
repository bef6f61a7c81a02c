import secrets
import uuid
from datetime import timedelta

from odoo import models
from odoo.fields import Command

from ..report.anonymous import anonymise
from .erased_key import PREFIX, hide_key

# What customers typed instead of choosing it: any of it may tell who they are.
TYPED_ANSWERS = ("char_box", "text_box", "numerical_box", "date", "datetime")


class AftersaleFollowup(models.Model):
    """A follow-up without its customer: what was planned, when, by which channel, and how it ended."""

    _name = "aftersale.followup"
    _inherit = ["aftersale.followup", "aftersale.personal.mixin"]

    def _anonymise(self):
        """Make the follow-ups anonymous with their attempts and the answers kept by the survey; their links die."""
        followups = self.sudo()
        followups.attempt_ids.write({"note": False})
        followups.user_input_id._anonymise()
        return super()._anonymise()

    def _get_anonymous_values(self):
        origin = self.origin if self.origin.startswith(PREFIX) else hide_key(self.env, self.origin)
        return {
            "partner_id": False,
            "commercial_partner_id": False,
            "order_id": False,
            "picking_id": False,
            "date_received": False,
            "email_key": False,
            "phone_key": False,
            # Still told apart, so that planning does not take the order for one that nobody was asked about.
            "origin": origin,
            "access_token": secrets.token_urlsafe(16),
            "answer_digest": False,
            "consent_text": False,
            "call_draft": False,
            "complaint_issue_id": False,
            "explanation": self.env._("Made anonymous: the reasons named the customer."),
            "error_message": False,
            # Not "order": confirmed again, that one would bring the customer back.
            "cancel_cause": "erasure" if self.cancel_cause == "order" else self.cancel_cause,
        }


class AftersaleFeedback(models.Model):
    """An answer without its author: scores, choices and classification."""

    _name = "aftersale.feedback"
    _inherit = ["aftersale.feedback", "aftersale.personal.mixin"]

    def _anonymise(self):
        """Make the answers anonymous, also where drafts of analyses quote them."""
        self.env["aftersale.analysis"].sudo()._forget_quoted(self.sudo(), self.env["aftersale.issue"])
        return super()._anonymise()

    def _get_names(self):
        """Return the names of the authors of these answers, as they may stand in a text."""
        return self.mapped("contact_name") + self.partner_id._aftersale_names()

    def _get_traces(self):
        """Return (names, whole phrases) that lead from what this customer wrote to the customer or the order."""
        self.ensure_one()
        feedback = self.sudo()  # who reads the answer need not read orders, to have their names taken out
        people, order = feedback.partner_id | feedback.commercial_partner_id, feedback.order_id
        names = [feedback.contact_name, order.name, *people.mapped("name")]
        return names, [*people.mapped("street"), *people.mapped("street2"), order.client_order_ref]

    def _get_anonymous_values(self):
        names = self._get_names()
        texts = ("improvement", "suggestion_answer", "suspicious_reason")
        return {
            "partner_id": False,
            "contact_name": False,
            "order_id": False,
            "detail": False,
            "suggestion": False,
            "note": False,
            **{name: anonymise(self[name], names) for name in texts},
        }


class AftersaleIssue(models.Model):
    """An issue without its customer: the problem, its cause and its solution, as far as staff wrote them."""

    _name = "aftersale.issue"
    _inherit = ["aftersale.issue", "aftersale.personal.mixin"]

    def _anonymise(self):
        """Make the issues anonymous, also where drafts of analyses list them."""
        self.env["aftersale.analysis"].sudo()._forget_quoted(self.env["aftersale.feedback"], self.sudo())
        return super()._anonymise()

    def _get_names(self):
        """Return the names of these issues' customers, as they may stand in a text."""
        return self.partner_id._aftersale_names() + self.feedback_ids.mapped("contact_name")

    def _get_anonymous_values(self):
        names = self._get_names()
        company = self.company_id.partner_id
        tags = self.tag_ids.with_context(lang=company.lang).mapped("name")
        texts = ("whys", "root_cause", "solution", "lesson", "agreement", "waiver_note", "cancel_reason")
        return {
            "partner_id": False,
            "order_id": False,
            # A serial number leads to whoever bought the piece.
            "lot_ids": [Command.clear()],
            # Both are in the customer's words.
            "heard": False,
            "title": ", ".join(tags) or self.name,
            **{name: anonymise(self[name], names) for name in texts},
        }


class SurveyUserInput(models.Model):
    _name = "survey.user_input"
    _inherit = ["survey.user_input", "aftersale.personal.mixin"]

    def _get_personal(self):
        return self.filtered(lambda user_input: user_input.survey_id.survey_type == "aftersale")

    def _anonymise(self):
        self.user_input_line_ids.filtered(lambda line: line.answer_type in TYPED_ANSWERS).unlink()
        return super()._anonymise()

    def _get_anonymous_values(self):
        return {"partner_id": False, "email": False, "nickname": False, "access_token": str(uuid.uuid4())}


class SurveyUserInputLine(models.Model):
    _inherit = "survey.user_input.line"

    def _get_personal(self):
        return self.filtered(lambda line: line.survey_id.survey_type == "aftersale")


class AftersaleOptout(models.Model):
    """Shown in full on request, which is noted. What an erasure leaves of an opt-out is decided there."""

    _name = "aftersale.optout"
    _inherit = ["aftersale.optout", "aftersale.personal.mixin"]


class AftersaleTargetLine(models.Model):
    """Nothing but a customer and what was known: a line is deleted rather than emptied."""

    _name = "aftersale.target.line"
    _inherit = ["aftersale.target.line", "aftersale.personal.mixin"]


class AftersaleAnalysis(models.Model):
    """A draft without those who are made anonymous; issued ones stay as they are.

    Its figures quote customers and list their numbers: they are emptied, and computed anew by whoever needs them.
    """

    _inherit = "aftersale.analysis"

    def _forget_quoted(self, feedback, issues):
        """Empty the drafts that may quote these answers or list these issues, which are still with their customers."""
        companies = feedback.company_id | issues.company_id
        for draft in self.search([("company_id", "in", companies.ids), ("state", "=", "draft")]):
            own = [records.filtered(lambda r, c=draft.company_id: r.company_id == c) for records in (feedback, issues)]
            if not draft._may_quote(*own):
                continue
            names = own[0]._get_names() + own[1]._get_names()
            values = {"figures": False, "cutoff": False, "suggestion_ids": [Command.unlink(f.id) for f in own[0]]}
            draft.write({**values, "summary": draft.summary and anonymise(draft.summary, names)})

    def _may_quote(self, feedback, issues):
        """Return whether answer or issue is of the draft's period, chosen as a suggestion, or listed as urgent."""
        self.ensure_one()
        company = self.company_id
        start, end = (company._aftersale_moment(day) for day in (self.date_from, self.date_to + timedelta(days=1)))
        moments = feedback.mapped("date") + issues.mapped("create_date")
        listed = {row["name"] for row in (self.figures or {}).get("priority_issues", ())}
        return bool(
            feedback & self.suggestion_ids
            or any(start <= moment < end for moment in moments)
            or listed.intersection(issues.mapped("name"))
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _aftersale_names(self):
        """Return the names under which these customers may stand in a text."""
        partners = self | self.commercial_partner_id
        return partners.mapped("name") + partners.mapped("aftersale_short_name")
