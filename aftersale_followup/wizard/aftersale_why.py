from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class AftersaleWhy(models.TransientModel):
    """Why was this customer asked, or not? What each plan says about a customer or one of the orders."""

    _name = "aftersale.why"
    _description = "Why Was This Customer Not Asked?"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Customer", required=True, ondelete="cascade")
    order_id = fields.Many2one(
        "sale.order",
        ondelete="cascade",
        domain="[('partner_id', 'child_of', partner_id), ('state', '=', 'sale')]",
        help="Empty: what the plans did about the customer at all, with the reasons for the last order.",
    )
    line_ids = fields.One2many("aftersale.why.line", "why_id", compute="_compute_line_ids", store=True, readonly=False)

    @api.depends("partner_id", "order_id")
    def _compute_line_ids(self):
        for why in self:
            why.line_ids = [Command.clear(), *(Command.create(values) for values in why._get_lines())]

    def _get_lines(self):
        """Return what each plan says, as values of lines: the plans that asked first, the paused ones last."""
        if not self.partner_id:
            return []
        # Orders that the user may not read are no matter of this page.
        if self.order_id:
            self.order_id.check_access("read")
        plans = self.env["aftersale.plan"].search([("active", "in", (True, False))])
        lines = [self._prepare_line(answer) for answer in plans._explain(self.partner_id, self.order_id)]
        return sorted(lines, key=lambda line: (not line["followup_id"], not line["is_live"]))

    @staticmethod
    def _prepare_line(answer):
        last = answer.followups[-1:]
        return {
            "plan_id": answer.plan.id,
            "is_live": answer.plan.active,
            "followup_id": last.id,
            "explanation": last.explanation if last else answer.reason,
        }

    @api.model
    def action_open(self, records):
        """Open the page for a customer or an order."""
        if len(records) != 1:
            raise UserError(self.env._("Choose one customer or one order."))
        is_order = records._name == "sale.order"
        values = (
            {"partner_id": records.partner_id.id, "order_id": records.id} if is_order else {"partner_id": records.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why Was This Customer Not Asked?"),
            "res_model": self._name,
            "res_id": self.create(values).id,
            "view_mode": "form",
            "target": "new",
        }
