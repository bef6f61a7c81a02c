from datetime import timedelta

from odoo import fields, models

DAYS = 90


class AftersaleTag(models.Model):
    """How good the suggestions of a tag are: what was learned, and how often it was right of late."""

    _inherit = "aftersale.tag"

    learned_count = fields.Integer(
        "Learned From", readonly=True, copy=False, help="How many decided answers with this tag its words come from."
    )
    suggested_count = fields.Integer(
        "Suggested First",
        compute="_compute_suggested",
        groups="aftersale_followup.group_manager",
        help="Answers of the last 90 days whose first suggestion was this tag when staff decided.",
    )
    accepted_count = fields.Integer(
        "Of These Accepted",
        compute="_compute_suggested",
        groups="aftersale_followup.group_manager",
        help="Of these, how many staff gave this tag.",
    )
    accepted_share = fields.Float(
        "Accepted (%)", compute="_compute_suggested", groups="aftersale_followup.group_manager", aggregator=None
    )

    def _compute_suggested(self):
        since = fields.Datetime.now() - timedelta(days=DAYS)
        rows = self.env["aftersale.feedback.report"]._read_group(
            [("suggested_tag_id", "in", self.ids), ("date", ">=", since)],
            ["suggested_tag_id"],
            ["__count", "suggestion_share:avg"],
        )
        figures = {tag.id: (count, share) for tag, count, share in rows}
        for tag in self:
            count, share = figures.get(tag.id, (0, 0.0))
            tag.suggested_count, tag.accepted_share = count, share
            tag.accepted_count = round(count * share / 100)
