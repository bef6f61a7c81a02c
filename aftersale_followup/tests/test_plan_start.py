from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from .common import utc
from .periodic_common import MONDAY, PeriodicCase, workdays


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestPlanStart(PeriodicCase):
    """The plans that are shipped inactive: what starting them shows, and that they work then."""

    def _wizard(self, plan, user=None):
        action = plan.with_user(user or self.manager).action_start()
        model = self.env[action["res_model"]].with_user(user or self.manager)
        return model.with_context(action["context"], allowed_company_ids=self.company.ids).create({})

    def _sweep(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_sweep").method_direct_trigger()
        self.env.invalidate_all()

    def _row(self, order, plan):
        return self.env["aftersale.followup"].search([("order_id", "=", order.id), ("plan_id", "=", plan.id)])

    # -- the assistant -----------------------------------------------------------

    def test_shows_customers_work_and_capacity_before_the_start(self):
        for n in range(50):
            self._customer(first=date(2025, 1, 5) + timedelta(days=n))
        self._customer(first=date(2023, 1, 5))
        wizard = self._wizard(self.plan_existing)
        days = len(workdays(MONDAY, date(2026, 9, 1)))
        self.assertEqual((wizard.customer_count, wizard.waiting_count, wizard.inactive_count), (50, 50, 1))
        self.assertEqual(wizard.per_day, round(50 / days, 1))
        self.assertAlmostEqual(wizard.hours, 50 / days * 5 / 60, 6)
        self.assertEqual((wizard.agent_count, wizard.capacity), (1, self.company.aftersale_agent_capacity))
        self.assertFalse(wizard.warnings)
        wizard.action_confirm()
        self.assertTrue(self.plan_existing.active)
        self.assertEqual(self.plan_existing.date_start, MONDAY)

    def test_warns_of_a_team_without_agents_and_of_missing_texts(self):
        self.team.write({"crm_team_member_ids": [Command.clear()], "user_id": False})
        self.env["res.lang"]._activate_lang("fr_FR")
        self._customer(first=date(2025, 1, 5), lang="fr_FR")
        self.plan_existing.sms_template_id = False
        warnings = self._wizard(self.plan_existing).warnings
        self.assertIn("No agent", warnings)
        self.assertIn("text messages", warnings)
        self.assertRegex(warnings, "Missing in French.*: .*questionnaire")
        self.assertNotIn("English", warnings)

    def test_warns_when_the_cap_leaves_turns_out_and_when_there_is_too_much_to_do(self):
        self._customer(first=date(2025, 1, 5))
        self.assertIn("6 times a year", self._wizard(self.plan_loyal).warnings)
        self.company.aftersale_agent_capacity = 1
        for _n in range(30):
            self._customer(first=date(2025, 1, 5))
        self.plan_loyal.partner_domain = "[]"
        self.assertIn("more to do", self._wizard(self.plan_loyal).warnings)

    def test_without_questionnaire_it_does_not_start(self):
        self.plan_existing.survey_id = False
        wizard = self._wizard(self.plan_existing)
        self.assertIn("no questionnaire", wizard.warnings)
        with self.assertRaisesRegex(UserError, "questionnaire"):
            wizard.action_confirm()
        self.assertFalse(self.plan_existing.active)

    def test_only_managers_start_plans(self):
        for user in (self.agent, self.supervisor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._wizard(self.plan_existing, user)

    def test_form_opens_and_proposes_to_pause_the_plan_it_replaces(self):
        onboard = self.env.ref("aftersale_followup.plan_onboard")
        with Form(self._wizard(onboard)) as form:
            self.assertEqual(form.pause_plan_ids.ids, self.plan_new.ids)
        self._wizard(onboard).action_confirm()
        self.assertFalse(self.plan_new.active, "Both would ask each new customer within a month.")

    def test_event_plan_shows_what_the_last_days_would_have_led_to(self):
        service = self.env.ref("aftersale_followup.plan_service")
        order = self._order(products=self.service)
        self._order(products=self.service)
        order.order_line.qty_delivered = 1
        self.env.flush_all()
        order.order_line.aftersale_date_complete = "2026-02-27"
        wizard = self._wizard(service)
        self.assertEqual(wizard.customer_count, 1)
        self.assertEqual(len(workdays(date(2026, 1, 31), date(2026, 3, 1))), 20)
        self.assertAlmostEqual(wizard.hours, 1 / 20 * 5 / 60, 6)

    # -- the plans, from the switch-on to the contact ---------------------------

    def test_service_finished_long_ago_is_not_asked_about_when_its_invoice_is_posted(self):
        plan = self.env.ref("aftersale_followup.plan_service")
        with freeze_time("2026-01-15 10:00"):
            self.service.invoice_policy = "order"
            order = self._order(products=self.service)
            line = order.order_line
            self.assertFalse(line.aftersale_date_complete)
            line.qty_delivered = 1
            self.env.flush_all()
        self._wizard(plan).action_confirm()
        order._create_invoices().action_post()
        line.name = "Maintenance, as agreed"
        self.env.flush_all()
        self._sweep()
        self.assertFalse(self._row(order, plan), "The invoice ends no service.")
        self.assertEqual(line.aftersale_date_complete, datetime(2026, 1, 15, 10))
        line.product_uom_qty = 2
        self.assertFalse(line.aftersale_date_complete, "More was ordered: not done any more.")
        line.qty_delivered = 2
        self.env.flush_all()
        self._sweep()
        self.assertEqual(self._row(order, plan).date_received, date(2026, 3, 2))

    def test_services_done_before_the_installation_are_dated_by_their_order(self):
        done, waiting = (self._order(products=self.service) for _n in range(2))
        done.date_order = "2026-01-15 10:00:00"
        done.order_line.qty_delivered = 1
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE sale_order_line DROP COLUMN aftersale_date_complete")
        self.env["sale.order.line"]._init_date_complete()
        self.env.invalidate_all()
        self.assertEqual(done.order_line.aftersale_date_complete, datetime(2026, 1, 15, 10))
        self.assertFalse(waiting.order_line.aftersale_date_complete)

    def test_service_plan_counts_from_the_end_of_the_services(self):
        plan = self.env.ref("aftersale_followup.plan_service")
        order = self._order(products=self.product | self.service)
        goods = self._order()
        discount = self.env["product.product"].create({"name": "Discount", "type": "service"})
        order.order_line = [Command.create({"product_id": discount.id, "price_unit": -5.0})]
        self._wizard(plan).action_confirm()
        self._sweep()
        self.assertFalse(self._row(order, plan), "Not done yet.")
        line = order.order_line.filtered(lambda line: line.product_id == self.service)
        line.qty_delivered = 1
        self.env.flush_all()
        self._sweep()
        row = self._row(order, plan)
        self.assertEqual(
            (row.state, row.date_planned, row.date_deadline), ("planned", date(2026, 3, 5), date(2026, 3, 11))
        )
        self.assertEqual(row.product_ids, self.service)
        self.assertIn("end of the service", row.explanation)
        self.assertFalse(self._row(goods, plan), "Who bought goods only had no service.")
        with freeze_time("2026-03-05 10:00:00"):
            row._contact()
        self.assertEqual((row.state, row.channel_id.code), ("ready", "email"))

    def test_other_sale_plans_count_from_the_confirmation(self):
        plan = self.env.ref("aftersale_followup.plan_service").copy(
            {"counts_from": "confirmation", "active": True, "date_start": "2020-01-01"}
        )
        for products in (self.product, self.service):
            partner = self._customer()
            order = self._order(partner=partner, products=products)
            row = self._row(order, plan)
            self.assertEqual((row.state, row.date_received, row.date_deadline), ("planned", MONDAY, date(2026, 3, 11)))

    def test_shop_plan_asks_24_hours_after_receipt(self):
        plan = self.env.ref("aftersale_followup.plan_shop")
        self._wizard(plan).action_confirm()
        self.plan_new.active = False
        shop = self.env.ref("sales_team.salesteam_website_sales")
        with freeze_time("2026-03-03 10:30:00"):
            order = self._order(partner=self._customer(), team_id=shop.id)
            other = self._order(partner=self._customer())
            self._deliver(order | other)
            receipt = order.picking_ids.date_done
        self.assertEqual(receipt, utc("2026-03-03 10:30"))
        row = self._row(order, plan)
        self.assertFalse(self._row(other, plan))
        self.assertEqual((row.time_planned, row.date_next), (utc("2026-03-04 10:30"),) * 2)
        with freeze_time("2026-03-04 10:20:00"), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(row.state, "planned", "Not before 24 hours are over.")
        with freeze_time("2026-03-04 10:31:00"), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(row.state, "ready")

    def test_hour_of_a_plan_in_hours_belongs_to_its_first_day_only(self):
        plan = self.env.ref("aftersale_followup.plan_shop")
        plan.write({"active": True, "team_ids": [Command.clear()]})
        self.plan_new.active = False
        busy = self._customer()
        self._planned(partner=busy, date_planned="2026-03-03", date_deadline="2026-03-03")
        order = self._order(partner=self._customer())
        with freeze_time("2026-03-02 10:00:00"):
            self._deliver(order)
        row = self._row(order, plan)
        self.assertEqual(row.date_planned, date(2026, 3, 4), "The agent has less to do on the second day.")
        self.assertFalse(row.time_planned)
        self.assertEqual(row.date_next, utc("2026-03-04 09:00"))

    def test_onboarding_has_four_contacts_one_two_four_and_eight_weeks_after_receipt(self):
        plan = self.env.ref("aftersale_followup.plan_onboard")
        self._wizard(plan).action_confirm()
        order = self._order(partner=self._customer())
        self._deliver(order)
        rows = self._row(order, plan).sorted("date_planned")
        self.assertEqual(set(rows.mapped("state")), {"planned"})
        self.assertEqual(rows.mapped("date_planned"), [MONDAY + timedelta(weeks=weeks) for weeks in (1, 2, 4, 8)])
        for row in rows:
            with freeze_time(f"{row.date_planned} 10:00:00"):
                row._contact()
            self.assertEqual(row.state, "ready", row.explanation)
        again = self._order(partner=order.partner_id, products=self._product("Pot"))
        self._deliver(again)
        self.assertEqual(set(self._row(again, plan).mapped("skip_reason")), {"duplicate"})

    def test_loyal_plan_asks_those_who_carry_its_tag_each_month(self):
        loyal, other = (self._customer(first=date(2025, 1, 5)) for _n in range(2))
        loyal.category_id = [Command.link(self.env.ref("aftersale_followup.partner_category_loyal").id)]
        self._wizard(self.plan_loyal).action_confirm()
        self._run(MONDAY)
        self.assertEqual(self._rows().commercial_partner_id, loyal)
        with freeze_time("2026-03-02 10:00:00"):
            self._rows()._contact()
        self._run(date(2026, 3, 26))
        row = self._rows() - self._rows()[0]
        self.assertEqual((row.date_received, row.state), (date(2026, 4, 2), "planned"))
        self.assertGreaterEqual(row.date_planned, date(2026, 4, 2))

    def test_periodic_plans_reach_the_customer_by_their_channel(self):
        key = self._customer(first=date(2025, 1, 5), amount=100.0, phone="+8613800009999")
        self._order_on(key, date(2026, 1, 5), 60000.0, user_id=self.agent_2.id)
        usual = self._customer(first=date(2025, 1, 5))
        for plan in (self.plan_key, self.plan_existing):
            self._wizard(plan).action_confirm()
        self._run(MONDAY)
        rows = self._rows()
        self.assertEqual(rows.mapped("commercial_partner_id"), key | usual)
        with freeze_time("2026-03-16 10:00:00"):
            rows._contact()
        called, written = (rows.filtered(lambda r, c=c: r.partner_id == c) for c in (key, usual))
        self.assertEqual((called.state, called.channel_id.code, called.user_id), ("ready", "phone", self.agent_2))
        self.assertEqual((written.state, written.channel_id.code), ("ready", "email"))
