from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase

FRIDAY, MONDAY = date(2026, 3, 6), date(2026, 3, 9)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestLeave(AftersaleCase):
    """Leave entered after the planning: another day of the window, else another agent, else nothing changes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.crm_team_member_ids = [Command.create({"user_id": cls.agent_2.id})]
        cls.resources = {
            user: cls.env["resource.resource"].create(
                {"name": user.name, "user_id": user.id, "company_id": cls.company.id, "tz": "UTC"}
            )
            for user in cls.agent | cls.agent_2
        }

    def _leave(self, first, last, user=None):
        return self.env["resource.calendar.leaves"].create(
            {
                "resource_id": self.resources[user or self.agent].id,
                "date_from": datetime.combine(first, datetime.min.time()),
                "date_to": datetime.combine(last, datetime.max.time().replace(microsecond=0)),
            }
        )

    def _on_friday(self, **values):
        """A follow-up of Friday in the window from Thursday to Wednesday; the customer differs each time."""
        self.number = getattr(self, "number", 0) + 1
        partner = self.env["res.partner"].create({"name": "L", "email": f"l{self.number}@example.com"})
        window = {"date_received": "2026-03-02", "window_from": 3, "window_to": 7, "date_deadline": "2026-03-11"}
        return self._planned(partner=partner, **{"date_planned": FRIDAY, **window, **values})

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_redate").method_direct_trigger()
        self.env.invalidate_all()

    def test_leave_entered_or_changed_wakes_the_job(self):
        triggers, cron = self.env["ir.cron.trigger"], self.env.ref("aftersale_followup.ir_cron_redate")
        for change in (
            lambda: self._leave(FRIDAY, FRIDAY),
            lambda: self._leave(MONDAY, MONDAY).write({"date_to": datetime(2026, 3, 10)}),
        ):
            before = triggers.search_count([("cron_id", "=", cron.id)])
            change()
            self.assertGreater(triggers.search_count([("cron_id", "=", cron.id)]), before)

    def test_another_day_of_the_window_is_taken(self):
        followup, other = self._on_friday(), self._on_friday(user_id=self.agent_2.id)
        self._leave(FRIDAY, MONDAY)
        self._run()
        self.assertEqual((followup.user_id, followup.date_planned), (self.agent, date(2026, 3, 5)))
        self.assertEqual(self.company._aftersale_date(followup.date_next), date(2026, 3, 5))
        self.assertIn(f"Moved from 2026-03-06 to 2026-03-05: {self.agent.name} is on leave.", followup.explanation)
        self.assertEqual(other.date_planned, FRIDAY)

    def test_who_is_away_all_the_window_is_substituted(self):
        followup = self._on_friday()
        self._leave(date(2026, 3, 2), date(2026, 3, 20))
        self._run()
        self.assertEqual(followup.user_id, self.agent_2)
        self.assertTrue(date(2026, 3, 5) <= followup.date_planned <= date(2026, 3, 11))
        self.assertIn(f"Handed over to {self.agent_2.name}", followup.explanation)

    def test_a_window_without_a_count_begins_on_the_planned_day(self):
        followup = self._on_friday(window_from=0, window_to=0)
        self._leave(FRIDAY, FRIDAY)
        self._run()
        self.assertEqual(followup.date_planned, MONDAY)

    def test_one_agent_by_the_plan_is_not_substituted(self):
        self.plan_new.write({"assign_method": "user", "user_id": self.agent.id})
        followup = self._on_friday()
        before = followup.explanation
        self._leave(date(2026, 3, 2), date(2026, 3, 20))
        self._run()
        self.assertEqual((followup.user_id, followup.date_planned), (self.agent, FRIDAY))
        self.assertEqual(followup.explanation, before)

    def test_nothing_changes_where_all_are_away(self):
        followup = self._on_friday()
        for user in self.resources:
            self._leave(date(2026, 3, 2), date(2026, 3, 20), user)
        self._run()
        self.assertEqual((followup.user_id, followup.date_planned), (self.agent, FRIDAY))

    def test_who_solved_the_issue_substitutes_nobody(self):
        issue = self._issue(user_id=self.agent_2.id)
        issue.state = "processing"
        followup = self._on_friday(plan=self.plan_verify, issue_id=issue.id)
        self._leave(date(2026, 3, 2), date(2026, 3, 20))
        self._run()
        self.assertEqual(followup.user_id, self.agent)

    def test_what_is_on_the_list_stays(self):
        followup, other = self._on_friday(), self._on_friday()
        followup.state = "ready"
        self._leave(FRIDAY, FRIDAY)
        self._run()
        self.assertNotEqual(other.date_planned, FRIDAY)
        self.assertEqual((followup.user_id, followup.date_planned), (self.agent, FRIDAY))

    def test_a_day_chosen_in_spite_of_the_leave_stands(self):
        followup, leave = self._on_friday(), self._leave(FRIDAY, FRIDAY)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE resource_calendar_leaves SET write_date = write_date - interval '1 hour' WHERE id = %s", [leave.id]
        )
        self.env.invalidate_all()
        self._run()
        self.assertEqual(followup.date_planned, FRIDAY)

    def test_the_cap_stands(self):
        followup = self._on_friday()
        self._planned(
            partner=followup.partner_id, plan=self.plan_new.copy(), date_planned="2026-03-02", scenario="pilot"
        ).write({"state": "ready", "date_sent": "2026-03-01 10:00:00", "contact_class": "pilot"})
        self._leave(FRIDAY, FRIDAY)
        self._run()
        self.assertEqual(followup.date_planned, MONDAY, "Not on Thursday: that is less than seven days after Sunday.")

    def test_moving_costs_no_query_a_row(self):
        def count(size):
            for _n in range(size):
                self._on_friday()
            self._leave(FRIDAY, FRIDAY)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._run()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        few = count(5)
        self.assertLessEqual(count(40), few + 5)
