from odoo import api, fields, models
from odoo.tools import SQL


class ProductTemplate(models.Model):
    _inherit = "product.template"

    aftersale_note = fields.Text(
        "Note for Callers", translate=True, help="What agents should know when they speak with a customer about it."
    )
    aftersale_feedback_count = fields.Integer("Feedback", compute="_compute_aftersale_feedback")
    aftersale_score = fields.Float("Average Score", compute="_compute_aftersale_feedback", digits=(2, 1))
    aftersale_issue_count = fields.Integer("After-sales Issue Count", compute="_compute_aftersale_issue_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_feedback(self):
        """Count the valid feedback about a product and average its scores, as far as the user may read it.

        In SQL, since feedback about two variants of a product counts once, which a grouping by variant cannot do.
        """
        Feedback = self.env["aftersale.feedback"]
        rows = []
        if self.ids and Feedback.has_access("read"):
            Feedback.flush_model(["product_ids", "score", "is_valid"])
            query = Feedback._search([("product_ids.product_tmpl_id", "in", self.ids), ("is_valid", "=", True)])
            rows = self.env.execute_query(
                SQL(
                    """SELECT template, COUNT(*), AVG(NULLIF(score, 0))
                         FROM (SELECT DISTINCT p.product_tmpl_id AS template, f.id, f.score
                                 FROM aftersale_feedback f
                                 JOIN aftersale_feedback_product_product_rel r ON r.aftersale_feedback_id = f.id
                                 JOIN product_product p ON p.id = r.product_product_id
                                WHERE f.id IN %s) AS said
                     GROUP BY template""",
                    query.subselect(),
                )
            )
        found = {template: (count, score) for template, count, score in rows}
        for product in self:
            product.aftersale_feedback_count, score = found.get(product.id, (0, 0.0))
            product.aftersale_score = score or 0.0

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_issue_count(self):
        counts = {}
        if self.ids and self.env["aftersale.issue"].has_access("read"):
            groups = self.env["aftersale.issue"]._read_group(
                [("product_id.product_tmpl_id", "in", self.ids)], ["product_id"], ["__count"]
            )
            for product, count in groups:
                template = product.sudo().product_tmpl_id.id
                counts[template] = counts.get(template, 0) + count
        for product in self:
            product.aftersale_issue_count = counts.get(product.id, 0)

    def action_aftersale_issues(self):
        """Open the issues about this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_issue_action")
        action.update(domain=[("product_id.product_tmpl_id", "=", self.id)], context={"create": False})
        return action

    def action_aftersale_feedback(self):
        """Open the feedback about this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action["domain"] = [("product_ids.product_tmpl_id", "=", self.id), ("is_valid", "=", True)]
        return action
