from odoo import api, fields, models


class AftersaleFeedback(models.Model):
    """Feedback released from `aftersale.feedback.sealed`: nobody's, and shown as such."""

    _inherit = "aftersale.feedback"

    is_anonymous = fields.Boolean(
        "Anonymous", readonly=True, help="Released together with others of its plan; nobody can tell who gave it."
    )

    _anonymous_unlinked = models.Constraint(
        "CHECK(NOT is_anonymous OR (COALESCE(followup_id, partner_id, order_id, user_id, team_id) IS NULL "
        "AND COALESCE(contact_name, '') = ''))",
        "Anonymous feedback belongs to nobody: it names no customer, contact, order or agent.",
    )

    @api.depends("is_anonymous")
    @api.depends_context("lang")
    def _compute_display_name(self):
        anonymous = self.filtered("is_anonymous")
        for feedback in anonymous:
            feedback.display_name = f"{feedback.name} {feedback._get_anonymous_label()}"
        return super(AftersaleFeedback, self - anonymous)._compute_display_name()

    def _get_anonymous_label(self):
        """Return what stands for the customer's name."""
        return self.env._("Anonymous")
