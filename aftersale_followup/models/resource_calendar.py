from odoo import models


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if "tz" in vals or "attendance_ids" in vals:
            self.env["aftersale.followup"]._calendar_changed()
        return result
