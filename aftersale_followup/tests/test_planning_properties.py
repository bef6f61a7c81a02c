from datetime import date, datetime, timedelta
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytz import timezone, utc

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase

TODAY = date(2026, 3, 4)
EXEMPT = ("safety", "verification")
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata")
CLASSES = ("new", "pilot", "periodic", "verification")
PARTNERS, ORDERS = 4, 9

near = st.integers(-12, 25)
delay = st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(("working_days", "days", "hours")))
worlds = st.fixed_dictionaries(
    {
        "weekdays": st.sets(st.integers(0, 6), min_size=1),
        "holidays": st.sets(near, max_size=8),
        "workdays": st.sets(near, max_size=4),
        "zone": st.sampled_from(ZONES),
        "customer_zones": st.lists(st.sampled_from((False, *ZONES)), min_size=PARTNERS, max_size=PARTNERS),
        "received": st.lists(st.integers(-14, 0), min_size=ORDERS, max_size=ORDERS),
        "plans": st.lists(st.tuples(delay, st.sampled_from(CLASSES)), min_size=3, max_size=3),
        "caps": st.tuples(st.integers(0, 12), st.integers(0, 35), st.integers(0, 95), st.integers(1, 6)),
        "capacity": st.integers(1, 4),
        "contacted": st.lists(
            st.tuples(st.integers(0, PARTNERS - 1), st.sampled_from(CLASSES), st.integers(-120, 0)), max_size=5
        ),
        "later": st.lists(st.tuples(st.integers(0, 12), st.integers(0, 23)), min_size=2, max_size=3),
    }
)


