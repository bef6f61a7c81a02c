from odoo import api, fields, models


class AftersaleIssueSolution(models.TransientModel):
    """One cause and one solution for several issues."""

    _name = "aftersale.issue.solution"
    _description = "Apply Solution"

    issue_ids = fields.Many2many("aftersale.issue", string="Issues")
    source_id = fields.Many2one(
        "aftersale.issue",
        "Take From",
        domain="[('root_cause', '!=', False), ('solution', '!=', False)]",
        default=lambda self: self.env.context.get("aftersale_solved_issue_id"),
        ondelete="cascade",
    )
    root_cause = fields.Text(compute="_compute_texts", store=True, precompute=True, readonly=False, required=True)
    solution = fields.Text(
        compute="_compute_texts",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="What was done, in words the customer reads.",
    )
    is_done = fields.Boolean("Mark as Done", help="The customers are asked whether the problem is solved.")

    @api.depends("source_id")
    def _compute_texts(self):
        for wizard in self:
            wizard.root_cause = wizard.source_id.root_cause or wizard.root_cause
            wizard.solution = wizard.source_id.solution or wizard.solution

    def action_apply(self):
        """Write the texts on the issues."""
        self.ensure_one()
        self.issue_ids._apply_solution(self.root_cause, self.solution, self.is_done)
        return {"type": "ir.actions.act_window_close"}
