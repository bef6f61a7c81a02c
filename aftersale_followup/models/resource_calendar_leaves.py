from odoo import models


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "aftersale.calendar.mixin"]

    def _aftersale_of_company(self):
        """Return the public holidays; leave of one person changes nothing for the company."""
        return self.filtered(lambda leave: not leave.resource_id)