@tagged("post_install", "-at_install")
class TestPlanningProperties(AftersaleCase):
    """Whatever the orders, calendars, caps and time zones are: the promises of planning and contact hold."""

    contact_hours = True

    @classmethod
    @freeze_time("2026-03-04 04:00:00")
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"P{number}", "email": f"p{number}@example.com"} for number in range(PARTNERS)]
        )
        cls.plans = cls.env["aftersale.plan"].union(
            *[cls.plan_new.copy({"name": f"Plan {number}", "customer_type": "any"}) for number in range(3)]
        )
        # Only what the test writes decides who matches.
        cls.plans.write({"occurrence": "every", "date_start": "2020-01-01"})
        cls.plan_new.active = False
        with patch.object(type(cls.env["aftersale.plan"]), "_plan_isolated"):
            cls.orders = cls.env["sale.order"].union(
                *[cls._order(partner=cls.partners[number % PARTNERS]) for number in range(ORDERS)]
            )
            for order in cls.orders:
                cls._deliver(order)
        cls.env.flush_all()

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=25,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(world=worlds)
    def test_promises_hold(self, world):
        with self.env.cr.savepoint() as savepoint, freeze_time("2026-03-04 04:00:00"):
            self._build(world)
            rows = self._plan()
            for day, hour in world["later"]:
                with freeze_time(datetime(2026, 3, 4) + timedelta(days=day, hours=hour)) as frozen:
                    self._contact(rows, frozen())
            savepoint.rollback()
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    # -- the world ---------------------------------------------------------------

    def _build(self, world):
        self.weekdays = world["weekdays"]
        self.holidays = {TODAY + timedelta(days=n) for n in world["holidays"]}
        self.makeup = {TODAY + timedelta(days=n) for n in world["workdays"]}
        self.zone = world["zone"]
        self.caps = world["caps"]
        attendances = [
            Command.create(
                {"name": "Day", "dayofweek": str(day), "hour_from": 8, "hour_to": 17, "day_period": "full_day"}
            )
            for day in sorted(self.weekdays)
        ]
        calendar = self.env["resource.calendar"].create(
            {"name": "C", "tz": self.zone, "company_id": self.company.id, "attendance_ids": [Command.clear()]}
        )
        calendar.attendance_ids = [Command.clear(), *attendances]
        names = ("aftersale_cap_days", "aftersale_cap_same_days", "aftersale_cap_periodic_days", "aftersale_cap_year")
        self.company.write(
            {
                "resource_calendar_id": calendar.id,
                "aftersale_agent_capacity": world["capacity"],
                **dict(zip(names, self.caps, strict=True)),
            }
        )
        for day in self.holidays:
            self.env["resource.calendar.leaves"].create(
                {
                    "calendar_id": calendar.id,
                    "company_id": self.company.id,
                    "date_from": self.company._aftersale_moment(day),
                    "date_to": self.company._aftersale_moment(day, 24.0) - timedelta(seconds=1),
                }
            )
        self.env["aftersale.workday"].create([{"date": day, "company_id": self.company.id} for day in self.makeup])
        for partner, zone in zip(self.partners, world["customer_zones"], strict=True):
            partner.tz = zone
        for plan, ((one, other, unit), contact_class) in zip(self.plans, world["plans"], strict=True):
            factor = 24 if unit == "hours" else 1
            plan.write(
                {
                    "delay_min": min(one, other) * factor,
                    "delay_max": max(one, other) * factor,
                    "delay_unit": unit,
                    "contact_class": contact_class,
                    "interval_months": 3,
                }
            )
        for order, days in zip(self.orders, world["received"], strict=True):
            order.picking_ids.aftersale_receipt_date = TODAY + timedelta(days=days)
        for number, contact_class, days in world["contacted"]:
            day = TODAY + timedelta(days=days)
            self._planned(partner=self.partners[number], contact_class=contact_class, date_planned=day).write(
                {"state": "ready", "date_sent": self.company._aftersale_moment(day, 10.0)}
            )

    def _is_workday(self, day):
        """The calendar once more, independent of the add-on's."""
        return day in self.makeup or (day.weekday() in self.weekdays and day not in self.holidays)

    def _window(self, plan, received):
        """Return (first, last day) of the window, counted without the add-on."""
        if plan.delay_unit == "working_days":
            ends = []
            for number in (plan.delay_min, plan.delay_max):
                day = received + timedelta(days=1 if number else 0)
                left = max(number, 1)
                while True:
                    left -= self._is_workday(day)
                    if not left:
                        break
                    day += timedelta(days=1)
                ends.append(day)
            return tuple(ends)
        days = 24 if plan.delay_unit == "hours" else 1
        first, last = (received + timedelta(days=number // days) for number in (plan.delay_min, plan.delay_max))
        while not self._is_workday(first):
            first += timedelta(days=1)
        return first, max(first, last)

    # -- the promises ------------------------------------------------------------

    def _plan(self):
        Plan = self.env["aftersale.plan"]
        self.plans._plan_followups("delivery", self.orders)
        self.plans._plan_followups("delivery", self.orders.picking_ids)
        self.assertFalse(Plan.search([("error_count", ">", 0)]))
        rows = self.env["aftersale.followup"].search([("plan_id", "in", self.plans.ids)])
        expected = sorted((plan.id, order.id) for plan in self.plans for order in self.orders)
        self.assertEqual(sorted((row.plan_id.id, row.order_id.id) for row in rows), expected, "Every match, one row.")
        for row in rows:
            self.assertTrue(row.explanation)
            self.assertIn(row.state, ("planned", "skipped"))
            if row.state == "planned":
                self._check_day(row)
        self._check_cap(rows, "planned")
        return rows

    def _check_day(self, row):
        first, last = self._window(row.plan_id, row.date_received)
        self.assertTrue(self._is_workday(row.date_planned), row.explanation)
        self.assertGreaterEqual(row.date_planned, first, row.explanation)
        if row.date_planned > last:
            logged = ("lost its last turn", "No working day is left")
            self.assertTrue(any(sentence in row.explanation for sentence in logged), row.explanation)
        else:
            self.assertLessEqual(row.date_planned, row.date_deadline)
        if not row.time_planned:
            local = utc.localize(row.date_next).astimezone(timezone(row.partner_id.tz or self.zone))
            begins = self.company._aftersale_moment(row.date_planned)
            if row.date_next == begins:
                self.assertGreaterEqual(local.hour, 9, "9:00 of that day was over when the company's day began.")
            else:
                self.assertGreater(row.date_next, begins)
                self.assertEqual(local.hour, 9)
            self.assertEqual(local.date(), row.date_planned)

    def _check_cap(self, rows, state):
        """No customer is above the cap by the rows of now; what was contacted before may be as it was."""
        days, same_days, periodic_days, year = self.caps
        periodic_days = min(periodic_days, 89)
        everything = self.env["aftersale.followup"].search(
            [("partner_id", "in", self.partners.ids), ("state", "in", ("planned", "ready"))]
        )
        for partner in self.partners:
            own = everything.filtered(lambda f, p=partner: f.partner_id == p and f.contact_class not in EXEMPT)
            for row in own & rows.filtered(lambda f: f.state == state):
                others = own - row if state == "planned" else (own - row).filtered(lambda f: f.state == "ready")
                day = row._get_contact_day()
                for other in others:
                    apart = abs((day - other._get_contact_day()).days)
                    self.assertGreaterEqual(apart, days)
                    if row.contact_class == other.contact_class:
                        self.assertGreaterEqual(apart, same_days)
                        if row.contact_class == "periodic":
                            self.assertGreaterEqual(apart, periodic_days)
                in_year = [o for o in others if 0 <= (day - o._get_contact_day()).days < 365]
                self.assertLess(len(in_year), year)

    def _contact(self, rows, now):
        due = rows.filtered(lambda f: f.state == "planned" and f.date_next <= now)
        due._contact()
        for row in due.filtered(lambda f: f.state == "ready"):
            local = utc.localize(now).astimezone(timezone(row.partner_id.tz or self.zone))
            self.assertTrue(9 <= local.hour < 18, row.explanation)
            self.assertTrue(self._is_workday(local.date()), row.explanation)
        for row in due.filtered(lambda f: f.state == "planned"):
            self.assertGreater(row.date_next, now, "What is not sent has a later moment.")
            self.assertTrue(self._is_workday(row.date_planned), row.explanation)
        self._check_cap(rows, "ready")
