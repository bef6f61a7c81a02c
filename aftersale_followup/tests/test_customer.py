from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import AftersaleCase, utc

MONDAY = "2026-03-02 10:00:00"


@tagged("post_install", "-at_install")
class TestCustomer(AftersaleCase):
    """What is known about a customer and a product beside their follow-ups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.email = cls.env.ref("aftersale_followup.channel_email")

    # -- weekdays without calls ------------------------------------------------

    @freeze_time(MONDAY)
    def test_calls_avoid_the_weekdays_the_customer_wants_quiet(self):
        self.partner.write(
            {"aftersale_channel_id": self.phone.id, "aftersale_quiet_0": True, "aftersale_quiet_1": True}
        )
        followup = self._planned()
        self.assertFalse(followup._contact())
        self.assertEqual(followup.state, "planned")
        self.assertEqual(str(followup.date_planned), "2026-03-04")
        self.assertEqual(followup.date_next, utc("2026-03-04 09:00"))
        self.assertIn("does not want to be called", followup.explanation)
        with freeze_time("2026-03-04 10:00:00"):
            followup._process_due()
            self.assertEqual((followup.state, followup.channel_id), ("ready", self.phone))

    @freeze_time(MONDAY)
    def test_send_now_moves_the_call_and_says_so(self):
        self.partner.write({"aftersale_channel_id": self.phone.id, "aftersale_quiet_0": True})
        followup = self._planned()
        told = followup.with_user(self.agent).action_contact()
        self.assertEqual(told["params"]["type"], "warning")
        self.assertEqual((followup.state, str(followup.date_planned)), ("planned", "2026-03-03"))

    @freeze_time(MONDAY)
    def test_quiet_weekdays_do_not_stop_a_mail_nor_a_safety_call(self):
        self.partner.write({"aftersale_channel_id": self.email.id, "aftersale_quiet_0": True})
        self.assertEqual(self._ready().state, "ready")
        self.partner.aftersale_channel_id = self.phone
        self.assertEqual(self._ready(contact_class="safety").state, "ready")

    @freeze_time(MONDAY)
    def test_the_next_try_avoids_them_too(self):
        self.partner.write({"aftersale_channel_id": self.phone.id, "aftersale_quiet_1": True})
        followup = self._ready()
        followup._log_attempt("no_answer")
        self.assertEqual(followup.date_next.date().isoformat(), "2026-03-04")

    @freeze_time(MONDAY)
    def test_weekend_only_and_never(self):
        """Who wants calls at the weekend only gets them there; who wants none on any day is reached otherwise."""
        self.partner.write({f"aftersale_quiet_{day}": True for day in range(5)})
        self.partner.aftersale_channel_id = self.phone
        followup = self._planned()
        followup._contact()
        self.assertEqual(str(followup.date_planned), "2026-03-07")
        self.partner.write({"aftersale_quiet_5": True, "aftersale_quiet_6": True})
        followup = self._ready(contact_class="verification")
        self.assertEqual((followup.state, followup.channel_id), ("ready", self.email))

    # -- figures of customer and product ---------------------------------------

    def test_last_contact_counts_for_the_whole_customer(self):
        parent = self.env["res.partner"].create({"name": "Great Wall Trading", "is_company": True})
        self.assertFalse(parent.with_user(self.supervisor).aftersale_last_contact)
        self.partner.parent_id = parent
        followup = self._ready()
        parent.invalidate_recordset()
        self.assertEqual(parent.with_user(self.supervisor).aftersale_last_contact, followup.date_sent)
        stranger = self._user("asf_stranger", "base.group_user")
        self.assertFalse(parent.with_user(stranger).aftersale_last_contact)

    def test_feedback_of_a_product(self):
        """Two variants in one feedback count once; what is not rated is in no average; each sees what they may read."""
        colour = self.env["product.attribute"].create(
            {"name": "Colour", "value_ids": [Command.create({"name": "Red"}), Command.create({"name": "Blue"})]}
        )
        line = Command.create({"attribute_id": colour.id, "value_ids": [Command.set(colour.value_ids.ids)]})
        template = self.env["product.template"].create({"name": "Cup", "attribute_line_ids": [line]})
        other = self._product("Pan", quantity=0).product_tmpl_id
        red, blue = template.product_variant_ids

        def said(products, **values):
            customer = self.env["res.partner"].create({"name": "C", "email": f"c{self.counter}@example.com"})
            return self._feedback(self._ready(partner=customer, product_ids=[Command.set(products.ids)]), **values)

        self._ready()
        said(red | blue, score=5)
        said(red, score=2)
        said(blue)
        said(red, score=1, evidence="suspicious", suspicious_reason="Too fast")
        products = (template | other).with_user(self.supervisor)
        self.assertEqual(products.mapped("aftersale_feedback_count"), [3, 0])
        self.assertEqual(products.mapped("aftersale_score"), [3.5, 0.0])
        found = self.env["aftersale.feedback"].search(template.action_aftersale_feedback()["domain"])
        self.assertEqual(len(found), 3)
        self._check_followups(template, other, red, blue)
        self.assertEqual(template.with_user(self.agent_2).aftersale_feedback_count, 0)
        stranger = self._user("asf_stranger", "base.group_user")
        self.assertEqual(template.with_user(stranger).aftersale_feedback_count, 0)

    def _check_followups(self, template, other, red, blue):
        """Each form counts what its button opens, in one query for many; variants count for themselves."""
        for products, counts in ((template | other, [4, 0]), (red | blue, [3, 2])):
            products = products.with_user(self.supervisor)
            self.assertEqual(products.mapped("aftersale_followup_count"), counts)
            products.invalidate_recordset(["aftersale_followup_count"])
            with self.assertQueryCount(1):
                products.mapped("aftersale_followup_count")
            for product, count in zip(products, counts, strict=True):
                domain = product.action_aftersale_followups()["domain"]
                self.assertEqual(self.env["aftersale.followup"].search_count(domain), count)
            stranger = products.with_user(self._user(f"asf_reader_{products._table}", "base.group_user"))
            self.assertEqual(stranger.mapped("aftersale_followup_count"), [0, 0])

    def test_score_on_the_buttons_is_told_from_the_minimum_on(self):
        """With the number behind it, an arrow against the year before, withheld below the minimum; in one query."""
        self.company.aftersale_min_n = 2
        cup, pan = self._product("Cup", quantity=0), self._product("Pan", quantity=0)
        few = self.env["res.partner"].create({"name": "Few", "email": "few@example.com"})

        def said(score, days, partner=None, product=cup):
            followup = self._planned(partner=partner, product_ids=[Command.set(product.ids)], state="ready")
            date = fields.Datetime.now() - timedelta(days=days)
            return self._feedback(followup, score=score, date=date)

        for score, days in ((5, 10), (4, 20), (3, 400), (4, 500), (1, 900)):
            said(score, days)
        said(5, 10, partner=few, product=pan)
        for told, hidden in (
            (cup, pan),
            (cup.product_tmpl_id, pan.product_tmpl_id),
            (self.partner, few),
        ):
            with self.subTest(model=told._name):
                both = (told | hidden).with_user(self.supervisor)
                self.assertEqual(both.mapped("aftersale_score_count"), [5, 1])
                self.assertEqual(both.mapped("aftersale_is_score_shown"), [True, False])
                self.assertAlmostEqual(both[0].aftersale_score, 3.4)
                # 4.5 after 3.5; of the other the year before is unknown
                self.assertEqual(both.mapped("aftersale_score_trend"), ["up", False])
                one, many = (self._count_queries(records) for records in (both[0], both))
                self.assertEqual(one, many, "no query per row")
                found = self.env["aftersale.feedback"].search_count(told.action_aftersale_feedback()["domain"])
                self.assertEqual(found, 5)

    def _count_queries(self, records):
        records.invalidate_recordset(["aftersale_score_trend", "aftersale_score"])
        before = self.env.cr.sql_log_count
        records.mapped("aftersale_score")
        return self.env.cr.sql_log_count - before

    # -- lots ------------------------------------------------------------------

    def _delivered_lots(self, *names):
        product = self._product("Heater", quantity=0)
        product.tracking = "lot"
        lots = self.env["stock.lot"].create([{"name": name, "product_id": product.id} for name in names])
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, 1, lot_id=lot)
        order = self._order(products=product, quantity=len(names))
        order.picking_ids.action_assign()
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.move_line_ids.lot_id, lots)
        return order, product, lots

    def test_one_delivered_lot_is_filled_in(self):
        order, product, lots = self._delivered_lots("L-1")
        issue = self._issue(order_id=order.id, product_id=product.id)
        self.assertEqual(issue.lot_ids, lots)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(issue.with_user(self.supervisor).lot_names, "L-1", "No right of Inventory is needed.")
        issue.product_id = self.product
        self.assertFalse(issue.lot_ids)

    def test_of_several_delivered_lots_staff_choose(self):
        order, product, lots = self._delivered_lots("L-1", "L-2")
        issue = self._issue(order_id=order.id, product_id=product.id)
        self.assertFalse(issue.lot_ids)
        self.assertEqual(issue.delivered_lot_ids, lots)
        issue.lot_ids = lots[1]
        self.assertEqual(issue.lot_names, "L-2")
        self.assertEqual(order._aftersale_delivered_lots(self.product), self.env["stock.lot"])

    def test_lot_of_a_feedback_s_issue(self):
        order, product, lots = self._delivered_lots("L-1")
        feedback = self._feedback(order.aftersale_followup_ids._contact(), score=1, detail="It leaks")
        self.assertEqual(feedback.issue_ids.lot_ids, lots)
