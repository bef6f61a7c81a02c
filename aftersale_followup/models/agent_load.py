from collections import defaultdict
from datetime import timedelta

from odoo.fields import Domain


class AgentLoad:
    """How many open follow-ups each agent has on each of ``days``, and who is on leave; read in two queries.

    A person's day is one, whatever the companies worked for: their follow-ups count in all of them.

    :param company: the asking one; its setting says how many follow-ups an agent holds on a day
    """

    def __init__(self, company, days):
        self.company, self.env = company, company.env
        self.capacity = company.aftersale_agent_capacity
        self._load = defaultdict(int)
        self._absent = {}
        self._members = {}
        if days:
            self._read_load(min(days), max(days))
            self._read_leaves(min(days), max(days))

    def _read_load(self, first, last):
        domain = (
            (Domain("user_id", "!=", False) | Domain("company_id", "=", self.company.id))
            & Domain("state", "in", ("planned", "ready"))
            & Domain("date_planned", ">=", first)
            & Domain("date_planned", "<=", last)
        )
        followups = self.company.env["aftersale.followup"].sudo()
        groups = followups._read_group(domain, ["user_id", "date_planned:day"], ["__count"])
        for user, day, count in groups:
            self._load[user.id, day] += count

    def _read_leaves(self, first, last):
        """Note the days on which an agent is away for half of the contact hours or more, and since when it is known."""
        company = self.company
        leaves = (
            company.env["resource.calendar.leaves"]
            .sudo()
            .search_fetch(
                Domain("resource_id.user_id", "!=", False)
                & Domain("time_type", "=", "leave")
                & Domain("date_from", "<=", company._aftersale_moment(last, 24.0))
                & Domain("date_to", ">=", company._aftersale_moment(first)),
                ["resource_id", "date_from", "date_to", "write_date"],
            )
        )
        half = timedelta(hours=(company.aftersale_hour_to - company.aftersale_hour_from) / 2.0)
        for leave in leaves:
            user_id = leave.resource_id.user_id.id
            day = max(first, company._aftersale_date(leave.date_from))
            while day <= min(last, company._aftersale_date(leave.date_to)):
                opens = company._aftersale_moment(day, company.aftersale_hour_from)
                closes = company._aftersale_moment(day, company.aftersale_hour_to)
                if min(closes, leave.date_to) - max(opens, leave.date_from) >= half:
                    known = self._absent.get((user_id, day), leave.write_date)
                    self._absent[user_id, day] = max(known, leave.write_date)
                day += timedelta(days=1)

    def members(self, team):
        """Return the active members of ``team`` who work in the company; looked up once."""
        if team not in self._members:
            company = self.company
            self._members[team] = team.member_ids.filtered(lambda u: u.active and company in u.company_ids)
        return self._members[team]

    def is_absent(self, user, day):
        """Return whether ``user`` is on leave on ``day``."""
        return (user.id, day) in self._absent

    def absences(self):
        """Return {(user id, day): when the leave was entered} of the agents on leave."""
        return dict(self._absent)

    def has_room(self, user, day):
        """Return whether ``user`` works on ``day`` and has less to do than one person can."""
        return (user.id, day) not in self._absent and self._load[user.id, day] < self.capacity

    def pick(self, days, agents):
        """Return (agent, day) with the least load, the earliest day first; counts the choice.

        Days on which the agent is on leave, and full ones, come only where there is no other.
        """
        ids = agents.ids or [False]

        def weigh(choice):
            day, user_id = choice
            count = self._load.get((user_id, day), 0)
            return (user_id, day) in self._absent, count >= self.capacity, count, day

        day, user_id = min(((day, user_id) for day in days for user_id in ids), key=weigh)
        user = agents.browse(user_id or ())
        self.take(user, day)
        return user, day

    def pick_first(self, days, user):
        """Return the first of ``days`` on which ``user`` has room, else the least full one; counts the choice."""
        day = next((day for day in days if self.has_room(user, day)), None)
        if not day:
            return self.pick(days, user)[1]
        self.take(user, day)
        return day

    def take(self, user, day):
        """Count one more follow-up of ``user`` on ``day``."""
        self._load[user.id, day] += 1

    def describe(self, user, day):
        """Return in words why ``user`` got this ``day`` by `pick`."""
        if (user.id, day) in self._absent:
            return self.env._("Every agent is on leave on every day of the window.")
        if self._load[user.id, day] > self.capacity:
            return self.env._(
                "Every day and agent of the window is full (%s a day): the least full was taken.", self.capacity
            )
        return ""
