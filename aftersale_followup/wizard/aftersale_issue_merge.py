from odoo import api, fields, models


class AftersaleIssueMerge(models.TransientModel):
    """Which of several issues of one customer goes on for all of them."""

    _name = "aftersale.issue.merge"
    _description = "Merge Issues"

    issue_ids = fields.Many2many("aftersale.issue", string="Issues")
    target_id = fields.Many2one(
        "aftersale.issue",
        "Goes On",
        required=True,
        domain="[('id', 'in', issue_ids)]",
        compute="_compute_target_id",
        store=True,
        precompute=True,
        readonly=False,
        ondelete="cascade",
    )

    @api.depends("issue_ids")
    def _compute_target_id(self):
        """Propose the one that is being worked on, else the oldest."""
        for wizard in self:
            ranked = wizard.issue_ids._origin.sorted(lambda issue: (issue.state != "processing", issue.id))
            wizard.target_id = ranked[:1]

    def action_merge(self):
        """Merge the issues and open the one that goes on."""
        self.ensure_one()
        self.issue_ids._merge_into(self.target_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": "aftersale.issue",
            "res_id": self.target_id.id,
            "views": [(False, "form")],
        }
