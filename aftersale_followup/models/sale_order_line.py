from odoo import models
from odoo.tools import float_compare


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _aftersale_is_complete(self):
        """Return whether the delivered quantity of each of these lines has reached the ordered one."""
        return all(
            float_compare(
                line.qty_delivered, line.product_uom_qty, precision_rounding=line.product_uom_id.rounding or 0.01
            )
            >= 0
            for line in self
        )

    def _aftersale_completed_at(self):
        """Return the naive UTC moment at which the last quantity of these lines was entered, as far as known."""
        return max(self.mapped("write_date"))
