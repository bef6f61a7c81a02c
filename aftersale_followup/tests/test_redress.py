from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import AftersaleCase

ACCOUNTANT = "account.group_account_invoice"
STOCK = "stock.group_stock_user"


@tagged("post_install", "-at_install")
class TestRedress(AftersaleCase):
    """Credit notes and returns are Odoo's own; an issue opens their forms and knows what they made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading("generic_coa", cls.company, install_demo=False)
        cls.product.taxes_id = False
        cls.order = cls._order()
        cls.delivery = cls._deliver(cls.order)
        cls.invoice = cls.order._create_invoices()
        cls.invoice.action_post()
        cls.issue = cls._issue(order_id=cls.order.id, user_id=cls.agent.id, team_id=False)
        cls.finance = cls._user("asf_finance", f"aftersale_followup.group_supervisor,{ACCOUNTANT}")
        cls.storeman = cls._user("asf_storeman", f"aftersale_followup.group_supervisor,{STOCK}")

    def _open(self, user, button):
        """Press the button as ``user``; return the form of Odoo that it opens, as the web client would make it."""
        action = getattr(self.issue.with_user(user), button)()
        return Form(self.env[action["res_model"]].with_user(user).with_context(**action["context"])).save()

    def _fields_shown(self, user):
        form = self.issue.with_user(user).get_view(False, "form")["arch"]
        return [name for name in ("action_credit_note", "action_return", "credit_note_ids") if f'"{name}"' in form]

    # -- credit notes --------------------------------------------------------------

    def test_credit_note_made_by_odoo_is_linked_to_the_issue(self):
        wizard = self._open(self.finance, "action_credit_note")
        self.assertEqual(wizard.move_ids, self.invoice)
        self.assertIn(self.issue.name, wizard.reason)
        wizard.refund_moves()
        note = self.issue.credit_note_ids
        self.assertEqual((note.move_type, note.reversed_entry_id), ("out_refund", self.invoice))
        self.assertEqual(self.issue.credit_note_count, 1)
        opened = self.issue.with_user(self.finance).action_view_credit_notes()
        self.assertEqual(opened["res_id"], note.id)

    def test_invoice_that_is_made_anew_is_no_credit_note(self):
        self._open(self.finance, "action_credit_note").modify_moves()
        self.assertEqual(self.issue.credit_note_ids.mapped("move_type"), ["out_refund"])

    def test_credit_note_made_elsewhere_belongs_to_no_issue(self):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        Form(wizard).save().refund_moves()
        self.assertFalse(self.issue.credit_note_ids)
        elsewhere = self.invoice.reversal_move_ids
        self._open(self.finance, "action_credit_note").refund_moves()
        made = self.invoice.reversal_move_ids - elsewhere
        self.assertEqual((len(made), self.issue.credit_note_ids), (1, made), "Only what was made for it, once.")

    def test_invoice_with_the_product_goes_first(self):
        other = self._product("Lid")
        other.taxes_id = False
        self.order.order_line = [Command.create({"product_id": other.id, "product_uom_qty": 1})]
        self._deliver(self.order)
        second = self.order._create_invoices()
        second.action_post()
        self.assertEqual(self._open(self.finance, "action_credit_note").move_ids, self.invoice)
        self.issue.product_id = False
        self.assertEqual(self._open(self.finance, "action_credit_note").move_ids, self.invoice | second)

    def test_nothing_to_credit_is_said(self):
        self.invoice.button_draft()
        with self.assertRaisesRegex(UserError, "nothing to credit"):
            self.issue.with_user(self.finance).action_credit_note()
        self.issue.order_id = False
        for button in ("action_credit_note", "action_return"):
            with self.assertRaisesRegex(UserError, "Choose the order"):
                getattr(self.issue, button)()

    # -- returns -------------------------------------------------------------------

    def _return(self, quantity=1):
        wizard = self._open(self.storeman, "action_return")
        wizard.product_return_moves.quantity = quantity
        wizard.action_create_returns()
        return wizard

    def test_return_made_by_odoo_is_linked_to_the_issue(self):
        self.assertEqual(self._return().picking_id, self.delivery)
        back = self.issue.return_picking_ids
        self.assertEqual((back.return_id, back.picking_type_code), (self.delivery, "incoming"))
        self.assertEqual(self.issue.with_user(self.storeman).action_view_returns()["res_id"], back.id)

    def test_what_is_on_its_way_back_is_not_returned_again(self):
        self._return()
        with self.assertRaisesRegex(UserError, "nothing to return"):
            self.issue.with_user(self.storeman).action_return()
        self.issue.return_picking_ids.action_cancel()
        self.assertTrue(self.issue.with_user(self.storeman).action_return())

    def test_delivery_of_the_product_is_returned(self):
        other = self._product("Lid")
        self.order.order_line = [Command.create({"product_id": other.id, "product_uom_qty": 1})]
        later = self._deliver(self.order)
        self.assertEqual(self._open(self.storeman, "action_return").picking_id, self.delivery)
        self.issue.product_id = other
        self.assertEqual(self._open(self.storeman, "action_return").picking_id, later)

    # -- who -----------------------------------------------------------------------

    def test_only_whom_odoo_allows_sees_the_buttons(self):
        self.assertEqual(self._fields_shown(self.finance), ["action_credit_note", "credit_note_ids"])
        self.assertEqual(self._fields_shown(self.storeman), ["action_return"])
        for user in (self.agent, self.supervisor):
            self.assertFalse(self._fields_shown(user))
            with self.assertRaises(AccessError):
                self.issue.with_user(user).read(["credit_note_ids"])

    def test_who_may_not_read_them_reads_their_names(self):
        self._open(self.finance, "action_credit_note").refund_moves()
        self._return()
        issue = self.issue.with_user(self.agent)
        self.assertIn(self.issue.return_picking_ids.name, issue.redress_names)
        self.assertEqual((issue.credit_note_count, issue.return_count), (1, 1))

    def test_linked_by_hand(self):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        Form(wizard).save().refund_moves()
        note = self.invoice.reversal_move_ids
        self.finance.group_ids = [Command.unlink(self.env.ref("aftersale_followup.group_supervisor").id)]
        self.issue.user_id = self.finance
        with Form(self.issue.with_user(self.finance)) as form:
            form.credit_note_ids.add(note)
        self.assertEqual(self.issue.credit_note_ids, note)

    def test_foreign_issue_is_not_linked(self):
        stranger = self._user("asf_stranger", ACCOUNTANT)
        action = self.issue.with_user(self.finance).action_credit_note()
        wizard = self.env["account.move.reversal"].with_user(stranger).with_context(**action["context"])
        with self.assertRaises(AccessError):
            Form(wizard).save().refund_moves()

    def test_agent_writes_what_was_heard_and_agreed(self):
        issue = self._issue(user_id=self.agent.id).with_user(self.agent)
        issue.write({"heard": "It leaks since Monday", "agreement": "A new lid by Friday for Wang Fang"})
        other = self._issue(heard="It leaks, again")
        other._merge_into(issue.sudo())
        self.assertEqual(issue.heard, "It leaks since Monday\nIt leaks, again")
        employee = self._user("asf_employee", "base.group_user")
        own = self._issue(user_id=employee.id).with_user(employee)
        with self.assertRaises(AccessError):
            own.agreement = "Whatever"
        issue.sudo()._anonymise()
        self.assertFalse(issue.sudo().heard, "The customer's words go.")
        self.assertNotIn("Wang Fang", issue.sudo().agreement)

    # -- what becomes of them ------------------------------------------------------

    def test_merged_issue_takes_them_over_and_anonymous_one_drops_them(self):
        self._open(self.finance, "action_credit_note").refund_moves()
        self._return()
        note, back = self.issue.credit_note_ids, self.issue.return_picking_ids
        target = self._issue(team_id=False)
        self.issue._merge_into(target)
        self.assertEqual((target.credit_note_ids, target.return_picking_ids), (note, back))
        target._anonymise()
        self.assertFalse(target.credit_note_ids or target.return_picking_ids)
