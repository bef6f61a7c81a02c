from datetime import timedelta

from pytz import timezone, utc

from odoo import fields, models


# When customers are contacted, and how much one agent does on a day.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_agent_capacity = fields.Integer("Follow-ups per Agent and Day", default=30)
    aftersale_quiet_days = fields.Integer("Quiet Days after a Call or Meeting", default=3)
    aftersale_silence_count = fields.Integer("Unanswered Follow-ups That Are a Signal", default=2)

    _aftersale_contact_numbers = models.Constraint(
        "CHECK(aftersale_agent_capacity > 0 AND aftersale_quiet_days >= 0 AND aftersale_silence_count >= 0)",
        "An agent holds at least one follow-up a day; quiet days and unanswered follow-ups cannot be negative.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "resource_calendar_id" in vals:
            self.env["aftersale.followup"]._calendar_changed()
        return result

    def _aftersale_day_opening(self, day, zone):
        """Return the naive UTC moment at which the contact hours of ``day`` begin in the time zone ``zone``.

        Never before the day began for the company, by whose days the windows and the cap count.
        """
        return max(self._aftersale_moment(day, self.aftersale_hour_from, zone), self._aftersale_moment(day))

    def _aftersale_opening(self, moment, zone, workdays=None):
        """Return the first moment from ``moment`` on (both naive UTC) inside the contact hours of time zone ``zone``.

        :param workdays: the dates that count; None for any. They are those at the customer's place.
        """
        self.ensure_one()
        place = timezone(zone)
        day = utc.localize(moment).astimezone(place).date()
        for _n in range(60):
            opens = self._aftersale_moment(day, self.aftersale_hour_from, zone)
            closes = self._aftersale_moment(day, self.aftersale_hour_to, zone)
            if moment < closes and (workdays is None or day in workdays):
                return max(moment, opens)
            day += timedelta(days=1)
        # A calendar closed for good must not keep anybody waiting for ever.
        return self._aftersale_opening(moment, zone)
