from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AftersaleIssue(models.Model):
    """The same problem with other customers: one click away, and solved in one go."""

    _inherit = "aftersale.issue"

    similar_count = fields.Integer("Similar Issues", compute="_compute_similar_count")

    def _compute_similar_count(self):
        """Count the open issues with a common tag and the same product, as far as the user may read them."""
        issues = self.search(
            Domain("company_id", "in", self.company_id.ids)
            & Domain("state", "in", ("new", "processing"))
            & Domain("tag_ids", "in", self.tag_ids.filtered("is_problem").ids)
            & Domain("product_id", "in", [*self.product_id.ids, False])
        )
        for issue in self:
            issue.similar_count = len(issues.filtered(issue._is_similar))

    def _is_similar(self, other):
        """Return whether ``other`` is about the same problem with the same product, or with none."""
        self.ensure_one()
        return (
            other != self
            and other.company_id == self.company_id
            and other.product_id == self.product_id
            and bool(other.tag_ids & self.tag_ids.filtered("is_problem"))
        )

    def action_view_similar_issues(self):
        """Open the similar issues, from where cause and solution of this one can be applied to them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_issue_action")
        action["domain"] = [
            ("id", "!=", self.id),
            ("company_id", "=", self.company_id.id),
            ("state", "in", ("new", "processing")),
            ("tag_ids", "in", self.tag_ids.filtered("is_problem").ids),
            ("product_id", "=", self.product_id.id),
        ]
        action["views"] = [(False, "list"), (False, "form")]
        action["context"] = {"aftersale_solved_issue_id": self.id, "create": False}
        return action

    def _apply_solution(self, root_cause, solution, is_done=False):
        """Write cause and solution on these issues, which are being worked on; ``is_done`` marks them as solved, too.

        Each customer is asked all the same whether the problem is solved.
        """
        ended = self.filtered(lambda issue: issue.state not in ("new", "processing"))
        if ended:
            raise UserError(self.env._("%s is not being worked on: nothing was changed.", ended[0].display_name))
        self.write({"root_cause": root_cause, "solution": solution})
        if is_done:
            self.filtered(lambda issue: issue.state == "new").action_process()
            self.action_done()
