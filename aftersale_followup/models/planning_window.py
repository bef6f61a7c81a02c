from datetime import timedelta


class PlanningWindows:
    """The days on which something may be planned: the company's working days, read once for a batch.

    :param company: the company whose calendar counts
    :param rules: the plans and touchpoints whose delays are asked for
    :param moments: the naive UTC moments from which they count
    """

    def __init__(self, company, rules, moments):
        self.company = company
        days = [company._aftersale_date(moment) for moment in moments]
        self.today = company._aftersale_today()
        reach = max([self._reach(rule) for rule in rules], default=0)
        self.workdays = company._aftersale_workdays(min(days), max(days + [self.today]) + timedelta(days=reach))

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
        start = self.company._aftersale_date(moment)
        if rule.delay_unit == "hours":
            at = moment + timedelta(hours=rule.delay_min)
            first = self._workday_from(self.company._aftersale_date(at))
            last = max(first, self.company._aftersale_date(moment + timedelta(hours=rule.delay_max)))
            exact = at if first == self.company._aftersale_date(at) else False
            return self._offer(first, last) + (exact,)
        if rule.delay_unit == "days":
            first = self._workday_from(start + timedelta(days=rule.delay_min))
            last = max(first, start + timedelta(days=rule.delay_max))
        else:
            first, last = self._nth(start, rule.delay_min), self._nth(start, rule.delay_max)
        return self._offer(first, last) + (False,)

    def _nth(self, start, number):
        if not number:
            return self._workday_from(start)
        later = [day for day in self.workdays if day > start]
        return later[number - 1] if len(later) >= number else self.company._aftersale_add_workdays(start, number)

    def _workday_from(self, date):
        return next((day for day in self.workdays if day >= date), None) or self.company._aftersale_next_workday(date)

    def _offer(self, first, last):
        days = [day for day in self.workdays if max(first, self.today) <= day <= last]
        if days:
            return days, last
        # The window is over, or the rest of it is not worked: the next working day is the nearest thing.
        return [self._workday_from(max(first, self.today))], last
