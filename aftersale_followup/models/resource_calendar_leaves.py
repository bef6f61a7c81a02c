from odoo import api, models


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "aftersale.calendar.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._aftersale_find_substitutes()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        self._aftersale_find_substitutes()
        return result

    def _aftersale_of_company(self):
        """Return the public holidays; leave of one person changes nothing for the company."""
        return self.filtered(lambda leave: not leave.resource_id)

    def _aftersale_find_substitutes(self):
        """What is planned for these persons takes another day or agent."""
        if self.sudo().resource_id.user_id:
            self.env["aftersale.followup"]._leave_entered()
