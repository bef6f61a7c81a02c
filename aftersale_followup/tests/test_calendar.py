from datetime import date, datetime

from odoo.tests import tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestCalendar(AftersaleCase):
    def test_working_days_leave_out_weekends(self):
        days = self.company._aftersale_workdays(date(2026, 3, 5), date(2026, 3, 10))
        self.assertEqual(days, [date(2026, 3, day) for day in (5, 6, 9, 10)])

    def test_public_holidays_are_no_working_days(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": datetime(2026, 3, 4, 0, 0),
                "date_to": datetime(2026, 3, 4, 23, 59, 59),
            }
        )
        days = self.company._aftersale_workdays(date(2026, 3, 3), date(2026, 3, 5))
        self.assertEqual(days, [date(2026, 3, 3), date(2026, 3, 5)])

    def test_leave_of_one_person_changes_nothing(self):
        resource = self.env["resource.resource"].create({"name": "Somebody", "company_id": self.company.id})
        self.env["resource.calendar.leaves"].create(
            {
                "resource_id": resource.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": datetime(2026, 3, 4, 0, 0),
                "date_to": datetime(2026, 3, 4, 23, 59, 59),
            }
        )
        self.assertIn(date(2026, 3, 4), self.company._aftersale_workdays(date(2026, 3, 3), date(2026, 3, 5)))

    def test_make_up_day_is_a_working_day(self):
        self.env["aftersale.workday"].create({"date": "2026-03-07", "company_id": self.company.id})
        days = self.company._aftersale_workdays(date(2026, 3, 6), date(2026, 3, 9))
        self.assertEqual(days, [date(2026, 3, day) for day in (6, 7, 9)])

    def test_company_without_calendar_works_monday_to_friday(self):
        self.company.resource_calendar_id = False
        days = self.company._aftersale_workdays(date(2026, 3, 6), date(2026, 3, 9))
        self.assertEqual(days, [date(2026, 3, 6), date(2026, 3, 9)])
        self.company.partner_id.tz = False
        self.assertEqual(self.company._aftersale_tz(), "UTC")

    def test_first_working_day_follows_the_trigger_day(self):
        friday = date(2026, 3, 6)
        self.assertEqual(self.company._aftersale_add_workdays(friday, 1), date(2026, 3, 9))
        self.assertEqual(self.company._aftersale_add_workdays(friday, 3), date(2026, 3, 11))
        self.assertEqual(self.company._aftersale_add_workdays(friday, 0), friday)
        self.assertEqual(self.company._aftersale_next_workday(date(2026, 3, 7)), date(2026, 3, 9))

    def test_calendar_closed_for_good_does_not_loop(self):
        self.company.resource_calendar_id.attendance_ids.unlink()
        self.assertEqual(self.company._aftersale_add_workdays(date(2026, 3, 6), 2), date(2026, 3, 8))

    def test_dates_count_in_the_company_zone(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.assertEqual(self.company._aftersale_date(datetime(2026, 3, 5, 17, 0)), date(2026, 3, 6))
        self.assertEqual(self.company._aftersale_moment(date(2026, 3, 6), 9.0), datetime(2026, 3, 6, 1, 0))

    def test_every_change_of_the_calendar_is_seen_at_once(self):
        """Working days are remembered, but not longer than they hold."""
        monday, tuesday, sunday = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 8)

        def days():
            return self.company._aftersale_workdays(monday, sunday)

        self.assertIn(tuesday, days())
        leave = self.env["resource.calendar.leaves"].create(
            {"name": "Holiday", "date_from": "2026-03-03 00:00:00", "date_to": "2026-03-03 23:59:59"}
        )
        self.assertNotIn(tuesday, days())
        resource = self.env["resource.resource"].create({"name": "Machine", "company_id": self.company.id})
        leave.resource_id = resource
        self.assertIn(tuesday, days(), "Leave of one is no holiday of all.")
        leave.resource_id = False
        self.assertNotIn(tuesday, days())
        leave.unlink()
        self.assertIn(tuesday, days())
        workday = self.env["aftersale.workday"].create({"date": sunday, "company_id": self.company.id})
        self.assertIn(sunday, days())
        workday.unlink()
        self.assertNotIn(sunday, days())
        calendar = self.company.resource_calendar_id
        calendar.attendance_ids.filtered(lambda attendance: attendance.dayofweek == "1").unlink()
        self.assertNotIn(tuesday, days())
        self.company.resource_calendar_id = False
        self.assertIn(tuesday, days())
