from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase

PLANNING = "odoo.addons.aftersale_followup.models.aftersale_plan_planning"
SWEEP = "odoo.addons.aftersale_followup.models.aftersale_plan_sweep"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPlanning(AftersaleCase):
    def _rows(self, order, plan=None):
        return self.env["aftersale.followup"].search(
            [("order_id", "=", order.id), ("plan_id", "=", (plan or self.plan_new).id)]
        )

    # -- trigger -----------------------------------------------------------

    def test_delivery_plans_third_to_seventh_working_day(self):
        order = self._order()
        self.assertFalse(self._rows(order), "An order that is not delivered plans nothing.")
        self._deliver(order)
        followup = self._rows(order)
        self.assertEqual(followup.state, "planned")
        self.assertEqual(followup.origin, f"order:{order.id}:0")
        self.assertEqual(followup.date_planned, date(2026, 3, 5))
        self.assertEqual(followup.date_deadline, date(2026, 3, 11))
        self.assertEqual(followup.user_id, self.agent)
        self.assertEqual(followup.team_id, self.team)
        self.assertEqual(followup.product_ids, self.product)
        self.assertEqual(followup.customer_type, "new")
        self.assertIn("2026-03-05", followup.explanation)
        self.assertEqual(len(followup.sudo().access_token), 22)

    def test_date_next_is_the_contact_hour_in_company_time(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).date_next, fields.Datetime.to_datetime("2026-03-05 01:00:00"))

    def test_partial_delivery_waits_for_the_backorder(self):
        order = self._order(quantity=5)
        self._deliver(order, quantity=2)
        self.assertFalse(self._rows(order), "Part of the order is still on its way.")
        self._deliver(order)
        self.assertEqual(len(self._rows(order)), 1)

    def test_cancelled_remainder_is_swept(self):
        order = self._order(quantity=5)
        self._deliver(order, quantity=2)
        order.picking_ids.filtered(lambda p: p.state != "done").action_cancel()
        self.assertFalse(self._rows(order), "Cancelling a remainder is no delivery.")
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_sweep").method_direct_trigger()
        self.assertEqual(self._rows(order).state, "planned")

    def test_delivery_without_backorder_plans(self):
        order = self._order(quantity=5)
        self._deliver(order, quantity=2, backorder=False)
        self.assertEqual(len(self._rows(order)), 1)

    def test_batch_of_deliveries_plans_each_order(self):
        partners = self.env["res.partner"].create([{"name": f"C{n}", "email": f"c{n}@example.com"} for n in range(4)])
        orders = self.env["sale.order"].union(*[self._order(partner=partner) for partner in partners])
        for move in orders.picking_ids.move_ids:
            move.write({"quantity": 1, "picked": True})
        orders.picking_ids.button_validate()
        rows = self.env["aftersale.followup"].search([("order_id", "in", orders.ids)])
        self.assertEqual(len(rows), 4)
        self.assertEqual(rows.order_id, orders)
        self.assertEqual(len(set(rows.mapped("date_planned"))), 4, "One agent: each day of the window takes one.")

    def test_immediate_transfer_plans(self):
        order = self._order(quantity=2)
        order.picking_ids.action_assign()
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.state, "done", "No quantity was typed: everything reserved goes out.")
        self.assertEqual(len(self._rows(order)), 1)

    def test_one_delivery_of_two_orders_plans_both(self):
        other = self.env["res.partner"].create({"name": "Neighbour", "email": "neighbour@example.com"})
        orders = self._order() | self._order(partner=other)
        picking = orders[0].picking_ids
        orders[1].picking_ids.move_ids.picking_id = picking
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(picking.sale_id, orders[0], "The delivery itself names just one order.")
        for order in orders:
            self.assertEqual(self._rows(order).picking_id, picking)

    def test_three_step_delivery_plans_once_at_the_end(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._order()
        for _step in range(3):
            self.assertFalse(self._rows(order))
            self._deliver(order)
        self.assertEqual(len(self._rows(order)), 1)
        self.warehouse.delivery_steps = "ship_only"

    def test_dropship_counts_as_delivery(self):
        route = self.env.ref("stock_dropshipping.route_drop_shipping")
        vendor = self.env["res.partner"].create({"name": "Maker"})
        product = self._product("Dropshipped", quantity=0)
        product.write(
            {"route_ids": [Command.set(route.ids)], "seller_ids": [Command.create({"partner_id": vendor.id})]}
        )
        order = self._order(products=product)
        purchase = self.env["purchase.order"].search([("partner_id", "=", vendor.id)])
        purchase.button_confirm()
        picking = purchase.picking_ids
        self.assertTrue(picking.is_dropship)
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(self._rows(order).product_ids, product)

    def test_internal_transfer_and_receipt_plan_nothing(self):
        before = self.env["aftersale.followup"].search_count([])
        picking_type = self.warehouse.in_type_id
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 1,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": self.warehouse.lot_stock_id.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(self.env["aftersale.followup"].search_count([]), before)

    def test_receipt_date_and_transit_days_move_the_window(self):
        self.company.aftersale_transit_days = 2
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).date_received, date(2026, 3, 4))
        other = self._order(partner=self.env["res.partner"].create({"name": "Late", "email": "late@example.com"}))
        other.picking_ids.aftersale_receipt_date = "2026-03-06"
        self._deliver(other)
        self.assertEqual(self._rows(other).date_planned, date(2026, 3, 11))

    def test_sale_trigger_plans_at_confirmation(self):
        plan = self.plan_new.copy({"trigger": "sale", "occurrence": "every"})
        order = self._order()
        self.assertEqual(self._rows(order, plan).state, "planned")

    # -- idempotence -------------------------------------------------------

    def test_trigger_processed_twice_leaves_one_row(self):
        order = self._order()
        picking = self._deliver(order)
        self.env["aftersale.plan"]._plan_followups("delivery", picking)
        self.env["aftersale.plan"]._plan_followups("delivery", order)
        self.assertEqual(len(self._rows(order)), 1)

    def test_database_refuses_a_second_row(self):
        followup = self._planned(origin="order:1:0")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._planned(origin="order:1:0", plan=followup.plan_id)

    def test_cancel_and_confirm_again_revives_the_row(self):
        plan = self.plan_new.copy({"trigger": "sale", "occurrence": "every"})
        order = self._order()
        followup = self._rows(order, plan)
        order._action_cancel()
        self.assertEqual(followup.state, "cancelled")
        self.assertIn("cancelled", followup.explanation)
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self._rows(order, plan), followup)
        self.assertEqual(followup.state, "planned")

    def test_cancelling_after_sending_keeps_the_link_without_reminder(self):
        order = self._order()
        self._deliver(order)
        followup = self._rows(order)
        followup._contact()
        order._action_cancel()
        self.assertEqual(followup.state, "ready")
        self.assertEqual(followup.date_next, followup.date_expiry, "No reminder, but the link still expires.")

    # -- who is not asked ----------------------------------------------------

    def test_full_return_before_contact_is_not_asked(self):
        order = self._order()
        picking = self._deliver(order)
        wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
        wizard = wizard.create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": 1, "picked": True})
        back.button_validate()
        followup = self._rows(order)
        followup._contact()
        self.assertEqual((followup.state, followup.skip_reason), ("skipped", "returned"))

    def test_existing_customer_does_not_match_the_plan_for_new_ones(self):
        old = self._order()
        old.date_order = "2025-11-01 10:00:00"
        order = self._order()
        self._deliver(order)
        self.assertFalse(self._rows(order))

    def test_second_delivery_of_the_same_product_is_a_duplicate(self):
        self._deliver(self._order())
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).skip_reason, "duplicate")

    def test_kit_is_what_was_sold_not_the_parts_that_were_moved(self):
        kit = self.env["product.product"].create({"name": "Tea set", "type": "consu"})
        self.plan_new.product_ids = kit
        first = self._kit_order(kit)
        self.assertEqual(first.aftersale_followup_ids.product_ids, kit)
        first.order_line.qty_delivered = 1.0
        again = self._kit_order(kit)
        self.assertEqual(again.aftersale_followup_ids.skip_reason, "duplicate", "It had the kit before.")

    def _kit_order(self, kit):
        """Return a delivered order of ``kit``, whose parts are moved as with a phantom bill of materials."""
        order = self._order(products=kit)
        whole = order.order_line.move_ids
        for part in self.product | self._product("Cup"):
            whole.copy({"product_id": part.id, "sale_line_id": order.order_line.id})
        whole._action_cancel()
        whole.unlink()
        order.order_line.move_ids.filtered(lambda m: m.state == "draft")._action_confirm()
        self._deliver(order)
        return order

    def test_own_staff_is_not_asked(self):
        order = self._order(partner=self.agent.partner_id)
        self._deliver(order)
        self.assertEqual(self._rows(order).skip_reason, "staff")

    def test_companies_of_ours_are_not_asked(self):
        sister = self.env["res.company"].create({"name": "Sister company"}).partner_id
        buyer = self.env["res.partner"].create({"name": "Her buyer", "parent_id": sister.id})
        for partner in sister | buyer:
            order = self._order(partner=partner)
            self._deliver(order)
            self.assertEqual(self._rows(order).skip_reason, "staff")

    def test_opt_out_by_address_is_respected(self):
        self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).skip_reason, "opt_out")

    def test_opt_out_of_another_scenario_does_not_count(self):
        self.env["aftersale.optout"].create({"key": "wang.fang@example.com", "scenario": "pilot"})
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).state, "planned")

    def test_customer_with_an_open_issue_is_not_surveyed(self):
        self._issue()
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).skip_reason, "open_issue")

    def test_sample_is_reproducible_and_leaves_a_row(self):
        self.plan_new.sampling_rate = 0.0
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).skip_reason, "sampled_out")
        self.assertEqual(self.plan_new._draw("order:7:0"), self.plan_new._draw("order:7:0"))

    def test_sample_takes_a_series_whole_or_not_at_all(self):
        self.plan_new.write({"sampling_rate": 50.0, "occurrence": "every"})
        self.plan_new.touchpoint_ids = [
            Command.create({"delay_min": days, "delay_max": days + 5, "delay_unit": "days"}) for days in (7, 21, 42)
        ]
        rows = self.env["aftersale.followup"]
        for number in range(8):
            order = self._order(
                partner=self.env["res.partner"].create({"name": f"S{number}", "email": f"s{number}@a.com"})
            )
            self._deliver(order)
            rows = self._rows(order)
            self.assertEqual(len(rows), 3)
            self.assertEqual(len(set(rows.mapped("skip_reason"))), 1)

    def test_delivery_long_ago_is_too_old(self):
        with patch.object(type(self.env["aftersale.plan"]), "_plan_isolated"):
            order = self._order()
            self._deliver(order)
        order.picking_ids.date_done = "2026-02-01 10:00:00"
        self.env["aftersale.plan"]._plan_followups("delivery", order)
        self.assertEqual(self._rows(order).skip_reason, "too_old")

    def test_delivery_before_the_plan_started_is_not_looked_at(self):
        self.plan_new.date_start = "2026-03-03"
        order = self._order()
        self._deliver(order)
        self.assertFalse(self._rows(order))

    # -- filters -------------------------------------------------------------

    def test_filters_decide_who_matches(self):
        order = self._order(products=self.product | self._product("Pot"))
        cases = [
            ({"amount_min": order.amount_total}, True),
            ({"amount_min": order.amount_total + 1}, False),
            ({"product_ids": [Command.set(self.product.ids)]}, True),
            ({"product_ids": [Command.set(self._product("Pan").ids)]}, False),
            ({"partner_domain": "[('email', 'ilike', 'wang')]"}, True),
            ({"partner_domain": "[('email', 'ilike', 'nobody')]"}, False),
            ({"team_ids": [Command.set(self.team.ids)]}, False),
            ({"customer_type": "existing"}, False),
        ]
        with patch.object(type(self.env["aftersale.plan"]), "_plan_isolated"):
            self._deliver(order)
        for values, expected in cases:
            with self.subTest(values=values):
                plan = self.plan_new.copy({"occurrence": "every", **values})
                rows = plan._plan_followups("delivery", order)
                self.assertEqual(bool(rows), expected)

    def test_broken_partner_domain_is_refused_with_a_remedy(self):
        for broken in ("[('nothing_like_it', '=', 1)]", "[(", "__import__('os')", "5"):
            with self.subTest(broken=broken), self.assertRaisesRegex(ValidationError, "customer filter"):
                self.plan_new.partner_domain = broken

    def test_plan_without_questionnaire_cannot_be_live(self):
        with self.assertRaisesRegex(ValidationError, "questionnaire"):
            self.plan_new.survey_id = False

    # -- isolation -------------------------------------------------------------

    def test_failing_plan_never_blocks_a_delivery_nor_the_other_plans(self):
        other = self.plan_new.copy({"occurrence": "every"})
        Plan = type(self.env["aftersale.plan"])
        original = Plan._prepare_row

        def broken(plan, *args):
            if plan == self.plan_new:
                raise ValueError("broken on purpose")
            return original(plan, *args)

        order = self._order()
        with patch.object(Plan, "_prepare_row", broken), mute_logger(PLANNING):
            picking = self._deliver(order)
        self.assertEqual(picking.state, "done")
        self.assertFalse(self._rows(order))
        self.assertEqual(self._rows(order, other).state, "planned")
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_sweep").method_direct_trigger()
        self.assertTrue(self._rows(order), "The sweep plans what the hook missed.")

    @freeze_time("2026-03-02 17:00:00")
    def test_sweep_finds_the_first_hours_of_a_plan_far_east_of_utc(self):
        """In Shanghai the day of the start began at 16:00 UTC, eight hours before it does in UTC."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.plan_new.date_start = "2026-03-03"
        order = self._order()
        with patch.object(type(self.plan_new), "_plan_isolated"):
            self._deliver(order)
        self.env.flush_all()
        # Written now by the database's own clock, which no test can freeze.
        for table, ids in (("stock_move", order.picking_ids.move_ids), ("sale_order_line", order.order_line)):
            self.env.cr.execute(f"UPDATE {table} SET write_date = '2026-03-02 16:30' WHERE id = ANY(%s)", [ids.ids])
        self.assertIn(order, self.plan_new._get_missed())

    def _sweep(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_sweep").method_direct_trigger()

    def test_plan_that_cannot_be_used_keeps_its_error_and_is_parked(self):
        self.env.cr.execute("UPDATE aftersale_plan SET partner_domain = '[(' WHERE id = %s", (self.plan_new.id,))
        self.plan_new.invalidate_recordset()
        with mute_logger(PLANNING, SWEEP):
            order = self._order()
            self._deliver(order)
            for _run in range(4):
                self._sweep()
        self.assertEqual(self.plan_new.error_count, 3)
        self.assertIn("customer filter", self.plan_new.error_message)
        self.plan_new.partner_domain = "[]"
        self.assertFalse(self.plan_new.error_count, "Whoever works on a plan gives it a new chance.")
        self._sweep()
        self.assertEqual(self._rows(order).state, "planned")

    def test_one_bad_order_parks_itself_and_nobody_else(self):
        Plan = type(self.env["aftersale.plan"])
        original = Plan._prepare_row
        bad = self._order(partner=self.env["res.partner"].create({"name": "Bad", "email": "bad@example.com"}))

        def broken(plan, occasion, *args):
            if occasion["order"] == bad:
                raise ValueError("broken on purpose")
            return original(plan, occasion, *args)

        with patch.object(Plan, "_prepare_row", broken), mute_logger(PLANNING, SWEEP):
            self._deliver(bad)
            for _run in range(5):
                self._sweep()
            self.assertEqual(self.plan_new.failed_records, {str(bad): 3}, "Tried three times, then left alone.")
            self.assertFalse(self.plan_new.error_count)
            self.assertIn(bad.name, self.plan_new.error_message)
            good = self._order()
            self._deliver(good)
            self.assertEqual(self._rows(good).state, "planned")

    def test_services_are_planned_when_their_quantity_is_delivered(self):
        self.plan_new.customer_type = "any"  # the database's own clock, which dates services, cannot be frozen
        service = self.env["product.product"].create({"name": "Maintenance", "type": "service"})
        order = self._order(products=service)
        self._sweep()
        self.assertFalse(self._rows(order))
        order.order_line.qty_delivered = 1
        self._sweep()
        self.assertEqual(self._rows(order).product_ids, service)

    def test_receipt_entered_after_the_validation_moves_the_window(self):
        order = self._order()
        picking = self._deliver(order)
        followup = self._rows(order)
        picking.aftersale_receipt_date = "2026-03-06"
        self.assertEqual((followup.state, followup.date_planned), ("planned", date(2026, 3, 11)))

    def test_shared_call_waits_for_the_goods_that_arrive_last(self):
        self.plan_new.delay_max = 15
        first, second = self._order(), self._order(products=self._product("Pan"))
        self._deliver(first)
        late = self._deliver(second)
        call = first.aftersale_followup_ids
        self.assertEqual(second.aftersale_followup_ids.merged_into_id, call)
        late.aftersale_receipt_date = "2026-03-10"
        self.assertGreaterEqual(call.date_planned, date(2026, 3, 13))
        self.assertIn(second.name, call.explanation)

    def test_shared_call_leaves_out_goods_that_arrive_after_its_window(self):
        first, second = self._order(), self._order(products=self._product("Pan"))
        self._deliver(first)
        late = self._deliver(second)
        call = first.aftersale_followup_ids
        day = call.date_planned
        late.aftersale_receipt_date = "2026-03-20"
        self.assertEqual(call.date_planned, day)
        self.assertFalse(call.product_ids & second.order_line.product_id)
        self.assertEqual(call.product_ids, first.order_line.product_id)
        self.assertTrue(second.aftersale_followup_ids.lost_turn)

    def test_receipt_of_an_earlier_delivery_of_the_order_counts_too(self):
        order = self._order(quantity=4)
        first = self._deliver(order, quantity=2)
        last = self._deliver(order)
        row = self._rows(order)
        self.assertEqual((row.picking_id, row.date_planned), (last, date(2026, 3, 5)))
        first.aftersale_receipt_date = "2026-03-12"
        self.assertEqual((row.date_received, row.date_planned), (date(2026, 3, 12), date(2026, 3, 17)))
        last.aftersale_receipt_date = "2026-03-04"
        self.assertEqual(row.date_received, date(2026, 3, 12), "The last receipt of the order counts.")

    def test_receipt_entered_late_keeps_what_was_merged(self):
        pot = self._product("Pot")
        first = self._order()
        picking = self._deliver(first)
        second = self._order(products=pot)
        self._deliver(second)
        survivor = self._rows(first)
        picking.aftersale_receipt_date = "2026-03-04"
        self.assertEqual((survivor.state, survivor.date_received), ("planned", date(2026, 3, 4)))
        self.assertEqual((survivor.date_planned, survivor.date_deadline), (date(2026, 3, 9), date(2026, 3, 13)))
        self.assertEqual(survivor.product_ids, self.product | pot, "The second order is asked about in the same call.")
        self.assertEqual(self._rows(second).merged_into_id, survivor)
        # Too late for the first order alone; the call is also the second one's.
        with freeze_time("2026-03-05 10:00:00"):
            picking.aftersale_receipt_date = "2026-02-02"
        self.assertEqual((survivor.state, survivor.date_planned), ("planned", date(2026, 3, 9)))

    def test_receipt_of_long_ago_entered_late_skips_with_the_reason(self):
        order = self._order()
        picking = self._deliver(order)
        followup = self._rows(order)
        picking.aftersale_receipt_date = "2026-02-02"
        self.assertEqual((followup.state, followup.skip_reason), ("skipped", "too_old"))
        self.assertEqual(followup.date_received, date(2026, 2, 2))
        self.assertIn("2026-02-02", followup.explanation)
        self.assertFalse(followup.cancel_cause, "The order stands.")

    def test_revived_too_late_is_skipped_and_settled(self):
        order = self._order()
        self._deliver(order)
        followup = self._rows(order)
        order._action_cancel()
        with freeze_time("2026-04-20 10:00:00"):
            order.action_draft()
            order.action_confirm()
            self.assertEqual((followup.state, followup.skip_reason), ("skipped", "too_old"))
            self.assertFalse(followup.cancel_cause)
            self.assertNotIn(order, self.plan_new._get_missed(), "The sweep is done with it.")

    def test_follow_up_cancelled_by_a_supervisor_stays_cancelled(self):
        order = self._order(quantity=2)
        self._deliver(order)
        followup = self._rows(order)
        followup.with_user(self.supervisor).action_cancel()
        self.env["aftersale.plan"]._plan_followups("delivery", order)
        self.assertEqual(followup.state, "cancelled")

    def test_delivered_cancelled_and_confirmed_again_comes_back(self):
        order = self._order()
        self._deliver(order)
        followup = self._rows(order)
        order._action_cancel()
        self.assertEqual((followup.state, followup.cancel_cause), ("cancelled", "order"))
        order.action_draft()
        order.action_confirm()
        self.assertEqual(followup.state, "planned")

    def test_merged_order_outlives_the_order_it_was_merged_into(self):
        pot = self._product("Pot")
        first = self._order()
        self._deliver(first)
        second = self._order(products=pot)
        self._deliver(second)
        survivor = self._rows(first)
        first._action_cancel()
        self.assertEqual((survivor.state, survivor.order_id, survivor.product_ids), ("planned", second, pot))

    def test_other_company_never_takes_a_merged_order(self):
        company = self.env["res.company"].create({"name": "Other company"})
        self._planned(company_id=company.id, team_id=False, user_id=False, date_planned="2026-03-05")
        order = self._order()
        self._deliver(order)
        self.assertNotEqual(self._rows(order).skip_reason, "merged")

    def test_order_of_another_company_is_refused_also_in_a_batch(self):
        company = self.env["res.company"].create({"name": "Other company"})
        order = self._order()
        own = self._planned(order_id=order.id)
        foreign = self._planned(company_id=company.id, team_id=False, user_id=False)
        with self.assertRaisesRegex(UserError, "company"):
            (own | foreign).write({"order_id": order.id})
        with self.assertRaisesRegex(UserError, "company"):
            self._planned(company_id=company.id, team_id=False, user_id=False, order_id=order.id)
        with self.assertRaisesRegex(UserError, "company"):
            own.company_id = company

    def test_late_verification_is_still_asked(self):
        issue = self._solved_issue()
        issue.verification_followup_ids.unlink()
        issue.sudo().date_done = "2026-02-16 10:00:00"
        rows = self.plan_verify._plan_followups("resolution", issue)
        self.assertEqual((rows.state, rows.date_planned), ("planned", date(2026, 3, 2)))

    def test_cached_plans_do_not_include_archived_ones(self):
        self.plan_new.active = False
        self.env["aftersale.plan"].with_context(active_test=False)._get_live_plans("delivery")
        order = self._order()
        self._deliver(order)
        self.assertFalse(self._rows(order))

    def test_company_without_calendar_still_plans(self):
        self.company.resource_calendar_id = False
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).date_planned, date(2026, 3, 5))

    # -- cap and load ------------------------------------------------------------

    def test_contact_in_the_last_week_defers_inside_the_window(self):
        self._planned(plan=self.plan_new.copy({"contact_class": "pilot"}), date_planned="2026-03-02")
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).date_planned, date(2026, 3, 9))

    def test_second_order_merges_into_the_planned_follow_up(self):
        pot = self._product("Pot")
        self._deliver(self._order())
        order = self._order(products=pot)
        self._deliver(order)
        followup = self._rows(order)
        self.assertEqual(followup.skip_reason, "merged")
        self.assertEqual(followup.merged_into_id.product_ids, self.product | pot)

    def test_nothing_merges_into_a_call_before_the_goods_arrive(self):
        self._deliver(self._order())
        self.company.aftersale_transit_days = 6
        order = self._order(products=self._product("Pot"))
        self._deliver(order)
        followup = self._rows(order)
        self.assertEqual((followup.date_received, followup.skip_reason), (date(2026, 3, 8), "contact_cap"))
        self.assertFalse(followup.merged_into_id)

    def test_chosen_agent_who_left_is_replaced_by_the_team(self):
        self.plan_new.write({"assign_method": "user", "user_id": self.agent_2.id})
        order = self._order(partner=self.env["res.partner"].create({"name": "One", "email": "one@example.com"}))
        self._deliver(order)
        self.assertEqual(self._rows(order).user_id, self.agent_2)
        self.agent_2.active = False
        unassigned = self.env["aftersale.health"]._check_unassigned()
        self.assertEqual(unassigned["res_domain"], self._rows(order).ids, "Who left calls nobody.")
        other = self._order()
        self._deliver(other)
        self.assertEqual(self._rows(other).user_id, self.agent)

    def test_cap_without_room_skips_with_the_rule(self):
        self._planned(date_planned="2026-02-25", state="planned").write({"state": "ready"})
        order = self._order()
        self._deliver(order)
        followup = self._rows(order)
        self.assertEqual(followup.skip_reason, "contact_cap")
        self.assertIn("30", followup.explanation)

    def test_least_loaded_agent_gets_the_row(self):
        self.team.crm_team_member_ids = [Command.create({"user_id": self.agent_2.id})]
        for _n in range(5):
            partner = self.env["res.partner"].create({"name": "Filler"})
            self._planned(partner=partner, date_planned="2026-03-05", date_deadline="2026-03-11")
        order = self._order()
        self._deliver(order)
        self.assertEqual(self._rows(order).user_id, self.agent_2)
        self.assertEqual(self._rows(order).date_planned, date(2026, 3, 5))

    def test_queries_do_not_grow_with_the_batch(self):
        def count(size):
            partners = self.env["res.partner"].create(
                [{"name": f"Q{size}-{n}", "email": f"q{size}.{n}@example.com"} for n in range(size)]
            )
            with patch.object(type(self.env["aftersale.plan"]), "_plan_isolated"):
                orders = self.env["sale.order"].union(*[self._order(partner=partner) for partner in partners])
                for order in orders:
                    self._deliver(order)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["aftersale.plan"]._plan_followups("delivery", orders.picking_ids)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)  # fills the caches that outlive a batch
        few = count(5)
        self.assertLessEqual(count(20), few + 1)

    # -- life of plans and rows --------------------------------------------------

    def test_archiving_a_plan_pauses_its_rows(self):
        followup = self._planned()
        self.plan_new.active = False
        self.assertEqual((followup.state, followup.skip_reason), ("skipped", "plan_paused"))

    def test_used_plan_is_not_deleted(self):
        self._planned()
        with self.assertRaisesRegex(UserError, "Archive the plan"):
            self.plan_new.unlink()

    def test_deleting_an_order_keeps_the_follow_up(self):
        order = self._order(confirm=False)
        followup = self._planned(order_id=order.id)
        order.unlink()
        self.assertTrue(followup.exists())
        self.assertFalse(followup.order_id)

    def test_transitions_outside_the_table_raise(self):
        followup = self._planned()
        with self.assertRaisesRegex(UserError, "cannot become"):
            followup.state = "done"
        followup._skip("staff")
        with self.assertRaisesRegex(UserError, "cannot become"):
            followup.state = "planned"

    def test_window_of_days_and_hours(self):
        plan = self.plan_new.copy({"occurrence": "every", "delay_unit": "hours", "delay_min": 24, "delay_max": 48})
        order = self._order()
        self._deliver(order)
        followup = self._rows(order, plan)
        self.assertEqual(followup.time_planned - order.picking_ids.date_done, timedelta(hours=24))
        self.assertEqual(followup.date_planned, date(2026, 3, 3))

    def test_window_of_hours_takes_no_day_that_opens_after_its_end(self):
        plan = self.plan_new.copy({"occurrence": "every", "delay_unit": "hours", "delay_min": 24, "delay_max": 48})
        self._planned(partner=self.env["res.partner"].create({"name": "Busy"}), date_planned="2026-03-03")
        with freeze_time("2026-03-02 05:00:00"):  # 48 hours end on Wednesday at 5, before the contact hours
            order = self._order()
            self._deliver(order)
        followup = self._rows(order, plan)
        self.assertEqual((followup.date_planned, followup.date_deadline), (date(2026, 3, 3), date(2026, 3, 4)))
        with freeze_time("2026-03-06 05:00:00"):  # Friday: no day in the window is worked, so the next one
            order = self._order(partner=self.env["res.partner"].create({"name": "Fri", "email": "fri@example.com"}))
            self._deliver(order)
        self.assertEqual(self._rows(order, plan).date_planned, date(2026, 3, 9))

    def test_touchpoints_are_known_at_once(self):
        """Plans remember their touchpoints, but see each change of them."""
        order = self._order()
        Touchpoint = self.env["aftersale.touchpoint"]
        self.assertFalse(self.plan_new._get_touchpoints())
        second = Touchpoint.create({"plan_id": self.plan_new.id, "sequence": 2, "delay_min": 10, "delay_max": 12})
        first = Touchpoint.create({"plan_id": self.plan_new.id, "sequence": 1, "delay_min": 1, "delay_max": 2})
        self.assertEqual(self.plan_new._get_touchpoints(), first + second)
        second.sequence = 0
        self.assertEqual(self.plan_new._get_touchpoints(), second + first)
        first.unlink()
        self._deliver(order)
        rows = order.aftersale_followup_ids.filtered(lambda f: f.plan_id == self.plan_new)
        self.assertEqual(rows.touchpoint_id, second)
