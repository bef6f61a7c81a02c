EXEMPT_CLASSES = ("safety", "verification")


class ContactCap:
    """On which days the cap lets a plan contact the customer of one follow-up.

    One contact in 7 days; the same kind once in 30, touchpoints of one order excepted; a periodic one once in 90 or in
    the plan's own interval where that is shorter; 6 a year, those kept for a kind that lost its turn included; none
    within 3 days after a logged call or meeting. The numbers are settings of the company. Safety notices and
    verifications are exempt.

    :param plan: the plan of the follow-up; its environment's company counts
    :param ledger: the `ContactLedger` of the customer, as it stands now
    :param row: the follow-up, a record or the dictionary it will be created from
    :param own: count contacts of the plan's own kind only
    :param without: ids of stored follow-ups that do not count
    """

    def __init__(self, plan, ledger, row, own=False, without=()):
        self.env, self.company = plan.env, plan.env.company
        self._contacts, self._spoken, self._reserved = [], (), 0
        if plan.contact_class in EXEMPT_CLASSES:
            return
        contacts = [c for c in ledger.contacts(row) if isinstance(c.ref, dict) or c.ref not in without]
        same_kind = [contact for contact in contacts if contact.contact_class == plan.contact_class]
        self._contacts = same_kind if own else contacts
        self._same_kind = [contact for contact in same_kind if not plan._is_same_series(row, contact)]
        self._periodic_days = plan.contact_class == "periodic" and plan._get_periodic_days()
        if not own:
            self._spoken = ledger.spoken_to(row)
            self._reserved = ledger.reserved(row)

    def free(self, days):
        """Return those of ``days`` on which the contact is allowed."""
        if not self._contacts and not self._spoken and not self._reserved:
            return days
        return [day for day in days if not self._get_broken(day)]

    def first(self, days):
        """Return the first of ``days`` on which the contact is allowed, or None."""
        return next((day for day in days if not self._get_broken(day)), None)

    def first_rule(self, days):
        """Return in words the rule that forbids the first forbidden one of ``days``, or None."""
        return next(filter(None, map(self.rule, days)), None)

    def rule(self, day):
        """Return in words which rule forbids the contact on ``day``, or None."""
        broken, company = self._get_broken(day), self.company
        if broken == "quiet":
            return self.env._("a call or meeting in the last %s days", company.aftersale_quiet_days)
        if broken == "any":
            return self.env._("one contact in %s days", company.aftersale_cap_days)
        if broken == "same":
            return self.env._("one contact of the same kind in %s days", company.aftersale_cap_same_days)
        if broken == "periodic":
            return self.env._("one periodic contact in %s days", self._periodic_days)
        if broken == "year" and self._reserved:
            return self.env._(
                "%(limit)s contacts a year, %(reserved)s kept for a kind that lost its turn",
                limit=company.aftersale_cap_year,
                reserved=self._reserved,
            )
        return broken and self.env._("%s contacts a year", company.aftersale_cap_year)

    def _get_broken(self, day):
        """Return which rule a contact on ``day`` would break: quiet, any, same, periodic, year or None."""
        company = self.company
        if any(0 <= (day - other).days < company.aftersale_quiet_days for other in self._spoken):
            return "quiet"
        if not self._contacts and not self._reserved:
            return None
        if self._is_near(self._contacts, day, company.aftersale_cap_days):
            return "any"
        if self._is_near(self._same_kind, day, company.aftersale_cap_same_days):
            return "same"
        if self._periodic_days and self._is_near(self._same_kind, day, self._periodic_days):
            return "periodic"
        return "year" if self._is_year_full(day) else None

    @staticmethod
    def _is_near(others, day, days):
        return any(abs((day - other.day).days) < days for other in others)

    def _is_year_full(self, day):
        """Return whether no contact is left in one of the 365 days around ``day``."""
        days = [other.day for other in self._contacts if other.contact_class not in EXEMPT_CLASSES]
        # A contact on this day counts in the year before each later one, too.
        ends = [day, *(other for other in days if 0 < (other - day).days < 365)]
        busiest = max(sum(0 <= (end - other).days < 365 for other in days) for end in ends)
        return busiest + self._reserved >= self.company.aftersale_cap_year
