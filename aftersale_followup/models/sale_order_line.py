from odoo import api, fields, models
from odoo.tools import SQL, float_compare
from odoo.tools.sql import column_exists, create_column


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # Not the last write: an invoice, a note or a price would make a service of long ago look new.
    aftersale_date_complete = fields.Datetime(
        "Delivered in Full On",
        compute="_compute_aftersale_date_complete",
        store=True,
        copy=False,
        export_string_translation=False,
    )

    def _auto_init(self):
        self._init_date_complete()
        return super()._auto_init()

    def _init_date_complete(self):
        """What is complete when the add-on arrives is dated by its order: before any plan, so it is not asked about."""
        if column_exists(self.env.cr, self._table, "aftersale_date_complete"):
            return
        create_column(self.env.cr, self._table, "aftersale_date_complete", "timestamp")
        self.env.cr.execute(
            SQL(
                """UPDATE sale_order_line l SET aftersale_date_complete = o.date_order FROM sale_order o
                    WHERE o.id = l.order_id AND l.product_uom_qty > 0 AND l.qty_delivered >= l.product_uom_qty"""
            )
        )

    @api.depends("qty_delivered", "product_uom_qty")
    def _compute_aftersale_date_complete(self):
        """Note when the delivered quantity reached the ordered one; gone again as soon as it falls below."""
        for line in self:
            rounding = line.product_uom_id.rounding or 0.01
            missing = float_compare(line.qty_delivered, line.product_uom_qty, precision_rounding=rounding) < 0
            if missing or line.product_uom_qty <= 0:
                line.aftersale_date_complete = False
            else:
                line.aftersale_date_complete = line.aftersale_date_complete or fields.Datetime.now()

    def _aftersale_is_complete(self):
        """Return whether the delivered quantity of each of these lines has reached the ordered one."""
        return all(line.aftersale_date_complete for line in self)

    def _aftersale_completed_at(self):
        """Return the naive UTC moment at which the last of these lines, all complete, was delivered in full."""
        return max(self.mapped("aftersale_date_complete"))
