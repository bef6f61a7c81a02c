from odoo import api, fields, models


class StockLot(models.Model):
    _inherit = "stock.lot"

    aftersale_issue_count = fields.Integer("After-sales Issue Count", compute="_compute_aftersale_issue_count")

    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_followup_count(self):
        counts = {}
        if self.env["aftersale.followup"].has_access("read"):
            deliveries = self._aftersale_deliveries()
            wanted = {picking_id for picking_ids in deliveries.values() for picking_id in picking_ids}
            groups = self.env["aftersale.followup"]._read_group(
                [("picking_id", "in", list(wanted))], ["picking_id"], ["__count"]
            )
            of_delivery = {picking.id: count for picking, count in groups}
            counts = {lot: sum(of_delivery.get(picking, 0) for picking in found) for lot, found in deliveries.items()}
        for lot in self:
            lot.aftersale_followup_count = counts.get(lot.id, 0)

    def _aftersale_deliveries(self):
        """Return {lot id: ids of the done deliveries it left with}; in sudo, for agents without rights on stock."""
        groups = (
            self.env["stock.move.line"]
            .sudo()
            ._read_group(
                [("lot_id", "in", self.ids), ("state", "=", "done"), ("location_dest_id.usage", "=", "customer")],
                ["lot_id"],
                ["picking_id:array_agg_distinct"],
            )
        )
        return {lot.id: {picking_id for picking_id in found if picking_id} for lot, found in groups}

    def action_aftersale_followups(self):
        """Open the follow-ups of the deliveries this lot or serial number left with."""
        self.ensure_one()
        pickings = self._aftersale_deliveries().get(self.id, ())
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("picking_id", "in", list(pickings))], context={"create": False})
        return action

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
