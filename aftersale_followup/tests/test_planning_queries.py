from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPlanningQueries(AftersaleCase):
    def test_thousand_rows_cost_no_more_queries_than_a_hundred(self):
        """The budget `planning` of the design: a constant number of queries, but for the rows inserted."""
        plan = self.plan_new.copy({"trigger": "sale", "occurrence": "every", "customer_type": "any"})
        partners = self.env["res.partner"].create(
            [{"name": f"Q{n}", "email": f"q{n}@example.com"} for n in range(1101)]
        )
        line = Command.create({"product_id": self.product.id, "product_uom_qty": 1})
        orders = self.env["sale.order"].create(
            [{"partner_id": partner.id, "order_line": [line], "date_order": "2026-03-02"} for partner in partners]
        )
        self.env.flush_all()
        # Confirmed in the database, so that no hook plans them.
        self.env.cr.execute("UPDATE sale_order SET state = 'sale' WHERE id IN %s", (orders._ids,))

        def count(batch):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = plan._plan_followups("sale", batch)
            self.env.flush_all()
            self.assertEqual(rows.mapped("state"), ["planned"] * len(batch))
            return self.env.cr.sql_log_count - before

        count(orders[:1])  # fills the caches that outlive a batch
        few = count(orders[1:101])
        # Odoo inserts and reads in portions: the follow-ups, and their products.
        self.assertLessEqual(count(orders[101:]), few + 25)
