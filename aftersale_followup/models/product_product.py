from collections import defaultdict

from odoo import api, fields, models

from .product_figures import set_product_scores
from .score_trend import TRENDS


class ProductProduct(models.Model):
    _inherit = "product.product"

    # Of the variant alone, where the fields inherited from the product count all of them.
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")

    aftersale_feedback_count = fields.Integer("Feedback", compute="_compute_aftersale_feedback")
    aftersale_score = fields.Float("Average Score", compute="_compute_aftersale_feedback", digits=(2, 1))
    aftersale_score_count = fields.Integer("Scores", compute="_compute_aftersale_feedback")
    aftersale_is_score_shown = fields.Boolean("Enough Scores", compute="_compute_aftersale_feedback")
    aftersale_score_trend = fields.Selection(TRENDS, "Trend of the Score", compute="_compute_aftersale_feedback")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_feedback(self):
        """Count the valid feedback about a variant and average its scores, as far as the user may read it."""
        set_product_scores(self)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_followup_count(self):
        counts = {}
        if self.ids and self.env["aftersale.followup"].has_access("read"):
            groups = self.env["aftersale.followup"]._read_group(
                [("product_ids", "in", self.ids)], ["product_ids"], ["__count"]
            )
            counts = {product.id: count for product, count in groups}
        for product in self:
            product.aftersale_followup_count = counts.get(product.id, 0)

    def action_aftersale_followups(self):
        """Open the follow-ups about this variant."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("product_ids", "in", self.ids)], context={"create": False})
        return action

    def action_aftersale_feedback(self):
        """Open the feedback about this variant."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action["domain"] = [("product_ids", "in", self.ids), ("is_valid", "=", True)]
        return action

    def _aftersale_line(self, order):
        """Return the product line (a category) that most of the untaxed amount of ``order`` for these products is for.

        Without an order, and where lines weigh the same, the category entered first.
        """
        lines = {product: product.categ_id._aftersale_line() for product in self}
        if len(set(lines.values())) > 1:
            amounts = defaultdict(float)
            for line in order.order_line:
                amounts[lines.get(line.product_id)] += line.price_subtotal
            return max(filter(None, lines.values()), key=lambda line: (amounts[line], -line.id))
        return next(iter(lines.values()), self.env["product.category"])
