from odoo import fields, models


class AftersaleIssueSplit(models.TransientModel):
    """What of an issue becomes one of its own."""

    _name = "aftersale.issue.split"
    _description = "Split Issue"

    issue_id = fields.Many2one("aftersale.issue", required=True, readonly=True, ondelete="cascade")
    title = fields.Char(required=True, help="The other problem in the customer's words.")
    feedback_ids = fields.Many2many("aftersale.feedback", domain="[('issue_ids', 'in', issue_id)]", required=True)

    def action_split(self):
        """Open the new issue."""
        self.ensure_one()
        issue = self.issue_id._split(self.feedback_ids, self.title)
        return {
            "type": "ir.actions.act_window",
            "res_model": "aftersale.issue",
            "res_id": issue.id,
            "views": [(False, "form")],
        }
