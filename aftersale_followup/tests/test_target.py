import json
from collections import Counter
from unittest.mock import patch

from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, freeze_time, tagged

from ..models.sampling import largest_remainder
from .common import AftersaleCase

PLANNING = "odoo.addons.aftersale_followup.models.aftersale_target_plan"
COLUMNS = [
    "Customer No.",
    "Customer",
    "Contact Name",
    "Contact Data",
    "Type of Customer",
    "Segment",
    "Products Bought",
    "Last Order",
    "Complaints in 12 Months",
    "Last Contact",
    "Last Score",
]


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestTarget(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sale.order"].search([("company_id", "=", cls.company.id), ("state", "=", "sale")]).write(
            {"state": "cancel"}
        )
        cls.plan = cls.env.ref("aftersale_followup.plan_pilot")
        cls.plan.date_start = "2020-01-01"
        cls.lamp = cls._product("Lamp")
        teams = [{"name": name, "company_id": cls.company.id} for name in ("North", "South", "West")]
        cls.north, cls.south, cls.west = cls.env["crm.team"].create(teams)

    @classmethod
    def _buyers(cls, count, product=None, date="2025-06-01 10:00:00", team=None, prefix="Buyer", **partner):
        """Return customers who bought ``product`` on ``date`` from ``team``."""
        values = [
            {"name": f"{prefix} {n:03d}", "email": f"{prefix.lower()}{n}@example.com", **partner} for n in range(count)
        ]
        partners = cls.env["res.partner"].create(values)
        for partner in partners:
            order = cls._order(partner=partner, products=product, confirm=False)
            order.write({"state": "sale", "date_order": date, "team_id": (team or cls.north).id})
        return partners

    def _target(self, user=None, draw=True, **values):
        target = self.env["aftersale.target"].with_user(user or self.supervisor)
        target = target.create({"plan_id": self.plan.id, **values})
        if draw:
            target.action_draw()
        return target

    def _customers(self, target):
        return target.line_ids.partner_id.commercial_partner_id

    def _rows(self, target):
        return self.env["aftersale.followup"].search([("target_id", "=", target.id)])

    # -- criteria ------------------------------------------------------------

    def test_each_criterion_chooses(self):
        early = self._buyers(2, self.lamp, "2025-01-10 10:00:00", prefix="Early")
        late = self._buyers(2, self.lamp, "2026-02-20 10:00:00", self.south, prefix="Late", city="Wuhan")
        kettle = self._buyers(2, self.product, "2025-05-01 10:00:00", prefix="Kettle")
        prospect = self.env["res.partner"].create({"name": "Prospect", "email": "prospect@example.com"})
        complainer = early[0]
        self._issue(partner_id=complainer.id, kind="complaint", team_id=False)
        self.company.aftersale_high_value = 500.0
        self.env["sale.order"].search([("partner_id", "=", kettle[0].id)]).order_line.price_unit = 900.0
        everybody = early | late | kettle
        category = self.env["product.category"].create({"name": "Lighting"})
        self.lamp.categ_id = self.env["product.category"].create({"name": "Lamps", "parent_id": category.id})
        cases = [
            ({}, everybody),
            ({"product_ids": [Command.set(self.lamp.ids)]}, early | late),
            ({"product_category_ids": [Command.set(category.ids)]}, early | late),
            ({"date_from": "2025-05-01", "date_to": "2025-05-01"}, kettle),
            ({"team_ids": [Command.set(self.south.ids)]}, late),
            ({"customer_type": "new"}, late),
            ({"customer_type": "existing"}, early | kettle),
            ({"customer_value": "high"}, kettle[0]),
            ({"customer_value": "other"}, everybody - kettle[0]),
            ({"complaint": "had", "complaint_months": 6}, complainer),
            ({"complaint": "none"}, everybody - complainer),
            ({"partner_domain": "[('city', '=', 'Wuhan')]"}, late),
        ]
        for values, expected in cases:
            with self.subTest(values=values):
                target = self._target(**values)
                self.assertEqual(set(self._customers(target)), set(expected))
                self.assertEqual(target.candidate_count, len(expected))
        found = self._customers(self._target(only_customers=False))
        self.assertIn(prospect, found, "A plan by hand may ask people who never bought.")

    def test_one_contact_of_a_company_the_one_who_ordered_last(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True, "city": "Xian"})
        people = self._buyers(2, prefix="Person", parent_id=firm.id)
        last = self._order(partner=people[1], confirm=False)
        last.write({"state": "sale", "date_order": "2025-12-01 10:00:00"})
        target = self._target(partner_domain="[('city', '=', 'Xian'), ('is_company', '=', True)]")
        self.assertEqual(target.line_ids.partner_id, people[1])
        self.assertEqual(target.line_ids.customer_name, "Firm")

    def test_other_companies_orders_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other company"})
        partners = self._buyers(1)
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        self.env["sale.order"].search([("partner_id", "=", partners.id)]).write(
            {"company_id": other.id, "warehouse_id": warehouse.id, "team_id": False}
        )
        self.assertFalse(self._target().line_ids)

    def test_a_filter_that_cannot_be_used_is_refused(self):
        with self.assertRaises(ValidationError):
            self._target(draw=False, partner_domain="[('no_such_field', '=', 1)]")

    # -- sample --------------------------------------------------------------

    def test_same_seed_draws_the_same_customers(self):
        self._buyers(40)
        draw = {"sample_method": "size", "sample_size": 10}
        first = self._customers(self._target(seed=4711, **draw))
        self.assertEqual(len(first), 10)
        self.assertEqual(self._customers(self._target(seed=4711, **draw)), first)
        self.assertNotEqual(self._customers(self._target(seed=4712, **draw)), first)
        again = self._target(seed=4711, **draw)
        again.action_draw()
        self.assertEqual(self._customers(again), first)

    def test_a_new_customer_does_not_reshuffle_the_draw(self):
        self._buyers(30)
        draw = {"seed": 7, "sample_method": "size", "sample_size": 10}
        before = set(self._customers(self._target(**draw)).ids)
        self._buyers(1, prefix="Newcomer")
        after = set(self._customers(self._target(**draw)).ids)
        self.assertGreaterEqual(len(before & after), 9)

    def test_share_of_the_customers(self):
        self._buyers(30)
        self.assertEqual(self._target(sample_method="percent", sample_percent=10).line_count, 3)
        self.assertEqual(self._target(sample_method="percent", sample_percent=0.1).line_count, 1)
        self.assertEqual(self._target(sample_method="size", sample_size=99).line_count, 30)

    def test_strata_have_their_share_by_largest_remainder(self):
        self._buyers(23, team=self.north, prefix="N")
        self._buyers(12, team=self.south, prefix="S")
        self._buyers(5, team=self.west, prefix="W")
        target = self._target(sample_method="size", sample_size=10, is_stratified=True)
        drawn = Counter(target.sudo().line_ids.mapped(lambda line: line.order_id.team_id.name))
        # 5.75, 3.0 and 1.25 seats
        self.assertEqual(drawn, {"North": 6, "South": 3, "West": 1})
        self.assertIn("North: 6 of 23", target.strata)

    def test_largest_remainder_always_sums_up(self):
        for counts in ({1: 1}, {1: 7, 2: 7, 3: 7}, {0: 100, 5: 1, 9: 33}, {3: 2, 4: 3, 8: 5, 9: 1}):
            for size in range(sum(counts.values()) + 1):
                with self.subTest(counts=counts, size=size):
                    seats = largest_remainder(counts, size)
                    self.assertEqual(sum(seats.values()), size)
                    for key, count in counts.items():
                        quota = count * size / sum(counts.values())
                        self.assertLess(abs(seats[key] - quota), 1)
                        self.assertLessEqual(seats[key], count)
        self.assertEqual(largest_remainder({}, 0), {})

    # -- what is shown before ------------------------------------------------

    def test_missing_and_doubled_contact_data_is_marked(self):
        partners = self._buyers(5)
        partners[0].email = False
        partners[1].email = "Buyer2@Example.com"
        target = self._target()
        marks = {line.partner_id: line.contact_state for line in target.line_ids}
        self.assertEqual([marks[partner] for partner in partners], ["missing", "doubled", "doubled", False, False])
        self.assertEqual((target.missing_count, target.doubled_count), (1, 2))
        mute = target.line_ids.filtered(lambda one: one.partner_id == partners[0])
        self.assertEqual(mute.skip_reason, "no_contact")
        line = target.line_ids.filtered(lambda one: one.partner_id == partners[1])
        line.is_chosen = False
        self.assertEqual((target.chosen_count, target.doubled_count), (4, 0))
        line.is_chosen = True
        self.assertEqual(target.doubled_count, 2)
        target.action_drop_doubles()
        self.assertEqual((target.chosen_count, target.doubled_count), (4, 0))

    def test_who_is_not_contacted_is_told_before_and_so_it_happens(self):
        partners = self._buyers(6)
        staff = partners[0]
        self._user("asf_buyer", "aftersale_followup.group_agent").partner_id = staff
        self.env["aftersale.optout"].create({"key": partners[1].email_normalized, "partner_id": partners[1].id})
        self._issue(partner_id=partners[2].id)
        recent = self._planned(partner=partners[3], plan=self.plan)
        target = self._target()
        told = {line.partner_id: (line.skip_reason, line.date_planned) for line in target.line_ids}
        self.assertEqual(told[staff][0], "staff")
        self.assertEqual(told[partners[1]][0], "opt_out")
        self.assertEqual(told[partners[2]][0], "open_issue")
        self.assertFalse(told[partners[4]][0])
        self.assertTrue(told[partners[4]][1])
        self.assertEqual(self.env["aftersale.followup"].search([("partner_id", "in", partners.ids)]), recent)
        target.action_plan()
        for partner, (reason, day) in told.items():
            with self.subTest(partner=partner.name):
                rows = self._rows(target).filtered(lambda f, p=partner: f.partner_id == p)
                self.assertEqual(len(rows), 3, "Every customer leaves a row for each touchpoint.")
                held = rows.filtered(lambda f: f.state == "planned")
                if reason:
                    self.assertFalse(held)
                    self.assertIn(reason, rows.mapped("skip_reason"))
                else:
                    self.assertEqual(min(held.mapped("date_planned")), day)

    def test_who_fits_the_list_but_not_the_plan_is_told(self):
        self._buyers(2, self.lamp)
        self.plan.product_ids = self.product
        target = self._target()
        self.assertEqual(set(target.line_ids.mapped("skip_reason")), {"outside"})
        self.assertEqual(target.contact_count, 0)

    # -- planning ------------------------------------------------------------

    def test_planned_once_however_often_pressed(self):
        partners = self._buyers(3, self.lamp)
        target = self._target(product_ids=[Command.set(self.lamp.ids)])
        self.assertFalse(self._rows(target), "Nothing is planned before Plan is pressed.")
        target.action_plan()
        rows = self._rows(target)
        self.assertEqual(len(rows), 9)
        touchpoints = self.plan.touchpoint_ids
        expected = {f"target:{target.id}:{p.id}:{t.id}" for p in partners for t in touchpoints}
        self.assertEqual(set(rows.mapped("origin")), expected)
        self.assertEqual(rows.product_ids, self.lamp)
        self.assertIn(str(target.seed), rows[0].explanation)
        target.action_plan()
        self.plan._plan_followups("manual", target.sudo().line_ids)
        self.assertEqual(self._rows(target), rows)
        self.assertEqual((target.state, target.confirmed_by_id), ("planned", self.supervisor))

    def test_taken_out_is_not_planned(self):
        partners = self._buyers(2)
        target = self._target()
        target.line_ids[0].is_chosen = False
        out = target.line_ids[0].partner_id
        target.action_plan()
        self.assertEqual(self._rows(target).partner_id, partners - out)

    def test_long_lists_are_planned_by_the_cron_in_batches(self):
        self._buyers(7)
        target = self._target()
        with patch(f"{PLANNING}.BATCH", 3):
            target.action_plan()
            self.assertEqual(target.state, "planning")
            self.assertFalse(self._rows(target))
            target.sudo()._plan_batch(target.sudo()._get_waiting()[:3])
            self.assertEqual(len(target.sudo()._get_waiting()), 4)
            self.assertEqual(len(self._rows(target).partner_id), 3)
            with self.enter_registry_test_mode():
                self.env.ref("aftersale_followup.ir_cron_target").method_direct_trigger()
        self.assertEqual(target.state, "planned")
        self.assertEqual(len(self._rows(target)), 21)

    def test_one_bad_customer_does_not_stop_the_others(self):
        partners = self._buyers(3)
        target = self._target()
        Line = self.env.registry["aftersale.target.line"]
        occasions = Line._aftersale_occasions

        def fail(lines, trigger):
            if partners[1] in lines.partner_id:
                raise ValueError("Broken")
            return occasions(lines, trigger)

        self.patch(Line, "_aftersale_occasions", fail)
        with self.assertLogs("odoo.addons.aftersale_followup.models.aftersale_plan_sweep", "WARNING"):
            target.action_plan()
            self.assertEqual(self._rows(target).partner_id, partners - partners[1])
            self.assertEqual(target.state, "planning", "It is tried again.")
            self._cron_target()
            self.assertEqual(target.state, "planning")
            self._cron_target()
        self.assertEqual(target.state, "planned", "Tried three times, then left alone.")
        line = target.line_ids.filtered(lambda line: line.partner_id == partners[1])
        self.assertEqual((line.skip_reason, line.tries), ("failed", 3))
        self.assertIn("Broken", line.explanation)
        self.assertIn("Broken", self.plan.error_message)

    def _cron_target(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_target").method_direct_trigger()
        self.env.invalidate_all()

    def test_who_is_in_the_hands_of_another_worker_is_planned_later(self):
        self._buyers(2)
        target = self._target()
        Plan = self.env.registry["aftersale.plan"]
        with (
            patch.object(Plan, "_store", side_effect=LockError("busy")),
            self.assertLogs("odoo.addons.aftersale_followup.models.aftersale_plan_sweep", "WARNING"),
        ):
            target.action_plan()
        self.assertEqual((target.state, set(target.line_ids.mapped("is_done"))), ("planning", {False}))
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("aftersale_followup.ir_cron_target").id)]
        )
        self.assertTrue(trigger, "The next try does not wait for anybody.")
        self._cron_target()
        self.assertEqual(target.state, "planned")
        self.assertEqual(len(self._rows(target).partner_id), 2)
        self.assertFalse(any(target.line_ids.mapped("skip_reason")))

    def test_changed_criteria_want_a_new_draw(self):
        self._buyers(2)
        target = self._target()
        target.seed += 1
        self.assertTrue(target.is_stale)
        with self.assertRaises(UserError):
            target.action_plan()
        target.action_draw()
        target.action_plan()
        with self.assertRaises(UserError):
            target.seed += 1
        with self.assertRaises(UserError):
            target.action_draw()
        with self.assertRaises(UserError):
            target.unlink()

    def test_paused_plan_and_empty_list_are_refused(self):
        target = self._target()
        with self.assertRaises(UserError):
            target.action_plan()
        self._buyers(1)
        target.action_draw()
        self.plan.active = False
        with self.assertRaises(UserError):
            target.action_plan()

    # -- columns and export --------------------------------------------------

    def test_columns_of_the_export(self):
        partner = self._buyers(1, self.lamp, prefix="=Evil")
        partner.write({"ref": "K-7", "phone": "+8613800001234", "email": False})
        self._issue(partner_id=partner.id, kind="complaint").write({"state": "cancelled", "cancel_reason": "Twice"})
        followup = self._ready(partner=partner)
        followup.date_sent = "2026-02-20 03:00:00"
        self._feedback(followup, score=2)  # opens the one complaint that counts
        target = self._target()
        template = self.env.ref("aftersale_followup.export_target_list")
        names = template.export_fields.sorted("id").mapped("name")
        labels = [target.line_ids._fields[name]._description_string(self.env) for name in names]
        self.assertEqual(labels, COLUMNS)
        self.company.aftersale_masking = True
        values = target.line_ids._export_rows([[name] for name in names])[0]
        self.assertEqual(
            [str(value) for value in values],
            [
                "K-7",
                "'=Evil 000",
                "'=Evil 000",
                "138****1234",
                "Existing customer",
                "Other",
                "Lamp",
                "2025-06-01",
                "1",
                "2026-02-20",
                "2",
            ],
        )

    def test_export_over_the_web_client_is_plain_text(self):
        self._buyers(1, prefix="=Evil")
        target = self._target()
        lines = target.line_ids.with_user(self.supervisor)
        with self.assertRaises(UserError):
            lines.export_data(["customer_name"])  # who may export is Odoo's to say
        self.supervisor.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        data = lines.export_data(["customer_name", "last_score"])["datas"]
        self.assertEqual(data, [["'=Evil 000", ""]])

    def test_all_touchpoints_of_a_pilot_are_held(self):
        """They are one series: the cap of one contact of a kind in 30 days does not stand between them."""
        self._buyers(1)
        target = self._target()
        target.action_plan()
        rows = target.sudo().followup_ids.sorted("date_planned")
        days = [Date.to_date(day) for day in ("2026-03-05", "2026-03-16", "2026-05-01")]
        self.assertEqual(rows.mapped("date_planned"), days)
        for row in rows:
            with freeze_time(row.date_next):
                row._contact()
                self.assertEqual(row.state, "ready", row.explanation)
                self.env.flush_all()
                self.env.invalidate_all()

    def test_two_lists_of_one_plan_are_no_series(self):
        self._buyers(1)
        lists = [self._target(), self._target()]
        lists[0].action_plan()
        day = Date.to_date("2026-03-26")
        row = self._planned(plan=self.plan, partner=lists[0].line_ids.partner_id, date_planned=day, date_deadline=day)
        for target, forbidden in ((lists[1], True), (lists[0], False)):
            row.target_id = target
            ledger = self.plan._get_ledger(row)
            rule = self.plan._get_cap(ledger, row).rule(day)
            self.assertEqual("of the same kind" in (rule or ""), forbidden, "10 days after the touchpoint of 16 March.")

    def test_queries_do_not_grow_with_the_list(self):
        self._buyers(5, prefix="Few")
        few, many = self._target(draw=False), self._target(draw=False)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        few.action_draw()
        small = self.env.cr.sql_log_count - before
        self._buyers(45, prefix="Many")
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        many.action_draw()
        large = self.env.cr.sql_log_count - before
        self.assertEqual(many.line_count, 50)
        self.assertLessEqual(large, small + 5)

    # -- access --------------------------------------------------------------

    def test_agents_choose_nobody(self):
        with self.assertRaises(AccessError):
            self._target(user=self.agent, draw=False)
        with self.assertRaises(AccessError):
            self._target().with_user(self.agent).action_plan()

    def test_supervisors_see_their_own_lists_managers_all(self):
        other = self._user("asf_supervisor_two", "aftersale_followup.group_supervisor")
        target = self._target(draw=False)
        self.assertFalse(target.with_user(other).has_access("read"))
        self.assertTrue(target.with_user(self.manager).has_access("write"))
        company = self.env["res.company"].create({"name": "Other company"})
        foreign = self.env["aftersale.target"].create(
            {"plan_id": self.plan.id, "company_id": company.id, "user_id": self.manager.id}
        )
        self.assertFalse(foreign.with_user(self.manager).has_access("read"))

    def test_a_list_proves_what_was_drawn(self):
        self._buyers(2)
        target = self._target()
        for record, values in (
            (target, {"state": "planned"}),
            (target, {"candidate_count": 5}),
            (target.line_ids, {"partner_id": self.partner.id}),
            (target.line_ids, {"skip_reason": False}),
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                record.write(values)
        with self.assertRaises(AccessError):
            target.line_ids.create({"target_id": target.id, "partner_id": self.partner.id})
        forged = self.env["aftersale.target"].with_user(self.supervisor)
        forged = forged.create({"plan_id": self.plan.id, "state": "planned", "candidate_count": 9})
        self.assertEqual((forged.state, forged.candidate_count), ("draft", 0))

    def test_form_of_a_new_list_from_the_plan(self):
        self._buyers(3)
        action = self.plan.with_user(self.supervisor).action_choose_customers()
        form = Form(self.env["aftersale.target"].with_user(self.supervisor).with_context(**action["context"]))
        self.assertEqual(form.plan_id, self.plan)
        self.assertIn(self.plan.name, form.name)
        target = form.save()
        target.action_draw()
        with Form(target) as form, form.line_ids.edit(0) as line:
            line.is_chosen = False
        self.assertEqual(target.chosen_count, 2)
        self.assertEqual(json.loads(json.dumps(target.sudo().drawn_by)), target._get_criteria())
