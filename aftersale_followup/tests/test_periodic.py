from collections import Counter
from datetime import date, timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .periodic_common import MONDAY, PeriodicCase, workdays

SWEEP = "odoo.addons.aftersale_followup.models.aftersale_plan_sweep"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestPeriodic(PeriodicCase):
    """Plans at regular intervals: per customer, from the last contact, never bunched, never twice."""

    # -- when ------------------------------------------------------------------

    def test_due_one_interval_after_the_last_contact_under_any_plan(self):
        customer = self._customer(first=date(2025, 6, 1))
        self._contacted(customer, date(2025, 11, 10))
        self._start(self.plan_existing, MONDAY)
        due = date(2026, 5, 10)  # a Sunday, six months later
        self._run_days(MONDAY, due - timedelta(days=8), step=5)
        self._run(due - timedelta(days=8))
        self.assertFalse(self._rows(customer), "More than a week ahead nothing is planned.")
        self._run(due - timedelta(days=7))
        row = self._rows(customer)
        self.assertEqual((row.state, row.origin), ("planned", f"cycle:{customer.id}:1"))
        self.assertEqual(row.date_received, due)
        self.assertEqual(row.date_planned, date(2026, 5, 11))
        self.assertEqual(row.date_deadline, date(2026, 5, 22), "Ten working days after the due day.")
        self.assertEqual((row.customer_type, row.contact_class), ("existing", "periodic"))
        self.assertIn("6 months after 2025-11-10", row.explanation)
        self._run(due - timedelta(days=7))
        self._run(due)
        self.assertEqual(len(self._rows(customer)), 1)

    def test_later_contact_under_another_plan_puts_the_next_one_off(self):
        customer = self._customer(first=date(2025, 6, 1))
        self._contacted(customer, date(2025, 10, 1))
        self._start(self.plan_existing, MONDAY)
        self._contacted(customer, date(2026, 3, 9))
        self._run(date(2026, 4, 1))
        self.assertFalse(self._rows(customer))
        self._run(date(2026, 9, 2))
        self.assertEqual(self._rows(customer).date_received, date(2026, 9, 9))

    def test_never_asked_and_newer_than_the_switch_on_counts_from_the_first_order(self):
        self._start(self.plan_existing, MONDAY)
        customer = self._customer(first=date(2026, 3, 16))
        self._run_days(date(2026, 3, 17), date(2026, 9, 8), step=25)
        self.assertFalse(self._rows(customer))
        self._run(date(2026, 9, 9))
        self.assertEqual(self._rows(customer).date_received, date(2026, 9, 16))

    def test_answer_leads_to_the_next_cycle(self):
        customer = self._customer(first=date(2025, 1, 5))
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        first = self._rows(customer)
        self.assertEqual(first.date_planned, MONDAY)
        with freeze_time("2026-03-03 10:00:00"):
            first._contact()
            self.assertEqual(first.state, "ready")
            self._feedback(first, score=5)
        self.assertEqual(first.state, "done")
        self._order_on(customer, date(2026, 8, 1))
        self._run(date(2026, 8, 26))
        self.assertEqual(len(self._rows(customer)), 1)
        self._run(date(2026, 8, 27))
        second = self._rows(customer) - first
        self.assertEqual((second.origin, second.date_received), (f"cycle:{customer.id}:2", date(2026, 9, 3)))

    def test_skipped_cycle_counts_from_its_planned_day_and_does_not_loop(self):
        customer = self._customer(first=date(2025, 1, 5))
        self.env["aftersale.optout"].create({"key": customer.email_normalized, "source": "staff"})
        self._start(self.plan_existing, MONDAY)
        self._run_days(MONDAY, date(2026, 3, 31))
        row = self._rows(customer)
        self.assertEqual((row.skip_reason, row.date_planned), ("opt_out", MONDAY), "One row, not one a day.")
        self._run(date(2026, 8, 25))
        self.assertEqual(len(self._rows(customer)), 1)
        self._run(date(2026, 8, 26))
        self.assertEqual(self._rows(customer)[-1].date_received, date(2026, 9, 2))

    def test_contact_cancelled_after_sending_was_a_contact(self):
        self._start(self.plan_existing, date(2026, 1, 5))
        customer = self._customer(first=date(2025, 3, 1))
        self._contacted(customer, date(2025, 8, 3))
        row = self._planned(partner=customer, date_planned="2026-01-20", date_deadline="2026-01-20")
        row._set_state("ready", date_sent="2026-01-20 12:00:00", date_expiry="2026-02-20 12:00:00")
        row._set_state("cancelled", cancel_cause="staff")
        self._run_days(date(2026, 1, 26), date(2026, 2, 6))
        self.assertFalse(self._rows(customer), "Due in July, six months after the mail.")

    def test_cycle_cancelled_by_a_supervisor_is_not_planned_again_the_next_day(self):
        customer = self._customer(first=date(2025, 1, 5))
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        self._rows(customer).with_user(self.supervisor).action_cancel()
        self._run(date(2026, 3, 3))
        self.assertEqual(len(self._rows(customer)), 1)

    def test_pausing_the_plan_does_not_cost_a_customer_the_interval(self):
        customer = self._customer(first=date(2025, 1, 5))
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        self.plan_existing.active = False
        self.assertEqual(self._rows(customer).skip_reason, "plan_paused")
        self._run(date(2026, 3, 9))
        self.assertEqual(len(self._rows(customer)), 1, "A paused plan plans nothing.")
        self._start(self.plan_existing, date(2026, 4, 1))
        self._run(date(2026, 4, 1))
        self.assertEqual(self._rows(customer)[-1].state, "planned")

    # -- the switch-on ---------------------------------------------------------

    def test_switching_on_starts_the_count_today(self):
        self.assertLess(self.plan_existing.date_start, date(2026, 12, 31))
        self._start(self.plan_existing, date(2026, 4, 1))
        self.assertEqual(self.plan_existing.date_start, date(2026, 4, 1))

    def test_never_asked_are_spread_evenly_over_one_interval_oldest_first(self):
        customers = [self._customer(first=date(2024, 6, 3) + timedelta(days=7 * n)) for n in range(36)]
        plan = self._start(self.plan_loyal, MONDAY, partner_domain="[]", interval_months=1)
        end = date(2026, 4, 1)
        days = workdays(MONDAY, end)
        self._run_days(MONDAY, end)
        rows = self._rows(plan=plan).filtered(lambda row: row.origin.endswith(":1"))
        asked = [row.commercial_partner_id for row in rows]
        self.assertEqual(asked, customers, "The oldest order first.")
        per_day = Counter(rows.mapped("date_received"))
        self.assertEqual(set(per_day), set(days), "36 customers, 23 working days: none without one.")
        self.assertLessEqual(max(per_day.values()), 2)

    def test_few_customers_are_spread_over_the_whole_interval(self):
        customers = [self._customer(first=date(2025, 1, 6) + timedelta(days=n)) for n in range(4)]
        self._start(self.plan_existing, MONDAY)
        spread = self.plan_existing._get_cycles(self.company).spread()
        self.assertEqual(list(spread), [customer.id for customer in customers])
        days = list(spread.values())
        self.assertEqual(days[0], MONDAY)
        gaps = [(later - earlier).days for earlier, later in zip(days, days[1:], strict=False)]
        self.assertGreater(min(gaps), 20, "Four customers in six months: weeks between them.")
        self.assertLess(max(gaps), 75)

    def test_downtime_of_ten_days_is_made_up_for_by_all_days_that_follow(self):
        for n in range(66):
            self._customer(first=date(2024, 6, 3) + timedelta(days=n))
        plan = self._start(self.plan_loyal, MONDAY, partner_domain="[]", interval_months=3)
        self._run_days(MONDAY, date(2026, 3, 6))
        usual = len(self._rows(plan=plan))
        self.assertEqual(usual, 5, "66 customers in 66 working days.")
        self._run(date(2026, 3, 17))
        self.assertLessEqual(len(self._rows(plan=plan)) - usual, 2, "No morning gets what ten days missed.")
        self._run_days(date(2026, 3, 18), date(2026, 6, 1))
        self.assertEqual(len(self._rows(plan=plan).commercial_partner_id), 66, "And nobody was lost.")

    def test_what_fell_due_in_a_downtime_is_levelled_over_a_whole_window(self):
        customers = [self._customer(first=date(2025, 1, 5)) for _n in range(20)]
        for n, customer in enumerate(customers):
            self._contacted(customer, date(2025, 9, 17) + timedelta(days=n % 10))
        self._start(self.plan_existing, MONDAY)
        self._run(date(2026, 3, 30))  # the first run, when the last of them is four days overdue
        rows = self._rows()
        self.assertEqual(set(rows.mapped("state")), {"planned"})
        self.assertEqual(len(rows), 20)
        per_day = Counter(rows.mapped("date_planned"))
        self.assertEqual(sorted(per_day), workdays(date(2026, 3, 30), date(2026, 4, 13)), "A whole window from today.")
        self.assertLessEqual(max(per_day.values()), 2)
        self.assertEqual(min(rows.mapped("date_planned")), date(2026, 3, 30))

    def test_what_fell_due_in_a_downtime_of_weeks_is_spread(self):
        self._due_on(date(2025, 9, 3), 120)  # six months later is 3 March
        self._start(self.plan_existing, MONDAY)
        self._run_days(date(2026, 4, 13), date(2026, 4, 17))
        self.assertIn(len(self._rows()), range(4, 11), "About 100 working days are left of the interval.")
        self.assertIn("overdue by more than the window", self._rows()[0].explanation)

    def test_shorter_interval_bunches_nobody(self):
        self._due_on(date(2025, 11, 14), 300)
        plan = self._start(self.plan_existing, date(2025, 10, 1))
        self._run(date(2026, 3, 20))
        self.assertFalse(self._rows())
        with freeze_time("2026-03-23 06:00:00"):  # a week before an interval of three months would end
            plan.interval_months = 3
        self._run_days(date(2026, 3, 23), date(2026, 3, 27))
        days = len(workdays(date(2026, 3, 23), date(2026, 6, 22)))
        per_day = Counter(self._rows().mapped("date_received"))
        self.assertEqual(len(per_day), 5)
        self.assertLessEqual(max(per_day.values()), 300 // days + 1, "No more than their share a day.")
        self.assertGreaterEqual(min(per_day.values()), 300 // days)

    def _due_on(self, contacted, count):
        """Make ``count`` customers who were all contacted on the day ``contacted``."""
        for _n in range(count):
            self._contacted(self._customer(first=date(2025, 7, 1)), contacted)

    def test_shared_plan_takes_only_the_share_of_each_company(self):
        other = self.env["res.company"].create(
            {"name": "Other company", "resource_calendar_id": self.company.resource_calendar_id.id}
        )
        first, second = (self._customer(first=day) for day in (date(2025, 1, 6), date(2025, 1, 7)))
        # In the other company it is the other way round.
        for customer, day in ((second, date(2025, 1, 6)), (first, date(2025, 1, 7))):
            self._order_on(customer, day, company_id=other.id)
        self._start(self.plan_existing, MONDAY, company_id=False)
        self._run(MONDAY)
        rows = self._rows()
        self.assertEqual(
            {(row.company_id, row.commercial_partner_id) for row in rows}, {(self.company, first), (other, second)}
        )

    def test_second_run_on_one_day_does_not_take_the_share_of_tomorrow(self):
        for n in range(60):
            self._customer(first=date(2024, 6, 3) + timedelta(days=n))
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        count = len(self._rows())
        self._run(MONDAY)
        self.assertEqual(len(self._rows()), count)

    # -- complaints ------------------------------------------------------------

    def test_complaint_closed_since_the_last_contact_brings_the_next_one_after_three_months(self):
        calm, upset, earlier = (self._customer(first=date(2025, 1, 5)) for _n in range(3))
        for customer in (calm, upset, earlier):
            self._contacted(customer, date(2026, 1, 12))
        for customer, closed in ((upset, "2026-01-20"), (earlier, "2026-01-02")):
            issue = self._issue(partner_id=customer.id, kind="complaint").sudo()
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE aftersale_issue SET state = 'closed', waiver_reason = 'no_reply', waiver_note = 'Asked twice', "
                "root_cause = 'Worn seal', solution = 'New seal', date_closed = %s WHERE id = %s",
                (f"{closed} 10:00:00", issue.id),
            )
        self.env.invalidate_all()
        self._start(self.plan_existing, MONDAY)
        self._run(date(2026, 4, 4))
        self.assertFalse(self._rows())
        self._run(date(2026, 4, 5))
        row = self._rows()
        self.assertEqual((row.commercial_partner_id, row.date_received), (upset, date(2026, 4, 12)))
        self.assertIn("complaint", row.explanation)
        self.company.aftersale_complaint_months = 0
        with freeze_time("2026-04-05 06:00:00"):
            self.assertEqual(self.plan_existing._get_cycles(self.company).cycles[earlier.id].months, 6)

    def test_open_issue_skips_the_cycle_with_its_reason(self):
        customer = self._customer(first=date(2025, 1, 5))
        self._issue(partner_id=customer.id)
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        self.assertEqual(self._rows(customer).skip_reason, "open_issue")

    # -- companies, zones, workers ---------------------------------------------

    def test_each_company_counts_its_own_customers_in_its_own_zone(self):
        calendar = self.env["resource.calendar"].create({"name": "Shanghai", "tz": "Asia/Shanghai"})
        shanghai = self.env["res.company"].create({"name": "Shanghai", "resource_calendar_id": calendar.id})
        calendar.company_id = shanghai
        customer = self._customer(first=date(2025, 1, 5))
        self._order_on(customer, date(2025, 1, 5), company_id=shanghai.id, team_id=False, user_id=False)
        self.assertFalse(self.plan_existing.company_id)
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        rows = self._rows(customer)
        self.assertEqual(rows.company_id, self.company | shanghai)
        self.assertEqual(set(rows.mapped("origin")), {f"cycle:{customer.id}:1", f"cycle:{customer.id}:2"})
        self.assertEqual(
            sorted(rows.mapped("state")), ["planned", "skipped"], "One contact in 7 days, over all companies."
        )
        # The evening of 25 August in London is the 26th in Shanghai: there the next cycle, of 2 September, is in reach.
        with freeze_time("2026-08-25 20:00:00"):
            own, theirs = (self.plan_existing._get_cycles(c, customer.ids) for c in (self.company, shanghai))
            self.assertEqual((own.due(), theirs.due()), ({}, {customer.id: date(2026, 9, 2)}))
            row = self.plan_existing._plan_followups("periodic", customer)
        self.assertEqual((row.company_id, row.date_received), (shanghai, date(2026, 9, 2)))

    def test_number_of_the_cycle_survives_a_change_of_hands(self):
        customer, heir = self._customer(first=date(2025, 1, 5)), self._customer()
        self._start(self.plan_existing, MONDAY)
        self._run(MONDAY)
        row = self._rows(customer)
        row.sudo().write({"partner_id": heir.id, "commercial_partner_id": heir.id})
        self.plan_existing._plan_followups("periodic", customer)
        self.assertEqual(self._rows(customer).origin, f"cycle:{customer.id}:2")

    def test_failing_customer_stops_nobody_and_is_parked(self):
        bad, good = (self._customer(first=date(2025, 1, 5)) for _n in range(2))
        Plan = type(self.env["aftersale.plan"])
        original = Plan._prepare_row

        def broken(plan, occasion, *args):
            if occasion["partner"] == bad:
                raise ValueError("broken on purpose")
            return original(plan, occasion, *args)

        self._start(self.plan_loyal, MONDAY, partner_domain="[]")
        with patch.object(Plan, "_prepare_row", broken), mute_logger(SWEEP):
            self._run_days(MONDAY, date(2026, 4, 3))
        self.assertEqual(self._rows(good).mapped("state")[:1], ["planned"])
        self.assertEqual(self.plan_loyal.failed_records, {str(bad): 3})

    def test_planning_needs_no_more_queries_for_more_customers(self):
        self._start(self.plan_existing, MONDAY)

        def count(size):
            customers = self.env["res.partner"].union(
                *[self._customer(first=date(2025, 1, 5), lang="en_US") for _n in range(size)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = self.plan_existing._plan_followups("periodic", customers)
            self.env.flush_all()
            self.assertEqual(len(rows), size)
            return self.env.cr.sql_log_count - before

        count(1)
        few = count(4)
        self.assertLessEqual(count(16), few + 1)
