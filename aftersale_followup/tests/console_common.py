from odoo import Command

from .capture_common import CaptureCase


class ConsoleCase(CaptureCase):
    """A follow-up that is called today, and what the console sends and gets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.followup.channel_id = cls.phone

    def _console(self, followup=None, user=None):
        """Return the follow-up as ``user`` (the agent) calls its methods over RPC."""
        return (followup or self.followup).with_user(user or self.agent)

    def _answers(self, score=4, **texts):
        answers = {str(self._question("satisfaction")["id"]): score}
        return answers | {str(self._question(role)["id"]): text for role, text in texts.items()}

    def _draft(self, score=4, **texts):
        return {"answers": self._answers(score, **texts), "consent": True}

    def _save(self, followup=None, score=4, **texts):
        """Save the answers of a call as the agent; return what the console is told."""
        return self._console(followup).console_finish("reached", {"draft": self._draft(score, **texts)})

    def _second_customer(self):
        return self.env["res.partner"].create({"name": "Li Na", "phone": "+8613811112222", "lang": "en_US"})

    def _delivered(self):
        """Return a delivered order of two pieces with serial numbers, whose follow-up is called today."""
        product = self.env["product.product"].create({"name": "Boiler", "is_storable": True, "tracking": "serial"})
        lots = self.env["stock.lot"].create([{"name": name, "product_id": product.id} for name in ("SN-1", "SN-2")])
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, 1, lot_id=lot)
        order = self._order(products=product, quantity=2.0)
        order.picking_ids.button_validate()
        followup = self._followup(
            order_id=order.id, product_ids=[Command.set(product.ids)], channel_id=self.phone.id, origin="test:delivered"
        )
        return followup, product
