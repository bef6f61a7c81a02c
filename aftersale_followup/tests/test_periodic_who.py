from datetime import date

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .periodic_common import MONDAY, PeriodicCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestPeriodicWho(PeriodicCase):
    """Whom a plan at regular intervals is about, and which of several plans asks."""

    def test_of_several_plans_the_shortest_interval_asks(self):
        loyal = self._customer(first=date(2025, 1, 5))
        loyal.category_id = [Command.link(self.env.ref("aftersale_followup.partner_category_loyal").id)]
        key = self._customer(first=date(2025, 11, 5), amount=60000.0)
        usual = self._customer(first=date(2025, 1, 5))
        for plan in (self.plan_existing, self.plan_key, self.plan_loyal):
            self._start(plan, MONDAY)
        self._run_days(MONDAY, date(2026, 3, 31))
        self.assertEqual(self._rows(loyal).plan_id, self.plan_loyal)
        self.assertEqual(self._rows(key).plan_id, self.plan_key)
        self.assertEqual(self._rows(usual).plan_id, self.plan_existing)

    def test_longer_plan_takes_over_when_the_shorter_one_is_paused(self):
        customer = self._customer(first=date(2025, 1, 5))
        short = self.plan_existing.copy({"name": "Quarterly", "interval_months": 3})
        for plan in (self.plan_existing, short):
            self._start(plan, MONDAY)
        self._run(MONDAY)
        self.assertEqual(self._rows(customer).plan_id, short)
        short.active = False
        self._run_days(date(2026, 3, 3), date(2026, 9, 1))
        self.assertEqual(self._rows(customer).mapped("plan_id"), short | self.plan_existing)

    def test_new_customers_and_prospects_are_not_asked(self):
        new = self._customer(first=date(2026, 1, 15))
        prospect = self._customer()
        self._order(partner=prospect, confirm=False)
        self._start(self.plan_existing, MONDAY)
        self._run_days(MONDAY, date(2026, 3, 20))
        self.assertFalse(self._rows(new | prospect))

    def test_no_order_in_24_months_is_left_out_and_counted(self):
        inactive = self._customer(first=date(2024, 3, 1))
        active = self._customer(first=date(2024, 3, 3))
        self._start(self.plan_existing, MONDAY)
        self.assertEqual((self.plan_existing.customer_count, self.plan_existing.inactive_count), (1, 1))
        self._run(MONDAY)
        self.assertTrue(self._rows(active))
        self.assertFalse(self._rows(inactive))
        self._order_on(inactive, date(2026, 3, 3))
        self._run_days(date(2026, 3, 3), date(2026, 9, 1))
        self.assertTrue(self._rows(inactive), "Whoever orders again is a customer again.")

    def test_contact_of_the_last_order_is_asked(self):
        firm = self._customer("Firm", is_company=True)
        before, now = (self._customer("Buyer", parent_id=firm.id, lang="en_US") for _n in range(2))
        self._order_on(before, date(2025, 1, 5))
        self._order_on(now, date(2025, 9, 5), user_id=self.agent_2.id)
        self._start(self.plan_existing, MONDAY, assign_method="salesperson")
        self._run(MONDAY)
        row = self._rows(firm)
        self.assertEqual((row.partner_id, row.commercial_partner_id), (now, firm))
        self.assertEqual((row.user_id, row.sales_user_id), (self.agent_2, self.agent_2))
        self.assertEqual(row.product_ids, self.service)
        self.assertFalse(row.order_id, "Cancelling that order has nothing to do with this contact.")

    def test_filter_on_the_company_holds_for_its_contacts(self):
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        firm = self._customer("Firm", is_company=True, category_id=[Command.link(tag.id)])
        self._order_on(self._customer("Buyer", parent_id=firm.id), date(2025, 1, 5))
        other = self._customer(first=date(2025, 1, 5))
        self._start(self.plan_existing, MONDAY, partner_domain=f"[('category_id', 'in', {tag.ids})]")
        self._run(MONDAY)
        self.assertTrue(self._rows(firm))
        self.assertFalse(self._rows(other))

    def test_category_plan_asks_who_bought_of_it_while_active(self):
        parent = self.env["product.category"].create({"name": "Needs upkeep"})
        child = self.env["product.category"].create({"name": "Boilers", "parent_id": parent.id})
        boiler = self.env["product.product"].create({"name": "Boiler", "type": "service", "categ_id": child.id})
        owner, former, other = (self._customer(first=date(2025, 6, 1)) for _n in range(3))
        self._order_on(owner, date(2025, 7, 1), product=boiler)
        self._order_on(owner, date(2025, 9, 1))
        self._order_on(former, date(2023, 7, 1), product=boiler)
        self._start(self.plan_existing, MONDAY, product_category_ids=[Command.set(parent.ids)], interval_months=3)
        self._run_days(MONDAY, date(2026, 3, 10))
        self.assertEqual(self._rows(owner).product_ids, boiler)
        self.assertFalse(self._rows(former | other))

    def test_team_and_amount_are_those_of_the_last_order(self):
        customer = self._customer(first=date(2025, 1, 5), amount=1000.0)
        self._start(self.plan_existing, MONDAY, amount_min=500.0)
        self._order_on(customer, date(2026, 2, 5), amount=10.0, team_id=self.team.id)
        self._run(MONDAY)
        self.assertFalse(self._rows(customer))
        self.plan_existing.write({"amount_min": 0.0, "team_ids": [Command.set(self.team.ids)]})
        self.plan_existing._plan_followups("periodic", customer)
        self.assertTrue(self._rows(customer))
