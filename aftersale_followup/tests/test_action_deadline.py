from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, tagged

from .common import AftersaleCase


class MeasureCase(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.measure = cls._measure()

    @classmethod
    def _measure(cls, **values):
        return cls.env["aftersale.action"].create(
            {
                "name": "Another carrier",
                "user_id": cls.agent.id,
                "team_id": cls.team.id,
                "date_deadline": date(2026, 3, 9),
                **values,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestActionDeadline(MeasureCase):
    """Monday 9 March is the deadline: the owner hears of it three working days before, the supervisor after it."""

    def _on(self, day, hour=10):
        with freeze_time(f"2026-03-{day:02} {hour:02}:00:00"), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_deadlines").method_direct_trigger()
        self.env.invalidate_all()

    def _reminded(self, measure=None):
        reminder = self.env.ref("aftersale_followup.activity_type_action")
        activities = (measure or self.measure).activity_ids.filtered(lambda a: a.activity_type_id == reminder)
        return activities.sorted("id").mapped("user_id")

    def test_owner_before_and_supervisor_after_each_once(self):
        expected = [
            (3, self.env["res.users"]),
            (4, self.agent),
            (4, self.agent),
            (9, self.agent),
            (10, self.agent | self.supervisor),
            (11, self.agent | self.supervisor),
        ]
        for day, users in expected:
            with self.subTest(day=day):
                self._on(day)
                self.assertEqual(self._reminded(), users)
        self.assertEqual(len(self.measure.activity_ids), 2, "Not again each hour.")

    def test_days_of_downtime_lose_nobody(self):
        self._on(20)
        self.assertEqual(self._reminded(), self.supervisor)

    def test_how_early_is_a_setting(self):
        self.company.aftersale_action_days = 5
        self._on(2)
        self.assertEqual(self._reminded(), self.agent)

    def test_done_cancelled_and_moved_measures_need_no_reminder(self):
        others = self._measure() | self._measure()
        self._on(4)
        self.measure.action_start()
        self.measure.action_done()
        others[0].write({"cancel_reason": "Covered", "state": "cancelled"})
        others[1].date_deadline = date(2026, 3, 30)
        for measure in self.measure | others:
            self.assertFalse(self._reminded(measure))
        self._on(12)
        for measure in self.measure | others:
            self.assertFalse(self._reminded(measure))
        self._on(26)
        self.assertEqual(self._reminded(others[1]), self.agent, "The new deadline is reminded of anew.")

    def test_without_an_owner_or_a_team(self):
        orphan = self._measure(user_id=False, team_id=False)
        self._on(4)
        self.assertEqual(self._reminded(orphan), self.supervisor)

    def test_one_that_fails_stops_no_other(self):
        broken = self._measure()
        remind = type(broken)._remind

        def fail(action):
            if action == broken:
                raise ValueError("broken")
            remind(action)

        self.patch(type(broken), "_remind", fail)
        with self.assertLogs("odoo.addons.aftersale_followup", "ERROR"):
            self._on(4)
        self.assertEqual(self._reminded(), self.agent)
        self.assertFalse(self._reminded(broken))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestActionSteps(MeasureCase):
    """The steps of a measure are activities: several are planned at once, counted from its deadline."""

    def _plan_steps(self, user):
        action = self.env.ref("aftersale_followup.mail_activity_schedule_action")
        context = {"active_model": self.measure._name, "active_ids": self.measure.ids, "plan_mode": True}
        self.assertEqual(action.res_model, "mail.activity.schedule")
        return Form(self.env["mail.activity.schedule"].with_user(user).with_context(**context))

    def test_default_plan(self):
        form = self._plan_steps(self.supervisor)
        self.assertEqual(form.plan_id, self.env.ref("aftersale_followup.activity_plan_action"))
        self.assertEqual(form.plan_date, self.measure.date_deadline)
        form.save().action_schedule_plan()
        steps = self.measure.activity_ids.sorted("date_deadline")
        self.assertEqual(steps.user_id, self.agent, "The owner's")
        days = [(step.date_deadline - self.measure.date_deadline).days for step in steps]
        self.assertEqual(days, [-14, -7, -1, 0, 7])
        self.assertEqual(len(steps.activity_type_id), 5)

    def test_without_an_owner_somebody_is_asked_for(self):
        self.measure.user_id = False
        form = self._plan_steps(self.supervisor)
        form.save().action_schedule_plan()
        self.assertEqual(self.measure.activity_ids.user_id, self.supervisor)

    def test_employee_in_charge_plans_them(self):
        employee = self._user("asf_employee", "base.group_user")
        self.measure.user_id = employee
        self._plan_steps(employee).save().action_schedule_plan()
        self.assertEqual(len(self.measure.activity_ids), 5)

    def test_managers_change_them_and_no_other_plans(self):
        plan = self.env.ref("aftersale_followup.activity_plan_action")
        step = plan.with_user(self.manager).template_ids[:1]
        step.write({"responsible_type": "other", "responsible_id": self.supervisor.id, "delay_count": 3})
        self.assertEqual(step.responsible_id, self.supervisor)
        other = self.env["mail.activity.plan"].create({"name": "Orders", "res_model": "res.partner"})
        for user, record in ((self.manager, other), (self.supervisor, plan)):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                record.with_user(user).name = "Mine"

    def test_worse_effect_proposes_to_take_the_measure_up_again(self):
        self.measure.action_start()
        self.measure.action_done()
        self.measure._call_for_decision()
        [activity] = self.measure.activity_ids
        self.assertEqual(activity.user_id, self.supervisor)
        self.assertIn("Resume the measure", activity.note)
        arch = self.measure.with_user(self.supervisor).get_view(False, "form")["arch"]
        self.assertIn("alert-danger", arch)
        self.assertEqual(arch.count('name="action_resume"'), 2)
        self.measure.sudo().effect = "worse"
        self.measure.with_user(self.supervisor).action_resume()
        self.assertEqual((self.measure.state, self.measure.effect), ("in_progress", False))
