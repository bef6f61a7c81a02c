from collections import defaultdict

from odoo import api, fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    # Of the variant alone, where the field inherited from the product counts all of them.
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")

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
