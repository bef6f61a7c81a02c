from odoo import api, fields, models


class StockLot(models.Model):
    _inherit = "stock.lot"

    aftersale_issue_count = fields.Integer("After-sales Issue Count", compute="_compute_aftersale_issue_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_issue_count(self):
        counts = {}
        if self.env["aftersale.issue"].has_access("read"):
            groups = self.env["aftersale.issue"]._read_group([("lot_ids", "in", self.ids)], ["lot_ids"], ["__count"])
            counts = {lot.id: count for lot, count in groups}
        for lot in self:
            lot.aftersale_issue_count = counts.get(lot.id, 0)

    def action_aftersale_issues(self):
        """Open the issues about this lot or serial number."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_issue_action")
        action.update(domain=[("lot_ids", "in", self.ids)], context={"create": False})
        return action
