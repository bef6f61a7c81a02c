from odoo import fields, models


class StockReturnPicking(models.TransientModel):
    _inherit = "stock.return.picking"

    aftersale_issue_id = fields.Many2one("aftersale.issue", "After-sales Issue")

    def _create_return(self):
        picking = super()._create_return()
        self.aftersale_issue_id._link_redress("return_picking_ids", picking)
        return picking
