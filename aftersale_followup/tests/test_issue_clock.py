from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestIssueClock(AftersaleCase):
    """2 March 2026 is a Monday; the company works from Monday to Friday."""

    def setUp(self):
        super().setUp()
        self.env.ref("aftersale_followup.group_manager").user_ids = [Command.set(self.manager.ids)]

    def _working(self, **values):
        issue = self._issue(user_id=self.agent.id, **values)
        issue.state = "processing"
        issue.write({"resolution_deadline": "2026-03-06", "resolution_from": "2026-03-02", "resolution_days": 4})
        return issue

    def _run(self, day):
        with freeze_time(f"{day} 10:00:00"), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_clocks").method_direct_trigger()

    def _holiday(self, day):
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": self.company._aftersale_moment(fields.Date.to_date(day)),
                "date_to": self.company._aftersale_moment(fields.Date.to_date(day), 23.99),
            }
        )

    # -- alarms ------------------------------------------------------------------------

    def test_owner_then_supervisor_then_manager_each_once(self):
        issue = self._working()
        days = [
            ("2026-03-04", []),
            ("2026-03-05", [self.agent]),
            ("2026-03-06", [self.agent]),
            ("2026-03-09", [self.agent, self.supervisor]),
            ("2026-03-10", [self.agent, self.supervisor, self.supervisor, self.manager]),
            ("2026-03-12", [self.agent, self.supervisor, self.supervisor, self.manager]),
        ]
        for day, users in days:
            with self.subTest(day=day):
                self._run(day)
                self._run(day)
                self.assertCountEqual(issue.activity_ids.mapped("user_id.id"), {user.id for user in users})
                self.assertEqual(len(issue.activity_ids), len(users))
        self.assertIn("2026-03-06", issue.activity_ids[0].note)

    def test_a_new_date_has_alarms_of_its_own(self):
        issue = self._working()
        self._run("2026-03-05")
        issue.promised_date = "2026-03-05"
        self._run("2026-03-05")
        self.assertEqual(len(issue.activity_ids), 2, "The promise has a clock of its own.")
        issue.promised_date = "2026-03-06"
        self._run("2026-03-05")
        self.assertEqual(len(issue.activity_ids), 3)

    def test_what_is_late_when_first_seen_goes_to_supervisor_and_manager_at_once(self):
        issue = self._working()
        self._run("2026-03-16")
        self.assertEqual(issue.activity_ids.user_id, self.supervisor | self.manager)

    def test_one_broken_issue_keeps_nobody_else_from_being_told(self):
        broken, fine = self._working(), self._working()
        self.env.cr.execute("UPDATE aftersale_issue SET alarms = '[1]' WHERE id = %s", [broken.id])
        broken.invalidate_recordset()
        with self.assertLogs("odoo.addons.aftersale_followup.models.aftersale_plan_planning", "ERROR"):
            self._run("2026-03-05")
        self.assertEqual(fine.activity_ids.user_id, self.agent)

    # -- waiting for the customer ------------------------------------------------------

    @freeze_time("2026-03-03 10:00:00")
    def test_clocks_of_the_solution_stand_still_while_the_customer_is_waited_for(self):
        issue = self._working(promised_date="2026-03-05")
        issue.with_user(self.agent).action_wait()
        self._run("2026-03-13")
        self.assertFalse(issue.activity_ids)
        with freeze_time("2026-03-13 10:00:00"):
            self.assertFalse(issue.is_overdue)
            issue.with_user(self.agent).action_go_on()
            # Eight working days of waiting, on top of Friday 6 March.
            self.assertEqual(str(issue.resolution_deadline), "2026-03-18")
            self.assertTrue(issue.is_overdue, "The date promised to the customer has passed: tell a new one.")

    @freeze_time("2026-03-03 10:00:00")
    def test_day_chosen_by_a_supervisor_moves_by_the_days_of_waiting(self):
        issue = self._working()
        issue.with_user(self.supervisor).resolution_deadline = "2026-03-10"
        issue.action_wait()
        with freeze_time("2026-03-05 10:00:00"):
            issue.action_go_on()
        self.assertEqual(str(issue.resolution_deadline), "2026-03-12")

    @freeze_time("2026-03-03 10:00:00")
    def test_waiting_does_not_stop_the_call_of_the_supervisor(self):
        issue = self._working(priority="1")
        issue.sudo().contact_deadline = "2026-03-04"
        issue.action_wait()
        with freeze_time("2026-03-05 10:00:00"):
            self.assertTrue(issue.is_overdue)

    @freeze_time("2026-03-03 10:00:00")
    def test_message_of_the_customer_ends_the_waiting(self):
        issue = self._working()
        issue.action_wait()
        issue.message_post(body="Any news from the customer?", author_id=self.agent.partner_id.id)
        self.assertTrue(issue.waiting_date, "What colleagues write ends no waiting.")
        issue.message_post(body="Here is the number", author_id=self.partner.id)
        self.assertFalse(issue.waiting_date)

    @freeze_time("2026-03-03 10:00:00")
    def test_only_work_in_progress_waits(self):
        issue = self._issue()
        issue.action_wait()
        self.assertFalse(issue.waiting_date)
        working = self._working()
        working.action_wait()
        working.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        self.assertFalse(working.waiting_date)

    def test_clocks_are_not_set_by_hand(self):
        issue = self._working()
        for name, value in (("waiting_date", "2026-03-02"), ("resolution_days", 99), ("alarms", {})):
            with self.subTest(name=name), self.assertRaises(AccessError):
                issue.with_user(self.manager).write({name: value})

    # -- calendar ----------------------------------------------------------------------

    def test_holiday_entered_later_moves_the_deadlines(self):
        issue = self._working(priority="1")
        issue.write({"contact_deadline": "2026-03-05", "contact_from": "2026-03-02", "contact_days": 3})
        self._holiday("2026-03-04")
        self._run("2026-03-03")
        self.assertEqual((str(issue.contact_deadline), str(issue.resolution_deadline)), ("2026-03-06", "2026-03-09"))

    def test_day_chosen_by_a_supervisor_stays_when_the_calendar_changes(self):
        issue = self._working()
        issue.with_user(self.supervisor).resolution_deadline = "2026-03-06"
        self._holiday("2026-03-04")
        self._run("2026-03-03")
        self.assertEqual(str(issue.resolution_deadline), "2026-03-06")

    @freeze_time("2026-03-02 10:00:00")
    def test_verification_is_due_on_a_working_day_that_is_left(self):
        issue = self._solved_issue()
        self.assertEqual(str(issue.verification_deadline), "2026-03-09")
        self._holiday("2026-03-09")
        self._run("2026-03-03")
        self.assertEqual(str(issue.verification_deadline), "2026-03-10")

    def test_change_of_the_calendar_has_the_clocks_looked_at_soon(self):
        cron = self.env.ref("aftersale_followup.ir_cron_clocks")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self._holiday("2026-03-04")
        self.assertGreater(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), before)
