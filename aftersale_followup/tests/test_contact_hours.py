from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 21:30:00")
class TestContactHours(AftersaleCase):
    """Monday night in the company's zone: nothing reaches a customer outside the hours of the customer's place."""

    contact_hours = True

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()

    def test_cron_that_catches_up_at_night_sends_in_the_morning(self):
        followup = self._planned()
        self._run_cron()
        self.assertEqual((followup.state, followup.date_next), ("planned", datetime(2026, 3, 3, 9)))
        self.assertEqual(followup.date_planned, date(2026, 3, 3))
        self.assertIn("outside the contact hours", followup.explanation)
        self.assertFalse(followup.attempt_ids)
        with freeze_time("2026-03-03 09:00:00"):
            self._run_cron()
        self.assertEqual(followup.state, "ready")

    def test_hours_are_those_of_the_customer(self):
        self.partner.tz = "America/Los_Angeles"  # 13:30 there
        followup = self._planned()
        self._run_cron()
        self.assertEqual(followup.state, "ready")

    def test_planned_moment_opens_at_the_customers_place(self):
        self.partner.tz = "Asia/Shanghai"
        with freeze_time("2026-03-02 10:00:00"):
            order = self._order()
            self._deliver(order)
        followup = order.aftersale_followup_ids
        self.assertEqual((followup.date_planned, followup.date_next), (date(2026, 3, 5), datetime(2026, 3, 5, 1)))

    def test_no_contact_before_the_companys_day_begins(self):
        """9:00 in Tokyo is the evening before in New York, by whose days windows and the cap count."""
        self.company.resource_calendar_id.tz = "America/New_York"
        self.partner.tz = "Asia/Tokyo"
        with freeze_time("2026-03-02 15:00:00"):
            order = self._order()
            self._deliver(order)
            followup = order.aftersale_followup_ids
            self.assertEqual((followup.date_planned, followup.date_next), (date(2026, 3, 5), datetime(2026, 3, 5, 5)))
            followup.with_user(self.supervisor).date_planned = "2026-03-10"
            # Summer time began in New York.
            self.assertEqual(followup.date_next, datetime(2026, 3, 10, 4))
            followup._move_to(date(2026, 3, 11), "Moved.")
            self.assertEqual(followup.date_next, datetime(2026, 3, 11, 4))

    def test_call_far_in_the_west_is_made_in_the_hours_of_its_day(self):
        """9:00 in Los Angeles is the day after in Shanghai: the call is due then, not overdue for ever."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.partner.write({"tz": "America/Los_Angeles", "aftersale_offline": True})
        with freeze_time("2026-03-02 02:00:00"):
            order = self._order()
            self._deliver(order)
        followup = order.aftersale_followup_ids
        self.assertEqual((followup.date_planned, followup.date_next), (date(2026, 3, 5), datetime(2026, 3, 5, 17)))
        with freeze_time("2026-03-05 17:10:00"):  # Friday in Shanghai, Thursday 9:10 in Los Angeles
            self._run_cron()
        self.assertEqual((followup.state, followup.date_planned), ("ready", date(2026, 3, 5)))
        self.assertNotIn("Overdue since", followup.explanation)

    def test_day_without_calls_is_that_of_the_customers_place(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.partner.write({"tz": "America/Los_Angeles", "aftersale_offline": True, "aftersale_quiet_3": True})
        followup = self._planned(date_planned="2026-03-05", date_next="2026-03-05 17:00:00")
        with freeze_time("2026-03-05 17:10:00"):  # Friday in Shanghai, still Thursday in Los Angeles
            self._run_cron()
        self.assertEqual((followup.state, followup.date_next), ("planned", datetime(2026, 3, 6, 17)))
        self.assertIn("does not want to be called", followup.explanation)
        with freeze_time("2026-03-06 17:10:00"):
            self._run_cron()
        self.assertEqual(followup.state, "ready")

    def test_overdue_call_far_in_the_west_is_moved_once(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.partner.write({"tz": "America/Los_Angeles", "aftersale_offline": True})
        followup = self._planned(date_planned="2026-02-26", date_next="2026-02-26 17:00:00")
        with freeze_time("2026-03-03 02:00:00"):  # Tuesday 10:00 in Shanghai, Monday evening in Los Angeles
            self._run_cron()
        self.assertEqual((followup.state, followup.date_next), ("planned", datetime(2026, 3, 3, 17)))
        with freeze_time("2026-03-03 17:10:00"):
            self._run_cron()
        self.assertEqual(followup.state, "ready")
        self.assertEqual(followup.explanation.count("Overdue since"), 1)

    def _call(self):
        """Return a call that is on the list, for a customer in Tokyo."""
        self.partner.write({"tz": "Asia/Tokyo", "aftersale_offline": True})
        followup = self._planned()
        followup._contact(by_hand=True)
        self.assertEqual((followup.state, followup.channel_id.code), ("ready", "phone"))
        return followup

    def test_calls_are_tried_again_within_the_hours_of_the_customer(self):
        self.company.resource_calendar_id.tz = "America/New_York"
        with freeze_time("2026-03-02 15:00:00"):  # midnight in Tokyo: Tuesday
            followup = self._call()
            followup._log_attempt("no_answer")
            self.assertEqual(followup.date_next, datetime(2026, 3, 4, 2), "Wednesday, 11:00 in Tokyo.")
            followup._log_attempt("busy")
            self.assertEqual(followup.date_next, datetime(2026, 3, 4, 4), "13:00: another hour of the day.")

    def test_call_back_keeps_the_hour_the_customer_asked_for(self):
        followup = self._call()
        followup._log_attempt("call_back", call_back_date=datetime(2026, 3, 4, 12))  # 21:00 in Tokyo
        self.assertEqual(followup.date_next, datetime(2026, 3, 4, 12))

    def test_weekends_wait_for_the_next_working_day(self):
        with freeze_time("2026-03-07 10:00:00"):
            followup = self._planned()
            self._run_cron()
        self.assertEqual(followup.date_planned, date(2026, 3, 9))

    def test_send_now_never_writes_at_night(self):
        followup = self._planned()
        followup.with_user(self.supervisor).action_contact()
        self.assertEqual(followup.state, "planned")
        with freeze_time("2026-03-07 10:00:00"):
            followup.with_user(self.supervisor).action_contact()
        self.assertEqual(followup.state, "ready", "A person may choose a Saturday.")

    def test_calls_wait_for_the_morning_unless_a_person_asks(self):
        self.partner.aftersale_offline = True
        followup = self._planned()
        self._run_cron()
        self.assertEqual(followup.date_next, datetime(2026, 3, 3, 9))
        followup.with_user(self.supervisor).action_contact()
        self.assertEqual((followup.state, followup.channel_id.code), ("ready", "phone"))

    def test_safety_does_not_wait(self):
        followup = self._planned(plan=self.env.ref("aftersale_followup.plan_safety"))
        self._run_cron()
        self.assertEqual(followup.state, "ready")

    def test_reminders_wait_for_the_morning(self):
        with freeze_time("2026-03-02 10:00:00"):
            followup = self._ready()
        followup.date_next = datetime(2026, 3, 2, 21)
        self._run_cron()
        self.assertEqual((followup.reminder_sent, followup.date_next), (0, datetime(2026, 3, 3, 9)))
        with freeze_time("2026-03-03 09:00:00"):
            self._run_cron()
        self.assertEqual(followup.reminder_sent, 1)

    def test_next_channel_after_a_bounce_waits_for_the_morning(self):
        self.plan_new.channel_ids = [
            Command.set((self.env.ref("aftersale_followup.channel_phone") | self._email()).ids)
        ]
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_phone")
        with freeze_time("2026-03-02 10:00:00"):
            followup = self._ready()
        followup._log_attempt("wrong_contact")
        self.assertEqual((followup.channel_id, followup.date_next), (self._email(), datetime(2026, 3, 3, 9)))
        self.assertNotIn("sent", followup.attempt_ids.mapped("outcome"))
        with freeze_time("2026-03-03 09:00:00"):
            self._run_cron()
        self.assertIn("sent", followup.attempt_ids.mapped("outcome"))

    def _email(self):
        return self.env.ref("aftersale_followup.channel_email")

    def test_calendar_closed_for_good_still_opens(self):
        self.company.resource_calendar_id.attendance_ids.unlink()
        opening = self.company._aftersale_opening(datetime(2026, 3, 2, 21, 30), "UTC", set())
        self.assertEqual(opening, datetime(2026, 3, 3, 9))
