from odoo import models
from odoo.exceptions import UserError


class AftersaleFollowup(models.Model):
    """The questionnaire on the customer's own phone, while the agent stands beside it."""

    _inherit = "aftersale.followup"

    def action_show_qr(self):
        """Show the personal link as a QR code; raise UserError when it is not open."""
        code = self.env["aftersale.qr"].create({"followup_id": self.ensure_one().id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("QR Code"),
            "res_model": "aftersale.qr",
            "res_id": code.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_qr(self):
        """Check that the user works on this follow-up and that its link is open."""
        self.check_access("write")
        if self.sudo()._get_link_code() != "ok":
            raise UserError(self.env._("The link of %s is not open: it is not time yet, answered, or over.", self.name))
