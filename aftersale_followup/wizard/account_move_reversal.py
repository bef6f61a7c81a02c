from odoo import fields, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    aftersale_issue_id = fields.Many2one("aftersale.issue", "After-sales Issue")

    def reverse_moves(self, is_modify=False):
        before = self.move_ids.reversal_move_ids
        result = super().reverse_moves(is_modify=is_modify)
        made = self.move_ids.reversal_move_ids - before
        self.aftersale_issue_id._link_redress("credit_note_ids", made)
        return result
