from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestRipple(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env.ref("aftersale_followup.plan_safety")
        cls.plan.date_start = "2020-01-01"
        cls.hazard = cls.env["aftersale.tag"].search([("is_safety", "=", True)], limit=1)
        cls.heater = cls.env["product.product"].create({"name": "Heater", "is_storable": True, "tracking": "lot"})
        cls.lot_a, cls.lot_b = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.heater.id, "company_id": cls.company.id} for name in ("LOT-A", "LOT-B")]
        )
        for lot in (cls.lot_a, cls.lot_b):
            cls.env["stock.quant"]._update_available_quantity(cls.heater, cls.warehouse.lot_stock_id, 100, lot_id=lot)

    def _buyer(self, name, lot, product=None):
        """Return (customer, delivery) of a customer who received a heater of ``lot``."""
        partner = self.env["res.partner"].create(
            {
                "name": name,
                "email": f"{name.lower()}@example.com",
                "phone": f"+8613900{len(name):02}{ord(name[0]):04}",
            }
        )
        order = self._order(partner=partner, products=product or self.heater)
        picking = order.picking_ids
        if not product:
            move = picking.move_ids
            move.move_line_ids.unlink()
            move.move_line_ids = [
                Command.create(
                    {
                        "product_id": self.heater.id,
                        "lot_id": lot.id,
                        "quantity": 1,
                        "picking_id": picking.id,
                        "location_id": picking.location_id.id,
                        "location_dest_id": picking.location_dest_id.id,
                    }
                )
            ]
            move.picked = True
            picking.button_validate()
        else:
            self._deliver(order)
        self.assertEqual(picking.state, "done")
        return partner, picking

    def _return(self, picking):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(back.state, "done")

    def _hazard_issue(self, partner, **values):
        return self._issue(
            partner_id=partner.id, product_id=self.heater.id, tag_ids=[Command.set(self.hazard.ids)], **values
        )

    def _check(self, issue, user=None):
        """Press the button as ``user``, default the supervisor; return the list it opens."""
        action = issue.with_user(user or self.supervisor).action_check_buyers()
        return self.env["aftersale.target"].with_user(user or self.supervisor).browse(action["res_id"])

    def test_every_other_buyer_but_the_reporter_and_who_returned_it(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        same, _delivery = self._buyer("Same", self.lot_a)
        other, _delivery = self._buyer("Other", self.lot_b)
        returned, delivery = self._buyer("Returned", self.lot_a)
        self._return(delivery)
        self._buyer("Kettle", None, product=self.product)
        issue = self._hazard_issue(reporter)
        target = self._check(issue)
        self.assertEqual(target.line_ids.partner_id, same | other)
        self.assertNotIn(returned, target.line_ids.partner_id)
        self.assertEqual(sorted(target.line_ids.mapped("lots")), ["LOT-A", "LOT-B"], "Drawn in any order.")
        issue.lot_ids = self.lot_a
        self.assertEqual(self._check(issue), target, "Not planned yet: the same list is drawn afresh.")
        self.assertEqual(target.line_ids.partner_id, same)

    def test_buyers_of_a_kit_are_found_by_its_parts(self):
        kit = self.env["product.product"].create({"name": "Heater and hose", "type": "consu"})
        orders = self.env["sale.order"]
        for name in ("Ada", "Benn"):
            partner, picking = self._buyer(name, self.lot_a)
            order = self._order(partner=partner, products=kit)
            # As a phantom bill of materials has it: the kit is sold, its parts are moved.
            picking.move_ids.sale_line_id = order.order_line
            orders |= order
        self._buyer("Cleo", self.lot_b)
        issue = self._issue(
            partner_id=orders[0].partner_id.id,
            product_id=kit.id,
            order_id=orders[0].id,
            tag_ids=[Command.set(self.hazard.ids)],
        )
        self.assertEqual(issue.lot_ids, self.lot_a, "The lot of the part that was delivered.")
        self.assertEqual(self._check(issue).line_ids.partner_id, orders[1].partner_id)

    def test_twice_pressed_plans_nobody_twice(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        buyer, _delivery = self._buyer("Buyer", self.lot_a)
        issue = self._hazard_issue(reporter)
        target = self._check(issue)
        target.action_plan()
        row = issue.ripple_followup_ids
        self.assertEqual(row.origin, f"ripple:{issue.id}:{buyer.id}")
        self.assertEqual((row.plan_id, row.contact_class, row.product_ids), (self.plan, "safety", self.heater))
        self.assertEqual(self._check(issue), target)
        target.action_plan()
        self.plan._plan_followups("manual", target.sudo().line_ids)
        self.assertEqual(issue.ripple_followup_ids, row)
        late, _delivery = self._buyer("Latecomer", self.lot_a)
        second = self._check(issue)
        self.assertNotEqual(second, target)
        self.assertEqual(second.line_ids.partner_id, late)
        second.action_plan()
        self.assertEqual(len(issue.ripple_followup_ids), 2)

    def test_safety_calls_are_exempt_from_the_cap_and_from_open_issues(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        buyer, _delivery = self._buyer("Buyer", self.lot_a)
        contacted = self._ready(partner=buyer)
        self.assertEqual(contacted.state, "ready")
        self._issue(partner_id=buyer.id)
        issue = self._hazard_issue(reporter)
        self._check(issue).action_plan()
        row = issue.ripple_followup_ids
        self.assertEqual(row.state, "planned")
        row._contact()
        self.assertEqual((row.state, row.channel_id.code), ("ready", "phone"))

    def test_who_opted_out_is_warned_by_a_supervisor_only(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        before, _delivery = self._buyer("Before", self.lot_a)
        after, _delivery = self._buyer("Afterwards", self.lot_a)
        self.env["aftersale.optout"].create({"key": before.email, "partner_id": before.id})
        issue = self._hazard_issue(reporter)
        self._check(issue).action_plan()
        rows = issue.ripple_followup_ids
        early = rows.filtered(lambda row: row.partner_id == before)
        self.assertEqual((early.state, early.user_id), ("planned", self.supervisor))
        self.assertIn("A supervisor calls all the same", early.explanation)
        self.plan.phone_first = False  # a mail would come first, were it allowed
        self.env["aftersale.optout"].create({"key": after.email, "partner_id": after.id})
        rows._contact()
        for row in rows:
            self.assertEqual((row.state, row.channel_id.code, row.user_id), ("ready", "phone", self.supervisor))
            self.assertEqual(row.explanation.count("A supervisor calls all the same"), 1)
            self.assertFalse(row.attempt_ids, "Nothing was sent.")
        rows.user_id = self.agent
        with self.assertRaisesRegex(AccessError, "only a supervisor may call"):
            early.with_user(self.agent).action_open_call()
        self.assertEqual(early.with_user(self.supervisor).action_open_call()["tag"], "aftersale_followup.console")

    def test_opted_out_without_a_number_gets_no_message_about_a_hazard(self):
        self.env["aftersale.optout"].create({"key": self.partner.email, "partner_id": self.partner.id})
        self.partner.phone = False
        row = self._planned(plan=self.plan)
        row._contact()
        self.assertEqual((row.state, row.skip_reason), ("skipped", "opt_out"))

    def test_a_ripple_answer_verifies_nothing_and_opens_the_buyers_own_issue(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        buyer, _delivery = self._buyer("Buyer", self.lot_a)
        issue = self._hazard_issue(reporter, user_id=self.agent.id)
        self._check(issue).action_plan()
        issue.state = "processing"
        issue.write({"root_cause": "Bad batch", "solution": "Exchanged", "state": "done"})
        row = issue.ripple_followup_ids
        self.assertFalse(row.issue_id)
        self.assertNotIn(row, issue.verification_followup_ids)
        row._contact()
        feedback = self._feedback(
            row, score=1, resolved="no", detail="It smokes", tag_ids=[Command.set(self.hazard.ids)]
        )
        self.assertEqual(issue.state, "done", "Another customer's answer does not reopen it.")
        self.assertNotIn(feedback, issue.feedback_ids)
        self.assertEqual(feedback.issue_ids.partner_id, buyer)
        self.assertNotIn(issue.title, row._get_placeholders().values(), "What was reported is not told to others.")
        issue.invalidate_recordset()
        self.assertEqual(
            (issue.ripple_count, issue.ripple_reached, issue.ripple_answered, issue.ripple_problems), (1, 1, 1, 1)
        )

    def test_progress_counts_who_was_reached(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        for name in ("One", "Two", "Three"):
            self._buyer(name, self.lot_a)
        issue = self._hazard_issue(reporter)
        self._check(issue).action_plan()
        rows = issue.ripple_followup_ids
        rows._contact()
        rows[0]._log_attempt("no_answer")
        rows[1]._log_attempt("reached")
        issue.invalidate_recordset()
        self.assertEqual((issue.ripple_count, issue.ripple_planned, issue.ripple_reached), (3, 3, 1))

    def test_other_companies_buyers_are_left_alone(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        _buyer, delivery = self._buyer("Buyer", self.lot_a)
        company = self.env["res.company"].create({"name": "Other company"})
        self.env.cr.execute(
            "UPDATE stock_move_line SET company_id = %s WHERE picking_id = %s", [company.id, delivery.id]
        )
        self.assertFalse(self._check(self._hazard_issue(reporter)).line_ids)

    def test_only_hazards_and_recurring_problems_of_a_product(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        plain = self._issue(partner_id=reporter.id, product_id=self.heater.id)
        self.assertFalse(plain.can_ripple)
        with self.assertRaises(UserError):
            self._check(plain)
        self.assertTrue(self._hazard_issue(reporter).can_ripple)
        no_product = self._hazard_issue(reporter)
        no_product.product_id = False
        self.assertFalse(no_product.can_ripple)
        for _time in range(3):
            partner = self.env["res.partner"].create({"name": "Voice", "email": f"voice{_time}@example.com"})
            ready = self._ready(partner=partner, product_ids=[Command.set(self.heater.ids)])
            self._feedback(ready, score=4, tag_ids=[Command.set(plain.tag_ids.ids)])
        plain.invalidate_recordset()
        self.assertTrue(plain.can_ripple, "Three times within the window is recurring.")

    def test_agents_do_not_start_a_ripple(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        issue = self._hazard_issue(reporter, user_id=self.agent.id)
        with self.assertRaises(AccessError):
            self._check(issue, user=self.agent)

    def test_a_lot_leads_to_its_issues(self):
        reporter, _delivery = self._buyer("Reporter", self.lot_a)
        issue = self._hazard_issue(reporter)
        issue.lot_ids = self.lot_a
        self.assertEqual((self.lot_a.aftersale_issue_count, self.lot_b.aftersale_issue_count), (1, 0))
        action = self.lot_a.action_aftersale_issues()
        self.assertEqual(self.env["aftersale.issue"].search(action["domain"]), issue)
