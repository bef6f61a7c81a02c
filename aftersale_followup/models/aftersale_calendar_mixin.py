from odoo import api, models


class AftersaleCalendarMixin(models.AbstractModel):
    """A part of the company's working calendar: when it changes, what is planned is looked at again."""

    _name = "aftersale.calendar.mixin"
    _description = "Part of the Working Calendar"

    def _aftersale_of_company(self):
        """Return the records that say when the company works, not just one person or machine."""
        return self

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if records._aftersale_of_company():
            self.env["aftersale.followup"]._calendar_changed()
        return records

    def write(self, vals):
        before = self._aftersale_of_company()
        result = super().write(vals)
        if before or self._aftersale_of_company():
            self.env["aftersale.followup"]._calendar_changed()
        return result

    def unlink(self):
        before = self._aftersale_of_company()
        result = super().unlink()
        if before:
            self.env["aftersale.followup"]._calendar_changed()
        return result
