from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..models.contact_ledger import ContactLedger
from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestLedger(AftersaleCase):
    """How often a customer is contacted, over all plans, and that no kind of contact is kept waiting for ever."""

    def _contacted(self, day, plan=None, **values):
        followup = self._planned(plan=plan, date_planned=day, **values)
        followup.write({"state": "ready", "date_sent": datetime.combine(day, datetime.min.time())})
        return followup

    def _plan(self, contact_class, **values):
        scenario = {"periodic": "existing_customer", "pilot": "pilot"}.get(contact_class, "new_customer")
        return self.plan_new.copy(
            {"scenario": scenario, "contact_class": contact_class, "occurrence": "every", "active": True, **values}
        )

    def _deliver_one(self, **values):
        order = self._order(**values)
        self._deliver(order)
        return order

    def _row(self, order, plan):
        return order.aftersale_followup_ids.filtered(lambda f: f.plan_id == plan)

    # -- merging -----------------------------------------------------------------

    def test_order_joins_the_next_follow_up_of_another_plan_of_its_kind(self):
        other = self._plan("new", name="Other shop", trigger="manual")
        pot = self._product("Pot")
        survivor = self._planned(plan=other, date_planned="2026-03-06", date_deadline="2026-03-11")
        row = self._row(self._deliver_one(products=pot), self.plan_new)
        self.assertEqual((row.skip_reason, row.merged_into_id), ("merged", survivor))
        self.assertIn(pot, survivor.product_ids)

    def test_other_kinds_never_merge(self):
        self._planned(plan=self._plan("periodic"), date_planned="2026-03-08", date_deadline="2026-03-08")
        row = self._row(self._deliver_one(), self.plan_new)
        self.assertEqual(row.skip_reason, "contact_cap")
        self.assertFalse(row.merged_into_id)

    def test_deferral_comes_before_merging(self):
        planned = self._planned(date_planned="2026-03-03", date_deadline="2026-03-03")
        self.company.aftersale_cap_same_days = 7
        row = self._row(self._deliver_one(), self.plan_new)
        self.assertEqual((row.state, row.date_planned), ("planned", date(2026, 3, 10)))
        self.assertIn("one contact in 7 days", row.explanation)
        self.assertEqual(planned.product_ids, self.product)

    # -- the year ----------------------------------------------------------------

    def test_contact_cancelled_after_sending_counts(self):
        first, second = self._planned(), self._planned()
        first._contact()
        self.assertTrue(first.date_sent)
        first.with_user(self.supervisor).action_cancel()
        second._contact()
        self.assertEqual((second.state, second.skip_reason), ("skipped", "contact_cap"))

    def test_sixth_contact_of_the_year_is_the_last(self):
        for days in (350, 300, 250, 200, 150):
            self._contacted(date(2026, 3, 2) - timedelta(days=days))
        row = self._row(self._deliver_one(), self.plan_new)
        self.assertEqual(row.state, "planned")
        self._contacted(date(2026, 3, 2) - timedelta(days=100))
        self.company.aftersale_cap_days = 0
        other = self._plan("pilot")
        row = self._row(self._deliver_one(products=self._product("Pot")), other)
        self.assertEqual(row.skip_reason, "contact_cap")
        self.assertIn("6 contacts a year", row.explanation)

    def test_contact_before_a_planned_one_counts_in_its_year(self):
        self.company.aftersale_cap_year = 2
        ledger = ContactLedger()
        row = self._planned(date_planned="2026-03-05", date_deadline="2026-03-11")
        for day in (date(2025, 6, 1), date(2026, 4, 20)):
            other = self._planned(date_planned=day, date_deadline=day)
            ledger.add(other, day)
        self.assertIn("2 contacts a year", self.plan_new._get_cap(ledger, row).rule(date(2026, 3, 5)))
        self.company.aftersale_cap_year = 3
        self.assertIsNone(self.plan_new._get_cap(ledger, row).rule(date(2026, 3, 5)))

    # -- starvation --------------------------------------------------------------

    def _starve(self, plan):
        """Have ``plan`` lose its turn with the customer to another kind."""
        self._planned(plan=self._plan("pilot"), date_planned="2026-03-08", date_deadline="2026-03-08")
        row = self._row(self._deliver_one(), plan)
        self.assertEqual((row.skip_reason, row.lost_turn), ("contact_cap", True))
        return row

    def test_kind_that_lost_its_turn_gets_its_next_one(self):
        self._starve(self.plan_new)
        self.plan_new.occurrence = "every"
        row = self._row(self._deliver_one(products=self._product("Pot")), self.plan_new)
        self.assertEqual(row.state, "planned", "The window is extended to the first free day.")
        self.assertEqual((row.date_planned, row.date_deadline), (date(2026, 3, 16), date(2026, 3, 16)))
        self.assertIn("lost its last turn", row.explanation)

    def test_extension_never_goes_beyond_its_own_interval(self):
        self._starve(self.plan_new)
        self.plan_new.occurrence = "every"
        pilot = self._plan("pilot")
        for days in range(6, 60, 7):
            day = date(2026, 3, 8) + timedelta(days=days)
            self._planned(plan=pilot, date_planned=day, date_deadline=day)
        row = self._row(self._deliver_one(products=self._product("Pot")), self.plan_new)
        self.assertEqual(row.skip_reason, "contact_cap", "Never above the cap.")

    def test_what_its_own_kind_took_is_no_lost_turn(self):
        self._contacted(date(2026, 2, 20))
        row = self._row(self._deliver_one(), self.plan_new)
        self.assertEqual((row.skip_reason, row.lost_turn), ("contact_cap", False))

    def test_one_contact_of_the_year_is_kept_for_who_lost_a_turn(self):
        self._starve(self.plan_new)
        self.company.write({"aftersale_cap_year": 2, "aftersale_cap_same_days": 7})
        pilot = self._plan("pilot", delay_min=20, delay_max=25)
        self.plan_new.active = False
        row = self._row(self._deliver_one(products=self._product("Pot")), pilot)
        self.assertEqual(row.skip_reason, "contact_cap")
        self.assertIn("kept for a kind that lost its turn", row.explanation)
        self.company.aftersale_cap_year = 3
        row = self._row(self._deliver_one(products=self._product("Pan")), pilot)
        self.assertEqual(row.state, "planned")

    def test_who_lost_a_turn_goes_first(self):
        periodic = self._plan("periodic")
        self.plan_new.active = False
        self._starve(periodic)
        self.plan_new.write({"active": True, "occurrence": "every"})
        self.env["aftersale.followup"].search([("state", "=", "planned")])._set_state("cancelled", cancel_cause="staff")
        order = self._deliver_one(products=self._product("Pot"))
        self.assertEqual(self._row(order, periodic).state, "planned")
        self.assertEqual(self._row(order, self.plan_new).skip_reason, "contact_cap", "Its rank alone would win.")

    def test_turn_lost_at_sending_time_is_noted(self):
        followup = self._planned(date_deadline="2026-03-04")
        self._contacted(date(2026, 3, 1), plan=self._plan("pilot"))
        followup._contact()
        self.assertEqual((followup.skip_reason, followup.lost_turn), ("contact_cap", True))

    # -- calls and meetings ------------------------------------------------------

    def _log_call(self, record, moment=None, xmlid="mail.mail_activity_data_call"):
        with freeze_time(moment or "2026-03-02 09:00:00"):
            record.activity_schedule(xmlid, user_id=self.env.uid).action_feedback("We spoke about the kettle.")
            self.env.flush_all()

    def test_logged_call_defers_inside_the_window(self):
        with freeze_time("2026-03-04 10:00:00"):
            order = self._order()
            self._deliver(order)
        order.aftersale_followup_ids.unlink()
        self._log_call(self.partner, "2026-03-05 09:00:00")
        with freeze_time("2026-03-05 10:00:00"):
            self.plan_new.delay_min = 1
            self.env["aftersale.plan"]._plan_followups("delivery", order)
        row = order.aftersale_followup_ids
        self.assertEqual((row.state, row.date_planned), ("planned", date(2026, 3, 9)))
        self.assertIn("call or meeting", row.explanation)

    def test_logged_call_counts_at_sending_time(self):
        inside = self._planned(date_deadline="2026-03-11")
        other = self.env["res.partner"].create({"name": "Li", "email": "li@example.com"})
        over = self._planned(partner=other, date_deadline="2026-03-03")
        self._log_call(self.partner)
        self._log_call(self._order(partner=other))
        (inside | over)._contact()
        self.assertEqual((inside.state, inside.date_planned), ("planned", date(2026, 3, 5)))
        self.assertEqual((over.state, over.skip_reason), ("skipped", "contact_cap"))
        self.assertIn("call or meeting", over.explanation)

    def test_call_with_a_colleague_of_the_customer_counts(self):
        company = self.env["res.partner"].create({"name": "Plant", "is_company": True})
        self.partner.parent_id = company
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": company.id})
        followup = self._planned(date_deadline="2026-03-03")
        self._log_call(colleague)
        followup._contact()
        self.assertEqual(followup.skip_reason, "contact_cap")

    def test_what_is_no_contact_does_not_count(self):
        self._log_call(self.partner, xmlid="mail.mail_activity_data_todo")
        self._log_call(self.partner, "2026-02-26 09:00:00")
        self._log_call(self.env["res.partner"].create({"name": "Stranger"}))
        followup = self._planned()
        followup._contact()
        self.assertEqual(followup.state, "ready")

    def test_quiet_days_are_a_setting_and_safety_is_exempt(self):
        self._log_call(self.partner)
        safety = self._planned(plan=self.env.ref("aftersale_followup.plan_safety"))
        followup = self._planned(date_deadline="2026-03-03")
        self.company.aftersale_quiet_days = 0
        (safety | followup)._contact()
        self.assertEqual({safety.state, followup.state}, {"ready"})

    def test_attended_meeting_counts_and_a_declined_one_does_not(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": "2026-03-02 08:00:00",
                "stop": "2026-03-02 09:00:00",
                "partner_ids": [Command.set(self.partner.ids)],
            }
        )
        ledger = self.env["aftersale.plan"]._get_ledger(self._planned())
        self.assertEqual(list(ledger.spoken_to(self._planned())), [date(2026, 3, 2)])
        event.attendee_ids.state = "declined"
        ledger = self.env["aftersale.plan"]._get_ledger(self._planned())
        self.assertFalse(ledger.spoken_to(self._planned()))

    def test_ledger_costs_the_same_for_one_and_for_many(self):
        partners = self.env["res.partner"].create([{"name": f"M{n}", "email": f"m{n}@example.com"} for n in range(60)])
        rows = self.env["aftersale.followup"].union(*[self._planned(partner=partner) for partner in partners])
        self.env.flush_all()

        def count(followups):
            self.env.invalidate_all()
            followups.mapped("commercial_partner_id")
            followups.mapped("email_key")
            before = self.env.cr.sql_log_count
            self.env["aftersale.plan"]._get_ledger(followups)
            return self.env.cr.sql_log_count - before

        count(rows[:1])
        self.assertEqual(count(rows), count(rows[:1]))

    # -- rank --------------------------------------------------------------------

    def _periodic(self, **values):
        plan = self.plan_new.copy({"contact_class": "periodic", "scenario": "existing_customer", "trigger": "manual"})
        return self._planned(plan=plan, **values)

    def test_contact_of_lower_rank_makes_room_inside_its_window(self):
        low = self._periodic(date_planned=date(2026, 3, 9), date_deadline=date(2026, 3, 20))
        order = self._order()
        self._deliver(order)
        high = order.aftersale_followup_ids
        self.assertEqual((high.state, low.state), ("planned", "planned"))
        self.assertGreaterEqual((low.date_planned - high.date_planned).days, 7)
        self.assertLessEqual(low.date_planned, low.date_deadline)
        self.assertIn("higher rank", low.explanation)

    def test_contact_of_lower_rank_stays_when_its_window_is_too_short(self):
        low = self._periodic(date_planned=date(2026, 3, 9), date_deadline=date(2026, 3, 10))
        order = self._order()
        self._deliver(order)
        high = order.aftersale_followup_ids
        self.assertEqual((high.skip_reason, high.lost_turn), ("contact_cap", True))
        self.assertEqual(low.date_planned, date(2026, 3, 9))

    def test_contact_of_higher_rank_does_not_move(self):
        order = self._order()
        self._deliver(order)
        high = order.aftersale_followup_ids
        day = high.date_planned
        low = self.plan_new.copy({"contact_class": "periodic", "occurrence": "every", "trigger": "sale"})
        low._plan_followups("sale", order)
        self.assertEqual(high.date_planned, day)

    def test_what_another_worker_holds_is_left_for_the_sweep(self):
        first, second = self._order(), self._order(products=self._product("Pan"))
        self._deliver(first)
        held = patch.object(
            type(self.env["aftersale.followup"]), "try_lock_for_update", lambda rows, **_options: rows.browse()
        )
        with held:
            self._deliver(second)
        self.assertFalse(second.aftersale_followup_ids, "Neither capped for good nor joined to what is held.")
        self.env["aftersale.plan"]._plan_followups("delivery", second)
        self.assertEqual(second.aftersale_followup_ids.skip_reason, "merged")
