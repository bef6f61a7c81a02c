from odoo import models

from .qr_code import link_qr


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _aftersale_get_slip_codes(self):
        """Return ``{picking id: {"qr", "opens"}}`` for the delivery slips that carry the link of a follow-up.

        Those are the slips of companies that want it, of deliveries whose customer will be asked or can answer now;
        ``opens`` is the day from which the link can be answered, None when that is so already. Who prints slips need
        not see follow-ups: this is for the customer's own paper.
        """
        pickings = self.sudo().filtered("company_id.aftersale_slip_qr")
        if not pickings:
            return {}
        followups = pickings.env["aftersale.followup"].search(
            [("picking_id", "in", pickings.ids), ("company_id", "in", pickings.company_id.ids)],
            order="date_planned, id",
        )
        codes = {}
        for followup in followups:
            asked, picking = followup, followup.picking_id
            while asked.merged_into_id:
                asked = asked.merged_into_id  # answered with the one it was merged into
            # Nobody else but who was delivered to gets the link.
            if picking.id in codes or asked.commercial_partner_id != picking.partner_id.commercial_partner_id:
                continue
            opens = asked._get_opening_day()
            if opens or asked._get_link_code() == "ok":
                codes[picking.id] = {"qr": link_qr(asked), "opens": opens}
        return codes
