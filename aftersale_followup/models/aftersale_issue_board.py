from datetime import timedelta

from odoo import api, fields, models


class AftersaleIssue(models.Model):
    """What the board and the form offer beside the steps of the life cycle."""

    _inherit = "aftersale.issue"

    @api.model
    def _group_expand_state(self, states, domain):
        """Show every column but "Cancelled", which nobody can drop an issue into without a reason."""
        return [state for state, _label in self._fields["state"].selection if state != "cancelled"]

    def action_cancel(self):
        """Cancel issues; the guard asks for the reason."""
        self.write({"state": "cancelled"})

    def action_view_similar(self):
        """Open the feedback counted as similar, as far as the user may read it."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=self.company_id.aftersale_recurring_days)
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action["domain"] = [
            ("company_id", "=", self.company_id.id),
            ("tag_ids", "in", self.tag_ids.ids),
            ("product_ids", "in", self.product_id.ids or False),
            ("date", ">=", since),
            ("is_valid", "=", True),
        ]
        return action
