from datetime import date, datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from ..wizard import aftersale_holiday
from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHoliday(AftersaleCase):
    """The working calendar is filled for a country, and what is planned follows it."""

    def _enter(self, country="base.cn", **values):
        wizard = self.env["aftersale.holiday"].create(
            {"country_id": self.env.ref(country).id, "year_from": 2026, "year_to": 2026, **values}
        )
        wizard.action_enter()
        return wizard

    def _holiday(self, first, last=None):
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": datetime.combine(first, datetime.min.time()),
                "date_to": datetime.combine(last or first, datetime.max.time().replace(microsecond=0)),
            }
        )

    def _run_redate(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_redate").method_direct_trigger()

    # -- the wizard --------------------------------------------------------------

    def test_china_brings_its_holidays_and_make_up_days(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self._enter()
        october = self.company._aftersale_workdays(date(2026, 9, 19), date(2026, 10, 11))
        self.assertIn(date(2026, 9, 20), october, "A Sunday worked to make up for the holiday.")
        self.assertIn(date(2026, 10, 10), october)
        for day in range(1, 8):
            self.assertNotIn(date(2026, 10, day), october)

    def test_entering_again_doubles_nothing_and_keeps_what_was_made_by_hand(self):
        by_hand = self._holiday(date(2026, 5, 1), date(2026, 5, 5))
        workday = self.env["aftersale.workday"].create(
            {"date": "2026-05-09", "name": "By hand", "company_id": self.company.id}
        )
        self._enter()
        leaves, workdays = self.env["resource.calendar.leaves"], self.env["aftersale.workday"]
        counts = leaves.search_count([]), workdays.search_count([])
        again = self._enter()
        self.assertEqual((leaves.search_count([]), workdays.search_count([])), counts)
        self.assertFalse(again.new_count)
        self.assertEqual(by_hand.date_to.date(), date(2026, 5, 5))
        self.assertEqual(workday.name, "By hand")
        self.assertFalse(leaves.search([("date_from", ">", "2026-05-01"), ("date_to", "<", "2026-05-06")]))

    def test_what_is_shown_can_be_left_out(self):
        with Form(self.env["aftersale.holiday"].with_user(self.manager)) as form:
            form.country_id = self.env.ref("base.cn")
            form.year_from = form.year_to = 2026
            names = [form.line_ids.edit(index).date for index in range(len(form.line_ids))]
            form.line_ids.remove(0)
        self.assertEqual(names[0], date(2026, 1, 1))
        form.record.action_enter()
        self.assertIn(date(2026, 1, 1), self.company._aftersale_workdays(date(2026, 1, 1), date(2026, 1, 2)))
        self.assertNotIn(date(2026, 5, 1), self.company._aftersale_workdays(date(2026, 5, 1), date(2026, 5, 1)))

    def test_regions_have_holidays_of_their_own(self):
        germany, bavaria = self.env.ref("base.de"), self.env.ref("base.state_de_by")
        self._enter("base.de", state_id=bavaria.id)
        self.assertNotIn(date(2026, 1, 6), self.company._aftersale_workdays(date(2026, 1, 6), date(2026, 1, 6)))
        self.assertEqual(germany, bavaria.country_id)

    def test_missing_library_is_named_with_the_remedy(self):
        with (
            patch.object(aftersale_holiday, "holidays", None),
            self.assertRaisesRegex(UserError, "pip install holidays"),
        ):
            self._enter()

    def test_unknown_country_and_missing_schedule_are_told(self):
        known = patch.object(aftersale_holiday.holidays, "list_supported_countries", lambda: {"DE": []})
        with known, self.assertRaisesRegex(UserError, "China are not known"):
            self._enter()
        self.company.resource_calendar_id = False
        with self.assertRaisesRegex(UserError, "working schedule"):
            self._enter()

    def test_only_managers_of_the_company_enter_holidays(self):
        values = {"country_id": self.env.ref("base.cn").id, "state_id": False, "line_ids": []}
        with self.assertRaises(AccessError):
            self.env["aftersale.holiday"].with_user(self.supervisor).create(values)
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.env["aftersale.holiday"].with_user(self.manager).create({**values, "company_id": other.id})
        with self.assertRaisesRegex(UserError, "do not work for Other"):
            foreign.action_enter()

    # -- moving what is planned --------------------------------------------------

    def test_holiday_entered_late_moves_the_day_and_says_so(self):
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids
        self.assertEqual((followup.date_planned, followup.date_deadline), (date(2026, 3, 5), date(2026, 3, 11)))
        self._holiday(date(2026, 3, 5))
        self._run_redate()
        self.assertEqual((followup.date_planned, followup.date_deadline), (date(2026, 3, 6), date(2026, 3, 12)))
        self.assertEqual(followup.date_next, datetime(2026, 3, 6, 9))
        self.assertIn("the working calendar changed", followup.explanation)
        before = followup.explanation
        self._run_redate()
        self.assertEqual(followup.explanation, before, "Moved once.")

    def test_window_counts_again_where_the_day_itself_stands(self):
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids
        self._holiday(date(2026, 3, 10))
        self._run_redate()
        self.assertEqual((followup.date_planned, followup.date_deadline), (date(2026, 3, 5), date(2026, 3, 12)))
        self.assertIn("2026-03-12", followup.explanation)

    def test_make_up_day_brings_the_end_of_the_window_nearer(self):
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids
        followup.date_planned = "2026-03-11"
        self.env["aftersale.workday"].create({"date": "2026-03-07", "company_id": self.company.id})
        self._run_redate()
        self.assertEqual(followup.date_deadline, date(2026, 3, 10))
        self.assertLessEqual(followup.date_planned, followup.date_deadline)

    def test_day_chosen_by_a_supervisor_stays_unless_it_is_a_holiday(self):
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids
        followup.with_user(self.supervisor).date_planned = "2026-03-20"
        self._holiday(date(2026, 3, 10))
        self._run_redate()
        self.assertEqual(followup.date_planned, date(2026, 3, 20))
        self._holiday(date(2026, 3, 20))
        self._run_redate()
        self.assertEqual(followup.date_planned, date(2026, 3, 23), "Never before the day that was planned.")

    def test_change_of_a_plan_moves_nothing(self):
        order = self._order()
        self._deliver(order)
        self.plan_new.write({"delay_min": 10, "delay_max": 20})
        self._run_redate()
        self.assertEqual(order.aftersale_followup_ids.date_planned, date(2026, 3, 5))

    def test_each_change_of_the_calendar_wakes_the_job(self):
        cron = self.env.ref("aftersale_followup.ir_cron_redate")
        triggers = self.env["ir.cron.trigger"]
        resource = self.env["resource.resource"].create({"name": "Somebody", "company_id": self.company.id})
        calendar = self.company.resource_calendar_id
        workday = self.env["aftersale.workday"].create({"date": "2026-03-07", "company_id": self.company.id})
        leave = self._holiday(date(2026, 3, 4))
        changes = {
            "holiday": lambda: self._holiday(date(2026, 3, 5)),
            "holiday moved": lambda: leave.write({"date_to": datetime(2026, 3, 6)}),
            "holiday deleted": leave.unlink,
            "workday": workday.unlink,
            "schedule": lambda: calendar.attendance_ids[:1].unlink(),
            "zone": lambda: calendar.write({"tz": "Asia/Shanghai"}),
            "other calendar": lambda: self.company.write({"resource_calendar_id": calendar.copy().id}),
        }
        for name, change in changes.items():
            with self.subTest(change=name):
                before = triggers.search_count([("cron_id", "=", cron.id)])
                change()
                self.assertGreater(triggers.search_count([("cron_id", "=", cron.id)]), before)
        before = triggers.search_count([("cron_id", "=", cron.id)])
        self.env["resource.calendar.leaves"].create(
            {"resource_id": resource.id, "date_from": datetime(2026, 3, 9), "date_to": datetime(2026, 3, 10)}
        )
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before, "Leave of one person.")

    def test_moving_costs_no_query_a_row(self):
        def count(size):
            partners = self.env["res.partner"].create(
                [{"name": f"R{size}-{n}", "email": f"r{size}.{n}@example.com"} for n in range(size)]
            )
            for partner in partners:
                self._planned(partner=partner, date_planned="2026-03-12", date_deadline="2026-03-13")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._run_redate()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self._holiday(date(2026, 3, 12))
        count(1)
        few = count(5)
        self.assertLessEqual(count(40), few + 2)
