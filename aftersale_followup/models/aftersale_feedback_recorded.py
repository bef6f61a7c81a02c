from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# What staff may hand over when they record an answer: the customer's words and their own judgement of them.
ANSWER_FIELDS = {
    "followup_id",
    "correction_of_id",
    "correction_reason",
    "date",
    "channel_id",
    "contact_name",
    "score",
    "score_raw",
    "score_max",
    "nps",
    "resolved",
    "stability",
    "loyalty",
    "dimension_ids",
    "detail",
    "suggestion",
    "opportunity",
    "improvement",
    "note",
    "tag_ids",
    "category_id",
    "is_tag_confirmed",
    "inbound_source",
    "inbound_url",
    "is_complaint",
    "email",
    "phone",
}
# Whom and what it is about: taken from the follow-up, or from what is corrected, where there is one.
ABOUT_FIELDS = {"partner_id", "order_id", "product_ids", "team_id", "company_id"}
# Always in their own name; only the customer's page speaks for the customer.
OWN_FIELDS = {"source", "user_id", "evidence"}
# Staff enter paper and calls after the fact, but not into a month that is long reported.
BACKDATED_DAYS = 31


class AftersaleFeedback(models.Model):
    """What people may enter when they record an answer, on paper or on the phone; the system's own ways run in sudo."""

    _inherit = "aftersale.feedback"

    @api.model
    def _check_recorded(self, vals):
        """Return ``vals`` of an answer that staff record, without what follows from the follow-up or the correction.

        :raises AccessError: when the user may not work on that follow-up, or hands over what is not theirs to set
        :raises UserError: when the date lies in the future, before the contact, or too far back
        """
        followup = self.env["aftersale.followup"].browse(vals.get("followup_id") or [])
        corrected = self.browse(vals.get("correction_of_id") or [])
        followup.check_access("write")
        if corrected:
            # Who records what came in by the hotline holds no right to write feedback, and corrects nothing.
            corrected.check_access("write")
        foreign = (vals.keys() & self._fields.keys()) - ANSWER_FIELDS - ABOUT_FIELDS - OWN_FIELDS
        if foreign:
            labels = [self._fields[name]._description_string(self.env) for name in sorted(foreign)]
            raise AccessError(self.env._("This follows from the answer and cannot be entered: %s.", ", ".join(labels)))
        dropped = OWN_FIELDS | (ABOUT_FIELDS if followup or corrected else set())
        vals = {name: value for name, value in vals.items() if name not in dropped}
        vals.update(source="staff", user_id=self.env.uid, evidence="recorded")
        vals["date"] = fields.Datetime.to_datetime(vals.get("date")) or fields.Datetime.now()
        self._check_answer_date(vals["date"], followup)
        return vals

    @api.model
    def _check_answer_date(self, date, followup):
        """Raise UserError unless an answer to ``followup`` (may be empty) can have been given on ``date``."""
        now = fields.Datetime.now()
        earliest = now - timedelta(days=BACKDATED_DAYS)
        if not max(earliest, followup.date_sent or earliest) <= date <= now:
            raise UserError(
                self.env._(
                    "An answer is dated between the contact and now, at most %s days back: issued reports stand.",
                    BACKDATED_DAYS,
                )
            )
