from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestPreview(AftersaleCase):
    """The preview is the planner itself, and leaves nothing behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["aftersale.plan"].search([]).filtered(
            lambda p: p not in (cls.plan_new | cls.plan_verify)
        ).active = False
        cls.plan_new.write({"delay_min": 3, "delay_max": 7})

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2026-03-02 10:00:00"))

    def _preview(self, **values):
        preview = self.env["aftersale.preview"].with_user(self.supervisor).create(values)
        preview.action_calculate()
        return preview

    def _scheduled(self, day, partner=None):
        order = self._order(partner=partner)
        order.picking_ids.scheduled_date = day
        order.picking_ids.move_ids.date = day
        return order

    def test_scheduled_delivery_is_expected(self):
        """A delivery scheduled for Wednesday leads to a contact 3 to 7 working days after it."""
        order = self._scheduled("2026-03-04 12:00:00")
        line = self._preview(plan_ids=self.plan_new.ids).line_ids.filtered(lambda x: x.order_id == order)
        self.assertEqual(line.source, "expected")
        self.assertEqual(line.state, "planned")
        self.assertEqual(line.user_id, self.agent)
        self.assertTrue("2026-03-09" <= str(line.date) <= "2026-03-13", line.date)

    def test_later_than_the_horizon(self):
        order = self._scheduled("2026-03-25 12:00:00")
        self.assertFalse(self._preview(days=10).line_ids.filtered(lambda x: x.order_id == order))

    def test_nothing_is_kept(self):
        """No follow-up is made and no setting changes, also when others are tried out."""
        self._scheduled("2026-03-04 12:00:00")
        before = self.env["aftersale.followup"].search_count([])
        self._preview(cap_days=1, cap_year=0, window_shift=5, capacity=3)
        self.env.invalidate_all()
        self.assertEqual(self.env["aftersale.followup"].search_count([]), before)
        self.assertEqual(self.plan_new.delay_max, 7)
        self.assertEqual((self.company.aftersale_cap_days, self.company.aftersale_cap_year), (7, 6))

    def test_as_planned_afterwards(self):
        """What the preview says about a delivery is what planning does when it happens as scheduled."""
        order = self._scheduled("2026-03-02 11:00:00")
        line = self._preview().line_ids.filtered(lambda x: x.order_id == order and x.plan_id == self.plan_new)
        self._deliver(order)
        followup = order.aftersale_followup_ids.filtered(lambda f: f.plan_id == self.plan_new)
        self.assertEqual((line.date, line.user_id), (followup.date_planned, followup.user_id))

    def test_another_cap(self):
        """A week between two contacts leaves room in the window; with a month none, and the reason is the cap."""
        self._planned(contact_class="pilot", date_planned="2026-03-20", date_deadline="2026-03-20")
        order = self._scheduled("2026-03-04 12:00:00")
        line = self._preview().line_ids.filtered(lambda x: x.order_id == order)
        self.assertEqual(line.state, "planned")
        line = self._preview(cap_days=30).line_ids.filtered(lambda x: x.order_id == order)
        self.assertEqual((line.state, line.skip_reason), ("skipped", "contact_cap"))

    def test_stored_contacts(self):
        followup = self._planned(date_planned="2026-03-05", date_deadline="2026-03-09")
        line = self._preview().line_ids.filtered(lambda x: x.followup_id == followup)
        self.assertEqual((line.source, line.date), ("planned", followup.date_planned))

    def test_promised_solution(self):
        """An issue whose solution is promised is verified after that day."""
        issue = self._issue(user_id=self.agent_2.id, promised_date="2026-03-06")
        issue.state = "processing"
        line = self._preview().line_ids.filtered(lambda x: x.plan_id == self.plan_verify)
        self.assertEqual(line.partner_id, issue.partner_id)
        self.assertGreaterEqual(line.date, fields.Date.to_date("2026-03-10"))

    def test_regular_contact(self):
        """Customers whose regular contact falls due within the days are expected, later ones are not."""
        plan = self.env.ref("aftersale_followup.plan_existing")
        plan.write({"active": True, "customer_value": "any"})
        self._order(partner=self.partner, date_order="2025-06-01 10:00:00").date_order = "2025-06-01 10:00:00"
        lines = self._preview(plan_ids=plan.ids, days=90).line_ids.filtered(lambda x: x.partner_id == self.partner)
        self.assertTrue(lines)
        self.assertEqual(self._cycles(), 0)

    def _cycles(self):
        return self.env["aftersale.followup"].search_count([("origin", "=like", "cycle:%")])

    def test_work_and_capacity(self):
        """Only calls cost hours; available are agents times working days times capacity, without days of leave."""
        self.company.write({"aftersale_contact_minutes": 6, "aftersale_agent_capacity": 10})
        self._planned(date_planned="2026-03-05", date_deadline="2026-03-09")
        caller = self.env["res.partner"].create({"name": "By phone", "phone": "+8613800005678"})
        caller.aftersale_channel_id = self.env.ref("aftersale_followup.channel_phone")
        self._planned(partner=caller, date_planned="2026-03-05", date_deadline="2026-03-09")
        preview = self._preview(plan_ids=self.plan_new.ids, days=4)
        self.assertEqual(preview.planned_count, 2)
        self.assertAlmostEqual(preview.hours_needed, 6 / 60)
        self.assertAlmostEqual(preview.hours_available, 5 * 10 * 6 / 60)  # Monday to Friday, one agent
        self.assertEqual(preview.full_days, 0)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": self.env["resource.resource"]
                .create({"name": "Agent", "user_id": self.agent.id, "company_id": self.company.id})
                .id,
                "date_from": "2026-03-04 00:00:00",
                "date_to": "2026-03-04 23:59:59",
            }
        )
        preview.action_calculate()
        preview.invalidate_recordset()
        self.assertAlmostEqual(preview.hours_available, 4 * 10 * 6 / 60)

    def test_manual_plans_and_waiting_calls_are_work(self):
        """What a target list planned is shown, and a call that waits since last week is work of today."""
        pilot = self.env.ref("aftersale_followup.plan_pilot")
        pilot.active = True  # put to rest with the others above
        planned = self._planned(plan=pilot, date_planned="2026-03-05", date_deadline="2026-03-09")
        late = self._planned(plan=pilot, date_planned="2026-02-25", date_deadline="2026-03-09")
        late.channel_id = self.env.ref("aftersale_followup.channel_phone")
        late._set_state("ready")
        lines = self._preview().line_ids
        self.assertIn(planned, lines.followup_id)
        self.assertEqual(str(lines.filtered(lambda x: x.followup_id == late).date), "2026-03-02")

    def test_other_teams_are_not_shown(self):
        """A supervisor sees nothing of what is expected for a team that somebody else leads."""
        order = self._scheduled("2026-03-04 12:00:00")
        stranger = self._user("asf_supervisor_two", "aftersale_followup.group_supervisor")
        preview = self.env["aftersale.preview"].with_user(stranger).create({})
        preview.action_calculate()
        self.assertFalse(preview.line_ids.filtered(lambda x: x.order_id == order))
        self.company.aftersale_all_teams = True
        preview.action_calculate()
        self.assertTrue(preview.line_ids.filtered(lambda x: x.order_id == order))

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        order = self._scheduled("2026-03-04 12:00:00")
        preview = self.env["aftersale.preview"].create({"company_id": other.id})
        preview.with_context(allowed_company_ids=[self.company.id, other.id]).action_calculate()
        self.assertFalse(preview.line_ids.filtered(lambda x: x.order_id == order))

    def test_days_range(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env["aftersale.preview"].create({"days": 400})


@tagged("post_install", "-at_install")
class TestExplain(AftersaleCase):
    """Why was this customer not asked? Every plan answers for any customer and any order."""

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2026-03-02 10:00:00"))

    def _why(self, records, user=None):
        action = self.env["aftersale.why"].with_user(user or self.manager).action_open(records)
        lines = self.env["aftersale.why"].browse(action["res_id"]).line_ids
        return {line.plan_id: line for line in lines}

    def test_asked(self):
        order = self._order()
        self._deliver(order)
        line = self._why(order)[self.plan_new]
        self.assertEqual(line.state, "planned")
        self.assertIn("Planned on", line.explanation)

    def test_every_plan_answers(self):
        plans = self.env["aftersale.plan"].with_context(active_test=False).search([])
        for subject in (self._order(), self.partner):
            lines = self._why(subject)
            self.assertEqual(set(lines), set(plans))
            self.assertTrue(all(line.explanation for line in lines.values()))

    def test_reasons(self):
        """Each criterion that is not met is named."""
        order = self._order()
        self.assertIn("not delivered", self._why(order)[self.plan_new].explanation)
        plan_shop = self.env.ref("aftersale_followup.plan_shop")
        self.assertIn("paused", self._why(order)[plan_shop].explanation)
        criteria = {
            "amount_min": 1e9,
            "date_start": "2030-01-01",
            "partner_domain": "[('name', '=', 'Nobody')]",
            "product_ids": self._product("Other", 0).ids,
            "customer_type": "existing",
        }
        self.plan_new.date_start = "2030-01-01"  # nothing is planned when it is delivered
        self._deliver(order)
        self.plan_new.date_start = "2020-01-01"
        for field, value in criteria.items():
            with self.subTest(field), self.env.cr.savepoint() as savepoint:
                self.plan_new[field] = value
                label = self.plan_new._fields[field]._description_string(self.env)
                text = self._why(order)[self.plan_new].explanation
                self.assertIn("2030" if field == "date_start" else label, text)
                savepoint.rollback()
        self.assertIn("next hour", self._why(order)[self.plan_new].explanation)

    def test_resting_plan(self):
        """A plan that rests after failures promises nothing."""
        self.plan_new.date_start = "2030-01-01"
        order = self._order()
        self._deliver(order)
        self.plan_new.write({"date_start": "2020-01-01"})
        self.plan_new.write({"error_count": 3, "error_message": "Boom"})
        self.assertIn("Boom", self._why(order)[self.plan_new].explanation)

    def test_colleagues_row_is_an_answer(self):
        """An agent learns that a colleague asked, though the row is not theirs."""
        followup = self._planned(user_id=self.agent_2.id, team_id=self.env["crm.team"].create({"name": "B"}).id)
        self.assertEqual(self._why(self.partner, self.agent)[self.plan_new].followup_id, followup)

    def test_regular_contact(self):
        plan = self.env.ref("aftersale_followup.plan_existing")
        plan.write({"active": True, "customer_value": "any"})
        self._order().date_order = "2025-09-20 10:00:00"
        self.assertIn("Due on", self._why(self.partner)[plan].explanation)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.assertIn("criteria", self._why(stranger)[plan].explanation)


@tagged("post_install", "-at_install")
class TestHealth(AftersaleCase):
    """One page says what stands still, and is green when nothing does."""

    def _check(self, name):
        action = self.env["aftersale.health"].with_user(self.supervisor).action_open()
        lines = self.env["aftersale.health"].search(action["domain"])
        return lines.filtered(lambda line: line.name == name)

    def test_failing_plan(self):
        self.assertEqual(self._check("Plans that cannot run").status, "3_ok")
        self.plan_new.write({"error_count": 3, "error_message": "Boom"})
        found = self._check("Plans that cannot run")
        self.assertEqual((found.status, found.res_domain), ("1_error", self.plan_new.ids))
        self.assertIn("Boom", found.finding)

    def test_parked_followup_is_tried_again(self):
        followup = self._planned(error_count=3, error_message="No")
        name = "Follow-ups that fail again and again"
        self.assertEqual(self._check(name).res_domain, followup.ids)
        followup.with_user(self.supervisor).action_retry()
        self.assertEqual(self._check(name).status, "3_ok")

    def test_stopped_cron(self):
        self.assertEqual(self._check("Scheduled actions").status, "3_ok")
        self.env.ref("aftersale_followup.ir_cron_sweep").active = False
        self.assertEqual(self._check("Scheduled actions").status, "1_error")

    def test_backlog(self):
        self._planned(date_next=fields.Datetime.now() - timedelta(hours=5))
        self.assertEqual(self._check("Contacts that are overdue").status, "1_error")

    def test_failed_mail(self):
        followup = self._ready()
        self.env["mail.mail"].create(
            {
                "state": "exception",
                "failure_reason": "Refused",
                "model": "aftersale.followup",
                "res_id": followup.id,
            }
        )
        found = self._check("E-mails that were not sent")
        self.assertIn("Refused", found.finding)
        self.assertEqual(found.res_domain, followup.ids)

    def test_every_check_opens(self):
        self._planned(error_count=3)
        for line in self.env["aftersale.health"].search(self.env["aftersale.health"].action_open()["domain"]):
            if line.res_model:
                action = line.action_show()
                self.assertTrue(self.env[action["res_model"]].search(action["domain"]))
