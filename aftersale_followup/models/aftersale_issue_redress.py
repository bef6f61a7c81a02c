from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

ACCOUNTANTS = "account.group_account_readonly,account.group_account_invoice"
STOCK_USERS = "stock.group_stock_user"


class AftersaleIssue(models.Model):
    """Credit notes and returns of an issue: made by Odoo's own forms, and linked here by them or by hand."""

    _inherit = "aftersale.issue"

    credit_note_ids = fields.Many2many(
        "account.move",
        "aftersale_issue_credit_note_rel",
        "issue_id",
        "move_id",
        "Credit Notes",
        copy=False,
        check_company=True,
        groups=ACCOUNTANTS,
    )
    return_picking_ids = fields.Many2many(
        "stock.picking",
        "aftersale_issue_return_rel",
        "issue_id",
        "picking_id",
        "Returns",
        copy=False,
        check_company=True,
        groups=STOCK_USERS,
    )
    credit_note_count = fields.Integer("Number of Credit Notes", compute="_compute_redress", compute_sudo=True)
    return_count = fields.Integer("Number of Returns", compute="_compute_redress", compute_sudo=True)
    # Only accountants may read credit notes and only Inventory users returns; their names tell who may read the issue.
    redress_names = fields.Char("Credit Notes and Returns", compute="_compute_redress", compute_sudo=True)

    @api.depends("credit_note_ids.name", "return_picking_ids.name")
    def _compute_redress(self):
        for issue in self:
            issue.credit_note_count = len(issue.credit_note_ids)
            issue.return_count = len(issue.return_picking_ids)
            made = [*issue.credit_note_ids.mapped("display_name"), *issue.return_picking_ids.mapped("name")]
            issue.redress_names = ", ".join(made)

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_credit_note(self):
        """Open Odoo's own form that credits the posted invoices of the order; what it makes is linked to the issue."""
        self._check_redress()
        invoices = self.sudo().order_id.invoice_ids.filtered(lambda m: m.move_type == "out_invoice")
        posted = invoices.filtered(lambda m: m.state == "posted" and m.payment_state != "reversed")
        if not posted:
            raise UserError(
                self.env._(
                    "%s has nothing to credit: its order has no posted invoice that is not credited yet.",
                    self.display_name,
                )
            )
        concerned = posted.filtered(lambda m: self.product_id in m.invoice_line_ids.product_id)
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_view_account_move_reversal")
        action["context"] = {
            "active_model": "account.move",
            "active_ids": (concerned or posted).ids,
            "default_aftersale_issue_id": self.id,
            "default_reason": self.display_name,
        }
        return action

    def action_return(self):
        """Open Odoo's own form that takes goods of the delivery back; what it makes is linked to the issue."""
        self._check_redress()
        moves = self.sudo().order_id._aftersale_customer_moves().filtered(lambda m: m.state == "done")
        if product := self.sudo().product_id:
            moves = moves.filtered(lambda m: product in (m.product_id, m.sale_line_id.product_id))
        # What came back, or is on its way back, cannot be returned again.
        left = moves.filtered(
            lambda m: m.quantity > sum(m.returned_move_ids.filtered(lambda r: r.state != "cancel").mapped("quantity"))
        )
        deliveries = left.picking_id.sorted(lambda p: (p.date_done, p.id))
        if not deliveries:
            raise UserError(
                self.env._(
                    "%s has nothing to return: nothing of its order was delivered that is not returned yet.",
                    self.display_name,
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.act_stock_return_picking")
        action["context"] = {
            "active_model": "stock.picking",
            "active_id": deliveries[-1].id,
            "active_ids": deliveries[-1].ids,
            "default_aftersale_issue_id": self.id,
        }
        return action

    def _check_redress(self):
        self.ensure_one()
        self.check_access("write")
        if not self.sudo().order_id:
            raise UserError(self.env._("Choose the order that %s is about first.", self.display_name))

    def action_view_credit_notes(self):
        """Open the credit notes of the issue."""
        return self._view_redress("account.action_move_out_refund_type", self.credit_note_ids)

    def action_view_returns(self):
        """Open the returns of the issue."""
        return self._view_redress("stock.action_picking_tree_all", self.return_picking_ids)

    def _view_redress(self, xml_id, records):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action.update(domain=Domain("id", "in", records.ids), context={"create": False})
        if len(records) == 1:
            action.update(views=[(False, "form")], res_id=records.id)
        return action

    def _link_redress(self, name, records):
        """Link what one of Odoo's forms made for this issue, for who may work on it."""
        if self and records:
            self.check_access("write")
            self.sudo()[name] = [Command.link(record.id) for record in records]

    def _prepare_merge(self, target):
        """Let ``target`` take over what was credited and returned."""
        return {
            **super()._prepare_merge(target),
            "credit_note_ids": [Command.link(move.id) for move in self.credit_note_ids],
            "return_picking_ids": [Command.link(picking.id) for picking in self.return_picking_ids],
        }

    def _get_anonymous_values(self):
        """A credit note or a return leads to its customer."""
        return {
            **super()._get_anonymous_values(),
            "credit_note_ids": [Command.clear()],
            "return_picking_ids": [Command.clear()],
        }
