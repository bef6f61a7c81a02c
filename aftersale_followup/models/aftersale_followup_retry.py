from pytz import timezone, utc

from odoo import fields, models

from .planning_window import PlanningWindows

# Nobody was spoken to: the customer is tried again, on another day and at another hour.
UNANSWERED = ("no_answer", "busy")


class AftersalePlan(models.Model):
    """How often, and after how many days, a customer who does not answer the phone is called again."""

    _inherit = "aftersale.plan"

    attempt_max = fields.Integer(
        "Phone Attempts", default=0, help="Calls without an answer until a customer counts as unreachable; 0 = as set."
    )
    attempt_days = fields.Integer(
        "Call Again After (working days)",
        default=1,
        help="Nobody is called twice on one day, nor twice at the same hour of the day.",
    )

    _attempts_spaced = models.Constraint(
        "CHECK(attempt_max >= 0 AND attempt_days >= 1)",
        "Phone attempts cannot be negative, and lie at least one working day apart.",
    )


class AftersaleFollowup(models.Model):
    """When to call again who did not answer: another working day, and never the same hour of the day twice."""

    _inherit = "aftersale.followup"

    def _retry_later(self):
        """Have the customer called again at the next slot; unreachable once the plan's attempts are used up."""
        limit = self.plan_id.attempt_max or self.company_id.aftersale_attempt_max
        if len(self._get_unanswered()) >= limit:
            self._set_state("unreachable", date_done=fields.Datetime.now())
            return
        self._call_again(self._get_retry_moment())

    def _get_unanswered(self):
        return self.attempt_ids.filtered(lambda attempt: attempt.outcome in UNANSWERED)

    def _get_retry_moment(self):
        """Return the naive UTC moment of the next try: within the contact hours at the customer's place."""
        self.ensure_one()
        company, now = self.company_id, fields.Datetime.now()
        zone = self._get_customer_zone(self.partner_id, company)
        day = self._get_customer_today()
        windows = PlanningWindows(company, [], [now])
        for _day in range(max(self.plan_id.attempt_days, 1)):
            day = self._next_call_day(day, windows)
        return company._aftersale_moment(day, self._get_free_hour(), zone)

    def _get_tried_hours(self):
        """Return the hours of the day, at the customer's place, at which nobody answered."""
        self.ensure_one()
        place = timezone(self._get_customer_zone(self.partner_id, self.company_id))
        return {utc.localize(attempt.date).astimezone(place).hour for attempt in self._get_unanswered()}

    def _get_free_hour(self):
        """Return an hour (float) of the contact hours at which the customer was not tried: two hours later each time.

        Once every hour was tried it is the turn of the next one all the same.
        """
        company, tried, count = self.company_id, self._get_tried_hours(), len(self._get_unanswered())
        start = company.aftersale_hour_from
        width = max(int(company.aftersale_hour_to - start), 1)
        steps = [2 * (count + n) for n in range(width)]
        hours = [start + step % width for step in (*steps, *(step + 1 for step in steps))]
        return next((hour for hour in hours if int(hour) not in tried), hours[0])

    def _is_same_hour(self):
        """Return whether nobody answered at this hour of the day before: another hour has better chances."""
        self.ensure_one()
        place = timezone(self._get_customer_zone(self.partner_id, self.company_id))
        tried = self._get_unanswered()
        return bool(tried) and utc.localize(fields.Datetime.now()).astimezone(place).hour in self._get_tried_hours()
