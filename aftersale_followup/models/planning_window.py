from bisect import bisect_left, bisect_right
from datetime import timedelta


class PlanningWindows:
    """The days on which something may be planned: the company's working days, read once for a batch.

    :param company: the company whose calendar counts
    :param rules: the plans and touchpoints whose delays are asked for
    :param moments: the naive UTC moments from which they count
    """

    def __init__(self, company, rules, moments):
        self.company = company
        self._dates = {}
        days = [self.date(moment) for moment in moments]
        self.today = company._aftersale_today()
        reach = max([self._reach(rule) for rule in rules], default=0)
        self._first, self._last = min(days), max(days + [self.today]) + timedelta(days=reach)
        self.workdays = company._aftersale_workdays(self._first, self._last)
        self._known = {}

    def date(self, moment):
        """Return the company's date of ``moment`` (naive UTC); deliveries validated together share theirs."""
        if moment not in self._dates:
            self._dates[moment] = self.company._aftersale_date(moment)
        return self._dates[moment]

    @staticmethod
    def _reach(rule):
        """Return a number of calendar days that surely holds the end of the window of ``rule``."""
        if rule.delay_unit == "working_days":
            return rule.delay_max * 2 + 21
        return (rule.delay_max if rule.delay_unit == "days" else rule.delay_max // 24 + 1) + 14

    def get(self, rule, moment):
        """Return (days to choose from, end of the window, moment in UTC or False) for ``rule``'s delay.

        ``rule`` is a plan or a touchpoint. Days before today are not offered: a late row is contacted today, as long
        as its window is open. Working day 1 is the first one after the company's date of ``moment``.
        """
        start = self.date(moment)
        if rule.delay_unit != "hours":
            # Deliveries of one day have the same window.
            if (rule, start) not in self._known:
                self._known[rule, start] = self._get_days(rule, start)
            return self._known[rule, start]
        at = moment + timedelta(hours=rule.delay_min)
        first = self._workday_from(self.company._aftersale_date(at))
        until = moment + timedelta(hours=rule.delay_max)
        last = max(first, self.company._aftersale_date(until))
        exact = at if first == self.company._aftersale_date(at) else False
        days, last = self.offer(first, last)
        # Not on a day that opens after the last hour, unless there is no other.
        opening = self.company.aftersale_hour_from
        in_time = [day for day in days if self.company._aftersale_moment(day, opening) <= until]
        return in_time or days, last, exact

    def _get_days(self, rule, start):
        """Return what `get` does where the delay counts in days or working days from the date ``start``."""
        if rule.delay_unit == "days":
            first = self._workday_from(start + timedelta(days=rule.delay_min))
            last = max(first, start + timedelta(days=rule.delay_max))
        else:
            first, last = self.nth(start, rule.delay_min), self.nth(start, rule.delay_max)
        return self.offer(first, last) + (False,)

    def nth(self, start, number):
        """Return the ``number``-th working day after ``start``; for 0 the first one from ``start`` on."""
        if not number:
            return self._workday_from(start)
        position = bisect_right(self.workdays, start) + number - 1
        if start >= self._first and position < len(self.workdays):
            return self.workdays[position]
        return self.company._aftersale_add_workdays(start, number)

    def between(self, first, last):
        """Return the working days from ``first`` to ``last``; what lies beyond the days known is read once."""
        if last > self._last:
            # Further than anybody asks for at one go, so that a whole batch asks just once.
            self._last = last + timedelta(days=120)
            self.workdays = self.company._aftersale_workdays(self._first, self._last)
        return self.workdays[bisect_left(self.workdays, first) : bisect_right(self.workdays, last)]

    def is_workday(self, day):
        """Return whether ``day`` is one of the working days."""
        return self.between(day, day) == [day]

    def offer(self, first, last):
        """Return (days to choose from, end of the window) for the window from ``first`` to ``last``."""
        days = self.between(max(first, self.today), last)
        if days:
            return days, last
        # The window is over, or the rest of it is not worked: the next working day is the nearest thing.
        return [self._workday_from(max(first, self.today))], last

    def _workday_from(self, date):
        position = bisect_left(self.workdays, date)
        if date >= self._first and position < len(self.workdays):
            return self.workdays[position]
        return self.company._aftersale_next_workday(date)
