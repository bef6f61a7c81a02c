from odoo import api, fields, models


class AftersaleIssue(models.Model):
    """Which lots or serial numbers the problem is about: chosen among those delivered with the order."""

    _inherit = "aftersale.issue"

    lot_ids = fields.Many2many(
        "stock.lot",
        "aftersale_issue_lot_rel",
        "issue_id",
        "lot_id",
        "Lots/Serial Numbers",
        compute="_compute_lot_ids",
        store=True,
        readonly=False,
        copy=False,
        help="Filled in when the order brought one lot of the product; of several, choose those concerned.",
    )
    delivered_lot_ids = fields.Many2many(
        "stock.lot", string="Delivered Lots", compute="_compute_delivered_lot_ids", compute_sudo=True
    )
    # Only Inventory users may read lots; their names may be read by whoever may read the issue.
    lot_names = fields.Char("Lot/Serial Number", compute="_compute_lot_names", compute_sudo=True)

    @api.depends("order_id", "product_id")
    def _compute_delivered_lot_ids(self):
        for issue in self:
            issue.delivered_lot_ids = issue.order_id._aftersale_delivered_lots(issue.product_id)

    @api.depends("order_id", "product_id")
    def _compute_lot_ids(self):
        for issue in self:
            lots = issue.order_id._aftersale_delivered_lots(issue.product_id)
            issue.lot_ids = lots if len(lots) == 1 else issue.lot_ids & lots

    @api.depends("lot_ids.name")
    def _compute_lot_names(self):
        for issue in self:
            issue.lot_names = ", ".join(issue.lot_ids.mapped("name"))
