from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersaleClassify(models.TransientModel):
    """The classification of several answers at once."""

    _name = "aftersale.classify"
    _description = "Classify"

    feedback_ids = fields.Many2many("aftersale.feedback")
    mode = fields.Selection(
        [("accept", "Accept the suggestions"), ("set", "Set these tags"), ("add", "Add these tags")],
        "What to Do",
        required=True,
        default="accept",
    )
    tag_ids = fields.Many2many("aftersale.tag", string="Classification")
    summary = fields.Char(compute="_compute_summary")

    @api.depends("feedback_ids")
    def _compute_summary(self):
        for wizard in self:
            waiting = wizard.feedback_ids.filtered(lambda f: not f.is_tag_confirmed)
            suggested = waiting.filtered(lambda f: f.tag_ids or f.tag_suggestions)
            wizard.summary = self.env._(
                "%(chosen)s chosen: %(suggested)s with a suggestion, %(bare)s without, %(decided)s classified already.",
                chosen=len(wizard.feedback_ids),
                suggested=len(suggested),
                bare=len(waiting) - len(suggested),
                decided=len(wizard.feedback_ids) - len(waiting),
            )

    def action_classify(self):
        """Classify the answers; what is left without a suggestion is said. Hazards stay on what has them."""
        self.ensure_one()
        feedback = self.feedback_ids
        if self.mode == "accept":
            feedback = feedback.filtered(lambda f: not f.is_tag_confirmed)
        feedback._check_classifier()
        if self.mode != "accept" and not self.tag_ids:
            raise UserError(self.env._("Choose at least one tag."))
        close = {"type": "ir.actions.act_window_close"}
        if self.mode == "accept":
            left = feedback._accept_suggestions()
            return self._say_left(left, close) if left else close
        for one in feedback:
            one._set_tags(self.tag_ids | one.tag_ids if self.mode == "add" else self.tag_ids)
        feedback._confirm_tags()
        return close

    def _say_left(self, left, close):
        message = self.env._("%s answers have no suggestion. Choose their tags yourself.", len(left))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "warning", "message": message, "next": close},
        }
