from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestLevelling(AftersaleCase):
    """Each follow-up takes the day and the agent with the least to do, and a backlog never falls on one morning."""

    contact_hours = True

    def _plan_one(self, **values):
        self.number = getattr(self, "number", 0) + 1
        partner = self.env["res.partner"].create({"name": "L", "email": f"l{self.number}@example.com"})
        order = self._order(partner=partner, **values)
        self._deliver(order)
        return order.aftersale_followup_ids.filtered(lambda f: f.plan_id == self.plan_new)

    def _leave(self, user, first, last):
        resource = self.env["resource.resource"].create(
            {"name": user.name, "user_id": user.id, "company_id": self.company.id, "tz": "UTC"}
        )
        return self.env["resource.calendar.leaves"].create(
            {"resource_id": resource.id, "date_from": first, "date_to": last}
        )

    def _fill(self, day, count, user=None):
        for number in range(count):
            partner = self.env["res.partner"].create({"name": f"Filler {number}"})
            self._planned(
                partner=partner,
                date_planned=day,
                date_deadline=day,
                date_next=datetime.combine(day, datetime.min.time()),
                user_id=(user or self.agent).id,
            )

    # -- capacity and leave ------------------------------------------------------

    def test_full_days_are_avoided(self):
        self.company.aftersale_agent_capacity = 2
        for day, count in ((5, 2), (6, 2), (9, 2), (10, 2), (11, 1)):
            self._fill(date(2026, 3, day), count)
        followup = self._plan_one()
        self.assertEqual(followup.date_planned, date(2026, 3, 11))
        self.assertNotIn("full", followup.explanation)

    def test_when_all_are_full_the_least_full_is_taken_and_said(self):
        self.company.aftersale_agent_capacity = 1
        for day, count in ((5, 3), (6, 2), (9, 1), (10, 2), (11, 3)):
            self._fill(date(2026, 3, day), count)
        followup = self._plan_one()
        self.assertEqual(followup.date_planned, date(2026, 3, 9))
        self.assertIn("full", followup.explanation)

    def test_work_for_other_companies_counts(self):
        self.company.aftersale_agent_capacity = 2
        other = self.env["res.company"].create({"name": "Other company"})
        self.agent.company_ids |= other
        for day in (5, 6, 9, 10):
            self._fill(date(2026, 3, day), 2)
        self.env["aftersale.followup"].search([("user_id", "=", self.agent.id)]).write(
            {"company_id": other.id, "team_id": False}
        )
        self.assertEqual(self._plan_one().date_planned, date(2026, 3, 11))

    def test_capacity_is_at_least_one(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.company.aftersale_agent_capacity = 0
            self.env.flush_all()

    def test_agent_on_leave_gets_nothing(self):
        self.team.crm_team_member_ids = [Command.create({"user_id": self.agent_2.id})]
        self._leave(self.agent, datetime(2026, 3, 5), datetime(2026, 3, 11, 23))
        self.assertEqual({self._plan_one().user_id for _n in range(4)}, {self.agent_2})

    def test_days_on_leave_are_avoided(self):
        self._leave(self.agent, datetime(2026, 3, 5, 8), datetime(2026, 3, 9, 18))
        followups = [self._plan_one() for _n in range(3)]
        self.assertEqual({f.date_planned for f in followups}, {date(2026, 3, 10), date(2026, 3, 11)})

    def test_an_hour_off_is_no_leave(self):
        self._leave(self.agent, datetime(2026, 3, 5, 9), datetime(2026, 3, 5, 10))
        self.assertEqual(self._plan_one().date_planned, date(2026, 3, 5))

    def test_when_all_are_on_leave_nobody_is_lost(self):
        self._leave(self.agent, datetime(2026, 3, 1), datetime(2026, 3, 31))
        followup = self._plan_one()
        self.assertEqual((followup.state, followup.user_id), ("planned", self.agent))
        self.assertIn("on leave", followup.explanation)

    # -- assignment --------------------------------------------------------------

    def test_one_agent_by_the_plan(self):
        self.plan_new.write({"assign_method": "user", "user_id": self.agent_2.id})
        self.assertEqual(self._plan_one().user_id, self.agent_2)
        with self.assertRaisesRegex(ValidationError, "names none"):
            self.plan_new.user_id = False

    def test_salesperson_of_the_order_else_the_team(self):
        self.plan_new.assign_method = "salesperson"
        seller = self._user("asf_seller", "sales_team.group_sale_salesman")
        self.assertEqual(self._plan_one(user_id=seller.id).user_id, seller)
        self.assertEqual(self._plan_one(user_id=False).user_id, self.agent)
        seller.active = False
        self.assertEqual(self._plan_one(user_id=seller.id).user_id, self.agent, "Who left calls nobody.")

    def test_solver_never_verifies_whatever_the_plan_says(self):
        self.plan_verify.write({"assign_method": "user", "user_id": self.agent.id})
        self.assertNotEqual(self._solved_issue().verification_followup_ids.user_id, self.agent)

    def test_who_works_for_another_company_gets_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.agent_2.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.plan_new.write({"assign_method": "user", "user_id": self.agent_2.id})
        order = self._order()
        self._deliver(order)
        self.assertEqual(order.aftersale_followup_ids.user_id, self.agent)

    def test_balance_within_the_team(self):
        self.team.crm_team_member_ids = [Command.create({"user_id": self.agent_2.id})]
        users = [self._plan_one().user_id for _n in range(10)]
        self.assertEqual((users.count(self.agent), users.count(self.agent_2)), (5, 5))

    def test_who_sold_and_delivered_is_kept_as_it_was(self):
        seller = self._user("asf_seller_two", "sales_team.group_sale_salesman")
        order = self._order(user_id=seller.id)
        order.picking_ids.user_id = self.agent_2
        self._deliver(order)
        followup = order.aftersale_followup_ids
        order.user_id = self.agent
        self.assertEqual((followup.sales_user_id, followup.delivery_user_id), (seller, self.agent_2))

    # -- after downtime ----------------------------------------------------------

    def _backlog(self, count, **values):
        rows = self.env["aftersale.followup"]
        for number in range(count):
            partner = self.env["res.partner"].create(
                {"name": f"Late {number}", "phone": f"+86138{number:08d}", "aftersale_offline": True}
            )
            day = date(2026, 2, 24) + timedelta(days=number % 4)
            rows |= self._planned(
                partner=partner,
                date_planned=day,
                date_deadline="2026-03-04",
                date_next=datetime.combine(day, datetime.min.time()),
                **values,
            )
        return rows

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()

    def test_backlog_of_calls_is_spread_by_capacity(self):
        self.company.aftersale_agent_capacity = 4
        self._fill(date(2026, 3, 3), 2)
        rows = self._backlog(15)
        self._run_cron()
        per_day = {day: len(group) for day, group in rows.grouped("date_planned").items()}
        expected = {date(2026, 3, 2): 4, date(2026, 3, 3): 2, date(2026, 3, 4): 4, date(2026, 3, 5): 4}
        self.assertEqual(per_day, {**expected, date(2026, 3, 6): 1})
        self.assertEqual(set(rows.mapped("state")), {"ready", "planned"}, "Nobody is lost.")
        self.assertEqual(rows.filtered(lambda f: f.state == "ready").mapped("date_planned"), [date(2026, 3, 2)] * 4)
        late = rows.filtered(lambda f: f.date_planned > date(2026, 3, 4))
        for row in late:
            self.assertIn("The window ended on 2026-03-04", row.explanation)
        for row in rows:
            self.assertIn("Overdue since", row.explanation)

    def test_urgent_ranks_of_a_backlog_go_first(self):
        self.company.aftersale_agent_capacity = 2
        periodic = self._backlog(2, plan=self.plan_new.copy({"contact_class": "periodic"}))
        checks = self._backlog(3, plan=self.plan_verify)
        new = self._backlog(2)
        self._run_cron()
        self.assertEqual(set(checks.mapped("state")), {"ready"}, "Exempt ranks do not wait for room.")
        self.assertLess(max(new.mapped("date_planned")), min(periodic.mapped("date_planned")))

    def test_mails_of_a_backlog_cost_nobodys_time(self):
        self.company.aftersale_agent_capacity = 1
        rows = self._backlog(4)
        for number, partner in enumerate(rows.partner_id):
            partner.write({"aftersale_offline": False, "email": f"late{number}@example.com"})
        self._run_cron()
        self.assertEqual(set(rows.mapped("state")), {"ready"})

    def test_backlog_found_on_a_weekend_starts_on_monday(self):
        rows = self._backlog(3)
        with freeze_time("2026-03-07 10:00:00"):
            self._run_cron()
        self.assertEqual(set(rows.mapped("date_planned")), {date(2026, 3, 9)})
