from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .analysis_common import AnalysisCase

JANUARY = datetime(2026, 1, 10)


@tagged("post_install", "-at_install")
class TestFiguresFilters(AnalysisCase):
    """Figures of a part: what the filter cannot tell apart is absent. Their sums are held against the oracle's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kitchen = cls.env["product.category"].create({"name": "Kitchen"})
        cls.pots = cls.env["product.category"].create({"name": "Pots", "parent_id": cls.kitchen.id})
        cls.pot = cls.env["product.product"].create({"name": "Pot", "categ_id": cls.pots.id})
        cls.lamp = cls.env["product.product"].create({"name": "Lamp"})
        cls.agent = new_test_user(cls.env, "filters_agent", "aftersale_followup.group_agent")

    def _of(self, product):
        return {"product_ids": [Command.set(product.ids)]}

    def test_products_and_categories_with_those_below(self):
        self._feedback(JANUARY, 5, **self._of(self.pot))
        self._feedback(JANUARY, 1, **self._of(self.lamp))
        self._issue(JANUARY, product_id=self.pot.id, kind="complaint", priority="1")
        self._issue(JANUARY, product_id=self.lamp.id, kind="complaint", priority="1")
        for filters in (
            {"product": self.pot},
            {"product": self.pot.product_tmpl_id},
            {"product_category": self.kitchen},
        ):
            figures = self._january(**filters)
            self.assertEqual(figures["satisfaction"]["value"], 5)
            self.assertEqual((figures["loop"]["opened"], figures["priority_issue_count"]), (1, 1))
        # what was sold then still counts when it is sold no more
        self.pot.active = False
        for filters in ({"product": self.pot.product_tmpl_id}, {"product_category": self.kitchen}):
            figures = self._january(**filters)
            self.assertEqual((figures["feedback"], figures["priority_issue_count"]), (1, 1))

    def test_what_a_filter_cannot_tell_apart_is_absent(self):
        self._feedback(JANUARY, 5, user_id=self.agent.id, plan_id=self.plan.id, **self._of(self.lamp))
        self._followup(1, "done", ["sent"], user_id=self.agent.id)
        self._issue(JANUARY, kind="complaint")
        self.env["aftersale.action"].create(
            {
                "name": "Training",
                "company_id": self.company.id,
                "user_id": self.env.user.id,
                "date_deadline": date(2026, 1, 20),
            }
        )
        everything = {"satisfaction", "funnel", "loop", "measures"}
        self.assertLessEqual(everything, self._january().keys())
        self.assertEqual(self._january(user=self.agent).keys() & everything, {"satisfaction", "funnel", "loop"})
        self.assertEqual(self._january(plan=self.plan).keys() & everything, {"satisfaction", "funnel"})
        self.assertEqual(self._january(product=self.lamp).keys() & everything, everything)

    def test_segment_is_that_of_the_followup(self):
        for number, (score, is_high) in enumerate([(5, True), (2, False)]):
            followup = self._followup(number, "ready", ["sent"], is_high_value=is_high)
            self._feedback(JANUARY, score, followup_id=followup.id)
        self.assertEqual(self._january(segment="high")["satisfaction"]["value"], 5)
        self.assertEqual(self._january(segment="other")["satisfaction"]["value"], 2)
        self.assertEqual(self._january(segment="high")["followup_rate"]["n"], 1)

    def test_empty_filters_are_none_and_wrong_ones_are_refused(self):
        self._feedback(JANUARY, 5)
        self.assertEqual(self._january(plan=self.plan.browse(), scenario=None)["feedback"], 1)
        with self.assertRaises(TypeError):
            self._january(colour="red")
