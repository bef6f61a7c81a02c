from datetime import timedelta

from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    aftersale_receipt_date = fields.Date(
        "Received by Customer",
        copy=False,
        help="When the customer received the goods, if known. Follow-ups count from this day, "
        "else from the validation plus the transit days of the settings.",
    )
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")

    @api.depends_context("uid")
    def _compute_aftersale_followup_count(self):
        counts = {}
        if self.env["aftersale.followup"].has_access("read"):
            groups = self.env["aftersale.followup"]._read_group(
                [("picking_id", "in", self.ids)], ["picking_id"], ["__count"]
            )
            counts = {picking.id: count for picking, count in groups}
        for picking in self:
            picking.aftersale_followup_count = counts.get(picking.id, 0)

    def _action_done(self):
        result = super()._action_done()
        done = self.filtered(lambda picking: picking.state == "done" and picking._is_to_external_location())
        self.env["aftersale.plan"]._plan_isolated("delivery", done)
        return result

    def write(self, vals):
        result = super().write(vals)
        if "aftersale_receipt_date" in vals:
            with self.env["aftersale.plan"]._isolated():
                self._aftersale_move_windows()
        return result

    def _aftersale_move_windows(self):
        """Count the windows of these deliveries' follow-ups anew: the receipt became known after the validation.

        An order counts from its last receipt, which need not be that of the delivery its follow-up names.
        """
        orders = self.sudo().move_ids.sale_line_id.order_id
        rows = (
            self.env["aftersale.followup"].sudo().search([("order_id", "in", orders.ids), ("picking_id", "!=", False)])
        )
        planned = rows.filtered(lambda row: row.state == "planned")
        planned.try_lock_for_update(allow_referencing=True)._recount_windows()
        merged = rows.filtered(lambda row: row.merged_into_id.state == "planned")
        held = merged.merged_into_id - merged.merged_into_id.try_lock_for_update(allow_referencing=True)
        merged.filtered(lambda row: row.merged_into_id not in held)._recount_merged()

    def action_aftersale_followups(self):
        """Open the follow-ups of this delivery."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("picking_id", "=", self.id)], context={"create": False})
        return action

    def _aftersale_receipt(self):
        """Return the naive UTC moment at which the customer received this delivery, as far as known."""
        self.ensure_one()
        company = self.company_id
        if self.aftersale_receipt_date:
            return company._aftersale_moment(self.aftersale_receipt_date, 12.0)
        return (self.date_done or fields.Datetime.now()) + timedelta(days=self._aftersale_transit_days())

    def _aftersale_transit_days(self):
        """Return how many days after its validation the customer has this delivery."""
        return self.company_id.aftersale_transit_days

    def _aftersale_occasions(self, trigger):
        """Return the occasions of the orders these deliveries belong to; a grouped delivery serves several."""
        return self.move_ids.sale_line_id.order_id._aftersale_occasions(trigger)
