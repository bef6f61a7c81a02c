from datetime import date, timedelta
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.aftersale_followup.models.customer_segments import CustomerSegments

from .periodic_common import MONDAY, PeriodicCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestSegments(PeriodicCase):
    """New or existing, of high value or not: of the whole customer, in one company, as it was at planning."""

    def _value(self, customer, company=None):
        return CustomerSegments(company or self.company, customer.ids).customer_value(customer.id)

    def test_revenue_of_twelve_months_reaching_the_threshold_is_high(self):
        self.assertEqual(self._value(self._customer(first=MONDAY, amount=50000.0)), "high")
        self.assertEqual(self._value(self._customer(first=MONDAY, amount=49999.99)), "other")
        old = self._customer(first=MONDAY - timedelta(days=370), amount=50000.0)
        self.assertEqual(self._value(old), "other")
        self._order_on(old, MONDAY, 30000.0)
        self._order_on(old, MONDAY, 20000.0)
        self.assertEqual(self._value(old), "high")

    def test_contacts_of_one_company_count_together_and_quotations_not_at_all(self):
        firm = self._customer("Firm", is_company=True)
        people = [self._customer("Buyer", parent_id=firm.id) for _n in range(2)]
        for person in people:
            self._order_on(person, MONDAY, 25000.0)
        self._order(partner=people[0], products=self.service, quantity=1000, confirm=False)
        self.assertEqual(self._value(firm), "high")
        self.company.aftersale_high_value = 50001.0
        self.assertEqual(self._value(firm), "other")
        self.company.aftersale_high_value = 0.0
        self.assertEqual(self._value(firm), "other", "Without a threshold nobody is of high value.")

    def test_taxes_are_not_counted_and_currencies_are_converted(self):
        tax = self.env["account.tax"].create({"name": "20 %", "amount": 20.0, "type_tax_use": "sale"})
        order = self._order_on(self._customer(), MONDAY, 45000.0)
        order.order_line.tax_ids = [Command.set(tax.ids)]
        self.assertEqual(self._value(order.partner_id), "other")
        foreign = self._order_on(self._customer(), MONDAY, 100000.0)
        self.env.flush_all()
        # One unit of the company's currency is four of the order's.
        self.env.cr.execute("UPDATE sale_order SET currency_rate = 4 WHERE id = %s", (foreign.id,))
        foreign.invalidate_recordset()
        self.assertEqual(self._value(foreign.partner_id), "other")
        self.assertEqual(
            CustomerSegments(self.company, foreign.partner_id.ids).purchases[foreign.partner_id.id].revenue, 25000
        )

    def test_each_company_knows_its_own_customers(self):
        other = self.env["res.company"].create({"name": "Other company"})
        customer = self._customer(first=date(2020, 1, 1), amount=60000.0)
        self._order_on(customer, MONDAY, 60000.0)
        theirs = CustomerSegments(other, customer.ids)
        self.assertEqual(theirs.customer_type(customer.id, MONDAY), "new")
        self.assertEqual(theirs.customer_value(customer.id), "other")
        self.assertEqual(self._value(customer), "high")

    def test_follow_up_keeps_the_segment_of_its_planning(self):
        plan = self.plan_new.copy({"trigger": "sale", "occurrence": "every", "customer_type": "any"})
        order = self._order(partner=self._customer(first=MONDAY, amount=50000.0))
        row = self.env["aftersale.followup"].search([("order_id", "=", order.id), ("plan_id", "=", plan.id)])
        self.assertTrue(row.is_high_value)
        self.company.aftersale_high_value = 10**6
        self.assertTrue(row.is_high_value, "As it was when planned.")

    def test_plans_tell_key_customers_from_the_others(self):
        plans = {
            value: self.plan_new.copy(
                {"trigger": "sale", "occurrence": "every", "customer_type": "any", "customer_value": value}
            )
            for value in ("high", "other")
        }
        key, small = self._customer(first=MONDAY, amount=50000.0), self._customer(first=MONDAY)
        for customer, value in ((key, "high"), (small, "other")):
            order = self._order(partner=customer)
            rows = self.env["aftersale.followup"].search([("order_id", "=", order.id)])
            self.assertIn(plans[value], rows.plan_id)
            self.assertNotIn(plans["other" if value == "high" else "high"], rows.plan_id)

    def test_settings_propose_the_top_fifth(self):
        for amount in range(1, 11):
            self._customer(first=MONDAY, amount=amount * 1000.0)
        company = self.company.with_user(self.manager)
        self.assertEqual(company.aftersale_top_fifth, 9000.0)
        company.action_aftersale_top_fifth()
        self.assertEqual(self.company.aftersale_high_value, 9000.0)
        values = CustomerSegments(self.company)
        self.assertEqual(sum(values.is_high_value(customer) for customer in values.purchases), 2)

    def test_many_customers_are_read_in_as_many_queries_as_few(self):
        customers = [self._customer(first=MONDAY).id for _n in range(12)]
        self.env.flush_all()

        def count(ids):
            before = self.env.cr.sql_log_count
            CustomerSegments(self.company, ids)
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(customers), 1)
        self.assertEqual(count(customers[:1]), 1)

    # -- the first time, by delivery ------------------------------------------

    def test_first_time_of_a_customer_is_the_first_delivery_only(self):
        plan = self.plan_new.copy({"occurrence": "first_of_customer", "customer_type": "any"})
        with patch.object(type(plan), "_plan_isolated"):
            first = self._order()
            self._deliver(first)
            second = self._order(products=self._product("Pot"))
            self._deliver(second)
        with freeze_time("2026-03-02 10:00:00"):
            rows = plan._plan_followups("delivery", first | second)
        self.assertEqual(rows.filtered(lambda r: r.order_id == first).state, "planned")
        self.assertEqual(rows.filtered(lambda r: r.order_id == second).skip_reason, "duplicate")

    def test_order_delivered_first_is_the_first_even_if_confirmed_later(self):
        plan = self.plan_new.copy({"occurrence": "first_of_customer", "customer_type": "any"})
        with patch.object(type(plan), "_plan_isolated"):
            slow = self._order()
            slow.date_order = "2026-02-01"
            fast = self._order()
            self._deliver(fast)
            with freeze_time("2026-03-20 06:00:00"):
                self._deliver(slow)
        fast_row = plan._plan_followups("delivery", fast)
        slow_row = plan._plan_followups("delivery", slow)
        self.assertNotEqual(fast_row.skip_reason, "duplicate")
        self.assertEqual(slow_row.skip_reason, "duplicate")
