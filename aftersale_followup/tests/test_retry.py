from datetime import datetime

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from .console_common import ConsoleCase


@tagged("post_install", "-at_install")
class TestRetry(ConsoleCase):
    """Who does not answer is called on other days and at other hours, as often as the plan says."""

    def _try(self, followup, moment):
        with freeze_time(moment):
            followup._log_attempt("no_answer")

    def test_never_the_same_day_nor_the_same_hour_twice(self):
        self.plan_new.attempt_max = 9
        followup = self._followup(channel_id=self.phone.id)
        days, hours, moment = [], [], datetime(2026, 3, 2, 11, 20)
        for _call in range(8):
            days.append(moment.date())
            hours.append(moment.hour)
            self._try(followup, moment)
            moment = followup.date_call
        self.assertEqual(len(set(days)), 8)
        self.assertEqual(len(set(hours)), 8)
        self.assertTrue(all(9 <= hour < 18 for hour in hours))
        self.assertTrue(all(day.weekday() < 5 for day in days))

    def test_the_hour_of_the_call_counts_not_the_one_planned(self):
        followup = self._followup(channel_id=self.phone.id)
        self._try(followup, datetime(2026, 3, 2, 11, 20))
        self.assertEqual(followup.date_call, datetime(2026, 3, 3, 13))
        self._try(followup, datetime(2026, 3, 3, 15, 5))
        self.assertNotIn(followup.date_call.hour, (11, 15))

    def test_plan_says_how_often_and_how_far_apart(self):
        self.plan_new.write({"attempt_max": 2, "attempt_days": 3})
        followup = self._followup(channel_id=self.phone.id)
        self._try(followup, datetime(2026, 3, 2, 10))
        self.assertEqual(followup.date_call.date().isoformat(), "2026-03-05")
        self._try(followup, datetime(2026, 3, 5, 12))
        self.assertEqual(followup.state, "unreachable")

    def test_without_a_number_of_its_own_the_company_says(self):
        self.company.aftersale_attempt_max = 1
        followup = self._followup(channel_id=self.phone.id)
        self._try(followup, datetime(2026, 3, 2, 10))
        self.assertEqual(followup.state, "unreachable")

    def test_attempts_lie_at_least_a_day_apart(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.plan_new.attempt_days = 0
