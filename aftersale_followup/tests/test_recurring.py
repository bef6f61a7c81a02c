from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestRecurring(AftersaleCase):
    """A problem comes up again: one tag with one product, or one lot, 3 times in 30 days, over all customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env.ref("aftersale_followup.tag_functional_defect")
        cls.other_tag = cls.env.ref("aftersale_followup.tag_cosmetic_defect")
        cls.praise = cls.env.ref("aftersale_followup.tag_praise")
        cls.part = cls.env["product.product"].create({"name": "Element", "is_storable": True, "tracking": "lot"})
        cls.lots = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.part.id, "company_id": cls.company.id} for name in ("LOT-A", "LOT-B")]
        )
        for lot in cls.lots:
            cls.env["stock.quant"]._update_available_quantity(cls.part, cls.warehouse.lot_stock_id, 100, lot_id=lot)
        cls.number = 0

    def _said(self, tag=None, **values):
        type(self).number += 1
        partner = self.env["res.partner"].create({"name": f"C{self.number}", "email": f"c{self.number}@example.com"})
        values = {"score": 4, "tag_ids": [Command.set((tag or self.tag).ids)], "is_tag_confirmed": True, **values}
        return self._feedback(self._planned(partner=partner, state="ready"), **values)

    def _kit_order(self, lot):
        """Return (order, kit): a kit of its own, delivered with a part of ``lot``, as Manufacturing explodes it."""
        kit = self.env["product.product"].create({"name": "Kit", "type": "service"})
        order = self._order(products=self.part | kit)
        move = order.picking_ids.move_ids
        move.sale_line_id = order.order_line.filtered(lambda line: line.product_id == kit)
        move.move_line_ids.unlink()
        move.move_line_ids = [
            Command.create(
                {
                    "product_id": self.part.id,
                    "lot_id": lot.id,
                    "quantity": 1,
                    "picking_id": move.picking_id.id,
                    "location_id": move.location_id.id,
                    "location_dest_id": move.location_dest_id.id,
                }
            )
        ]
        move.picked = True
        move.picking_id.button_validate()
        self.assertEqual(move.state, "done")
        return order, kit

    def _said_of_lot(self, lot, **values):
        order, kit = self._kit_order(lot)
        return self._said(order_id=order.id, product_ids=[Command.set(kit.ids)], **values)

    def _move_back(self, days):
        for feedback in self.env["aftersale.feedback"].search([("tag_ids", "in", self.tag.ids)]):
            feedback.date -= timedelta(days=days)

    # -- what counts ---------------------------------------------------------------

    def test_same_tag_and_product(self):
        self.assertEqual([self._said().is_recurring for _time in range(4)], [False, False, True, True])

    def test_other_tag_product_company_or_time_is_another_problem(self):
        self._said(), self._said()
        toaster = self._product("Toaster", quantity=0)
        for values in ({"tag": self.other_tag}, {"product_ids": [Command.set(toaster.ids)]}, {"product_ids": False}):
            with self.subTest(values=values):
                self.assertFalse(self._said(**values).is_recurring)
        self._move_back(31)
        self.assertFalse(self._said().is_recurring)

    def test_praise_never_recurs(self):
        self.assertFalse(any(self._said(tag=self.praise, score=5).is_recurring for _time in range(3)))

    def test_without_a_product_on_both(self):
        said = [self._said(product_ids=False) for _time in range(3)]
        self.assertEqual([feedback.is_recurring for feedback in said], [False, False, True])

    def test_corrected_answer_counts_once(self):
        first = self._said()
        self._feedback(first.followup_id, score=4, source="staff", correction_of_id=first.id, tag_ids=first.tag_ids.ids)
        self.assertFalse(self._said().is_recurring)
        self.assertTrue(self._said().is_recurring)

    def test_same_lot_of_different_kits(self):
        one, other = self.lots
        said = [self._said_of_lot(lot) for lot in (one, one, other, one)]
        self.assertEqual([feedback.is_recurring for feedback in said], [False, False, False, True])
        self.assertEqual(said[3].priority, "1")
        self.assertFalse(self._said_of_lot(one, tag=self.other_tag).is_recurring, "The lot, but another problem.")

    def test_times_and_days_are_settings(self):
        self.company.write({"aftersale_recurring_count": 2, "aftersale_recurring_days": 5})
        first = self._said()
        self.assertTrue(self._said().is_recurring)
        first.date -= timedelta(days=6)
        self.assertTrue(self._said().is_recurring)
        self._move_back(6)
        self.assertFalse(self._said().is_recurring)

    def test_one_query_for_a_batch(self):
        now = fields.Datetime.now()
        said = self.env["aftersale.feedback"].union(*(self._said(date=now) for _time in range(5)))
        self.env.flush_all()
        for batch in (said[:1], said):
            self.env.invalidate_all()
            batch.tag_ids.mapped("is_problem")  # known when an answer comes in
            with self.assertQueryCount(1):
                recurring = batch._filter_recurring()
        self.assertEqual(recurring, said, "As of now each has two others before it or on its day.")

    # -- issues --------------------------------------------------------------------

    def test_occurrences_are_those_of_product_or_lot(self):
        one, other = self.lots
        order, kit = self._kit_order(one)
        self._said_of_lot(one), self._said_of_lot(other), self._said_of_lot(one, tag=self.other_tag)
        same = self._said(product_ids=[Command.set(kit.ids)])
        issue = self._issue(order_id=order.id, product_id=kit.id)
        self.assertEqual(issue.lot_ids, one)
        self.assertEqual(issue.occurrence_count, 2)
        issue.lot_ids = False
        self.assertEqual(issue.occurrence_count, 1)
        found = self.env["aftersale.feedback"].search(issue.action_view_similar()["domain"])
        self.assertEqual(found, same)

    def test_occurrences_of_many_issues_in_one_query(self):
        self._said(), self._said()
        issues = self._issue() | self._issue() | self._issue(tag_ids=[Command.set(self.other_tag.ids)])
        self.env.flush_all()
        issues.invalidate_recordset(["occurrence_count"])
        issues.fetch(["company_id"])
        with self.assertQueryCount(1):
            self.assertEqual(issues.mapped("occurrence_count"), [2, 2, 0])

    def test_supervisor_and_owner_are_told_at_once_and_once(self):
        call = self.env.ref("aftersale_followup.activity_type_call_customer")
        partner = self.env["res.partner"].create({"name": "Twice", "email": "twice@example.com"})
        chosen = {"tag_ids": [Command.set(self.tag.ids)], "is_tag_confirmed": True}
        issue = self._feedback(self._planned(partner=partner, state="ready"), score=3, **chosen).issue_ids
        issue.user_id = self.agent
        self.assertFalse(issue.activity_ids, "Normal priority waits.")
        second = self._feedback(self._planned(partner=partner, state="ready"), score=3, **chosen)
        self.assertEqual((second.issue_ids, second.is_recurring), (issue, False))
        third = self._feedback(self._planned(partner=partner, state="ready"), score=3, **chosen)
        self.assertTrue(third.is_recurring)
        told = issue.activity_ids.filtered(lambda a: a.activity_type_id == call)
        self.assertEqual(told.user_id, self.supervisor | self.agent)
        self.assertEqual(len(told), 2)
        third.action_confirm_tags()
        self.assertEqual(issue.activity_ids, told, "Told once.")

    def test_answer_that_becomes_high_later_is_told_then(self):
        """A complaint that was normal names a hazard once staff have classified it."""
        hazard = self.env.ref("aftersale_followup.tag_safety_hazard")
        said = self._said(score=4, is_complaint=True)
        issue = said.issue_ids
        self.assertEqual((issue.priority, len(issue.activity_ids)), ("0", 0))
        said.tag_ids = [Command.link(hazard.id)]
        for _time in range(2):
            said.with_user(self.supervisor).action_confirm_tags()
            self.assertEqual((said.priority, issue.priority), ("1", "2"))
            self.assertEqual(issue.activity_ids.mapped("user_id"), self.supervisor)
            self.assertEqual(len(issue.activity_ids), 1)
        self.assertEqual(issue.contact_deadline, self.company._aftersale_add_workdays(fields.Date.today(), 1))

    def test_who_is_content_waits_for_no_query(self):
        content = self.env["aftersale.feedback"].create({"partner_id": self.partner.id, "score": 5, "detail": "Fine"})
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.assertFalse(content._filter_recurring())

    # -- tags changed after the decision ------------------------------------------

    def _decided(self, **values):
        tags = {"tag_ids": [Command.set(self.tag.ids)], "is_tag_confirmed": True}
        return self._feedback(self._planned(partner=self._customer(), state="ready"), **(tags | values))

    def _customer(self):
        return self.env["res.partner"].create({"name": "Decided", "email": "decided@example.com"})

    def _calls(self, issue):
        call = self.env.ref("aftersale_followup.activity_type_call_customer")
        return issue.activity_ids.filtered(lambda a: a.activity_type_id == call)

    def test_hazard_added_after_the_decision_raises_answer_and_issue_at_once(self):
        """Also where the answer was high before: a hazard is urgent, its call due within one day."""
        hazard = self.env.ref("aftersale_followup.tag_safety_hazard")
        for score, called in ((4, 0), (1, 1)):
            with self.subTest(score=score):
                said = self._decided(score=score)
                issue = said.issue_ids
                self.assertEqual(len(self._calls(issue)), called)
                said.with_user(self.supervisor).tag_ids = [Command.link(hazard.id)]
                self.assertTrue(said.is_safety)
                self.assertEqual((said.priority, issue.priority, issue.tag_ids), ("1", "2", self.tag | hazard))
                tomorrow = self.company._aftersale_add_workdays(fields.Date.today(), 1)
                self.assertEqual((issue.contact_deadline, len(self._calls(issue))), (tomorrow, 1))
                self.assertIn(said._fields["is_safety"]._description_string(self.env), self._calls(issue).note)

    def test_hazard_added_before_the_decision_opens_the_issue_at_once(self):
        said = self._decided(score=4, tag_ids=[], is_tag_confirmed=False)
        self.assertFalse(said.issue_ids)
        said.with_user(self.supervisor).tag_ids = [
            Command.link(self.env.ref("aftersale_followup.tag_safety_hazard").id)
        ]
        self.assertEqual(said.issue_ids.priority, "2")

    def test_hazard_noticed_after_the_end_goes_to_the_supervisor(self):
        said = self._decided(score=4)
        issue = said.issue_ids
        issue.with_user(self.supervisor).write({"state": "cancelled", "cancel_reason": "Entered twice"})
        said.tag_ids = [Command.link(self.env.ref("aftersale_followup.tag_safety_hazard").id)]
        self.assertEqual((issue.state, issue.activity_ids.user_id), ("cancelled", self.supervisor))

    def test_issue_follows_the_classification_that_is_corrected(self):
        """The wrong tag goes with the only answer that brought it, and stays while another has it."""
        said = self._decided(score=4)
        issue = said.issue_ids
        said.with_user(self.supervisor).tag_ids = [Command.set(self.other_tag.ids)]
        self.assertEqual(issue.tag_ids, self.other_tag)
        check = self._planned(partner=said.partner_id, state="ready")
        second = self._feedback(check, tag_ids=[Command.set(self.other_tag.ids)], score=1)
        self.assertEqual(second.issue_ids, issue)
        said.tag_ids = [Command.set(self.tag.ids)]
        self.assertEqual(issue.tag_ids, self.tag | self.other_tag)
