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

    def test_contacting_many_costs_no_more_queries_than_a_few(self):
        """Calls put on the list, put off, and kept back by the cap; mails are rendered one by one anyway."""
        phone = self.env.ref("aftersale_followup.channel_phone")
        self.company.aftersale_cap_days = 2
        # Of every three one is called, one is to be left alone on Mondays, one had a contact yesterday.
        numbers = iter(range(1000))

        def count(size):
            partners = self.env["res.partner"].create(
                [
                    {
                        "name": f"Q{n}",
                        "phone": f"+86138{n:08d}",
                        "aftersale_channel_id": phone.id,
                        "aftersale_quiet_0": n % 3 == 1,
                    }
                    for _row, n in zip(range(size), numbers, strict=False)
                ]
            )
            rows = self.env["aftersale.followup"].union(
                *[self._planned(partner=partner, date_deadline="2026-03-12") for partner in partners]
            )
            for partner in partners[2::3]:
                self._planned(
                    partner=partner, plan=self.plan_verify, contact_class="pilot", date_planned="2026-03-01"
                ).write({"state": "ready", "date_sent": "2026-03-01 12:00:00"})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            ready = rows._contact()
            self.env.flush_all()
            self.assertEqual(len(ready), len(partners[::3]))
            self.assertEqual(set(rows.mapped("state")), {"planned", "ready"})
            return self.env.cr.sql_log_count - before

        count(3)  # fills the caches that outlive a batch
        few = count(12)
        self.assertLessEqual(count(60), few + 3)
