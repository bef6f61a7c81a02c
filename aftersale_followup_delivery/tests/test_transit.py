from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.tests.common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestTransit(AftersaleCase):
    """Follow-ups count from the validation plus the transit days of the carrier, else of the company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_transit_days = 2
        product = cls.env["product.product"].create({"name": "Freight", "type": "service"})
        cls.carrier = cls.env["delivery.carrier"].create(
            {"name": "Slow Boat", "product_id": product.id, "aftersale_transit_days": 6}
        )

    def _shipped(self, carrier, **values):
        order = self._order()
        order.picking_ids.write({"carrier_id": carrier and carrier.id, **values})
        self._deliver(order)
        return order.aftersale_followup_ids

    def test_carrier_comes_before_the_company(self):
        self.assertEqual(self._shipped(self.carrier).date_received, date(2026, 3, 8))

    def test_without_days_of_its_own_the_companys_count(self):
        self.carrier.aftersale_transit_days = 0
        self.assertEqual(self._shipped(self.carrier).date_received, date(2026, 3, 4))

    def test_without_a_carrier_the_companys_count(self):
        self.assertEqual(self._shipped(False).date_received, date(2026, 3, 4))

    def test_a_known_receipt_comes_first(self):
        followup = self._shipped(self.carrier, aftersale_receipt_date="2026-03-02")
        self.assertEqual(followup.date_received, date(2026, 3, 2))

    def test_the_preview_expects_the_carriers_days(self):
        order = self._order()
        order.picking_ids.carrier_id = self.carrier
        order.picking_ids.scheduled_date = datetime(2026, 3, 3, 10)
        occasions = self.env["sale.order"]._aftersale_expected_occasions(self.company, date(2026, 3, 31))
        [occasion] = [occasion for occasion in occasions if occasion["order"] == order]
        self.assertEqual(occasion["moment"].date(), date(2026, 3, 9))

    def test_days_are_not_negative(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.carrier.aftersale_transit_days = -1
            self.env.flush_all()
