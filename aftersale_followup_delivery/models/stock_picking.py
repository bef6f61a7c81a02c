from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _aftersale_transit_days(self):
        return self.carrier_id.aftersale_transit_days or super()._aftersale_transit_days()
