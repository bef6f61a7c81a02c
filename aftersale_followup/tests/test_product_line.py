from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestProductLine(AftersaleCase):
    """Follow-ups and answers can be told apart by product line, as it was when the follow-up was planned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.env.ref("product.product_category_goods")
        cls.kitchen, cls.garden = cls.env["product.category"].create([{"name": "Kitchen"}, {"name": "Garden"}])
        cls.kettles = cls.env["product.category"].create({"name": "Kettles", "parent_id": cls.kitchen.id})
        cls.product.categ_id = cls.kettles
        cls.mower = cls._product("Mower")
        cls.mower.categ_id = cls.garden

    def _delivered(self, products=None, **values):
        order = self._order(products=products, **values)
        self._deliver(order)
        return order.aftersale_followup_ids

    def test_the_highest_category_is_the_line(self):
        self.assertEqual(self.kettles._aftersale_line(), self.kitchen)
        self.assertEqual(self.garden._aftersale_line(), self.garden)

    def test_general_categories_are_a_line_only_where_there_is_no_other(self):
        self.kitchen.parent_id = self.goods
        self.assertEqual(self.kettles._aftersale_line(), self.kitchen)
        self.assertEqual(self.goods._aftersale_line(), self.goods)
        self.assertFalse(self.env["product.category"]._aftersale_line())

    def test_planning_keeps_the_line_as_it_was(self):
        followup = self._delivered()
        self.assertEqual(followup.product_line_id, self.kitchen)
        self.kettles.parent_id = self.garden
        self.assertEqual(followup.product_line_id, self.kitchen)

    def test_of_a_mixed_order_the_line_with_the_largest_amount_counts(self):
        products = self.product | self.mower
        for dear, line in ((self.product, self.kitchen), (self.mower, self.garden)):
            products.list_price = 10.0
            dear.list_price = 50.0
            partner = self.env["res.partner"].create({"name": dear.name, "email": f"p{dear.id}@example.com"})
            self.assertEqual(self._delivered(products, partner=partner).product_line_id, line)

    def test_a_merged_follow_up_keeps_its_own_line(self):
        self.plan_new.occurrence = "every"
        survivor, merged = self._delivered(), self._delivered(self.mower)
        self.assertEqual(merged.merged_into_id, survivor)
        self.assertEqual((survivor.product_line_id, merged.product_line_id), (self.kitchen, self.garden))
        survivor.order_id._action_cancel()
        self.assertEqual(survivor.product_line_id, self.garden, "The call goes on for the other order.")

    def test_an_answer_has_the_line_of_its_follow_up(self):
        followup = self._delivered()
        followup._contact()
        self.kettles.parent_id = self.garden
        feedback = self._feedback(followup, score=2)
        self.assertEqual(feedback.product_line_id, self.kitchen)
        correction = self.env["aftersale.feedback"].create(
            {
                "followup_id": followup.id,
                "correction_of_id": feedback.id,
                "correction_reason": "Misheard",
                "score": 4,
            }
        )
        self.assertEqual(correction.product_line_id, self.kitchen)
        self.env.flush_all()
        report = self.env["aftersale.feedback.report"].search([("product_line_id", "=", self.kitchen.id)])
        self.assertIn(correction.id, report.ids)

    def test_an_answer_without_follow_up_has_the_line_of_its_products(self):
        feedback = self.env["aftersale.feedback"].create(
            {
                "partner_id": self.partner.id,
                "product_ids": [Command.set(self.mower.ids)],
                "inbound_source": "hotline",
                "score": 4,
            }
        )
        self.assertEqual(feedback.product_line_id, self.garden)
