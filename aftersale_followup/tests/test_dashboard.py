import json
from datetime import date, datetime, timedelta

from lxml import etree

from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools.safe_eval import safe_eval

from .common import AftersaleCase

WEDNESDAY = date(2026, 3, 4)
MONDAY = date(2026, 3, 2)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-04 10:00:00")
class TestDashboard(AftersaleCase):
    """The figures on the cards of the plans, and what agents find on their list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.email = cls.env.ref("aftersale_followup.channel_email")
        cls.plan = cls.plan_new.copy({"name": "Counted"})
        cls.other = cls.plan_new.copy({"name": "Other"})

    def _row(self, day=WEDNESDAY, state="planned", plan=None, **values):
        if state == "skipped":
            values["skip_reason"] = "sampled_out"
        if state == "ready":
            values.setdefault("date_expiry", "2026-03-18 10:00:00")
            values.setdefault("date_next", values["date_expiry"])
        deadline = day + timedelta(days=2)
        return self._planned(plan=plan or self.plan, date_planned=day, date_deadline=deadline, state=state, **values)

    def _figures(self, plan, user=None):
        plan = plan.with_user(user or self.manager)
        plan.invalidate_recordset()
        return plan.read(["followup_count", "planned_count", "done_count", "late_count", "week_count"])[0] | {
            "rate": plan.response_rate
        }

    # -- figures -----------------------------------------------------------------

    def test_figures_of_a_plan(self):
        """Each state counts where it belongs; nothing of another plan does."""
        self._row()
        self._row(day=MONDAY)  # late
        self._row(day=MONDAY + timedelta(days=7))  # next week
        self._row(state="skipped")
        self._row(state="cancelled")
        for state in ("done", "done", "expired", "ready"):
            self._row(state=state, channel_id=self.email.id)
        self._row(plan=self.other)
        figures = self._figures(self.plan)
        self.assertEqual(figures["followup_count"], 9)
        self.assertEqual(figures["planned_count"], 3)
        self.assertEqual(figures["done_count"], 2)
        self.assertEqual(figures["late_count"], 1)
        self.assertEqual(figures["week_count"], 6, "Neither the skipped, the cancelled nor next week's one.")
        self.assertEqual(figures["rate"], 50.0, "Two of four that were contacted.")
        self.assertEqual(self._figures(self.other)["planned_count"], 1)

    def test_figures_without_follow_ups(self):
        figures = self._figures(self.plan)
        self.assertEqual((figures["followup_count"], figures["week_count"], figures["rate"]), (0, 0, 0.0))
        self.assertFalse(any(bar["value"] for bar in json.loads(self.plan.dashboard_graph)[0]["values"]))

    def test_graph_holds_the_weeks_around_today(self):
        self._row(day=MONDAY - timedelta(days=1))  # Sunday of the week before
        self._row(day=MONDAY)
        self._row(day=MONDAY + timedelta(days=6))
        self._row(day=MONDAY + timedelta(days=7))
        self._row(day=MONDAY, state="skipped")
        self._row(day=MONDAY - timedelta(weeks=9))
        [graph] = json.loads(self.plan.dashboard_graph)
        self.assertEqual([bar["value"] for bar in graph["values"]], [0, 0, 0, 1, 2, 1, 0, 0])
        self.assertEqual([bar["type"] for bar in graph["values"]], ["past"] * 4 + ["future"] * 4)

    def test_one_query_counts_for_all_plans(self):
        """As many plans as one likes: their cards are counted together."""
        plans = self.plan | self.other | self.plan_new | self.plan_verify
        self._row()
        self._row(plan=self.other)
        self.env.flush_all()
        plans.mapped("planned_count")  # languages, companies, calendars are known from now on
        for some in (self.plan, plans):
            some.invalidate_recordset(["planned_count"])
            with self.assertQueryCount(1):
                some.mapped("planned_count")

    def test_agents_count_what_they_may_read(self):
        self._row(user_id=self.agent.id)
        self._row(user_id=self.agent_2.id, team_id=False)
        self.assertEqual(self._figures(self.plan, self.agent)["planned_count"], 1)
        self.assertEqual(self._figures(self.plan)["planned_count"], 2)

    def test_figures_are_what_their_buttons_open(self):
        self._row()
        self._row(day=MONDAY)
        self._row(day=MONDAY - timedelta(days=1))
        action = self.plan.action_view_followups()
        followups = self.env["aftersale.followup"].search(action["domain"])
        self.assertEqual(len(followups), self.plan.followup_count)
        self.assertEqual(len(followups.filtered("is_late")), self.plan.late_count)

    def test_preview_of_one_plan_is_calculated(self):
        row = self._row(day=WEDNESDAY + timedelta(days=5))
        self._row(day=WEDNESDAY + timedelta(days=5), plan=self.other)
        action = self.plan.with_user(self.supervisor).action_preview()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.line_ids.followup_id, row)

    def test_event_plan_counts_the_last_days(self):
        """By all orders, or concluded from the newest ones where there are many."""
        with freeze_time("2026-02-20 10:00:00"):
            for _n in range(4):
                order = self._order(partner=self.env["res.partner"].create({"name": "New", "email": "n@example.com"}))
                self._deliver(order)
        self.plan.customer_type = "any"
        everything = self.plan._count_events(self.company)
        self.assertGreaterEqual(everything, 4)
        self.assertEqual(self.plan.event_count, everything)
        orders = self.env["sale.order"].search_count(
            [("company_id", "=", self.company.id), ("state", "=", "sale"), ("date_order", ">=", "2026-02-02 10:00:00")]
        )
        self.assertEqual(self.plan._count_events(self.company, limit=2), orders, "Both of the newest ones fit.")

    # -- sentence ----------------------------------------------------------------

    def test_sentence_says_what_the_plan_does(self):
        plan = self.plan
        plan.write(
            {
                "occurrence": "every",
                "channel_ids": [Command.set((self.email | self.phone).ids)],
                "delay_min": 3,
                "delay_max": 7,
                "team_id": self.team.id,
            }
        )
        self.assertEqual(
            plan.sentence,
            "When an order is delivered, ask new customers, 3–7 working days later, by E-mail or Phone, "
            f"with the questionnaire “{plan.survey_id.display_name}”; the agents of “After-sales” share the work.",
        )
        plan.write({"customer_type": "existing", "customer_value": "high", "sampling_rate": 20, "delay_unit": "hours"})
        plan.write({"delay_min": 24, "delay_max": 24, "assign_method": "user", "user_id": self.agent.id})
        self.assertIn("ask 20 % of the existing customers of high value, 24 hours later,", plan.sentence)
        self.assertIn(f"{self.agent.name} answers for it.", plan.sentence)
        plan.write({"trigger": "periodic", "interval_months": 6, "delay_min": 0})
        self.assertTrue(plan.sentence.startswith("Every 6 months, ask"))
        self.assertIn("within 24 hours,", plan.sentence)

    def test_sentence_tells_every_touchpoint(self):
        days = [(3, 3, "days"), (10, 12, "working_days")]
        self.plan.touchpoint_ids = [
            Command.create({"delay_min": first, "delay_max": last, "delay_unit": unit}) for first, last, unit in days
        ]
        self.assertIn("3 days later and 10–12 working days later", self.plan.sentence)

    def test_sentence_follows_the_form(self):
        with Form(self.plan.with_user(self.manager)) as form:
            form.delay_max = 9
            self.assertIn("3–9 working days later", form.sentence)
            form.trigger = "sale"
            self.assertIn("When an order is confirmed", form.sentence)

    # -- lists -------------------------------------------------------------------

    def test_late_is_what_somebody_here_did_not_do(self):
        late = self._row(day=MONDAY) | self._row(day=MONDAY, state="ready", channel_id=self.phone.id)
        self._row()
        self._row(day=MONDAY, state="done", channel_id=self.phone.id)
        self._row(day=MONDAY, state="ready", channel_id=self.email.id)  # the customer's turn
        self._row(day=MONDAY, state="ready", channel_id=self.phone.id, date_call="2026-03-06 09:00:00")  # agreed
        rows = self.env["aftersale.followup"].search([("plan_id", "=", self.plan.id)])
        self.assertEqual(rows.filtered("is_late"), late)
        self.assertEqual(rows.search([("plan_id", "=", self.plan.id), ("is_late", "=", True)]), late)
        self.assertEqual(rows.search([("plan_id", "=", self.plan.id), ("is_late", "=", False)]), rows - late)

    def test_agreed_call_is_late_from_its_minute_on(self):
        """Whatever the planned day: neither before the agreed time nor only on the day after it."""
        plan_rows = [("plan_id", "=", self.plan.id)]
        now = datetime(2026, 3, 4, 10)
        minute = timedelta(minutes=1)
        rows = {
            (day, moment): self._row(day=day, state="ready", channel_id=channel.id, date_call=moment)
            for day in (MONDAY, WEDNESDAY, date(2026, 3, 6))
            for moment, channel in ((now - minute, self.phone), (now, self.email), (now + minute, self.phone))
        }
        late = self.env["aftersale.followup"].union(*(row for (_day, moment), row in rows.items() if moment <= now))
        found = self.env["aftersale.followup"].search(plan_rows)
        self.assertEqual(len(found), 9)
        self.assertEqual(found.filtered("is_late"), late.sorted())
        self.assertEqual(found.search([*plan_rows, ("is_late", "=", True)]), late.sorted())
        self.assertEqual(found.search([*plan_rows, ("is_late", "!=", True)]), (found - late).sorted())
        self.assertEqual(self._figures(self.plan)["late_count"], 6)

    def test_day_ends_where_the_company_is(self):
        """In Shanghai Thursday begins at 16:00 UTC, in New York thirteen hours later; each goes by its own day."""
        other = self.env["res.company"].create({"name": "Other"})
        for company, zone in ((self.company, "Asia/Shanghai"), (other, "America/New_York")):
            company.resource_calendar_id.tz = zone
        agreed = {"state": "ready", "channel_id": self.phone.id, "date_call": "2026-03-05 02:00:00"}
        here, call_here = self._row(), self._row(**agreed)
        there = {"company_id": other.id, "user_id": False, "team_id": False}
        rows = here | call_here | self._row(**there) | self._row(**there, **agreed)
        for moment, late, later in (("15:59", rows.browse(), call_here), ("16:00", here, rows.browse())):
            for first, second in (self.company | other, other | self.company):
                with freeze_time(f"2026-03-04 {moment}:00"), self.subTest(moment=moment, company=first.name):
                    seen = rows.with_context(allowed_company_ids=[first.id, second.id])
                    seen.invalidate_recordset()
                    for name, expected in (("is_late", late), ("is_postponed", later)):
                        self.assertEqual(seen.filtered(name), expected)
                        self.assertEqual(seen.search([("id", "in", rows.ids), (name, "=", True)]), expected)

    def test_call_agreed_for_later_is_not_of_today(self):
        now = datetime(2026, 3, 4, 10)
        row = self._row(state="ready", channel_id=self.phone.id)
        self.assertFalse(row.date_call, "Nothing is agreed; the link expires some day.")
        row._log_attempt("call_back", call_back_date=now + timedelta(hours=3))
        self.assertEqual((row.date_call, row.is_postponed), (now + timedelta(hours=3), False))
        row._log_attempt("call_back", call_back_date=now + timedelta(days=2))
        self.assertTrue(row.is_postponed)
        self.assertEqual(row.search([("plan_id", "=", self.plan.id), ("is_postponed", "=", True)]), row)
        with freeze_time("2026-03-06 08:00:00"):
            row.invalidate_recordset()
            self.assertFalse(row.is_postponed)
            self.assertFalse(row.search([("plan_id", "=", self.plan.id), ("is_postponed", "=", True)]))

    def test_agreed_time_stays_when_it_has_come(self):
        """The system's next step goes on to the end of the link; the agent still sees whom to call, and when."""
        row, other = (self._row(state="ready", channel_id=self.phone.id) for _n in range(2))
        agreed = datetime(2026, 3, 6, 14)
        row._log_attempt("call_back", call_back_date=agreed)
        with freeze_time("2026-03-06 14:05:00"):
            row._process_due()
            self.assertEqual((row.date_call, row.date_next), (agreed, row.date_expiry))
            view = self.env.ref("aftersale_followup.aftersale_followup_view_kanban_my")
            order = etree.fromstring(view.get_combined_arch()).get("default_order")
            self.assertEqual(row.search([("plan_id", "=", self.plan.id)], order=order), row + other)
        row._set_state("unreachable")
        self.assertFalse(row.date_call)

    def test_call_agreed_with_who_got_a_mail_is_on_the_list(self):
        row = self._row(state="ready", channel_id=self.email.id, user_id=self.agent.id)
        view = self.env.ref("aftersale_followup.aftersale_followup_view_search")
        [domain] = etree.fromstring(view.get_combined_arch()).xpath("//filter[@name='my_day']/@domain")
        found = row.search([*safe_eval(domain, {"uid": self.agent.id}), ("id", "=", row.id)])
        self.assertFalse(found, "The customer's turn.")
        row._log_attempt("call_back", call_back_date=datetime(2026, 3, 4, 15))
        found = row.search([*safe_eval(domain, {"uid": self.agent.id}), ("id", "=", row.id)])
        self.assertEqual(found, row)
        row.sudo().date_planned = "2026-03-06"  # who was asked before the day may want the call today
        found = row.search([*safe_eval(domain, {"uid": self.agent.id}), ("id", "=", row.id)])
        self.assertEqual(found, row)

    def test_link_outlives_the_agreed_call(self):
        row = self._row(state="ready", channel_id=self.phone.id)
        agreed = row.date_expiry + timedelta(days=3)
        row._log_attempt("call_back", call_back_date=agreed)
        with freeze_time(agreed + timedelta(hours=1)), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()
        self.assertEqual(row.state, "ready")

    def test_ranks_sort_as_they_go_before_one_another(self):
        ranks = ["periodic", "new", "safety", "pilot", "verification"]
        rows = {rank: self._row(contact_class=rank) for rank in ranks}
        found = self.env["aftersale.followup"].search([("plan_id", "=", self.plan.id)], order="contact_class, id")
        self.assertEqual(
            found.mapped("contact_class"), ["safety", "verification", "new", "pilot", "periodic"], str(rows)
        )

    def test_number_is_shown_to_who_is_in_charge(self):
        self.company.aftersale_masking = True
        row = self._row(user_id=self.agent.id)
        self.assertEqual(row.with_user(self.agent).contact_number, "+8613800001234")
        self.assertNotIn("00001234", row.with_user(self.supervisor).contact_number)

    # -- buttons on what was sold ------------------------------------------------

    def test_lot_leads_to_the_follow_ups_of_its_deliveries(self):
        tracked = self._product("Boiler", quantity=0)
        tracked.tracking = "serial"
        lots = self.env["stock.lot"].create([{"name": name, "product_id": tracked.id} for name in ("B1", "B2")])
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(tracked, self.warehouse.lot_stock_id, 1, lot_id=lot)
        order = self._order(products=tracked)
        self._deliver(order)
        shipped = order.picking_ids.move_line_ids.lot_id
        self.assertEqual(shipped.with_user(self.manager).aftersale_followup_count, len(order.aftersale_followup_ids))
        self.assertTrue(order.aftersale_followup_ids)
        self.assertEqual((lots - shipped).aftersale_followup_count, 0)
        action = shipped.action_aftersale_followups()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), order.aftersale_followup_ids)

    def test_product_leads_to_its_issues(self):
        issue = self._issue()
        template = self.product.product_tmpl_id
        self.assertEqual(template.aftersale_issue_count, 1)
        action = template.action_aftersale_issues()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), issue)
        self.assertEqual(template.with_user(self._user("asf_nobody", "base.group_user")).aftersale_issue_count, 0)
