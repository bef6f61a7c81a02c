from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
class TestTimeline(AftersaleCase):
    """One page of all that happened with a customer, and of nothing the reader may not read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.firm = cls.env["res.partner"].create({"name": "Great Wall Trading", "is_company": True})
        cls.partner.parent_id = cls.firm
        cls.seller = new_test_user(
            cls.env,
            "asf_timeline_seller",
            "aftersale_followup.group_manager,sales_team.group_sale_manager,stock.group_stock_user",
        )

    def _life(self):
        """A customer who ordered, was asked, answered, complained and had an idea."""
        self.env.user.group_ids |= self.env.ref("stock.group_stock_user")
        order = self._order()
        self._deliver(order)
        followup = order.aftersale_followup_ids[:1] or self._planned()
        followup._contact()
        feedback = self._feedback(followup, score=1, detail="The lid leaks", suggestion="A tighter lid")
        return order, followup, feedback

    def _rows(self, user, partner=None):
        domain = (partner or self.firm).action_aftersale_timeline()["domain"]
        return self.env["aftersale.timeline"].with_user(user).search(domain)

    def _records(self, user, kind):
        return [row._get_record()[1] for row in self._rows(user) if row.kind == kind]

    def test_everything_of_the_firm_newest_first(self):
        order, followup, feedback = self._life()
        rows = self._rows(self.seller)
        self.assertEqual(
            set(rows.mapped("kind")),
            {"order", "delivery", "followup", "attempt", "answer", "issue", "suggestion"},
        )
        self.assertEqual(rows.mapped("date"), sorted(rows.mapped("date"), reverse=True))
        self.assertEqual(rows.partner_id, self.partner, "The firm's page has what happened with its contacts")
        self.assertEqual(self._records(self.seller, "order"), [order])
        self.assertEqual(self._records(self.seller, "followup"), [followup])
        self.assertEqual(self._records(self.seller, "answer"), [feedback])
        self.assertFalse(self._rows(self.seller, self.env["res.partner"].create({"name": "Stranger"})))

    def test_rows_tell_what_happened_and_open_it(self):
        order, followup, feedback = self._life()
        rows = {row.kind: row for row in self._rows(self.seller)}
        self.assertIn("1 / 5", rows["answer"].detail)
        self.assertIn("A tighter lid", rows["suggestion"].detail)
        self.assertIn("Answered", rows["followup"].detail)
        self.assertEqual(rows["order"].name, order.name)
        for kind, model, record in (
            ("order", "sale.order", order),
            ("attempt", "aftersale.followup", followup),
            ("suggestion", "aftersale.feedback", feedback),
            ("issue", "aftersale.issue", feedback.issue_ids),
        ):
            action = rows[kind].action_open()
            self.assertEqual((action["res_model"], action["res_id"]), (model, record.id))

    def test_only_what_the_reader_may_read(self):
        _order, followup, _feedback = self._life()
        followup.user_id = self.agent
        kinds = set(self._rows(self.agent).mapped("kind"))
        self.assertLessEqual({"followup", "attempt"}, kinds)
        self.assertFalse({"order", "delivery"} & kinds, "Agents have no right of Sales or Inventory")
        foreign = self._rows(self.agent_2)
        self.assertFalse(foreign, "Nothing of it is theirs")
        employee = new_test_user(self.env, "asf_timeline_employee", "base.group_user")
        with self.assertRaises(AccessError):
            self._rows(employee)

    def test_opening_asks_for_the_right_again(self):
        self._life()
        row = next(row for row in self._rows(self.seller) if row.kind == "answer")
        with self.assertRaises(AccessError):
            row.with_user(self.agent_2).action_open()

    def test_other_companies_stay_out(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self._planned(company_id=company.id, team_id=False, user_id=False)
        self.assertFalse(self._rows(self.seller))
        self.seller.company_ids = [Command.link(company.id)]
        both = self.env["aftersale.timeline"].with_user(self.seller)
        both = both.with_context(allowed_company_ids=self.seller.company_ids.ids)
        self.assertEqual(both.search(self.firm.action_aftersale_timeline()["domain"]).company_id, company)

    def test_anonymous_feedback_never_appears(self):
        self.env["aftersale.feedback"].create(
            {"score": 2, "company_id": self.company.id, "date": "2026-02-01 12:00:00", "detail": "Nobody knows who"}
        )
        self.assertFalse(self.env["aftersale.timeline"].with_user(self.seller).search([("kind", "=", "answer")]))

    def test_a_page_takes_no_query_per_row(self):
        def queries(count):
            rows = self._rows(self.seller)[:count]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.mapped("detail")
            return self.env.cr.sql_log_count - before

        for _number in range(6):
            self._planned()
        queries(6)
        self.assertEqual(queries(2), queries(6))
