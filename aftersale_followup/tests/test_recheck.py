from odoo.tests import HttpCase, freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestRecheck(AftersaleCase, HttpCase):
    """What changed since planning ends a follow-up before it goes out, with its reason, and its link with it."""

    def _return(self, order):
        picking = order.picking_ids
        wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
        wizard = wizard.create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": 1, "picked": True})
        back.button_validate()

    def test_each_change_ends_the_follow_up_and_its_link(self):
        self.plan_new.channel_ids = self.env.ref("aftersale_followup.channel_email")
        self.plan_new.occurrence = "every"
        pilot = self.plan_new.copy({"contact_class": "pilot", "scenario": "pilot", "trigger": "manual"})

        def contacted():
            self._planned(plan=pilot, date_planned="2026-03-01", date_deadline="2026-03-01").write({"state": "ready"})

        changes = {
            "order cancelled": (lambda order: order._action_cancel(), "cancelled", False),
            "returned": (self._return, "skipped", "returned"),
            "opted out": (
                lambda order: self.env["aftersale.optout"].create({"key": self.partner.email}),
                "skipped",
                "opt_out",
            ),
            "blacklisted": (
                lambda order: self.env["mail.blacklist"]._add(self.partner.email),
                "skipped",
                "no_contact",
            ),
            "archived": (lambda order: self.partner.action_archive(), "skipped", "archived"),
            "plan paused": (lambda order: self.plan_new.action_archive(), "skipped", "plan_paused"),
            "open issue": (lambda order: self._issue(), "skipped", "open_issue"),
            "cap reached": (lambda order: contacted(), "skipped", "contact_cap"),
        }
        for name, (change, state, reason) in changes.items():
            with self.subTest(change=name), self.env.cr.savepoint() as savepoint:
                order = self._order()
                self._deliver(order)
                followup = order.aftersale_followup_ids
                followup.write({"date_planned": "2026-03-02", "date_deadline": "2026-03-03"})
                path = f"/aftersale/{followup.sudo().access_token}"
                change(order)
                followup.invalidate_recordset()
                followup._contact()
                self.assertEqual((followup.state, followup.skip_reason), (state, reason))
                self.assertTrue(followup.explanation)
                self.assertEqual(self.url_open(path).status_code, 410)
                savepoint.rollback()
            self.env.invalidate_all()
            self.env.registry.clear_cache()

    def test_merged_orders_outlive_the_return_of_their_survivors_goods(self):
        self.plan_new.occurrence = "every"
        pan, pot = self._product("Pan"), self._product("Pot")
        first, *others = orders = [self._order(products=product) for product in (self.product, pan, pot)]
        for order in orders:
            self._deliver(order)
        survivor = first.aftersale_followup_ids
        self.assertEqual([order.aftersale_followup_ids.merged_into_id for order in others], [survivor, survivor])
        self._return(first)
        self._return(others[1])
        survivor._contact()
        self.assertEqual((survivor.state, survivor.order_id, survivor.product_ids), ("ready", others[0], pan))
        self.assertIn("came back", survivor.explanation)

    def test_merged_orders_that_came_to_nothing_are_not_asked_about(self):
        self.plan_new.occurrence = "every"
        pan, pot, lid = (self._product(name) for name in ("Pan", "Pot", "Lid"))
        first, cancelled, returned, standing = orders = [
            self._order(products=products) for products in (self.product, self.product | pan, pot | lid, lid)
        ]
        for order in orders:
            self._deliver(order)
        survivor = first.aftersale_followup_ids
        self.assertEqual(survivor.product_ids, self.product | pan | pot | lid)
        cancelled._action_cancel()
        self._return(returned)
        survivor._contact()
        self.assertEqual((survivor.state, survivor.order_id), ("ready", first))
        self.assertEqual(survivor.product_ids, self.product | lid, "What another order brought stays.")
        self.assertIn("Not asked about Pan, Pot", survivor.explanation)

    def test_who_served_is_told_of_the_order_the_call_goes_on_for(self):
        first, second = self._order(user_id=self.agent.id), self._order(products=self._product("Pan"))
        second.user_id = self.agent_2
        self._deliver(first)
        first.aftersale_followup_ids.with_user(self.supervisor).date_planned = "2026-03-09"
        with freeze_time("2026-03-03 10:00:00"):
            self._deliver(second)
        survivor, heir = first.aftersale_followup_ids, second.aftersale_followup_ids
        self.assertEqual((survivor.sales_user_id, heir.merged_into_id), (self.agent, survivor))
        first._action_cancel()
        self.assertEqual(survivor.sales_user_id, self.agent_2)
        self.assertEqual(survivor.date_received, heir.date_received)

    def _merged_orders(self):
        """Return two delivered orders, the call about the second of which was merged into that about the first."""
        self.plan_new.occurrence = "every"
        orders = [self._order(products=product) for product in (self.product, self._product("Pan"))]
        for order in orders:
            self._deliver(order)
        self.assertEqual(orders[1].aftersale_followup_ids.merged_into_id, orders[0].aftersale_followup_ids)
        return orders

    def _confirm_again(self, order):
        order.action_draft()
        order.action_confirm()
        self._sweep()

    def _sweep(self):
        self.plan_new._sweep_batch(self.plan_new._get_missed())

    def test_order_whose_call_went_on_for_another_is_planned_anew_when_confirmed_again(self):
        first, second = self._merged_orders()
        call = first.aftersale_followup_ids
        first._action_cancel()
        self.assertEqual((call.state, call.order_id, call.plan_id), ("planned", second, self.plan_new))
        self._confirm_again(first)
        again = first.aftersale_followup_ids
        self.assertEqual((again.skip_reason, again.merged_into_id), ("merged", call), "One call for both, once more.")
        self.assertEqual(call.product_ids, (first | second).order_line.product_id)
        self._sweep()
        self.assertEqual(first.aftersale_followup_ids, again)

    def test_order_that_got_the_call_of_another_gets_it_back_when_confirmed_again(self):
        first, second = self._merged_orders()
        call = first.aftersale_followup_ids
        first._action_cancel()
        second._action_cancel()
        self.assertEqual((call.state, call.cancel_cause), ("cancelled", "order"))
        self._confirm_again(second)
        self.assertEqual((call.state, call.order_id), ("planned", second))
        self.assertEqual(call.product_ids, second.order_line.product_id)

    def test_survivor_whose_orders_all_came_back_is_not_asked(self):
        self.plan_new.occurrence = "every"
        orders = [self._order(products=product) for product in (self.product, self._product("Pan"))]
        for order in orders:
            self._deliver(order)
        survivor = orders[0].aftersale_followup_ids
        for order in orders:
            self._return(order)
        survivor._contact()
        self.assertEqual((survivor.state, survivor.skip_reason), ("skipped", "returned"))

    def test_what_never_goes_out_takes_nobodys_contact(self):
        """Two people of one company: the first cannot be reached, or not yet, so the second one's turn stands."""
        customer = self.env["res.partner"].create({"name": "Acme", "is_company": True})
        nobody, somebody = self.env["res.partner"].create([{"name": "X"}, {"name": "Y", "email": "y@a.com"}])
        (nobody | somebody).parent_id = customer
        first, second = self._planned(partner=nobody), self._planned(partner=somebody)
        (first | second)._contact()
        self.assertEqual((first.skip_reason, second.state), ("no_contact", "ready"))

    def test_call_put_off_takes_nobodys_contact(self):
        customer = self.env["res.partner"].create({"name": "Acme", "is_company": True})
        quiet, somebody = self.env["res.partner"].create(
            [{"name": "X", "phone": "+8613800001299"}, {"name": "Y", "email": "y@a.com"}]
        )
        (quiet | somebody).parent_id = customer
        quiet.write({"aftersale_quiet_0": True, "aftersale_offline": True})  # today is a Monday
        first, second = self._planned(partner=quiet), self._planned(partner=somebody)
        (first | second)._contact()
        self.assertEqual((first.state, second.state), ("planned", "ready"))

    # -- two contacts become one -------------------------------------------------

    def _merge(self, kept, *others):
        partners = self.env["res.partner"].union(kept, *others)
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"partner_ids": [(6, 0, partners.ids)], "dst_partner_id": kept.id}
        )
        wizard.action_merge()

    def test_merging_moves_everything_and_loses_no_row(self):
        double = self.env["res.partner"].create(
            {"name": "Wang F.", "email": "wang.f@example.com", "phone": "+8613900004321"}
        )
        answered = self._ready(partner=double)
        feedback = self._feedback(answered, score=4)
        issue = self._issue(partner_id=double.id)
        optout = self.env["aftersale.optout"].create(
            {"key": "+8613900004321", "partner_id": double.id, "scenario": "pilot"}
        )
        nameless = self.env["aftersale.optout"].create({"key": f"partner:{double.id}", "scenario": "pilot"})
        waiting = self._planned(partner=double, date_deadline="2026-03-04")
        before = self.env["aftersale.followup"].search_count([])
        self._merge(self.partner, double)
        self.assertFalse(double.exists())
        self.assertEqual(self.env["aftersale.followup"].search_count([]), before)
        for record in (answered, feedback, issue, waiting):
            self.assertEqual(record.partner_id, self.partner)
            self.assertEqual(record.commercial_partner_id, self.partner)
        self.assertEqual(optout.partner_id, self.partner)
        self.assertEqual(nameless.key, f"partner:{self.partner.id}")
        self.assertEqual(waiting.sudo().email_key, "wang.fang@example.com")
        self.assertEqual(waiting.sudo().phone_key, "+8613800001234")

    def test_cap_counts_what_both_contacts_had(self):
        double = self.env["res.partner"].create({"name": "Wang F.", "email": "wang.f@example.com"})
        self._ready(partner=double)
        waiting = self._planned(date_deadline="2026-03-04")
        other = self._planned(
            partner=self.env["res.partner"].create({"name": "Li", "email": "li@example.com"}),
            date_deadline="2026-03-04",
        )
        self._merge(self.partner, double)
        (waiting | other)._contact()
        self.assertEqual((waiting.state, waiting.skip_reason), ("skipped", "contact_cap"))
        self.assertEqual(other.state, "ready")

    def test_merged_contact_of_a_company_counts_with_the_company_it_joins(self):
        old, new = self.env["res.partner"].create(
            [{"name": "Old Ltd", "is_company": True}, {"name": "New Ltd", "is_company": True}]
        )
        double = self.env["res.partner"].create({"name": "Wang", "email": "w@example.com", "parent_id": old.id})
        self.partner.parent_id = new
        followup = self._ready(partner=double)
        self.assertEqual(followup.commercial_partner_id, old)
        self._merge(self.partner, double)
        self.assertEqual(followup.commercial_partner_id, new)
        self.assertEqual(self._planned().commercial_partner_id, new)

    def test_merging_companies_moves_their_contacts(self):
        old, new = self.env["res.partner"].create(
            [{"name": "Old Ltd", "is_company": True}, {"name": "New Ltd", "is_company": True}]
        )
        self.partner.parent_id = old
        followup = self._planned()
        self._merge(new, old)
        self.assertEqual((followup.partner_id, followup.commercial_partner_id), (self.partner, new))
