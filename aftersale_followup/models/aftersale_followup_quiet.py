from datetime import timedelta

from odoo import fields, models

from .planning_window import PlanningWindows


class AftersaleFollowup(models.Model):
    """Weekdays on which a customer does not want to be called."""

    _inherit = "aftersale.followup"

    def _defer_quiet_days(self):
        """Move the calls of a day their customers want to be left alone to the next other one; return them.

        In the environment's company; the days are those at the customers' place. Safety calls do not wait.
        """
        moved = self.browse()
        windows = PlanningWindows(self.env.company, [], [fields.Datetime.now()])
        for followup in self.filtered(lambda f: f.channel_id.code == "phone" and f.contact_class != "safety"):
            today = followup._get_customer_today()
            if today.weekday() not in followup.partner_id._aftersale_quiet_weekdays():
                continue
            day = followup._next_call_day(today, windows)
            followup._move_to(
                day, self.env._("Moved to %s: the customer does not want to be called on such a day.", day)
            )
            moved |= followup
        return moved

    def _next_call_day(self, day, windows):
        """Return the first day after ``day`` on which the customer may be called: a working day if there is one.

        :param windows: the `PlanningWindows` of the company, which know the working days
        """
        self.ensure_one()
        quiet = self.partner_id._aftersale_quiet_weekdays()
        fortnight = [day + timedelta(days=n) for n in range(1, 15)]
        working = windows.between(fortnight[0], fortnight[-1])
        for days in (working, fortnight):
            wanted = [one for one in days if one.weekday() not in quiet]
            if wanted:
                return wanted[0]
        return windows.nth(day, 1)
