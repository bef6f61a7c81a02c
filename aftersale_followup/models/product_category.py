from odoo import api, models, tools

# Odoo's own top categories, of this version and of databases that come from an older one: they stand for everything.
GENERAL = [f"product_category_{name}" for name in ("all", "1", "goods", "services", "expenses")]


class ProductCategory(models.Model):
    _inherit = "product.category"

    def _aftersale_line(self):
        """Return the product line of this category: the highest one above it, or itself.

        Odoo's general ones (All, Saleable, Goods, Services, Expenses) are one only where there is nothing below them.
        """
        path = [int(number) for number in (self.parent_path or "").split("/")[:-1]]
        general = self._aftersale_general_ids() if path else ()
        return self.browse(next((number for number in path if number not in general), path[-1] if path else ()))

    @api.model
    @tools.ormcache()
    def _aftersale_general_ids(self):
        """Return the ids of the categories that are no product line."""
        data = self.env["ir.model.data"].sudo()
        return frozenset(data.search([("module", "=", "product"), ("name", "in", GENERAL)]).mapped("res_id"))
